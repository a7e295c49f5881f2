//! Extension grants [RFC 6749 §4.5]: evidence that only the host understands.
//!
//! ```text
//! (host: what is shown is good) ──▶ Live ── revoked ──▶ Revoked
//! ```
//!
//! What the host's decision changes, such as the end of a code, is committed together with the tokens or not at all.

use std::sync::Arc;

use crate::extension::{ExtensionGrant, ExtensionGranted, ExtensionRequest};
use crate::record::{GrantType, Mandate, Particulars, Wanted};
use crate::snapshot::{Halt, Snapshot};
use crate::step::Plan;
use crate::store::{Change, Key};
use crate::wire::{Parameters, TokenRefusal};

use super::issue::{Begun, Decided, Issue, Requester};

/// A request of a grant type of the host.
#[derive(Clone, Debug)]
pub(crate) struct Extending {
    extension: Arc<dyn ExtensionGrant>,
    parameters: Parameters,
    scope: Option<String>,
}

impl Extending {
    pub(crate) const fn new(extension: Arc<dyn ExtensionGrant>, parameters: Parameters, scope: Option<String>) -> Self {
        Self { extension, parameters, scope }
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        self.extension.keys(&self.parameters)
    }

    pub(crate) fn decide(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        let Requester { client, env, .. } = requester;
        requester.may_use(GrantType::Extension(self.extension.grant_type()))?;
        let request =
            ExtensionRequest { client: client.value(), parameters: &self.parameters, scope: self.scope.as_deref() };
        // Whatever labels the host thinks of, they are none of those that tokens are made from.
        let decided = self.extension.decide(&request, seen, &env.within("extension"));
        let (changes, events, reply) = match decided {
            Ok(plan) => plan.into_parts(),
            Err(Halt::Missing(need)) => return Err(Halt::Missing(need)),
            Err(Halt::Refused(refusal)) => return Err(TokenRefusal::Extension(refusal).into()),
        };
        let plan = match reply {
            Ok(granted) => self.issue(granted, changes, requester)?,
            Err(refusal) => Plan::refuse(changes, TokenRefusal::Extension(refusal)),
        };
        Ok(events.into_iter().fold(plan, Plan::reporting))
    }

    fn issue(&self, granted: ExtensionGranted, mut changes: Vec<Change>, requester: &Requester<'_>) -> Decided {
        let Requester { config, client, env, .. } = requester;
        let ExtensionGranted { person, scope, details, refreshable, acr, amr } = granted;
        let details = match details {
            Some(most) => config.narrow_details(client.value(), &most, requester.details),
            None => config.resolve_details(client.value(), requester.details),
        };
        let details = details.map_err(TokenRefusal::DetailsInvalid)?;
        let scope = requester.scope_within(scope.as_ref(), &details, self.scope.as_deref())?;
        let audience = config.resolve_resources(client.value(), requester.resource);
        let audience = audience.map_err(TokenRefusal::from)?;
        let (subject, authenticated) = person.unzip();
        let details = config.enrich_details(&details, client.value(), subject.as_ref());
        let allowance = requester.allowance_of(&audience, &scope, details.clone())?;

        let wanted = Wanted { scope, details, audience };
        let mandate = Mandate { subject, authenticated, ..Mandate::new(client.value(), wanted, env.now) };
        let mandate = mandate.with(Particulars { acr, amr, may_act: None });
        let Begun { grant, kept, refresh } = requester.begin(mandate, &allowance, refreshable);
        // One row has one expectation: that of the client comes with the tokens.
        changes.retain(|change| change.key != Key::Client(grant.client().clone()));
        changes.push(kept);
        requester.issue(Issue {
            grant_type: GrantType::Extension(self.extension.grant_type()),
            grant: &grant,
            changes,
            allowance,
            lifetime: config.lifetimes().access_token,
            act: None,
            refresh: refresh.as_ref(),
        })
    }
}
