//! From a refusal to a stronger or fresher login and back [RFC 9470].

use std::time::Duration;

use http::Response;
use serde_json::{Value, json as value};

use grantor::Progress;
use grantor::record::{Client, GrantType, Resource, Scope, Subject};
use grantor::resource::{Access, Demand, Permit, ProtectedResource, ResourceReason, ResourceRefusal};
use grantor::server::{Asking, DeviceApproval, Place, Prompt, Session, Verification, Visitor};

use crate::support::*;

const STRONG: &str = "urn:example:phishing-resistant";
const WEAK: &str = "urn:example:password";
const NOTES: &str = "https://api.example/notes";

fn steps() -> World {
    world_with(|config| config.resource(NOTES).acr_values([WEAK, STRONG]).device_flow(|_| ()))
}

fn weak(world: &World) -> Session {
    world.session().with_acr(WEAK).with_amr(["pwd"])
}

fn strong(world: &World) -> Session {
    world.session().with_acr(STRONG).with_amr(["hwk", "user"])
}

/// What becomes of a request with `acr_values`, for a person with a session.
fn asked(world: &World, acr_values: &str, session: Option<&Session>, more: &[(&str, &str)]) -> Progress {
    let pairs: Vec<_> =
        [("acr_values", acr_values), ("resource", NOTES)].into_iter().chain(more.iter().copied()).collect();
    let visitor = session.cloned().map_or_else(Visitor::anonymous, back);
    world.authorize(&authorization("spa", SPA, &pairs), visitor)
}

/// Somebody whose consent is remembered.
fn back(session: Session) -> Visitor {
    let notes = grantor::record::Resource::parse(NOTES).unwrap();
    Visitor::logged_in(session, Some(Scope::parse("read write").unwrap())).having_granted_at([notes])
}

fn prompted(progress: Progress) -> Prompt {
    match progress {
        Progress::Ask(prompt) => *prompt,
        other => panic!("no prompt: {other:?}"),
    }
}

fn answered(progress: Progress) -> Response<Vec<u8>> {
    match progress {
        Progress::Respond(response) => response,
        other => panic!("no response: {other:?}"),
    }
}

fn error_of(progress: Progress) -> Option<String> {
    parameter(&answered(progress), "error")
}

