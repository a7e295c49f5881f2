//! Signed and encrypted JWTs and their keys, read strictly: compact serialization only, one way to read each token
//! [RFC 7515, RFC 7516, RFC 7517, RFC 7518, RFC 7519, RFC 7638, RFC 8037, RFC 8725].
//!
//! A [`Purpose`] says what a token is for: which algorithms, which `typ`, and whether its key may be in its header. The
//! same value governs printing and reading, so that a token for one purpose is no token for another.
//!
//! ```
//! use grantor::jose::{Algorithm, Audience, Jws, PrivateKey, Purpose, Times};
//! use grantor::Timestamp;
//!
//! let key = PrivateKey::generate(Algorithm::Es256)?;
//! let token = key.token(&Purpose::ID_TOKEN, &serde_json::json!({
//!     "iss": "https://as.example", "sub": "alice", "aud": "client", "iat": 1000, "exp": 1060,
//! }))?;
//!
//! let claims = Jws::parse(&token, &Purpose::ID_TOKEN)?.verify(key.public())?.claims()?;
//! claims.require_issuer("https://as.example")?;
//! claims.require_audience(&["client"])?;
//! claims.require_times(&Times::at(Timestamp::from_unix(1030)))?;
//! assert_eq!(claims.subject()?, "alice");
//! assert_eq!(claims.audience(), Some(&Audience::One("client".to_owned())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`PublicKey`], [`PrivateKey`], [`SharedSecret`]: keys, taken apart and checked once; [`Thumbprint`] names one.
//! - [`JwkSet`]: the keys of someone else; [`KeySet`]: one's own, which change by the clock.
//! - [`Jws`] → [`Verified`] → [`Claims`]: reading. [`SigningKey`] → [`Unsigned`] → text: printing, where the signature may
//!   come from another process.
//! - [`Jwe`], [`EncryptionKey`], [`DecryptionKey`]: tokens that nobody else reads.
//! - [`Signer`], [`AsyncSigner`]: where private keys are; [`LocalSigner`] has them in this process.

mod algorithm;
mod claims;
mod crypto;
mod ecdsa;
mod jwe;
mod jwk;
mod jwk_set;
mod jws;
mod key_set;
mod material;
mod pem;
mod private_key;
mod public_key;
mod purpose;
mod seals;
mod shared_secret;
mod signer;
mod thumbprint;
mod token;

pub use algorithm::{Algorithm, Algorithms};
pub(crate) use claims::LONGEST_ID;
pub use claims::{Audience, ClaimFault, Claims, Times};
pub use jwe::{ContentEncryption, DecryptionKey, EncryptionKey, Jwe, KeyManagement, Undecipherable};
pub use jwk::KeyFault;
pub use jwk_set::JwkSet;
pub use jws::{Header, Jws, JwsFault, Verified};
pub use key_set::{KeySet, KeyState};
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
pub use purpose::Purpose;
pub(crate) use seals::Seals;
pub use shared_secret::SharedSecret;
pub use signer::{AsyncSigner, LocalSigner, Signer, SigningHost, SigningHostFailed, Unsignable};
pub use thumbprint::Thumbprint;
pub use token::{SigningKey, Unsigned};
