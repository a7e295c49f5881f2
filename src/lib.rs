//! OAuth 2.x as pure state machines, without any I/O.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod ambient;
mod client_auth;
mod config;
pub mod drive;
mod env;
pub mod event;
mod facade;
mod grant;
mod proof;
pub mod record;
pub mod resource;
pub mod server;
mod snapshot;
pub mod step;
pub mod store;
pub mod wire;

pub use ambient::{Clock, Randomness, RandomnessFailed, SystemClock, SystemRandomness};
pub use config::{Config, ConfigBuilder, ConfigFault, Lifetimes, Paths};
pub use env::{Env, Seed, Timestamp};
pub use facade::{AuthorizationServer, Outcome, Progress};
pub use snapshot::{Halt, Need, Question, Seen, SigningInput, Snapshot, Unfetched, Verdict};