fn tokens_of(world: &World, response: &Response<Vec<u8>>) -> Value {
    let tokens = json(&world.token(&redeem("spa", SPA, &parameter(response, "code").unwrap())));
    assert_eq!(tokens.get("error"), None, "{tokens}");
    tokens
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

/// The access token of a login.
fn token(world: &World, session: &Session) -> String {
    text(&tokens_of(world, &answered(asked(world, "", Some(session), &[]))), "access_token")
}

fn demand() -> Demand {
    Demand::new(Scope::parse("read").unwrap()).at(Resource::parse(NOTES).unwrap())
}

fn call(world: &World, token: &str, demand: Demand) -> Result<Permit, ResourceRefusal> {
    let mut request = get("/notes");
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    world.server.run(Access::new(world.server.config(), &request, demand)).unwrap()
}

#[test]
fn a_refusal_leads_to_a_login_that_the_resource_accepts() {
    let world = steps();
    let resource = ProtectedResource::builder(NOTES).authorization_server(ISSUER).build().unwrap();
    let demand = || Demand::new(Scope::parse("read").unwrap()).of(&resource).with_acr([STRONG, "urn:example:other"]);
    let before = token(&world, &weak(&world));
    let refusal = call(&world, &before, demand()).unwrap_err();
    let response = refusal.print();
    let told = "Bearer realm=\"grantor\", error=\"insufficient_user_authentication\", \
                error_description=\"a stronger or more recent login is required\", scope=\"read\", \
                acr_values=\"urn:example:phishing-resistant urn:example:other\", \
                resource_metadata=\"https://api.example/.well-known/oauth-protected-resource/notes\"";
    assert_eq!((response.status().as_u16(), &response.headers()["www-authenticate"]), (401, &told.parse().unwrap()));

    let wanted = refusal.challenge().acr_values.join(" ");
    let prompt = prompted(asked(&world, &wanted, Some(&weak(&world)), &[]));
    assert_eq!((&prompt.asking, &*prompt.acr_values), (&Asking::Login, &[STRONG.to_owned()][..]));
    let prompt: Prompt = serde_json::from_str(&serde_json::to_string(&prompt).unwrap()).unwrap();
    world.clock.advance(30);
    let tokens = tokens_of(&world, &answered(world.server.resume(prompt, back(strong(&world)))));
    let permit = call(&world, &text(&tokens, "access_token"), demand()).unwrap();
    assert_eq!((permit.acr.as_deref(), permit.auth_time), (Some(STRONG), Some(world.now())));
    assert_eq!(&*permit.amr, ["hwk", "user"]);

    let then = world.now();
    world.clock.advance(100);
    let refreshed = json(&world.refresh("spa", &text(&tokens, "refresh_token")));
    let permit = call(&world, &text(&refreshed, "access_token"), demand()).unwrap();
    assert_eq!((permit.acr.as_deref(), permit.auth_time), (Some(STRONG), Some(then)), "refreshing is no login");
    let shown = world.introspect(&text(&refreshed, "access_token"));
    assert_eq!((&shown["acr"], &shown["auth_time"]), (&value!(STRONG), &value!(then.as_unix())));
    assert_eq!(shown["amr"], value!(["hwk", "user"]));
    // The weaker token is still what it was.
    assert_eq!(call(&world, &before, demand()).unwrap_err().reason, ResourceReason::AuthenticationInsufficient);
    assert!(call(&world, &before, self::demand()).is_ok());
}

#[test]
fn an_old_login_is_refused_to_the_second() {
    let world = steps();
    let fresh = || demand().authenticated_within(Duration::from_secs(60));
    let access = token(&world, &world.session());
    world.clock.advance(60);
    assert!(call(&world, &access, fresh()).is_ok());
    world.clock.advance(1);
    let challenge = call(&world, &access, fresh()).unwrap_err().challenge();
    assert_eq!((challenge.max_age, challenge.acr_values.len()), (Some(60), 0));
    assert!(
        challenge.print().contains("error=\"insufficient_user_authentication\"")
            && challenge.print().contains("max_age=\"60\"")
    );
    let both = call(&world, &access, fresh().with_acr([STRONG])).unwrap_err().challenge().print();
    assert!(both.contains(&format!("acr_values=\"{STRONG}\", max_age=\"60\"")), "{both}");
    let prompt =
        prompted(asked(&world, "", Some(&Session::new(Subject::new("alice"), world.now())), &[("max_age", "0")]));
    assert_eq!(prompt.asking, Asking::Login);
    // Without a person there was no login.
    let own = post_as(
        "/token",
        &basic("service", "s"),
        &[("grant_type", "client_credentials"), ("resource", NOTES), ("scope", "read")],
    );
    let own = text(&json(&world.token(&own)), "access_token");
    assert!(call(&world, &own, demand()).is_ok());
    for demand in [fresh(), demand().with_acr([WEAK])] {
        assert_eq!(call(&world, &own, demand).unwrap_err().reason, ResourceReason::AuthenticationInsufficient);
    }
}

#[test]
fn what_is_required_is_told_only_for_a_good_token_and_with_the_scope() {
    let world = steps();
    let strict = || demand().with_acr([STRONG]).authenticated_within(Duration::from_secs(5));
    let access = token(&world, &weak(&world));
    let mut more = strict();
    more.scope = Scope::parse("admin").unwrap();
    let refusal = call(&world, &access, more).unwrap_err();
    assert_eq!(refusal.reason, ResourceReason::AuthenticationInsufficient);
    assert!(refusal.challenge().print().contains("scope=\"admin\""));
    let stranger = call(&world, "nonsense", strict()).unwrap_err();
    assert_eq!(stranger.reason, ResourceReason::TokenInvalid);
    assert!(!stranger.challenge().print().contains("acr_values") && !stranger.challenge().print().contains("max_age"));
    assert!(
        world.server.access(&get("/notes"), strict()).unwrap_err().headers()["www-authenticate"]
            .to_str()
            .is_ok_and(|told| !told.contains("acr"))
    );
    world.revoke("spa", &access);
    assert_eq!(call(&world, &access, strict()).unwrap_err().reason, ResourceReason::TokenInvalid);
}

#[test]
fn a_request_for_a_strength_gets_it_or_is_refused() {
    let world = steps();
    let (weak, strong, plain) = (weak(&world), strong(&world), world.session());
    for (acr_values, session) in [
        ("", &plain),
        (STRONG, &strong),
        (WEAK, &weak),
        (&format!("{STRONG}  {WEAK}"), &weak),
        (&format!("unknown {WEAK}"), &weak),
    ] {
        assert_eq!(error_of(asked(&world, acr_values, Some(session), &[])), None, "{acr_values}");
    }
    for (acr_values, session) in [(STRONG, Some(&weak)), (STRONG, Some(&plain)), (WEAK, Some(&strong)), (STRONG, None)]
    {
        assert_eq!(prompted(asked(&world, acr_values, session, &[])).asking, Asking::Login, "{acr_values}");
        let silent = asked(&world, acr_values, session, &[("prompt", "none")]);
        assert_eq!(error_of(silent).as_deref(), Some("login_required"), "{acr_values}");
    }
    let impossible = asked(&world, "urn:example:retina", Some(&strong), &[]);
    assert_eq!(error_of(impossible).as_deref(), Some("unmet_authentication_requirements"));
    let repeated = asked(&world, STRONG, Some(&strong), &[("acr_values", WEAK)]);
    assert_eq!(error_of(repeated).as_deref(), Some("invalid_request"));
    let pairs = [
        ("client_id", "spa"),
        ("redirect_uri", SPA),
        ("response_type", "code"),
        ("scope", "read"),
        ("code_challenge", &*challenge(VERIFIER)),
        ("code_challenge_method", "S256"),
        ("acr_values", "urn:example:retina"),
    ];
    let pushed = world.server.answer(Place::PushedAuthorizationRequest, &post("/par", &pairs));
    assert_eq!(
        (pushed.status().as_u16(), &json(&pushed)["error"]),
        (400, &value!("unmet_authentication_requirements"))
    );
}

#[test]
fn a_login_that_does_not_help_ends_the_request() {
    let world = steps();
    let prompt = || prompted(asked(&world, STRONG, Some(&weak(&world)), &[]));
    let first = prompt();
    world.clock.advance(5);
    for session in [weak(&world), world.session()] {
        let progress = world.server.resume(first.clone(), back(session));
        assert_eq!(error_of(progress).as_deref(), Some("unmet_authentication_requirements"));
    }
    assert!(parameter(&answered(world.server.resume(first, back(strong(&world)))), "code").is_some());
    // An approval is bound by it as well.
    let consent = prompted(asked(&world, STRONG, Some(&strong(&world)), &[("prompt", "consent")]));
    assert!(matches!(consent.asking, Asking::Consent(_)));
    let old =
        Session::new(Subject::new("alice"), grantor::Timestamp::from_unix(world.now().as_unix() - 50)).with_acr(WEAK);
    for (session, error) in [(weak(&world), "unmet_authentication_requirements"), (old, "login_required")] {
        let response = world.server.approve(consent.clone(), session);
        assert_eq!(parameter(&response, "error").as_deref(), Some(error));
    }
    assert!(parameter(&world.server.approve(consent, strong(&world)), "code").is_some());
}

#[test]
fn a_server_that_promises_nothing_ignores_the_wish_and_still_tells_what_was_reached() {
    let world = world_with(|config| config.resource(NOTES));
    let session = weak(&world);
    let tokens = tokens_of(&world, &answered(asked(&world, STRONG, Some(&session), &[])));
    assert_eq!(call(&world, &text(&tokens, "access_token"), demand()).unwrap().acr.as_deref(), Some(WEAK));
    let named = |world: &World| serde_json::to_value(world.server.config().metadata()).unwrap();
    assert_eq!(named(&world).get("acr_values_supported"), None);
    assert_eq!(named(&steps())["acr_values_supported"], value!([WEAK, STRONG]));
    for bad in ["", "two words", "quo\"te", "é"] {
        assert!(config().acr_values([bad]).build().is_err(), "{bad}");
    }
}

#[test]
fn a_device_gets_the_strength_of_whoever_approved_it() {
    let world = steps();
    world.server.store().put_client(Client::builder("tv").grant_types(&[GrantType::DeviceCode]).build().unwrap());
    let pairs = [("client_id", "tv"), ("scope", "read"), ("resource", NOTES)];
    let codes = json(&world.server.answer(Place::DeviceAuthorization, &post("/device_authorization", &pairs)));
    let config = world.server.config();
    let typed = Verification::new(config, &text(&codes, "user_code"), Some(strong(&world)), "somewhere");
    let prompt = *world.server.run(typed).unwrap().unwrap();
    world.server.run(DeviceApproval::new(config.clone(), prompt, strong(&world))).unwrap().unwrap();
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "tv"),
        ("device_code", &*text(&codes, "device_code")),
    ];
    let access = text(&json(&world.token(&post("/token", &poll))), "access_token");
    assert!(call(&world, &access, demand().with_acr([STRONG])).is_ok());
}
