//! Authorization requests that their clients signed [RFC 9101].
//!
//! ```text
//! request ─▶ (decrypt) ─▶ whose? when? ─▶ keys ─▶ signature ─▶ claims ─▶ parameters, in place of all others
//! ```

use crate::client_auth;
use crate::config::{Config, RequestObjects};
use crate::ensure::ensure;
use crate::env::Timestamp;
use crate::jose::{ClaimFault, Claims, ContentEncryption, Jwe, Jws, JwsFault, LONGEST_ID, Times};
use crate::record::{Client, ClientId, Digest, Exposed};
use crate::snapshot::{Halt, Snapshot};
use crate::store::{Change, Key};
use crate::wire::{AuthorizationRequest, Hint, RequestObjectFault, ServerMetadata};

use super::verify::client_id;

/// A request that its client signed.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) request: Box<AuthorizationRequest>,
    /// When it expires, if it does.
    pub(super) expires: Option<Timestamp>,
    /// What uses it up, if it is good for one answer.
    pub(super) used: Option<Box<Change>>,
}

/// Why it is not taken, and the request that it holds if its signature is right.
#[derive(Debug)]
pub(super) struct Unopened {
    pub(super) fault: RequestObjectFault,
    pub(super) request: Option<Box<AuthorizationRequest>>,
}

impl From<RequestObjectFault> for Unopened {
    fn from(fault: RequestObjectFault) -> Self {
        Self { fault, request: None }
    }
}

/// The object that a request consists of, if it does.
pub(super) fn of<'r>(config: &Config, request: &'r AuthorizationRequest) -> Option<&'r Exposed> {
    let alone = request.request_uri.is_none() && !request.repeats("request");
    request.request.as_ref().filter(|_| alone && config.request_objects().is_some())
}

/// The record that says whether the object of a request was used, if that can be told before it is opened.
pub(super) fn key(config: &Config, request: &AuthorizationRequest) -> Option<Key> {
    let id = Hint::read(of(config, request)?.as_str())?.jti?;
    Some(Key::Seen(name(client_id(request)?, &id)))
}

fn name(client: &ClientId, id: &str) -> Digest {
    Digest::of_use("request object", client.as_str(), id)
}

/// What `client` asks for by an object that was first seen at `begun`.
pub(super) fn open(
    config: &Config,
    text: &Exposed,
    client: &Client,
    begun: Timestamp,
    seen: &Snapshot,
) -> Result<Opened, Halt<Unopened>> {
    let refused = |fault: RequestObjectFault| Halt::Refused(Unopened::from(fault));
    let served = config.request_objects().ok_or_else(|| refused(RequestObjectFault::Malformed))?;
    let decrypted = decrypted(config, text.as_str()).map_err(refused)?;
    let text = decrypted.as_ref().unwrap_or(text).as_str();
    let jws = Jws::parse(text, &served.purpose()).map_err(|fault| refused(fault.into()))?;
    let registered = client.metadata().request_object_signing_alg.as_deref();
    let algorithm = jws.header().algorithm.as_str();
    ensure(registered.is_none_or(|name| name == algorithm), refused(RequestObjectFault::Algorithm))?;
    // Before keys are fetched for nothing.
    let own = match jws.unverified_issuer() {
        Ok(issuer) => issuer == client.id().as_str(),
        Err(ClaimFault::Missing(_)) => false,
        Err(fault) => return Err(refused(fault.into())),
    };
    ensure(own, refused(RequestObjectFault::Issuer))?;
    let keys = client.keys().ok_or_else(|| refused(RequestObjectFault::Signature))?;
    let verified = client_auth::verify(jws, &keys, seen)?.map_err(|fault| refused(fault.into()))?;
    let claims = verified.claims().map_err(|fault| refused(fault.into()))?;
    let request = AuthorizationRequest::from_claims(claims.members(), config.limits()).map_err(refused)?;
    let request = Box::new(request);
    match accept(config, served, &claims, &request, client.id(), begun) {
        Ok(ends) => {
            let named = claims.id().ok().filter(|id| id.len() <= LONGEST_ID).zip(ends);
            let used = match named {
                None => None,
                Some((id, _)) if seen.is_seen(name(client.id(), id))? => {
                    let (fault, request) = (RequestObjectFault::Used, Some(request));
                    return Err(Halt::Refused(Unopened { fault, request }));
                }
                // Whoever was asked in time may answer later.
                Some((id, ends)) => {
                    let forgotten = ends.plus(served.clock_tolerance).plus(config.lifetimes().interaction);
                    Some(Box::new(Change::new_seen(name(client.id(), id), forgotten)))
                }
            };
            Ok(Opened { request, expires: claims.expires(), used })
        }
        Err(fault) => Err(Halt::Refused(Unopened { fault, request: Some(request) })),
    }
}

