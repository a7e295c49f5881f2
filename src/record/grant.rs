//! The aggregate: for whom, to whom, what, and how far its grant type has come.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::mandate::{Mandate, Particulars, Terms};
use super::secret::{self, Fingerprint};
use super::{AuthorizationDetails, ClientId, Confirmation, Digest, GrantId, Resource, Scope, Subject};
use crate::env::Timestamp;

/// Everything that one authorization gave, and its state. It is small, since a store in memory keeps it in place: what only
/// some states have stands behind a pointer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Grant {
    pub(crate) id: GrantId,
    pub(crate) mandate: Arc<Mandate>,
    pub(crate) state: GrantState,
}

/// A grant as it is written.
#[derive(Deserialize, Serialize)]
struct Kept {
    id: GrantId,
    client: ClientId,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    client_may_vanish: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    scope: Scope,
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    details: AuthorizationDetails,
    audience: Arc<[Resource]>,
    created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authenticated: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acr: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    amr: Arc<[String]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    may_act: Option<Arc<[ClientId]>>,
    state: GrantState,
}

/// Where a grant stands.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GrantState {
    /// Awaits the redemption of its authorization code.
    CodeIssued(Arc<IssuedCode>),
    /// Awaits a person, or the device's next poll.
    Device(Arc<DeviceCode>),
    /// Has given tokens.
    Live(Live),
    /// Gives nothing any more; kept while its access tokens could still be shown.
    Revoked,
}

/// An authorization code that was not redeemed yet, and what it is bound to.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct IssuedCode {
    pub(crate) digest: Digest,
    pub(crate) expires: Timestamp,
    pub(crate) redirect_uri: Arc<str>,
    /// Whether the authorization request itself named the redirect URI [RFC 6749 §4.1.3].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) redirect_uri_named: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) challenge: Option<Challenge>,
    /// The thumbprint of the key that its tokens must be bound to [RFC 9449 §10].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dpop_jkt: Option<Digest>,
}

/// A device code that was not redeemed yet.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct DeviceCode {
    pub(crate) digest: Digest,
    pub(crate) expires: Timestamp,
    pub(crate) stage: DeviceStage,
}

/// How far a device authorization has come.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeviceStage {
    /// Awaits a person.
    Pending {
        /// Seconds between two polls.
        interval: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_poll: Option<Timestamp>,
    },
    /// Awaits the next poll, which gets tokens.
    Approved,
    /// Awaits nothing; polls are told so.
    Denied,
}

impl DeviceCode {
    /// How long the answer to a poll stays "expired" instead of "unknown".
    const REMEMBERED: Duration = Duration::from_secs(600);

    pub(crate) fn at(&self, stage: DeviceStage) -> Arc<Self> {
        Arc::new(Self { stage, ..self.clone() })
    }
}

/// What the code verifier must hash to; of `plain` the hash is kept, so that no usable verifier is stored.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Challenge(pub(crate) Digest);

/// A grant that has given tokens, by what it has to remember.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(from = "KeptLive", into = "KeptLive")]
pub(crate) enum Live {
    /// Neither a code nor a refresh token.
    Nothing,
    /// The code that was redeemed.
    Code(Arc<Digest>),
    /// The refresh token, and the code if there was one.
    Refresh(Arc<Refresh>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refresh {
    code: Option<Digest>,
    chain: Chain,
}

/// The same as it is written.
#[derive(Deserialize, Serialize)]
struct KeptLive {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain: Option<Chain>,
}

/// The refresh ratchet: each secret is derived from the one before, so none is stored.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub(crate) struct Chain {
    pub(crate) current: Digest,
    /// What turned the secret before into the current one; only the holder of that one can use it.
    #[serde(with = "secret::bytes")]
    pub(crate) salt: [u8; 32],
    pub(crate) rotated: Timestamp,
    /// Unused after this point, it is dead.
    pub(crate) idle_until: Timestamp,
    /// Dead after this point, however often it is used.
    pub(crate) ends: Timestamp,
    /// The latest spent generations, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) spent: Vec<Fingerprint>,
    /// What must be held to refresh; absent where client authentication shows who refreshes [RFC 8705 §4, §7.1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cnf: Option<Box<Confirmation>>,
}

impl Grant {
    /// Its name.
    #[must_use]
    pub const fn id(&self) -> GrantId {
        self.id
    }

    /// The client it was given to.
    #[must_use]
    pub fn client(&self) -> &ClientId {
        &self.mandate.terms.client
    }

    /// The person who gave it, unless the client acts for itself.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.mandate.subject.as_ref()
    }

