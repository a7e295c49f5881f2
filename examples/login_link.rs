//! A grant type of one's own, a login link that is good for once: `cargo run --example login_link`.
//!
//! A person without a password types an address; the host mails a link, and the application that the link opens redeems
//! its token at the token endpoint. The library authenticates the client, limits scope and resource, and issues; what a
//! link is, and that it is good for once, are the host's, in the two endpoints below.

use std::error::Error;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::extension::{
    ExtensionDecision, ExtensionGrant, ExtensionGranted, ExtensionId, ExtensionRecord, ExtensionRefusal,
    ExtensionRequest,
};
use grantor::record::{Client, ClientId, Exposed, GrantType, Subject};
use grantor::server::Place;
use grantor::step::{Decision, Endpoint, Plan};
use grantor::store::{Change, Key, Memory};
use grantor::wire::{Credentials, Introspection, Parameters, TokenGrant, TokenQuery, TokenRequest, TokenResponse};
use grantor::{AuthorizationServer, Config, Env, Snapshot};
use http::Response;
use serde_json::json;

const LOGIN_LINK: &str = "https://as.example/grants/login-link";

/// How long a link is good for.
const LIFETIME: Duration = Duration::from_secs(600);

const WRONG: ExtensionRefusal = ExtensionRefusal::invalid_grant("the link is unknown, expired, or used");

/// The record that stands for a link; only the digest of its token is kept.
fn id(token: &str) -> ExtensionId {
    ExtensionId::new("login_link", token.as_bytes())
}

/// Makes a link for a person, to be opened in one application.
#[derive(Clone, Debug)]
struct IssueLink {
    subject: Subject,
    client: ClientId,
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
struct LoginLink;

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

fn main() -> Result<(), Box<dyn Error>> {
    let server = server()?;
    let token = issue(&server, "alice", "app")?;
    println!("mail to alice: open https://app.example/login#link_token={}", token.as_str());

    println!("another application: {}", redeem(&server, "other", &token)?.status());
    let response = redeem(&server, "app", &token)?;
    println!("first redemption: {}", response.status());
    let tokens = TokenResponse::parse(&response).map_err(|refusal| refusal.error)?;
    let person = look_up(&server, "app", tokens.access_token)?.sub.ok_or("no person")?;
    println!("logged in: {}", person.as_str());

    let again = redeem(&server, "app", &token)?;
    let refusal = TokenResponse::parse(&again).err().ok_or("redeemed twice")?;
    println!("second redemption: {} {}", again.status(), refusal.error);
    Ok(())
}

fn server() -> Result<AuthorizationServer<Memory>, Box<dyn Error>> {
    let config = Config::builder("https://as.example").scopes(["read", "write"]).default_scope("read");
    let store = Memory::new();
    let uses = [GrantType::Extension(LOGIN_LINK), GrantType::RefreshToken];
    store.put_client(Client::builder("app").name("An application").grant_types(&uses).build()?);
    store.put_client(Client::builder("other").grant_types(&uses).build()?);
    Ok(AuthorizationServer::new(config.extension_grant(LoginLink).build()?, store))
}

/// What the host does for whoever asks to be logged in as `subject`: only who reads that mail sees the link. Limit how
/// often.
fn issue(server: &AuthorizationServer<Memory>, subject: &str, client: &str) -> Result<Exposed, Box<dyn Error>> {
    let link = IssueLink { subject: Subject::new(subject), client: ClientId::new(client) };
    server.run(link).map_err(|failure| failure.cause)?.map_err(|refusal| format!("{refusal:?}").into())
}

/// What the application sends to the token endpoint, which the host serves like any other.
fn redeem(
    server: &AuthorizationServer<Memory>,
    client: &str,
    token: &Exposed,
) -> Result<Response<Vec<u8>>, Box<dyn Error>> {
    let grant = TokenGrant::Unknown { grant_type: LOGIN_LINK.to_owned() };
    let mut request = TokenRequest::new(Credentials::None { client: ClientId::new(client) }, grant);
    request.other = [("link_token".to_owned(), token.as_str().to_owned())].into_iter().collect();
    Ok(server.answer(Place::Token, &request.print(&"https://as.example/token".parse()?)))
}

fn look_up(
    server: &AuthorizationServer<Memory>,
    client: &str,
    token: Exposed,
) -> Result<Introspection, Box<dyn Error>> {
    let query = TokenQuery::new(Credentials::None { client: ClientId::new(client) }, token);
    let response = server.answer(Place::Introspection, &query.print(&"https://as.example/introspect".parse()?));
    Introspection::parse(response.body()).ok_or_else(|| "the answer cannot be read".into())
}
