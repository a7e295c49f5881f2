//! A browser of a few lines, and a client.
#![allow(unreachable_pub, reason = "a toolbox for the other files")]

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use ureq::Agent;
use url::{Url, form_urlencoded};

/// [RFC 7636 §B]
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A port of the loopback address that nobody listens on.
pub const NATIVE: &str = "http://127.0.0.1:9/callback";
pub const WEB: &str = "https://web.example/callback";
pub const WEB_SECRET: &str = "demo-web-secret";

/// Keeps cookies, follows nothing by itself.
pub struct Browser {
    base: String,
    agent: Agent,
    pub cookies: BTreeMap<String, String>,
    /// The last `Set-Cookie`, as it came.
    pub set_cookie: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        let agent = Agent::config_builder().max_redirects(0).http_status_as_error(false).proxy(None).build().into();
        Self { base: base.to_owned(), agent, cookies: BTreeMap::new(), set_cookie: String::new() }
    }

    pub fn get(&mut self, to: &str) -> Page {
        self.send(Method::GET, to, &[], "")
    }

    pub fn post(&mut self, to: &str, fields: &[(&str, &str)]) -> Page {
        self.send(Method::POST, to, &[("content-type", "application/x-www-form-urlencoded")], &form(fields))
    }

    pub fn send(&mut self, method: Method, to: &str, headers: &[(&str, &str)], body: &str) -> Page {
        let to = if to.starts_with('/') { format!("{}{to}", self.base) } else { to.to_owned() };
        let mut request = Request::builder().method(method).uri(to);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let response = self.agent.run(request.body(body.to_owned()).unwrap()).unwrap();
        let (head, mut body) = response.into_parts();
        for cookie in head.headers.get_all("set-cookie") {
            self.set_cookie = cookie.to_str().unwrap().to_owned();
            let (name, value) = self.set_cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Page { status: head.status, headers: head.headers, body: body.read_to_string().unwrap() }
    }

    /// Follows redirects for as long as they stay on this server.
    pub fn settle(&mut self, mut page: Page) -> Page {
        while page.status == StatusCode::SEE_OTHER {
            let to = page.location();
            if !to.starts_with('/') {
                break;
            }
            page = self.get(&to);
        }
        page
    }

    pub fn open(&mut self, to: &str) -> Page {
        let page = self.get(to);
        self.settle(page)
    }

    /// Fills in the login form that a page shows.
    pub fn log_in(&mut self, page: &Page, username: &str, password: &str) -> Page {
        assert!(page.asks_login(), "{page:?}");
        let (csrf, request) = (page.hidden("csrf"), page.hidden("request"));
        let fields = [("csrf", &*csrf), ("request", &request), ("username", username), ("password", password)];
        let page = self.post("/login", &fields);
        self.settle(page)
    }

    pub fn decide(&mut self, page: &Page, decision: &str) -> Page {
        assert!(page.asks_consent(), "{page:?}");
        let (csrf, request) = (page.hidden("csrf"), page.hidden("request"));
        self.post("/consent", &[("csrf", &csrf), ("request", &request), ("decision", decision)])
    }

    /// Logs `alice` in and lets her allow what is asked.
    pub fn approve(&mut self, to: &str) -> Page {
        let page = self.open(to);
        let page = self.log_in(&page, "alice", "wonderland");
        self.decide(&page, "allow")
    }

    pub fn call(&mut self, method: Method, to: &str, token: &str) -> Page {
        self.send(method, to, &[("authorization", &format!("Bearer {token}"))], "")
    }

    /// Posts a form as the confidential client `id`.
    pub fn post_as(&mut self, id: &str, secret: &str, to: &str, fields: &[(&str, &str)]) -> Page {
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", &*basic)];
        self.send(Method::POST, to, &headers, &form(fields))
    }

    /// Redeems the code in a redirect to the native demo client.
    pub fn redeem(&mut self, token_endpoint: &str, redirect: &Page) -> Value {
        let code = redirect.parameter("code").unwrap_or_else(|| panic!("no code: {redirect:?}"));
        let page = self.post(
            token_endpoint,
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "demo-app"),
                ("code", &code),
                ("redirect_uri", NATIVE),
                ("code_verifier", VERIFIER),
            ],
        );
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        page.json()
    }
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn location(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        self.header("location").to_owned()
    }

    /// A parameter of the redirect.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let location = Url::parse(&self.location()).unwrap();
        let carried = location.fragment().or(location.query()).unwrap_or_default();
        url::form_urlencoded::parse(carried.as_bytes())
            .find_map(|(own, value)| (own == name).then(|| value.into_owned()))
    }

    /// The value of a hidden field; empty if there is none.
    pub fn hidden(&self, name: &str) -> String {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    pub fn asks_login(&self) -> bool {
        ["form id=\"login\"", "id=\"username\" name=\"username\"", "id=\"password\" name=\"password\""]
            .iter()
            .all(|part| self.body.contains(part))
    }

    pub fn asks_consent(&self) -> bool {
        let buttons = ["form class=\"pair\" id=\"consent\"", "form id=\"consent\""];
        let decisions =
            ["id=\"allow\" name=\"decision\" value=\"allow\"", "id=\"deny\" name=\"decision\" value=\"deny\""];
        buttons.iter().any(|part| self.body.contains(part)) && decisions.iter().all(|part| self.body.contains(part))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The code that an error page shows.
    pub fn error(&self) -> &str {
        let (_, rest) = self.body.split_once("<code id=\"error\">").unwrap_or_default();
        rest.split('<').next().unwrap_or_default()
    }
}

/// A good authorization request of `client`, with some parameters changed, added or (if empty) left out.
pub fn authorization(client: &str, redirect_uri: &str, changes: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("client_id", client),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", "read"),
        ("state", "st & ate"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    format!("/authorize?{}", form(&fields))
}

pub fn native(changes: &[(&str, &str)]) -> String {
    authorization("demo-app", NATIVE, changes)
}

pub fn web(changes: &[(&str, &str)]) -> String {
    authorization("demo-web", WEB, changes)
}

pub fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
