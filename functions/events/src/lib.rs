//! The workers behind webhooks. They have no route: the table's stream calls one, the queue the other.

mod canonical;
mod payload;
mod schedule;
mod signature;
