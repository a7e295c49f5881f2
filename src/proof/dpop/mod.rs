//! Demonstrating Proof of Possession [RFC 9449].

mod new_proof;
mod nonces;
mod proof;
mod target_uri;

use http::header::HeaderValue;
use http::{Method, Request};

pub use new_proof::NewProof;
pub use nonces::DpopNonces;
pub use proof::Proof;
pub use target_uri::TargetUri;

use super::Possession;
use crate::config::{Config, Dpop};
use crate::ensure::ensure;
use crate::env::Timestamp;
use crate::record::Digest;
use crate::snapshot::{Halt, Snapshot};
use crate::store::{Change, Key};
use crate::wire::{DpopHeader, ProofFault};
use nonces::Freshness;

/// What a request shows of a key, as far as it can be judged without the time and the store; nothing if it has no proof, or
/// proofs are not served.
#[derive(Clone, Debug)]
pub(crate) struct PresentedProof(Option<Box<Result<Proof, ProofFault>>>);

impl PresentedProof {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Reads the proof of a request to the endpoint at `path` below the issuer.
    pub(crate) fn at_endpoint(config: &Config, path: &str, header: Option<&DpopHeader>) -> Self {
        let Some((policy, header)) = config.dpop().zip(header) else { return Self::none() };
        let alias = config.mutual_tls().and_then(|mutual| mutual.endpoint_aliases.as_deref());
        let bases = [Some(config.issuer()), alias].into_iter().flatten();
        let uris: Vec<_> = bases.filter_map(|base| TargetUri::parse(&format!("{base}{path}"))).collect();
        Self::read(policy, Ok(header), |proof| proof.require(&Method::POST, &uris, None))
    }

    /// Reads the proof of a request to a resource below `base` with an access token of the scheme `DPoP`.
    pub(crate) fn at_resource<B>(config: &Config, request: &Request<B>, base: &str, token: &str) -> Self {
        config.dpop().map_or_else(Self::none, |policy| Self::below(base, policy, request, token))
    }

    /// The same where `policy` says what proofs are taken.
    pub(crate) fn below<B>(base: &str, policy: &Dpop, request: &Request<B>, token: &str) -> Self {
        // What a request says of its host is up to its sender, who may have the proof from a request to that host.
        let uri = TargetUri::parse(&format!("{}{}", base.trim_end_matches('/'), request.uri().path()));
        let header = DpopHeader::of(request.headers());
        let header = header.as_ref().ok_or(ProofFault::Missing);
        Self::read(policy, header, |proof| proof.require(request.method(), uri.as_slice(), Some(token)))
    }

    fn read(
        policy: &Dpop,
        header: Result<&DpopHeader, ProofFault>,
        require: impl FnOnce(&Proof) -> Result<(), ProofFault>,
    ) -> Self {
        let proof = header.and_then(|header| Proof::read(header, policy.algorithms));
        Self(Some(Box::new(proof.and_then(|proof| require(&proof).map(|()| proof)))))
    }

    /// The thumbprint of the key of a proof that was read; it may be from another time, or used before.
    pub(crate) fn key(&self) -> Option<Digest> {
        Some(self.0.as_ref()?.as_ref().as_ref().ok()?.key())
    }

    /// The record of its use.
    pub(crate) fn record(&self) -> Option<Key> {
        Some(Key::Seen(self.0.as_ref()?.as_ref().as_ref().ok()?.name()))
    }

    /// Requires that the proof, if there is one, is in time and was not used before; gives what it proves, and what makes it
    /// used.
    pub(crate) fn accept<F: From<ProofFault>>(
        &self,
        config: &Config,
        seen: &Snapshot,
    ) -> Result<Option<(Possession, Change)>, Halt<F>> {
        let Some(policy) = config.dpop() else { return Ok(None) };
        let Some((proof, dies)) = self.judge(policy, seen.now()).map_err(F::from)? else { return Ok(None) };
        let name = proof.name();
        ensure(!seen.is_seen(name)?, F::from(ProofFault::Replayed))?;
        Ok(Some((Possession { key: proof.key() }, Change::new_seen(name, dies))))
    }

    /// The same where a proof may be used again, as long as it is in time.
    pub(crate) fn accept_again(&self, config: &Config, now: Timestamp) -> Result<Option<Possession>, ProofFault> {
        let judged = config.dpop().map_or(Ok(None), |policy| self.judge(policy, now))?;
        Ok(judged.map(|(proof, _)| Possession { key: proof.key() }))
    }

    /// The proof, if there is one, and the first moment at which it is too old; it may have been used before.
    pub(crate) fn judge(&self, policy: &Dpop, now: Timestamp) -> Result<Option<(&Proof, Timestamp)>, ProofFault> {
        let Some(proof) = self.0.as_deref() else { return Ok(None) };
        let proof = proof.as_ref().map_err(|fault| *fault)?;
        Ok(Some((proof, policy.require_time(proof, now)?)))
    }

    /// The nonce for the sender's next proof, if they have another one [RFC 9449 §8.2].
    pub(crate) fn next_nonce(&self, config: &Config, now: Timestamp) -> Option<HeaderValue> {
        self.nonce_after(config.dpop()?, now)
    }

    /// The same where `policy` says which nonces there are.
    pub(crate) fn nonce_after(&self, policy: &Dpop, now: Timestamp) -> Option<HeaderValue> {
        let (nonces, proof) = policy.nonces.as_ref().zip(self.0.as_deref())?;
        let shown = proof.as_ref().ok().and_then(Proof::nonce);
        let current = shown.is_some_and(|shown| nonces.find(shown, now) == Freshness::Current);
        HeaderValue::from_str(&nonces.current(now)).ok().filter(|_| !current)
    }
}

impl Dpop {
    /// Requires that a proof is from now, as its nonce tells, or else its `iat` [RFC 9449 §4.3, steps 10 and 11]; gives the
    /// first moment at which it is too old.
    ///
    /// # Errors
    ///
    /// It is from another time, or has no nonce where nonces are given out [RFC 9449 §11.3].
    pub fn require_time(&self, proof: &Proof, now: Timestamp) -> Result<Timestamp, ProofFault> {
        if let Some(nonces) = &self.nonces {
            let found = proof.nonce().map_or(Freshness::Unknown, |nonce| nonces.find(nonce, now));
            return if found == Freshness::Unknown { Err(ProofFault::Nonce) } else { Ok(nonces.dies(now)) };
        }
        let (earliest, latest) = (now.minus(self.window), now.plus(self.window));
        let in_time = (earliest..=latest).contains(&proof.issued());
        let dies = proof.issued().plus(self.window).as_unix().saturating_add(1);
        if in_time { Ok(Timestamp::from_unix(dies)) } else { Err(ProofFault::Time) }
    }
}
