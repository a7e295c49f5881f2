//! What someone else says of a client that registers itself [RFC 7591 §2.3].

use std::borrow::Cow;

use crate::config::{Config, RegistrationPolicy};
use crate::ensure::ensure;
use crate::env::Timestamp;
#[cfg(feature = "jose")]
use crate::jose::{Algorithms, Claims, Jws, Purpose, Times};
use crate::record::ClientMetadata;
use crate::wire::RegistrationRefusal;

/// By how much the clocks of issuers may differ from ours.
#[cfg(feature = "jose")]
const TOLERANCE: std::time::Duration = std::time::Duration::from_secs(10);

/// The claims of the JWT itself, which say nothing of the client.
#[cfg(feature = "jose")]
const OF_THE_TOKEN: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Of these one at least must be claimed: no token for another purpose has any.
#[cfg(feature = "jose")]
const SAYING: [&str; 12] = [
    "software_id",
    "software_version",
    "client_name",
    "client_uri",
    "redirect_uris",
    "grant_types",
    "response_types",
    "token_endpoint_auth_method",
    "jwks",
    "jwks_uri",
    "logo_uri",
    "contacts",
];

/// The metadata that counts: what a statement claims, and for the rest what the client says of itself.
#[cfg_attr(not(feature = "jose"), expect(unused_variables, reason = "without keys nobody is trusted"))]
pub(super) fn stated<'m>(
    config: &Config,
    policy: &RegistrationPolicy,
    metadata: &'m ClientMetadata,
    now: Timestamp,
) -> Result<Cow<'m, ClientMetadata>, RegistrationRefusal> {
    let Some(statement) = &metadata.software_statement else {
        ensure(!policy.statement_required, RegistrationRefusal::SoftwareStatementMissing)?;
        return Ok(Cow::Borrowed(metadata));
    };
    #[cfg(feature = "jose")]
    {
        let mut claims = claims(config, policy, statement, now)?.into_members();
        claims.retain(|name, _| !OF_THE_TOKEN.contains(&name.as_str()));
        // It is returned as it is [RFC 7591 §3.2.1], and says nothing of itself.
        ensure(!claims.contains_key("software_statement"), RegistrationRefusal::SoftwareStatementInvalid)?;
        // Another token of the same issuer vouches for no client.
        ensure(SAYING.iter().any(|name| claims.contains_key(*name)), RegistrationRefusal::SoftwareStatementInvalid)?;
        crate::wire::stated(metadata, claims, config.limits()).map(Cow::Owned)
    }
    #[cfg(not(feature = "jose"))]
    Err(RegistrationRefusal::SoftwareStatement)
}

/// What a statement claims that is of someone trusted, for us, and for now.
#[cfg(feature = "jose")]
fn claims(
    config: &Config,
    policy: &RegistrationPolicy,
    statement: &str,
    now: Timestamp,
) -> Result<Claims, RegistrationRefusal> {
    use RegistrationRefusal::{SoftwareStatement as Unapproved, SoftwareStatementInvalid as Invalid};

    // Where nobody is trusted, nothing is looked at.
    ensure(policy.takes_statements(), Unapproved)?;
    let algorithms = if config.is_fapi() { Algorithms::FAPI2 } else { Algorithms::ASYMMETRIC };
    let purpose = Purpose::SOFTWARE_STATEMENT.with(algorithms);
    let jws = Jws::parse(statement, &purpose).map_err(|_| Invalid)?;
    let issuer = jws.unverified_issuer().map_err(|_| Invalid)?;
    let keys = policy.statement_keys(&issuer).ok_or(Unapproved)?;
    let claims = jws.verify_among(keys).ok().and_then(|verified| verified.claims().ok()).ok_or(Invalid)?;
    let times = Times::at(now).tolerance(TOLERANCE).expiry_optional();
    claims.require_times(&times).map_err(|_| Invalid)?;
    let ours = claims.audience().is_none_or(|audience| audience.iter().any(|one| one == config.issuer()));
    ensure(ours, Unapproved)?;
    Ok(claims)
}
