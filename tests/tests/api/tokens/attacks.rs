//! Tokens that are forged, foreign, or over.

use data_encoding::BASE64URL_NOPAD as BASE64;
use serde_json::{Value, json};
use shared::domain::{Mode, Timestamp};

use super::{
    Issuer, inline, key_set, refused, register,
    signer::{Signer, hmac, message},
};

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let (ec, rsa, thief) = (Signer::es256("ec"), Signer::rs256("rsa"), Signer::es256("ec"));
    let issuer = Issuer::new(inline(&[&ec, &rsa])).await;
    let claims = issuer.claims();
    let good = ec.sign(&claims);
    issuer.try_out(&good).await.problem(404, "not_found");
    let header = |changes: Value| {
        let mut header = ec.header();
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        header
    };
    let (head, signature) = good.rsplit_once('.').unwrap();
    let unsigned =
        |algorithm: &str| format!("{}.", message(&header(json!({"alg": algorithm})), &claims));
    let public = rsa.public();
    let modulus = BASE64.decode(public["n"].as_str().unwrap().as_bytes()).unwrap();
    let hmac_header = |kid: &str| json!({"alg": "HS256", "typ": "JWT", "kid": kid});
    let set = key_set(&[&ec, &rsa]).to_string();
    let mut later = claims.clone();
    later["exp"] = json!(claims["exp"].as_i64().unwrap() + 1);
    let cases = [
        ("none", unsigned("none")),
        ("None", unsigned("None")),
        ("none, with a signature", format!("{}{signature}", unsigned("none"))),
        ("no algorithm", ec.sign_as(&header(json!({"alg": null})), &claims)),
        ("the RSA modulus as a secret", hmac(&hmac_header("rsa"), &claims, &modulus)),
        (
            "the RSA key as a secret",
            hmac(&hmac_header("rsa"), &claims, public.to_string().as_bytes()),
        ),
        (
            "the P-256 key as a secret",
            hmac(&hmac_header("ec"), &claims, ec.public()["x"].as_str().unwrap().as_bytes()),
        ),
        ("the key set as a secret", hmac(&hmac_header("ec"), &claims, set.as_bytes())),
        ("an empty secret", hmac(&hmac_header("ec"), &claims, b"")),
        ("an unknown kid", ec.sign_as(&header(json!({"kid": "other"})), &claims)),
        ("another key's kid", ec.sign_as(&header(json!({"kid": "rsa"})), &claims)),
        (
            "another key's kid and algorithm",
            ec.sign_as(&header(json!({"kid": "rsa", "alg": "RS256"})), &claims),
        ),
        ("another algorithm for the kid", rsa.sign_as(&header(json!({"alg": "RS256"})), &claims)),
        ("PS256", rsa.sign_as(&header(json!({"kid": "rsa", "alg": "PS256"})), &claims)),
        ("RS512", rsa.sign_as(&header(json!({"kid": "rsa", "alg": "RS512"})), &claims)),
        ("no kid", ec.sign_as(&header(json!({"kid": null})), &claims)),
        ("a thief's key", thief.sign(&claims)),
        (
            "a thief's key in the header",
            thief.sign_as(&header(json!({"jwk": thief.public()})), &claims),
        ),
        (
            "a thief's URL in the header",
            thief.sign_as(&header(json!({"jku": "https://thief.example.com/"})), &claims),
        ),
        (
            "something critical",
            ec.sign_as(&header(json!({"crit": ["b64"], "b64": false})), &claims),
        ),
        ("no signature", format!("{head}.")),
        ("half a signature", good[..good.len() - 20].to_owned()),
        ("other claims", format!("{}.{signature}", message(&ec.header(), &later))),
        (
            "another header",
            format!("{}.{signature}", message(&header(json!({"typ": "x"})), &claims)),
        ),
        ("two parts", head.to_owned()),
        ("four parts", format!("{good}.{signature}")),
        ("dots", "..".to_owned()),
        ("no JSON", format!("{}.{}.{}", BASE64.encode(b"x"), BASE64.encode(b"y"), signature)),
        ("no object", ec.sign_as(&ec.header(), &json!([claims]))),
        ("very long", ec.sign(&issuer.with(json!({"x": "x".repeat(6_000)})))[..7_000].to_owned()),
    ];
    for (case, token) in cases {
        refused(case, &issuer.try_out(&token).await);
        let create = issuer.client(&token).post("/users").raw("{garbage");
        refused(case, &create.send().await);
    }
}

