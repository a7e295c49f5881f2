//! What a JWT access token says [RFC 9068 §2.2].

use std::sync::Arc;

use super::members::{Members, name};
use crate::env::Timestamp;
use crate::record::{Actor, AuthorizationDetails, ClientId, Confirmation, Resource, Scope, Subject};

/// The claims of a JWT access token.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AccessTokenClaims {
    /// Who issued it.
    pub iss: Arc<str>,
    /// When it expires.
    pub exp: Timestamp,
    /// The resources that it is for: never none.
    pub aud: Vec<Resource>,
    /// For whom; where the client acts for itself, the client [RFC 9068 §2.2].
    pub sub: Subject,
    /// The client that it was issued to.
    pub client_id: ClientId,
    /// When it was issued.
    pub iat: Timestamp,
    /// What it is called.
    pub jti: String,
    /// What it allows.
    pub scope: Scope,
    /// When the subject last proved who they are.
    pub auth_time: Option<Timestamp>,
    /// How surely they proved it.
    pub acr: Option<Arc<str>>,
    /// By which methods they proved it [RFC 8176].
    pub amr: Arc<[String]>,
    /// What it allows beside the scope [RFC 9396 §9.1].
    pub authorization_details: AuthorizationDetails,
    /// Who acts for the subject, and who did before [RFC 8693 §4.1].
    pub act: Option<Arc<Actor>>,
    /// What its sender must hold [RFC 8705 §3.1, RFC 9449 §6.1].
    pub cnf: Option<Confirmation>,
}

impl AccessTokenClaims {
    /// Writes them as the payload of a token.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        // Every field is named here, so that none is forgotten.
        #[rustfmt::skip]
        let Self {
            iss, exp, aud, sub, client_id, iat, jti, scope, auth_time, acr, amr, authorization_details: details, act, cnf,
        } = self;
        let mut members = Members::new();
        members.text(name!("iss"), Some(iss));
        members.value(name!("exp"), Some(exp));
        match aud.as_slice() {
            [only] => members.text(name!("aud"), Some(only.as_str())),
            several => members.value(name!("aud"), Some(several)),
        }
        members.subject(name!("sub"), Some(sub));
        members.text(name!("client_id"), Some(client_id.as_str()));
        members.value(name!("iat"), Some(iat));
        members.text(name!("jti"), Some(jti));
        members.text(name!("scope"), Some(scope.as_str()).filter(|scope| !scope.is_empty()));
        members.value(name!("auth_time"), auth_time.as_ref());
        members.text(name!("acr"), acr.as_deref());
        members.value(name!("amr"), Some(amr).filter(|amr| !amr.is_empty()));
        members.value(name!("authorization_details"), Some(details).filter(|details| !details.is_empty()));
        members.value(name!("act"), act.as_ref());
        members.value(name!("cnf"), cnf.as_ref());
        members.end()
    }
}
