//! Which records a mapping lets through: the part of Lambda's filter patterns that the template uses.

use serde_json::Value;

/// Whether a record fits one of the patterns; it fits no patterns at all.
pub(super) fn passes(record: &Value, patterns: &[Value]) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| fits(Some(record), pattern))
}

/// An object asks for all of its members, a list for one of its elements: a value, or `{"prefix": …}`.
fn fits(value: Option<&Value>, pattern: &Value) -> bool {
    match pattern {
        Value::Object(members) => members
            .iter()
            .all(|(name, pattern)| fits(value.and_then(|value| value.get(name)), pattern)),
        Value::Array(choices) => choices.iter().any(|choice| match choice.get("prefix") {
            Some(prefix) => {
                let text = value.and_then(Value::as_str);
                text.zip(prefix.as_str()).is_some_and(|(text, prefix)| text.starts_with(prefix))
            }
            None => value == Some(choice),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_asks_for_all_its_members_and_for_one_of_its_choices() {
        let record = json!({"eventName": "INSERT", "dynamodb": {"Keys": {"sk": {"S": "E#1"}}}});
        let sk = |choice: Value| json!({"dynamodb": {"Keys": {"sk": {"S": [choice]}}}});
        for (patterns, expected) in [
            (vec![], true),
            (vec![json!({"eventName": ["INSERT"]})], true),
            (vec![json!({"eventName": ["REMOVE", "INSERT"]})], true),
            (vec![json!({"eventName": ["REMOVE"]})], false),
            (vec![json!({"eventName": ["REMOVE"]}), sk(json!("E#1"))], true),
            (vec![sk(json!({"prefix": "E#"}))], true),
            (vec![sk(json!({"prefix": "U"}))], false),
            (vec![sk(json!("E#"))], false),
            (vec![json!({"userIdentity": {"type": ["Service"]}})], false),
            (vec![json!({"eventName": "INSERT"})], false),
        ] {
            assert_eq!(passes(&record, &patterns), expected, "{patterns:?}");
        }
    }
}
