//! What contradicts itself, is dangerous or unknown in what a client is.

use super::redirect_uri::RedirectUriFault;
use super::{GrantType, ResponseType};

/// Why a client cannot be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientFault {
    /// The identifier is empty or not printable ASCII [RFC 6749 §A.1].
    #[error("client_id must be printable ASCII and not empty")]
    Id,
    /// A page or picture with a scheme that could run in a page of the server [RFC 7591 §5].
    #[error("{0:?} is not the http or https URL of a page or a picture")]
    Page(String),
    /// Both kinds of keys, keys that are none, or keys that are secret [RFC 7591 §2].
    #[error("keys are either a jwks of public keys or a jwks_uri, which is https")]
    Keys,
    /// A method of client authentication that is not served.
    #[error("token_endpoint_auth_method {0:?} is not supported")]
    AuthenticationMethod(String),
    /// The method needs a secret, and there is none.
    #[error(
        "a client that authenticates with a secret needs one; a public client states token_endpoint_auth_method \"none\""
    )]
    SecretMissing,
    /// A public client cannot keep a secret.
    #[error("a public client (token_endpoint_auth_method \"none\") has no secret")]
    SecretOfPublicClient,
    /// The method of client authentication needs no secret.
    #[error("a client that authenticates otherwise has no secret")]
    SecretWithoutUse,
    /// `tls_client_auth` without the name of the certificate, or with several [RFC 8705 §2.1.2].
    #[error(
        "tls_client_auth needs exactly one of tls_client_auth_subject_dn, tls_client_auth_san_dns, tls_client_auth_san_uri, tls_client_auth_san_ip and tls_client_auth_san_email"
    )]
    CertificateNames,
    /// A name of that member that no certificate can have.
    #[error("{0} is not well formed")]
    CertificateName(&'static str),
    /// `self_signed_tls_client_auth` without certificates [RFC 8705 §2.2.2].
    #[error(
        "self_signed_tls_client_auth needs a jwks with an x5c, each for the key that it stands with, or a jwks_uri"
    )]
    CertificatesMissing,
    /// `private_key_jwt` without a key that it could sign with [RFC 7591 §2].
    #[error("private_key_jwt needs a jwks with a key for its algorithm, or a jwks_uri")]
    KeysMissing,
    /// An algorithm that no assertion can have: `none`, a symmetric one, or one that is unknown.
    #[error("token_endpoint_auth_signing_alg {0:?} is not supported")]
    SigningAlgorithm(String),
    /// An algorithm that no signed request can have: `none`, a symmetric one, or one that is unknown; or a way to encrypt
    /// the content without one for its key.
    #[error("the request object algorithm {0:?} is not supported, or lacks its other half")]
    RequestObjectAlgorithm(String),
    /// Requests that are signed without a key that the client could sign with.
    #[error("a client that signs its requests needs a jwks with a key for its algorithm, or a jwks_uri")]
    RequestKeysMissing,
    /// An algorithm that answers to it cannot have, or one without the other [RFC 9701 §6, JARM §3].
    #[error("{0} is not supported, or stands without its other half")]
    AnswerAlgorithm(&'static str),
    /// Answers are to be encrypted, and there is no key for that.
    #[error("encrypted answers need a jwks with a key for their algorithm, or a jwks_uri")]
    EncryptionKeyMissing,
    /// A grant type that neither this crate serves nor, without a URI for a name, a host could.
    #[error("grant type {0:?} is not supported")]
    GrantType(String),
    /// Only confidential clients act on their own behalf [RFC 6749 §4.4].
    #[error("a public client cannot use the grant type client_credentials")]
    PublicClientCredentials,
    /// What the authorization endpoint issues is bound to nothing [RFC 8705 §6.4].
    #[error("tokens of the grant type implicit cannot be bound to a certificate or a key")]
    ImplicitTokensBound,
    /// A token is bound to one thing.
    #[error("tokens are bound either to a certificate or to a DPoP key")]
    BoundTwice,
    /// A response type that is not served.
    #[error("response type {0:?} is not supported")]
    ResponseType(String),
    /// A response type without its grant type [RFC 7591 §2.1].
    #[error("response type {:?} needs the grant type {:?}", .0.as_str(), .1.as_str())]
    ResponseTypeWithoutGrant(ResponseType, GrantType),
    /// A client with a redirecting grant type registers where to [RFC 7591 §2].
    #[error("the grant type authorization_code, and every response type, needs a redirect URI")]
    RedirectUriMissing,
    /// A redirect URI that is dangerous or could never match.
    #[error("redirect URI {0:?} {1}")]
    RedirectUri(String, RedirectUriFault),
}
