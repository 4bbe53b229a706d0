//! How a tenant comes by its first keys.

use std::sync::Arc;

use futures_util::future::join_all;
use harness::world::{TenantKeys, World};
use shared::{
    auth::Role,
    domain::{Mode, TenantId},
    tenants,
};

/// Makes a tenant, as the operator does; answers the modes of the owner keys that it was given.
async fn create(tenant: &TenantKeys) -> Vec<Mode> {
    let (app, id) = (Arc::clone(tenant.app()), tenant.scope(Mode::Test).tenant);
    let create = async move { tenants::create(&app, &id).await.unwrap() };
    let made = World::shared().run(create).await;
    made.into_iter().map(|(record, _)| record.scope.mode).collect()
}

#[tokio::test]
async fn a_tenant_is_made_once_and_to_the_end() {
    let world = World::shared();
    // As a run leaves it that ended before the first key.
    let tenant = world.own_tenant().await;
    assert_eq!(create(&tenant).await, [Mode::Test, Mode::Live]);
    assert!(create(&tenant).await.is_empty());
    // As one that ended between the two.
    let tenant = world.own_tenant().await;
    world.key(&tenant, Mode::Test, Role::Owner).await;
    assert_eq!(create(&tenant).await, [Mode::Live]);
    assert!(create(&tenant).await.is_empty());
}

#[tokio::test]
async fn of_many_who_make_a_tenant_at_once_one_gets_its_keys() {
    let world = World::shared();
    let app = Arc::clone(world.own_tenant().await.app());
    let id = TenantId::parse("made-by-many").unwrap();
    let create = |_| {
        let (app, id) = (Arc::clone(&app), id.clone());
        world.run(async move { tenants::create(&app, &id).await.unwrap() })
    };
    let made: Vec<_> = join_all((0..8).map(create)).await.into_iter().flatten().collect();
    let mut modes: Vec<_> = made.iter().map(|(record, _)| record.scope.mode).collect();
    modes.sort();
    assert_eq!(modes, [Mode::Test, Mode::Live]);
    for (_, issued) in made {
        let client = world.anonymous().bearer(issued.expose_secret());
        client.post("/v1/user").json(serde_json::json!({})).send().await.expect(201);
        assert_eq!(super::list(&client).await.len(), 1);
    }
}
