//! Encrypted tokens [RFC 7516], in compact serialization and without compression.
//!
//! Whatever is wrong with one, the answer is the same [`Undecipherable`]: what would be told apart could be asked of.

mod agreement;
mod algorithm;
mod content;
mod key;
#[cfg(test)]
mod wycheproof;

use std::fmt;

use crate::base64;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

pub use algorithm::{ContentEncryption, KeyManagement};
pub use key::{DecryptionKey, EncryptionKey};

use super::crypto::{Envelope, Native, Rejected};
use super::jwk::{Jwk, KeyFault};
use super::material::Material;
use crate::json;

/// How long a token may be, in bytes.
const LONGEST: usize = 128 * 1024;

/// How long its header may be, encoded.
const LONGEST_HEADER: usize = 8 * 1024;

/// It could not be decrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the token could not be decrypted")]
#[expect(clippy::exhaustive_structs, reason = "whatever could be added must not be told")]
pub struct Undecipherable;

/// An encrypted token that was not opened yet.
#[derive(Clone)]
pub struct Jwe<'a> {
    /// As it travels: the content is bound to it.
    header: &'a str,
    management: KeyManagement,
    encryption: ContentEncryption,
    kid: Option<String>,
    nested: bool,
    epk: Option<Material>,
    apu: Vec<u8>,
    apv: Vec<u8>,
    content_key: Vec<u8>,
    iv: Vec<u8>,
    content: Vec<u8>,
    tag: Vec<u8>,
}

impl<'a> Jwe<'a> {
    /// Takes a token apart that uses some of these algorithms.
    ///
    /// # Errors
    ///
    /// It is malformed, too large, or uses others.
    pub fn parse(
        text: &'a str,
        managements: &[KeyManagement],
        encryptions: &[ContentEncryption],
    ) -> Result<Self, Undecipherable> {
        if text.len() > LONGEST {
            return Err(Undecipherable);
        }
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(Undecipherable);
        let (header, content_key, iv, content, tag) = (part()?, part()?, part()?, part()?, part()?);
        if parts.next().is_some() || header.len() > LONGEST_HEADER {
            return Err(Undecipherable);
        }
        let members = json::object(&decode(header)?).ok_or(Undecipherable)?;
        let named = |name| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(Undecipherable),
        };
        named("typ")?;
        let management = named("alg")?.and_then(KeyManagement::parse).filter(|own| managements.contains(own));
        let encryption = named("enc")?.and_then(ContentEncryption::parse).filter(|own| encryptions.contains(own));
        let refused = ["crit", "b64", "zip", "jku", "jwk", "x5u", "x5c"];
        if refused.iter().any(|name| members.contains_key(*name)) {
            return Err(Undecipherable);
        }
        let management = management.ok_or(Undecipherable)?;
        let epk = match members.get("epk") {
            Some(Value::Object(epk)) if management != KeyManagement::RsaOaep256 => Some(ephemeral(epk)?),
            None if management == KeyManagement::RsaOaep256 => None,
            Some(_) | None => return Err(Undecipherable),
        };
        Ok(Self {
            header,
            management,
            encryption: encryption.ok_or(Undecipherable)?,
            kid: named("kid")?.map(str::to_owned),
            // [RFC 7519 §5.2]
            nested: named("cty")?.is_some_and(|cty| cty.eq_ignore_ascii_case("JWT")),
            epk,
            apu: decode(named("apu")?.unwrap_or_default())?,
            apv: decode(named("apv")?.unwrap_or_default())?,
            content_key: decode(content_key)?,
            iv: decode(iv)?,
            content: decode(content)?,
            tag: decode(tag)?,
        })
    }

    /// The name of the key that it was encrypted to.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// The key is another or for something else, or anything was changed.
    pub fn decrypt(&self, key: &DecryptionKey) -> Result<Zeroizing<Vec<u8>>, Undecipherable> {
        let named = self.kid.is_none() || key.public().kid().is_none() || self.kid() == key.public().kid();
        if !named || !key.public().managements().contains(&self.management) {
            return Err(Undecipherable);
        }
        let content_key = self.content_key(key)?;
        Ok(self.encryption.open(&content_key, self.header.as_bytes(), &self.iv, &self.content, &self.tag)?)
    }

    /// Opens it to the signed token in it, which must be announced as `cty` [RFC 7519 §5.2].
    ///
    /// # Errors
    ///
    /// The same, or there is something else in it.
    pub fn decrypt_token(&self, key: &DecryptionKey) -> Result<String, Undecipherable> {
        let plain = self.decrypt(key)?;
        let text = std::str::from_utf8(&plain).map_err(|_| Undecipherable)?;
        if self.nested { Ok(text.to_owned()) } else { Err(Undecipherable) }
    }

    fn content_key(&self, key: &DecryptionKey) -> Result<Zeroizing<Vec<u8>>, Undecipherable> {
        let len = self.encryption.key_len();
        let Some(epk) = &self.epk else {
            // [RFC 7516 §11.5]: a key that is wrong and one that is not there look the same.
            let mut other = Zeroizing::new(vec![0; len]);
            Native::random(&mut other)?;
            let unwrapped = Native::rsa_unwrap(key.opening(), &self.content_key).ok();
            return Ok(unwrapped.filter(|unwrapped| unwrapped.len() == len).unwrap_or(other));
        };
        let common = Native::agree(key.opening(), epk)?;
        let derive = |name: &str, len| agreement::derive(&common, name, &self.apu, &self.apv, len);
        match wrapping_len(self.management) {
            None if self.content_key.is_empty() => Ok(derive(self.encryption.as_str(), len)),
            None => Err(Undecipherable),
            Some(wrapping) => {
                let unwrapped = Native::aes_unwrap(&derive(self.management.as_str(), wrapping), &self.content_key)?;
                if unwrapped.len() == len { Ok(unwrapped) } else { Err(Undecipherable) }
            }
        }
    }
}

