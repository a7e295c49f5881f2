//! A store in any state, with few enough secrets that requests find what is in it.

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use grantor::record::{Client, ClientSecretDigest, Digest, GrantId, GrantType, Record};
use grantor::server::Place;
use grantor::store::Key;
use http::{HeaderValue, Request};
use serde_json::{Value, json};

use crate::{Ledger, NOW};

/// The clients of every scene, with their redirect URIs.
pub const CLIENTS: [(&str, &[&str]); 4] = [
    ("web", &["https://web.example/cb?tenant=1"]),
    ("spa", &["https://spa.example/cb", "https://spa.example/other"]),
    ("cli", &["http://127.0.0.1/cb", "com.example.cli:/cb"]),
    ("api", &[]),
];

const SECRET: &str = "s:e%c+r t";
const VERIFIERS: [&str; 3] =
    ["short", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];

/// A grant in any state.
#[derive(Arbitrary, Debug)]
pub struct Grant {
    id: u8,
    client: u8,
    scope: u8,
    person: bool,
    state: State,
    tokens: Vec<(u8, i16)>,
    /// Kept where another grant belongs.
    misplaced: bool,
}

#[derive(Arbitrary, Debug)]
enum State {
    CodeIssued { secret: u8, expires: i16, uri: u8, named: bool, verifier: Option<u8> },
    Live { code: Option<u8>, chain: Option<Chain> },
    Revoked,
}

#[derive(Arbitrary, Debug)]
struct Chain {
    current: u8,
    salt: [u8; 32],
    rotated: i16,
    idle: i16,
    ends: i16,
    spent: Vec<u8>,
}

/// A request that could be good, and what is done to its bytes.
#[derive(Arbitrary, Debug)]
pub struct Call<'a> {
    client: u8,
    proof: Proof,
    what: What,
    scope: Option<u8>,
    appended: &'a [u8],
    flipped: Option<(u16, u8)>,
    /// Seconds that pass before it.
    pub later: u16,
}

#[derive(Arbitrary, Debug)]
enum Proof {
    Bare,
    Basic,
    Post,
    Wrong,
}

#[derive(Arbitrary, Debug)]
enum What {
    Redeem { code: Shown, uri: Option<u8>, verifier: Option<u8> },
    Refresh { token: Shown },
    ActForItself,
    Introspect { token: Shown, access: bool },
    Revoke { token: Shown, access: bool },
    Other,
}

#[derive(Arbitrary, Debug)]
enum Shown {
    Stored {
        grant: u8,
        secret: u8,
    },
    /// The latest that was issued, or the one before.
    Issued {
        before: bool,
    },
}

const fn id(number: u8) -> [u8; 16] {
    [number % 4; 16]
}

const fn secret(number: u8) -> [u8; 32] {
    [number % 8; 32]
}

fn digest(number: u8) -> String {
    Digest::of(&secret(number)).to_base64url()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn moment(offset: i16) -> u64 {
    NOW.saturating_add_signed(offset.into())
}

fn scope(bits: u8) -> String {
    let words = ["read", "write", "openid", "offline_access", "unheard"].into_iter().enumerate();
    words.filter(|(place, _)| bits >> place & 1 == 1).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

fn client(number: u8) -> (&'static str, &'static [&'static str]) {
    CLIENTS[usize::from(number) % CLIENTS.len()]
}

/// One of the redirect URIs of any client, or of none.
fn uri(number: u8) -> &'static str {
    let all = CLIENTS.iter().flat_map(|(_, uris)| *uris).copied().chain(["https://evil.example/cb"]);
    all.cycle().nth(usize::from(number) % 6).unwrap_or_default()
}

/// Adds the clients.
///
/// # Panics
///
/// A client is refused.
pub fn add_clients(ledger: &Ledger) {
    static BUILT: LazyLock<Vec<Arc<Client>>> = LazyLock::new(build_clients);
    ledger.now.set(NOW);
    for client in &*BUILT {
        ledger.put(Key::Client(client.id().clone()), Record::Client(Arc::clone(client)));
    }
}

fn build_clients() -> Vec<Arc<Client>> {
    use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken};
    let build = |(name, uris): (&str, &[&str])| {
        let mut builder = uris.iter().fold(Client::builder(name).native(), |builder, uri| builder.redirect_uri(*uri));
        if matches!(name, "web" | "api") {
            builder = builder.secret(ClientSecretDigest::new(SECRET, [1; 16], None));
        }
        let builder = builder.grant_types(match name {
            "web" => &[AuthorizationCode, RefreshToken, ClientCredentials],
            "api" => &[ClientCredentials],
            _ => &[AuthorizationCode, RefreshToken],
        });
        Arc::new(builder.build().expect("a good client"))
    };
    CLIENTS.into_iter().map(build).collect()
}

impl Grant {
    /// Adds the grant and its access tokens.
    ///
    /// # Panics
    ///
    /// It cannot be decoded.
    pub fn add(&self, ledger: &Ledger) {
        let (client, scope) = (client(self.client).0, scope(self.scope));
        let mut grant = json!({
            "id": encode(&id(self.id)), "client": client, "scope": scope, "audience": ["https://api.example"],
            "created": NOW, "state": self.state.stored(),
        });
        if self.person {
            grant["subject"] = "alice".into();
        }
        let key = Key::Grant(GrantId::new(id(if self.misplaced { self.id ^ 1 } else { self.id })));
        ledger.put(key, decode(&json!({ "v": 1, "grant": grant })));
        for (number, expires) in self.tokens.iter().take(4) {
            let token = json!({
                "id": { "grant": encode(&id(self.id)), "digest": digest(*number) }, "client": client, "scope": scope,
                "audience": [], "issued": NOW, "expires": moment(*expires),
            });
            ledger.put(token_key(&token["id"]), decode(&json!({ "v": 1, "token": token })));
        }
    }
}

fn token_key(id: &Value) -> Key {
    Key::Token(serde_json::from_value(id.clone()).expect("the name of a token"))
}

fn decode(stored: &Value) -> Record {
    Record::decode(stored.to_string().as_bytes()).expect("a record of version 1")
}

impl State {
    fn stored(&self) -> Value {
        match self {
            Self::CodeIssued { secret, expires, uri: place, named, verifier } => {
                let mut code = json!({
                    "digest": digest(*secret), "expires": moment(*expires), "redirect_uri": uri(*place),
                    "redirect_uri_named": named,
                });
                if let Some(verifier) = verifier.map(|number| VERIFIERS[usize::from(number) % 3]) {
                    code["challenge"] = Digest::of(verifier.as_bytes()).to_base64url().into();
                }
                json!({ "code_issued": code })
            }
            Self::Live { code, chain } => {
                let mut live = json!({});
                if let Some(code) = code {
                    live["code"] = digest(*code).into();
                }
                if let Some(chain) = chain {
                    let spent =
                        chain.spent.iter().take(40).map(|number| encode(&Digest::of(&secret(*number)).as_bytes()[..8]));
                    live["chain"] = json!({
                        "current": digest(chain.current), "salt": encode(&chain.salt), "rotated": moment(chain.rotated),
                        "idle_until": moment(chain.idle), "ends": moment(chain.ends),
                        "spent": spent.collect::<Vec<_>>(),
                    });
                }
                json!({ "live": live })
            }
            Self::Revoked => json!("revoked"),
        }
    }
}

/// The texts that were issued so far.
#[derive(Debug, Default)]
pub struct Issued {
    /// Access tokens.
    pub access: Vec<String>,
    /// Refresh tokens.
    pub refresh: Vec<String>,
}

/// A token as it travels, taken apart.
#[derive(Debug)]
pub struct Opened {
    /// The key of its grant.
    pub grant: Key,
    /// The key of its record, if it is an access token.
    pub token: Key,
    /// The digest of its secret.
    pub digest: String,
}

impl Opened {
    /// Takes a token apart.
    ///
    /// # Panics
    ///
    /// It is none.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let raw = URL_SAFE_NO_PAD.decode(&text["gr_at_".len()..]).expect("a handle");
        let (grant, secret) = raw.split_first_chunk().expect("a handle");
        let digest = Digest::of(secret).to_base64url();
        let token = token_key(&json!({ "grant": encode(grant), "digest": digest }));
        Self { grant: Key::Grant(GrantId::new(*grant)), token, digest }
    }
}

