//! The workers behind webhooks. They have no route: the table's stream calls two, the queue one, a schedule one.
//!
//! `fan_out` turns each event on the stream into one message per destination that wants it; a message holds references and
//! nothing else. `deliver` reads what a message refers to, signs it and posts it. What fails waits outside the queue, and
//! `sweep` puts it back when it is due. `purge` removes what is left of a user whom
//! time to live has taken.

mod breaker;
mod canonical;
mod change;
mod deliver;
mod fan_out;
mod message;
mod payload;
mod post;
mod purge;
mod queue;
mod record;
mod resolver;
mod schedule;
mod secrets;
mod signature;
mod sweep;
mod turn;
mod worker;

pub use message::Message;
pub use queue::Queue;
pub use schedule::{ATTEMPTS, PAUSES, pause};
pub use worker::{Failed, Handler, QueueOf, Worker, Workshop, run};

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

/// From what waits to the queue.
pub static SWEEP: Worker = Worker {
    operation: "events_sweep",
    queues: &[QueueOf::Deliveries],
    handler: |shop, event| Box::pin(sweep::handle(shop, event)),
};

/// What is left of users who are gone.
pub static PURGE: Worker = Worker {
    operation: "events_purge",
    queues: &[],
    handler: |shop, event| Box::pin(purge::handle(shop, event)),
};

/// All workers.
pub static WORKERS: [&Worker; 4] = [&FAN_OUT, &DELIVER, &SWEEP, &PURGE];
