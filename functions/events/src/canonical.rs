//! JSON in its one normal spelling, as `X-Signature-V2` is defined over it.
//!
//! Members sorted by the code points of their names, no white space, characters beyond ASCII as they are, and whole numbers
//! without a fraction, however they were written: what Python's
//! `json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)` makes of a body after Didit's
//! `shortenFloats`. Bodies are sent in this spelling, so that the bytes on the wire are the bytes that are signed.

use serde_json::{Number, Value};

/// The text of a value.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => text.push_str(&spelled(number)),
        Value::String(string) => write_string(string, text),
        Value::Array(elements) => {
            text.push('[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(element, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            // UTF-8 sorts as code points do.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (place, (name, member)) in members.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_string(name, text);
                text.push(':');
                write(member, text);
            }
            text.push('}');
        }
    }
}

fn write_string(string: &str, text: &mut String) {
    // The escapes are those of Python and JavaScript: two characters where there are such, `\u00xx` for other controls.
    text.push_str(&Value::from(string).to_string());
}

/// A float as Python writes it, but without a fraction where it has none. Everything else is an integer already.
fn spelled(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    if float == 0.0 {
        return "0".to_owned();
    }
    if float.fract() == 0.0 {
        return format!("{float:.0}");
    }
    if float.abs() >= 1e-4 {
        return float.to_string();
    }
    let scientific = format!("{float:e}");
    match scientific.split_once("e-") {
        Some((digits, exponent)) => format!("{digits}e-{exponent:0>2}"),
        None => scientific,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_sorted_and_nothing_is_escaped_without_need() {
        let value = json!({
            "z": [1, {"b": null, "a": true}], "10": 1, "9": 2, "é": "é\u{1F600}\u{7f}", "Z": "\"\\/\u{8}\u{c}\n\r\t\u{1f}",
            "\u{1F600}": {}, "\u{FFFD}": [],
        });
        assert_eq!(
            canonical(&value),
            "{\"10\":1,\"9\":2,\"Z\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\",\"z\":[1,{\"a\":true,\"b\":null}],\
             \"é\":\"é\u{1F600}\u{7f}\",\"\u{FFFD}\":[],\"\u{1F600}\":{}}"
        );
    }

    /// The right column is what Python 3 prints for the left one.
    #[test]
    fn numbers_are_spelled_as_python_does() {
        for (text, expected) in [
            ("1.0", "1"),
            ("-1.0", "-1"),
            ("0.0", "0"),
            ("-0.0", "0"),
            ("2.5", "2.5"),
            ("0.1", "0.1"),
            ("1e21", "1000000000000000000000"),
            ("1e23", "99999999999999991611392"),
            ("123456789.125", "123456789.125"),
            ("4503599627370495.5", "4503599627370495.5"),
            ("0.0001", "0.0001"),
            ("0.00012345", "0.00012345"),
            ("0.00001", "1e-05"),
            ("-1.5e-7", "-1.5e-07"),
            ("5e-324", "5e-324"),
            ("1.25e-100", "1.25e-100"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
        ] {
            let number: Value = serde_json::from_str(text).unwrap();
            assert_eq!(canonical(&number), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_spelled_once_is_spelled_so_again(float: f64, text: String, key: String) {
            let value = json!({key: [text, float], "a": float});
            let spelled = canonical(&value);
            let again: Value = serde_json::from_str(&spelled).unwrap();
            prop_assert_eq!(canonical(&again), spelled);
        }
    }
}
