//! What the fuzz targets share: requests of any bytes, a store of any content, and what to expect of them.

pub mod call;
pub mod forgery;
mod host;
mod ledger;
mod raw;
pub mod scene;

use std::sync::{Arc, LazyLock};

use grantor::drive;
use grantor::record::GrantType;
use grantor::server::{Exchange, Place};
use grantor::step::{Endpoint, Step};
use grantor::{CommonDetails, Config, Env, Profile, Registration, Seed, SystemRandomness, Timestamp};

use http::{Request, Response};

pub use host::{TICKET, Willing};
pub use ledger::Ledger;
pub use raw::RawRequest;

/// A moment with room on both sides.
pub const NOW: u64 = 1_000_000;

/// The configuration that most servers have.
///
/// # Panics
///
/// It is refused.
#[must_use]
pub fn plain_config() -> Arc<Config> {
    static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(build_config);
    Arc::clone(&CONFIG)
}

fn build_config() -> Arc<Config> {
    let builder = Config::builder("https://as.example").scopes(["read", "write", "openid", "offline_access"]);
    builder.audience("https://api.example").build().expect("a good configuration")
}

/// The configuration of a server that offers everything.
///
/// # Panics
///
/// It is refused.
#[must_use]
pub fn wide_config() -> Arc<Config> {
    static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(build_wide_config);
    Arc::clone(&CONFIG)
}

fn build_wide_config() -> Arc<Config> {
    let registration = Registration::open().grant_types(&[GrantType::ClientCredentials, GrantType::DeviceCode]);
    let files = CommonDetails::new("files").actions(["read", "write"]).locations(["https://api.example"]);
    let builder = Config::builder("https://as.example")
        .profile(Profile::danger_oauth20_legacy())
        .scopes(["read", "write", "openid", "offline_access"])
        .default_scope("read")
        .audience("https://api.example")
        .resource("https://other.example")
        .danger_serve_password_grant()
        .danger_serve_implicit_grant()
        .device_flow(|_| ())
        .token_exchange()
        .registration(registration)
        .authorization_details(files)
        .extension_grant(host::Tickets);
    builder.build().expect("a good configuration")
}

/// Decides `endpoint` over `ledger`, with the seed of `count`.
///
/// # Errors
///
/// What the endpoint refuses.
///
/// # Panics
///
/// There is no answer, though nothing around the endpoint failed.
pub fn run<E: Endpoint>(endpoint: E, ledger: &Ledger, count: u8) -> Result<E::Reply, E::Refusal> {
    let env = Env::new(Timestamp::from_unix(ledger.now.get()), Seed::new([count; 32]));
    match drive::run(Step::start(endpoint, env), ledger, &Willing, &SystemRandomness) {
        Ok(done) => done.reply,
        Err(failure) => panic!("nothing around it failed: {:?}", failure.cause),
    }
}

/// Answers a request to an endpoint that needs no person.
pub fn answer<B: AsRef<[u8]>>(place: Place, request: &Request<B>, ledger: &Ledger, count: u8) -> Response<Vec<u8>> {
    answer_of(&plain_config(), place, request, ledger, count)
}

/// The same of a server of this configuration.
pub fn answer_of<B: AsRef<[u8]>>(
    config: &Arc<Config>,
    place: Place,
    request: &Request<B>,
    ledger: &Ledger,
    count: u8,
) -> Response<Vec<u8>> {
    let answer = run(Exchange::parse(config, place, request), ledger, count);
    answer.unwrap_or_else(|never| match never {}).into_response()
}

/// A good form.
#[must_use]
pub fn form(pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let body: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let mut request = Request::new(body.join("&").into_bytes());
    *request.method_mut() = http::Method::POST;
    let content_type = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert("content-type", content_type);
    request
}
