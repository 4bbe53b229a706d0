//! What must hold whatever happens, each with a test that fails when it is broken.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests: a panic that names what went wrong is how they report"
)]

mod budgets;
mod events;
mod expiry;
mod faults;
mod frozen;
mod iam;
mod integrity;
mod key_faults;
mod last_use;
mod leaks;
mod lifetimes;
mod pages;
mod patience;
mod routes;
mod scene;
mod sessions;
mod tables;
