//! The members of a JWK [RFC 7517 §4].

use crate::base64;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::algorithm::{Algorithm, Algorithms};
use super::crypto::PrivateNumbers;
use super::jwe::KeyManagement;
use super::material::{Curve, Material};
use crate::json;

/// How large the text of one key may be, in bytes.
const LONGEST: usize = 32 * 1024;

/// Why a key is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// The text is no object whose members come once and have the types of a JWK's.
    #[error("the key is no JWK, or a member of it is missing or of the wrong type")]
    NotAJwk,
    /// PEM or DER that cannot be read, or holds something else.
    #[error("the key is not in PEM or DER of a form that is read: PKCS#8, SEC 1, PKCS#1, SubjectPublicKeyInfo")]
    NotDer,
    /// A type or a curve that is not known.
    #[error("the type of the key, or its curve, is not supported")]
    Unsupported,
    /// The numbers are no key: wrong length, not on the curve, too small or too large, or not of one pair.
    #[error("the numbers of the key are no key of an accepted size")]
    Unsound,
    /// A private key where a public one belongs; whoever sent it has given it away.
    #[error("the key is a private one")]
    Private,
    /// `use`, `key_ops` or `alg` say that it is for something else [RFC 8725 §3.1].
    #[error("the key is meant for another use or algorithm")]
    Misused,
    /// The key can be used with several algorithms, and one must be chosen.
    #[error("the algorithm of the key is left open; choose one")]
    AlgorithmOpen,
    /// More text, or more keys, than is read.
    #[error("the key or the set of keys is too large")]
    TooLarge,
    /// The cryptography failed.
    #[error("the key could not be made or used")]
    Failed,
}

/// The members of a JWK, each once.
#[derive(Clone, Copy)]
pub(super) struct Jwk<'a>(&'a Map<String, Value>);

/// What a key is for.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Verify,
    Sign,
    Encrypt,
    Decrypt,
}

impl<'a> Jwk<'a> {
    pub(super) const fn new(members: &'a Map<String, Value>) -> Self {
        Self(members)
    }

    /// Reads the text of one key.
    pub(super) fn object(text: &[u8]) -> Result<Map<String, Value>, KeyFault> {
        if text.len() > LONGEST {
            return Err(KeyFault::TooLarge);
        }
        json::object(text).ok_or(KeyFault::NotAJwk)
    }

    fn text(self, name: &str) -> Result<Option<&'a str>, KeyFault> {
        self.0.get(name).map(|value| value.as_str().ok_or(KeyFault::NotAJwk)).transpose()
    }

    fn required(self, name: &str) -> Result<&'a str, KeyFault> {
        self.text(name)?.ok_or(KeyFault::NotAJwk)
    }

    fn number(self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        base64::URL.decode(self.required(name)?).map(Zeroizing::new).ok_or(KeyFault::NotAJwk)
    }

    pub(super) fn kid(self) -> Result<Option<&'a str>, KeyFault> {
        self.text("kid")
    }

    /// The public numbers.
    pub(super) fn material(self) -> Result<Material, KeyFault> {
        let crv = || self.required("crv");
        let number = |name| self.number(name).map(|number| number.to_vec());
        let material = match self.required("kty")? {
            "EC" => {
                let curve = Curve::parse(crv()?).ok_or(KeyFault::Unsupported)?;
                Material::ec(curve, &number("x")?, &number("y")?)
            }
            "OKP" => match crv()? {
                "Ed25519" => Material::ed25519(&number("x")?),
                "X25519" => number("x")?.try_into().ok().map(Material::X25519),
                _ => return Err(KeyFault::Unsupported),
            },
            "RSA" => Material::rsa(number("n")?, number("e")?),
            _ => return Err(KeyFault::Unsupported),
        };
        material.ok_or(KeyFault::Unsound)
    }

    /// Whether it holds what only its owner may have.
    pub(super) fn is_private(self) -> bool {
        ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|name| self.0.contains_key(*name))
    }

    /// The private numbers; all of an RSA key's, and two primes [RFC 7518 §6.3.2].
    pub(super) fn private(self) -> Result<PrivateNumbers, KeyFault> {
        if self.required("kty")? != "RSA" {
            return self.number("d").map(PrivateNumbers::Scalar);
        }
        if self.0.contains_key("oth") {
            return Err(KeyFault::Unsupported);
        }
        let number = |name| self.number(name);
        Ok(PrivateNumbers::Rsa([number("d")?, number("p")?, number("q")?, number("dp")?, number("dq")?, number("qi")?]))
    }

    /// The bytes of a symmetric key [RFC 7518 §6.4].
    pub(super) fn secret(self) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        if self.required("kty")? == "oct" { self.number("k") } else { Err(KeyFault::Unsupported) }
    }

    /// Which of `possible` algorithms it may be used with, where it may be used so at all [RFC 7517 §4.2 to §4.4].
    pub(super) fn algorithms(self, possible: Algorithms, purpose: Use) -> Result<Algorithms, KeyFault> {
        self.check_use(purpose)?;
        let Some(name) = self.text("alg")? else { return Ok(possible) };
        let named = Algorithm::parse_alg(name).filter(|algorithm| possible.contain(*algorithm));
        named.map(|algorithm| Algorithms::NONE.and(algorithm)).ok_or(KeyFault::Misused)
    }

    /// The same for encryption.
    pub(super) fn managements(self, possible: &[KeyManagement], purpose: Use) -> Result<Vec<KeyManagement>, KeyFault> {
        self.check_use(purpose)?;
        let Some(name) = self.text("alg")? else { return Ok(possible.to_vec()) };
        let named = KeyManagement::parse(name).filter(|management| possible.contains(management));
        named.map(|management| vec![management]).ok_or(KeyFault::Misused)
    }

    fn check_use(self, purpose: Use) -> Result<(), KeyFault> {
        let expected = match purpose {
            Use::Verify | Use::Sign => "sig",
            Use::Encrypt | Use::Decrypt => "enc",
        };
        let fits = self.text("use")?.is_none_or(|said| said == expected) && self.permits(purpose)?;
        if fits { Ok(()) } else { Err(KeyFault::Misused) }
    }

    /// [RFC 7517 §4.3]: a list of texts, each once, without those of another use.
    fn permits(self, purpose: Use) -> Result<bool, KeyFault> {
        let Some(operations) = self.0.get("key_ops") else { return Ok(true) };
        let operations = operations.as_array().ok_or(KeyFault::NotAJwk)?;
        let named = operations.iter().map(|name| name.as_str().ok_or(KeyFault::NotAJwk));
        let named = named.collect::<Result<Vec<_>, _>>()?;
        if named.iter().enumerate().any(|(place, name)| named.iter().take(place).any(|earlier| earlier == name)) {
            return Err(KeyFault::NotAJwk);
        }
        let only = |known: &[&str]| named.iter().all(|name| known.contains(name));
        let (signs, seals) =
            (["sign", "verify"], ["encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"]);
        Ok(match purpose {
            Use::Verify => named.contains(&"verify") && only(&signs),
            Use::Sign => named.contains(&"sign") && only(&signs),
            // The public half of an agreement has no operation of its own.
            Use::Encrypt | Use::Decrypt => only(&seals),
        })
    }
}