impl EncryptionKey {
    /// Encrypts; `cty` is `JWT` for a signed token. It draws the system's randomness, so it is for the printing of an
    /// answer and not for a decision.
    ///
    /// # Errors
    ///
    /// The key is for something else, or the cryptography failed.
    pub fn encrypt(
        &self,
        management: KeyManagement,
        encryption: ContentEncryption,
        cty: Option<&str>,
        plain: &[u8],
    ) -> Result<String, KeyFault> {
        if !self.managements().contains(&management) {
            return Err(KeyFault::Misused);
        }
        self.seal(management, encryption, cty, plain).map_err(|_| KeyFault::Failed)
    }

    fn seal(
        &self,
        management: KeyManagement,
        encryption: ContentEncryption,
        cty: Option<&str>,
        plain: &[u8],
    ) -> Result<String, Rejected> {
        let mut header = Map::new();
        let mut say = |name: &str, value: Value| drop(header.insert(name.to_owned(), value));
        say("alg", management.as_str().into());
        say("enc", encryption.as_str().into());
        if let Some(kid) = self.kid() {
            say("kid", kid.into());
        }
        if let Some(cty) = cty {
            say("cty", cty.into());
        }
        let mut content_key = Zeroizing::new(vec![0; encryption.key_len()]);
        Native::random(&mut content_key)?;
        let wrapped = if management == KeyManagement::RsaOaep256 {
            Native::rsa_wrap(self.material(), &content_key)?
        } else {
            let (epk, common) = Native::agree_once(self.material())?;
            say("epk", epk.to_jwk().into());
            let derive = |name: &str, len| agreement::derive(&common, name, &[], &[], len);
            match wrapping_len(management) {
                None => {
                    content_key = derive(encryption.as_str(), encryption.key_len());
                    Vec::new()
                }
                Some(len) => Native::aes_wrap(&derive(management.as_str(), len), &content_key)?,
            }
        };
        let header = base64::URL.encode(Value::Object(header).to_string());
        let sealed = encryption.seal(&content_key, header.as_bytes(), plain)?;
        let parts = [&wrapped, &sealed.iv, &sealed.content, &sealed.tag];
        Ok(parts.into_iter().fold(header, |mut text, part| {
            text.push('.');
            base64::URL.append(part, &mut text);
            text
        }))
    }
}

/// How long the key is that wraps the content's, in bytes; nothing wraps it where it is agreed on.
const fn wrapping_len(management: KeyManagement) -> Option<usize> {
    match management {
        KeyManagement::RsaOaep256 | KeyManagement::EcdhEs => None,
        KeyManagement::EcdhEsA128Kw => Some(16),
        KeyManagement::EcdhEsA256Kw => Some(32),
    }
}

/// A public key and nothing else of it.
fn ephemeral(members: &Map<String, Value>) -> Result<Material, Undecipherable> {
    let jwk = Jwk::new(members);
    if jwk.is_private() { Err(Undecipherable) } else { jwk.material().map_err(|_| Undecipherable) }
}

fn decode(text: &str) -> Result<Vec<u8>, Undecipherable> {
    base64::URL.decode(text).ok_or(Undecipherable)
}

impl From<Rejected> for Undecipherable {
    fn from(_: Rejected) -> Self {
        Self
    }
}

impl fmt::Debug for Jwe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwe")
            .field("management", &self.management)
            .field("encryption", &self.encryption)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
