//! The parameters of a token exchange [RFC 8693 §2.1].

use super::form::{self, Form};
use crate::record::Exposed;

/// The token type identifier of an access token [RFC 8693 §3].
pub const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The token type identifier of a refresh token [RFC 8693 §3].
pub const REFRESH_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:refresh_token";

/// The token type identifier of an identity assertion [ID-JAG §9.2].
pub const ID_JAG_TYPE: &str = "urn:ietf:params:oauth:token-type:id-jag";

/// Tokens to be exchanged, and for what.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ExchangeParameters {
    /// Whose rights the new token shall have.
    pub subject_token: Option<Exposed>,
    /// What the subject token is.
    pub subject_token_type: Option<String>,
    /// Who will act with the new token.
    pub actor_token: Option<Exposed>,
    /// What the actor token is.
    pub actor_token_type: Option<String>,
    /// What the new token shall be.
    pub requested_token_type: Option<String>,
    /// Where the new token shall be used, by names instead of addresses.
    pub audience: Vec<String>,
}

impl ExchangeParameters {
    pub(super) fn take(form: &mut Form<'_>) -> Self {
        Self {
            subject_token: form.take_owned("subject_token").map(Exposed::new),
            subject_token_type: form.take_owned("subject_token_type"),
            actor_token: form.take_owned("actor_token").map(Exposed::new),
            actor_token_type: form.take_owned("actor_token_type"),
            requested_token_type: form.take_owned("requested_token_type"),
            audience: form.take_all("audience"),
        }
    }

    pub(super) fn print(&self, body: &mut String) {
        for (name, value) in [
            ("subject_token", self.subject_token.as_ref().map(Exposed::as_str)),
            ("subject_token_type", self.subject_token_type.as_deref()),
            ("actor_token", self.actor_token.as_ref().map(Exposed::as_str)),
            ("actor_token_type", self.actor_token_type.as_deref()),
            ("requested_token_type", self.requested_token_type.as_deref()),
        ] {
            if let Some(value) = value {
                form::append(body, name, value);
            }
        }
        for audience in &self.audience {
            form::append(body, "audience", audience);
        }
    }
}
