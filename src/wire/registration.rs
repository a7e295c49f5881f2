//! Registering a client, and managing that [RFC 7591 §3, RFC 7592 §2].

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
#[cfg(feature = "jose")]
use serde_json::Map;
use serde_json::Value;

use super::bearer::{BearerFault, BearerSource, TokenScheme, presented_token};
use super::form::{self, Form, Limits};
use super::object::Object;
use super::registration_refusal::RegistrationRefusal;
use super::unkept::json;
use crate::env::Timestamp;
use crate::media_type::media_type;
use crate::record::{ApplicationType, ClientId, ClientMetadata, Exposed};

/// A request to the client registration or the client configuration endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RegistrationRequest {
    /// An initial access token, or the registration access token of a client.
    pub access_token: Option<Exposed>,
    /// The client that is managed.
    pub client: Option<ClientId>,
    /// What shall be done.
    pub action: RegistrationAction,
}

/// What a registration request is for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "these are all that there is [RFC 7592 §2]")]
pub enum RegistrationAction {
    /// To register a client with this metadata.
    Register(Box<ClientMetadata>),
    /// To read what is registered.
    Read,
    /// To replace what is registered.
    Update(Box<ClientUpdate>),
    /// To remove the client and all that it was given.
    Delete,
}

/// What a client shall be from now on [RFC 7592 §2.2].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ClientUpdate {
    /// The client, once more.
    pub client_id: ClientId,
    /// Its secret, if it is repeated; it cannot be changed.
    pub client_secret: Option<Exposed>,
    /// All metadata: what is missing is removed.
    pub metadata: ClientMetadata,
}

/// The members that an update must not have [RFC 7592 §2.2].
const PROVISIONED: [&str; 4] =
    ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

impl RegistrationRequest {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// It is no JSON object, is too large, repeats a member, has members of the wrong type, or has two tokens.
    pub fn parse<B: AsRef<[u8]>>(request: &Request<B>, limits: &Limits) -> Result<Self, RegistrationRefusal> {
        let access_token = match presented_token(request, BearerSource::Header, &[TokenScheme::Bearer], limits) {
            Ok((_, token)) => Some(token),
            Err(BearerFault::Missing) => None,
            Err(BearerFault::Malformed) => return Err(RegistrationRefusal::TokenMalformed),
        };
        let query = request.uri().query().unwrap_or_default();
        let mut query = Form::parse_unrepeated(query.as_bytes(), limits).map_err(RegistrationRefusal::Malformed)?;
        let client = query.take("client_id").map(|id| ClientId::new(&id));
        let action = match *request.method() {
            Method::POST => RegistrationAction::Register(Box::new(metadata(object(request, limits)?)?)),
            Method::PUT => RegistrationAction::Update(Box::new(update(object(request, limits)?)?)),
            Method::DELETE => RegistrationAction::Delete,
            _ => RegistrationAction::Read,
        };
        Ok(Self { access_token, client, action })
    }

    /// Writes a registration for the endpoint at `uri`.
    #[must_use]
    pub fn print(
        uri: &http::Uri,
        initial_access_token: Option<&Exposed>,
        metadata: &ClientMetadata,
    ) -> Request<Vec<u8>> {
        // Metadata that was read or built here can be written.
        let mut request = Request::new(serde_json::to_vec(metadata).unwrap_or_default());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(token) = initial_access_token {
            authorize(request.headers_mut(), token);
        }
        request
    }
}

fn authorize(headers: &mut HeaderMap, token: &Exposed) {
    if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", token.as_str())) {
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
}

fn object<B: AsRef<[u8]>>(request: &Request<B>, limits: &Limits) -> Result<Object, RegistrationRefusal> {
    let json = media_type(request.headers()).is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    if !json {
        return Err(RegistrationRefusal::ContentType);
    }
    Object::parse(request.body().as_ref(), limits).map_err(RegistrationRefusal::Object)
}

