//! An authorization server on plain threads, without any async runtime: `cargo run --example blocking`.
//!
//! This is all that a host adds to the library: a loop over its routes, a login and a consent page. People are in a
//! table of one, nothing is remembered between prompts but who is logged in, and it speaks http on loopback only.

use std::collections::HashMap;
use std::error::Error;
use std::io::Read as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use getrandom::SysRng;
use grantor::record::{Client, Digest, GrantType, Subject};
use grantor::server::{Asking, Prompt, Route, Session, Visitor};
use grantor::store::Memory;
use grantor::wire::PageReason;
use grantor::{AuthorizationServer, Clock as _, Config, Progress, ProposedConsent, SystemClock};
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use maud::{DOCTYPE, Markup, html};
use rand_core::TryRng as _;
use url::form_urlencoded;

const THREADS: usize = 4;

/// How many browsers are remembered.
const BROWSERS: usize = 1000;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    let network = tiny_http::Server::http(&listen)?;
    let here = format!("http://{}", network.server_addr());
    let host = Host::new(&here)?;
    println!("listening on {here}");
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| network.incoming_requests().for_each(|request| host.serve(request)));
        }
    });
    Ok(())
}

/// The library and what is around it.
struct Host {
    server: AuthorizationServer<Memory>,
    routes: Vec<Route>,
    /// By the digest of the session cookie.
    browsers: Mutex<HashMap<Digest, Browser>>,
}

/// What is remembered of a browser.
struct Browser {
    csrf: String,
    person: Option<Session>,
    /// The question that waits for an answer.
    prompt: Option<Prompt>,
}

impl Host {
    fn new(issuer: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let config = Config::builder(issuer).scopes(["read", "write"]).build()?;
        let store = Memory::new();
        let client = Client::builder("demo-app")
            .name("Demo app")
            .native()
            .redirect_uri("http://127.0.0.1/callback")
            .grant_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken]);
        store.put_client(client.build()?);
        let server = AuthorizationServer::new(config, store);
        Ok(Self { routes: server.routes(), server, browsers: Mutex::default() })
    }

    fn serve(&self, mut request: tiny_http::Request) {
        let response = match self.read(&mut request) {
            Some(request) => self.answer(&request),
            None => page(StatusCode::BAD_REQUEST, "Bad request", &html! {}),
        };
        let (head, body) = response.into_parts();
        let mut reply = tiny_http::Response::from_data(body).with_status_code(head.status.as_u16());
        for (name, value) in &head.headers {
            if let Ok(header) = tiny_http::Header::from_bytes(name.as_str(), value.as_bytes()) {
                reply.add_header(header);
            }
        }
        // A browser that has gone away needs no answer.
        let _ = request.respond(reply);
    }

    /// Reads one byte more than is allowed, so that the library sees what is too large and says so.
    fn read(&self, request: &mut tiny_http::Request) -> Option<Request<Vec<u8>>> {
        let most = self.server.config().limits().body as u64 + 1;
        let mut body = Vec::new();
        request.as_reader().take(most).read_to_end(&mut body).ok()?;
        let mut read = Request::builder().method(request.method().as_str()).uri(request.url());
        for header in request.headers() {
            read = read.header(header.field.as_str().as_str(), header.value.as_str());
        }
        read.body(body).ok()
    }

    /// Every endpoint of the library, then the two forms.
    fn answer(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let path = request.uri().path();
        match self.routes.iter().find(|route| route.path == path) {
            Some(route) if route.place.needs_person() => self.authorize(request),
            Some(route) => self.server.answer(route.place, request),
            None if request.method() == http::Method::POST && path == "/login" => self.log_in(request),
            None if request.method() == http::Method::POST && path == "/consent" => self.decide(request),
            None => page(StatusCode::NOT_FOUND, "There is nothing here", &html! {}),
        }
    }

    fn authorize(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let asked = match self.server.read_authorization(request) {
            Ok(asked) => asked,
            Err(response) => return *response,
        };
        let person = self.browsers().get(&browser_of(request)).and_then(|browser| browser.person.clone());
        self.go_on(request, person.clone(), self.server.authorize(asked, visitor(person)))
    }

    fn log_in(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let Some((person, prompt)) = self.take_form(request) else { return PageReason::SessionNotFound.print() };
        // A real host looks up a slow hash of the password here, and limits how often one can guess.
        let right = field(request, "username") == "alice"
            && Digest::of(b"wonderland").matches(field(request, "password").as_bytes());
        if !right {
            return self.ask(request, person, prompt, Some("The user name or the password is wrong."));
        }
        let person = Session::new(Subject::new("alice"), SystemClock.now());
        self.go_on(request, Some(person.clone()), self.server.resume(prompt, visitor(Some(person))))
    }

    fn decide(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        match (self.take_form(request), &*field(request, "decision")) {
            (Some((Some(person), prompt)), "allow") => self.server.approve(prompt, person),
            (Some((Some(_), prompt)), "deny") => self.server.deny(prompt),
            _ => PageReason::SessionNotFound.print(),
        }
    }

    fn go_on(&self, request: &Request<Vec<u8>>, person: Option<Session>, progress: Progress) -> Response<Vec<u8>> {
        match progress {
            Progress::Ask(prompt) => self.ask(request, person, *prompt, None),
            Progress::Respond(response) => response,
            Progress::Refuse(reason) => reason.print(),
        }
    }

    /// Shows a question. The browser gets a new cookie with each, so that one planted before a login is worth nothing.
    fn ask(
        &self,
        request: &Request<Vec<u8>>,
        person: Option<Session>,
        prompt: Prompt,
        problem: Option<&str>,
    ) -> Response<Vec<u8>> {
        let (cookie, csrf) = (random(), random());
        let name = prompt.client.name.as_deref().unwrap_or(prompt.client.id.as_str()).to_owned();
        let mut response = if let Asking::Consent(ProposedConsent { scope, .. }) = &prompt.asking {
            page(StatusCode::OK, "Allow?", &consent_form(&csrf, &name, scope.as_str()))
        } else {
            page(StatusCode::OK, "Sign in", &login_form(&csrf, &name, problem))
        };
        // Over https this cookie would be `Secure` as well.
        if let Ok(value) = HeaderValue::from_str(&format!("session={cookie}; Path=/; HttpOnly; SameSite=Lax")) {
            response.headers_mut().insert(header::SET_COOKIE, value);
        }
        let mut browsers = self.browsers();
        browsers.remove(&browser_of(request));
        if browsers.len() >= BROWSERS {
            browsers.clear();
        }
        browsers.insert(Digest::of(cookie.as_bytes()), Browser { csrf, person, prompt: Some(prompt) });
        response
    }

    /// Takes the question that a form answers, if the form was made for this browser.
    fn take_form(&self, request: &Request<Vec<u8>>) -> Option<(Option<Session>, Prompt)> {
        let mut browsers = self.browsers();
        let browser = browsers.get_mut(&browser_of(request))?;
        let made = Digest::of(browser.csrf.as_bytes()).matches(field(request, "csrf").as_bytes());
        let prompt = made.then(|| browser.prompt.take()).flatten()?;
        Some((browser.person.clone(), prompt))
    }

    fn browsers(&self) -> MutexGuard<'_, HashMap<Digest, Browser>> {
        self.browsers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn visitor(person: Option<Session>) -> Visitor {
    person.map_or_else(Visitor::anonymous, |person| Visitor::logged_in(person, None))
}

