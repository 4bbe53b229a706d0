//! What a verification established.

use serde_json::json;
use shared::domain::{Feature, FeatureResult, FeatureStatus, Timestamp, field::FieldId};

use super::{get, id, list, make, owner, patch};
use crate::palm::rewrite;

#[tokio::test]
async fn verified_fields_stay_and_the_event_names_what_was_tried() {
    let (tenant, owner) = owner().await;
    let body = json!({"vendor_data": "a", "full_name": "Ann Lee", "date_of_birth": "1990-01-15"});
    let user = make(&owner, body).await;
    rewrite(&tenant, id(&user), |user| {
        user.locked = [FieldId::FULL_NAME, FieldId::DATE_OF_BIRTH].into();
    })
    .await;
    for value in [json!("2000-01-01"), json!(null)] {
        let change = json!({"full_name": "Eve", "date_of_birth": value, "display_name": value});
        let changed = patch(&owner, "a", change).await.expect(200).json();
        assert_eq!(
            (&changed["full_name"], &changed["date_of_birth"]),
            (&json!("Ann Lee"), &json!("1990-01-15"))
        );
        assert_eq!(changed["display_name"], value);
        let event = tenant.events(id(&user)).await.pop().unwrap();
        assert_eq!(event["ignored"], json!(["identity.date_of_birth", "identity.full_name"]));
        assert_eq!(event["fields"], json!(["display_name"]));
        assert_eq!(changed["comments"][0]["changed_fields"], json!(["display_name"]));
    }
    rewrite(&tenant, id(&user), |user| user.locked.clear()).await;
    let changed = patch(&owner, "a", json!({"full_name": "Eve", "date_of_birth": null})).await;
    let changed = changed.expect(200).json();
    assert_eq!((&changed["full_name"], &changed["date_of_birth"]), (&json!("Eve"), &json!(null)));
}

#[tokio::test]
async fn verified_lists_stay_too() {
    let (tenant, owner) = owner().await;
    let body = json!({"vendor_data": "a", "approved_emails": ["a@example.com"], "approved_phones": ["+14155552671"]});
    let user = make(&owner, body).await;
    rewrite(&tenant, id(&user), |user| user.locked = [FieldId::APPROVED_EMAILS].into()).await;
    let change = json!({"approved_emails": [], "approved_phones": []});
    let changed = patch(&owner, "a", change).await.expect(200).json();
    assert_eq!(changed["approved_emails"], json!(["a@example.com"]));
    assert_eq!(changed["approved_phones"], json!([]));
    let event = tenant.events(id(&user)).await.pop().unwrap();
    assert_eq!(event["ignored"], json!(["approved.emails"]));
}

#[tokio::test]
async fn sessions_show_as_counters_features_and_times() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, json!({"vendor_data": "a"})).await;
    rewrite(&tenant, id(&user), |user| {
        let sessions = &mut user.sessions;
        (sessions.count, sessions.approved, sessions.declined, sessions.in_review) = (6, 3, 2, 1);
        let at = Timestamp::from_unix_millis(1_800_000_000_001);
        let feature = |(feature, status)| (feature, FeatureResult { status, at });
        let liveness = (Feature::Liveness, FeatureStatus::Declined);
        let document = (Feature::IdVerification, FeatureStatus::Approved);
        sessions.features = [liveness, document].map(feature).into();
        sessions.first_at = Some(Timestamp::from_unix_millis(1_700_000_000_999));
        sessions.last_at = Some(Timestamp::from_unix_millis(1_800_000_000_001));
    })
    .await;
    let read = get(&owner, "a").await.expect(200).json();
    for shown in [&read, &list(&owner, "").await["results"][0]] {
        let counters = ["session_count", "approved_count", "declined_count", "in_review_count"];
        assert_eq!(counters.map(|name| shown[name].as_u64().unwrap()), [6, 3, 2, 1]);
        assert_eq!(
            shown["features"],
            json!({"ID_VERIFICATION": "Approved", "LIVENESS": "Declined"})
        );
        assert_eq!(
            shown["features_list"],
            json!([
                {"feature": "ID_VERIFICATION", "status": "Approved"},
                {"feature": "LIVENESS", "status": "Declined"},
            ])
        );
        assert_eq!(shown["first_session_at"], "2023-11-14T22:13:20Z");
        assert_eq!(shown["last_session_at"], "2027-01-15T08:00:00Z");
        assert_eq!(shown["last_activity_at"], "2027-01-15T08:00:00Z");
    }
}
