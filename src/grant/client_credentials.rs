//! The client credentials grant [RFC 6749 §4.4]: a client acts for itself.
//!
//! ```text
//! (client authenticates) ──▶ Live ── revoked ──▶ Revoked
//! ```

use std::sync::Arc;

use crate::record::{Grant, GrantId, GrantState, GrantType, Live};
use crate::store::Change;
use crate::wire::TokenRefusal;

use super::issue::{Decided, Requester};

/// Issues a token without a person and without a refresh token [RFC 6749 §4.4.3].
pub(crate) fn decide(requester: &Requester<'_>, scope: Option<&str>) -> Decided {
    let Requester { config, client, env, .. } = requester;
    requester.may_use(GrantType::ClientCredentials)?;
    let details = config.resolve_details(client.value(), requester.details).map_err(TokenRefusal::DetailsInvalid)?;
    let scope = config.resolve_scope_beside(&details, client.value(), scope).map_err(TokenRefusal::from)?;
    // Neither means anything without a person.
    let scope = scope.filtered(|word| !matches!(word, "openid" | "offline_access"));
    let audience = config.resolve_resources(client.value(), requester.resource);
    let audience = audience.map_err(TokenRefusal::from)?;
    let details = config.enrich_details(&details, client.value(), None);
    let allowance = requester.allowance_of(&audience, &scope, details.clone())?;
    let grant = Arc::new(Grant {
        id: GrantId::mint(env),
        client: client.value().id().clone(),
        client_may_vanish: client.value().is_self_registered(),
        subject: None,
        scope,
        details,
        audience,
        created: env.now,
        authenticated: None,
        acr: None,
        amr: Arc::default(),
        may_act: None,
        state: GrantState::Live(Live { code: None, chain: None }),
    });
    let expires = grant.forgettable(env.now, requester.keeps());
    let kept = Change::new_grant(Arc::clone(&grant), expires);
    requester.tokens(GrantType::ClientCredentials, &grant, kept, allowance, None)
}
