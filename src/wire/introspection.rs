//! What an introspection answers [RFC 7662 §2.2].

use std::borrow::Cow;
use std::sync::Arc;

use http::{Response, StatusCode};
use serde::{Deserialize, Deserializer, Serialize};

use super::certificate::ClientCertificate;
use super::members::{Members, name};
use super::unkept::json_text;
use crate::env::Timestamp;
use crate::record::{Actor, AuthorizationDetails, ClientId, Confirmation, Digest, Resource, Scope, Subject};

/// What a token allows, or only that it is not active.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether it can be used now.
    pub active: bool,
    /// What it allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// What it allows beside the scope [RFC 9396 §9.2].
    #[serde(skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
    /// The client it was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// How it is used; absent for a refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<Cow<'static, str>>,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<Timestamp>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<Timestamp>,
    /// For whom; absent where the client acts for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<Subject>,
    /// The resources it is for.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    pub aud: Vec<Resource>,
    /// When the subject last proved who they are [RFC 9470 §6.2].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// How surely they proved it [RFC 9470 §6.2].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By which methods they proved it [RFC 8176].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// Who acts for the subject, and who did before [RFC 8693 §4.1].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// Which clients may act for the subject, if not all may [RFC 8693 §4.4].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_act: Option<MayAct>,
    /// What its sender must hold: to be checked by the resource server [RFC 8705 §3.2, RFC 9449 §6.2].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<Arc<str>>,
}

/// The clients that may act for a subject.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MayAct {
    /// Their names.
    pub client_id: Vec<ClientId>,
}

impl Introspection {
    /// Says only that the token is not active [RFC 7662 §2.2].
    #[must_use]
    pub fn inactive() -> Self {
        Self::default()
    }

    /// Whether the token is active, and `certificate`, of the connection that it came on, is that to which it is bound, if it
    /// is. Otherwise the resource server answers with `invalid_token` [RFC 8705 §3].
    #[must_use]
    pub fn is_usable_with(&self, certificate: Option<&ClientCertificate>) -> bool {
        self.active && self.cnf.is_none_or(|cnf| cnf.is_met_by(certificate))
    }

    /// Whether the token is active and bound to the key of this thumbprint, whose proof the resource server has checked
    /// [RFC 9449 §7.1].
    #[must_use]
    pub fn is_usable_with_key(&self, thumbprint: &Digest) -> bool {
        self.active && self.cnf.is_some_and(|cnf| cnf.is_key(thumbprint))
    }

    /// Writes the response.
    #[must_use]
    pub fn print(&self) -> Response<Vec<u8>> {
        self.lent().print()
    }

    pub(super) fn json(&self) -> Vec<u8> {
        self.lent().json()
    }

    fn lent(&self) -> Description<'_> {
        // Every field is named here, so that none is forgotten.
        #[rustfmt::skip]
        let Self {
            active, scope, authorization_details, client_id, token_type, exp, iat, sub, aud, auth_time, acr, amr, act,
            may_act, cnf, iss,
        } = self;
        Description {
            active: *active,
            scope: scope.as_ref().map(Cow::Borrowed),
            details: Some(Cow::Borrowed(authorization_details)),
            client_id: client_id.as_ref(),
            token_type: token_type.as_deref(),
            exp: *exp,
            iat: *iat,
            sub: sub.as_ref(),
            aud,
            auth_time: *auth_time,
            acr: acr.as_deref(),
            amr,
            act: act.as_ref(),
            may_act: may_act.as_ref().map(|may| may.client_id.as_slice()),
            cnf: cnf.as_ref(),
            iss: iss.as_ref(),
        }
    }

    /// Reads a response to a resource server.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}

