//! Looking up the names of receivers. The connection goes to an address that was looked at here, so that no second look-up
//! can lead elsewhere.

use std::{
    io,
    net::SocketAddr,
    task::{Context, Poll},
    vec,
};

use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use shared::webhooks::{Reach, is_public};
use tower_service::Service;

/// Looks names up, and refuses those that lead anywhere but to the public internet.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    reach: Reach,
}

impl Resolver {
    pub(crate) const fn new(reach: Reach) -> Self {
        Self { reach }
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.reach;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            permitted(found, reach).map(Vec::into_iter)
        })
    }
}

/// All of the addresses, or none: a name with one address that is not public is refused whole.
fn permitted(found: Vec<SocketAddr>, reach: Reach) -> io::Result<Vec<SocketAddr>> {
    let public = found.iter().all(|address| is_public(address.ip()));
    if found.is_empty() {
        Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"))
    } else if reach == Reach::PublicHttps && !public {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "the name leads to no public address"))
    } else {
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_that_is_not_public_spoils_the_name() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect()
        };
        let public = addresses(&["1.1.1.1", "2606:4700:4700::1111"]);
        assert_eq!(permitted(public.clone(), Reach::PublicHttps).unwrap(), public);
        for mixed in [
            addresses(&["1.1.1.1", "10.0.0.1"]),
            addresses(&["2606:4700:4700::1111", "::ffff:127.0.0.1"]),
            addresses(&["169.254.169.254"]),
        ] {
            let refused = permitted(mixed.clone(), Reach::PublicHttps).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
            assert_eq!(permitted(mixed.clone(), Reach::Anywhere).unwrap(), mixed);
        }
        assert!(permitted(vec![], Reach::Anywhere).is_err());
    }
}
