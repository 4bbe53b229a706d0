//! The whole system on this machine: the template, read; the servers it needs, embedded; the gateway, emulated.
//!
//! A library beside the binary, so that tests start the same stack in-process.

pub mod local;
pub mod template;
pub mod webhooks;
