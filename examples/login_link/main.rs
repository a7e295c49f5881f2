//! A grant type of one's own, a login link that is good for once: `cargo run --example login_link`.
//!
//! A person without a password types an address; the host mails a link, and the application that the link opens redeems
//! its token at the token endpoint. The library authenticates the client, limits scope and resource, and issues; what a
//! link is, and that it is good for once, are the host's, in the two endpoints of `link.rs`.

mod link;

use std::error::Error;

use grantor::record::{Client, ClientId, Exposed, GrantType, Subject};
use grantor::server::Place;
use grantor::store::Memory;
use grantor::wire::{Credentials, Introspection, TokenGrant, TokenQuery, TokenRequest, TokenResponse};
use grantor::{AuthorizationServer, Config};
use http::Response;

use link::{IssueLink, LOGIN_LINK, LoginLink};

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
