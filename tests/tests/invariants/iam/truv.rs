//! Truv's operations, by a key of its own two headers.

use super::*;

fn john(external_user_id: &str) -> Value {
    json!({
        "external_user_id": external_user_id, "first_name": "John", "last_name": "Doe",
        "email": "john.doe@example.com", "ssn": "222233333",
    })
}

fn with_key(client: &Client, key: &shared::auth::IssuedApiKey) -> Client {
    client.header("x-access-client-id", &key.id).header("x-access-secret", key.expose_secret())
}

impl Walk<'_> {
    pub(super) async fn truv(&mut self, tenant: &TenantKeys) {
        let key = self.world.key(tenant, Mode::Test, Role::Owner).await;
        let client = with_key(&self.client, &key);
        let create = |name: &str| client.post("/v1/users/").json(john(name));
        let user = self.step("truv_create_user", 201, create("truv-1")).await;
        self.step("truv_create_user", 400, create("truv-1")).await;
        let at = |id: &str| format!("/v1/users/{id}/");
        let nobody = at(&NOBODY.replace('-', ""));
        let path = at(user["id"].as_str().unwrap());
        self.step("truv_get_user", 200, client.get(&path)).await;
        self.step("truv_get_user", 404, client.get(&nobody)).await;
        let queries = [
            "",
            "?page_size=1",
            "?page=2&page_size=1",
            "?created_at__gte=2020-01-01",
            "?external_user_id=truv-1",
            "?external_user_id=truv-9",
        ];
        for query in queries {
            self.step("truv_list_users", 200, client.get(&format!("/v1/users/{query}"))).await;
        }
        let change_at = |path: &str, body: Value| client.patch(path).json(body);
        let change = json!({"external_user_id": "truv-2", "first_name": "Jane", "email": null});
        self.step("truv_update_user", 200, change_at(&path, change)).await;
        self.step("truv_update_user", 200, change_at(&path, json!({}))).await;
        self.step("truv_update_user", 404, change_at(&nobody, json!({}))).await;
        self.step("truv_delete_user", 404, client.delete(&nobody)).await;
        self.step("truv_delete_user", 204, client.delete(&path)).await;
    }
}

/// What deleting takes where nothing is kept.
pub(super) async fn deletion_without_retention() -> Vec<Call> {
    let world = World::with_parameters(&[("RetentionDays", "0")]);
    let tenant = world.own_tenant().await;
    let key = world.key(&tenant, Mode::Test, Role::Owner).await;
    let client = with_key(&world.anonymous(), &key);
    let user = client.post("/v1/users/").json(john("a")).send().await.expect(201).json();
    let mark = world.dynamodb.mark();
    let path = format!("/v1/users/{}/", user["id"].as_str().unwrap());
    client.delete(&path).send().await.expect(204);
    world.dynamodb.since(mark)
}
