//! Requests and responses.

use grantor::record::{ClientId, Exposed, Scope, Subject};
use grantor::wire::{
    AuthorizationRequest, CredentialsFault, ErrorResponse, Introspection, Limits, Malformed, ServerMetadata,
    TokenQuery, TokenRefusal, TokenRequest, TokenResponse,
};
use http::{Request, Response};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::json;

use super::*;

proptest! {
    #[test]
    fn a_token_request_is_read_back(credentials in credentials(), grant in grants(), scope in of(value()), other in parameters()) {
        let mut request = TokenRequest::new(credentials, grant);
        request.scope = scope;
        request.other = other;
        prop_assert_eq!(TokenRequest::parse(&request.print(&endpoint()), &Limits::default()), Ok(request));
    }

    #[test]
    fn a_token_query_is_read_back(
        credentials in credentials(), token in of(exposed()), hint in of(value()), other in parameters(),
    ) {
        let mut query = TokenQuery::new(credentials, Exposed::new(""));
        query.token = token;
        query.token_type_hint = hint;
        query.other = other;
        prop_assert_eq!(TokenQuery::parse(&query.print(&endpoint()), &Limits::default()), Ok(query));
    }

    #[test]
    fn an_authorization_request_is_read_back(
        texts in prop::collection::vec(of(value()), 12), other in parameters(), post in any::<bool>(),
    ) {
        let mut texts = texts.into_iter();
        let mut text = || texts.next().flatten();
        let mut request = AuthorizationRequest::default();
        request.client_id = text().map(|id| ClientId::new(&id));
        request.redirect_uri = text();
        request.response_type = text();
        request.response_mode = text();
        request.scope = text();
        request.state = text();
        request.code_challenge = text();
        request.code_challenge_method = text();
        request.prompt = text();
        request.max_age = text();
        request.login_hint = text();
        request.ui_locales = text();
        request.other = other;
        let kept = serde_json::to_vec(&request).unwrap();
        prop_assert_eq!(&serde_json::from_slice::<AuthorizationRequest>(&kept).unwrap(), &request);
        let sent = if post {
            let form = "application/x-www-form-urlencoded; charset=utf-8";
            let sent = Request::post("/authorize").header("content-type", form);
            sent.body(request.print().into_bytes()).unwrap()
        } else {
            Request::get(format!("/authorize?{}", request.print())).body(Vec::new()).unwrap()
        };
        prop_assert_eq!(AuthorizationRequest::parse(&sent, &Limits::default()), Ok(request));
    }

    #[test]
    fn a_token_response_is_read_back(
        access in exposed(), token_type in value(), lifetime in of(any::<u64>()), refresh in of(exposed()),
        scope in of(scopes()),
    ) {
        let mut response = TokenResponse::bearer(access, 0, Scope::empty(), refresh);
        response.token_type = token_type.into();
        response.expires_in = lifetime;
        response.scope = scope;
        prop_assert_eq!(response.print().into_body(), serde_json::to_vec(&response).unwrap());
        prop_assert_eq!(TokenResponse::parse(&response.print()), Ok(response));
    }

    #[test]
    fn an_error_response_is_read_back(error in any::<String>(), description in of(any::<String>()), scope in of(scopes())) {
        let written = json!({ "error": error, "error_description": description, "scope": scope });
        let response = Response::builder().status(400).body(written.to_string()).unwrap();
        let read = ErrorResponse::parse(&response);
        prop_assert_eq!((&read.error, &read.error_description, &read.scope), (&error, &description, &scope));
        prop_assert_eq!(TokenResponse::parse(&response), Err(read));
    }

    #[test]
    fn a_refusal_is_read_back(refusal in refusals(), scope in scopes()) {
        let read = ErrorResponse::parse(&refusal.print("realm"));
        prop_assert_eq!(&read.error, refusal.error());
        prop_assert!(read.error_description.is_some_and(|text| !text.is_empty()));
        let read = ErrorResponse::parse(&TokenRefusal::ScopeExceedsGrant(scope.clone()).print("realm"));
        prop_assert_eq!(read.scope, Some(scope));
    }

    #[test]
    fn an_introspection_is_read_back(
        active in any::<bool>(), scope in of(scopes()), texts in prop::collection::vec(of(value()), 4),
        exp in of(times()), iat in of(times()), aud in prop::collection::vec(resources(), 0..3),
    ) {
        let mut texts = texts.into_iter();
        let mut text = || texts.next().flatten();
        let mut introspection = Introspection::inactive();
        introspection.active = active;
        introspection.scope = scope;
        introspection.client_id = text().map(|id| ClientId::new(&id));
        introspection.token_type = text().map(Into::into);
        introspection.sub = text().map(|subject| Subject::new(&subject));
        introspection.iss = text().map(Into::into);
        introspection.exp = exp;
        introspection.iat = iat;
        introspection.aud = aud;
        prop_assert_eq!(introspection.print().into_body(), serde_json::to_vec(&introspection).unwrap());
        prop_assert_eq!(Introspection::parse(introspection.print().body()), Some(introspection));
    }

    #[test]
    fn server_metadata_is_read_back(
        issuer in value(), texts in prop::collection::vec(of(value()), 4),
        lists in prop::collection::vec(prop::collection::vec(value(), 0..3), 8), iss in any::<bool>(),
    ) {
        let (mut texts, mut lists) = (texts.into_iter(), lists.into_iter());
        let mut text = || texts.next().flatten();
        let mut list = || lists.next().unwrap();
        let mut metadata = ServerMetadata::default();
        metadata.issuer = issuer.clone();
        metadata.authorization_endpoint = text();
        metadata.token_endpoint = text();
        metadata.revocation_endpoint = text();
        metadata.introspection_endpoint = text();
        metadata.scopes_supported = list();
        metadata.response_types_supported = list();
        metadata.response_modes_supported = list();
        metadata.grant_types_supported = list();
        metadata.token_endpoint_auth_methods_supported = list();
        metadata.revocation_endpoint_auth_methods_supported = list();
        metadata.introspection_endpoint_auth_methods_supported = list();
        metadata.code_challenge_methods_supported = list();
        metadata.authorization_response_iss_parameter_supported = iss;
        let document = metadata.print().into_body();
        prop_assert_eq!(ServerMetadata::parse(&document, &issuer), Some(metadata));
        prop_assert_eq!(ServerMetadata::parse(&document, &format!("{issuer}/")), None);
    }
}

