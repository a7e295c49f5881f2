//! Client authentication [RFC 6749 §2.3].

#[cfg(feature = "jose")]
mod assertion;
#[cfg(feature = "jose")]
mod attestation;
mod known;
#[cfg(feature = "mtls")]
mod mtls;

pub(crate) use known::find;

use crate::config::Config;
#[cfg(any(feature = "jose", feature = "mtls"))]
use crate::fetch::{FetchRequest, Purpose};
#[cfg(feature = "jose")]
use crate::jose::{JwkSet, Jws, JwsFault, Verified};
use crate::proof::dpop::PresentedProof;
use crate::record::{Client, ClientId, ClientProof, ClientSecretDigest, Digest};
#[cfg(feature = "jose")]
use crate::record::{ClientKeys, Exposed};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::store::{Change, Key};
use crate::wire::{ClientCertificate, Credentials, CredentialsFault, TokenRefusal};

/// The names of the methods that are served.
pub(crate) fn methods(config: &Config) -> Vec<&'static str> {
    #[cfg_attr(not(any(feature = "jose", feature = "mtls")), expect(unused_mut, reason = "there are no more"))]
    let mut methods = if config.requires_key_of_client() {
        Vec::new()
    } else {
        vec!["client_secret_basic", "client_secret_post", "none"]
    };
    #[cfg(feature = "mtls")]
    if let Some(served) = config.mutual_tls() {
        methods.extend(Some("tls_client_auth").filter(|_| served.tls_client_auth));
        methods.extend(Some("self_signed_tls_client_auth").filter(|_| served.self_signed_tls_client_auth));
    }
    #[cfg(feature = "jose")]
    if let Some(served) = config.client_assertions() {
        methods.push("private_key_jwt");
        methods.extend(Some("client_secret_jwt").filter(|_| served.client_secret_jwt));
    }
    #[cfg(feature = "jose")]
    if config.client_attestations().is_some() {
        methods.push("attest_jwt_client_auth");
        methods.extend(Some("attest_jwt_client_auth_dpop").filter(|_| config.serves_dpop()));
    }
    methods
}

/// What `read` makes of the document behind a `jwks_uri`. If that is nothing, and the document was kept in a cache, it is
/// fetched once more, since keys change.
#[cfg(any(feature = "jose", feature = "mtls"))]
pub(crate) fn behind<T, F>(
    url: &url::Url,
    purpose: Purpose,
    seen: &Snapshot,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<Option<T>, Halt<F>> {
    let mut request = FetchRequest::new(url.clone(), purpose);
    request.max_bytes = 64 * 1024;
    let look = |request: &FetchRequest| -> Result<(Option<T>, bool), Halt<F>> {
        let fetched = seen.document(request)?.ok();
        let found = fetched.and_then(|fetched| fetched.content(request)).and_then(&read);
        Ok((found, fetched.is_some_and(|fetched| fetched.from_cache)))
    };
    let (found, kept) = look(&request)?;
    if found.is_some() || !kept {
        return Ok(found);
    }
    request.anew = true;
    Ok(look(&request)?.0)
}

/// Verifies what a client signed, with the one key of its own that fits; those behind a URL that cannot be had fit nothing.
#[cfg(feature = "jose")]
pub(crate) fn verify<F>(
    jws: Jws<'_>,
    keys: &ClientKeys,
    seen: &Snapshot,
) -> Result<Result<Verified, JwsFault>, Halt<F>> {
    Ok(match keys {
        ClientKeys::Here(keys) => jws.verify_among_once(keys, seen.seals()),
        ClientKeys::Behind(url) => {
            let fitting = |set: &[u8]| JwkSet::parse(set).ok().filter(|set| set.select(jws.header()).is_ok());
            let keys = behind(url, Purpose::ClientKeys, seen, fitting)?;
            keys.map_or(Err(JwsFault::KeyUnknown), |keys| jws.verify_among_once(&keys, seen.seals()))
        }
    })
}

/// The records that authentication looks at.
pub(crate) fn keys(credentials: &Credentials) -> impl Iterator<Item = Key> {
    let client = Key::Client(credentials.client().clone());
    #[cfg(feature = "jose")]
    let used = match credentials {
        Credentials::Assertion { client, assertion } => assertion::name_of(client, assertion.as_str()).map(Key::Seen),
        Credentials::Attested { client, pop: Some(pop), .. } => {
            attestation::name_of(client, pop.as_str()).map(Key::Seen)
        }
        Credentials::None { .. }
        | Credentials::Basic { .. }
        | Credentials::Post { .. }
        | Credentials::Attested { pop: None, .. } => None,
    };
    #[cfg(not(feature = "jose"))]
    let used = None;
    std::iter::once(client).chain(used)
}

/// What a request shows of the client that it is from.
pub(crate) struct Shown<'a> {
    pub(crate) credentials: &'a Credentials,
    /// The certificate of its connection.
    pub(crate) certificate: Option<&'a ClientCertificate>,
    /// Its DPoP proof, at an endpoint that accepts or refuses it after the client.
    #[cfg_attr(not(feature = "jose"), expect(dead_code, reason = "there are none"))]
    pub(crate) proof: Option<&'a PresentedProof>,
}

