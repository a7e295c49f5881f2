//! A client that registered itself, and what lets it manage that [RFC 7591, RFC 7592].

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::{ClientFault, ClientId, ClientMetadata, ClientSecretDigest, Digest, Exposed, GrantId, Handle, secret};
use crate::env::{Env, Label, Timestamp, hmac_sha256};

/// What is kept of a registration.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct SelfRegistration {
    pub(crate) issued: Timestamp,
    /// Absent once the token was shown for another client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<RegistrationToken>,
}

/// The registration access token, as a ratchet: an update gives its successor, and who lost that answer asks again.
///
/// ```text
/// Live{n} ── n updates ──▶ Live{n+1 | n} ─┬─ n again ──▶ the same n+1
///                                         └─ n+1 used ─▶ Live{n+1}
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct RegistrationToken {
    current: Digest,
    /// The one before, until the current one was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Before>,
}

#[derive(Clone, Deserialize, PartialEq, Serialize)]
struct Before {
    token: Digest,
    /// What turned it into the current one; only its holder can use it.
    #[serde(with = "secret::bytes")]
    salt: [u8; 32],
}

/// The salt makes the current token out of the one before, which may be in some log; it shall not be there as well.
impl fmt::Debug for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Before").field("token", &self.token).finish_non_exhaustive()
    }
}

/// A registration access token that was presented and accepted.
#[derive(Debug)]
pub(crate) enum Accepted {
    Current,
    /// The one before: the answer that held its successor was not received.
    Before(Rotation),
}

/// The step from one token to the next, which can be taken again.
#[derive(Debug)]
pub(crate) struct Rotation {
    pub(crate) successor: Handle,
    salt: Salt,
}

struct Salt([u8; 32]);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl Rotation {
    /// The step from `presented` under a fresh salt.
    pub(crate) fn begin(presented: &Handle, env: &Env) -> Self {
        Self::take(presented, env.derive("registration access token salt"))
    }

    fn take(presented: &Handle, salt: [u8; 32]) -> Self {
        let successor = Handle::new(presented.grant(), hmac_sha256(presented.secret(), &salt));
        Self { successor, salt: Salt(salt) }
    }

    /// The client secret of the same update, so that it is not lost with its answer either.
    pub(crate) fn client_secret(&self) -> Exposed {
        secret_text(&hmac_sha256(self.successor.secret(), &self.salt.0))
    }

    /// What is kept once the step was taken from `presented`.
    pub(crate) fn kept(&self, presented: &Handle) -> RegistrationToken {
        let before = Before { token: presented.digest(), salt: self.salt.0 };
        RegistrationToken { current: self.successor.digest(), before: Some(before) }
    }
}

impl RegistrationToken {
    pub(crate) const fn new(current: Digest) -> Self {
        Self { current, before: None }
    }

    /// What `presented` is to this, or nothing if it is no token of it.
    pub(crate) fn recognise(&self, presented: &Handle) -> Option<Accepted> {
        if self.current.matches(presented.secret()) {
            return Some(Accepted::Current);
        }
        let before = self.before.as_ref().filter(|before| before.token.matches(presented.secret()))?;
        Some(Accepted::Before(Rotation::take(presented, before.salt)))
    }

    /// The same, now that the current token was used; nothing if that changes nothing.
    pub(crate) fn confirmed(&self) -> Option<Self> {
        self.before.is_some().then(|| Self::new(self.current))
    }
}

/// What a new client is given, once.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) id: ClientId,
    pub(crate) token: Handle,
}

impl Issued {
    /// The name of a client and its registration access token, which holds that name.
    pub(crate) fn mint(env: &Env) -> Self {
        let name = GrantId::mint_for_client(env);
        Self {
            id: ClientId::of(name),
            token: Handle::mint(name, env, const { Label::new("registration access token") }),
        }
    }
}

impl ClientId {
    /// The client that a registration access token names.
    pub(crate) fn of(name: GrantId) -> Self {
        Self::new(&name.to_string())
    }
}

/// A new client secret, as it is handed out.
pub(crate) fn new_secret(env: &Env) -> Exposed {
    secret_text(&env.derive("client secret"))
}

fn secret_text(bytes: &[u8; 32]) -> Exposed {
    let mut text = String::with_capacity(43);
    Handle::append_secret(bytes, &mut text);
    Exposed::new(text)
}

impl Client {
    /// A client that registered itself.
    pub(crate) fn registered(
        id: ClientId,
        metadata: ClientMetadata,
        secret: Option<ClientSecretDigest>,
        registration: SelfRegistration,
    ) -> Result<Self, ClientFault> {
        let mut fields = Self::builder(id.as_str()).metadata(metadata).fields;
        fields.secrets.extend(secret);
        fields.registration = Some(registration);
        Self::from_fields(fields)
    }

    /// How it registered itself, if it did: then it can also be gone from one moment to the next.
    pub(crate) const fn registration(&self) -> Option<&SelfRegistration> {
        self.fields.registration.as_ref()
    }

    /// Whether it registered itself, and so may remove itself at any time.
    #[must_use]
    pub const fn is_self_registered(&self) -> bool {
        self.fields.registration.is_some()
    }

    /// The same client with other metadata; `secret` is what it gets if it had none and now needs one. What its operator
    /// said of it stays, but that its publisher is verified.
    pub(crate) fn updated(
        &self,
        metadata: ClientMetadata,
        secret: Option<ClientSecretDigest>,
        token: RegistrationToken,
    ) -> Result<Self, ClientFault> {
        let mut fields = self.fields.clone();
        if metadata.needs_secret() {
            fields.secrets.extend(secret);
        } else {
            fields.secrets.clear();
        }
        // Whoever vouched for it had seen something else.
        if fields.metadata != metadata {
            fields.publisher = None;
        }
        fields.metadata = metadata;
        fields.registration = fields.registration.map(|own| SelfRegistration { token: Some(token), ..own });
        Self::from_fields(fields)
    }

    /// The same client with another registration access token, or none.
    pub(crate) fn guarded_by(&self, token: Option<RegistrationToken>) -> Self {
        let mut next = self.clone();
        next.fields.registration = next.fields.registration.map(|own| SelfRegistration { token, ..own });
        next
    }

    /// The same client with one more secret; those that it has expire after `overlap`, those that have expired are gone.
    pub(crate) fn with_secret(&self, secret: ClientSecretDigest, now: Timestamp, overlap: Duration) -> Self {
        let mut next = self.clone();
        next.fields.secrets.retain_mut(|old| old.expire_by(now.plus(overlap)) > now);
        next.fields.secrets.push(secret);
        next
    }
}