#[test]
fn a_repetition_is_not_written() {
    let query = b"state=1&ui_locales=a&x=1&ui_locales=b&x=2&y=3&state=2";
    let request = AuthorizationRequest::parse_form(query, &Limits::default()).unwrap();
    assert_eq!(request.print(), "state=1&ui_locales=a&y=3");
}

fn refusals() -> impl Strategy<Value = TokenRefusal> {
    use TokenRefusal as R;
    prop::sample::select(vec![
        R::Malformed(Malformed::TooLarge),
        R::Malformed(Malformed::ContentType),
        R::Malformed(Malformed::Repeated),
        R::Credentials(CredentialsFault::Missing),
        R::Credentials(CredentialsFault::Several),
        R::Credentials(CredentialsFault::Mismatch),
        R::Credentials(CredentialsFault::Header),
        R::Credentials(CredentialsFault::AssertionType),
        R::ParameterMissing("code"),
        R::VerifierMalformed,
        R::GrantTypeUnsupported,
        R::GrantTypeNotAllowed,
        R::CodeUnknown,
        R::CodeOfAnotherClient,
        R::CodeExpired,
        R::CodeReplayed,
        R::RedirectUriDiffers,
        R::VerifierMissing,
        R::VerifierDiffers,
        R::VerifierUnexpected,
        R::RefreshTokenUnknown,
        R::RefreshTokenOfAnotherClient,
        R::RefreshTokenExpired,
        R::RefreshTokenReused,
        R::SubjectInactive,
        R::GrantRevoked,
        R::ScopeMalformed,
        R::ScopeMissing,
        R::ScopeUnknown,
    ])
}
