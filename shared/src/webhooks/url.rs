//! URLs of receivers.

use std::net::IpAddr;

use url::{Host, Url};

use super::is_public;

/// How far webhooks may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Public hosts, over HTTPS.
    #[default]
    PublicHttps,
    /// Any host, over HTTP too: for receivers on a developer's own machine.
    Anywhere,
}

/// Why a text is not the URL of a receiver. Holds nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// It is no URL with a host.
    #[error("not a URL")]
    Malformed,
    /// It names another scheme than HTTPS.
    #[error("not an HTTPS URL")]
    NotHttps,
    /// It holds a user name or a password.
    #[error("a URL with credentials")]
    Credentials,
    /// Its host is not of the public internet.
    #[error("not a public host")]
    NotPublic,
}

/// The URL of a receiver. That its host's name leads to public addresses is known only once it is resolved.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// The greatest length, in Unicode scalar values.
    pub const MAX_CHARS: usize = 2048;

    /// Checks and takes a URL. The host is read as browsers do ([WHATWG](https://url.spec.whatwg.org/)), so that an address
    /// in an unusual spelling (`0x7f.1`, `2130706433`) is recognised.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, InvalidUrl> {
        if text.chars().count() > Self::MAX_CHARS
            || text.chars().any(|c| c.is_control() || c == ' ')
        {
            return Err(InvalidUrl::Malformed);
        }
        let mut url = Url::parse(text).map_err(|_| InvalidUrl::Malformed)?;
        let host = url.host().ok_or(InvalidUrl::Malformed)?;
        let address = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        match (url.scheme(), reach) {
            ("https", Reach::PublicHttps | Reach::Anywhere) | ("http", Reach::Anywhere) => {}
            _ => return Err(InvalidUrl::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl::Credentials);
        }
        if reach == Reach::PublicHttps && address.is_some_and(|address| !is_public(address)) {
            return Err(InvalidUrl::NotPublic);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The URL in its one normal spelling, without a fragment.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// URLs may hold tokens: never printed.
impl std::fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookUrl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_urls_of_hosts_that_may_be_public_are_taken() {
        for (text, expected) in [
            ("https://example.com/hook?token=1", Ok("https://example.com/hook?token=1")),
            ("https://EXAMPLE.com", Ok("https://example.com/")),
            ("https://example.com:8443/a#b", Ok("https://example.com:8443/a")),
            ("https://1.1.1.1/", Ok("https://1.1.1.1/")),
            ("https://münchen.example/", Ok("https://xn--mnchen-3ya.example/")),
            ("", Err(InvalidUrl::Malformed)),
            ("example.com", Err(InvalidUrl::Malformed)),
            ("https://", Err(InvalidUrl::Malformed)),
            ("https://exa mple.com/", Err(InvalidUrl::Malformed)),
            ("https://example.com/\n", Err(InvalidUrl::Malformed)),
            ("mailto:a@example.com", Err(InvalidUrl::Malformed)),
            ("http://example.com/", Err(InvalidUrl::NotHttps)),
            ("ftp://example.com/", Err(InvalidUrl::NotHttps)),
            ("https://user@example.com/", Err(InvalidUrl::Credentials)),
            ("https://user:secret@example.com/", Err(InvalidUrl::Credentials)),
            ("https://127.0.0.1/", Err(InvalidUrl::NotPublic)),
            ("https://127.1/", Err(InvalidUrl::NotPublic)),
            ("https://0x7f000001/", Err(InvalidUrl::NotPublic)),
            ("https://2130706433/", Err(InvalidUrl::NotPublic)),
            ("https://017700000001/", Err(InvalidUrl::NotPublic)),
            ("https://①②⑦.0.0.1/", Err(InvalidUrl::NotPublic)),
            ("https://169.254.169.254/latest/meta-data/", Err(InvalidUrl::NotPublic)),
            ("https://[::1]/", Err(InvalidUrl::NotPublic)),
            ("https://[::ffff:10.0.0.1]/", Err(InvalidUrl::NotPublic)),
            ("https://[fd00:ec2::254]/", Err(InvalidUrl::NotPublic)),
        ] {
            let parsed = WebhookUrl::parse(text, Reach::PublicHttps);
            assert_eq!(
                parsed.as_ref().map(WebhookUrl::as_str),
                expected.as_ref().copied(),
                "{text}"
            );
        }
        let long = format!("https://example.com/{}", "a".repeat(WebhookUrl::MAX_CHARS));
        assert_eq!(WebhookUrl::parse(&long, Reach::PublicHttps), Err(InvalidUrl::Malformed));
    }

    #[test]
    fn ones_own_machine_is_reached_where_that_is_allowed() {
        for text in ["http://127.0.0.1:8080/hook", "http://localhost/", "https://[::1]/"] {
            assert!(WebhookUrl::parse(text, Reach::Anywhere).is_ok(), "{text}");
        }
        assert_eq!(
            WebhookUrl::parse("file:///etc/passwd", Reach::Anywhere),
            Err(InvalidUrl::Malformed)
        );
    }
}
