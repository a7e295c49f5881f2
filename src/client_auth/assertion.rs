//! Client authentication by assertions that clients sign: `private_key_jwt`, `client_secret_jwt`
//! [RFC 7523 §3, OpenID Connect Core §9].

use super::verify;
use crate::config::{ClientAssertions, Config};
use crate::env::Timestamp;
use crate::jose::{Algorithm, Audience, Claims, Jws, LONGEST_ID, Purpose, Times, Verified};
use crate::record::{Client, ClientId, ClientProof, Digest};
use crate::snapshot::{Halt, SigningInput, Snapshot};
use crate::store::Change;
use crate::wire::{Hint, TokenRefusal};

/// What an assertion is remembered as once it was used, if it says what it is called.
pub(super) fn name_of(client: &ClientId, assertion: &str) -> Option<Digest> {
    Hint::read(assertion)?.jti.map(|id| name(client, &id))
}

fn name(client: &ClientId, id: &str) -> Digest {
    Digest::of_use("client assertion", client.as_str(), id)
}

/// Reads an assertion as far as it can be read without a key.
pub(super) fn read<'a>(assertion: &'a str, served: &ClientAssertions) -> Option<Jws<'a>> {
    let mac = || served.client_secret_jwt.then(|| Jws::parse(assertion, &Purpose::CLIENT_SECRET_ASSERTION).ok());
    Jws::parse(assertion, &Purpose::CLIENT_ASSERTION.with(served.algorithms)).ok().or_else(|| mac()?)
}

/// Whether `client` made an assertion for us and now, and did not use it before; then, what uses it.
pub(super) fn proves(
    jws: Jws<'_>,
    client: &Client,
    config: &Config,
    served: &ClientAssertions,
    seen: &Snapshot,
) -> Result<Option<Change>, Halt<TokenRefusal>> {
    let Some(verified) = verified(jws, client, seen)? else { return Ok(None) };
    let Ok(claims) = verified.claims() else { return Ok(None) };
    let Some((id, expires)) = own(&claims, client.id(), config, served, seen.now()) else { return Ok(None) };
    let name = name(client.id(), id);
    let fresh = !seen.is_seen(name)?;
    Ok(fresh.then(|| Change::new_seen(name, expires.plus(served.clock_tolerance))))
}

/// The assertion, if it is under a key or the secret of `client`.
fn verified(jws: Jws<'_>, client: &Client, seen: &Snapshot) -> Result<Option<Verified>, Halt<TokenRefusal>> {
    let algorithm = jws.header().algorithm;
    if let ClientProof::PrivateKey { keys, algorithms } = client.proof()
        && algorithms.contain(algorithm)
    {
        return Ok(verify(jws, keys, seen)?.ok());
    }
    // Whoever has the secret makes the authentication code again, since it is nobody's to read from a record.
    if *client.proof() == ClientProof::SecretMac && algorithm == Algorithm::Hs256 {
        let key = SigningInput::client_secret(client.id());
        let mac = seen.signature(SigningInput::new(key, algorithm.as_str(), jws.signed().to_vec()))?;
        return Ok(jws.verify_mac(mac).ok());
    }
    Ok(None)
}

/// The name and the end of an assertion that `client` made of itself, for us, and for now [RFC 7523 §3].
fn own<'c>(
    claims: &'c Claims,
    client: &ClientId,
    config: &Config,
    served: &ClientAssertions,
    now: Timestamp,
) -> Option<(&'c str, Timestamp)> {
    claims.require_issuer(client.as_str()).ok()?;
    let audience = if served.danger_accept_token_endpoint_as_audience {
        let token = format!("{}{}", config.issuer(), config.paths().token);
        claims.audience()?.iter().all(|one| one == config.issuer() || one == token)
    } else {
        // Another server among them could use it here.
        let one = !config.is_fapi() || matches!(claims.audience(), Some(Audience::One(_)));
        one && claims.require_sole_audience(config.issuer()).is_ok()
    };
    let times = Times::at(now).tolerance(served.clock_tolerance).living_at_most(served.longest_life);
    claims.require_times(&times).ok()?;
    let own = audience && claims.subject().ok()? == client.as_str();
    let id = claims.id().ok().filter(|id| own && id.len() <= LONGEST_ID)?;
    Some((id, claims.expires()?))
}
