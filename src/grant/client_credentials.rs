//! The client credentials grant [RFC 6749 §4.4]: a client acts for itself.
//!
//! ```text
//! (client authenticates) ──▶ Live ── revoked ──▶ Revoked
//! ```

use crate::record::{GrantType, Mandate, Wanted};

use super::issue::{Begun, Decided, Requester};

/// Issues a token without a person and without a refresh token [RFC 6749 §4.4.3].
pub(crate) fn decide(requester: &Requester<'_>, scope: Option<&str>) -> Decided {
    let Requester { config, client, env, .. } = requester;
    requester.may_use(GrantType::ClientCredentials)?;
    let Wanted { scope, details, audience } = requester.wanted(scope)?;
    // Neither means anything without a person.
    let scope = scope.into_filtered(|word| !matches!(word, "openid" | "offline_access"));
    let details = config.enrich_details(&details, client.value(), None);
    let wanted = Wanted { scope, details, audience };
    let allowance = requester.allowance_of(&wanted.audience, &wanted.scope, wanted.details.clone())?;
    let mandate = Mandate::new(client.value(), wanted, env.now);
    let Begun { grant, kept, .. } = requester.begin(mandate, &allowance, false);
    requester.tokens(GrantType::ClientCredentials, &grant, kept, allowance, None)
}
