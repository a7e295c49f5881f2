//! What a store keeps. No record holds a usable secret, and every record is bytes of a stated version.

mod actor;
mod authorization_details;
#[cfg(feature = "mtls")]
mod certificate_name;
mod client;
mod client_builder;
mod client_document;
mod client_fault;
#[cfg(feature = "jose")]
mod client_keys;
mod client_proof;
mod client_secret;
mod confirmation;
#[cfg(feature = "mtls")]
mod distinguished_name;
mod extension;
mod grant;
mod grant_type;
mod mandate;
mod metadata;
mod names;
#[cfg(feature = "mtls")]
mod own_certificates;
mod pushed;
mod redirect_uri;
mod registration;
mod remembered_consent;
mod resource;
#[cfg(feature = "jose")]
mod response_encryption;
mod response_type;
mod scope;
mod secret;
mod standing;
mod token;
mod user_code;
mod wanted;
mod web_url;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use actor::Actor;
pub use authorization_details::{AuthorizationDetail, AuthorizationDetails, DetailsFault};
#[cfg(feature = "mtls")]
pub(crate) use certificate_name::CertificateName;
pub use client::Client;
pub use client_builder::ClientBuilder;
pub(crate) use client_document::DocumentKept;
pub use client_fault::ClientFault;
#[cfg(feature = "jose")]
pub(crate) use client_keys::ClientKeys;
#[cfg(feature = "jose")]
pub(crate) use client_proof::Attester;
pub(crate) use client_proof::ClientProof;
pub use client_secret::ClientSecretDigest;
pub use confirmation::Confirmation;
pub use extension::{ExtensionId, ExtensionRecord};
pub use grant::Grant;
pub(crate) use grant::{Chain, Challenge, DeviceCode, DeviceStage, GrantState, IssuedCode, Live};
pub use grant_type::GrantType;
pub(crate) use mandate::{Allowed, Mandate, Particulars, Terms};
pub use metadata::{ApplicationType, ClientMetadata};
pub use names::{ClientId, Subject};
#[cfg(feature = "mtls")]
pub(crate) use own_certificates::own_certificates;
pub use pushed::PushedRequest;
pub use redirect_uri::{RedirectUriFault, RedirectUriRefused, VerifiedRedirectUri};
pub(crate) use registration::{Accepted, Issued, RegistrationToken, Rotation, SelfRegistration, new_secret};
pub use remembered_consent::RememberedConsent;
pub use resource::{Resource, ResourceMalformed};
#[cfg(feature = "jose")]
pub(crate) use response_encryption::{ResponseEncryption, Sealing, Unencryptable};
pub use response_type::ResponseType;
pub use scope::{Scope, ScopeMalformed};
pub use secret::{Digest, Exposed, GrantId, Handle, HandleKind};
pub use standing::{RegisteredBy, Standing};
#[cfg(feature = "jose")]
pub(crate) use token::JwtId;
pub use token::{AccessToken, TokenId};
pub(crate) use user_code::TypedCode;
pub use user_code::{UserCode, UserCodeFormat};
pub(crate) use wanted::Wanted;
pub(crate) use web_url::web_url;

/// One row of a store.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Record {
    /// A registered client.
    Client(Arc<Client>),
    /// A grant.
    Grant(Grant),
    /// A reference access token.
    Token(Arc<AccessToken>),
    /// A pushed authorization request.
    Pushed(Arc<PushedRequest>),
    /// What a user code stands for.
    UserCode(Arc<UserCode>),
    /// Something that a grant type of the host keeps.
    Extension(Arc<ExtensionRecord>),
    /// What a person agreed to, so that they need not be asked again.
    Consent(Arc<RememberedConsent>),
    /// Something that is good for one use was used: its name, shared like the others, so that a record is small.
    Seen(Arc<Digest>),
}

const VERSION: u8 = 1;

#[derive(Deserialize)]
struct Envelope {
    v: u8,
    #[serde(flatten)]
    record: Record,
}

#[derive(Deserialize)]
struct Tag {
    v: u8,
}

#[derive(Serialize)]
struct EnvelopeRef<'a> {
    v: u8,
    #[serde(flatten)]
    record: &'a Record,
}

impl Record {
    /// The bytes to store: JSON with a version tag.
    ///
    /// # Errors
    ///
    /// Metadata of a client that JSON cannot express; nothing this crate reads is.
    pub fn encode(&self) -> Result<Vec<u8>, RecordUnreadable> {
        serde_json::to_vec(&EnvelopeRef { v: VERSION, record: self }).map_err(RecordUnreadable::Json)
    }

    /// Reads stored bytes of any version that was ever written.
    ///
    /// # Errors
    ///
    /// The bytes are no record, are of a later version, or hold a client that would not be registered today.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordUnreadable> {
        match serde_json::from_slice(bytes) {
            Ok(Envelope { v: VERSION, record }) => Ok(record),
            Ok(Envelope { v, .. }) => Err(RecordUnreadable::Version(v)),
            // A later version may hold what this one cannot even read.
            Err(fault) => match serde_json::from_slice(bytes) {
                Ok(Tag { v }) if v != VERSION => Err(RecordUnreadable::Version(v)),
                Ok(_) | Err(_) => Err(RecordUnreadable::Json(fault)),
            },
        }
    }
}

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordUnreadable {
    /// The bytes are not what this crate writes.
    #[error("not a record: {0}")]
    Json(serde_json::Error),
    /// A later release wrote them.
    #[error("a record of version {0}, which this release does not know")]
    Version(u8),
}
