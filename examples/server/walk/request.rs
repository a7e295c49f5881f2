//! The requests that the walk's client sends.

use grantor::record::Exposed;
use grantor::server::Place;
use grantor::wire::{
    ACCESS_TOKEN_TYPE, DeviceRequest, ExchangeParameters, PushRequest, RegistrationRequest, TokenGrant, TokenQuery,
    TokenRequest,
};
use grantor::{Practice, Stance};
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Method, Request, Uri};
use url::Url;

use super::action::Action;
use super::course::Course;
use super::flow::Flow;
use crate::app::{App, RESOURCES};
use crate::clients::{DEMO_ASSISTANT, WALK_CALLBACK, assistant_metadata, newcomer_metadata};
use crate::login_link::LOGIN_LINK;
use crate::users;
use crate::whoami::PRIVATE;

impl App {
    /// The request that an action sends; `initial` is the token that a registration may need.
    pub(super) fn request(
        &self,
        flow: Flow,
        course: &Course,
        action: Action,
        initial: &str,
    ) -> Option<Request<Vec<u8>>> {
        let credentials = flow.credentials(course, action);
        let ask = |grant, scope: Option<&str>, resource: Option<&str>| {
            let mut request = TokenRequest::new(credentials.clone(), grant);
            request.scope = scope.map(str::to_owned);
            request.resource = resource.map(str::to_owned).into_iter().collect();
            let mut request = request.print(&self.uri(Place::Token)?);
            if let Some(prover) = &course.prover {
                prover.prove(&mut request, None)?;
            }
            Some(request)
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
                let issuer = self.server.config().issuer();
                let (uri, metadata) = match course.found.registration() {
                    Some(found) => (found.parse().ok()?, assistant_metadata(issuer).ok()?),
                    None => (self.uri(Place::Registration)?, newcomer_metadata(issuer).ok()?),
                };
                let initial = Some(Exposed::new(initial)).filter(|token| !token.as_str().is_empty());
                Some(RegistrationRequest::print(&uri, initial.as_ref(), &metadata))
            }
            Action::Lookup | Action::Rename | Action::Outdated | Action::Unregister => {
                course.registered.as_ref()?.request(action)
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
            Action::Confess => {
                let [(username, password, ..), _] = users::DEMO;
                let [username, password] = [username, password].map(|text| Some(Exposed::new(text)));
                ask(TokenGrant::Password { username, password }, Some("read"), None)
            }
            // The host mails it, without a request of OAuth.
            Action::Mail => None,
            Action::Open | Action::Reopen => {
                let grant = TokenGrant::Unknown { grant_type: LOGIN_LINK.to_owned() };
                let mut request = TokenRequest::new(credentials, grant);
                request.scope = Some("read".to_owned());
                request.resource = self.usual_resource(flow);
                let link = course.link.as_ref()?.as_str().to_owned();
                request.other = [("link_token".to_owned(), link)].into_iter().collect();
                Some(request.print(&self.uri(Place::Token)?))
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
            Action::Read if flow == Flow::Dpop => {
                let token = course.access_token()?;
                let mut request = self.call(Method::GET, "", &token)?;
                let value = HeaderValue::from_str(&format!("DPoP {}", token.as_str())).ok()?;
                request.headers_mut().insert(AUTHORIZATION, value);
                course.prover.as_ref()?.prove(&mut request, Some(&token))?;
                Some(request)
            }
            Action::Read => self.call(Method::GET, "", &course.access_token()?),
            Action::Write => self.call(Method::POST, "", &course.access_token()?),
            Action::Enter => self.call(Method::GET, PRIVATE, &course.access_token()?),
            Action::Steal => self.call(Method::GET, "", &course.access_token()?),
        }
    }

    /// A call of a part of the demo resource.
    fn call(&self, method: Method, part: &str, token: &Exposed) -> Option<Request<Vec<u8>>> {
        let mut request = empty(method, format!("{}{part}", self.resource).parse().ok()?);
        let value = HeaderValue::from_str(&format!("Bearer {}", token.as_str())).ok()?;
        request.headers_mut().insert(AUTHORIZATION, value);
        Some(request)
    }

    /// The demo resource, where the profile wants it to be named, or the protocol.
    pub(super) fn usual_resource(&self, flow: Flow) -> Vec<String> {
        let required = flow == Flow::Assistant
            || self.server.config().posture().stance(Practice::ResourceIndicator) == Stance::Required;
        required.then(|| self.resource.as_str().to_owned()).into_iter().collect()
    }

    pub(super) fn uri(&self, place: Place) -> Option<Uri> {
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

fn empty(method: Method, uri: Uri) -> Request<Vec<u8>> {
    let mut request = Request::new(Vec::new());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    request
}
