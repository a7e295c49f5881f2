//! Grant types that a host defines, with their own parameters, evidence and records [RFC 6749 §4.5].
//!
//! ```text
//! token request ─▶ (client authenticates) ─▶ ExtensionGrant::decide ─┬─▶ ExtensionGranted ─▶ tokens
//!                                                                    └─▶ ExtensionRefusal
//! ```
//!
//! What the host has issued before, such as a code that is good for one use, it keeps as [`ExtensionRecord`]s, and its
//! decision consumes them in the very commit that issues the tokens. `examples/login_link/` is a whole one.

use std::fmt::Debug;
use std::sync::Arc;

use crate::env::{Env, Timestamp};
use crate::record::{AuthorizationDetails, Client, Scope, Subject};
use crate::snapshot::{Halt, Snapshot};
use crate::step::Plan;
use crate::store::Key;
use crate::wire::Parameters;

pub use crate::record::{ExtensionId, ExtensionRecord};
pub use crate::wire::ExtensionRefusal;

/// A grant type of a host. Clients use it that have its name among their grant types.
pub trait ExtensionGrant: Debug + Send + Sync {
    /// The absolute URI that names it.
    fn grant_type(&self) -> &'static str;

    /// The records that the parameters alone already name, so that they are read together with the client.
    fn keys(&self, parameters: &Parameters) -> Vec<Key> {
        let _ = parameters;
        Vec::new()
    }

    /// Decides over one snapshot: pure, and run again when something was missing or a commit met a conflict. Every record
    /// that it relies on belongs into the changes of its plan; the client is there already.
    ///
    /// # Errors
    ///
    /// Something is missing, or the request is refused without a trace.
    fn decide(&self, request: &ExtensionRequest<'_>, seen: &Snapshot, env: &Env) -> ExtensionDecision;
}

/// What the decision of an extension comes to.
pub type ExtensionDecision = Result<Plan<ExtensionGranted, ExtensionRefusal>, Halt<ExtensionRefusal>>;

/// A request for tokens by a client that is authenticated and may use the grant type.
#[derive(Debug)]
#[non_exhaustive]
pub struct ExtensionRequest<'r> {
    /// Who asks.
    pub client: &'r Client,
    /// What the request says beside what every token request may say.
    pub parameters: &'r Parameters,
    /// The scope that is asked for; whether it can be given is decided afterwards.
    pub scope: Option<&'r str>,
}

/// Whose tokens are issued, and what they allow at most.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExtensionGranted {
    pub(crate) person: Option<(Subject, Timestamp)>,
    pub(crate) scope: Option<Scope>,
    pub(crate) details: Option<AuthorizationDetails>,
    pub(crate) refreshable: bool,
    pub(crate) acr: Option<Arc<str>>,
    pub(crate) amr: Arc<[String]>,
}

impl ExtensionGranted {
    /// Tokens for a person who proved who they are at `authenticated`.
    #[must_use]
    pub fn to(subject: Subject, authenticated: Timestamp) -> Self {
        Self { person: Some((subject, authenticated)), ..Self::to_client() }
    }

    /// Tokens for the client itself.
    #[must_use]
    pub fn to_client() -> Self {
        Self { person: None, scope: None, details: None, refreshable: false, acr: None, amr: Arc::from([]) }
    }

    /// Says which authentication context class the person's proof reaches [RFC 9470 §6.2].
    #[must_use]
    pub fn with_acr(mut self, acr: &str) -> Self {
        self.acr = Some(acr.into());
        self
    }

    /// Says how the person proved who they are [RFC 8176].
    #[must_use]
    pub fn with_amr<I: IntoIterator<Item: Into<String>>>(mut self, methods: I) -> Self {
        self.amr = methods.into_iter().map(Into::into).collect();
        self
    }

    /// Gives this scope at most, and all that the client may have of it where it asks for none; otherwise the client's
    /// own limits are the only ones.
    #[must_use]
    pub fn scope(mut self, most: Scope) -> Self {
        self.scope = Some(most);
        self
    }

    /// Gives these authorization details at most; otherwise what the client may ask for [RFC 9396].
    #[must_use]
    pub fn details(mut self, most: AuthorizationDetails) -> Self {
        self.details = Some(most);
        self
    }

    /// Gives a refresh token too, if the client may use one.
    #[must_use]
    pub const fn refreshable(mut self) -> Self {
        self.refreshable = true;
        self
    }
}
