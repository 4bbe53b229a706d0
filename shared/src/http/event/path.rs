//! Paths: their parts, and their one decoding.

use percent_encoding::percent_decode_str;

/// The parts of a path. A last slash makes no other path, and neither does a doubled one: so API Gateway has it.
pub(super) fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

/// Whether two patterns are the same resource.
pub(in crate::http) fn same_resource(one: &str, other: &str) -> bool {
    parts(one).eq(parts(other))
}

/// The name of a part that is a parameter: `{name}` or `{name+}`.
pub(super) fn parameter(part: &str) -> Option<&str> {
    let inner = part.strip_prefix('{')?.strip_suffix('}')?;
    Some(inner.strip_suffix('+').unwrap_or(inner))
}

/// Decodes a part once. `None` for a `%` without two hex digits behind it, and for what is not UTF-8.
pub(super) fn decode(part: &str) -> Option<String> {
    let mut rest = part;
    while let Some((_, after)) = rest.split_once('%') {
        let digits = after.get(..2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        rest = after;
    }
    percent_decode_str(part).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_decoded_once_and_strictly() {
        let cases = [
            ("a%2Fb", Some("a/b")),
            ("a%3Fb", Some("a?b")),
            ("%2541", Some("%41")),
            ("%252F", Some("%2F")),
            ("x+y", Some("x+y")),
            ("%C3%A9", Some("é")),
            ("100%", None),
            ("%zz", None),
            ("%4", None),
            ("%é", None),
            ("%FF", None),
            ("%ED%A0%80", None),
        ];
        for (part, decoded) in cases {
            assert_eq!(decode(part).as_deref(), decoded, "{part}");
        }
    }

    #[test]
    fn slashes_at_the_end_and_doubled_ones_make_no_other_path() {
        assert!(same_resource("/v3/users/", "/v3/users"));
        assert!(same_resource("//v3//users", "/v3/users"));
        assert!(!same_resource("/v3/users", "/v3/users/{id}"));
    }
}
