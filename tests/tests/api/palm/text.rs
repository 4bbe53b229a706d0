//! Texts that somebody might send to somebody else's browser, log or table.

use harness::world::World;
use serde_json::json;

use super::{id, make, path, reveal};

#[tokio::test]
async fn any_script_is_kept_to_the_character() {
    let tenant = World::shared().tenant().await;
    let texts = [
        "שלום עולם",
        "مرحبا بالعالم \u{202e}abc",
        "👩‍👩‍👧‍👦🏳️‍🌈",
        "e\u{301} is not é",
        "日本語テキスト",
        "<script>alert('x')</script>",
        "'; DROP TABLE users; --",
        "${jndi:ldap://x}",
        "\\u0000 %00 \\ \" /",
        "T#tenant#live#U#00",
        "\u{10ffff}\u{feff}x",
    ];
    for text in texts {
        let body = json!({
            "display_name": text,
            "metadata": {text: text},
            "vault": {"identity.full_name": text, "identity.address.line1": text, "custom.a": text}
        });
        let user = make(&tenant.owner, body).await;
        let read = tenant.owner.get(&path(&user, "")).send().await.json();
        assert_eq!(read["display_name"], text);
        assert_eq!(read["metadata"], json!({text: text}));
        assert_eq!(read["vault"], json!({"identity.full_name": text}));
        let shown = reveal(&tenant.owner, &user, &["identity.address.line1", "custom.a"]).await;
        assert_eq!(shown, json!({"identity.address.line1": text, "custom.a": text}));
        let found =
            tenant.owner.post("/v1/user/search").json(json!({"display_name": text})).send().await;
        if text.chars().any(char::is_alphanumeric) {
            let list = found.expect(200).json();
            let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(id).collect();
            assert!(ids.contains(&id(&user)), "{text}: {list}");
        } else {
            assert_eq!(found.expect(400).pointers(), ["/display_name"], "{text}");
        }
    }
}
