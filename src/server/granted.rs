//! What a person granted a client before, and what a consent would add to that.

use std::sync::Arc;

use crate::config::Config;
use crate::env::Timestamp;
use crate::grant::consent_question::{Acquaintance, ConsentQuestion, Judged};
use crate::record::{AuthorizationDetails, Client, ClientId, RememberedConsent, Scope, Standing};
use crate::snapshot::{Halt, Snapshot};

use super::authorize::{Asking, Session, Visitor};
use super::verify::Verified;

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
        verified.scope.words().all(|word| self.grants(word, config, verified))
            && self.new_details(config, verified).is_empty()
    }

    /// What a consent would be about.
    pub(super) fn question(
        &self,
        config: &Config,
        verified: &Verified<'_, '_>,
        session: &Session,
        now: Timestamp,
    ) -> ConsentQuestion {
        ConsentQuestion {
            client: verified.client.value().id().clone(),
            standing: config.standing(verified.client.value(), now),
            redirect_uri: Some(verified.to.uri.as_str().to_owned()),
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
        let by_host = self.visitor.granted_at(&verified.audience, config).is_some_and(|scope| scope.contains(word));
        by_host || self.own.is_some_and(|own| own.grants(word, &verified.audience))
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

impl Asking {
    /// What the host forbids of a consent that was shown to a person, who agrees to this; nothing where it allows it, or
    /// is not asked.
    pub(super) fn forbidden<F>(
        &self,
        config: &Config,
        client: &Client,
        redirect_uri: Option<&str>,
        (scope, details): (&Scope, &AuthorizationDetails),
        seen: &Snapshot,
    ) -> Result<Option<ConsentQuestion>, Halt<F>> {
        if !config.caution().ask_host {
            return Ok(None);
        }
        let standing = config.standing(client, seen.now());
        let shown = self.shown(client.id().clone(), standing, redirect_uri.map(str::to_owned));
        let Some(question) = shown.map(|shown| shown.about(scope, details, config)) else { return Ok(None) };
        Ok((question.judge(seen)? == Judged::Refused).then_some(question))
    }

    /// What the host is asked about a consent that was shown to a person.
    fn shown(&self, client: ClientId, standing: Standing, redirect_uri: Option<String>) -> Option<ConsentQuestion> {
        let Self::Consent {
            subject,
            scope,
            details,
            audience,
            new,
            new_details,
            sensitive,
            sensitive_details,
            acquaintance,
        } = self.clone()
        else {
            return None;
        };
        Some(ConsentQuestion {
            client,
            standing,
            redirect_uri,
            subject,
            scope,
            details,
            audience,
            new,
            new_details,
            sensitive,
            sensitive_details,
            acquaintance,
        })
    }
}

impl From<ConsentQuestion> for Asking {
    fn from(question: ConsentQuestion) -> Self {
        let ConsentQuestion { subject, scope, details, audience, new, new_details, .. } = question;
        let ConsentQuestion { sensitive, sensitive_details, acquaintance, .. } = question;
        Self::Consent {
            subject,
            scope,
            details,
            audience,
            new,
            new_details,
            sensitive,
            sensitive_details,
            acquaintance,
        }
    }
}
