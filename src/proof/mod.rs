//! Proofs that bind a request to one made before.

pub(crate) mod pkce;
