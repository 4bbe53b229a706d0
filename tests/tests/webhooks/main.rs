//! Webhooks, from a change to the receiver.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests: a panic that names what went wrong is how they report"
)]

mod breaker;
mod crash;
mod deliveries;
mod faults;
mod fires;
mod flood;
mod guard;
mod leaks;
mod local;
mod office;
mod outages;
mod purge;
mod receiver;
mod restore;
mod retries;
mod secrets;
mod signatures;
mod verify;
