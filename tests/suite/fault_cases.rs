//! Requests of the further grant types and endpoints, for stores that fail or lie.

use std::sync::Arc;

use grantor::record::{Client, GrantId, GrantType, ResponseType, Scope};
use grantor::server::{DeviceApproval, DeviceDenial, DevicePrompt, EndGrant, EndedBy, Place, Verification, Visitor};
use grantor::{ConfigBuilder, Profile, Registration};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json as value};

use crate::call::{Call, Sent};
use crate::extension_grant::{TICKET, plain, put, showing, with_tickets};
use crate::faults::case;
use crate::faulty::{Ask, Case};
use crate::interleavings::crowd_of;
use crate::schedule::{Scene, bytes_of};
use crate::support::*;
use crate::table::Shelf;

pub(crate) const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const ALL: &str = "https://app.example/cb";

pub(crate) fn with_everything(config: ConfigBuilder) -> ConfigBuilder {
    let config = with_tickets(config).profile(Profile::danger_oauth20_legacy());
    let config = config.danger_serve_implicit_grant().danger_serve_password_grant();
    let registration = Registration::open().grant_types(&[GrantType::ClientCredentials]);
    config.token_exchange().device_flow(|_| ()).registration(registration)
}

/// A server of every grant type: `spa` and `web` may use all that fit a public and a confidential client. There are
/// two of everything that can be mixed up.
struct Wide {
    world: World<Shelf>,
    access: String,
    refresh: String,
}

/// The public and the confidential client of [`Wide`].
pub(crate) fn wide_clients() -> Vec<Client> {
    use GrantType::{
        AuthorizationCode, ClientCredentials, DeviceCode, Extension, Implicit, Password, RefreshToken, TokenExchange,
    };
    let public = [AuthorizationCode, RefreshToken, DeviceCode, Implicit, Extension(TICKET)];
    let spa = Client::builder("spa").redirect_uri(SPA).grant_types(&public);
    let spa = spa.response_types(&[ResponseType::Code, ResponseType::Token]);
    let private = [ClientCredentials, RefreshToken, TokenExchange, Password];
    let web = Client::builder("web").secret(secret(SECRET)).grant_types(&private);
    vec![spa.build().unwrap(), web.build().unwrap()]
}

fn wide(form: fn(ConfigBuilder) -> ConfigBuilder) -> Wide {
    let world = crowd_of(wide_clients(), |config| form(with_everything(config)));
    let tokens = world.tokens();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let wide = Wide { access: text("access_token"), refresh: text("refresh_token"), world };
    wide.begin();
    wide.push();
    wide.register();
    put(&wide.world, "other", plain("spa"));
    let own = post_as("/token", &basic("web", SECRET), &[("grant_type", "client_credentials"), ("scope", "read")]);
    assert_eq!(wide.world.token(&own).status(), StatusCode::OK);
    wide
}

pub(crate) fn asking_for_codes() -> Request<Vec<u8>> {
    post("/device_authorization", &[("client_id", "spa"), ("scope", "read")])
}

pub(crate) fn pushing() -> Request<Vec<u8>> {
    let mut request = post("/par", &[]);
    *request.body_mut() = authorization("spa", SPA, &[]).uri().query().unwrap().into();
    request
}

pub(crate) fn bringing(name: &str) -> Request<Vec<u8>> {
    get(&format!("/authorize?{}", form(&[("client_id", "spa"), ("request_uri", name)])))
}

pub(crate) fn polling(code: &str) -> Request<Vec<u8>> {
    post("/token", &[("grant_type", GrantType::DeviceCode.as_str()), ("client_id", "spa"), ("device_code", code)])
}

pub(crate) fn json_request(method: Method, uri: &str, token: Option<&str>, body: Option<&Value>) -> Request<Vec<u8>> {
    let mut request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(body.map(Value::to_string).unwrap_or_default().into_bytes()).unwrap()
}

fn registering() -> Request<Vec<u8>> {
    let body = value!({"redirect_uris": [ALL], "grant_types": ["authorization_code", "client_credentials"]});
    json_request(Method::POST, &format!("{ISSUER}/register"), None, Some(&body))
}

