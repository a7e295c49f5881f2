//! The requests that the walk's client sends.

use grantor::record::{ClientId, Exposed};
use grantor::server::Place;
use grantor::wire::{AuthorizationRequest, Credentials, TokenGrant, TokenQuery, TokenRequest};
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Method, Request, Uri};
use url::Url;

use super::course::{Action, Course, Flow};
use crate::app::App;
use crate::clients::{DEMO_APP, DEMO_SERVICE, WALK_CALLBACK};

impl App {
    /// The request that an action sends.
    pub(super) fn request(&self, flow: Flow, course: &Course, action: Action) -> Option<Request<Vec<u8>>> {
        let credentials = flow.credentials();
        let token = |grant| Some(TokenRequest::new(flow.credentials(), grant).print(&self.uri(Place::Token)?));
        let query = |place, token| Some(TokenQuery::new(credentials.clone(), token).print(&self.uri(place)?));
        match action {
            Action::Metadata => Some(empty(Method::GET, self.uri(Place::Metadata)?)),
            Action::Redeem | Action::Replay => token(TokenGrant::AuthorizationCode {
                code: course.code.clone(),
                redirect_uri: Some(self.callback_uri()),
                code_verifier: Some(Exposed::new(course.verifier.as_str())),
            }),
            Action::Authenticate => {
                let mut request = TokenRequest::new(credentials, TokenGrant::ClientCredentials);
                request.scope = Some("read".to_owned());
                Some(request.print(&self.uri(Place::Token)?))
            }
            Action::Refresh => token(TokenGrant::RefreshToken { refresh_token: course.refresh_token() }),
            Action::Reuse => token(TokenGrant::RefreshToken { refresh_token: course.spent.clone() }),
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
    pub(super) fn authorization_uri(&self, course: &Course) -> Option<String> {
        let mut request = AuthorizationRequest::default();
        request.client_id = Some(DEMO_APP.to_owned());
        request.redirect_uri = Some(self.callback_uri());
        request.response_type = Some("code".to_owned());
        request.scope = Some("read".to_owned());
        request.state = Some(course.state.as_str().to_owned());
        request.code_challenge = Some(course.challenge());
        request.code_challenge_method = Some("S256".to_owned());
        Some(format!("{}?{}", self.uri(Place::Authorization)?, request.print()))
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
    fn credentials(self) -> Credentials {
        match self {
            Self::Code | Self::Metadata => Credentials::None { client: ClientId::new(DEMO_APP) },
            Self::Service => {
                let (client, secret) = DEMO_SERVICE;
                Credentials::Basic { client: ClientId::new(client), secret: Exposed::new(secret) }
            }
        }
    }
}

fn empty(method: Method, uri: Uri) -> Request<Vec<u8>> {
    let mut request = Request::new(Vec::new());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    request
}
