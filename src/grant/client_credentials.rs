//! The client credentials grant [RFC 6749 §4.4]: a client acts for itself.
//!
//! ```text
//! (client authenticates) ──▶ Live ── revoked ──▶ Revoked
//! ```

use crate::record::{Grant, GrantId, GrantType, Wanted};

use super::issue::{Begun, Decided, Requester};

/// Issues a token without a person and without a refresh token [RFC 6749 §4.4.3].
pub(crate) fn decide(requester: &Requester<'_>, scope: Option<&str>) -> Decided {
    let Requester { config, client, env, .. } = requester;
    requester.may_use(GrantType::ClientCredentials)?;
    let wanted = requester.wanted(scope)?;
    let wanted = Wanted {
        // Neither means anything without a person.
        scope: wanted.scope.filtered(|word| !matches!(word, "openid" | "offline_access")),
        details: config.enrich_details(&wanted.details, client.value(), None),
        audience: wanted.audience,
    };
    let allowance = requester.allowance_of(&wanted.audience, &wanted.scope, wanted.details.clone())?;
    let grant = Grant::new(GrantId::mint(env), client.value(), wanted, env.now);
    let Begun { grant, kept, .. } = requester.begin(grant, &allowance, false);
    requester.tokens(GrantType::ClientCredentials, &grant, kept, allowance, None)
}
