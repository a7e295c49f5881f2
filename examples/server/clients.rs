//! The clients that may use the server: from a file, or a few to try it with.

use std::error::Error;
use std::fs;
use std::mem;
use std::path::Path;

use grantor::Timestamp;
#[cfg(feature = "jose")]
use grantor::jose::SharedSecret;
#[cfg(feature = "jose")]
use grantor::record::ClientId;
use grantor::record::{Client, ClientBuilder, ClientMetadata, ClientSecretDigest, GrantType, Resource, ResponseType};
use http::Response;
use serde_json::{Map, Value, json};
use url::Url;

use crate::login_link::LOGIN_LINK;
use crate::sessions::random;

/// The public client of the walk: a native application.
pub(crate) const DEMO_APP: &str = "demo-app";
/// A confidential client that runs on a web server, and its secret.
pub(crate) const DEMO_WEB: (&str, &str) = ("demo-web", "demo-web-secret");
/// A confidential client without people, and its secret.
pub(crate) const DEMO_SERVICE: (&str, &str) = ("demo-service", "demo-service-secret");
/// A public client without a browser.
pub(crate) const DEMO_TV: &str = "demo-tv";
/// A public client that still uses what should not be used any more.
pub(crate) const DEMO_LEGACY: &str = "demo-legacy";
/// The assistant of the walk: known by a document, at an address that is made up [RFC 2606].
pub(crate) const DEMO_ASSISTANT: &str = "https://assistant.example/client.json";
/// Where the web client would like its answers.
pub(crate) const DEMO_WEB_CALLBACK: &str = "https://web.example/callback";
/// Where answers to the walk go, on this server.
pub(crate) const WALK_CALLBACK: &str = "/walk/callback";

/// The clients of a server that was started without a file and is known as `issuer`; the service serves `resource`.
///
/// # Errors
///
/// The issuer is no URL.
pub(crate) fn demo(issuer: &str, resource: &Resource) -> Result<Vec<Client>, Box<dyn Error>> {
    let callback = format!("{}{WALK_CALLBACK}", Url::parse(issuer)?.origin().ascii_serialization());
    let app = Client::builder(DEMO_APP)
        .name("Demo app")
        .native()
        .redirect_uri("http://127.0.0.1/callback")
        .redirect_uri("http://[::1]/callback")
        .redirect_uri("http://localhost/callback")
        .response_types(&[ResponseType::Code, ResponseType::None])
        .grant_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::Extension(LOGIN_LINK)]);
    let web = Client::builder(DEMO_WEB.0)
        .name("Demo web site")
        .publisher("Demo Publishing Ltd.")
        .secret(ClientSecretDigest::new(DEMO_WEB.1, random(), None))
        .redirect_uri(DEMO_WEB_CALLBACK)
        .grant_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken]);
    let service = Client::builder(DEMO_SERVICE.0)
        .name("Demo service")
        .secret(ClientSecretDigest::new(DEMO_SERVICE.1, random(), None))
        .grant_types(&[GrantType::ClientCredentials, GrantType::TokenExchange])
        .resource(resource.clone());
    let tv = Client::builder(DEMO_TV)
        .name("Demo television")
        .native()
        .grant_types(&[GrantType::DeviceCode, GrantType::RefreshToken]);
    let legacy = Client::builder(DEMO_LEGACY)
        .name("Demo app of old")
        .native()
        .redirect_uri("http://127.0.0.1/callback")
        .response_types(&[ResponseType::Token])
        .grant_types(&[GrantType::Implicit, GrantType::Password, GrantType::RefreshToken]);
    // An issuer on an unusual loopback address cannot be walked through with a code.
    let walked = |client: ClientBuilder| {
        let walked = client.clone().redirect_uri(&callback);
        if walked.clone().build().is_ok() { walked } else { client }
    };
    [walked(app), web, service, tv, walked(legacy)].into_iter().map(|builder| Ok(builder.build()?)).collect()
}

/// What a client that knows the server registers at the walk: it has a secret, and a person to ask.
///
/// # Errors
///
/// The issuer is no URL.
pub(crate) fn newcomer_metadata(issuer: &str) -> Result<ClientMetadata, Box<dyn Error>> {
    let mut metadata = assistant_metadata(issuer)?;
    metadata.client_name = Some("A newcomer".to_owned());
    metadata.token_endpoint_auth_method = Some("client_secret_basic".to_owned());
    Ok(metadata)
}

