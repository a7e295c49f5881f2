//! A store in any state, with few enough secrets that requests find what is in it.

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::record::{Client, ClientSecretDigest, Digest, GrantId, GrantType, Record};
use grantor::store::Key;
use serde_json::{Value, json};

use crate::{Ledger, NOW, TICKET};

/// The clients of every scene, with their redirect URIs.
pub const CLIENTS: [(&str, &[&str]); 4] = [
    ("web", &["https://web.example/cb?tenant=1"]),
    ("spa", &["https://spa.example/cb", "https://spa.example/other"]),
    ("cli", &["http://127.0.0.1/cb", "com.example.cli:/cb"]),
    ("api", &[]),
];

pub(crate) const SECRET: &str = "s:e%c+r t";
pub(crate) const VERIFIERS: [&str; 3] =
    ["short", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];

/// A grant in any state.
#[derive(Arbitrary, Debug)]
pub struct Grant {
    pub(crate) id: u8,
    pub(crate) client: u8,
    scope: u8,
    person: bool,
    pub(crate) state: State,
    tokens: Vec<(u8, i16)>,
    /// Kept where another grant belongs.
    misplaced: bool,
}

#[derive(Arbitrary, Debug)]
pub(crate) enum State {
    CodeIssued { secret: u8, expires: i16, uri: u8, named: bool, verifier: Option<u8> },
    Live { code: Option<u8>, chain: Option<Chain> },
    Device { secret: u8, expires: i16, stage: Stage },
    Revoked,
}

#[derive(Arbitrary, Debug)]
pub(crate) enum Stage {
    Pending { interval: u8, last_poll: Option<i16> },
    Approved,
    Denied,
}

#[derive(Arbitrary, Debug)]
pub(crate) struct Chain {
    current: u8,
    salt: [u8; 32],
    rotated: i16,
    idle: i16,
    ends: i16,
    spent: Vec<u8>,
}

pub(crate) const fn id(number: u8) -> [u8; 16] {
    [number % 4; 16]
}

pub(crate) const fn secret(number: u8) -> [u8; 32] {
    [number % 8; 32]
}

fn digest(number: u8) -> String {
    Digest::of(&secret(number)).to_base64url()
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn moment(offset: i16) -> u64 {
    NOW.saturating_add_signed(offset.into())
}

pub(crate) fn scope(bits: u8) -> String {
    let words = ["read", "write", "openid", "offline_access", "unheard"].into_iter().enumerate();
    words.filter(|(place, _)| bits >> place & 1 == 1).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

pub(crate) fn client(number: u8) -> (&'static str, &'static [&'static str]) {
    CLIENTS[usize::from(number) % CLIENTS.len()]
}

/// One of the redirect URIs of any client, or of none.
pub(crate) fn uri(number: u8) -> &'static str {
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
    use GrantType::{
        AuthorizationCode, ClientCredentials, DeviceCode, Extension, Password, RefreshToken, TokenExchange,
    };
    let build = |(name, uris): (&str, &[&str])| {
        let mut builder = uris.iter().fold(Client::builder(name).native(), |builder, uri| builder.redirect_uri(*uri));
        if matches!(name, "web" | "api") {
            builder = builder.secret(ClientSecretDigest::new(SECRET, [1; 16], None));
        }
        let builder = builder.grant_types(match name {
            "web" => &[AuthorizationCode, RefreshToken, ClientCredentials, TokenExchange, Password][..],
            "api" => &[ClientCredentials, TokenExchange],
            _ => &[AuthorizationCode, RefreshToken, DeviceCode, Extension(TICKET)],
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
            Self::Device { secret, expires, stage } => {
                let stage = match stage {
                    Stage::Pending { interval, last_poll } => {
                        json!({ "pending": { "interval": interval, "last_poll": last_poll.map(moment) } })
                    }
                    Stage::Approved => json!("approved"),
                    Stage::Denied => json!("denied"),
                };
                json!({ "device": { "digest": digest(*secret), "expires": moment(*expires), "stage": stage } })
            }
            Self::Revoked => json!("revoked"),
        }
    }
}

impl Grant {
    /// The number of a secret of one of its access tokens.
    pub(crate) fn token(&self) -> u8 {
        self.tokens.first().map_or(0, |(number, _)| *number)
    }

    /// The number of the secret that it answers to.
    pub(crate) fn secret(&self, earlier: bool) -> u8 {
        match &self.state {
            State::CodeIssued { secret, .. } | State::Device { secret, .. } => *secret,
            State::Live { code: Some(code), chain: None } => *code,
            State::Live { chain: Some(chain), .. } if earlier => chain.spent.first().copied().unwrap_or_default(),
            State::Live { chain: Some(chain), .. } => chain.current,
            State::Live { .. } | State::Revoked => 0,
        }
    }
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
