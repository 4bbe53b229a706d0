//! Finding people by the beginnings of the words of their names.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// How many characters of a word are indexed. A longer query reads the index at this length and compares the rest.
pub const MAX_PREFIX_CHARS: usize = 5;

/// How many distinct words of a person's names are indexed. With [`MAX_PREFIX_CHARS`] this bounds what a change of
/// every name takes to 60 of the 100 items of one DynamoDB transaction.
const MAX_WORDS: usize = 6;

/// The words of a text without case and accents: compatibility-decomposed (NFKD), combining marks dropped,
/// case-folded through upper case (so `ß` and `ss`, and both lower-case sigmas, are one), split at whatever is not a
/// letter or a digit.
pub fn fold(text: &str) -> Vec<String> {
    let bare = text.nfkd().filter(|c| !is_combining_mark(*c));
    let folded: String = bare.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    let words = folded.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Every word prefix under which a person can be found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameIndex(BTreeSet<String>);

impl NameIndex {
    /// The prefixes of the first six distinct words of `names`.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words = Vec::new();
        for word in names.into_iter().flat_map(fold) {
            if words.len() < MAX_WORDS && !words.contains(&word) {
                words.push(word);
            }
        }
        let prefixes = words.iter().flat_map(|word| {
            let longest = word.chars().count().min(MAX_PREFIX_CHARS);
            (1..=longest).map(|length| word.chars().take(length).collect())
        });
        Self(prefixes.collect())
    }

    /// The prefixes.
    pub fn prefixes(&self) -> &BTreeSet<String> {
        &self.0
    }
}

/// What a caller typed to find a person: each of its words must begin some word of the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameQuery(Vec<String>);

impl NameQuery {
    /// `None` where the text has no letter and no digit.
    pub fn parse(text: &str) -> Option<Self> {
        let words = fold(text);
        (!words.is_empty()).then_some(Self(words))
    }

    /// The indexed prefix that narrows the search most: that of the longest word.
    pub fn selector(&self) -> String {
        let longest = self.0.iter().max_by_key(|word| word.chars().count());
        longest.map(|word| word.chars().take(MAX_PREFIX_CHARS).collect()).unwrap_or_default()
    }

    /// Whether whoever is found by the selector matches: nothing is left to compare.
    pub fn is_selector(&self) -> bool {
        matches!(self.0.as_slice(), [word] if word.chars().count() <= MAX_PREFIX_CHARS)
    }

    /// Whether every word of the query begins a word of `name`.
    pub fn matches(&self, name: &str) -> bool {
        let words = fold(name);
        self.0.iter().all(|wanted| words.iter().any(|word| word.starts_with(wanted.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_and_accents_do_not_count() {
        let query = NameQuery::parse("jose MUN").unwrap();
        assert!(query.matches("José Muñoz") && query.matches("MUNOZ, José"));
        assert!(!query.matches("Joseph Brun"));
        assert!(NameQuery::parse("STRASSE").unwrap().matches("straße"));
        assert!(NameQuery::parse("ΟΔΥΣΣΕΥΣ").unwrap().matches("οδυσσευς"));
    }

    #[test]
    fn a_text_without_words_is_no_query() {
        assert_eq!(NameQuery::parse(" -.!"), None);
    }

    #[test]
    fn the_index_is_bounded() {
        let words: Vec<_> = (0..60).map(|n| format!("word{n:02}x")).collect();
        let name = words.join(" ");
        assert!(NameIndex::of([name.as_str()]).prefixes().len() <= MAX_WORDS * MAX_PREFIX_CHARS);
    }

    proptest! {
        #[test]
        fn whoever_matches_by_an_indexed_word_is_found(name in "\\PC{1,40}", length in 1usize..8) {
            if let Some(word) = fold(&name).into_iter().take(MAX_WORDS).next_back() {
                let typed: String = word.chars().take(length).collect();
                let query = NameQuery::parse(&typed).unwrap();
                prop_assert!(query.matches(&name));
                prop_assert!(NameIndex::of([name.as_str()]).prefixes().contains(&query.selector()));
            }
        }
    }
}
