//! What is remembered of each browser: who is logged in, what they are being asked, and how far their walk has come.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use getrandom::SysRng;
use grantor::record::Digest;
use grantor::server::Session;
use grantor::{Clock as _, SystemClock, Timestamp};
use http::Response;
use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use rand_core::TryRng as _;

use crate::pending::Pending;
use crate::walk::Walk;

/// How many browsers are remembered; the one that was longest away goes first, those not logged in before the others.
const BROWSERS: usize = 4096;

/// How many questions may wait in one browser, in as many tabs.
const PENDING: usize = 8;

/// Seconds without a visit after which a browser is forgotten.
const IDLE: u64 = 60 * 60;

/// Seconds after which a question can no longer be answered.
const PATIENCE: u64 = 30 * 60;

/// All browsers.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// By the digest of the cookie.
    browsers: Mutex<HashMap<Digest, Browser>>,
    cookie: &'static str,
    attributes: &'static str,
}

/// The value of a session cookie: whoever has it is the browser.
#[derive(Clone)]
pub(crate) struct Cookie(String);

/// What is remembered of one browser.
#[derive(Debug)]
pub(crate) struct Browser {
    /// Who is logged in.
    pub(crate) person: Option<Session>,
    pub(crate) walk: Walk,
    csrf: Token,
    pending: VecDeque<(Token, Pending)>,
    seen: Timestamp,
}

/// An unguessable text.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Sessions {
    /// Cookies are sent over TLS only if `secure`.
    pub(crate) fn new(secure: bool) -> Self {
        let (cookie, attributes) = if secure {
            ("__Host-session", "; Path=/; HttpOnly; SameSite=Lax; Secure")
        } else {
            ("session", "; Path=/; HttpOnly; SameSite=Lax")
        };
        Self { browsers: Mutex::default(), cookie, attributes }
    }

    /// The browser that a request comes from, if it is known.
    pub(crate) fn find(&self, headers: &HeaderMap) -> Option<Cookie> {
        let cookie = self.cookie_in(headers)?;
        let now = SystemClock.now();
        let mut browsers = self.lock();
        let browser = browsers.get_mut(&cookie.digest()).filter(|browser| !browser.is_forgotten(now))?;
        browser.seen = now;
        drop(browsers);
        Some(cookie)
    }

    /// The browser that a request comes from, or a new one.
    pub(crate) fn find_or_open(&self, headers: &HeaderMap) -> Cookie {
        self.find(headers).unwrap_or_else(|| self.open(Browser::new()))
    }

    /// Reads or changes what is remembered.
    pub(crate) fn with<T>(&self, cookie: &Cookie, act: impl FnOnce(&mut Browser) -> T) -> Option<T> {
        self.lock().get_mut(&cookie.digest()).map(act)
    }

    /// Logs a person in. The browser gets a new cookie and a new CSRF token, so that whoever planted the old ones has
    /// nothing.
    pub(crate) fn log_in(&self, cookie: &Cookie, person: Session) -> Cookie {
        let browser = self.lock().remove(&cookie.digest()).unwrap_or_else(Browser::new);
        self.open(Browser { person: Some(person), csrf: Token::random(), ..browser })
    }

    /// Forgets a browser.
    pub(crate) fn close(&self, cookie: &Cookie) {
        self.lock().remove(&cookie.digest());
    }

    /// Gives the cookie to the browser.
    pub(crate) fn keep<B>(&self, cookie: &Cookie, mut response: Response<B>) -> Response<B> {
        if let Ok(value) = HeaderValue::from_str(&format!("{}={}{}", self.cookie, cookie.0, self.attributes)) {
            response.headers_mut().insert(SET_COOKIE, value);
        }
        response
    }

    fn open(&self, browser: Browser) -> Cookie {
        let cookie = Cookie(Token::random().0);
        let mut browsers = self.lock();
        if browsers.len() >= BROWSERS {
            make_room(&mut browsers);
        }
        browsers.insert(cookie.digest(), browser);
        cookie
    }

    fn cookie_in(&self, headers: &HeaderMap) -> Option<Cookie> {
        let pairs =
            headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(';'));
        let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(name, value)| (name == self.cookie).then(|| Cookie(value.to_owned())))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Browser>> {
        self.browsers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(browsers: &mut HashMap<Digest, Browser>) {
    let now = SystemClock.now();
    browsers.retain(|_, browser| !browser.is_forgotten(now));
    while browsers.len() >= BROWSERS {
        let oldest = browsers.iter().min_by_key(|(_, browser)| (browser.person.is_some(), browser.seen));
        let Some(oldest) = oldest.map(|(digest, _)| *digest) else { return };
        browsers.remove(&oldest);
    }
}

impl Cookie {
    fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl Browser {
    fn new() -> Self {
        Self {
            person: None,
            walk: Walk::default(),
            csrf: Token::random(),
            pending: VecDeque::new(),
            seen: SystemClock.now(),
        }
    }

    /// The token that every form of this browser carries.
    pub(crate) fn csrf(&self) -> &str {
        &self.csrf.0
    }

    /// Whether a form was made for this browser.
    pub(crate) fn made(&self, csrf: &str) -> bool {
        self.csrf.is(csrf)
    }

    /// Keeps a question until it is answered.
    pub(crate) fn ask(&mut self, pending: Pending) -> Token {
        if self.pending.len() >= PENDING {
            self.pending.pop_front();
        }
        let name = Token::random();
        self.pending.push_back((name.clone(), pending));
        name
    }

    /// The question of this name, if it waits.
    pub(crate) fn pending(&mut self, name: &str) -> Option<&Pending> {
        let now = SystemClock.now();
        self.pending.retain(|(_, pending)| pending.asked().until(now).as_secs() < PATIENCE);
        self.pending.iter().find_map(|(own, pending)| own.is(name).then_some(pending))
    }

    /// Takes the question of this name out, to be answered.
    pub(crate) fn take(&mut self, name: &str) -> Option<Pending> {
        let found = self.pending(name)?.clone();
        self.pending.retain(|(own, _)| !own.is(name));
        Some(found)
    }

    fn is_forgotten(&self, now: Timestamp) -> bool {
        self.seen.until(now).as_secs() >= IDLE
    }
}

impl Token {
    pub(crate) fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::<32>()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// In constant time: it compares digests.
    pub(crate) fn is(&self, text: &str) -> bool {
        Digest::of(self.0.as_bytes()).matches(text.as_bytes())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Random bytes.
#[expect(clippy::expect_used, reason = "without randomness nothing here is safe")]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the system has randomness");
    bytes
}
