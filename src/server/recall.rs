//! What a person agreed to before, read and written together with what follows from it.

use crate::config::Config;
use crate::env::Timestamp;
use crate::record::{ClientId, RememberedConsent};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::store::{Change, Key};
use crate::wire::AuthorizationRequest;

use super::consent::Consent;
use super::verify::{Verified, client_id};
use super::visitor::Session;

/// The remembered consent of a person and a client, as far as the server remembers consents.
#[derive(Debug)]
pub(super) enum Recalled<'s> {
    /// Consents are not remembered, or nobody is logged in.
    Nothing,
    /// They are; this is what was found, and what of it still counts.
    Found(Option<Seen<'s, RememberedConsent>>, Option<&'s RememberedConsent>),
}

/// The record to be read with the request, once it is known who is there.
pub(super) fn key(config: &Config, request: &AuthorizationRequest, session: Option<&Session>) -> Option<Key> {
    let session = session.filter(|_| config.remembers_consent())?;
    Some(Key::Consent { subject: session.subject.clone(), client: client_id(request)?.clone() })
}

pub(super) fn recall<'s, F>(
    config: &Config,
    session: Option<&Session>,
    client: &ClientId,
    seen: &'s Snapshot,
) -> Result<Recalled<'s>, Halt<F>> {
    let Some(session) = session.filter(|_| config.remembers_consent()) else { return Ok(Recalled::Nothing) };
    let found = seen.consent(&session.subject, client)?;
    // A store may keep what has run out.
    let lasting = |consent: &&RememberedConsent| seen.now() < consent.given.plus(config.lifetimes().consent);
    let counts = found.map(|found| found.value()).filter(lasting);
    Ok(Recalled::Found(found, counts))
}

impl Recalled<'_> {
    /// What was granted before.
    pub(super) const fn consent(&self) -> Option<&RememberedConsent> {
        match self {
            Self::Found(_, consent) => *consent,
            Self::Nothing => None,
        }
    }

    /// Requires that what was relied on is not forgotten meanwhile.
    pub(super) fn still(&self) -> Option<Change> {
        match self {
            Self::Found(found, Some(_)) => found.map(|found| found.still()),
            Self::Found(_, None) | Self::Nothing => None,
        }
    }

    /// Adds what a person now granted to what was granted before; who may act is as they say now.
    pub(super) fn adding(
        &self,
        consent: &Consent<'_>,
        verified: &Verified<'_, '_>,
        config: &Config,
        now: Timestamp,
    ) -> Option<Change> {
        let Self::Found(found, counts) = self else { return None };
        let client = verified.client.value();
        let next = RememberedConsent {
            subject: consent.session.subject.clone(),
            client: client.id().clone(),
            granted: counts.map(|before| before.granted.clone()).unwrap_or_default(),
            details: config.remembered_details(counts.map(|before| &before.details), &consent.details),
            may_act: consent.may_act.clone(),
            hosts: counts.map(|before| before.hosts.clone()).unwrap_or_default(),
            first: counts.map_or(now, |before| before.first),
            given: now,
        };
        let next = next.with(&verified.audience, &consent.scope).told(&verified.to.uri, client);
        let expires = now.plus(config.lifetimes().consent);
        Some(match found {
            Some(found) => found.replace(next, expires),
            None => Change::new_consent(next, expires),
        })
    }
}
