//! Webhooks: who receives them, and what may be reached. Public hosts over HTTPS, and nothing else.

mod address;
mod destinations;
mod url;

pub use self::{
    address::is_public,
    destinations::{
        IssuedDestination, NewDestination, change_destination, create_destination,
        delete_destination, get_destination, rotate_secret,
    },
    url::{InvalidUrl, Reach, WebhookUrl},
};
