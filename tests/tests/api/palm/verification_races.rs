//! Many reports at once.

use futures_util::future::join_all;
use harness::client::Answer;
use serde_json::json;

use super::verification::{Person, report, with};

/// Sends a report until it is taken, as a caller does who is told that others were at the same user.
async fn record(person: &Person, body: serde_json::Value) -> Answer {
    loop {
        let answer = person.record(body.clone()).await;
        if answer.status == 200 {
            return answer;
        }
        answer.problem(409, "contended");
    }
}

#[tokio::test]
async fn of_32_different_sessions_at_once_each_is_counted_once() {
    let person = Person::new(json!({})).await;
    let outcome = |n: usize| ["approved", "declined", "in_review", "approved"][n % 4];
    let send = |n: usize| {
        let members = json!({"approved_emails": [format!("{}@example.com", n % 8)]});
        record(&person, with(&format!("s{n}"), outcome(n), members))
    };
    join_all((0..32).map(send)).await;
    assert_eq!(person.counters().await, [32, 16, 8, 8]);
    assert_eq!(person.tenant.events(person.id()).await.len(), 33);
    let emails = person.seen().await["approved_emails"].as_array().unwrap().len();
    assert_eq!(emails, 4, "those of the approved sessions, each once");
}

#[tokio::test]
async fn of_32_reports_of_one_session_one_is_counted() {
    let person = Person::new(json!({})).await;
    join_all((0..32).map(|_| record(&person, report("s", "approved")))).await;
    assert_eq!(person.counters().await, [1, 1, 0, 0]);
    assert_eq!(person.tenant.events(person.id()).await.len(), 2);
}

/// Whichever comes last stands, and none is counted beside it.
#[tokio::test]
async fn reports_of_one_session_that_differ_leave_one_outcome() {
    let person = Person::new(json!({})).await;
    let outcomes = ["approved", "declined", "in_review"];
    join_all((0..30).map(|n| {
        let body = with("s", outcomes[n % 3], json!({"approved_emails": ["a@example.com"]}));
        record(&person, body)
    }))
    .await;
    let [count, approved, declined, in_review] = person.counters().await;
    assert_eq!((count, approved + declined + in_review), (1, 1));
    let emails = person.seen().await["approved_emails"].as_array().unwrap().len();
    assert_eq!(u64::try_from(emails).unwrap(), approved);
}
