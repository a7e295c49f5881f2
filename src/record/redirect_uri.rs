//! Where an authorization response may go.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::metadata::ApplicationType;

/// A redirect URI that a client may register, checked when the client is made.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct RedirectUri {
    text: Arc<str>,
    kind: RedirectKind,
}

/// How a redirect URI reaches its application.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RedirectKind {
    /// `https`: the name is the owner's.
    Web,
    /// `http` to the same machine: whoever listens there.
    Loopback,
    /// A scheme of the application's own: whoever registered it on the device.
    PrivateUse,
}

/// The parameters of authorization responses.
const RESPONSE: [&str; 11] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "id_token",
];

impl RedirectUri {
    /// Checks a URI for registration [RFC 9700 §4.1, RFC 8252 §7 and §8].
    pub(crate) fn register(text: &str, application: ApplicationType) -> Result<Self, RedirectUriFault> {
        if !text.bytes().all(|byte| matches!(byte, 0x21..=0x7e))
            || text.contains(['"', '<', '>', '\\', '^', '`', '{', '}', '|'])
        {
            return Err(RedirectUriFault::NotAUri);
        }
        if text.contains('*') {
            return Err(RedirectUriFault::Wildcard);
        }
        let uri = Url::parse(text).map_err(|_| RedirectUriFault::NotAUri)?;
        // [RFC 6749 §3.1.2]
        if text.contains('#') {
            return Err(RedirectUriFault::Fragment);
        }
        // [RFC 6749 §3.1]: the query is kept, and the response must not have a parameter twice, nor one that is not its own.
        if uri.query_pairs().any(|(name, _)| RESPONSE.contains(&&*name)) {
            return Err(RedirectUriFault::ResponseParameter);
        }
        if !uri.username().is_empty() || uri.password().is_some() || authority(text).contains('@') {
            return Err(RedirectUriFault::UserInfo);
        }
        if matches!(uri.scheme(), "https" | "http") && !uri.host_str().is_some_and(is_host) {
            return Err(RedirectUriFault::Host);
        }
        let kind = match (uri.scheme(), application) {
            ("https", _) if is_loopback(&uri) => return Err(RedirectUriFault::HttpsLoopback),
            ("https", _) => RedirectKind::Web,
            ("http", ApplicationType::Native) if is_loopback(&uri) && loopback(text).is_some() => {
                RedirectKind::Loopback
            }
            ("http", _) => return Err(RedirectUriFault::InsecureScheme),
            // [RFC 8252 §7.1]: a reverse domain name, which has a dot; this refuses `javascript:` and its kin as well.
            (scheme, ApplicationType::Native) if scheme.contains('.') => RedirectKind::PrivateUse,
            (_, ApplicationType::Native) => return Err(RedirectUriFault::SchemeWithoutDot),
            (_, ApplicationType::Web) => return Err(RedirectUriFault::InsecureScheme),
        };
        // What a browser would rewrite could never match exactly, or would go somewhere that was not compared.
        if kind != RedirectKind::PrivateUse && !is_canonical(text, &uri) {
            return Err(RedirectUriFault::NotCanonical);
        }
        Ok(Self { text: text.into(), kind })
    }

    /// This URI as it was requested, or as it was registered if none was.
    pub(super) fn verified(&self, requested: Option<&str>) -> VerifiedRedirectUri {
        let other = requested.filter(|text| **text != *self.text);
        VerifiedRedirectUri { text: other.map_or_else(|| Arc::clone(&self.text), Arc::from), kind: self.kind }
    }

    /// Exact strings; only the port of a loopback URI may vary [RFC 9700 §4.1.3, RFC 8252 §7.3].
    pub(crate) fn matches(&self, requested: &str) -> bool {
        match self.kind {
            RedirectKind::Web | RedirectKind::PrivateUse => *self.text == *requested,
            RedirectKind::Loopback => {
                *self.text == *requested || loopback(requested).is_some_and(|parts| loopback(&self.text) == Some(parts))
            }
        }
    }

