//! What people may want to know of a server.

use super::fault::{ConfigFault, ensure};
use crate::record::web_url;

/// What people may want to know of a server, told in its metadata [RFC 8414 §2].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct About {
    /// A page for developers; one that says how to register clients where that cannot be done by a request.
    pub service_documentation: Option<String>,
    /// A page on how clients may use the data.
    pub op_policy_uri: Option<String>,
    /// A page with the terms of service.
    pub op_tos_uri: Option<String>,
    /// The languages of the pages that people see, as BCP 47 tags.
    pub ui_locales: Vec<String>,
    /// Whether the resources are listed that tokens can be for [RFC 9728 §4]; not by default.
    pub protected_resources: bool,
}

impl About {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        for page in [&self.service_documentation, &self.op_policy_uri, &self.op_tos_uri].into_iter().flatten() {
            ensure(web_url(page).is_some(), || ConfigFault::Page(page.clone()))?;
        }
        for tag in &self.ui_locales {
            let subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
            ensure(tag.split('-').all(subtag), || ConfigFault::Locale(tag.clone()))?;
        }
        Ok(())
    }
}
