//! The end of a grant: one write, and every token of it is dead.

use crate::config::Config;
use crate::env::Env;
use crate::record::{Grant, GrantState};
use crate::snapshot::Seen;
use crate::store::Change;

/// Revokes `grant`; the record stays for as long as an access token of it could still be shown.
pub(crate) fn revoked(grant: &Seen<'_, Grant>, config: &Config, env: &Env) -> Change {
    let next = grant.value().becoming(GrantState::Revoked);
    let expires = next.forgettable(env.now, config.lifetimes().access_token);
    grant.replace(next, expires)
}
