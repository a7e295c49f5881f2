//! What the answer to a request without a sufficient token asks for [RFC 6750 §3].

use std::fmt::Write as _;

use super::bearer::TokenScheme;
use crate::record::Scope;

/// A challenge.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Challenge {
    /// How a token is to be shown.
    pub scheme: TokenScheme,
    /// What is protected together.
    pub realm: Option<String>,
    /// Why the token is not sufficient; absent where there was none.
    pub error: Option<String>,
    /// For the client's developer.
    pub error_description: Option<String>,
    /// The scope that a token needs.
    pub scope: Option<Scope>,
    /// Where the metadata of the resource is [RFC 9728 §5.1].
    pub resource_metadata: Option<String>,
    /// How surely the person must have proved who they are: one of these, the best first [RFC 9470 §3].
    pub acr_values: Vec<String>,
    /// How many seconds ago they may have proved it [RFC 9470 §3].
    pub max_age: Option<u64>,
    /// The algorithms that DPoP proofs may have, space-delimited [RFC 9449 §7.1].
    pub algs: Option<String>,
}

impl Challenge {
    /// Writes the value of `WWW-Authenticate`.
    #[must_use]
    pub fn print(&self) -> String {
        let (acr_values, max_age) = (self.acr_values.join(" "), self.max_age.map(|seconds| seconds.to_string()));
        let mut text = self.scheme.as_str().to_owned();
        let mut separator = " ";
        for (name, value) in [
            ("realm", self.realm.as_deref()),
            ("error", self.error.as_deref()),
            ("error_description", self.error_description.as_deref()),
            ("scope", self.scope.as_ref().map(Scope::as_str)),
            ("acr_values", Some(&*acr_values).filter(|values| !values.is_empty())),
            ("max_age", max_age.as_deref()),
            ("algs", self.algs.as_deref()),
            ("resource_metadata", self.resource_metadata.as_deref()),
        ] {
            let Some(value) = value else { continue };
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}{name}=\"{quoted}\"");
            separator = ", ";
        }
        text
    }
}
