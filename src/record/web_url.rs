//! Addresses that may be trusted with a protocol: `https`, or `http` where the network is the machine itself.

use url::{Host, Url};

/// Reads the address, or nothing if it is not safe or is not spelled as a browser would spell it.
pub(crate) fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    let anonymous = url.username().is_empty() && url.password().is_none();
    // A bare host is the same to a browser with and without its slash.
    let bare = url.path() == "/" && url.as_str().strip_suffix('/') == Some(text);
    (safe && anonymous && (url.as_str() == text || bare)).then_some(url)
}

/// Whether the network is the machine itself.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
