//! What is asked for, and then given.

use std::sync::Arc;

use super::{AuthorizationDetails, Resource, Scope};

/// What a client would get, and where.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) scope: Scope,
    /// What it would get beside the scope [RFC 9396].
    pub(crate) details: AuthorizationDetails,
    pub(crate) audience: Arc<[Resource]>,
}