fn update(mut object: Object) -> Result<ClientUpdate, RegistrationRefusal> {
    if let Some(name) = PROVISIONED.into_iter().find(|name| object.take(name).is_some()) {
        return Err(RegistrationRefusal::MemberOfServer(name));
    }
    let client_id = object.take_text("client_id").ok_or(RegistrationRefusal::ClientIdDiffers)?;
    let client_secret = match object.take("client_secret") {
        None => None,
        Some(Value::String(secret)) => Some(Exposed::new(secret)),
        Some(_) => return Err(RegistrationRefusal::ClientSecretDiffers),
    };
    Ok(ClientUpdate { client_id: ClientId::new(&client_id), client_secret, metadata: metadata(object)? })
}

/// What is known of the members; the others are ignored, translations apart [RFC 7591 §2, §2.2].
pub(crate) fn metadata(mut object: Object) -> Result<ClientMetadata, RegistrationRefusal> {
    let statement = match object.take("software_statement") {
        None => None,
        Some(Value::String(statement)) => Some(statement),
        Some(_) => return Err(RegistrationRefusal::SoftwareStatementInvalid),
    };
    let redirect_uris = match object.take("redirect_uris") {
        None => Vec::new(),
        Some(uris) => serde_json::from_value::<Vec<String>>(uris).map_err(|_| RegistrationRefusal::RedirectUris)?,
    };
    let said = object.has("application_type");
    let mut metadata: ClientMetadata =
        object.read().map_err(|fault| RegistrationRefusal::MemberUnreadable(fault.to_string()))?;
    metadata.other.retain(|name, value| ClientMetadata::is_localized(name) && value.is_string());
    metadata.redirect_uris = redirect_uris;
    metadata.software_statement = statement;
    // Clients that know only RFC 7591 do not say what they are, but where they are.
    if !said && metadata.redirect_uris.iter().any(|uri| !uri.starts_with("https:")) {
        metadata.application_type = ApplicationType::Native;
    }
    Ok(metadata)
}

/// The same metadata with what a software statement claims in place of what the client says itself [RFC 7591 §3.1.1].
#[cfg(feature = "jose")]
pub(crate) fn stated(
    own: &ClientMetadata,
    claims: Map<String, Value>,
    limits: &Limits,
) -> Result<ClientMetadata, RegistrationRefusal> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(own) else {
        return Err(RegistrationRefusal::SoftwareStatementInvalid);
    };
    // What it is was told by its redirect URIs, if it did not say; of these alone nobody would take it for native.
    let said = own.application_type == ApplicationType::Native
        && own.redirect_uris.iter().all(|uri| uri.starts_with("https:"));
    if claims.contains_key("redirect_uris") && !said {
        members.remove("application_type");
    }
    // A translation of the client's own would stand for what is stated.
    members.retain(|name, _| !name.split_once('#').is_some_and(|(base, _)| claims.contains_key(base)));
    members.extend(claims);
    metadata(Object::of(members, limits).map_err(RegistrationRefusal::Object)?)
}

/// What a client is told of itself [RFC 7591 §3.2.1, RFC 7592 §3].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ClientInformation {
    /// Its identifier.
    pub client_id: ClientId,
    /// Since when it has that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id_issued_at: Option<Timestamp>,
    /// Its secret, told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Exposed>,
    /// When the secret expires; 0 if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<u64>,
    /// What it manages its registration with from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_access_token: Option<Exposed>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_client_uri: Option<String>,
    /// All that is registered.
    #[serde(flatten)]
    pub metadata: ClientMetadata,
}

/// Where `client` manages its registration [RFC 7592 §B].
pub(crate) fn registration_client_uri(endpoint: String, client: &ClientId) -> String {
    let mut uri = endpoint + "?";
    form::append(&mut uri, "client_id", client.as_str());
    uri
}

impl ClientInformation {
    /// Writes the information about a client that is new, or one that is managed.
    #[must_use]
    pub fn print(&self, status: StatusCode) -> Response<Vec<u8>> {
        json(status, self)
    }

    /// Reads the information.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}