pub(crate) fn managing(client: &Value, method: Method, body: Option<&Value>) -> Request<Vec<u8>> {
    let text = |name: &str| client[name].as_str().unwrap();
    json_request(method, text("registration_client_uri"), Some(text("registration_access_token")), body)
}

impl Wide {
    /// A device code, and what a person is asked about it.
    fn begin(&self) -> (String, DevicePrompt) {
        let codes = json(&self.world.server.answer(Place::DeviceAuthorization, &asking_for_codes()));
        let (config, typed) = (self.world.server.config(), codes["user_code"].as_str().unwrap());
        let verification = Verification::new(config, typed, Some(self.world.session()), "");
        let prompt = self.world.server.run(verification).unwrap().unwrap();
        (codes["device_code"].as_str().unwrap().to_owned(), *prompt)
    }

    fn approval(&self, prompt: DevicePrompt) -> DeviceApproval {
        DeviceApproval::new(Arc::clone(self.world.server.config()), prompt, self.world.session())
    }

    /// A device code that was approved.
    fn approved(&self) -> String {
        let (code, prompt) = self.begin();
        self.world.server.run(self.approval(prompt)).unwrap().unwrap();
        code
    }

    fn push(&self) -> String {
        let response = self.world.server.answer(Place::PushedAuthorizationRequest, &pushing());
        json(&response)["request_uri"].as_str().unwrap().to_owned()
    }

    fn register(&self) -> Value {
        json(&self.world.server.answer(Place::Registration, &registering()))
    }

    fn by_web(&self, grant: GrantType, more: &[(&str, &str)]) -> Ask {
        let pairs = [&[("grant_type", grant.as_str()), ("scope", "read")], more].concat();
        Ask::Answer(Place::Token, post_as("/token", &basic("web", SECRET), &pairs))
    }

    fn asking_for_a_token(&self) -> Request<Vec<u8>> {
        asking_for_a_token()
    }
}

pub(crate) fn asking_for_a_token() -> Request<Vec<u8>> {
    let bare = [("response_type", "token"), ("code_challenge", ""), ("code_challenge_method", "")];
    authorization("spa", SPA, &bare)
}

