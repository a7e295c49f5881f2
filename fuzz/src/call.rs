//! Requests that clients and attackers could make in a scene.

use arbitrary::Arbitrary;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantor::server::Place;
use http::{HeaderValue, Request};

use crate::TICKET;
use crate::scene::{Grant, SECRET, State, VERIFIERS, client, encode, id, scope, secret, uri};

const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A request that is good as far as it does not say otherwise, and what is done to its bytes.
#[derive(Arbitrary, Debug)]
pub struct Call<'a> {
    /// Another client than the one that the artefact was given to.
    client: Option<u8>,
    proof: Proof,
    what: What,
    scope: Option<u8>,
    bent: Bent<'a>,
    /// Seconds that pass before it.
    pub later: u8,
}

#[derive(Arbitrary, Debug)]
enum Bent<'a> {
    Straight,
    Sound,
    Appended(&'a [u8]),
    Flipped(u16, u8),
}

#[derive(Arbitrary, Debug)]
enum Proof {
    Right,
    Bare,
    Basic,
    Post,
    Wrong,
}

#[derive(Arbitrary, Debug)]
enum What {
    Redeem { code: Shown, uri: Binding, verifier: Binding },
    Refresh { token: Shown },
    ActForItself,
    Introspect { token: Shown, access: bool },
    Revoke { token: Shown, access: bool },
    Poll { code: Shown },
    Exchange { subject: Shown, actor: Option<Shown>, elsewhere: bool },
    Verify { known: bool },
    Ticket { known: bool },
    Other,
}

/// What a code is bound to, as its request shows it.
#[derive(Arbitrary, Debug)]
enum Binding {
    Right,
    Missing,
    Any(u8),
}

#[derive(Arbitrary, Debug)]
enum Shown {
    /// What the grant was given, or something it spent.
    Right {
        grant: u8,
        spent: bool,
    },
    Stored {
        grant: u8,
        secret: u8,
    },
    /// The latest that was issued, or the one before.
    Issued {
        before: bool,
    },
}

/// The texts that were issued so far.
#[derive(Debug, Default)]
pub struct Issued {
    /// Access tokens.
    pub access: Vec<String>,
    /// Refresh tokens.
    pub refresh: Vec<String>,
}