impl Call<'_> {
    /// The endpoint that it goes to.
    #[must_use]
    pub const fn place(&self) -> Place {
        match self.what {
            What::Introspect { .. } => Place::Introspection,
            What::Revoke { .. } => Place::Revocation,
            What::Redeem { .. } | What::Refresh { .. } | What::ActForItself | What::Other => Place::Token,
        }
    }

    /// The request.
    ///
    /// # Panics
    ///
    /// A header is no header.
    #[must_use]
    pub fn request(&self, issued: &Issued) -> Request<Vec<u8>> {
        let (name, _) = client(self.client);
        let mut body = String::new();
        let mut append = |name: &str, value: &str| {
            let value: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            body.push_str(&format!("&{name}={value}"));
        };
        match &self.what {
            What::Redeem { code, uri: place, verifier } => {
                append("grant_type", "authorization_code");
                append("code", &code.text("gr_ac_", &[]));
                place.iter().for_each(|place| append("redirect_uri", uri(*place)));
                verifier.iter().for_each(|number| append("code_verifier", VERIFIERS[usize::from(*number) % 3]));
            }
            What::Refresh { token } => {
                append("grant_type", "refresh_token");
                append("refresh_token", &token.text("gr_rt_", &issued.refresh));
            }
            What::ActForItself => append("grant_type", "client_credentials"),
            What::Introspect { token, access: true } | What::Revoke { token, access: true } => {
                append("token", &token.text("gr_at_", &issued.access));
            }
            What::Introspect { token, access: false } | What::Revoke { token, access: false } => {
                append("token", &token.text("gr_rt_", &issued.refresh));
            }
            What::Other => append("grant_type", "urn:other"),
        }
        if let Some(bits) = self.scope {
            append("scope", &scope(bits));
        }
        if !matches!(self.proof, Proof::Basic) {
            append("client_id", name);
        }
        match self.proof {
            Proof::Post => append("client_secret", SECRET),
            Proof::Wrong => append("client_secret", "guessed"),
            Proof::Bare | Proof::Basic => {}
        }
        let mut body = body.into_bytes();
        body.extend(self.appended);
        if let Some((place, mask)) = self.flipped {
            let place = usize::from(place) % body.len();
            body[place] ^= mask;
        }
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        if matches!(self.proof, Proof::Basic) {
            let secret = SECRET.replace('%', "%25").replace('+', "%2b").replace(':', "%3a").replace(' ', "+");
            let value = format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")));
            headers.insert("authorization", HeaderValue::from_str(&value).expect("a header"));
        }
        request
    }
}

impl Shown {
    fn text(&self, start: &str, issued: &[String]) -> String {
        match self {
            Self::Stored { grant, secret: number } => {
                format!("{start}{}", encode(&[&id(*grant)[..], &secret(*number)].concat()))
            }
            Self::Issued { before } => issued.iter().rev().nth((*before).into()).cloned().unwrap_or_default(),
        }
    }
}
