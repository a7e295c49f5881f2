//! What a server without signed tokens says of them: that there are none.
#![expect(clippy::unused_self, reason = "with the feature it is used")]

use super::Config;
use crate::record::Resource;

impl Config {
    pub(crate) const fn attestation_algorithms(&self) -> Vec<String> {
        Vec::new()
    }

    pub(crate) const fn assertion_algorithms(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether no token can be for all of `audience` at once: there are no JWTs.
    pub(crate) const fn is_torn(&self, _: &[Resource]) -> bool {
        false
    }

    pub(crate) const fn signs_introspection(&self) -> bool {
        false
    }

    /// How introspection responses can be signed and encrypted, by name: not at all.
    pub(crate) const fn introspection_protections(&self) -> [Vec<String>; 3] {
        [Vec::new(), Vec::new(), Vec::new()]
    }

    pub(crate) const fn proof_algorithms(&self) -> Vec<String> {
        Vec::new()
    }

    pub(crate) const fn serves_dpop(&self) -> bool {
        false
    }

    pub(crate) const fn uses_proofs_up(&self) -> bool {
        false
    }

    pub(super) const fn trusts_anyone(&self) -> bool {
        false
    }

    pub(crate) const fn grant_profiles(&self) -> Vec<String> {
        Vec::new()
    }

    pub(crate) const fn chaining_token_types(&self) -> Vec<String> {
        Vec::new()
    }
}