    /// Whether scripts of `origin`, as a browser writes it, are at this URI; only the port of a loopback URI may vary.
    pub(crate) fn is_at(&self, origin: &str) -> bool {
        match self.kind {
            RedirectKind::Web => origin.strip_prefix("https://") == Some(authority(&self.text)),
            RedirectKind::Loopback => {
                let host = |text| loopback(text).map(|(host, _)| host);
                loopback(origin).is_some_and(|(own, rest)| rest.is_empty() && host(&self.text) == Some(own))
            }
            // Browsers give such a page the origin `null`, which is everyone's.
            RedirectKind::PrivateUse => false,
        }
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectUri({:?})", self.text)
    }
}

/// A redirect URI that was matched against its client's registration; nothing else can be redirected to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedRedirectUri {
    text: Arc<str>,
    kind: RedirectKind,
}

impl VerifiedRedirectUri {
    /// The URI as it was requested.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its host and port; nothing where a scheme has none.
    pub(crate) fn host(&self) -> &str {
        authority(&self.text)
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// Whether the URI itself shows who receives the response [RFC 8252 §8.6].
    #[must_use]
    pub fn identifies_its_owner(&self) -> bool {
        self.kind == RedirectKind::Web
    }
}

fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

/// No name has more; `;`, `,` and quotes would be read as something else in a content security policy.
fn is_host(host: &str) -> bool {
    let address = host.starts_with('[');
    address || host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

fn is_canonical(text: &str, uri: &Url) -> bool {
    // `https://host` and `https://host/` are the same to a browser; both may be registered, each matches itself.
    let same = uri.as_str() == text;
    same || (uri.path() == "/" && uri.query().is_none() && uri.as_str().strip_suffix('/') == Some(text))
}

fn is_loopback(uri: &Url) -> bool {
    match uri.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address == Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The host and the part after the port of an `http` URI on the same machine, compared as strings.
fn loopback(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]", "localhost"].into_iter().find(|host| rest.starts_with(host))?;
    let rest = rest.strip_prefix(host)?;
    let rest = match rest.strip_prefix(':') {
        Some(with_port) => {
            let end = with_port.find(|c: char| !c.is_ascii_digit()).unwrap_or(with_port.len());
            let (port, rest) = with_port.split_at(end);
            if port.starts_with('0') || port.parse::<u16>().is_err() {
                return None;
            }
            rest
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

/// Why a requested redirect URI is not one of the client's.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectUriRefused {
    /// None was requested, and the client has not exactly one.
    #[error("redirect_uri is missing")]
    Missing,
    /// None of the registered ones is the requested one.
    #[error("redirect_uri is not registered")]
    Unregistered,
}

/// Why a URI cannot be registered as a redirect URI.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectUriFault {
    /// Not an absolute URI of plain ASCII.
    #[error("is not an absolute URI")]
    NotAUri,
    /// A browser would go to another spelling of it.
    #[error("is not in canonical form: lower-case host, no default port, no dot segments")]
    NotCanonical,
    /// Has a host that is neither a domain name nor an address.
    #[error("has a host that is neither a domain name nor an address")]
    Host,
    /// Has a fragment [RFC 6749 §3.1.2].
    #[error("has a fragment")]
    Fragment,
    /// Has a query with a parameter that the response would have a second time [RFC 6749 §3.1].
    #[error("has a query with a parameter of authorization responses")]
    ResponseParameter,
    /// Has a user name or password.
    #[error("has user information")]
    UserInfo,
    /// Has a `*`: patterns are not matched [RFC 9700 §4.1.3].
    #[error("has a wildcard; redirect URIs are compared as exact strings")]
    Wildcard,
    /// A web client's URI that is not `https`, or `http` beyond the same machine.
    #[error("is neither https nor, for a native client, http on a loopback address")]
    InsecureScheme,
    /// `https` on a loopback address, whose certificate no one vouches for.
    #[error("is https on a loopback address")]
    HttpsLoopback,
    /// A native client's private-use scheme that is no reversed domain name [RFC 8252 §7.1].
    #[error("has a private-use scheme without a dot; use a reversed domain name")]
    SchemeWithoutDot,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ApplicationType::{Native, Web};

    #[test]
    fn registration_takes_safe_uris_and_names_what_is_wrong_with_others() {
        let good = [
            ("https://client.example/cb", Web),
            ("https://client.example", Web),
            ("https://client.example/cb?tenant=1", Web),
            ("https://client.example:8443/cb", Web),
            ("https://client.example/cb", Native),
            ("http://127.0.0.1/cb", Native),
            ("http://127.0.0.1:8000/cb", Native),
            ("http://[::1]:8000/cb", Native),
            ("http://localhost/cb", Native),
            ("com.example.app:/cb", Native),
            ("com.example.app://cb", Native),
        ];
        for (text, application) in good {
            assert!(RedirectUri::register(text, application).is_ok(), "{text}");
        }
        let bad = [
            ("javascript:alert(1)", Web, RedirectUriFault::InsecureScheme),
            ("javascript:alert(1)", Native, RedirectUriFault::SchemeWithoutDot),
            ("data:text/html,x", Native, RedirectUriFault::SchemeWithoutDot),
            ("file:///etc/passwd", Native, RedirectUriFault::SchemeWithoutDot),
            ("https://client.example/cb#x", Web, RedirectUriFault::Fragment),
            ("https://client.example/cb#", Web, RedirectUriFault::Fragment),
            ("https://client.example/cb?code=1", Web, RedirectUriFault::ResponseParameter),
            ("https://client.example/cb?a=b&%73tate=1", Web, RedirectUriFault::ResponseParameter),
            ("https://client.example/cb?iss", Web, RedirectUriFault::ResponseParameter),
            ("com.example.app:/cb?error=x", Native, RedirectUriFault::ResponseParameter),
            ("https://user@client.example/cb", Web, RedirectUriFault::UserInfo),
            ("https://@client.example/cb", Web, RedirectUriFault::UserInfo),
            ("https://*.client.example/cb", Web, RedirectUriFault::Wildcard),
            ("http://client.example/cb", Web, RedirectUriFault::InsecureScheme),
            ("http://127.0.0.1/cb", Web, RedirectUriFault::InsecureScheme),
            ("http://client.example/cb", Native, RedirectUriFault::InsecureScheme),
            ("http://127.0.0.2/cb", Native, RedirectUriFault::InsecureScheme),
            ("http://0x7f.1/cb", Native, RedirectUriFault::InsecureScheme),
            ("https://localhost/cb", Native, RedirectUriFault::HttpsLoopback),
            ("https://localhost/cb", Web, RedirectUriFault::HttpsLoopback),
            ("https://127.0.0.1:8443/cb", Web, RedirectUriFault::HttpsLoopback),
            ("https://CLIENT.example/cb", Web, RedirectUriFault::NotCanonical),
            ("https://client.example:443/cb", Web, RedirectUriFault::NotCanonical),
            ("https://client.example/x/../cb", Web, RedirectUriFault::NotCanonical),
            ("/cb", Web, RedirectUriFault::NotAUri),
            ("https://client.example/c b", Web, RedirectUriFault::NotAUri),
            ("https://client.example\\@evil.example/", Web, RedirectUriFault::NotAUri),
        ];
        for (text, application, fault) in bad {
            assert_eq!(RedirectUri::register(text, application), Err(fault), "{text}");
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_uri_varies() {
        let registered = RedirectUri::register("http://localhost:2355/cb", Native).unwrap();
        for text in ["http://localhost:8888/cb", "http://localhost/cb", "http://localhost:2355/cb"] {
            assert!(registered.matches(text), "{text}");
        }
        for text in [
            "HTTP://localhost:2355/cb",
            "http://LOCALHOST:2355/cb",
            "http://127.0.0.1:2355/cb",
            "http://127.000.000.001:2355/cb",
            "http://localhost:2355/x/../cb",
            "http://localhost:2355/cb?x=1",
            "http://localhost:99999/cb",
            "http://localhost:/cb",
            "http://localhost:+1/cb",
            "http://localhost:080/cb",
            "http://localhost.evil.example/cb",
            "http://localhost:1@evil.example/cb",
            "https://localhost:2355/cb",
        ] {
            assert!(!registered.matches(text), "{text}");
        }
        let web = RedirectUri::register("https://client.example/cb", Native).unwrap();
        assert!(!web.matches("https://client.example:8443/cb"));
    }
}
