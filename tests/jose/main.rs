//! Signed and encrypted JWTs, against published vectors and against attacks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "tests are tables, and one that meets the unexpected has failed"
)]

mod claims;
mod encryption;
mod keys;
mod rfc8725;
mod server;
mod signing;
mod support;
mod vectors;
mod wycheproof;
