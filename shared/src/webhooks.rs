//! Webhooks: who receives them, and what may be reached. Public hosts over HTTPS, and nothing else.

mod address;
mod deliveries;
mod destinations;
mod url;

pub use self::{
    address::is_public,
    deliveries::{
        MAX_REPLAYED, Page, list_attempts, list_dead_letters, replay_dead_letters, send_event,
        send_test,
    },
    destinations::{
        IssuedDestination, NewDestination, change_destination, create_destination,
        delete_destination, destination_and_figures, get_destination, rotate_secret,
    },
    url::{InvalidUrl, Reach, WebhookUrl},
};
