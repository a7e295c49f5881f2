//! The requests that the walk's client sends.

use grantor::record::{ClientId, Exposed};
use grantor::server::Place;
use grantor::wire::{
    ACCESS_TOKEN_TYPE, AuthorizationRequest, Credentials, DeviceRequest, ExchangeParameters, PushRequest,
    RegistrationRequest, TokenGrant, TokenQuery, TokenRequest,
};
use grantor::{Practice, Stance};
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Method, Request, Uri};
use serde_json::json;
use url::Url;

use super::action::Action;
use super::course::Course;
use super::flow::Flow;
use crate::app::{App, DETAILS, RESOURCES};
use crate::clients::{DEMO_APP, DEMO_ASSISTANT, DEMO_SERVICE, DEMO_TV, WALK_CALLBACK, assistant_metadata};

impl App {
    /// The request that an action sends.
    pub(super) fn request(&self, flow: Flow, course: &Course, action: Action) -> Option<Request<Vec<u8>>> {
        let credentials = flow.credentials(course, action);
        let ask = |grant, scope: Option<&str>, resource: Option<&str>| {
            let mut request = TokenRequest::new(credentials.clone(), grant);
            request.scope = scope.map(str::to_owned);
            request.resource = resource.map(str::to_owned).into_iter().collect();
            Some(request.print(&self.uri(Place::Token)?))
        };
        let refresh = |token, resource| ask(TokenGrant::RefreshToken { refresh_token: token }, None, resource);
        let query = |place, token| Some(TokenQuery::new(credentials.clone(), token).print(&self.uri(place)?));
        let [first, second] = RESOURCES;
        let named = (flow == Flow::Assistant).then_some(self.resource.as_str());
        let resource = named.or((flow == Flow::Resources).then_some(first));
        match action {
            Action::Knock => Some(empty(Method::GET, self.resource.as_str().parse().ok()?)),
            Action::Describe => Some(empty(Method::GET, course.found.description.as_deref()?.parse().ok()?)),
            Action::Publish => Some(empty(Method::GET, DEMO_ASSISTANT.parse().ok()?)),
            Action::Register => {
                let metadata = assistant_metadata(self.server.config().issuer()).ok()?;
                Some(RegistrationRequest::print(&course.found.registration()?.parse().ok()?, None, &metadata))
            }
            Action::Metadata if flow == Flow::Assistant => {
                Some(empty(Method::GET, course.found.server_metadata()?.parse().ok()?))
            }
            Action::Metadata => Some(empty(Method::GET, self.uri(Place::Metadata)?)),
            Action::Push => {
                let request = self.authorization_request(flow, course);
                let uri = self.uri(Place::PushedAuthorizationRequest)?;
                Some(PushRequest::new(credentials, request).print(&uri))
            }
            Action::Codes => {
                let mut request = DeviceRequest::new(credentials);
                request.scope = Some("read".to_owned());
                request.resource = self.usual_resource(flow);
                Some(request.print(&self.uri(Place::DeviceAuthorization)?))
            }
            Action::Poll => {
                let device_code = course.codes.as_ref().map(|codes| codes.device_code.clone());
                ask(TokenGrant::DeviceCode { device_code }, None, None)
            }
            Action::Redeem | Action::Replay => {
                let grant = TokenGrant::AuthorizationCode {
                    code: course.code.clone(),
                    redirect_uri: Some(self.callback_uri()),
                    code_verifier: Some(Exposed::new(course.verifier.as_str())),
                };
                ask(grant, None, resource)
            }
            Action::Authenticate => {
                let resource = self.usual_resource(flow);
                ask(TokenGrant::ClientCredentials, Some("read"), resource.first().map(String::as_str))
            }
            Action::Exchange => {
                let mut tokens = ExchangeParameters::default();
                tokens.subject_token = course.tokens.as_ref().map(|tokens| tokens.access_token.clone());
                tokens.subject_token_type = Some(ACCESS_TOKEN_TYPE.to_owned());
                tokens.actor_token = course.own.as_ref().map(|own| own.access_token.clone());
                tokens.actor_token_type = Some(ACCESS_TOKEN_TYPE.to_owned());
                ask(TokenGrant::TokenExchange(Box::new(tokens)), None, Some(first))
            }
            Action::Refresh => refresh(course.refresh_token(), named),
            Action::Elsewhere => refresh(course.refresh_token(), Some(second)),
            Action::Stray => refresh(course.refresh_token(), Some(self.resource.as_str())),
            Action::Reuse => refresh(course.spent.clone(), None),
            Action::Introspect => query(Place::Introspection, course.access_token()?),
            Action::Revoke => query(Place::Revocation, course.refresh_token().or_else(|| course.access_token())?),
            Action::Read => self.call(Method::GET, &course.access_token()?),
            Action::Write => self.call(Method::POST, &course.access_token()?),
        }
    }

