//! Client authentication by attestations: someone whom the server trusts vouches for an instance of the client and names
//! its key, and the instance proves to hold it [Attestation-Based Client Authentication §4 to §7].

use super::{Shown, verify};
use crate::config::{ClientAttestations, Config};
use crate::env::Timestamp;
use crate::jose::{ClaimFault, Claims, Jws, LONGEST_ID, PublicKey, Purpose, Times};
use crate::record::{Attester, Client, ClientId, ClientProof, Digest};
use crate::snapshot::{Halt, Snapshot};
use crate::store::Change;
use crate::wire::{Hint, TokenRefusal};

/// What an attested request proves.
pub(super) struct Attested {
    /// The key of the instance.
    pub(super) instance: Digest,
    /// What uses its proof, if that is not a DPoP proof, which is used where it is accepted.
    pub(super) used: Option<Change>,
}

/// What a proof of possession is remembered as once it was used, if it says what it is called.
pub(super) fn name_of(client: &ClientId, pop: &str) -> Option<Digest> {
    Hint::read(pop)?.jti.map(|id| name(client, &id))
}

fn name(client: &ClientId, id: &str) -> Digest {
    Digest::of_use("client attestation", client.as_str(), id)
}

/// Whether `client` is attested, and the sender holds the key of the attestation.
pub(super) fn proves(
    (attestation, pop): (&str, Option<&str>),
    shown: &Shown<'_>,
    client: &Client,
    config: &Config,
    served: &ClientAttestations,
    seen: &Snapshot,
) -> Result<Option<Attested>, Halt<TokenRefusal>> {
    let ClientProof::Attested(attester) = client.proof() else { return Ok(None) };
    let Some(key) = attested(attestation, attester, client.id(), served, seen)? else { return Ok(None) };
    let instance = Digest::from_bytes(*key.thumbprint().as_bytes());
    let Some(pop) = pop else {
        // [§7.3]: the endpoint goes on to require of the proof all that is required of one.
        let combined = attester.by_dpop && shown.proof.and_then(|proof| proof.key()) == Some(instance);
        return Ok(combined.then_some(Attested { instance, used: None }));
    };
    let Some((id, dies)) = possessed(pop, &key, config, served, seen) else { return Ok(None) };
    let name = name(client.id(), &id);
    let fresh = !seen.is_seen(name)?;
    Ok(fresh.then(|| Attested { instance, used: Some(Change::new_seen(name, dies)) }))
}

/// The key that an attestation names for an instance of `client` [§7.1].
fn attested(
    text: &str,
    attester: &Attester,
    client: &ClientId,
    served: &ClientAttestations,
    seen: &Snapshot,
) -> Result<Option<PublicKey>, Halt<TokenRefusal>> {
    let Ok(jws) = Jws::parse(text, &Purpose::CLIENT_ATTESTATION.with(served.algorithms)) else { return Ok(None) };
    let verified = match attester.keys.as_deref() {
        None => jws.verify_among_once(&served.attesters, seen.seals()),
        Some(keys) => verify(jws, keys, seen)?,
    };
    let Some(claims) = verified.ok().and_then(|verified| verified.claims().ok()) else { return Ok(None) };
    if claims.subject().ok() != Some(client.as_str()) {
        return Ok(None);
    }
    match claims.require_times(&Times::at(seen.now()).tolerance(served.clock_tolerance)) {
        Ok(()) => Ok(key(&claims)),
        // [§7.4]: the client can have another one made.
        Err(ClaimFault::Expired) => Err(TokenRefusal::AttestationStale.into()),
        Err(_) => Ok(None),
    }
}

/// The one public key in `cnf` [RFC 7800 §3.2].
fn key(claims: &Claims) -> Option<PublicKey> {
    PublicKey::from_members(claims.get("cnf")?.as_object()?.get("jwk")?.as_object()?).ok()
}

/// The name of a proof that its sender holds `key`, made for us and now, and when it is too old [§7.2].
fn possessed(
    pop: &str,
    key: &PublicKey,
    config: &Config,
    served: &ClientAttestations,
    seen: &Snapshot,
) -> Option<(String, Timestamp)> {
    let jws = Jws::parse(pop, &Purpose::CLIENT_ATTESTATION_POP.with(served.algorithms)).ok()?;
    let claims = jws.verify_once(key, seen.seals()).ok()?.claims().ok()?;
    // Another server among them could use it here.
    claims.require_sole_audience(config.issuer()).ok()?;
    let times = Times::at(seen.now()).tolerance(served.clock_tolerance).expiry_optional().issued_within(served.window);
    claims.require_times(&times).ok()?;
    let id = claims.id().ok().filter(|id| id.len() <= LONGEST_ID)?;
    let last = claims.issued()?.plus(served.window).plus(served.clock_tolerance);
    Some((id.to_owned(), Timestamp::from_unix(last.as_unix().saturating_add(1))))
}
