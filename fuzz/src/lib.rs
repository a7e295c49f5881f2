//! What the fuzz targets share: requests of any bytes, a store of any content, and what to expect of them.

pub mod call;
mod ledger;
mod raw;
pub mod scene;

use std::sync::{Arc, LazyLock};

use grantor::drive::{self, NoHost};
use grantor::server::{Exchange, Place};
use grantor::step::{Endpoint, Step};
use grantor::{Config, Env, Seed, SystemRandomness, Timestamp};

use http::{Request, Response};

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
    match drive::run(Step::start(endpoint, env), ledger, &NoHost, &SystemRandomness) {
        Ok(done) => done.reply,
        Err(failure) => panic!("nothing around it failed: {:?}", failure.cause),
    }
}

/// Answers a request to an endpoint that needs no person.
pub fn answer<B: AsRef<[u8]>>(place: Place, request: &Request<B>, ledger: &Ledger, count: u8) -> Response<Vec<u8>> {
    let answer = run(Exchange::parse(&plain_config(), place, request), ledger, count);
    answer.unwrap_or_else(|never| match never {}).into_response()
}
