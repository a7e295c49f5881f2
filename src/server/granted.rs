//! What a person granted a client before, and what a consent would add to that.

use std::sync::Arc;

use crate::config::Config;
use crate::grant::consent_question::{Acquaintance, ProposedConsent};
use crate::record::{AuthorizationDetails, RememberedConsent, Scope};

use super::verify::Verified;
use super::visitor::{Session, Visitor};

/// What was granted before, as far as it counts.
#[derive(Debug)]
pub(super) struct Granted<'g> {
    /// What the server remembers.
    pub(super) own: Option<&'g RememberedConsent>,
    /// What the host remembers.
    pub(super) visitor: &'g Visitor,
    /// Whether the client is proven to be the one that it was granted to.
    pub(super) known: bool,
}

impl Granted<'_> {
    /// Whether a request asks for nothing else.
    pub(super) fn covers(&self, config: &Config, verified: &Verified<'_, '_>) -> bool {
        let by_host = self.by_host(config, verified).is_some_and(|scope| scope.covers(&verified.scope));
        (by_host || verified.scope.words().all(|word| self.grants(word, config, verified)))
            && self.new_details(config, verified).is_empty()
    }

    /// What a consent would be about.
    pub(super) fn proposed(&self, config: &Config, verified: &Verified<'_, '_>, session: &Session) -> ProposedConsent {
        ProposedConsent {
            subject: session.subject.clone(),
            scope: verified.scope.clone(),
            details: verified.details.clone(),
            audience: Arc::clone(&verified.audience),
            new: verified.scope.filtered(|word| !self.grants(word, config, verified)),
            new_details: self.new_details(config, verified),
            sensitive: config.sensitive_scope(&verified.scope),
            sensitive_details: config.sensitive_details(&verified.details),
            acquaintance: self.acquaintance(config),
        }
    }

    fn grants(&self, word: &str, config: &Config, verified: &Verified<'_, '_>) -> bool {
        let by_host = self.by_host(config, verified);
        by_host.is_some_and(|scope| scope.contains(word))
            || self.own.is_some_and(|own| own.grants(word, &verified.audience))
    }

    fn by_host(&self, config: &Config, verified: &Verified<'_, '_>) -> Option<&Scope> {
        self.visitor.granted_at(&verified.audience, config)
    }

    fn new_details(&self, config: &Config, verified: &Verified<'_, '_>) -> AuthorizationDetails {
        if verified.details.is_empty() {
            return AuthorizationDetails::none();
        }
        let granted = self.visitor.details.iter().chain(self.own.iter().flat_map(|own| own.details.iter()));
        config.new_details(&granted.cloned().collect(), &verified.details)
    }

    fn acquaintance(&self, config: &Config) -> Acquaintance {
        let by_host = self.visitor.consent.is_some() || !self.visitor.details.is_empty();
        match self.own {
            Some(own) => Acquaintance::Known { since: Some(own.first) },
            None if self.known && by_host => Acquaintance::Known { since: None },
            None if self.known && config.remembers_consent() => Acquaintance::First,
            None => Acquaintance::Unknown,
        }
    }
}
