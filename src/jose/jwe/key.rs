//! Keys that encrypt, and keys that decrypt.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::algorithm::KeyManagement;
use crate::jose::crypto::{Envelope, Generated, Native};
use crate::jose::jwk::{Jwk, KeyFault, Use};
use crate::jose::material::{Curve, Material};
use crate::jose::pem;
use crate::jose::thumbprint::Thumbprint;

/// A public key to encrypt to: RSA, P-256, P-384 or X25519.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EncryptionKey {
    material: Arc<Material>,
    kid: Option<Arc<str>>,
    managements: Vec<KeyManagement>,
}

impl EncryptionKey {
    /// Reads a public JWK.
    ///
    /// # Errors
    ///
    /// It is malformed, unsound, private, or meant for something else than encryption.
    pub fn from_jwk(text: impl AsRef<[u8]>) -> Result<Self, KeyFault> {
        Self::from_members(&Jwk::object(text.as_ref())?)
    }

    pub(in crate::jose) fn from_members(members: &Map<String, Value>) -> Result<Self, KeyFault> {
        let jwk = Jwk::new(members);
        if jwk.is_private() { Err(KeyFault::Private) } else { Self::of(jwk, Use::Encrypt) }
    }

    fn of(jwk: Jwk<'_>, purpose: Use) -> Result<Self, KeyFault> {
        let material = jwk.material()?;
        let possible: &[_] = match material {
            Material::Rsa { .. } => &[KeyManagement::RsaOaep256],
            Material::Ec { .. } | Material::X25519(_) => &KeyManagement::AGREEING,
            Material::Ed25519(_) => return Err(KeyFault::Unsupported),
        };
        Native::check(&material).map_err(|_| KeyFault::Unsound)?;
        let managements = jwk.managements(possible, purpose)?;
        Ok(Self { material: Arc::new(material), kid: jwk.kid()?.map(Arc::from), managements })
    }

    /// The same key under this name.
    #[must_use]
    pub fn with_kid(mut self, kid: &str) -> Self {
        self.kid = Some(Arc::from(kid));
        self
    }

    /// Its name, if it has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What it can be used with.
    #[must_use]
    pub fn managements(&self) -> &[KeyManagement] {
        &self.managements
    }

    /// Its thumbprint [RFC 7638].
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(&self.material)
    }

    /// The public JWK, with `use`, and with `kid` and `alg` where they are settled.
    #[must_use]
    pub fn to_jwk(&self) -> Map<String, Value> {
        let mut jwk = self.material.to_jwk();
        if let Some(kid) = &self.kid {
            jwk.insert("kid".to_owned(), kid.as_ref().into());
        }
        jwk.insert("use".to_owned(), "enc".into());
        if let [management] = self.managements.as_slice() {
            jwk.insert("alg".to_owned(), management.as_str().into());
        }
        jwk
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }
}

/// A private key that decrypts; a clone shares it. `Debug` shows its public half.
#[derive(Clone)]
pub struct DecryptionKey {
    opening: Arc<<Native as Envelope>::Opening>,
    public: EncryptionKey,
}

impl DecryptionKey {
    /// Makes a new key for one algorithm, named by its thumbprint; on P-256, or RSA with 3072 bits.
    ///
    /// # Errors
    ///
    /// The system's randomness failed.
    pub fn generate(management: KeyManagement) -> Result<Self, KeyFault> {
        let kind = match management {
            KeyManagement::RsaOaep256 => Generated::Rsa,
            KeyManagement::EcdhEs | KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA256Kw => {
                Generated::Ec(Curve::P256)
            }
        };
        let opening = Native::generate_opening(kind).map_err(|_| KeyFault::Failed)?;
        Self::new(opening, &[management])
    }

    /// Reads a private JWK.
    ///
    /// # Errors
    ///
    /// It is malformed, unsound, public, or meant for something else than decryption.
    pub fn from_jwk(text: impl AsRef<[u8]>) -> Result<Self, KeyFault> {
        let members = Jwk::object(text.as_ref())?;
        let jwk = Jwk::new(&members);
        let public = EncryptionKey::of(jwk, Use::Decrypt)?;
        let opening = Native::opening_from(&public.material, &jwk.private()?).map_err(|_| KeyFault::Unsound)?;
        Ok(Self { opening: Arc::new(opening), public })
    }

    /// Reads a `PRIVATE KEY` (PKCS#8), `EC PRIVATE KEY` (SEC 1) or `RSA PRIVATE KEY` (PKCS#1) in PEM, unencrypted; the
    /// name is the thumbprint.
    ///
    /// # Errors
    ///
    /// It is something else, or unsound.
    pub fn from_pem(text: &str) -> Result<Self, KeyFault> {
        let der = pem::decode(text, &["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"])?;
        let opening = Native::opening(&der).map_err(|_| KeyFault::NotDer)?;
        Self::new(opening, &KeyManagement::ALL)
    }

    fn new(opening: <Native as Envelope>::Opening, managements: &[KeyManagement]) -> Result<Self, KeyFault> {
        let material = Native::opening_public(&opening).map_err(|_| KeyFault::Unsound)?;
        let rsa = matches!(material, Material::Rsa { .. });
        let fitting = managements.iter().copied().filter(|own| rsa == (*own == KeyManagement::RsaOaep256)).collect();
        let kid = Some(Arc::from(Thumbprint::of(&material).to_string()));
        let public = EncryptionKey { material: Arc::new(material), kid, managements: fitting };
        Ok(Self { opening: Arc::new(opening), public })
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &EncryptionKey {
        &self.public
    }

    /// The same key under this name.
    #[must_use]
    pub fn with_kid(self, kid: &str) -> Self {
        Self { public: self.public.with_kid(kid), ..self }
    }

    pub(super) fn opening(&self) -> &<Native as Envelope>::Opening {
        &self.opening
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey").field("public", &self.public).finish_non_exhaustive()
    }
}