    /// What was given.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.mandate.terms.scope
    }

    /// What was given beside the scope [RFC 9396].
    #[must_use]
    pub fn details(&self) -> &AuthorizationDetails {
        &self.mandate.terms.details
    }

    /// Whether tokens of it are of any use.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.state, GrantState::Live(_))
    }

    /// When it was given: for a device, when its person said yes.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.mandate.created
    }

    /// When its refresh token last gave tokens, or was made; absent where there is none.
    #[must_use]
    pub fn refreshed(&self) -> Option<Timestamp> {
        match &self.state {
            GrantState::Live(live) => live.chain().map(|chain| chain.rotated),
            GrantState::CodeIssued(_) | GrantState::Device(_) | GrantState::Revoked => None,
        }
    }

    /// Where its access tokens can be used.
    #[must_use]
    pub fn audience(&self) -> &[Resource] {
        &self.mandate.terms.audience
    }

    /// Whether it gives tokens, or will as soon as its code is redeemed.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        match &self.state {
            GrantState::CodeIssued(_) | GrantState::Live(_) => true,
            GrantState::Device(device) => matches!(device.stage, DeviceStage::Approved),
            GrantState::Revoked => false,
        }
    }

    pub(crate) const fn is_revoked(&self) -> bool {
        matches!(self.state, GrantState::Revoked)
    }

    /// The same grant in its next state.
    pub(crate) fn becoming(&self, state: GrantState) -> Self {
        Self { id: self.id, mandate: Arc::clone(&self.mandate), state }
    }

    /// When the store may forget it, given that its youngest access token lives for `token` from now.
    pub(crate) fn forgettable(&self, now: Timestamp, token: Duration) -> Timestamp {
        let tokens = now.plus(token);
        match &self.state {
            GrantState::CodeIssued(code) => code.expires,
            GrantState::Device(device) => device.expires.plus(DeviceCode::REMEMBERED),
            GrantState::Live(live) => live.chain().map_or(tokens, |chain| tokens.max(chain.dies())),
            GrantState::Revoked => tokens,
        }
    }
}

impl Live {
    /// After the redemption of `code`, with a refresh token or without.
    pub(crate) fn new(code: Option<Digest>, chain: Option<Chain>) -> Self {
        match (code, chain) {
            (None, None) => Self::Nothing,
            (Some(code), None) => Self::Code(code.into()),
            (code, Some(chain)) => Self::Refresh(Refresh { code, chain }.into()),
        }
    }

    /// The code that was redeemed, so that its replay is recognised.
    pub(crate) fn code(&self) -> Option<&Digest> {
        match self {
            Self::Nothing => None,
            Self::Code(code) => Some(code),
            Self::Refresh(refresh) => refresh.code.as_ref(),
        }
    }

    /// The refresh token; absent if none was issued.
    pub(crate) fn chain(&self) -> Option<&Chain> {
        match self {
            Self::Nothing | Self::Code(_) => None,
            Self::Refresh(refresh) => Some(&refresh.chain),
        }
    }
}

impl From<KeptLive> for Live {
    fn from(kept: KeptLive) -> Self {
        Self::new(kept.code, kept.chain)
    }
}

impl From<Live> for KeptLive {
    fn from(live: Live) -> Self {
        Self { code: live.code().copied(), chain: live.chain().cloned() }
    }
}

impl From<Kept> for Grant {
    fn from(kept: Kept) -> Self {
        let Kept { id, client, client_may_vanish, subject, scope, details, audience, .. } = kept;
        let Kept { created, authenticated, acr, amr, may_act, state, .. } = kept;
        let terms = Terms { client, client_may_vanish, scope, details, audience };
        let mandate = Mandate { terms, subject, created, authenticated, particulars: None };
        let mandate = mandate.with(Particulars { acr, amr, may_act });
        Self { id, mandate: Arc::new(mandate), state }
    }
}

impl From<Grant> for Kept {
    fn from(grant: Grant) -> Self {
        let Grant { id, mandate, state } = grant;
        let (acr, amr, may_act) = (mandate.acr().cloned(), mandate.shared_amr(), mandate.may_act().cloned());
        let Mandate { terms, subject, created, authenticated, .. } = Arc::unwrap_or_clone(mandate);
        let Terms { client, client_may_vanish, scope, details, audience } = terms;
        Self {
            id,
            client,
            client_may_vanish,
            subject,
            scope,
            details,
            audience,
            created,
            authenticated,
            acr,
            amr,
            may_act,
            state,
        }
    }
}

/// The salt makes the current secret out of the one before, which may be in some log; it shall not be there as well.
impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { current, rotated, idle_until, ends, spent, cnf, .. } = self;
        let mut shown = f.debug_struct("Chain");
        shown.field("current", current).field("rotated", rotated).field("idle_until", idle_until);
        shown.field("ends", ends).field("spent", spent).field("cnf", cnf).finish_non_exhaustive()
    }
}

impl Chain {
    /// The first moment at which the refresh token is dead.
    pub(crate) fn dies(&self) -> Timestamp {
        self.idle_until.min(self.ends)
    }
}
