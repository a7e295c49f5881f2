//! What a decision is missing, and what the world outside answers.

use std::fmt;

use url::Url;

use crate::env::Timestamp;
use crate::fetch::FetchRequest;
use crate::grant::asserted::Asserted;
use crate::grant::consent_question::ConsentQuestion;
#[cfg(feature = "jose")]
use crate::grant::id_jag::{IdJagGranted, IdJagQuestion};
#[cfg(feature = "jose")]
use crate::grant::jwt_bearer::AssertionQuestion;
use crate::grant::password::PasswordQuestion;
use crate::grant::saml2_bearer::{Saml2Assertion, Saml2Question};
use crate::grant::token_exchange::ExchangeQuestion;
use crate::record::{ClientId, ClientMetadata, Exposed, Subject};
use crate::store::Key;

/// Why a decision stopped early.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "`?` makes these, only the machine takes them apart")]
pub enum Halt<F> {
    /// Something must be supplied first; then the decision runs again from its beginning.
    Missing(Need),
    /// The request is refused, and nothing is written.
    Refused(F),
}

impl<F> From<F> for Halt<F> {
    fn from(refusal: F) -> Self {
        Self::Refused(refusal)
    }
}

/// Something that only the world outside knows.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Need {
    /// Records of the store, to be read together.
    Records(Vec<Key>),
    /// A document behind a URL.
    Document(Box<FetchRequest>),
    /// A verdict of the host.
    Verdict(Question),
    /// A signature by a key that may live in another process.
    Signature(SigningInput),
    /// Randomness.
    Seed,
}

/// Something that only the host can decide.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Question {
    /// May one more user code be looked up for this typist, as the host names them [RFC 8628 §5.1]?
    #[non_exhaustive]
    UserCodeAttempt {
        /// Who types.
        typist: String,
    },
    /// May this client be registered, or its registration be changed [RFC 7591, RFC 7592]?
    Registration(Box<RegistrationQuestion>),
    /// May a client be known by the document that its identifier leads to [Client ID Metadata Document §6.8]?
    ClientDocument(Box<ClientDocumentQuestion>),
    /// May these tokens be exchanged [RFC 8693]?
    TokenExchange(Box<ExchangeQuestion>),
    /// Whose are this name and password [RFC 6749 §4.3]? The answer is [`Verdict::Subject`], or a denial.
    Password(Box<PasswordQuestion>),
    /// Who is this, of whom someone else says that they gave this client its rights [RFC 7523]? The answer is
    /// [`Verdict::Asserted`], or a denial.
    #[cfg(feature = "jose")]
    Assertion(Box<AssertionQuestion>),
    /// May the server speak for this person to another server, and what does it say [ID-JAG §4.3]? The answer is
    /// [`Verdict::IdJag`], or a denial.
    #[cfg(feature = "jose")]
    IdJag(Box<IdJagQuestion>),
    /// Is this SAML assertion good, and who is that [RFC 7522]? The answer is [`Verdict::Saml2`], or a denial.
    Saml2Assertion(Box<Saml2Question>),
    /// Is this person still there to be acted for, before their refresh token gives more?
    #[non_exhaustive]
    SubjectActive {
        /// Who.
        subject: Subject,
        /// The client that refreshes.
        client: ClientId,
    },
    /// May this client be granted this by this person? The answer may also be [`Verdict::AskAgain`].
    Consent(Box<ConsentQuestion>),
    /// A question of an extension.
    Extension {
        /// What kind of question this is.
        topic: &'static str,
        /// What it is about, in the terms of the topic.
        about: Exposed,
    },
}

/// What the host is asked before a client is registered or updated.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RegistrationQuestion {
    /// The client that is updated; absent for a new one.
    pub client: Option<ClientId>,
    /// What it would be registered with.
    pub metadata: ClientMetadata,
}

/// What the host is asked before a client's metadata document is fetched, and again before it is believed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ClientDocumentQuestion {
    /// Where the document is; also the client's identifier.
    pub url: Url,
    /// What it says, once it was fetched.
    pub metadata: Option<ClientMetadata>,
}

/// The host's answer to a [`Question`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// It may be.
    Allowed,
    /// It may not be.
    Denied,
    /// It may be, if the person is asked again, whatever they agreed to before.
    AskAgain,
    /// It is this person.
    Subject {
        /// Who.
        subject: Subject,
        /// When they proved it.
        authenticated: Timestamp,
    },
    /// The assertion is about this person.
    Asserted(Box<Asserted>),
    /// The SAML assertion is proven, and says this.
    Saml2(Box<Saml2Assertion>),
    /// The server may say this to another one.
    #[cfg(feature = "jose")]
    IdJag(Box<IdJagGranted>),
}

/// Bytes to be signed.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct SigningInput {
    /// Which key is to sign.
    pub key: String,
    /// With which algorithm, by its name in JWA [RFC 7518 §3.1].
    pub algorithm: &'static str,
    /// What is to be signed.
    pub bytes: Vec<u8>,
}

impl SigningInput {
    /// Asks `key` to sign `bytes` with `algorithm`.
    #[must_use]
    pub const fn new(key: String, algorithm: &'static str, bytes: Vec<u8>) -> Self {
        Self { key, algorithm, bytes }
    }

    /// The name of the key that is the secret of a client, for `client_secret_jwt`: `client_secret/` and its identifier. It is
    /// asked for HS256 alone.
    #[must_use]
    pub fn client_secret(client: &ClientId) -> String {
        format!("client_secret/{client}")
    }
}

impl fmt::Debug for SigningInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningInput")
            .field("key", &self.key)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