fn login_form(csrf: &str, client: &str, problem: Option<&str>) -> Markup {
    html! {
        p { "to go on to " strong { (client) } " (try alice and wonderland)" }
        @if let Some(problem) = problem { p role="alert" { (problem) } }
        form id="login" method="post" action="/login" {
            input type="hidden" name="csrf" value=(csrf);
            p { label { "User name " input id="username" name="username" autocomplete="username" required; } }
            p { label { "Password " input id="password" name="password" type="password" required; } }
            button { "Sign in" }
        }
    }
}

fn consent_form(csrf: &str, client: &str, scope: &str) -> Markup {
    html! {
        p { strong { (client) } " would like to act for you: " code { (scope) } }
        form id="consent" method="post" action="/consent" {
            input type="hidden" name="csrf" value=(csrf);
            button id="allow" name="decision" value="allow" { "Allow" } " "
            button id="deny" name="decision" value="deny" { "Deny" }
        }
    }
}

/// A page that nobody may keep, frame or learn the address of.
fn page(status: StatusCode, title: &str, content: &Markup) -> Response<Vec<u8>> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
            }
            body { main { h1 { (title) } (content) } }
        }
    };
    let mut response = Response::new(page.into_string().into_bytes());
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The digest of the session cookie.
fn browser_of(request: &Request<Vec<u8>>) -> Digest {
    let values = request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|all| all.split(';')).filter_map(|pair| pair.trim().split_once('='));
    Digest::of(pairs.find_map(|(name, value)| (name == "session").then_some(value)).unwrap_or_default().as_bytes())
}

/// The first value of a form's field, empty if there is none.
fn field(request: &Request<Vec<u8>>, name: &str) -> String {
    let mut fields = form_urlencoded::parse(request.body());
    fields.find_map(|(own, value)| (own == name).then(|| value.into_owned())).unwrap_or_default()
}

#[expect(clippy::expect_used, reason = "without randomness nothing here is safe")]
fn random() -> String {
    let mut bytes = [0_u8; 32];
    SysRng.try_fill_bytes(&mut bytes).expect("the system has randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}
