//! Client authentication [RFC 6749 §2.3].

use crate::env::Env;
use crate::record::{Client, ClientSecretDigest};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::wire::{Credentials, TokenRefusal};

/// The method names that are served, for metadata.
pub(crate) const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// Finds the client that a request is from, and requires its proof.
///
/// An unknown client, a missing and a wrong secret are refused alike, after the same work.
pub(crate) fn authenticate<'s>(
    credentials: &Credentials,
    seen: &'s Snapshot,
    env: &Env,
) -> Result<Seen<'s, Client>, Halt<TokenRefusal>> {
    let found = seen.client(credentials.client())?;
    let (secret, by_header) = match credentials {
        Credentials::None { .. } => (None, false),
        Credentials::Basic { secret, .. } => (Some(secret.as_str()), true),
        Credentials::Post { secret, .. } => (Some(secret.as_str()), false),
    };
    let proven = match (&found, secret) {
        (Some(client), None) => !client.value().is_confidential(),
        (Some(client), Some(secret)) if client.value().is_confidential() => client.value().has_secret(secret, env.now),
        (None | Some(_), Some(secret)) => {
            std::hint::black_box(ClientSecretDigest::new(secret, [0; 16], None));
            false
        }
        (None, None) => false,
    };
    match found {
        Some(client) if proven => Ok(client),
        Some(_) | None => Err(TokenRefusal::ClientNotAuthenticated { by_header }.into()),
    }
}
