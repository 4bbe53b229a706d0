//! Where in the file a place of the document is.

use saphyr::{LoadableYamlNode as _, MarkedYamlOwned, YamlDataOwned};

/// The line, from 1, of the innermost part of `place` (`Resources.Api.Properties`) that the text has.
pub(super) fn line_of(text: &str, place: &str) -> Option<usize> {
    let documents = MarkedYamlOwned::load_from_str(text).ok()?;
    let (mut node, mut line) = (documents.first()?, None);
    let mut rest = place;
    while !rest.is_empty() {
        while let YamlDataOwned::Tagged(_, inner) = &node.data {
            node = inner;
        }
        let Some((marker, next, left)) = step(node, rest) else { break };
        (line, node, rest) = (Some(marker), next, left);
    }
    line
}

/// One member down: its line, the member, and what is left of the place.
fn step<'a, 'b>(
    node: &'a MarkedYamlOwned,
    place: &'b str,
) -> Option<(usize, &'a MarkedYamlOwned, &'b str)> {
    let behind = |name: &str| {
        let rest = place.strip_prefix(name)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
    };
    if let YamlDataOwned::Mapping(members) = &node.data {
        return members.iter().find_map(|(key, member)| {
            let YamlDataOwned::Value(name) = &key.data else { return None };
            Some((key.span.start.line(), member, behind(name.as_str()?)?))
        });
    }
    if let YamlDataOwned::Sequence(items) = &node.data {
        return items.iter().enumerate().find_map(|(index, item)| {
            Some((item.span.start.line(), item, behind(&index.to_string())?))
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_line() {
        let text = "A:\n  B: !Sub\n    - x\n    - y\n  \"c.d\":\n    E: 1\n";
        let cases = [
            ("A", Some(1)),
            ("A.B", Some(2)),
            ("A.B.1", Some(4)),
            ("A.c.d.E", Some(6)),
            ("A.c.d.F", Some(5)),
            ("Z", None),
        ];
        for (place, line) in cases {
            assert_eq!(line_of(text, place), line, "{place}");
        }
    }
}
