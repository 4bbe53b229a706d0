//! What lies in the tables, seen with the SDK, and whether it belongs together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use harness::world::World;
use shared::domain::{Scope, UserId};

pub(crate) const USERS: &str = "UsersTable";
pub(crate) const KEYS: &str = "KeysTable";

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The text of an attribute; empty where it is no text.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

/// The number in an attribute.
pub(crate) fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// The texts of a list attribute.
pub(crate) fn texts(item: &Item, name: &str) -> Vec<String> {
    let list = item.get(name).and_then(|value| value.as_l().ok()).cloned().unwrap_or_default();
    list.into_iter().filter_map(|value| value.as_s().ok().cloned()).collect()
}

pub(crate) fn key(pk: &str, sk: &str) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

/// The partition of a user, whose id is spelled as a UUID.
pub(crate) fn partition(scope: &Scope, user: &str) -> String {
    format!("T#{scope}#U#{}", UserId::parse_uuid(user).unwrap().to_hex())
}

/// Everything that both tables hold of one tenant and mode.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tables {
    pub(crate) users: Vec<Item>,
    pub(crate) keys: Vec<Item>,
}

impl Tables {
    pub(crate) async fn of(world: &World, scope: &Scope) -> Self {
        let client = Client::new(world.stack().sdk_config());
        let prefix = format!("T#{scope}#");
        let read = async move {
            let mut users = all(&client, USERS, &prefix).await;
            // The windows of the rate limiter move with every request, and belong to no user.
            users.retain(|item| text(item, "sk") != "R");
            Self { users, keys: all(&client, KEYS, &prefix).await }
        };
        world.run(read).await
    }

    /// The users' own items.
    pub(crate) fn people(&self) -> Vec<&Item> {
        self.users.iter().filter(|item| text(item, "sk") == "U").collect()
    }

    /// The events of a user, oldest first.
    pub(crate) fn events(&self, partition: &str) -> Vec<&Item> {
        let of_user =
            |item: &&Item| text(item, "pk") == partition && text(item, "sk").starts_with("E#");
        let mut events: Vec<_> = self.users.iter().filter(of_user).collect();
        events.sort_by_key(|event| text(event, "sk"));
        events
    }

    /// Fails unless everything belongs together: each user has their data key, one event per version, and exactly the
    /// index entries that follow from them; and nothing is there that belongs to no user.
    pub(crate) async fn check(&self, world: &World, scope: &Scope) {
        let mut expected: BTreeSet<(String, String)> = BTreeSet::new();
        let mut partitions = BTreeSet::new();
        for person in self.people() {
            let pk = text(person, "pk");
            partitions.insert(pk.to_owned());
            self.check_events(pk, number(person, "version").unwrap());
            self.check_sessions(person);
            expected.extend(index_entries(world, scope, pk).await);
        }
        let sealed = self.keys.iter().filter(|item| text(item, "sk") == "DEK");
        let data_keys: BTreeSet<String> = sealed.map(|item| text(item, "pk").to_owned()).collect();
        assert_eq!(data_keys, partitions, "data keys, and the users they belong to");

        let mut entries = BTreeSet::new();
        for item in &self.users {
            let (pk, sk) = (text(item, "pk"), text(item, "sk"));
            if sk == "I" {
                let user = format!("T#{scope}#U#{}", text(item, "user"));
                assert!(partitions.contains(&user), "an idempotency record of nobody: {item:?}");
            } else if sk == "U" || sk.starts_with("E#") || sk.starts_with("V#") {
                assert!(partitions.contains(pk), "an event or a session of nobody: {item:?}");
            } else {
                entries.insert((pk.to_owned(), sk.to_owned()));
            }
        }
        assert_eq!(entries, expected, "index entries, and those that follow from the users");
    }

    fn check_events(&self, pk: &str, version: i64) {
        let mut versions = BTreeMap::new();
        for event in self.events(pk) {
            let kind = text(event, "kind");
            match number(event, "version") {
                Some(version) => {
                    let wanted: &[&str] = if version == 1 {
                        &["user.created"]
                    } else {
                        &["user.updated", "user.verified"]
                    };
                    assert!(wanted.contains(&kind), "{event:?}");
                    assert!(versions.insert(version, kind).is_none(), "two events of one version");
                }
                None => assert_eq!(kind, "user.revealed", "{event:?}"),
            }
        }
        let versions: Vec<i64> = versions.into_keys().collect();
        assert_eq!(versions, (1..=version).collect::<Vec<_>>(), "events of {pk}");
    }
}