    fn call(&self, method: Method, token: &Exposed) -> Option<Request<Vec<u8>>> {
        let mut request = empty(method, self.resource.as_str().parse().ok()?);
        let value = HeaderValue::from_str(&format!("Bearer {}", token.as_str())).ok()?;
        request.headers_mut().insert(AUTHORIZATION, value);
        Some(request)
    }

    /// The authorization request of a course, as a link.
    pub(super) fn authorization_uri(&self, flow: Flow, course: &Course) -> Option<String> {
        let request = match &course.pushed {
            None => self.authorization_request(flow, course),
            Some(pushed) => {
                let mut request = AuthorizationRequest::default();
                request.client_id = Some(DEMO_APP.to_owned());
                request.request_uri = Some(pushed.clone());
                request
            }
        };
        Some(format!("{}?{}", self.uri(Place::Authorization)?, request.print()))
    }

    fn authorization_request(&self, flow: Flow, course: &Course) -> AuthorizationRequest {
        let mut request = AuthorizationRequest::default();
        let assistant = flow == Flow::Assistant;
        request.client_id = Some(if assistant { course.assistant().to_string() } else { DEMO_APP.to_owned() });
        request.redirect_uri = Some(self.callback_uri());
        request.response_type = Some("code".to_owned());
        request.scope = Some("read".to_owned());
        request.state = Some(course.state.as_str().to_owned());
        request.code_challenge = Some(course.challenge());
        request.code_challenge_method = Some("S256".to_owned());
        let all = || RESOURCES.map(str::to_owned).to_vec();
        request.resource = if flow == Flow::Resources { all() } else { self.usual_resource(flow) };
        if flow == Flow::Details {
            let details = json!([{"type": DETAILS, "actions": ["list_accounts", "read_balances"]}]);
            request.authorization_details = Some(Exposed::new(details.to_string()));
        }
        request
    }

    /// The demo resource, where the profile wants it to be named, or the protocol.
    fn usual_resource(&self, flow: Flow) -> Vec<String> {
        let required = flow == Flow::Assistant
            || self.server.config().posture().stance(Practice::ResourceIndicator) == Stance::Required;
        required.then(|| self.resource.as_str().to_owned()).into_iter().collect()
    }

    fn uri(&self, place: Place) -> Option<Uri> {
        let path = self.server.routes().into_iter().find(|route| route.place == place)?.path;
        format!("{}{path}", self.origin()).parse().ok()
    }

    pub(super) fn callback_uri(&self) -> String {
        format!("{}{WALK_CALLBACK}", self.origin())
    }

    /// The issuer without its path.
    pub(super) fn origin(&self) -> String {
        let issuer = self.server.config().issuer();
        Url::parse(issuer).map_or_else(|_| issuer.to_owned(), |url| url.origin().ascii_serialization())
    }
}

impl Flow {
    /// Who sends a request.
    fn credentials(self, course: &Course, action: Action) -> Credentials {
        match (self, action) {
            (Self::Assistant, _) => Credentials::None { client: course.assistant() },
            (Self::Service, _) | (Self::Exchange, Action::Authenticate | Action::Exchange | Action::Introspect) => {
                let (client, secret) = DEMO_SERVICE;
                Credentials::Basic { client: ClientId::new(client), secret: Exposed::new(secret) }
            }
            (Self::Device, _) => Credentials::None { client: ClientId::new(DEMO_TV) },
            _ => Credentials::None { client: ClientId::new(DEMO_APP) },
        }
    }
}

impl Course {
    /// Who the assistant is by now.
    fn assistant(&self) -> ClientId {
        self.found.client.clone().unwrap_or_else(|| ClientId::new(DEMO_ASSISTANT))
    }
}

fn empty(method: Method, uri: Uri) -> Request<Vec<u8>> {
    let mut request = Request::new(Vec::new());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    request
}
