//! `vendor_data` in the path: any text, exactly.

use lambda_http::http::Method;
use serde_json::json;

use super::{NOT_FOUND, delete, detail, get, make, owner, patch, path, refused};

#[tokio::test]
async fn any_vendor_data_finds_its_own_user_and_no_other() {
    let (_tenant, owner) = owner().await;
    let texts = [
        "a",
        "A",
        "é",
        "e\u{301}",
        "🎉",
        "👩‍👩‍👧‍👦",
        "a/b",
        "/",
        "//",
        "a//b",
        "%",
        "%41",
        "%2F",
        "a%2Fb",
        "#",
        "?",
        "a?b=c&d",
        "a#b",
        " a",
        "a ",
        "a b",
        "+",
        "a+b",
        "...",
        "a.b",
        ".a",
        "-",
        "create",
        "delete",
        "Create",
        "create/",
        "update-status",
        "a/update-status/",
        "שלום",
        "\u{202e}abc",
        "日本語",
        "ß",
        "SS",
        "ann@example.com",
        "\\",
        "\"",
        "'",
        "<script>",
        "{vendor_data}",
        "null",
        "T#x#live",
        "\u{feff}x",
        "\u{10ffff}",
        ":",
        ";",
        "a,b",
        "&",
        "=",
        "|",
    ];
    let mut ids = vec![];
    for text in texts {
        let user = make(&owner, json!({"vendor_data": text})).await;
        assert_eq!(user["vendor_data"], text);
        ids.push(user["didit_internal_id"].clone());
    }
    for (text, id) in texts.into_iter().zip(&ids) {
        let read = get(&owner, text).await;
        assert_eq!(read.status, 200, "{text:?}: {read}");
        assert_eq!(
            (&read.json()["vendor_data"], &read.json()["didit_internal_id"]),
            (&json!(text), id)
        );
        let changed = patch(&owner, text, json!({"display_name": text})).await;
        assert_eq!(changed.status, 200, "{text:?}: {changed}");
        assert_eq!(&changed.json()["didit_internal_id"], id, "{text:?}");
        let moved = owner.patch(&path(text, "update-status/")).json(json!({"status": "FLAGGED"}));
        let moved = moved.send().await;
        assert_eq!(moved.status, 200, "{text:?}: {moved}");
        assert_eq!(&moved.json()["didit_internal_id"], id, "{text:?}");
    }
    let deleted = delete(&owner, json!({"vendor_data_list": texts.to_vec()})).await;
    assert_eq!(deleted.expect(200).json(), json!({"deleted": texts.len()}));
}

#[tokio::test]
async fn vendor_data_has_up_to_512_characters() {
    let (_tenant, owner) = owner().await;
    for c in ['x', 'é', '日', '🎉'] {
        let text: String = std::iter::repeat_n(c, 512).collect();
        make(&owner, json!({"vendor_data": text})).await;
        assert_eq!(get(&owner, &text).await.expect(200).json()["vendor_data"], text);
        let longer = format!("{text}{c}");
        refused("too long", &get(&owner, &longer).await, 404, detail(NOT_FOUND));
    }
}

#[tokio::test]
async fn nobody_is_found_by_what_is_nobodys() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "Ann"})).await;
    for text in ["ann", "Ann ", " Ann", "An", "Ann/", "\u{0}", "a\u{7f}", "x"] {
        for answer in
            [get(&owner, text).await, patch(&owner, text, json!({"status": "FLAGGED"})).await]
        {
            refused(text, &answer, 404, detail(NOT_FOUND));
        }
        let moved = owner.patch(&path(text, "update-status/")).json(json!({"status": "ACTIVE"}));
        refused(text, &moved.send().await, 404, detail(NOT_FOUND));
    }
    for raw in ["/v3/users/%FF/", "/v3/users/%C0%80/", "/v3/users/%ED%A0%80/", "/v3/users/%zz/"] {
        refused(raw, &owner.get(raw).send().await, 404, detail(NOT_FOUND));
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let before = tenant.items().await;
    let cases = [
        ("/v3/users/", vec!["POST", "PUT", "PATCH", "DELETE"], "GET, HEAD"),
        ("/v3/users/a/", vec!["POST", "PUT", "DELETE", "PURGE"], "GET, HEAD, PATCH"),
        ("/v3/users/create/", vec!["PUT", "DELETE"], "GET, HEAD, PATCH, POST"),
        ("/v3/users/delete/", vec!["PUT", "DELETE"], "GET, HEAD, PATCH, POST"),
        ("/v3/users/create/update-status/", vec!["GET", "POST"], "PATCH"),
        ("/v3/users/a/update-status/", vec!["GET", "POST", "PUT", "DELETE"], "PATCH"),
    ];
    for (path, methods, allow) in cases {
        for method in methods {
            let request = owner.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
            let answer = request.json(json!({})).send().await;
            let text = format!("Method \"{method}\" not allowed.");
            refused(path, &answer, 405, detail(&text));
            assert_eq!(answer.header("allow"), Some(allow), "{answer}");
        }
    }
    assert_eq!(tenant.items().await, before);
}