#[tokio::test]
async fn claims_say_who_for_whom_and_until_when() {
    let signer = Signer::es256("a");
    let issuer = Issuer::new(inline(&[&signer])).await;
    let now = Timestamp::now().unix_seconds();
    let name = issuer.name.clone();
    let upper = name.to_uppercase();
    let audience = super::AUDIENCE;
    let cases = [
        ("as it is", json!({}), true),
        ("over for longer than clocks differ", json!({"exp": now - 60}), false),
        ("over a moment ago", json!({"exp": now - 10}), true),
        ("no end", json!({"exp": null}), false),
        ("an end that is no number", json!({"exp": "tomorrow"}), false),
        (
            "a fraction of a second",
            json!({"exp": 600.5 + f64::from(u32::try_from(now).unwrap())}),
            true,
        ),
        ("not yet", json!({"nbf": now + 60}), false),
        ("in a moment", json!({"nbf": now + 10}), true),
        ("since a while", json!({"nbf": now - 600}), true),
        ("a beginning that is no number", json!({"nbf": "now"}), false),
        ("another audience", json!({"aud": "https://other.example.com"}), false),
        ("no audience", json!({"aud": null}), false),
        ("an empty audience", json!({"aud": []}), false),
        ("several audiences", json!({"aud": ["https://other.example.com", audience]}), true),
        ("a longer audience", json!({"aud": format!("{audience}/")}), false),
        ("no issuer", json!({"iss": null}), false),
        ("an unknown issuer", json!({"iss": "https://unknown.example.com/"}), false),
        ("the issuer in another case", json!({"iss": upper}), false),
        ("two issuers", json!({"iss": [name, "https://other.example.com/"]}), false),
        ("an empty issuer", json!({"iss": ""}), false),
        ("a very long issuer", json!({"iss": "x".repeat(3_000)}), false),
    ];
    for (case, changes, good) in cases {
        let answer = issuer.try_out(&signer.sign(&issuer.with(changes))).await;
        if good {
            assert_eq!(answer.status, 404, "{case}: {answer}");
        } else {
            refused(case, &answer);
        }
    }
}

/// An issuer vouches for its own tenant and mode; its keys are no other issuer's.
#[tokio::test]
async fn an_issuer_vouches_for_its_own_tenant_and_mode() {
    let (ours, theirs) = (Signer::es256("a"), Signer::es256("a"));
    let issuer = Issuer::new(inline(&[&ours])).await;
    let other = Issuer::new(inline(&[&theirs])).await;
    refused("their issuer, our key", &issuer.try_out(&ours.sign(&other.claims())).await);
    refused("our issuer, their key", &issuer.try_out(&theirs.sign(&issuer.claims())).await);
    let live = format!("{}live", issuer.name);
    register(&issuer.tenant, Mode::Live, &live, inline(&[&ours])).await;
    let body = crate::wealthyhood::john("john@example.com");
    let made = issuer.client(&ours.sign(&issuer.claims())).post("/users").json(body);
    let path = format!("/users/{}", made.send().await.expect(201).json()["id"].as_str().unwrap());
    for (token, status) in [
        (ours.sign(&issuer.claims()), 200),
        (ours.sign(&issuer.with(json!({"iss": live}))), 404),
        (theirs.sign(&other.claims()), 404),
    ] {
        issuer.client(&token).get(&path).send().await.expect(status);
    }
}
