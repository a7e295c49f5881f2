//! The configuration: what is built says of itself what is true, and gives each endpoint a place of its own.
#![no_main]

use std::collections::BTreeSet;
use std::time::Duration;

use arbitrary::Arbitrary;
use grantor::Config;
use grantor::wire::ServerMetadata;
use libfuzzer_sys::fuzz_target;
use url::Url;

#[derive(Arbitrary, Debug)]
struct Options<'a> {
    issuer: &'a str,
    scopes: Vec<&'a str>,
    default_scope: &'a str,
    audience: Vec<&'a str>,
    brand: &'a str,
    paths: Option<[&'a str; 4]>,
    lifetimes: [u64; 5],
    limits: [u16; 3],
    dangers: [bool; 3],
}

fuzz_target!(|options: Options<'_>| {
    let mut builder = Config::builder(options.issuer)
        .scopes(options.scopes)
        .default_scope(options.default_scope)
        .brand(options.brand)
        .lifetimes(|lifetimes| {
            let [code, access, idle, absolute, retry] = options.lifetimes.map(Duration::from_secs);
            lifetimes.code = code;
            lifetimes.access_token = access;
            lifetimes.refresh_idle = idle;
            lifetimes.refresh_absolute = absolute;
            lifetimes.refresh_retry = retry;
        })
        .limits(|limits| {
            let [body, parameters, value] = options.limits.map(usize::from);
            limits.body = body;
            limits.parameters = parameters;
            limits.value = value;
        });
    if let Some([authorization, token, revocation, introspection]) = options.paths {
        builder = builder.paths(|paths| {
            paths.authorization = authorization.to_owned();
            paths.token = token.to_owned();
            paths.revocation = revocation.to_owned();
            paths.introspection = introspection.to_owned();
        });
    }
    builder = options.audience.into_iter().fold(builder, |builder, resource| builder.audience(resource));
    let [plain, without_pkce, uri_optional] = options.dangers;
    builder = if plain { builder.danger_accept_plain_code_challenge() } else { builder };
    builder = if without_pkce { builder.danger_let_confidential_clients_omit_pkce() } else { builder };
    builder = if uri_optional { builder.redirect_uri_optional_at_token_endpoint() } else { builder };
    let config = match builder.build() {
        Ok(config) => config,
        Err(fault) => {
            assert!(!fault.to_string().is_empty());
            return;
        }
    };
    let issuer = Url::parse(config.issuer()).expect("an issuer is a URL");
    let loopback = ["localhost", "[::1]"].contains(&issuer.host_str().unwrap_or_default())
        || issuer.host_str().is_some_and(|host| host.starts_with("127."));
    assert!(issuer.scheme() == "https" || (issuer.scheme() == "http" && loopback), "{issuer}");
    let metadata = config.metadata();
    assert_eq!(ServerMetadata::parse(metadata.print().body(), config.issuer()), Some(metadata.clone()));
    assert_eq!(metadata.code_challenge_methods_supported.len(), 1 + usize::from(plain));
    let paths: BTreeSet<_> = config.routes().into_iter().map(|route| route.path).collect();
    assert_eq!(paths.len(), config.routes().len());
    for endpoint in [metadata.authorization_endpoint, metadata.token_endpoint].into_iter().flatten() {
        let endpoint = Url::parse(&endpoint).expect("an endpoint is a URL");
        assert_eq!(endpoint.origin(), issuer.origin());
        assert!(paths.contains(endpoint.path()));
    }
});
