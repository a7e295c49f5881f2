//! The clients that a token lives by: one that registered itself may be gone from one moment to the next.
//!
//! A client of the operator does not vanish by itself, so only the others cost a read.

use crate::record::{AccessToken, Client, ClientId, Grant};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::store::Key;

/// The clients that are looked up whenever the token is used.
fn vanishing<'t>(grant: &'t Grant, token: &'t AccessToken) -> impl Iterator<Item = &'t ClientId> + use<'t> {
    let (granted, allowed) = (&grant.mandate.terms, &*token.terms);
    let of_grant = Some(&granted.client).filter(|_| granted.client_may_vanish);
    let of_token = Some(&allowed.client).filter(|_| allowed.client_may_vanish && allowed.client != granted.client);
    of_grant.into_iter().chain(of_token)
}

/// The keys of those clients.
pub(crate) fn keys<'t>(grant: &'t Grant, token: &'t AccessToken) -> impl Iterator<Item = Key> + use<'t> {
    vanishing(grant, token).cloned().map(Key::Client)
}

/// Those clients, read together, or nothing if one is gone.
pub(crate) fn holders<'s, F>(
    grant: &Grant,
    token: &AccessToken,
    seen: &'s Snapshot,
) -> Result<Option<Vec<Seen<'s, Client>>>, Halt<F>> {
    seen.all(keys(grant, token))?;
    vanishing(grant, token).map(|client| seen.client(client)).collect()
}
