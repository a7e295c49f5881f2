//! The grant type: making a link, and redeeming it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::extension::{
    ExtensionDecision, ExtensionGrant, ExtensionGranted, ExtensionId, ExtensionRecord, ExtensionRefusal,
    ExtensionRequest,
};
use grantor::record::{ClientId, Exposed, GrantType, Subject};
use grantor::step::{Decision, Endpoint, Plan};
use grantor::store::{Change, Key};
use grantor::wire::Parameters;
use grantor::{Env, Snapshot};
use serde_json::json;

/// Its name.
pub(crate) const LOGIN_LINK: &str = "https://as.example/grants/login-link";

/// How long a link is good for.
const LIFETIME: Duration = Duration::from_secs(600);

const WRONG: ExtensionRefusal = ExtensionRefusal::invalid_grant("the link is unknown, expired, or used");

/// The record that stands for a link; only the digest of its token is kept.
fn id(token: &str) -> ExtensionId {
    ExtensionId::new("login_link", token.as_bytes())
}

/// Makes a link for a person, to be opened in one application.
#[derive(Clone, Debug)]
pub(crate) struct IssueLink {
    pub(crate) subject: Subject,
    pub(crate) client: ClientId,
}

impl Endpoint for IssueLink {
    type Reply = Exposed;
    type Refusal = ExtensionRefusal;

    fn keys(&self) -> Vec<Key> {
        vec![Key::Client(self.client.clone())]
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let env = seen.env()?;
        let unknown = ExtensionRefusal::unauthorized_client("the client cannot be logged in to by a link");
        let client =
            seen.client(&self.client)?.filter(|client| client.value().may_use(GrantType::Extension(LOGIN_LINK)));
        let client = client.ok_or(unknown)?;
        let token = URL_SAFE_NO_PAD.encode(env.derive("login link"));
        let value = json!({"subject": self.subject, "client": self.client});
        let link = ExtensionRecord::new(id(&token), value, env.now.plus(LIFETIME));
        Ok(Plan::grant(vec![client.still(), Change::new_extension(link)], Exposed::new(token)))
    }
}

/// What a client does with a link: `grant_type=https://as.example/grants/login-link&link_token=…`.
#[derive(Debug)]
pub(crate) struct LoginLink;

impl ExtensionGrant for LoginLink {
    fn grant_type(&self) -> &'static str {
        LOGIN_LINK
    }

    fn keys(&self, parameters: &Parameters) -> Vec<Key> {
        parameters.first("link_token").map(|token| Key::Extension(id(token))).into_iter().collect()
    }

    fn decide(&self, request: &ExtensionRequest<'_>, seen: &Snapshot, env: &Env) -> ExtensionDecision {
        let token = request.parameters.first("link_token");
        let token = token.ok_or(ExtensionRefusal::invalid_request("link_token is missing"))?;
        let link = seen.extension(&id(token))?.ok_or(WRONG)?;
        let value = link.value().value_at(env.now).ok_or(WRONG)?;
        let (Some(subject), Some(client)) = (value["subject"].as_str(), value["client"].as_str()) else {
            return Err(WRONG.into());
        };
        // A link that is opened in another application is one that was stolen, or a trap.
        if client != request.client.id().as_str() {
            return Err(WRONG.into());
        }
        let granted = ExtensionGranted::to(Subject::new(subject), env.now).refreshable();
        // The link ends in the commit that issues the tokens: of two redemptions, one finds it gone.
        Ok(Plan::grant(vec![link.consume()], granted))
    }
}