/// The same, lent by the records that say it, so that nothing is copied only to be printed.
#[derive(Default)]
pub(crate) struct Description<'a> {
    pub(crate) active: bool,
    pub(crate) scope: Option<Cow<'a, Scope>>,
    pub(crate) details: Option<Cow<'a, AuthorizationDetails>>,
    pub(crate) client_id: Option<&'a ClientId>,
    pub(crate) token_type: Option<&'a str>,
    pub(crate) exp: Option<Timestamp>,
    pub(crate) iat: Option<Timestamp>,
    pub(crate) sub: Option<&'a Subject>,
    pub(crate) aud: &'a [Resource],
    pub(crate) auth_time: Option<Timestamp>,
    pub(crate) acr: Option<&'a str>,
    pub(crate) amr: &'a [String],
    pub(crate) act: Option<&'a Actor>,
    pub(crate) may_act: Option<&'a [ClientId]>,
    pub(crate) cnf: Option<&'a Confirmation>,
    pub(crate) iss: Option<&'a Arc<str>>,
}

impl Description<'_> {
    pub(crate) fn print(&self) -> Response<Vec<u8>> {
        json_text(StatusCode::OK, self.json())
    }

    pub(crate) fn json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct May<'a> {
            client_id: &'a [ClientId],
        }
        let mut members = Members::new();
        members.value(name!("active"), Some(&self.active));
        members.plain(name!("scope"), self.scope.as_deref().map(Scope::as_str));
        members.value(name!("authorization_details"), self.details.as_deref().filter(|details| !details.is_empty()));
        members.text(name!("client_id"), self.client_id.map(ClientId::as_str));
        members.text(name!("token_type"), self.token_type);
        members.value(name!("exp"), self.exp.as_ref());
        members.value(name!("iat"), self.iat.as_ref());
        members.subject(name!("sub"), self.sub);
        members.value(name!("aud"), Some(self.aud).filter(|aud| !aud.is_empty()));
        members.value(name!("auth_time"), self.auth_time.as_ref());
        members.text(name!("acr"), self.acr);
        members.value(name!("amr"), Some(self.amr).filter(|amr| !amr.is_empty()));
        members.value(name!("act"), self.act);
        members.value(name!("may_act"), self.may_act.map(|client_id| May { client_id }).as_ref());
        members.value(name!("cnf"), self.cnf);
        members.text(name!("iss"), self.iss.map(|iss| &**iss));
        members.end()
    }

    /// The same, to be kept.
    pub(crate) fn to_owned(&self) -> Introspection {
        Introspection {
            active: self.active,
            scope: self.scope.as_deref().cloned(),
            authorization_details: self.details.as_deref().cloned().unwrap_or_default(),
            client_id: self.client_id.cloned(),
            token_type: self.token_type.map(|name| Cow::Owned(name.to_owned())),
            exp: self.exp,
            iat: self.iat,
            sub: self.sub.cloned(),
            aud: self.aud.to_vec(),
            auth_time: self.auth_time,
            acr: self.acr.map(str::to_owned),
            amr: self.amr.to_vec(),
            act: self.act.cloned(),
            may_act: self.may_act.map(|may| MayAct { client_id: may.to_vec() }),
            cnf: self.cnf.copied(),
            iss: self.iss.cloned(),
        }
    }
}

/// A single audience may stand without a list around it [RFC 7662 §2.2].
fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Resource>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(Resource),
        Many(Vec<Resource>),
    }
    Ok(match Audience::deserialize(from)? {
        Audience::One(resource) => vec![resource],
        Audience::Many(resources) => resources,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_is_one_or_many() {
        let api = || Resource::parse("https://api.example/").unwrap();
        for (text, audience) in [
            (r#"{"active":true}"#, vec![]),
            (r#"{"active":true,"aud":"https://api.example/"}"#, vec![api()]),
            (r#"{"active":true,"aud":["https://api.example/"]}"#, vec![api()]),
        ] {
            assert_eq!(Introspection::parse(text.as_bytes()).map(|answer| answer.aud), Some(audience), "{text}");
        }
    }
}
