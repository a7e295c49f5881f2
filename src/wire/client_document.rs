//! The document that a client's identifier leads to [Client ID Metadata Document §4.1].

use http::StatusCode;

use super::form::Limits;
use super::object::{Object, ObjectFault};
use super::registration;
use super::registration_refusal::RegistrationRefusal;
use crate::fetch::{Fetched, Unfetched};
use crate::record::{ClientFault, ClientId, ClientMetadata};

/// What a document says of its client, as far as it is well formed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ClientDocument {
    /// The metadata; without a method of authentication it is `none`, since there is no other default that could work.
    pub metadata: ClientMetadata,
}

/// Why a client is not known by its document.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientDocumentFault {
    /// The host does not want this client.
    #[error("the client's metadata document is not allowed here")]
    Denied,
    /// There was no answer.
    #[error("the client's metadata document could not be fetched")]
    Unfetched(Unfetched),
    /// The answer is not 200; a redirect is not followed [Client ID Metadata Document §4].
    #[error("the client's metadata document could not be fetched")]
    Status(u16),
    /// The answer is of another type than JSON.
    #[error("the client's metadata document is not application/json")]
    MediaType,
    /// The body is no object that is read.
    #[error("the client's metadata document cannot be read: {0}")]
    Object(ObjectFault),
    /// The document is another client's [Client ID Metadata Document §4.1].
    #[error("the client_id of the client's metadata document is not its URL")]
    ClientIdDiffers,
    /// The document has a secret, or a method of authentication that needs one [Client ID Metadata Document §4.1].
    #[error("the client's metadata document relies on a shared secret")]
    SharedSecret,
    /// The client has no name to be shown to people [MCP Client Registration].
    #[error("client_name is missing in the client's metadata document")]
    NameMissing,
    /// The redirect URIs are missing, none, or dangerous.
    #[error("the redirect_uris of the client's metadata document cannot be used")]
    RedirectUris,
    /// A method of client authentication that is not served.
    #[error("the token_endpoint_auth_method of the client's metadata document is not supported")]
    AuthenticationMethod,
    /// Tokens that are bound to a certificate or a key, which is not served.
    #[error("tokens that are bound as the client's metadata document wants are not served")]
    TokenBinding,
    /// Nothing that the client may do is served here.
    #[error("nothing of grant_types and response_types of the client's metadata document is served here")]
    NothingServed,
    /// The metadata is of the wrong type, dangerous, or contradicts itself.
    #[error("the client's metadata document is not valid client metadata")]
    Metadata,
}

impl ClientDocument {
    /// Reads the document of `client`.
    ///
    /// # Errors
    ///
    /// It was not found, is no JSON object, is too large, repeats a member, is another client's, or relies on a secret.
    pub fn parse(fetched: &Fetched, client: &ClientId, limits: &Limits) -> Result<Self, ClientDocumentFault> {
        if fetched.status != StatusCode::OK {
            return Err(ClientDocumentFault::Status(fetched.status.as_u16()));
        }
        let json = |essence: &str| {
            let subtype = essence.strip_prefix("application/");
            subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
        };
        if !fetched.media_type.as_deref().is_some_and(json) {
            return Err(ClientDocumentFault::MediaType);
        }
        let mut object = Object::parse(&fetched.bytes, limits).map_err(ClientDocumentFault::Object)?;
        // Simple string comparison [RFC 3986 §6.2.1].
        if object.take_text("client_id").as_deref() != Some(client.as_str()) {
            return Err(ClientDocumentFault::ClientIdDiffers);
        }
        if object.has("client_secret") || object.has("client_secret_expires_at") {
            return Err(ClientDocumentFault::SharedSecret);
        }
        // A document is its client's own word.
        object.take("software_statement");
        let mut metadata = registration::metadata(object)?;
        let method = metadata.token_endpoint_auth_method.get_or_insert_with(|| "none".to_owned());
        if method.starts_with("client_secret") {
            return Err(ClientDocumentFault::SharedSecret);
        }
        Ok(Self { metadata })
    }
}

impl ClientDocumentFault {
    /// Whether asking again later may help.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        match self {
            Self::Unfetched(Unfetched::TimedOut | Unfetched::Unreachable) | Self::Status(429 | 500..=599) => true,
            Self::Denied
            | Self::Unfetched(_)
            | Self::Status(_)
            | Self::MediaType
            | Self::Object(_)
            | Self::ClientIdDiffers
            | Self::SharedSecret
            | Self::NameMissing
            | Self::RedirectUris
            | Self::AuthenticationMethod
            | Self::TokenBinding
            | Self::NothingServed
            | Self::Metadata => false,
        }
    }

    /// What its developer is told; how a fetch failed is not among it, since that would let anyone look around from here.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Denied => "the client's metadata document is not allowed here",
            Self::Unfetched(_) | Self::Status(_) => "the client's metadata document could not be fetched",
            Self::MediaType => "the client's metadata document is not application/json",
            Self::Object(_) => {
                "the client's metadata document is too large, or not a JSON object with each member once"
            }
            Self::ClientIdDiffers => "the client_id of the client's metadata document is not its URL",
            Self::SharedSecret => "the client's metadata document relies on a shared secret",
            Self::NameMissing => "the client's metadata document has no client_name",
            Self::RedirectUris => "the redirect_uris of the client's metadata document cannot be used",
            Self::AuthenticationMethod => {
                "the client's metadata document has an unsupported token_endpoint_auth_method"
            }
            Self::TokenBinding => "the client's metadata document asks for bound tokens, which are not served",
            Self::NothingServed => "the client's metadata document asks for no grant that is served here",
            Self::Metadata => "the client's metadata document is not valid client metadata",
        }
    }
}

impl From<Unfetched> for ClientDocumentFault {
    fn from(unfetched: Unfetched) -> Self {
        Self::Unfetched(unfetched)
    }
}

impl From<RegistrationRefusal> for ClientDocumentFault {
    fn from(refusal: RegistrationRefusal) -> Self {
        if refusal == RegistrationRefusal::RedirectUris { Self::RedirectUris } else { Self::Metadata }
    }
}

impl From<ClientFault> for ClientDocumentFault {
    fn from(fault: ClientFault) -> Self {
        if matches!(fault, ClientFault::RedirectUri(..) | ClientFault::RedirectUriMissing) {
            Self::RedirectUris
        } else if matches!(fault, ClientFault::AuthenticationMethod(_)) {
            Self::AuthenticationMethod
        } else {
            Self::Metadata
        }
    }
}
