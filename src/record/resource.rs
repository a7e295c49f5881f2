//! A protected resource, named by its URI.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use url::Url;

/// The absolute URI of a protected resource, compared as an exact string [RFC 8707 §2].
#[derive(Clone, Deserialize, Eq, Hash, PartialEq)]
#[serde(try_from = "String")]
pub struct Resource(Arc<str>);

impl Resource {
    /// Reads a resource indicator.
    ///
    /// # Errors
    ///
    /// The text is no absolute URI, or has a fragment [RFC 8707 §2].
    pub fn parse(text: &str) -> Result<Self, ResourceMalformed> {
        let absolute = Url::parse(text).is_ok_and(|uri| uri.fragment().is_none());
        let plain = text.bytes().all(|byte| matches!(byte, 0x21..=0x7e));
        if absolute && plain { Ok(Self(text.into())) } else { Err(ResourceMalformed) }
    }

    /// The URI as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({:?})", &*self.0)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Resource {
    type Error = ResourceMalformed;

    fn try_from(text: String) -> Result<Self, ResourceMalformed> {
        Self::parse(&text)
    }
}

impl Serialize for Resource {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

/// A resource indicator is no absolute URI without a fragment.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a resource is an absolute URI without a fragment")]
#[non_exhaustive]
pub struct ResourceMalformed;
