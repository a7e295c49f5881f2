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
    let Requester { config, client, env } = requester;
    requester.may_use(GrantType::ClientCredentials)?;
    let scope = config.resolve_scope(client.value(), scope).map_err(TokenRefusal::from)?;
    let grant = Arc::new(Grant {
        id: GrantId::mint(env),
        client: client.value().id().clone(),
        subject: None,
        scope: scope.clone(),
        audience: config.audience(),
        created: env.now,
        authenticated: None,
        state: GrantState::Live(Live { code: None, chain: None }),
    });
    let expires = grant.forgettable(env.now, requester.keeps());
    let kept = Change::new_grant(Arc::clone(&grant), expires);
    Ok(requester.issue(GrantType::ClientCredentials, &grant, kept, scope, None))
}
