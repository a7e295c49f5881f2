//! The end of a grant: one write, and every token of it is dead.

use crate::config::Config;
use crate::env::Timestamp;
use crate::event::{Event, RevocationCause};
use crate::record::{Grant, GrantState};
use crate::snapshot::Seen;
use crate::step::Plan;
use crate::store::Change;
use crate::wire::TokenRefusal;

/// Revokes `grant`; the record stays for as long as an access token of it could still be shown.
pub(crate) fn revoked(grant: &Seen<'_, Grant>, config: &Config, now: Timestamp) -> Change {
    let next = grant.value().becoming(GrantState::Revoked);
    let expires = next.forgettable(now, config.lifetimes().access_token);
    grant.replace(next, expires)
}

/// Refuses a code, of a browser or of a device, that was redeemed before: someone else has seen it, so what it gave is not
/// safe [RFC 6749 §4.1.2].
pub(crate) fn replayed<R>(grant: &Seen<'_, Grant>, config: &Config, now: Timestamp) -> Plan<R, TokenRefusal> {
    let (id, client) = (grant.value().id, grant.value().client().clone());
    Plan::refuse(vec![revoked(grant, config, now)], TokenRefusal::CodeReplayed)
        .reporting(Event::CodeReplayed { grant: id, client: client.clone() })
        .reporting(Event::GrantRevoked { grant: id, client, cause: RevocationCause::CodeReplayed })
}