/// What the assistant of the walk says of itself, or would register.
///
/// # Errors
///
/// The issuer is no URL.
pub(crate) fn assistant_metadata(issuer: &str) -> Result<ClientMetadata, Box<dyn Error>> {
    let callback = format!("{}{WALK_CALLBACK}", Url::parse(issuer)?.origin().ascii_serialization());
    let metadata = json!({
        "client_name": "Demo assistant",
        "application_type": if callback.starts_with("https:") { "web" } else { "native" },
        "redirect_uris": [callback],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    Ok(serde_json::from_value(metadata)?)
}

/// The document behind the assistant's identifier, as its web site would serve it.
///
/// # Errors
///
/// The issuer is no URL.
pub(crate) fn assistant(issuer: &str) -> Result<Response<Vec<u8>>, Box<dyn Error>> {
    let mut document = serde_json::to_value(assistant_metadata(issuer)?)?;
    if let Some(members) = document.as_object_mut() {
        members.insert("client_id".to_owned(), DEMO_ASSISTANT.into());
    }
    let response =
        Response::builder().header("content-type", "application/json").header("cache-control", "max-age=600");
    Ok(response.body(document.to_string().into_bytes())?)
}

/// Clients of a file, and what had to be left out.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) clients: Vec<Client>,
    /// The secrets of those that authenticate with `client_secret_jwt`.
    #[cfg(feature = "jose")]
    pub(crate) secrets: Vec<(ClientId, SharedSecret)>,
    pub(crate) warnings: Vec<String>,
}

impl Loaded {
    /// # Errors
    ///
    /// The file cannot be read or is not a JSON array of objects. A client that cannot be served is only left out.
    pub(crate) fn from_file(file: &Path) -> Result<Self, Box<dyn Error>> {
        let fault = |error: &dyn Error| format!("clients {}: {error}", file.display());
        let text = fs::read(file).map_err(|error| fault(&error))?;
        let entries: Vec<Map<String, Value>> = serde_json::from_slice(&text).map_err(|error| fault(&error))?;
        let mut loaded = Self::default();
        for (place, entry) in entries.into_iter().enumerate() {
            loaded.add(place, entry);
        }
        Ok(loaded)
    }

    /// Leaves out the clients whose tokens could not be bound to their certificates.
    pub(crate) fn without_tls(mut self) -> Self {
        for client in self.clients.extract_if(.., |own| own.metadata().tls_client_certificate_bound_access_tokens) {
            let name = "tls_client_certificate_bound_access_tokens";
            self.warnings.push(format!("client {:?} is left out: {name} needs --tls", client.id().as_str()));
        }
        self
    }

    fn add(&mut self, place: usize, mut entry: Map<String, Value>) {
        entry.retain(|_, value| !value.is_null());
        let Some(Value::String(id)) = entry.remove("client_id") else {
            return self.warnings.push(format!("client number {} is left out: it has no client_id", place + 1));
        };
        if self.clients.iter().any(|client| client.id().as_str() == id) {
            return self.warnings.push(format!("client {id:?} is left out: it is there already"));
        }
        let mut ignored = Vec::new();
        if let Err(error) = self.read(&id, &mut entry, &mut ignored) {
            self.warnings.push(format!("client {id:?} is left out: {error}"));
        }
        self.warnings.extend(ignored.into_iter().map(|what| format!("client {id:?}: {what}")));
    }

    fn read(
        &mut self,
        id: &str,
        entry: &mut Map<String, Value>,
        ignored: &mut Vec<String>,
    ) -> Result<(), Box<dyn Error>> {
        #[cfg(feature = "jose")]
        let secret = shared_secret(entry)?;
        let client = client(id, mem::take(entry), ignored)?;
        #[cfg(feature = "jose")]
        self.secrets.extend(secret.map(|secret| (client.id().clone(), secret)));
        self.clients.push(client);
        Ok(())
    }
}

/// Takes the secret of a client that authenticates with `client_secret_jwt` out of its entry.
#[cfg(feature = "jose")]
fn shared_secret(entry: &mut Map<String, Value>) -> Result<Option<SharedSecret>, Box<dyn Error>> {
    if entry.get("token_endpoint_auth_method").and_then(Value::as_str) != Some("client_secret_jwt") {
        return Ok(None);
    }
    let expires = entry.remove("client_secret_expires_at").map(serde_json::from_value::<u64>).transpose()?;
    let secret = entry.remove("client_secret").ok_or("it has no client_secret")?;
    if expires.is_some_and(|seconds| seconds != 0) {
        return Err("with client_secret_jwt a secret cannot expire here".into());
    }
    let secret = SharedSecret::new(serde_json::from_value::<String>(secret)?.as_bytes());
    Ok(Some(secret.map_err(|_| "client_secret_jwt needs a secret of 32 bytes")?))
}

/// Members that ask for more protection than this server has; ignoring them would give less than was asked for.
const PROTECTIONS: &[&str] = &[
    #[cfg(not(feature = "jose"))]
    "require_signed_request_object",
    #[cfg(not(feature = "jose"))]
    "dpop_bound_access_tokens",
];

fn client(id: &str, mut entry: Map<String, Value>, ignored: &mut Vec<String>) -> Result<Client, Box<dyn Error>> {
    let secret = entry.remove("client_secret").map(serde_json::from_value::<String>).transpose()?;
    let expires = entry.remove("client_secret_expires_at").map(serde_json::from_value::<u64>).transpose()?;
    let expires = expires.filter(|seconds| *seconds != 0).map(Timestamp::from_unix);
    if let Some(name) = PROTECTIONS.iter().find(|name| entry.get(**name) == Some(&Value::Bool(true))) {
        return Err(format!("{name} is not supported").into());
    }
    let resources = entry.remove("resources").map(serde_json::from_value::<Vec<Resource>>).transpose()?;
    let mut metadata: ClientMetadata = serde_json::from_value(Value::Object(entry))?;
    keep_supported(&mut metadata, ignored);
    if metadata.token_endpoint_auth_method.is_none() && secret.is_none() {
        ignored.push("it has no client_secret, so it is a public client".to_owned());
        metadata.token_endpoint_auth_method = Some("none".to_owned());
    }
    const WITHOUT_SECRET: [&str; 4] = ["none", "tls_client_auth", "self_signed_tls_client_auth", "private_key_jwt"];
    let without = metadata.token_endpoint_auth_method.clone().filter(|method| WITHOUT_SECRET.contains(&&**method));
    let builder = Client::builder(id).metadata(metadata);
    let builder = resources.into_iter().flatten().fold(builder, ClientBuilder::resource);
    let builder = match secret {
        Some(_) if without.is_some() => {
            let method = without.unwrap_or_default();
            ignored.push(format!("client_secret is ignored: token_endpoint_auth_method is {method:?}"));
            builder
        }
        Some(secret) => builder.secret(ClientSecretDigest::new(&secret, random(), expires)),
        None => builder,
    };
    Ok(builder.build()?)
}

/// Takes out what this server does not know yet.
fn keep_supported(metadata: &mut ClientMetadata, ignored: &mut Vec<String>) {
    if metadata.grant_types.is_none() && metadata.redirect_uris.is_empty() {
        ignored.push("it has no redirect_uris, so it may not use the grant type authorization_code".to_owned());
        metadata.grant_types = Some(Vec::new());
    }
    let mut keep = |what: &str, values: &mut Option<Vec<String>>, known: &dyn Fn(&str) -> bool| {
        for values in values.iter_mut() {
            for unknown in values.extract_if(.., |value| !known(value)) {
                ignored.push(format!("{what} {unknown:?} is not supported and ignored"));
            }
        }
    };
    keep("grant type", &mut metadata.grant_types, &|name| GrantType::parse(name).is_some());
    keep("response type", &mut metadata.response_types, &|name| ResponseType::parse(name).is_some());
    // A member with a language tag is a translation [RFC 7591 §2.2], which needs no support.
    for name in metadata.other.keys().filter(|name| !name.contains('#')) {
        ignored.push(format!("{name} is not supported and ignored"));
    }
}
