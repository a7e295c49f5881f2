//! The client registration endpoint [RFC 7591].
//!
//! ```text
//! (metadata) ──▶ Registered ─┬─ updated ──▶ Registered
//!                            └─ deleted ──▶ gone, and with it all that it was given
//! ```

use std::sync::Arc;

use crate::config::{Config, RegistrationPolicy};
use crate::ensure::ensure;
use crate::event::Event;
use crate::record::{
    Client, ClientId, ClientMetadata, ClientSecretDigest, Exposed, HandleKind, Issued, RegistrationToken,
    SelfRegistration, new_secret,
};
use crate::snapshot::{Halt, Question, RegistrationQuestion, Snapshot, Verdict};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::{Change, Key};
use crate::wire::{ClientInformation, RegistrationRefusal, registration_client_uri};

use super::admission::admit;

/// A client's request to be registered, ready to be decided.
#[derive(Clone, Debug)]
pub struct Register {
    pub(super) config: Arc<Config>,
    initial_access_token: Option<Exposed>,
    metadata: Box<ClientMetadata>,
}

impl Register {
    /// Takes a request to the server of `config`.
    #[must_use]
    pub const fn new(
        config: Arc<Config>,
        initial_access_token: Option<Exposed>,
        metadata: Box<ClientMetadata>,
    ) -> Self {
        Self { config, initial_access_token, metadata }
    }
}

impl Endpoint for Register {
    type Reply = ClientInformation;
    type Refusal = RegistrationRefusal;

    fn keys(&self) -> Vec<Key> {
        Vec::new()
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let env = seen.env()?;
        let policy = self.config.registration().ok_or(RegistrationRefusal::NotServed)?;
        check_initial(policy, self.initial_access_token.as_ref())?;
        let metadata = admit(&self.config, policy, &self.metadata, env.now)?;
        let secret = metadata.needs_secret().then(|| new_secret(env));
        let digest = secret.as_ref().map(|secret| ClientSecretDigest::salted(secret, env));
        let Issued { id, token } = Issued::mint(env);
        let registration = SelfRegistration { issued: env.now, token: Some(RegistrationToken::new(token.digest())) };
        let client = Client::registered(id, metadata, digest, registration).map_err(RegistrationRefusal::Client)?;
        judge(policy, None, client.metadata(), seen)?;

        let token = token.expose(self.config.brand(), HandleKind::RegistrationToken);
        let information = describe(&self.config, &client, token, secret);
        let event = Event::ClientRegistered { client: client.id().clone() };
        Ok(Plan::grant(vec![Change::new_client(client)], information).reporting(event))
    }
}

fn check_initial(policy: &RegistrationPolicy, token: Option<&Exposed>) -> Result<(), RegistrationRefusal> {
    if !policy.needs_token() {
        return Ok(());
    }
    let token = token.ok_or(RegistrationRefusal::TokenMissing)?;
    ensure(policy.accepts(token.as_str()), RegistrationRefusal::TokenInvalid)
}

/// Asks the host, where it wants to be asked.
pub(super) fn judge(
    policy: &RegistrationPolicy,
    client: Option<ClientId>,
    metadata: &ClientMetadata,
    seen: &Snapshot,
) -> Result<(), Halt<RegistrationRefusal>> {
    if !policy.ask_host {
        return Ok(());
    }
    let question = RegistrationQuestion { client, metadata: metadata.clone() };
    let verdict = seen.verdict(Question::Registration(Box::new(question)))?;
    Ok(ensure(verdict == Verdict::Allowed, RegistrationRefusal::Denied)?)
}

/// What a client is told of itself, and its secret if it is new.
pub(super) fn describe(
    config: &Config,
    client: &Client,
    token: Exposed,
    client_secret: Option<Exposed>,
) -> ClientInformation {
    let endpoint = format!("{}{}", config.issuer(), config.paths().registration);
    ClientInformation {
        client_id: client.id().clone(),
        client_id_issued_at: client.registration().map(|own| own.issued),
        client_secret_expires_at: client_secret.as_ref().map(|_| 0),
        client_secret,
        registration_access_token: Some(token),
        registration_client_uri: Some(registration_client_uri(endpoint, client.id())),
        metadata: client.metadata().clone(),
    }
}
