//! The resource owner password credentials grant [RFC 6749 §4.3]: a person gave the client their password.
//!
//! ```text
//! (client shows a password) ─┬─ host: nobody's ─▶ nothing
//!                            └─ host: whose ────▶ Live ── revoked ──▶ Revoked
//! ```
//!
//! A client that is shown passwords teaches people to type them anywhere, and no second factor can be asked for: serve
//! this only until its clients have moved to another grant [RFC 9700 §2.4].

use crate::event::Event;
use crate::record::{AuthorizationDetails, ClientId, Exposed, GrantType, Mandate, Scope, Wanted};
use crate::snapshot::{Question, Snapshot, Verdict};
use crate::step::Plan;
use crate::wire::TokenRefusal;

use super::issue::{Begun, Decided, Requester};

/// A name and a password as presented.
#[derive(Clone, Debug)]
pub(crate) struct Verifying {
    username: Option<Exposed>,
    password: Option<Exposed>,
    scope: Option<String>,
}

/// What the host is asked before tokens are issued for a password.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PasswordQuestion {
    /// The client that would get the tokens; limit how often it may try [RFC 6749 §4.3.2].
    pub client: ClientId,
    /// Who the person says they are.
    pub username: Exposed,
    /// What they prove it with; compare it only with a slow, salted hash.
    pub password: Exposed,
    /// What the tokens would allow.
    pub scope: Scope,
    /// What they would allow beside the scope.
    pub details: AuthorizationDetails,
}

impl Verifying {
    pub(crate) const fn new(username: Option<Exposed>, password: Option<Exposed>, scope: Option<String>) -> Self {
        Self { username, password, scope }
    }

    pub(crate) fn decide(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        let Requester { config, client, env, .. } = requester;
        requester.may_use(GrantType::Password)?;
        let username = self.username.as_ref().ok_or(TokenRefusal::ParameterMissing("username"))?;
        let password = self.password.as_ref().ok_or(TokenRefusal::ParameterMissing("password"))?;
        let wanted = requester.wanted(self.scope.as_deref())?;
        let mut allowance = requester.allowance_of(&wanted.audience, &wanted.scope, wanted.details.clone())?;

        let id = client.value().id().clone();
        let question = PasswordQuestion {
            client: id.clone(),
            username: username.clone(),
            password: password.clone(),
            scope: allowance.scope.clone(),
            details: allowance.details.clone(),
        };
        let verdict = seen.verdict(Question::Password(Box::new(question)))?;
        let Verdict::Subject { subject, authenticated } = verdict else {
            let refused = Plan::refuse(Vec::new(), TokenRefusal::PasswordWrong);
            return Ok(refused.reporting(Event::PasswordRefused { client: id }));
        };
        allowance.details = config.enrich_details(&allowance.details, client.value(), Some(&subject));
        let wanted = Wanted { details: allowance.details.clone(), ..wanted };
        let mandate = Mandate {
            subject: Some(subject),
            authenticated: Some(authenticated),
            ..Mandate::new(client.value(), wanted, env.now)
        };
        let Begun { grant, kept, refresh } = requester.begin(mandate, &allowance, true);
        requester.tokens(GrantType::Password, &grant, kept, allowance, refresh.as_ref())
    }
}
