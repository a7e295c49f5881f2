//! What the server knows of a client, whatever that says of itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Client, ClientBuilder};
use crate::env::Timestamp;

/// What the server itself knows of a client: what a page for people warns by [RFC 6819 §5.2.4.2].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Standing {
    /// Who publishes it, as the operator of the server has verified; nobody has if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Whether the operator of the server runs it.
    pub first_party: bool,
    /// Who registered it.
    pub registered_by: RegisteredBy,
    /// The host of its identifier, where that is a URL: whoever runs it is who vouches for the client. To be shown beside its
    /// name [Client ID Metadata Document §6.4].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// When, as far as that is known; a document does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<Timestamp>,
    /// Whether that was less than [`Caution::new_client`](crate::Caution::new_client) ago.
    pub is_new: bool,
}

/// Who registered a client.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RegisteredBy {
    /// The operator of the server.
    Operator,
    /// The client itself, dynamically [RFC 7591].
    Itself,
    /// Nobody: it is known by the document that its identifier leads to.
    Nobody,
}

impl Standing {
    pub(crate) fn of(client: &Client, new_client: Duration, now: Timestamp) -> Self {
        let registered = client.registered_at();
        Self {
            publisher: client.publisher().map(str::to_owned),
            first_party: client.is_first_party(),
            registered_by: match (client.is_of_document(), client.is_self_registered()) {
                (true, _) => RegisteredBy::Nobody,
                (false, true) => RegisteredBy::Itself,
                (false, false) => RegisteredBy::Operator,
            },
            host: client.id().document_url().and_then(|url| url.host_str().map(str::to_owned)),
            registered,
            is_new: registered.is_some_and(|registered| now < registered.plus(new_client)),
        }
    }

    /// Whether the operator knows who is behind it.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        self.publisher.is_some() || self.first_party
    }

    /// Whether a person who was told this of `client` was told no more of who vouches for it than is so by now.
    pub(crate) fn still_vouches_for(&self, client: &Client) -> bool {
        let published = self.publisher.is_none() || self.publisher.as_deref() == client.publisher();
        published && (!self.first_party || client.is_first_party())
    }
}

impl Client {
    /// Who publishes it, as the operator of the server has verified; nobody has if absent.
    #[must_use]
    pub fn publisher(&self) -> Option<&str> {
        self.fields.publisher.as_deref()
    }

    /// Whether the operator of the server knows who is behind it.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        self.fields.publisher.is_some() || self.is_first_party()
    }

    /// Whether anyone could have made it, to send people where they like [RFC 9700 §4.11.2].
    pub(crate) const fn is_stranger(&self) -> bool {
        !self.is_verified() && (self.is_self_registered() || self.is_of_document())
    }

    /// When it was registered, as far as that is known.
    #[must_use]
    pub fn registered_at(&self) -> Option<Timestamp> {
        self.registration().map(|own| own.issued).or(self.fields.registered)
    }

    /// The same client with another verified publisher, or none.
    pub(crate) fn published_by(&self, publisher: Option<String>) -> Self {
        let mut next = self.clone();
        next.fields.publisher = publisher;
        next
    }
}

impl ClientBuilder {
    /// Says who publishes it, as the operator of the server has verified. Nothing that a client says of itself does.
    #[must_use]
    pub fn publisher(mut self, name: impl Into<String>) -> Self {
        self.fields.publisher = Some(name.into());
        self
    }

    /// Says when it was registered, so that people can be told that it is new.
    #[must_use]
    pub const fn registered_at(mut self, moment: Timestamp) -> Self {
        self.fields.registered = Some(moment);
        self
    }
}