/// The client that a request is from.
pub(crate) struct Authenticated<'s> {
    pub(crate) client: Seen<'s, Client>,
    /// What uses its proof up, for whatever is granted to it.
    pub(crate) used: Option<Change>,
    /// The key of the instance that was attested.
    pub(crate) instance: Option<Digest>,
}

/// Finds the client that a request is from, and requires its proof.
///
/// An unknown client, a missing and a wrong secret are refused alike, after the same work.
#[cfg_attr(not(feature = "mtls"), expect(unused_variables, reason = "only certificates need it"))]
pub(crate) fn authenticate<'s>(
    config: &Config,
    shown: &Shown<'_>,
    seen: &'s Snapshot,
) -> Result<Authenticated<'s>, Halt<TokenRefusal>> {
    let Shown { credentials, certificate, .. } = *shown;
    let (secret, by_header) = match credentials {
        Credentials::Assertion { assertion, .. } => {
            return by_assertion(config, credentials.client(), assertion.as_str(), seen);
        }
        #[cfg(feature = "jose")]
        Credentials::Attested { client, attestation, pop } => {
            let texts = (attestation.as_str(), pop.as_ref().map(Exposed::as_str));
            if let Some(attested) = by_attestation(config, client, texts, shown, seen)? {
                return Ok(attested);
            }
            (None, false)
        }
        #[cfg(not(feature = "jose"))]
        Credentials::Attested { .. } => (None, false),
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
            #[cfg(feature = "jose")]
            ClientProof::PrivateKey { .. } | ClientProof::SecretMac | ClientProof::Attested(_) => false,
            #[cfg(feature = "mtls")]
            proof => mtls::proves(certificate, proof, config, seen)?,
        },
        (Some(client), Some(secret)) if *client.value().proof() == ClientProof::Secret => {
            client.value().has_secret(secret, seen.now())
        }
        (None | Some(_), Some(secret)) => {
            ClientSecretDigest::match_in_vain(secret, seen.now());
            false
        }
        (None, None) => false,
    };
    let permitted = |client: &Client| !config.requires_key_of_client() || client.proof().is_key();
    match found {
        Some(client) if proven && permitted(client.value()) => Ok(Authenticated { client, used: None, instance: None }),
        Some(_) | None => Err(TokenRefusal::ClientNotAuthenticated { by_header }.into()),
    }
}

/// The client, if it authenticates by attestations; for another one an attestation proves nothing, and takes nothing away
/// [Attestation-Based Client Authentication §7.6].
#[cfg(feature = "jose")]
fn by_attestation<'s>(
    config: &Config,
    client: &ClientId,
    texts: (&str, Option<&str>),
    shown: &Shown<'_>,
    seen: &'s Snapshot,
) -> Result<Option<Authenticated<'s>>, Halt<TokenRefusal>> {
    let Some(served) = config.client_attestations() else { return Ok(None) };
    let Some(client) = find(config, client, seen)? else { return Ok(None) };
    let attested = attestation::proves(texts, shown, client.value(), config, served, seen)?;
    Ok(attested.map(|attestation::Attested { instance, used }| Authenticated {
        client,
        used,
        instance: Some(instance),
    }))
}

#[cfg(feature = "jose")]
fn by_assertion<'s>(
    config: &Config,
    client: &ClientId,
    text: &str,
    seen: &'s Snapshot,
) -> Result<Authenticated<'s>, Halt<TokenRefusal>> {
    let unsupported = TokenRefusal::Credentials(CredentialsFault::UnsupportedMethod);
    let served = config.client_assertions().ok_or(unsupported)?;
    // Before a client or its keys are fetched for nothing.
    let read = assertion::read(text, served);
    let found = match &read {
        Some(_) => find(config, client, seen)?,
        None => None,
    };
    if let Some((jws, client)) = read.zip(found)
        && let Some(used) = assertion::proves(jws, client.value(), config, served, seen)?
    {
        return Ok(Authenticated { client, used: Some(used), instance: None });
    }
    Err(TokenRefusal::ClientNotAuthenticated { by_header: false }.into())
}

#[cfg(not(feature = "jose"))]
fn by_assertion<'s>(
    _: &Config,
    _: &ClientId,
    _: &str,
    _: &'s Snapshot,
) -> Result<Authenticated<'s>, Halt<TokenRefusal>> {
    Err(TokenRefusal::Credentials(CredentialsFault::UnsupportedMethod).into())
}
