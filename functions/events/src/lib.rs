//! The workers behind webhooks. They have no route: the table's stream calls one, the queue another.
//!
//! `fan_out` turns each event on the stream into one message per destination that wants it; a message holds references and
//! nothing else. `deliver` reads what a message refers to, signs it and posts it. `purge` removes what is left of a user whom
//! time to live has taken.

mod canonical;
mod deliver;
mod fan_out;
mod message;
mod payload;
mod post;
mod purge;
mod queue;
mod resolver;
mod schedule;
mod signature;
mod worker;

pub use message::Delivery;
pub use queue::Queue;
pub use schedule::{ATTEMPTS, PAUSES, pause};
pub use worker::{Handler, Malformed, QueueOf, Worker, Workshop, run};

/// From the table's stream to the queue.
pub static FAN_OUT: Worker = Worker {
    operation: "events_fan_out",
    queues: &[QueueOf::Deliveries, QueueOf::Failures],
    handler: |shop, event| Box::pin(fan_out::handle(shop, event)),
};

/// From the queue to the receivers.
pub static DELIVER: Worker = Worker {
    operation: "events_deliver",
    queues: &[QueueOf::Deliveries],
    handler: |shop, event| Box::pin(deliver::handle(shop, event)),
};

/// What is left of users who are gone.
pub static PURGE: Worker = Worker {
    operation: "events_purge",
    queues: &[],
    handler: |shop, event| Box::pin(purge::handle(shop, event)),
};

/// All workers.
pub static WORKERS: [&Worker; 3] = [&FAN_OUT, &DELIVER, &PURGE];