/// Every request with its answer, the answer to the same again, and whether the tokens there were die of it.
pub(crate) fn cases(form: fn(ConfigBuilder) -> ConfigBuilder) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name, good, again, dies: bool, ask: &dyn Fn(&Wide) -> Ask| {
        let wide = wide(form);
        let ask = ask(&wide);
        let dead = if dies { vec![wide.access, wide.refresh] } else { Vec::new() };
        cases.push(case(name, ask, wide.world, good, again, &dead));
    };
    let consented = |wide: &Wide| Visitor::logged_in(wide.world.session(), Some(Scope::parse("read").unwrap()));
    add("device request", 200, 200, false, &|_| Ask::Answer(Place::DeviceAuthorization, asking_for_codes()));
    add("device approval", 204, 409, false, &|wide| {
        Ask::Run(Call::DeviceApproval(Box::new(wide.approval(wide.begin().1))))
    });
    add("device denial", 204, 409, false, &|wide| {
        Ask::Run(Call::DeviceDenial(Box::new(DeviceDenial::new(wide.begin().1))))
    });
    add("early poll", 400, 400, false, &|wide| Ask::Answer(Place::Token, polling(&wide.begin().0)));
    add("poll", 200, 400, false, &|wide| Ask::Answer(Place::Token, polling(&wide.approved())));
    add("push", 201, 201, false, &|_| Ask::Answer(Place::PushedAuthorizationRequest, pushing()));
    add("pushed request", 303, 400, false, &|wide| Ask::Authorize(bringing(&wide.push()), consented(wide)));
    add("pushed request, a question", 200, 200, false, &|wide| {
        Ask::Authorize(bringing(&wide.push()), Visitor::anonymous())
    });
    add("approval of a pushed request", 303, 400, false, &|wide| {
        Ask::Approve(Box::new(wide.world.prompt(&bringing(&wide.push()))))
    });
    add("denial of a pushed request", 303, 400, false, &|wide| {
        Ask::Deny(Box::new(wide.world.prompt(&bringing(&wide.push()))))
    });
    add("exchange", 200, 200, false, &|wide| {
        wide.by_web(GrantType::TokenExchange, &[("subject_token", &wide.access), ("subject_token_type", ACCESS)])
    });
    add("delegation", 200, 200, false, &|wide| {
        let own = [("grant_type", "client_credentials"), ("scope", "read")];
        let own = json(&wide.world.token(&post_as("/token", &basic("web", SECRET), &own)));
        let actor = [("actor_token", own["access_token"].as_str().unwrap()), ("actor_token_type", ACCESS)];
        let subject = [("subject_token", &*wide.access), ("subject_token_type", ACCESS)];
        wide.by_web(GrantType::TokenExchange, &[subject, actor].concat())
    });
    add("password", 200, 200, false, &|wide| {
        wide.by_web(GrantType::Password, &[("username", "alice"), ("password", "right")])
    });
    add("extension", 200, 400, false, &|wide| {
        put(&wide.world, "t", plain("spa"));
        Ask::Answer(Place::Token, showing("spa", "t", &[]))
    });
    add("implicit, consented", 303, 303, false, &|wide| Ask::Authorize(wide.asking_for_a_token(), consented(wide)));
    add("implicit approval", 303, 303, false, &|wide| {
        Ask::Approve(Box::new(wide.world.prompt(&wide.asking_for_a_token())))
    });
    add("registration", 201, 201, false, &|_| Ask::Answer(Place::Registration, registering()));
    add("reading", 200, 200, false, &|wide| {
        Ask::Answer(Place::Registration, managing(&wide.register(), Method::GET, None))
    });
    add("update", 200, 200, false, &|wide| {
        let client = wide.register();
        let body = value!({"client_id": client["client_id"], "redirect_uris": [ALL], "client_name": "new"});
        Ask::Answer(Place::Registration, managing(&client, Method::PUT, Some(&body)))
    });
    add("deletion", 204, 401, false, &|wide| {
        Ask::Answer(Place::Registration, managing(&wide.register(), Method::DELETE, None))
    });
    add("a registration token for another client", 401, 401, false, &|wide| {
        let (mut client, other) = (wide.register(), wide.register());
        client["registration_access_token"] = other["registration_access_token"].clone();
        Ask::Answer(Place::Registration, managing(&client, Method::GET, None))
    });
    add("the end of a grant", 204, 404, true, &|wide| {
        let id = GrantId::new(bytes_of(&wide.access)[..16].try_into().unwrap());
        Ask::Run(Call::EndGrant(EndGrant::new(Arc::clone(wide.world.server.config()), id, EndedBy::Operator)))
    });
    add("the end of a device", 204, 404, false, &|wide| {
        let grant = wide.begin().1.grant;
        Ask::Run(Call::EndGrant(EndGrant::new(Arc::clone(wide.world.server.config()), grant, EndedBy::Operator)))
    });
    cases
}

/// Whether what is given beside tokens and codes works, if there is something.
pub(crate) fn gives_what_works(scene: &Scene, sent: &Sent) -> Option<bool> {
    if let Some(code) = sent.member("device_code") {
        return Some(
            scene.probe(Place::Token, &polling(&code)).member("error").as_deref() == Some("authorization_pending"),
        );
    }
    if let Some(name) = sent.member("request_uri") {
        let digest = grantor::record::Digest::of(&bytes_of_name(&name)).to_base64url();
        return Some(scene.table.records().any(|(key, _)| key.to_string().ends_with(&digest)));
    }
    let client: Value = serde_json::from_slice(sent.0.body()).ok()?;
    client.get("registration_access_token")?;
    let read = scene.probe(Place::Registration, &managing(&client, Method::GET, None));
    let own = match client["client_secret"].as_str() {
        Some(secret) => {
            let id = client["client_id"].as_str().unwrap();
            let request = post_as("/token", &basic(id, secret), &[("grant_type", "client_credentials")]);
            [StatusCode::OK, StatusCode::BAD_REQUEST].contains(&scene.probe(Place::Token, &request).status())
        }
        None => true,
    };
    Some(read.status() == StatusCode::OK && own)
}

/// The secret of a `request_uri`.
fn bytes_of_name(name: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(name.rsplit(':').next().unwrap()).unwrap()
}
