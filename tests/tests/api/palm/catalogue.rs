//! `GET /v1/vault/fields`

use harness::world::World;
use insta::assert_snapshot;
use serde_json::Value;

#[tokio::test]
async fn the_catalogue_is_part_of_the_api() {
    let tenant = World::shared().tenant().await;
    let answer = tenant.owner.get("/v1/vault/fields").send().await;
    let list = answer.expect(200).json();
    assert_eq!(list["object"], "list");
    let text = |field: &Value, name: &str| {
        let value = &field[name];
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    let line = |field: &Value| {
        assert_eq!(field.as_object().unwrap().len(), 8, "{field}");
        assert_eq!(field["object"], "vault_field");
        let cells = ["id", "type", "encrypted", "sensitivity", "fingerprint", "mask", "expects"];
        cells.map(|name| text(field, name)).join(" | ")
    };
    let lines: Vec<_> = list["data"].as_array().unwrap().iter().map(line).collect();
    assert_snapshot!(lines.join("\n"), @r"
    identity.first_name | text | false | public | null | none | a text of 1 to 100 characters, not blank, without control characters
    identity.middle_name | text | false | public | null | none | a text of 1 to 100 characters, not blank, without control characters
    identity.last_name | text | false | public | null | none | a text of 1 to 100 characters, not blank, without control characters
    identity.full_name | text | false | public | null | none | a text of 1 to 512 characters, not blank, without control characters
    identity.email | email | true | personal | email | whole | an e-mail address such as name@example.com, of at most 254 characters
    identity.phone_number | phone | true | personal | phone | whole | a phone number with its country code, such as +14155552671
    identity.date_of_birth | past_date | true | personal | null | whole | a date in the past, from 1900-01-01 on, written YYYY-MM-DD
    identity.ssn | ssn | true | secret | ssn | last_four | a social security number of nine digits, such as 123456789 or 123-45-6789
    identity.country_of_residence | country | true | personal | null | whole | an ISO 3166-1 alpha-2 country code in upper case, such as GB
    identity.nationality | country | true | personal | null | whole | an ISO 3166-1 alpha-2 country code in upper case, such as GB
    identity.address.line1 | text | true | personal | null | whole | a text of 1 to 200 characters, not blank, without control characters
    identity.address.line2 | text | true | personal | null | whole | a text of 1 to 200 characters, not blank, without control characters
    identity.address.city | text | true | personal | null | whole | a text of 1 to 200 characters, not blank, without control characters
    identity.address.region | text | true | personal | null | whole | a text of 1 to 200 characters, not blank, without control characters
    identity.address.postal_code | text | true | personal | null | whole | a text of 1 to 20 characters, not blank, without control characters
    identity.address.country | country | true | personal | null | whole | an ISO 3166-1 alpha-2 country code in upper case, such as GB
    identity.tax_residency.country | country | true | personal | null | whole | an ISO 3166-1 alpha-2 country code in upper case, such as GB
    identity.tax_residency.proof_type | text | true | personal | null | whole | a text of 1 to 64 characters, not blank, without control characters
    identity.tax_residency.value | number | true | secret | null | last_four | a number of 1 to 64 letters, digits, spaces, hyphens, dots and slashes
    identity.passport_number | number | true | secret | null | last_four | a number of 1 to 64 letters, digits, spaces, hyphens, dots and slashes
    identity.national_id_number | number | true | secret | null | last_four | a number of 1 to 64 letters, digits, spaces, hyphens, dots and slashes
    identity.driving_licence_number | number | true | secret | null | last_four | a number of 1 to 64 letters, digits, spaces, hyphens, dots and slashes
    identity.residence_permit_number | number | true | secret | null | last_four | a number of 1 to 64 letters, digits, spaces, hyphens, dots and slashes
    custom.* | text | true | personal | null | whole | a text of 1 to 512 characters, not blank, without control characters
    ");
}
