//! The client configuration endpoint, where a client that registered itself manages that [RFC 7592].
//!
//! Every request shows the registration access token. An update answers with its successor; the one before works until
//! the successor was used, and gives the same successor again, so that a lost answer locks no one out. Reading changes
//! nothing, and so rotates nothing.

use std::sync::Arc;

use crate::config::Config;
use crate::ensure::ensure;
use crate::env::Env;
use crate::event::Event;
use crate::record::{Accepted, Client, ClientId, ClientSecretDigest, Exposed, Handle, HandleKind, Rotation};
use crate::snapshot::{Halt, Seen, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{ClientInformation, ClientUpdate, RegistrationAction, RegistrationRefusal};

use super::admission::admit;
use super::register::{describe, judge};

/// A client's request about its own registration, ready to be decided.
#[derive(Clone, Debug)]
pub struct Manage {
    pub(super) config: Arc<Config>,
    client: ClientId,
    token: Option<Presented>,
    token_given: bool,
    deed: Deed,
}

/// What is done to the registration.
#[derive(Clone, Debug)]
enum Deed {
    Read,
    Update(Box<ClientUpdate>),
    Delete,
}

/// A registration access token, and the client that it says it is of.
#[derive(Clone, Debug)]
struct Presented {
    handle: Handle,
    owner: ClientId,
    text: Exposed,
}

impl Manage {
    /// Takes a request to the server of `config` about `client`; nothing if it is to register one.
    #[must_use]
    pub fn new(
        config: Arc<Config>,
        client: ClientId,
        access_token: Option<Exposed>,
        action: RegistrationAction,
    ) -> Option<Self> {
        let deed = match action {
            RegistrationAction::Register(_) => return None,
            RegistrationAction::Read => Deed::Read,
            RegistrationAction::Update(update) => Deed::Update(update),
            RegistrationAction::Delete => Deed::Delete,
        };
        let token_given = access_token.is_some();
        let token = access_token.and_then(|text| {
            let handle = Handle::parse(config.brand(), HandleKind::RegistrationToken, text.as_str())?;
            Some(Presented { owner: ClientId::of(handle.grant()), handle, text })
        });
        Some(Self { config, client, token, token_given, deed })
    }

    pub(super) const fn client(&self) -> &ClientId {
        &self.client
    }

    /// The plan that destroys a token which was shown for a client that it is not of [RFC 7592 §2.1].
    fn destroyed(
        &self,
        seen: &Snapshot,
    ) -> Result<Option<Plan<Managed, RegistrationRefusal>>, Halt<RegistrationRefusal>> {
        let Some(Presented { handle, owner, .. }) = &self.token else { return Ok(None) };
        if *owner == self.client {
            return Ok(None);
        }
        let Some(owner) = seen.client(owner)? else { return Ok(None) };
        if accept(owner.value(), handle).is_none() {
            return Ok(None);
        }
        let event = Event::RegistrationTokenMisused { client: owner.value().id().clone() };
        let change = owner.replace(owner.value().guarded_by(None));
        Ok(Some(Plan::refuse(vec![change], RegistrationRefusal::TokenInvalid).reporting(event)))
    }

    fn read(
        &self,
        client: &Seen<'_, Client>,
        presented: &Presented,
        accepted: &Accepted,
    ) -> Plan<Managed, RegistrationRefusal> {
        let token = client.value().registration().and_then(|own| own.token.as_ref());
        let confirmed = match accepted {
            Accepted::Current => token.and_then(|token| token.confirmed()),
            Accepted::Before(_) => None,
        };
        let change = confirmed.map(|token| client.replace(client.value().guarded_by(Some(token))));
        let information = describe(&self.config, client.value(), presented.text.clone(), None);
        Plan::grant(change.into_iter().collect(), Managed::Told(Box::new(information)))
    }

    fn update(
        &self,
        client: &Seen<'_, Client>,
        update: &ClientUpdate,
        presented: &Presented,
        accepted: Accepted,
        (seen, env): (&Snapshot, &Env),
    ) -> Result<Plan<Managed, RegistrationRefusal>, Halt<RegistrationRefusal>> {
        let policy = self.config.registration().ok_or(RegistrationRefusal::NotServed)?;
        let own = client.value();
        ensure(update.client_id == *own.id(), RegistrationRefusal::ClientIdDiffers)?;
        let same = |secret: &Exposed| own.has_secret(secret.as_str(), env.now);
        ensure(update.client_secret.as_ref().is_none_or(same), RegistrationRefusal::ClientSecretDiffers)?;
        let metadata = admit(&self.config, policy, &update.metadata, env.now)?;
        let rotation = match accepted {
            Accepted::Current => Rotation::begin(&presented.handle, env),
            Accepted::Before(rotation) => rotation,
        };
        let had_secret = own.metadata().needs_secret();
        // It is told if it is new, or if the answer that told it was lost.
        let secret = Some(rotation.client_secret())
            .filter(|_| metadata.needs_secret())
            .filter(|secret| !had_secret || own.has_secret(secret.as_str(), env.now));
        let digest = secret.as_ref().filter(|_| !had_secret);
        let digest = digest.map(|secret| ClientSecretDigest::salted(secret, env));
        let next =
            own.updated(metadata, digest, rotation.kept(&presented.handle)).map_err(RegistrationRefusal::Client)?;
        judge(policy, Some(own.id().clone()), next.metadata(), seen)?;

        let token = rotation.successor.expose(self.config.brand(), HandleKind::RegistrationToken);
        let information = describe(&self.config, &next, token, secret);
        let event = Event::ClientUpdated { client: own.id().clone() };
        Ok(Plan::grant(vec![client.replace(next)], Managed::Told(Box::new(information))).reporting(event))
    }
}

/// What became of a managed registration.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a registration is there, or it is gone")]
pub enum Managed {
    /// It is this.
    Told(Box<ClientInformation>),
    /// It is gone.
    Deleted,
}

impl Endpoint for Manage {
    type Reply = Managed;
    type Refusal = RegistrationRefusal;

    fn keys(&self) -> Vec<Key> {
        let owner = self.token.iter().map(|presented| &presented.owner).filter(|owner| **owner != self.client);
        [&self.client].into_iter().chain(owner).cloned().map(Key::Client).collect()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let env = seen.env()?;
        ensure(self.config.registration().is_some(), RegistrationRefusal::NotServed)?;
        ensure(self.token_given, RegistrationRefusal::TokenMissing)?;
        if let Some(destroyed) = self.destroyed(seen)? {
            return Ok(destroyed);
        }
        let client = seen.client(&self.client)?.ok_or(RegistrationRefusal::TokenInvalid)?;
        ensure(client.value().is_self_registered(), RegistrationRefusal::NotManageable)?;
        let presented = self.token.as_ref().filter(|presented| presented.owner == self.client);
        let found = presented.and_then(|presented| Some((presented, accept(client.value(), &presented.handle)?)));
        let (presented, accepted) = found.ok_or(RegistrationRefusal::TokenInvalid)?;
        match &self.deed {
            Deed::Read => Ok(self.read(&client, presented, &accepted)),
            Deed::Update(update) => self.update(&client, update, presented, accepted, (seen, env)),
            Deed::Delete => {
                let event = Event::ClientDeleted { client: self.client.clone() };
                Ok(Plan::grant(vec![client.remove()], Managed::Deleted).reporting(event))
            }
        }
    }
}

fn accept(client: &Client, presented: &Handle) -> Option<Accepted> {
    client.registration()?.token.as_ref()?.recognise(presented)
}