/// The signed token in `text`, if it is encrypted.
fn decrypted(config: &Config, text: &str) -> Result<Option<Exposed>, RequestObjectFault> {
    if text.bytes().filter(|byte| *byte == b'.').count() != 4 {
        return Ok(None);
    }
    let jwe = Jwe::parse(text, &config.key_managements(), &ContentEncryption::ALL);
    let opened = jwe.ok().and_then(|jwe| config.decrypted(&jwe));
    opened.map(|text| Some(Exposed::new(text))).ok_or(RequestObjectFault::Undecipherable)
}

/// Whether an object is of its client, for us and for now; then, when it ends, if it does [RFC 9101 §4, §6.3].
fn accept(
    config: &Config,
    served: &RequestObjects,
    claims: &Claims,
    request: &AuthorizationRequest,
    client: &ClientId,
    now: Timestamp,
) -> Result<Option<Timestamp>, RequestObjectFault> {
    let own = request.client_id.as_ref() == Some(client) && !request.repeats("client_id");
    ensure(own, RequestObjectFault::ClientDiffers)?;
    claims.require_issuer(client.as_str()).map_err(|_| RequestObjectFault::Issuer)?;
    // [RFC 9101 §10.8]
    ensure(claims.subject().ok() != Some(client.as_str()), RequestObjectFault::Subject)?;
    claims.require_audience(&[config.issuer()]).map_err(|_| RequestObjectFault::Audience)?;
    let long_id = claims.id().is_ok_and(|id| id.len() > LONGEST_ID);
    ensure(!long_id, RequestObjectFault::Claims)?;
    let both = claims.not_before().is_some() && claims.expires().is_some();
    ensure(both || !served.times_required, RequestObjectFault::TimesMissing)?;
    let times = Times::at(now).tolerance(served.clock_tolerance).expiry_optional().living_at_most(served.longest_life);
    claims.require_times(&times)?;
    // [FAPI 2.0 Message Signing §5.3.1]
    let last = claims.not_before().or(claims.issued()).map(|begins| begins.plus(served.longest_life));
    let too_long = claims.expires().zip(last).is_some_and(|(expires, last)| expires > last);
    ensure(!too_long, RequestObjectFault::LivesTooLong)?;
    ensure(last.is_none_or(|last| now < last.plus(served.clock_tolerance)), RequestObjectFault::Expired)?;
    Ok(claims.expires().or(last))
}

impl From<JwsFault> for RequestObjectFault {
    fn from(fault: JwsFault) -> Self {
        match fault {
            JwsFault::Algorithm => Self::Algorithm,
            JwsFault::Type => Self::Type,
            JwsFault::KeyUnknown | JwsFault::KeyAmbiguous | JwsFault::KeyUnfit | JwsFault::SignatureWrong => {
                Self::Signature
            }
            JwsFault::TooLarge
            | JwsFault::NotCompact
            | JwsFault::Header
            | JwsFault::Critical
            | JwsFault::KeyBrought
            | JwsFault::KeyInHeader => Self::Malformed,
        }
    }
}

impl From<ClaimFault> for RequestObjectFault {
    fn from(fault: ClaimFault) -> Self {
        match fault {
            ClaimFault::Expired | ClaimFault::TooOld => Self::Expired,
            ClaimFault::NotYetValid => Self::NotYetValid,
            ClaimFault::LivesTooLong => Self::LivesTooLong,
            ClaimFault::Issuer => Self::Issuer,
            ClaimFault::Audience => Self::Audience,
            ClaimFault::NotAnObject | ClaimFault::Missing(_) | ClaimFault::WrongType(_) | ClaimFault::OutOfRange(_) => {
                Self::Claims
            }
        }
    }
}

/// What the server says of them.
pub(super) fn describe(config: &Config, metadata: &mut ServerMetadata) {
    let Some(served) = config.request_objects() else { return };
    metadata.request_parameter_supported = true;
    metadata.request_uri_parameter_supported = Some(false);
    metadata.require_signed_request_object = served.required;
    let names = served.algorithms.iter().map(|one| one.as_str().to_owned());
    metadata.request_object_signing_alg_values_supported = names.collect();
    let managements = config.key_managements();
    if !managements.is_empty() {
        let names = ContentEncryption::ALL.iter().map(|one| one.as_str().to_owned());
        metadata.request_object_encryption_enc_values_supported = names.collect();
    }
    let names = managements.iter().map(|one| one.as_str().to_owned());
    metadata.request_object_encryption_alg_values_supported = names.collect();
}
