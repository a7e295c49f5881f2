//! Authorization responses as tokens that the server signs, and where a client wants it encrypts [JARM §1].

use serde_json::{Map, Value};

use crate::client_auth::behind;
use crate::config::Config;
use crate::fetch;
use crate::jose::{ContentEncryption, JwkSet, KeyManagement, Purpose};
use crate::record::{Client, ClientKeys, Exposed, ResponseEncryption, Sealing};
use crate::snapshot::{Halt, Snapshot};
use crate::wire::{AuthorizationMessage, AuthorizeRefusal, PageReason, ResponseToken, ServerMetadata};

/// Whether responses to `client` can be signed, in the way that it registered.
pub(super) fn serves(config: &Config, client: &Client, seen: &Snapshot) -> bool {
    config.response_key(client, seen.now()).is_some()
}

/// Whether nobody but `client` can read signed responses to it.
pub(super) fn encrypts(client: &Client) -> bool {
    client.response_encryption().is_some()
}

/// The token that stands for `message` [JARM §2.1].
pub(super) fn token(
    config: &Config,
    client: &Client,
    message: &AuthorizationMessage,
    seen: &Snapshot,
) -> Result<ResponseToken, Halt<AuthorizeRefusal>> {
    let page = |reason| Halt::Refused(AuthorizeRefusal::Page(reason));
    let sealing = match client.response_encryption() {
        None => None,
        Some(how) => Some(sealing(client, how, seen)?.ok_or_else(|| page(PageReason::ResponseKeyMissing))?),
    };
    let unsignable = || page(PageReason::ResponseKeyMissing);
    let served = config.signed_responses().ok_or_else(unsignable)?;
    let key = config.response_key(client, seen.now()).ok_or_else(unsignable)?;
    let expires = seen.now().plus(served.lifetime).as_unix();
    let own = [("iss", config.issuer().into()), ("aud", client.id().as_str().into()), ("exp", expires.into())];
    let claims = own.into_iter().chain(message.parameters().filter(|(name, _)| *name != "iss").map(claim));
    let claims: Map<String, Value> = claims.map(|(name, value)| (name.to_owned(), value)).collect();
    let unsigned = key.token(&Purpose::AUTHORIZATION_RESPONSE, &claims).map_err(|_| unsignable())?;
    Ok(ResponseToken { signed: Exposed::new(unsigned.signed_in(seen)?), sealing })
}

/// Numbers are numbers [JARM §2.1].
fn claim((name, value): (&'static str, std::borrow::Cow<'_, str>)) -> (&'static str, Value) {
    let number = value.parse::<u64>().ok().filter(|_| name == "expires_in");
    (name, number.map_or_else(|| Value::from(&*value), Value::from))
}

fn sealing<F>(client: &Client, how: ResponseEncryption, seen: &Snapshot) -> Result<Option<Sealing>, Halt<F>> {
    let Some(keys) = client.keys() else { return Ok(None) };
    match &*keys {
        ClientKeys::Here(keys) => Ok(how.to(keys)),
        ClientKeys::Behind(url) => {
            behind(url, fetch::Purpose::ClientKeys, seen, |set| how.to(&JwkSet::parse(set).ok()?))
        }
    }
}

/// What the server says of them.
pub(super) fn describe(config: &Config, metadata: &mut ServerMetadata) {
    let (Some(served), Some(keys)) = (config.signed_responses(), config.keys()) else { return };
    metadata.response_modes_supported.push("jwt".to_owned());
    let names = keys.algorithms().within(served.algorithms).iter().map(|one| one.as_str().to_owned());
    metadata.authorization_signing_alg_values_supported = names.collect();
    let names = KeyManagement::ALL.iter().map(|one| one.as_str().to_owned());
    metadata.authorization_encryption_alg_values_supported = names.collect();
    let names = ContentEncryption::ALL.iter().map(|one| one.as_str().to_owned());
    metadata.authorization_encryption_enc_values_supported = names.collect();
}
