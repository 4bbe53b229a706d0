//! Nobody locks a tenant out.

use futures_util::future::join_all;
use harness::{client::Client, world::World};
use serde_json::{Value, json};
use shared::auth::Role;

use super::{list, make, make_of, revoke, rotate, secret};

async fn own(client: &Client) -> Value {
    list(client).await.pop().unwrap()
}

async fn lasting_owners(client: &Client) -> usize {
    let lasting = |key: &&Value| {
        key["role"] == "OWNER" && key["status"] == "active" && key["expires_at"].is_null()
    };
    list(client).await.iter().filter(lasting).count()
}

#[tokio::test]
async fn the_last_owner_key_stays() {
    let tenant = World::shared().tenant().await;
    let owner = &tenant.owner;
    let me = own(owner).await;
    make_of(owner, "ADMIN").await;
    // One that ends by itself does not count.
    let expiring = json!({"role": "OWNER", "name": "x", "expires_at": "2999-01-01"});
    let expiring = make(owner, expiring).await;
    // Nor does one of the other mode.
    tenant.live_client(Role::Owner).await;
    revoke(owner, &me).await.problem(409, "last_owner_key");
    revoke(owner, &me).await.problem(409, "last_owner_key");
    let limited = json!({"expires_at": "2999-01-01"});
    rotate(owner, &me, limited.clone()).await.problem(409, "last_owner_key");
    assert_eq!(super::listed(owner, &me).await["status"], "active");
    revoke(owner, &expiring).await.expect(204);

    let second = make_of(owner, "OWNER").await;
    revoke(owner, &second).await.expect(204);
    revoke(owner, &second).await.expect(204);
    revoke(owner, &me).await.problem(409, "last_owner_key");
    let third = make_of(owner, "OWNER").await;
    rotate(owner, &third, limited).await.expect(201);
    revoke(owner, &me).await.problem(409, "last_owner_key");

    // A rotation leaves one in the place of the other.
    let new = rotate(owner, &me, json!({})).await.expect(201).json();
    let successor = tenant.world.anonymous().bearer(secret(&new));
    revoke(&successor, &new).await.problem(409, "last_owner_key");
    revoke(&successor, &me).await.expect(204);
    revoke(&successor, &new).await.problem(409, "last_owner_key");
    assert_eq!(super::listed(&successor, &me).await["status"], "revoked");
    assert_eq!(lasting_owners(&successor).await, 1);
}

/// An expiring owner key that is rotated into a lasting one counts from then on.
#[tokio::test]
async fn what_becomes_lasting_counts() {
    let tenant = World::shared().tenant().await;
    let me = own(&tenant.owner).await;
    let expiring = json!({"role": "OWNER", "name": "x", "expires_at": "2999-01-01"});
    let expiring = make(&tenant.owner, expiring).await;
    rotate(&tenant.owner, &expiring, json!({"expires_at": null})).await.expect(201);
    revoke(&tenant.owner, &me).await.expect(204);
}

#[tokio::test]
async fn of_many_who_leave_at_once_one_stays() {
    for count in [2, 16] {
        let tenant = World::shared().tenant().await;
        let mut owners = vec![(tenant.owner.clone(), own(&tenant.owner).await)];
        for _ in 1..count {
            let key = make_of(&tenant.owner, "OWNER").await;
            owners.push((tenant.world.anonymous().bearer(secret(&key)), key));
        }
        // So that every caller is known when the first key goes.
        join_all(owners.iter().map(|(client, _)| client.get("/v1/api-keys").send())).await;
        let answers = join_all(owners.iter().map(|(client, key)| revoke(client, key))).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        let left = statuses.iter().position(|status| *status == 409).unwrap();
        answers[left].problem(409, "last_owner_key");
        statuses.sort_unstable();
        statuses.pop();
        assert_eq!(statuses, vec![204; count - 1]);
        assert_eq!(lasting_owners(&owners[left].0).await, 1, "of {count}");
    }
}

#[tokio::test]
async fn two_who_revoke_each_other_do_not_both_succeed() {
    for _round in 0..4 {
        let tenant = World::shared().tenant().await;
        let me = own(&tenant.owner).await;
        let other = make_of(&tenant.owner, "OWNER").await;
        let client = tenant.world.anonymous().bearer(secret(&other));
        client.get("/v1/api-keys").send().await.expect(200);
        let answers = join_all([revoke(&tenant.owner, &other), revoke(&client, &me)]).await;
        let gone = answers.iter().filter(|answer| answer.status == 204).count();
        assert_eq!(gone, 1, "{answers:?}");
        // The other one was refused, or had lost its key already.
        assert!(answers.iter().all(|answer| [204, 401, 409].contains(&answer.status)));
    }
}
