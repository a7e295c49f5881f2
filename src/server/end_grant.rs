//! The end of a grant or a consent at the word of a person or an operator: the host says who may.
//!
//! ```text
//! listed ─┬─ a grant ───▶ EndGrant ──────▶ Revoked, and the consent of the pair is forgotten
//!         └─ a consent ─▶ ForgetConsent ─▶ the next authorization asks again
//! ```
//!
//! A client that revokes its own token [RFC 7009] ends the grant alone: the person has not changed their mind. Here they
//! have, or someone has for them, so a browser that is sent to the authorization endpoint next must not come back with a
//! new grant unasked.

use std::convert::Infallible;
use std::sync::Arc;

use crate::config::Config;
use crate::event::{Event, RevocationCause};
use crate::grant::revoked;
use crate::record::{ClientId, Grant, GrantId, RememberedConsent, Subject};
use crate::snapshot::{Seen, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;

/// At whose word a grant ends.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EndedBy {
    /// Of this person: only what is theirs ends, whatever their browser names.
    Person(Subject),
    /// Of an operator.
    Operator,
    /// Of an operator, after an incident.
    Incident,
}

impl EndedBy {
    const fn cause(&self) -> RevocationCause {
        match self {
            Self::Person(_) => RevocationCause::Person,
            Self::Operator => RevocationCause::Operator,
            Self::Incident => RevocationCause::Incident,
        }
    }

    fn may_end_what_is_of(&self, owner: Option<&Subject>) -> bool {
        match self {
            Self::Person(person) => owner == Some(person),
            Self::Operator | Self::Incident => true,
        }
    }
}

/// Ends a grant, whatever its state, and forgets the consent that it came from. The reply says whether there was
/// something to end.
///
/// Once it is answered, no code, refresh token or access token of the grant gives anything.
#[derive(Clone, Debug)]
pub struct EndGrant {
    config: Arc<Config>,
    grant: GrantId,
    consent: Option<Key>,
    by: EndedBy,
}

impl EndGrant {
    /// Ends the grant of this name; where a consent is to be forgotten, that costs a load more than with
    /// [`EndGrant::listed`].
    #[must_use]
    pub const fn new(config: Arc<Config>, grant: GrantId, by: EndedBy) -> Self {
        Self { config, grant, consent: None, by }
    }

    /// Ends a grant that was listed.
    #[must_use]
    pub fn listed(config: Arc<Config>, grant: &Grant, by: EndedBy) -> Self {
        Self { config, grant: grant.id, consent: consent_of(grant), by }
    }
}

fn consent_of(grant: &Grant) -> Option<Key> {
    let (subject, client) = (grant.subject().cloned()?, grant.client().clone());
    Some(Key::Consent { subject, client })
}

impl Endpoint for EndGrant {
    type Reply = bool;
    type Refusal = Infallible;

    fn keys(&self) -> Vec<Key> {
        [Key::Grant(self.grant)].into_iter().chain(self.consent.clone()).collect()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let now = seen.now();
        let found = seen.grant(self.grant)?;
        let Some(grant) = found.filter(|grant| self.by.may_end_what_is_of(grant.value().subject())) else {
            return Ok(Plan::grant(Vec::new(), false));
        };
        let (id, client) = (grant.value().id, grant.value().client());
        let consent = match grant.value().subject() {
            Some(subject) => seen.consent(subject, client)?,
            None => None,
        };
        let ends = !grant.value().is_revoked();
        let end = ends.then(|| revoked(&grant, &self.config, now));
        let changes: Vec<_> = end.into_iter().chain(consent.map(|consent| consent.forget())).collect();
        let ended = !changes.is_empty();
        let mut plan = Plan::grant(changes, ended);
        if ends {
            let (grant, client, cause) = (id, client.clone(), self.by.cause());
            plan = plan.reporting(Event::GrantRevoked { grant, client, cause });
        }
        Ok(match consent {
            Some(consent) => plan.reporting(forgotten(&consent, &self.by)),
            None => plan,
        })
    }
}

/// Forgets what a person agreed to; what was granted by it lives on. The reply says whether there was anything.
#[derive(Clone, Debug)]
pub struct ForgetConsent {
    subject: Subject,
    client: ClientId,
    by: EndedBy,
}

impl ForgetConsent {
    /// Forgets what `subject` granted `client`.
    #[must_use]
    pub const fn new(subject: Subject, client: ClientId, by: EndedBy) -> Self {
        Self { subject, client, by }
    }
}

impl Endpoint for ForgetConsent {
    type Reply = bool;
    type Refusal = Infallible;

    fn keys(&self) -> Vec<Key> {
        vec![Key::Consent { subject: self.subject.clone(), client: self.client.clone() }]
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let found = seen.consent(&self.subject, &self.client)?;
        Ok(match found.filter(|_| self.by.may_end_what_is_of(Some(&self.subject))) {
            Some(consent) => Plan::grant(vec![consent.forget()], true).reporting(forgotten(&consent, &self.by)),
            None => Plan::grant(Vec::new(), false),
        })
    }
}

fn forgotten(consent: &Seen<'_, RememberedConsent>, by: &EndedBy) -> Event {
    let RememberedConsent { subject, client, .. } = consent.value();
    Event::ConsentForgotten { client: client.clone(), subject: subject.clone(), cause: by.cause() }
}
