//! What can be wrong with an assertion that is shown as an authorization grant [RFC 7521 §4.1.1].

use std::fmt;

/// Why an assertion gives nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AssertionFault {
    /// It cannot be read, or is of another type or algorithm than is accepted.
    Malformed,
    /// Nobody here trusts its issuer, or not for this client.
    Issuer,
    /// The keys of its issuer cannot be had.
    KeysUnavailable,
    /// No key of its issuer has signed it.
    Signature,
    /// A claim is missing or of another type.
    Claims,
    /// It is for another server, or for others as well.
    Audience,
    /// It has expired, or was issued too long ago.
    Expired,
    /// It is from the future.
    NotYetValid,
    /// It is good for longer than is accepted.
    LivesTooLong,
    /// It was used.
    Replayed,
    /// It was made for another client.
    Client,
    /// It is bound to something that the request does not prove to hold.
    Binding,
    /// It is no access token that is live and for this client.
    Token,
    /// Whom it is about is nobody here, or may not be acted for.
    Subject,
}

impl AssertionFault {
    /// The error code on the wire [RFC 7523 §3.1].
    #[must_use]
    pub const fn error(self) -> &'static str {
        // Nothing is wrong with an assertion that nobody can check, so it is worth keeping.
        if matches!(self, Self::KeysUnavailable) { "temporarily_unavailable" } else { "invalid_grant" }
    }

    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Malformed => "the assertion is malformed, or of a type or algorithm that is not accepted",
            Self::Issuer => "the issuer of the assertion is not trusted for this client",
            Self::KeysUnavailable => "the keys of the issuer cannot be had now",
            Self::Signature => "the signature of the assertion is wrong, or its key is unknown",
            Self::Claims => "a claim of the assertion is missing or malformed",
            Self::Audience => "the audience of the assertion is not this server alone",
            Self::Expired => "the assertion has expired",
            Self::NotYetValid => "the assertion is not valid yet",
            Self::LivesTooLong => "the assertion is valid for too long",
            Self::Replayed => "the assertion was used before",
            Self::Client => "the assertion was made for another client",
            Self::Binding => "the assertion is bound to something that the request does not prove to hold",
            Self::Token => "the access token is invalid, expired, or not for this client",
            Self::Subject => "the subject of the assertion is not accepted",
        }
    }
}

impl fmt::Display for AssertionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description())
    }
}

impl std::error::Error for AssertionFault {}
