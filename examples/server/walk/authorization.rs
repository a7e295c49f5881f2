//! Who the walk's client is, and what it asks the authorization endpoint for.

use grantor::record::{ClientId, Exposed, ResponseType};
use grantor::server::Place;
use grantor::wire::{AuthorizationRequest, Credentials};
use serde_json::json;

use super::action::Action;
use super::course::Course;
use super::flow::Flow;
use super::prover::Prover;
use crate::app::{App, DETAILS, RESOURCES};
use crate::clients::{DEMO_APP, DEMO_ASSISTANT, DEMO_LEGACY, DEMO_SERVICE, DEMO_TV};

impl App {
    /// The authorization request of a course, as a link.
    pub(super) fn authorization_uri(&self, flow: Flow, course: &Course) -> Option<String> {
        let request = match &course.pushed {
            None => self.authorization_request(flow, course),
            Some(pushed) => {
                let mut request = AuthorizationRequest::default();
                request.client_id = Some(ClientId::new(DEMO_APP));
                request.request_uri = Some(pushed.clone());
                request
            }
        };
        Some(format!("{}?{}", self.uri(Place::Authorization)?, request.print()))
    }

    pub(super) fn authorization_request(&self, flow: Flow, course: &Course) -> AuthorizationRequest {
        let mut request = AuthorizationRequest::default();
        request.client_id = Some(flow.client(course));
        request.redirect_uri = Some(self.callback_uri());
        request.response_type = Some(flow.response_type().as_str().to_owned());
        request.scope = Some("read".to_owned());
        request.state = Some(course.state.as_str().to_owned());
        if flow.response_type() == ResponseType::Code {
            request.code_challenge = Some(course.challenge());
            request.code_challenge_method = Some("S256".to_owned());
        }
        request.dpop_jkt = course.prover.as_ref().map(Prover::thumbprint);
        if let Some(strength) = &course.strength {
            request.acr_values = Some(strength.acr_values.clone());
            request.max_age.clone_from(&strength.max_age);
        }
        let all = || RESOURCES.map(str::to_owned).to_vec();
        request.resource = if flow == Flow::Resources { all() } else { self.usual_resource(flow) };
        if flow == Flow::Details {
            let details = json!([{"type": DETAILS, "actions": ["list_accounts", "read_balances"]}]);
            request.authorization_details = Some(Exposed::new(details.to_string()));
        }
        request
    }
}

impl Flow {
    /// Who asks a person.
    fn client(self, course: &Course) -> ClientId {
        let registered = course.registered.as_ref().map(|registered| registered.own.client_id.clone());
        match (self, registered) {
            (Self::Assistant, _) => course.assistant(),
            (Self::Registration, Some(registered)) => registered,
            (Self::Device, _) => ClientId::new(DEMO_TV),
            (Self::Implicit | Self::Password, _) => ClientId::new(DEMO_LEGACY),
            _ => ClientId::new(DEMO_APP),
        }
    }

    /// Who sends a request.
    pub(super) fn credentials(self, course: &Course, action: Action) -> Credentials {
        let client = self.client(course);
        let secret = course.registered.as_ref().and_then(|registered| registered.own.client_secret.clone());
        match (self, action) {
            (Self::Service, _) | (Self::Exchange, Action::Authenticate | Action::Exchange | Action::Introspect) => {
                let (client, secret) = DEMO_SERVICE;
                Credentials::Basic { client: ClientId::new(client), secret: Exposed::new(secret) }
            }
            _ => match secret {
                Some(secret) => Credentials::Basic { client, secret },
                None => Credentials::None { client },
            },
        }
    }
}

impl Course {
    /// Who the assistant is by now.
    fn assistant(&self) -> ClientId {
        self.found.client.clone().unwrap_or_else(|| ClientId::new(DEMO_ASSISTANT))
    }
}