impl Call<'_> {
    /// The endpoint that it goes to.
    #[must_use]
    pub const fn place(&self) -> Place {
        match self.what {
            What::Introspect { .. } => Place::Introspection,
            What::Revoke { .. } => Place::Revocation,
            What::Redeem { .. }
            | What::Refresh { .. }
            | What::ActForItself
            | What::Poll { .. }
            | What::Exchange { .. }
            | What::Verify { .. }
            | What::Ticket { .. }
            | What::Other => Place::Token,
        }
    }

    /// The request.
    ///
    /// # Panics
    ///
    /// A header is no header.
    #[must_use]
    pub fn request(&self, grants: &[Grant], issued: &Issued) -> Request<Vec<u8>> {
        let meant = self.meant(grants);
        let (name, _) = client(self.client.or(meant.map(|grant| grant.client)).unwrap_or_default());
        let by_header = match self.proof {
            Proof::Right => matches!(name, "web" | "api"),
            Proof::Basic => true,
            Proof::Bare | Proof::Post | Proof::Wrong => false,
        };
        let mut body = String::new();
        let mut append = |name: &str, value: &str| {
            let value: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            body.push_str(&format!("&{name}={value}"));
        };
        match &self.what {
            What::Redeem { code, uri: place, verifier } => {
                append("grant_type", "authorization_code");
                append("code", &code.text("gr_ac_", grants, &[]));
                let (right_uri, right_verifier) = match meant.map(|grant| &grant.state) {
                    Some(State::CodeIssued { uri, verifier, .. }) => (Some(*uri), *verifier),
                    Some(State::Live { .. } | State::Device { .. } | State::Revoked) | None => (None, None),
                };
                place.or(right_uri).iter().for_each(|place| append("redirect_uri", uri(*place)));
                let verifier = verifier.or(right_verifier).map(|number| VERIFIERS[usize::from(number) % 3]);
                verifier.iter().for_each(|verifier| append("code_verifier", verifier));
            }
            What::Refresh { token } => {
                append("grant_type", "refresh_token");
                append("refresh_token", &token.text("gr_rt_", grants, &issued.refresh));
            }
            What::ActForItself => append("grant_type", "client_credentials"),
            What::Introspect { token, access: true } | What::Revoke { token, access: true } => {
                append("token", &token.text("gr_at_", grants, &issued.access));
            }
            What::Introspect { token, access: false } | What::Revoke { token, access: false } => {
                append("token", &token.text("gr_rt_", grants, &issued.refresh));
            }
            What::Poll { code } => {
                append("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
                append("device_code", &code.text("gr_dc_", grants, &[]));
            }
            What::Exchange { subject, actor, elsewhere } => {
                append("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
                append("subject_token", &subject.access(grants, &issued.access));
                append("subject_token_type", ACCESS);
                if let Some(actor) = actor {
                    append("actor_token", &actor.access(grants, &issued.access));
                    append("actor_token_type", ACCESS);
                }
                if *elsewhere {
                    append("resource", "https://other.example");
                }
            }
            What::Verify { known } => {
                append("grant_type", "password");
                append("username", if *known { "alice" } else { "mallory" });
                append("password", "a password");
            }
            What::Ticket { known } => {
                append("grant_type", TICKET);
                append("ticket", if *known { "good" } else { "guessed" });
            }
            What::Other => append("grant_type", "urn:other"),
        }
        if let Some(bits) = self.scope {
            append("scope", &scope(bits));
        }
        if !by_header {
            append("client_id", name);
        }
        match self.proof {
            Proof::Post => append("client_secret", SECRET),
            Proof::Wrong => append("client_secret", "guessed"),
            Proof::Right | Proof::Bare | Proof::Basic => {}
        }
        let mut body = body.into_bytes();
        match self.bent {
            Bent::Straight | Bent::Sound => {}
            Bent::Appended(more) => body.extend(more),
            Bent::Flipped(place, mask) => {
                let place = usize::from(place) % body.len();
                body[place] ^= mask;
            }
        }
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        if by_header {
            let secret = SECRET.replace('%', "%25").replace('+', "%2b").replace(':', "%3a").replace(' ', "+");
            let value = format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")));
            headers.insert("authorization", HeaderValue::from_str(&value).expect("a header"));
        }
        request
    }
}

impl Call<'_> {
    /// The grant that it is about, of those that were stored.
    fn meant<'g>(&self, grants: &'g [Grant]) -> Option<&'g Grant> {
        let (What::Redeem { code: shown, .. }
        | What::Refresh { token: shown }
        | What::Introspect { token: shown, .. }
        | What::Poll { code: shown }
        | What::Revoke { token: shown, .. }) = &self.what
        else {
            return None;
        };
        match shown {
            Shown::Right { grant, .. } => pick(grants, *grant),
            Shown::Stored { .. } | Shown::Issued { .. } => grants.last(),
        }
    }
}

fn pick(grants: &[Grant], number: u8) -> Option<&Grant> {
    grants.get(usize::from(number) % grants.len().max(1))
}

impl Binding {
    fn or(&self, right: Option<u8>) -> Option<u8> {
        match self {
            Self::Right => right,
            Self::Missing => None,
            Self::Any(number) => Some(*number),
        }
    }
}

impl Shown {
    /// An access token, of which a stored grant has some.
    fn access(&self, grants: &[Grant], issued: &[String]) -> String {
        match self {
            Self::Right { grant, .. } => {
                let Some(grant) = pick(grants, *grant) else { return String::new() };
                format!("gr_at_{}", encode(&[&id(grant.id)[..], &secret(grant.token())].concat()))
            }
            Self::Stored { .. } | Self::Issued { .. } => self.text("gr_at_", grants, issued),
        }
    }

    fn text(&self, start: &str, grants: &[Grant], issued: &[String]) -> String {
        match self {
            Self::Right { grant, spent } => {
                let Some(grant) = pick(grants, *grant) else { return String::new() };
                format!("{start}{}", encode(&[&id(grant.id)[..], &secret(grant.secret(*spent))].concat()))
            }
            Self::Stored { grant, secret: number } => {
                format!("{start}{}", encode(&[&id(*grant)[..], &secret(*number)].concat()))
            }
            Self::Issued { before } => issued.iter().rev().nth((*before).into()).cloned().unwrap_or_default(),
        }
    }
}
