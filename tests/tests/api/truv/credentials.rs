//! What is no credential.

use shared::{
    auth::Role,
    domain::{Mode, Timestamp},
};

use super::{coded, owner, refused, with_key};

#[tokio::test]
async fn a_credential_is_an_id_and_the_secret_that_belongs_to_it() {
    let (tenant, _owner) = owner().await;
    let (world, keys) = (tenant.world, &tenant.keys);
    let nobody = world.anonymous();
    let key = world.key(keys, Mode::Test, Role::Owner).await;
    let other = world.key(keys, Mode::Test, Role::Owner).await;
    let past = Timestamp::now().plus(time::Duration::seconds(-1));
    let expired = world.expiring_key(keys, Mode::Test, Role::Owner, Some(past)).await;
    let (id, secret) = (key.id.as_str(), key.expose_secret());
    let pair = |id: &str, secret: &str| {
        nobody.header("x-access-client-id", id).header("x-access-secret", secret)
    };
    let path = "/v1/users/";
    with_key(&nobody, &key).get(path).send().await.expect(200);
    pair(&format!(" {id} "), &format!(" {secret} ")).get(path).send().await.expect(200);

    let missing = "Authentication credentials were not provided.";
    let incorrect = "Incorrect authentication credentials.";
    for (case, client, message) in [
        ("nothing", nobody.clone(), missing),
        ("a bearer", nobody.bearer(secret), missing),
        ("another API's header", nobody.header("x-api-key", secret), missing),
        ("the id alone", nobody.header("x-access-client-id", id), incorrect),
        ("the secret alone", nobody.header("x-access-secret", secret), incorrect),
        ("empty", pair("", ""), incorrect),
        ("another key's id", pair(&other.id, secret), incorrect),
        ("another key's secret", pair(id, other.expose_secret()), incorrect),
        ("the id twice", pair(id, id), incorrect),
        ("upper case", pair(id, &secret.to_uppercase()), incorrect),
        ("cut off", pair(id, &secret[..secret.len() - 1]), incorrect),
        ("not ASCII", pair("é", "é"), incorrect),
        ("expired", with_key(&nobody, &expired), incorrect),
    ] {
        let answer = client.get(path).send().await;
        refused(case, &answer, 401, coded("authentication_failed", message));
    }
}
