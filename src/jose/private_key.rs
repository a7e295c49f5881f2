//! Keys that sign.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use zeroize::Zeroizing;

use super::algorithm::{Algorithm, Algorithms};
use super::crypto::{Crypto, Generated, Native};
use super::jwk::{Jwk, KeyFault, Use};
use super::material::Curve;
use super::pem;
use super::public_key::PublicKey;
use super::purpose::Purpose;
use super::token::SigningKey;

/// A private key for one algorithm, taken apart and checked once; a clone shares it. `Debug` shows its public half.
#[derive(Clone)]
pub struct PrivateKey {
    signing: Arc<<Native as Crypto>::Signing>,
    own: SigningKey,
}

impl PrivateKey {
    /// Makes a new key, named by its thumbprint; RSA with 3072 bits.
    ///
    /// # Errors
    ///
    /// There is no public key for this algorithm, or the system's randomness failed.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyFault> {
        let kind = match algorithm {
            Algorithm::Es256 => Generated::Ec(Curve::P256),
            Algorithm::Es384 => Generated::Ec(Curve::P384),
            Algorithm::EdDsa => Generated::Ed25519,
            Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Rs256 => Generated::Rsa,
            Algorithm::Hs256 => return Err(KeyFault::Unsupported),
        };
        let signing = Native::generate(kind).map_err(|_| KeyFault::Failed)?;
        Self::new(signing, Some(algorithm), None)
    }

    /// Reads a private JWK. An RSA key without `alg` is for PS256.
    ///
    /// # Errors
    ///
    /// It is malformed, unsound, public, or meant for something else than signing.
    pub fn from_jwk(text: impl AsRef<[u8]>) -> Result<Self, KeyFault> {
        let members = Jwk::object(text.as_ref())?;
        let jwk = Jwk::new(&members);
        let material = jwk.material()?;
        let algorithms = jwk.algorithms(material.algorithms(), Use::Sign)?;
        let signing = Native::signing_from(&material, &jwk.private()?).map_err(|_| KeyFault::Unsound)?;
        Self::new(signing, sole(algorithms), jwk.kid()?)
    }

    /// Reads a `PRIVATE KEY` (PKCS#8), `EC PRIVATE KEY` (SEC 1) or `RSA PRIVATE KEY` (PKCS#1) in PEM, unencrypted; the
    /// name is the thumbprint, and an RSA key is for PS256.
    ///
    /// # Errors
    ///
    /// It is something else, or unsound.
    pub fn from_pem(text: &str) -> Result<Self, KeyFault> {
        Self::from_der(&pem::decode(text, &["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"])?)
    }

    /// Reads the same in DER.
    ///
    /// # Errors
    ///
    /// It is something else, or unsound.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyFault> {
        Self::new(Native::signing(der).map_err(|_| KeyFault::NotDer)?, None, None)
    }

    fn new(
        signing: <Native as Crypto>::Signing,
        algorithm: Option<Algorithm>,
        kid: Option<&str>,
    ) -> Result<Self, KeyFault> {
        let material = Native::public(&signing).map_err(|_| KeyFault::Unsound)?;
        let possible = material.algorithms();
        let algorithm = algorithm.or_else(|| sole(possible)).unwrap_or(Algorithm::Ps256);
        let public = PublicKey::new(material, possible, kid.map(Arc::from))?;
        let own = SigningKey::new(public, algorithm)?;
        Ok(Self { signing: Arc::new(signing), own })
    }

    /// The same key for another of RSA's algorithms; a key should be used with one only [RFC 8725 §3.1].
    ///
    /// # Errors
    ///
    /// It cannot be used with that.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Self, KeyFault> {
        let material = Native::public(&self.signing).map_err(|_| KeyFault::Unsound)?;
        let possible = material.algorithms();
        let public = PublicKey::new(material, possible, Some(Arc::from(self.own.kid())))?;
        Ok(Self { own: SigningKey::new(public, algorithm)?, ..self })
    }

    /// The same key under this name.
    #[must_use]
    pub fn with_kid(self, kid: &str) -> Self {
        Self { own: self.own.with_kid(kid), ..self }
    }

    /// Its name.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.own.kid()
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.own.algorithm()
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        self.own.public()
    }

    /// What tokens need to know of it.
    #[must_use]
    pub const fn signing_key(&self) -> &SigningKey {
        &self.own
    }

    /// Signs bytes.
    ///
    /// # Errors
    ///
    /// The cryptography failed.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFault> {
        Native::sign(&self.signing, self.algorithm(), message).map_err(|_| KeyFault::Failed)
    }

    /// Prints and signs a token at once.
    ///
    /// # Errors
    ///
    /// The purpose refuses the algorithm, the claims are no object, or the cryptography failed.
    pub fn token(&self, purpose: &Purpose, claims: &impl Serialize) -> Result<String, KeyFault> {
        let unsigned = self.own.token(purpose, claims)?;
        let signature = self.sign(unsigned.bytes())?;
        Ok(unsigned.signed(&signature))
    }

    /// The key as unencrypted PKCS#8 in DER; whoever reads it holds the key.
    ///
    /// # Errors
    ///
    /// The cryptography failed.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        Native::to_pkcs8(&self.signing).map_err(|_| KeyFault::Failed)
    }
}

/// The algorithm, if there is just one.
fn sole(algorithms: Algorithms) -> Option<Algorithm> {
    let mut each = algorithms.iter();
    each.next().filter(|_| each.next().is_none())
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("public", self.public()).finish_non_exhaustive()
    }
}
