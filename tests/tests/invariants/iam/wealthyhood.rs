//! Wealthyhood's operations, by a key and by an access token.

use super::*;

fn john(email: &str) -> Value {
    json!({
        "email": email, "firstName": "John", "lastName": "Doe", "dateOfBirth": "1990-05-15",
        "residencyCountry": "GB",
        "taxResidency": {"countryCode": "GB", "proofType": "NINO", "value": "QQ123456C"},
    })
}

impl Walk<'_> {
    pub(super) async fn wealthyhood(&mut self, tenant: &TenantKeys) {
        let key = self.world.key(tenant, Mode::Test, Role::Owner).await;
        self.key = format!("Bearer {}", key.expose_secret());
        let client = self.client.clone();
        let create = |email: &str| client.post("/users").json(john(email));
        let user = self.step("wealthyhood_create_user", 201, create("walk@example.com")).await;
        self.step("wealthyhood_create_user", 409, create("Walk@example.com")).await;
        self.step("wealthyhood_create_user", 422, client.post("/users").json(json!({}))).await;
        let path = format!("/users/{}", user["id"].as_str().unwrap());
        self.step("wealthyhood_get_user", 200, client.get(&path)).await;
        let nobody = "/users/000000000000000000000000";
        self.step("wealthyhood_get_user", 404, client.get(nobody)).await;
        self.key = format!("Bearer {}", self.world.stack().credentials().jwt);
        self.step("wealthyhood_create_user", 422, client.post("/users").json(json!({}))).await;
        self.step("wealthyhood_get_user", 404, client.get(nobody)).await;
    }
}
