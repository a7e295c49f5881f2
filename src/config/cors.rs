//! Which scripts may call from a browser.

use super::fault::{ConfigFault, ensure};
use crate::wire::is_origin;

/// Which scripts of other origins may read what clients are answered [OAuth 2.1 §3.2, RFC 9700 §2.6].
///
/// The authorization endpoint and the pages for people are never among it, cookies never either. The metadata document
/// may be read by everyone, unless neither clients nor origins are allowed anything. An answer that knows no client yet,
/// such as one to a request that cannot be read, is the same for everyone and tells nothing of anyone: with `clients` any
/// origin may read it, so that the script can say what is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Cors {
    /// Whether the scripts at a public client's redirect URIs may read what that client is answered; they do by default.
    ///
    /// The origin must be that of an `https` URI; of a loopback URI the port may vary as it may in a redirect
    /// [RFC 8252 §7.3]. Confidential clients do not live in browsers.
    pub clients: bool,
    /// Origins whose scripts may read what any client is answered, such as `https://app.example`; none by default.
    pub origins: Vec<String>,
    /// Whether all that holds for introspection as well; it does not by default, since resource servers are no scripts.
    pub introspection: bool,
}

impl Default for Cors {
    fn default() -> Self {
        Self { clients: true, origins: Vec::new(), introspection: false }
    }
}

impl Cors {
    pub(crate) fn is_on(&self) -> bool {
        self.clients || !self.origins.is_empty()
    }

    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        self.origins.iter().try_for_each(|origin| ensure(is_origin(origin), || ConfigFault::Origin(origin.clone())))
    }
}
