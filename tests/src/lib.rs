//! The harness that Coffer's tests stand on: the wire on both sides of a function.
//!
//! - [`client`] speaks HTTP to an API and refuses answers with headers nobody decided on.
//! - [`recorder`] stands between the AWS SDK and a server of its JSON protocol: it records every call, counts round
//!   trips and capacity, names the IAM actions a call needs, and fails on demand.
//! - [`lambda`] runs one real binary behind a Lambda runtime API, and [`binaries`] knows what each must stand there.
//! - [`logs`] keeps what the code under test logged in this process.
//!
//! - [`world`] puts a whole Coffer between them, with tenants for each test.
//! - [`cold`] starts functions that nothing has warmed.
//! - [`tables`] looks behind it.
//! - [`clock`] is a wall clock that a test moves.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "support for tests: a panic that names what went wrong is how it reports, and nothing here is shipped"
)]

mod backends;
mod background;
pub mod binaries;
pub mod client;
pub mod clock;
pub mod cold;
pub mod examples;
pub mod lambda;
pub mod logs;
pub mod page_costs;
pub mod probe;
pub mod recorder;
pub mod tables;
pub mod world;
