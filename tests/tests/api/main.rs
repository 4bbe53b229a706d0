//! Coffer's APIs, through the wire.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a panic that names what went wrong is how a test reports"
)]

mod didit;
mod four;
mod keys;
mod palm;
mod truv;
mod wealthyhood;
