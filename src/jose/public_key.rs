//! Keys that verify.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use super::algorithm::{Algorithm, Algorithms};
use super::crypto::{Crypto, Native};
use super::jwk::{Jwk, KeyFault, Use};
use super::jws::JwsFault;
use super::material::Material;
use super::pem;
use super::thumbprint::Thumbprint;

/// A public key, taken apart and checked once; a clone shares it.
#[derive(Clone)]
pub struct PublicKey {
    prepared: Arc<Prepared>,
    kid: Option<Arc<str>>,
    algorithms: Algorithms,
}

struct Prepared {
    material: Material,
    /// One for each algorithm of the key, made when it is first needed.
    ready: Vec<(Algorithm, OnceLock<Option<<Native as Crypto>::Verifying>>)>,
    thumbprint: OnceLock<Thumbprint>,
}

impl PublicKey {
    /// Reads a public JWK: EC on P-256 and P-384, Ed25519, RSA from 2048 to 8192 bits.
    ///
    /// # Errors
    ///
    /// It is malformed, unsound, private, or meant for something else than verifying.
    pub fn from_jwk(text: impl AsRef<[u8]>) -> Result<Self, KeyFault> {
        Self::from_members(&Jwk::object(text.as_ref())?)
    }

    /// Reads the members of a JWK, of which each must have come once.
    pub(crate) fn from_members(members: &Map<String, Value>) -> Result<Self, KeyFault> {
        let jwk = Jwk::new(members);
        if jwk.is_private() {
            return Err(KeyFault::Private);
        }
        let material = jwk.material()?;
        let algorithms = jwk.algorithms(material.algorithms(), Use::Verify)?;
        Self::new(material, algorithms, jwk.kid()?.map(Arc::from))
    }

    /// Reads a `PUBLIC KEY` (SubjectPublicKeyInfo) or `RSA PUBLIC KEY` (PKCS#1) in PEM.
    ///
    /// # Errors
    ///
    /// It is something else, or unsound.
    pub fn from_pem(text: &str) -> Result<Self, KeyFault> {
        Self::from_der(&pem::decode(text, &["PUBLIC KEY", "RSA PUBLIC KEY"])?)
    }

    /// Reads a SubjectPublicKeyInfo or a PKCS#1 RSA public key in DER.
    ///
    /// # Errors
    ///
    /// It is something else, or unsound.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyFault> {
        let material = match pem::point(der) {
            Some((curve, x, y)) => Material::ec(curve, x, y).ok_or(KeyFault::Unsound)?,
            None => match pem::ed25519(der) {
                Some(x) => Material::ed25519(x).ok_or(KeyFault::Unsound)?,
                None => Native::rsa_from_der(der).map_err(|_| KeyFault::NotDer)?,
            },
        };
        let algorithms = material.algorithms();
        Self::new(material, algorithms, None)
    }

    pub(super) fn new(material: Material, algorithms: Algorithms, kid: Option<Arc<str>>) -> Result<Self, KeyFault> {
        if material.algorithms() == Algorithms::NONE {
            return Err(KeyFault::Unsupported);
        }
        let ready = material.algorithms().iter().map(|algorithm| (algorithm, OnceLock::new())).collect();
        let prepared = Prepared { material, ready, thumbprint: OnceLock::new() };
        // Whether a point is on its curve is known only by preparing it; an RSA key has no such secret.
        if let [(algorithm, _)] = prepared.ready.as_slice() {
            prepared.ready(*algorithm).ok_or(KeyFault::Unsound)?;
        }
        Ok(Self { prepared: Arc::new(prepared), kid, algorithms })
    }

    /// The same key under this name.
    #[must_use]
    pub fn with_kid(mut self, kid: &str) -> Self {
        self.kid = Some(Arc::from(kid));
        self
    }

    /// The same key, for one algorithm only.
    ///
    /// # Errors
    ///
    /// It cannot be used with that.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Self, KeyFault> {
        if !self.algorithms.contain(algorithm) {
            return Err(KeyFault::Misused);
        }
        self.algorithms = Algorithms::NONE.and(algorithm);
        Ok(self)
    }

    /// Its name, if it has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What it can be used with: one algorithm, or those of RSA where its owner did not choose.
    #[must_use]
    pub const fn algorithms(&self) -> Algorithms {
        self.algorithms
    }

    /// Its thumbprint [RFC 7638].
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        *self.prepared.thumbprint.get_or_init(|| Thumbprint::of(&self.prepared.material))
    }

    /// How long its signatures are, in bytes.
    #[must_use]
    pub fn signature_len(&self) -> usize {
        self.prepared.material.signature_len()
    }

    /// Whether `signature` is one over `message`: for EC, `r ‖ s` of fixed length, of which both spellings of `s` hold
    /// [RFC 7518 §3.4].
    ///
    /// # Errors
    ///
    /// It is not, or the key is not for this algorithm.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwsFault> {
        if !self.algorithms.contain(algorithm) {
            return Err(JwsFault::KeyUnfit);
        }
        let key = self.prepared.ready(algorithm).ok_or(JwsFault::KeyUnfit)?;
        Native::verify(key, message, signature).map_err(|_| JwsFault::SignatureWrong)
    }

    /// The public JWK, with `use`, and with `kid` and `alg` where they are settled.
    #[must_use]
    pub fn to_jwk(&self) -> Map<String, Value> {
        let mut jwk = self.bare();
        if let Some(kid) = &self.kid {
            jwk.insert("kid".to_owned(), kid.as_ref().into());
        }
        jwk.insert("use".to_owned(), "sig".into());
        let mut algorithms = self.algorithms.iter();
        if let (Some(algorithm), None) = (algorithms.next(), algorithms.next()) {
            jwk.insert("alg".to_owned(), algorithm.as_str().into());
        }
        jwk
    }

    /// The members that make the key.
    pub(super) fn bare(&self) -> Map<String, Value> {
        self.prepared.material.to_jwk()
    }
}

impl Prepared {
    fn ready(&self, algorithm: Algorithm) -> Option<&<Native as Crypto>::Verifying> {
        let (_, ready) = self.ready.iter().find(|(own, _)| *own == algorithm)?;
        ready.get_or_init(|| Native::verifying(&self.material, algorithm).ok()).as_ref()
    }
}

/// The same key for the same algorithms under the same name.
impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.prepared.material == other.prepared.material
            && self.kid == other.kid
            && self.algorithms == other.algorithms
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("kid", &self.kid)
            .field("algorithms", &self.algorithms)
            .field("thumbprint", &self.thumbprint())
            .finish()
    }
}
