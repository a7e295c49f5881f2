//! A proof that the sender of a request holds a key, read and checked [RFC 9449 §4.3].

use crate::base64;
use sha2::{Digest as _, Sha256};

use super::target_uri::TargetUri;
use crate::env::Timestamp;
use crate::jose::{Algorithms, ClaimFault, Jws, JwsFault, LONGEST_ID, Purpose, Thumbprint};
use crate::record::Digest;
use crate::wire::{DpopHeader, ProofFault};

/// How long a proof may be, in bytes: with an RSA key of 8192 bits there is room left.
const LONGEST: usize = 8 * 1024;

/// A proof whose signature is right; what it was made for is still to be compared.
#[derive(Clone, Debug)]
pub struct Proof {
    key: Digest,
    id: String,
    method: String,
    uri: TargetUri,
    issued: Timestamp,
    nonce: Option<String>,
    access_token: Option<String>,
}

impl Proof {
    /// Reads the proof in a header: all that follows from it alone [RFC 9449 §4.3, steps 1 to 7].
    ///
    /// # Errors
    ///
    /// There is more than one, it is no JWT of this type and of one of these algorithms, its key is unsound, its signature
    /// wrong, or a claim missing.
    pub fn read(header: &DpopHeader, algorithms: Algorithms) -> Result<Self, ProofFault> {
        let text = header.proof()?;
        if text.len() > LONGEST {
            return Err(ProofFault::Malformed);
        }
        let proof = Jws::parse(text, &Purpose::DPOP_PROOF.with(algorithms))?.verify_embedded()?;
        // The purpose lets none through without a key.
        let key = proof.header().key.as_ref().ok_or(ProofFault::Key)?.thumbprint();
        let claims = proof.claims().map_err(unreadable)?;
        let text = |name| claims.required_text(name).map(str::to_owned).map_err(|_| ProofFault::Claim(name));
        let optional =
            |name| claims.text(name).map(|text| text.map(str::to_owned)).map_err(|_| ProofFault::Claim(name));
        let id = text("jti").ok().filter(|id| id.len() <= LONGEST_ID).ok_or(ProofFault::Claim("jti"))?;
        Ok(Self {
            key: Digest::from_bytes(*key.as_bytes()),
            id,
            method: text("htm")?,
            uri: TargetUri::parse(&text("htu")?).ok_or(ProofFault::Claim("htu"))?,
            issued: claims.issued().ok_or(ProofFault::Claim("iat"))?,
            nonce: optional("nonce")?,
            access_token: optional("ath")?,
        })
    }

    /// Requires that it was made for a request of this method to one of `uris`, the names of one place, and, if one came with
    /// it, for this access token [RFC 9449 §4.3, steps 8, 9 and 12].
    ///
    /// # Errors
    ///
    /// It was made for another.
    pub fn require(&self, method: &http::Method, uris: &[TargetUri], token: Option<&str>) -> Result<(), ProofFault> {
        if self.method != method.as_str() {
            return Err(ProofFault::Method);
        }
        if !uris.contains(&self.uri) {
            return Err(ProofFault::Uri);
        }
        match token {
            Some(_) if self.access_token.is_none() => Err(ProofFault::Claim("ath")),
            Some(token) if self.access_token.as_deref() != Some(&*hash(token)) => Err(ProofFault::AccessToken),
            Some(_) | None => Ok(()),
        }
    }

    /// The thumbprint of its key.
    #[must_use]
    pub const fn thumbprint(&self) -> Thumbprint {
        Thumbprint::from_bytes(*self.key.as_bytes())
    }

    /// The same, as what tokens are bound to.
    #[must_use]
    pub const fn key(&self) -> Digest {
        self.key
    }

    /// When its sender says that it was made.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }

    /// The nonce that its sender put into it.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// What tells it from all others of its key and its target: kept for as long as it would be taken, it makes the proof good
    /// for one use [RFC 9449 §11.1].
    #[must_use]
    pub fn name(&self) -> Digest {
        let mut hash = Sha256::new().chain_update(b"DPoP proof").chain_update(self.key.as_bytes());
        for part in [&*self.method, self.uri.as_str(), &self.id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Digest::from_bytes(hash.finalize().into())
    }
}

/// The `ath` of an access token [RFC 9449 §4.2].
pub(super) fn hash(token: &str) -> String {
    base64::URL.encode(Sha256::digest(token))
}

impl From<JwsFault> for ProofFault {
    fn from(fault: JwsFault) -> Self {
        match fault {
            JwsFault::Type => Self::Type,
            JwsFault::Algorithm => Self::Algorithm,
            JwsFault::KeyInHeader | JwsFault::KeyUnfit | JwsFault::KeyUnknown | JwsFault::KeyAmbiguous => Self::Key,
            JwsFault::SignatureWrong => Self::Signature,
            JwsFault::TooLarge
            | JwsFault::NotCompact
            | JwsFault::Header
            | JwsFault::Critical
            | JwsFault::KeyBrought => Self::Malformed,
        }
    }
}

const fn unreadable(fault: ClaimFault) -> ProofFault {
    match fault {
        ClaimFault::Missing(name) | ClaimFault::WrongType(name) | ClaimFault::OutOfRange(name) => {
            ProofFault::Claim(name)
        }
        ClaimFault::NotAnObject
        | ClaimFault::Issuer
        | ClaimFault::Audience
        | ClaimFault::Expired
        | ClaimFault::NotYetValid
        | ClaimFault::TooOld
        | ClaimFault::LivesTooLong => ProofFault::Malformed,
    }
}
