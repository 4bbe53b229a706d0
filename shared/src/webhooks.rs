//! What webhooks may reach: public hosts over HTTPS, and nothing else.

mod address;
mod url;

pub use self::{
    address::is_public,
    url::{InvalidUrl, Reach, WebhookUrl},
};
