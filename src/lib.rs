//! OAuth 2.x as pure state machines, without any I/O.
//!
//! A parsed request is an [`Endpoint`](step::Endpoint): it names the records that it needs, and decides over them, the
//! time and a seed. A [`Step`](step::Step) says what to do next with the world outside: load, commit, answer.
//!
//! ```text
//! bytes ─ wire ─▶ request ─ server ─▶ Endpoint ─ step ─▶ Load ▶ decide ▶ Commit ▶ Done ─ wire ─▶ bytes
//!                                        │                  ▲             ▲
//!                                     grant, proof        store: load   store: commit
//! ```
//!
//! Most hosts need [`AuthorizationServer`] alone, which holds all of it together:
//!
//! ```
//! use grantor::{AuthorizationServer, Config};
//! use grantor::record::{Client, ClientSecretDigest, GrantType, Scope};
//! use grantor::server::Place;
//!
//! # #[cfg(feature = "memory")] {
//! let store = grantor::store::Memory::new();
//! let secret = ClientSecretDigest::new("a long random secret", [0x5a; 16], None);
//! let service = Client::builder("service").secret(secret).grant_types(&[GrantType::ClientCredentials]);
//! store.put_client(service.build()?);
//! let config = Config::builder("https://as.example").scopes(["read"]).build()?;
//! let server = AuthorizationServer::new(config, store);
//!
//! let request = http::Request::post("https://as.example/token")
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body("grant_type=client_credentials&client_id=service&client_secret=a+long+random+secret&scope=read")?;
//! assert_eq!(server.answer(Place::Token, &request).status(), http::StatusCode::OK);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`server`]: the endpoints of an authorization server; [`resource`]: the check of a resource server.
//! - [`wire`]: messages, parsed and printed; [`record`]: what is kept; [`store`]: where.
//! - [`step`] and [`drive`]: the machine and its drivers, for tests and for stores and hosts of another shape.
//! - [`extension`]: grant types of the host's own; [`fetch`]: documents that it fetches.
//! - `jose`, behind the feature of that name: signed JWTs and their keys; with it `dpop`, proofs that one holds a key.
//! - [`event`]: what happened, for an audit log.

mod ambient;
mod base64;
mod client_auth;
mod config;
#[cfg(feature = "jose")]
pub mod dpop {
    //! Demonstrating Proof of Possession [RFC 9449], beyond what [`Config`](crate::Config) turns on: proofs as clients make
    //! them, and as a resource server of its own process checks them.

    pub use crate::proof::dpop::{DpopNonces, NewProof, Proof, TargetUri};
}
pub mod drive;
mod ensure;
mod env;
pub mod event;
pub mod extension;
mod facade;
pub mod fetch;
mod grant;
#[cfg(feature = "jose")]
pub mod jose;
mod json;
mod media_type;
mod proof;
pub mod record;
pub mod resource;
pub mod server;
mod sha256;
mod snapshot;
pub mod step;
pub mod store;
pub mod wire;

pub use ambient::{Clock, Randomness, RandomnessFailed, SystemClock, SystemRandomness};
pub use config::{
    About, Caution, ClientDocuments, CommonDetails, Config, ConfigBuilder, ConfigFault, Cors, DetailType, DeviceFlow,
    Lifetimes, MutualTls, Paths, Policy, Practice, Profile, Registration, Rule, Saml2Bearer, Stance,
};
#[cfg(feature = "jose")]
pub use config::{
    AssertionProfile, ClientAssertions, ClientAttestations, Dpop, IdJags, IssuerKeys, JwtAccessTokens, RequestObjects,
    SignedIntrospection, SignedResponses, TrustedIssuer,
};
pub use env::{Env, Label, Seed, Timestamp};
pub use facade::{AuthorizationServer, Outcome, Progress};
pub use grant::asserted::Asserted;
pub use grant::consent_question::{Acquaintance, ConsentQuestion, ProposedConsent};
#[cfg(feature = "jose")]
pub use grant::id_jag::{IdJagGranted, IdJagQuestion};
#[cfg(feature = "jose")]
pub use grant::jwt_bearer::AssertionQuestion;
pub use grant::password::PasswordQuestion;
pub use grant::saml2_bearer::{Saml2Assertion, Saml2Question};
pub use grant::token_exchange::ExchangeQuestion;
pub use snapshot::{
    ClientDocumentQuestion, Halt, Need, Question, RegistrationQuestion, Seen, SigningInput, Snapshot, Verdict,
};

#[cfg(all(doctest, feature = "memory"))]
#[doc = include_str!("../README.md")]
struct Readme;
