"""Asks each operation once and compares the status. An operation of the template that is not asked is a failure too.

Usage: smoke.py BASE_URL CREDENTIALS OPERATIONS
"""

import json
import sys
import urllib.error
import urllib.request


class Caller:
    """Keeps what was asked, and what came of it."""

    def __init__(self, base_url, credentials):
        self.base_url = base_url
        self.owner = credentials["test"]["OWNER"]
        self.asked = {}

    def __call__(self, operation, expected, method, path, body=None, api="palm"):
        key = self.owner["api_key"]
        headers = {
            "palm": {"Authorization": f"Bearer {key}"},
            "didit": {"x-api-key": key},
            "truv": {"X-Access-Client-Id": self.owner["client_id"], "X-Access-Secret": key},
        }[api]
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        well = status == expected
        self.asked[operation] = self.asked.get(operation, True) and well
        shown = "" if well else f", not {expected}: {text[:300]!r}"
        print(f"{'ok    ' if well else 'FAILED'} {operation:36} {method} {path} {status}{shown}", flush=True)
        return json.loads(text) if text else None


def palm(ask):
    user = ask("palm_create_user", 201, "POST", "/v1/user", {
        "display_name": "Ada", "vault": {"identity.first_name": "Ada", "identity.email": "ada@example.com"},
    })
    path = f"/v1/user/{user['id']}"
    ask("palm_get_user", 200, "GET", path)
    ask("palm_update_user", 200, "PATCH", path, {"metadata": {"tier": "gold"}})
    ask("palm_search_users", 200, "POST", "/v1/user/search", {"email": "ada@example.com"})
    ask("palm_update_vault", 200, "PATCH", f"{path}/vault", {"vault": {"identity.last_name": "Lovelace"}})
    ask("palm_reveal_vault", 200, "POST", f"{path}/vault/reveal", {"fields": ["identity.email"], "reason": "a test"})
    ask("palm_record_verification", 200, "POST", f"{path}/verification", {
        "session_id": "kyc-1", "outcome": "approved", "risk_level": "low",
        "workflow": {"name": "KYC", "version": 1}, "executed_at": "2026-01-15T10:30:00Z",
    })
    ask("palm_list_events", 200, "GET", f"{path}/events")
    ask("palm_list_vault_fields", 200, "GET", "/v1/vault/fields")


def didit(ask):
    ask("didit_create_user", 201, "POST", "/v3/users/create/", {"vendor_data": "42"}, "didit")
    ask("didit_list_users", 200, "GET", "/v3/users/", None, "didit")
    ask("didit_get_user", 200, "GET", "/v3/users/42/", None, "didit")
    ask("didit_update_user", 200, "PATCH", "/v3/users/42/", {"full_name": "Jane Roe"}, "didit")
    ask("didit_update_user_status", 200, "PATCH", "/v3/users/42/update-status/", {"status": "FLAGGED"}, "didit")
    ask("didit_delete_users", 204, "POST", "/v3/users/delete/", {"vendor_data_list": ["42"]}, "didit")


def destinations(ask):
    made = ask("didit_create_webhook_destination", 201, "POST", "/v3/webhook/destinations/", {
        "label": "test", "url": "https://example.com/hook", "subscribed_events": ["user.data.updated"],
    }, "didit")
    path = f"/v3/webhook/destinations/{made['uuid']}/"
    ask("didit_list_webhook_destinations", 200, "GET", "/v3/webhook/destinations/", None, "didit")
    ask("didit_get_webhook_destination", 200, "GET", path, None, "didit")
    ask("didit_update_webhook_destination", 200, "PATCH", path, {"label": "other"}, "didit")
    ask("didit_rotate_webhook_secret", 200, "POST", f"{path}rotate-secret/", None, "didit")
    ask("didit_delete_webhook_destination", 204, "DELETE", path, None, "didit")


def truv(ask):
    user = ask("truv_create_user", 201, "POST", "/v1/users/", {
        "external_user_id": "12345", "first_name": "John", "last_name": "Doe",
    }, "truv")
    path = f"/v1/users/{user['id']}/"
    ask("truv_list_users", 200, "GET", "/v1/users/", None, "truv")
    ask("truv_get_user", 200, "GET", path, None, "truv")
    ask("truv_update_user", 200, "PATCH", path, {"first_name": "Jack"}, "truv")
    ask("truv_delete_user", 204, "DELETE", path, None, "truv")


def wealthyhood(ask):
    user = ask("wealthyhood_create_user", 201, "POST", "/users", {
        "email": "jane@example.com", "firstName": "Jane", "lastName": "Doe", "dateOfBirth": "1990-05-15",
        "residencyCountry": "GB",
    })
    ask("wealthyhood_get_user", 200, "GET", f"/users/{user['id']}")


def keys(ask):
    made = ask("keys_create_api_key", 201, "POST", "/v1/api-keys", {"name": "test", "role": "READER", "mode": "test"})
    ask("keys_list_api_keys", 200, "GET", "/v1/api-keys")
    ask("keys_rotate_api_key", 201, "POST", f"/v1/api-keys/{made['id']}/rotate")
    ask("keys_revoke_api_key", 204, "DELETE", f"/v1/api-keys/{made['id']}")


def main(base_url, credentials, operations):
    with open(credentials, encoding="utf-8") as file:
        ask = Caller(base_url, json.load(file))
    with open(operations, encoding="utf-8") as file:
        operations = json.load(file)
    for area in (palm, didit, destinations, truv, wealthyhood, keys):
        try:
            area(ask)
        except (KeyError, TypeError, ValueError, OSError) as error:
            print(f"FAILED {area.__name__}: {error!r}", flush=True)
            ask.asked[f"all of {area.__name__}"] = False
    forgotten = sorted(set(operations) - set(ask.asked))
    for operation in forgotten:
        print(f"FAILED {operation}: not asked")
    failed = [name for name, well in ask.asked.items() if not well]
    print(f"{len(operations) - len(forgotten)} of {len(operations)} operations asked, {len(failed)} failed")
    return 1 if failed or forgotten else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
