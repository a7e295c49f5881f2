//! The SAML 2.0 bearer grant [RFC 7522 §2.1]: the same as the JWT bearer grant, by an assertion that the host reads.
//!
//! ```text
//! assertion ── base64url, within the limit ──▶ host: XML, signature, conditions, confirmation, and who is that?
//!           ─┬─ nothing good ─▶ nothing, and still unused
//!            └─ good ── issuer, audience, recipient, time, unused ──▶ used, and Live ── revoked ──▶ Revoked
//! ```
//!
//! Here is no XML: the host has a SAML library, and answers what it found.

use std::fmt;
use std::sync::Arc;

use crate::base64;

use crate::config::{Config, Saml2Bearer};
use crate::env::Timestamp;
use crate::record::{AuthorizationDetails, ClientId, Digest, Exposed, GrantType, Resource, Scope, Wanted};
use crate::snapshot::{Question, Snapshot, Verdict};
use crate::store::Change;
use crate::wire::{AssertionFault, TokenRefusal};

use super::asserted::{self, Accepted, Asserted};
use super::ensure;
use super::issue::{Decided, Requester};

/// A SAML assertion as presented.
#[derive(Clone, Debug)]
pub(crate) struct AssertingSaml {
    assertion: Option<Exposed>,
    scope: Option<String>,
}

/// What the host is asked before tokens are issued for a SAML assertion.
///
/// It verifies what RFC 7522 §3 says of the XML: that the signature is of the issuer's own key and over the assertion that
/// is read, that every condition is known and holds, that there is a bearer confirmation.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Saml2Question {
    /// The client that would get the tokens.
    pub client: ClientId,
    /// The assertion: a stranger's XML, in UTF-8.
    pub assertion: Exposed,
    /// What the tokens would allow.
    pub scope: Scope,
    /// What they would allow beside the scope.
    pub details: AuthorizationDetails,
    /// Where.
    pub audience: Arc<[Resource]>,
}

/// What the host found in a SAML assertion that is proven; the rest is checked here.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Saml2Assertion {
    /// `Issuer`
    pub issuer: String,
    /// `ID`
    pub id: String,
    /// Each `Audience` of its `AudienceRestriction`; there must be one.
    pub audience: Vec<String>,
    /// `Recipient` of the bearer confirmation, where that has data.
    pub recipient: Option<String>,
    /// The latest `NotBefore` that counts.
    pub not_before: Option<Timestamp>,
    /// The earliest `NotOnOrAfter` that counts, of the conditions and of the confirmation.
    pub expires: Timestamp,
    /// Whom it is about.
    pub asserted: Asserted,
}

impl Saml2Assertion {
    /// An assertion of `issuer` with this `ID` about `asserted`, good until `expires`; for nobody yet.
    #[must_use]
    pub fn new(issuer: &str, id: &str, expires: Timestamp, asserted: Asserted) -> Self {
        let (issuer, id) = (issuer.to_owned(), id.to_owned());
        Self { issuer, id, audience: Vec::new(), recipient: None, not_before: None, expires, asserted }
    }
}

impl fmt::Debug for Saml2Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saml2Assertion").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl AssertingSaml {
    pub(crate) const fn new(assertion: Option<Exposed>, scope: Option<String>) -> Self {
        Self { assertion, scope }
    }

    pub(crate) fn decide(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        requester.may_use(GrantType::Saml2Bearer)?;
        let served = requester.config.saml2_bearer().ok_or(TokenRefusal::GrantTypeUnsupported)?;
        let assertion = self.assertion.as_ref().ok_or(TokenRefusal::ParameterMissing("assertion"))?;
        // [RFC 7522 §3.1]
        let known = requester.client.value().is_confidential() || served.danger_accept_public_clients;
        ensure(known, TokenRefusal::GrantTypeNotAllowed)?;
        requester.reporting(self.accept(assertion.as_str(), served, requester, seen))
    }

    fn accept(&self, assertion: &str, served: &Saml2Bearer, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        let Requester { config, client, .. } = requester;
        // [RFC 7522 §2.1]: no padding, no lines, no bits that mean nothing.
        let xml = base64::URL.decode(assertion).ok_or(AssertionFault::Malformed)?;
        ensure(xml.len() <= served.max_bytes, AssertionFault::Malformed)?;
        let xml = Exposed::from_utf8(xml).ok_or(AssertionFault::Malformed)?;
        let details = config.resolve_details(client.value(), requester.details);
        let details = details.map_err(TokenRefusal::DetailsInvalid)?;
        let requested = self.scope.as_deref();
        let scope = config.resolve_scope_beside(&details, client.value(), requested).map_err(TokenRefusal::from)?;
        let scope = requester.capped(scope, served.scope.as_ref(), requested)?;
        let audience = config.resolve_resources(client.value(), requester.resource).map_err(TokenRefusal::from)?;
        let allowance = requester.allowance_of(&audience, &scope, details.clone())?;

        let question = Saml2Question {
            client: client.value().id().clone(),
            assertion: xml,
            scope: allowance.scope,
            details: allowance.details,
            audience: allowance.audience,
        };
        let verdict = seen.verdict(Question::Saml2Assertion(Box::new(question)))?;
        let Verdict::Saml2(found) = verdict else { return Err(AssertionFault::Subject.into()) };
        served.require(&found, config, requester.env.now)?;
        let name = Digest::of_use("saml2 assertion", &found.issuer, &found.id);
        ensure(!seen.is_seen(name)?, AssertionFault::Replayed)?;
        let accepted = Accepted {
            grant_type: GrantType::Saml2Bearer,
            ends: found.expires.plus(served.outliving),
            used: Some(Change::new_seen(name, found.expires.plus(served.clock_tolerance))),
            bound: None,
            refreshable: served.danger_issue_refresh_tokens,
        };
        asserted::issue(requester, Wanted { scope, details, audience }, found.asserted, accepted)
    }
}

impl Saml2Bearer {
    /// Requires that an assertion is of someone trusted, for this server and for now [RFC 7522 §3].
    fn require(&self, found: &Saml2Assertion, config: &Config, now: Timestamp) -> Result<(), AssertionFault> {
        let Saml2Assertion { issuer, id, audience, recipient, not_before, expires, asserted: _ } = found;
        ensure(self.issuers.contains(issuer), AssertionFault::Issuer)?;
        ensure(!id.is_empty(), AssertionFault::Claims)?;
        let token = &config.paths().token;
        let endpoint = |base: &str, name: &str| name.strip_prefix(base) == Some(token.as_str());
        let own = |name: &String| match &*self.audience {
            [] => name == config.issuer() || endpoint(config.issuer(), name),
            agreed => agreed.contains(name),
        };
        ensure(!audience.is_empty() && audience.iter().all(own), AssertionFault::Audience)?;
        let alias = config.mutual_tls().and_then(|mutual| mutual.endpoint_aliases.as_deref());
        let here = |name: &str| [Some(config.issuer()), alias].into_iter().flatten().any(|base| endpoint(base, name));
        ensure(recipient.as_deref().is_none_or(here), AssertionFault::Audience)?;
        let (early, late) = (now.minus(self.clock_tolerance), now.plus(self.clock_tolerance));
        ensure(early < *expires, AssertionFault::Expired)?;
        ensure(*expires <= late.plus(self.longest_life), AssertionFault::LivesTooLong)?;
        ensure(not_before.is_none_or(|begins| begins <= late), AssertionFault::NotYetValid)
    }
}