/// Fails unless the API keys of a tenant and mode, their register and the count of lasting owners belong together.
/// Answers how many keys there are.
pub(crate) async fn check_api_keys(world: &World, scope: &Scope) -> usize {
    let client = Client::new(world.stack().sdk_config());
    let own = scope.clone();
    let read = async move {
        let keys = all(&client, KEYS, "APIKEY#").await;
        (keys, all(&client, KEYS, &format!("T#{own}#")).await)
    };
    let (mut keys, rest) = world.run(read).await;
    keys.retain(|item| {
        (text(item, "tenant"), text(item, "mode")) == (scope.tenant.as_str(), scope.mode.as_str())
    });
    let id = |item: &Item, name: &str| text(item, name).rsplit_once('#').unwrap().1.to_owned();
    let dated = |item: &Item, name: &str| (id(item, name), number(item, "ttl"));
    let entries = rest.iter().filter(|item| text(item, "pk").ends_with("#APIKEYS"));
    let entries: BTreeSet<_> = entries.map(|item| dated(item, "sk")).collect();
    assert_eq!(keys.iter().map(|item| dated(item, "pk")).collect::<BTreeSet<_>>(), entries);
    let counted = rest.iter().find(|item| text(item, "pk").ends_with("#OWNERS"));
    let ends = |item: &Item| item.contains_key("expires_at") || item.contains_key("revoked_at");
    let lasting = keys.iter().filter(|item| text(item, "role") == "OWNER" && !ends(item)).count();
    let counted = counted.and_then(|item| number(item, "lasting")).unwrap_or(0);
    assert_eq!(usize::try_from(counted).unwrap(), lasting, "lasting owners");
    for item in keys.iter().filter(|item| item.contains_key("replaces")) {
        let old = keys.iter().find(|old| id(old, "pk") == text(item, "replaces")).unwrap();
        assert_eq!(text(old, "replaced_by"), id(item, "pk"));
    }
    keys.len()
}

impl Tables {
    /// The sessions of a user.
    pub(crate) fn sessions(&self, partition: &str) -> Vec<&Item> {
        let of_user =
            |item: &&Item| text(item, "pk") == partition && text(item, "sk").starts_with("V#");
        self.users.iter().filter(of_user).collect()
    }

    /// A user's counters are those of their sessions.
    fn check_sessions(&self, person: &Item) {
        let sessions = self.sessions(text(person, "pk"));
        let counters = person.get("sessions").and_then(|value| value.as_m().ok());
        let counter =
            |name: &str| counters.and_then(|counters| number(counters, name)).unwrap_or(0);
        let all = ["approved", "declined", "in_review"];
        for outcome in all {
            let of_outcome = sessions.iter().filter(|it| text(it, "outcome") == outcome).count();
            assert_eq!(counter(outcome), i64::try_from(of_outcome).unwrap(), "{outcome}");
        }
        assert_eq!(counter("count"), i64::try_from(sessions.len()).unwrap(), "sessions");
    }
}

/// The entries under which the user of a partition must be found.
async fn index_entries(world: &World, scope: &Scope, pk: &str) -> Vec<(String, String)> {
    let (app, own) = (world.app("palm_create_user"), scope.clone());
    let hex = pk.rsplit_once('#').unwrap().1.to_owned();
    let id = UserId::parse_hex(&hex).unwrap();
    let read = async move {
        let user = app.store.user(&own, id).await.unwrap().expect("a live user");
        (user, app.keyring.index(&own).await.unwrap())
    };
    let (user, index) = world.run(read).await;
    let names = user.name_index();
    let names = names.prefixes().iter().map(|prefix| index.name_prefix(prefix));
    let names = names.map(|name| format!("T#{scope}#N#{}", name.as_str()));
    let prints_of = &user.fingerprints;
    let prints =
        [("email", &prints_of.email), ("phone", &prints_of.phone), ("ssn", &prints_of.ssn)];
    let prints = prints.into_iter().filter_map(|(kind, value)| {
        value.as_ref().map(|value| format!("T#{scope}#F#{kind}#{}", value.as_str()))
    });
    let claim = user.claimed_email().map(|email| format!("T#{scope}#M#{}", email.as_str()));
    let claim = claim.map(|pk| (pk, "M".to_owned()));
    let approved = [("email", &prints_of.approved_emails), ("phone", &prints_of.approved_phones)];
    let approved = approved.into_iter().flat_map(|(kind, all)| {
        all.iter().map(move |value| format!("T#{scope}#F#{kind}#{}", value.as_str()))
    });
    let states = user.issuing_states.iter().map(|state| format!("T#{scope}#C#{state}"));
    let entries = names.chain(prints).chain(approved).chain(states);
    entries.map(|pk| (pk, hex.clone())).chain(claim).collect()
}

#[expect(clippy::disallowed_methods, reason = "to see all that is there is the point")]
async fn all(client: &Client, table: &str, prefix: &str) -> Vec<Item> {
    let scan = client.scan().table_name(table).filter_expression("begins_with(pk, :prefix)");
    let scan = scan.expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()));
    let pages = scan.into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.expect("a scan")
}
