//! Signatures that were verified already.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::jwk_set::JwkSet;
use super::jws::{Jws, JwsFault, Verified};
use super::public_key::PublicKey;
use super::thumbprint::Thumbprint;

/// Which texts were found signed by which keys: a decision that runs again does not verify them again. Whether they were is
/// no state, since verifying has one outcome.
#[derive(Default)]
pub(crate) struct Seals(Mutex<Vec<Seal>>);

#[derive(Clone, Eq, PartialEq)]
struct Seal {
    signed: Box<str>,
    signature: Box<[u8]>,
    key: Thumbprint,
}

impl Seals {
    fn all(&self) -> MutexGuard<'_, Vec<Seal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Jws<'_> {
    /// [`Jws::verify`], unless the same was verified before.
    pub(crate) fn verify_once(self, key: &PublicKey, seals: &Seals) -> Result<Verified, JwsFault> {
        let (signed, signature) = (self.signed_text(), self.signature());
        let thumbprint = key.thumbprint();
        let same = |seal: &Seal| *seal.signed == *signed && *seal.signature == *signature && seal.key == thumbprint;
        // The same numbers may be a key for another algorithm [RFC 8725 §3.1].
        let fits = key.algorithms().contain(self.header().algorithm);
        if !(fits && seals.all().iter().any(same)) {
            key.verify(self.header().algorithm, signed.as_bytes(), signature)?;
            seals.all().push(Seal { signed: signed.into(), signature: signature.into(), key: thumbprint });
        }
        self.verified()
    }

    /// [`Jws::verify_among`], unless the same was verified before.
    pub(crate) fn verify_among_once(self, keys: &JwkSet, seals: &Seals) -> Result<Verified, JwsFault> {
        let key = keys.select(self.header())?;
        self.verify_once(key, seals)
    }
}

impl Clone for Seals {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.all().clone()))
    }
}

/// What was signed may be a secret.
impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seals(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{Algorithm, PrivateKey, Purpose};

    #[test]
    fn only_the_same_text_signature_and_key_count_as_verified() {
        let [key, other] = [(); 2].map(|()| PrivateKey::generate(Algorithm::EdDsa).unwrap());
        let token = |key: &PrivateKey, id: u8| key.token(&Purpose::ID_TOKEN, &serde_json::json!({"jti": id})).unwrap();
        let (good, second) = (token(&key, 1), token(&key, 2));
        let seals = Seals::default();
        let verify = |text: &str, key: &PrivateKey| {
            let jws = Jws::parse(text, &Purpose::ID_TOKEN).unwrap();
            jws.verify_once(key.public(), &seals).map(|verified| verified.payload().to_vec())
        };
        let wrong = Err(JwsFault::SignatureWrong);
        // The signature of one under the text of the other.
        let mixed = format!("{}.{}", second.rsplit_once('.').unwrap().0, good.rsplit_once('.').unwrap().1);
        for _ in 0..2 {
            assert_eq!(verify(&good, &key), Ok(br#"{"jti":1}"#.to_vec()));
            assert_eq!(verify(&mixed, &key), wrong);
            assert_eq!(verify(&good, &other), wrong);
            assert_eq!(verify(&token(&other, 1), &key), wrong);
        }
        // An RSA key without an algorithm, and the same for another one alone.
        let rsa = PrivateKey::generate(Algorithm::Ps256).unwrap();
        let open = PublicKey::from_jwk(serde_json::json!(rsa.public().bare()).to_string()).unwrap();
        let other = open.clone().with_algorithm(Algorithm::Rs256).unwrap();
        let own = Seals::default();
        let text = token(&rsa, 1);
        let jws = || Jws::parse(&text, &Purpose::ID_TOKEN).unwrap();
        assert!(jws().verify_once(&open, &own).is_ok());
        assert_eq!(jws().verify_once(&other, &own).map(|_| ()), Err(JwsFault::KeyUnfit));
        assert_eq!(seals.all().len(), 1, "verified once, and nothing wrong is kept");
        assert_eq!(verify(&second, &key), Ok(br#"{"jti":2}"#.to_vec()));
        assert_eq!(seals.clone().all().len(), 2);
    }
}
