//! Client authentication [RFC 6749 §2.3].

mod known;
#[cfg(feature = "mtls")]
mod mtls;

pub(crate) use known::find;

use crate::config::Config;
use crate::record::{Client, ClientProof, ClientSecretDigest};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::wire::{ClientCertificate, Credentials, TokenRefusal};

/// The names of the methods that are served.
#[cfg_attr(not(feature = "mtls"), expect(unused_variables, reason = "others are always served"))]
pub(crate) fn methods(config: &Config) -> Vec<&'static str> {
    #[cfg_attr(not(feature = "mtls"), expect(unused_mut, reason = "there are no more"))]
    let mut methods = vec!["client_secret_basic", "client_secret_post", "none"];
    #[cfg(feature = "mtls")]
    if let Some(served) = config.mutual_tls() {
        methods.extend(Some("tls_client_auth").filter(|_| served.tls_client_auth));
        methods.extend(Some("self_signed_tls_client_auth").filter(|_| served.self_signed_tls_client_auth));
    }
    methods
}

/// Finds the client that a request is from, and requires its proof.
///
/// An unknown client, a missing and a wrong secret are refused alike, after the same work.
#[cfg_attr(not(feature = "mtls"), expect(unused_variables, reason = "only certificates need it"))]
pub(crate) fn authenticate<'s>(
    config: &Config,
    (credentials, certificate): (&Credentials, Option<&ClientCertificate>),
    seen: &'s Snapshot,
) -> Result<Seen<'s, Client>, Halt<TokenRefusal>> {
    let (secret, by_header) = match credentials {
        Credentials::None { .. } => (None, false),
        Credentials::Basic { secret, .. } => (Some(secret.as_str()), true),
        Credentials::Post { secret, .. } => (Some(secret.as_str()), false),
    };
    // No document is fetched for who shows a secret: it has none [Client ID Metadata Document §4.1].
    let found = match secret {
        None => find(config, credentials.client(), seen)?,
        Some(_) => seen.client(credentials.client())?,
    };
    let proven = match (&found, secret) {
        (Some(client), None) => match client.value().proof() {
            ClientProof::Nothing => true,
            ClientProof::Secret => false,
            #[cfg(feature = "mtls")]
            proof => mtls::proves(certificate, proof, config, seen)?,
        },
        (Some(client), Some(secret)) if *client.value().proof() == ClientProof::Secret => {
            client.value().has_secret(secret, seen.now())
        }
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
