//! Rich authorization requests: what may be asked for, what of it is given, and who gets to know [RFC 9396].

use std::sync::Arc;

use http::{Request, StatusCode};
use serde_json::{Value, json as value};

use grantor::event::Event;
use grantor::record::{
    AuthorizationDetail, AuthorizationDetails, Client, DetailsFault, GrantType, Resource, ResponseType, Subject,
};
use grantor::resource::Demand;
use grantor::server::{Approval, Asking, DeviceApproval, Place, Prompt, Verification, Visitor};
use grantor::wire::AuthorizationRequest;
use grantor::{CommonDetails, Config, ConfigBuilder, ConfigFault, DetailType, Profile, Progress, ProposedConsent};

use crate::support::*;

const SPA: &str = "https://spa.example/cb";
const API: &str = "https://api.test/";

/// A payment: agreed to each time, from an account that the person chooses and the client need not know.
#[derive(Debug)]
struct Payment;

impl DetailType for Payment {
    fn name(&self) -> &str {
        "payment"
    }

    fn validate(&self, detail: &AuthorizationDetail, client: &Client) -> Result<(), DetailsFault> {
        detail.only(&["amount", "to", "from"])?;
        detail.text("from")?;
        detail.text("to")?.ok_or(DetailsFault::MemberMissing)?;
        let amount = detail.member("amount").ok_or(DetailsFault::MemberMissing)?;
        let amount = amount.as_u64().filter(|amount| *amount > 0).ok_or(DetailsFault::MemberInvalid)?;
        let rich = client.id().as_str() != "cli" || amount <= 10;
        if rich { Ok(()) } else { Err(DetailsFault::NotAllowed) }
    }

    fn covers(&self, granted: &AuthorizationDetail, requested: &AuthorizationDetail) -> bool {
        let amount = |detail: &AuthorizationDetail| detail.member("amount").and_then(Value::as_u64);
        let from = granted.member("from").is_none() || granted.member("from") == requested.member("from");
        from && granted.member("to") == requested.member("to") && amount(requested) <= amount(granted)
    }

    fn narrow(&self, granted: &AuthorizationDetail, requested: &AuthorizationDetail) -> Option<AuthorizationDetail> {
        let mut narrowed = requested.clone();
        for kept in ["from", "holder"] {
            if let Some(value) = granted.member(kept) {
                narrowed = narrowed.with(kept, value.clone());
            }
        }
        self.covers(granted, &narrowed).then_some(narrowed)
    }

    fn enrich(&self, granted: AuthorizationDetail, _: &Client, subject: Option<&Subject>) -> AuthorizationDetail {
        granted.with("holder", subject.map_or("nobody", Subject::as_str))
    }
}

fn files() -> CommonDetails {
    CommonDetails::new("https://api.test/files")
        .actions(["read", "write"])
        .locations(["https://api.test/a", "https://api.test/b", "https://other.test/"])
        .staying_granted()
}

fn rich(config: ConfigBuilder) -> ConfigBuilder {
    config.authorization_details(Payment).authorization_details(files()).device_flow(|_| ())
}

fn rich_world() -> World {
    let world = world_with(|config| rich(config).audience(API));
    let builders = [
        Client::builder("filer")
            .redirect_uri("https://filer.example/cb")
            .authorization_details_types(["https://api.test/files"]),
        Client::builder("tv").grant_types(&[GrantType::DeviceCode, GrantType::RefreshToken]),
        Client::builder("files-api").secret(secret("f")).grant_types(&[]).resource(Resource::parse(API).unwrap()),
    ];
    builders.into_iter().for_each(|client| world.server.store().put_client(client.build().unwrap()));
    world
}

fn payment(amount: u64) -> Value {
    value!({"type": "payment", "amount": amount, "to": "shop"})
}

fn file(actions: &[&str], locations: &[&str]) -> Value {
    value!({"type": "https://api.test/files", "actions": actions, "locations": locations})
}

fn details(values: &[Value]) -> AuthorizationDetails {
    AuthorizationDetails::parse(&value!(values).to_string()).unwrap()
}

/// A request of `spa` for these details and no scope.
fn asking(details: &Value) -> Request<Vec<u8>> {
    authorization("spa", SPA, &[("scope", ""), ("authorization_details", &details.to_string())])
}

fn code_of(world: &World, details: &Value) -> String {
    parameter(&world.approved(&asking(details)), "code").unwrap()
}

/// What the tokens of a request carry, or the error.
fn carried(world: &World, request: &Request<Vec<u8>>) -> Value {
    let body = json(&world.token(request));
    let found = ["authorization_details", "error"].into_iter().find_map(|name| body.get(name)).cloned();
    found.unwrap_or(Value::Null)
}

fn narrowed(request: &Request<Vec<u8>>, details: &Value) -> Request<Vec<u8>> {
    with(request, &[("authorization_details", &details.to_string())])
}

fn shown_details(prompt: &Prompt) -> &AuthorizationDetails {
    let Asking::Consent(ProposedConsent { details, .. }) = &prompt.asking else { panic!("no consent") };
    details
}

#[test]
fn details_are_shown_granted_told_and_refreshed_without_any_scope() {
    let world = rich_world();
    let request = asking(&value!([payment(5), file(&["read"], &["https://api.test/a"])]));
    let prompt = world.prompt(&request);
    assert!(matches!(&prompt.asking, Asking::Consent(ProposedConsent { scope, .. }) if scope.is_empty()));
    assert_eq!(shown_details(&prompt), &details(&[payment(5), file(&["read"], &["https://api.test/a"])]));
    let kept: Prompt = serde_json::from_str(&serde_json::to_string(&prompt).unwrap()).unwrap();
    assert_eq!(kept, prompt);
    world.log.take();

    let code = parameter(&world.server.approve(kept, world.session()), "code").unwrap();
    let rich = value!([
        {"type": "payment", "amount": 5, "to": "shop", "holder": "alice"},
        file(&["read"], &["https://api.test/a"])
    ]);
    let granted = world.log.take();
    assert!(
        matches!(&granted[..], [Event::AuthorizationGranted { details, .. }] if details.iter().count() == 2),
        "{granted:?}"
    );
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    assert_eq!(tokens["authorization_details"], rich, "{tokens}");
    assert_eq!(tokens.get("scope"), None, "an empty scope is none");
    let access = tokens["access_token"].as_str().unwrap();
    let seen = world.introspect(access);
    assert_eq!((&seen["active"], seen.get("scope"), &seen["authorization_details"]), (&true.into(), None, &rich));

    let mut call = get("/api");
    call.headers_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
    let permit = world.server.access(&call, Demand::new(grantor::record::Scope::empty())).unwrap();
    assert_eq!(serde_json::to_value(&permit.details).unwrap(), rich);

    let refreshed = json(&world.refresh("spa", tokens["refresh_token"].as_str().unwrap()));
    assert_eq!(refreshed["authorization_details"], rich);
}

#[test]
fn a_scope_beside_details_is_granted_as_well_and_no_default_is_added() {
    let world = world_with(|config| rich(config).default_scope("write"));
    let asked = value!([payment(5)]).to_string();
    for (scope, told) in [("read", value!("read")), ("", Value::Null), (" ", Value::Null)] {
        let request = authorization("spa", SPA, &[("authorization_details", &*asked), ("scope", scope)]);
        let code = parameter(&world.approved(&request), "code").unwrap();
        let tokens = json(&world.token(&redeem("spa", SPA, &code)));
        assert_eq!(tokens["scope"], told, "{scope:?}");
        assert_eq!(tokens["authorization_details"][0]["amount"], 5);
    }
    let unknown = authorization("spa", SPA, &[("authorization_details", &*asked), ("scope", "unknown")]);
    let Progress::Respond(response) = world.authorize(&unknown, Visitor::anonymous()) else { panic!("asked") };
    assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_scope"));
}

/// Details that no request may have, whoever asks.
fn bad() -> Vec<String> {
    let nested =
        |depth: usize| format!(r#"[{{"type":"payment","amount":{}1{}}}]"#, "[".repeat(depth), "]".repeat(depth));
    let mut texts: Vec<_> = [
        "nonsense",
        "{}",
        "null",
        "7",
        r#""payment""#,
        "[7]",
        "[[]]",
        "[{}]",
        r#"[{"type":7}]"#,
        r#"[{"type":"payment","amount":1,"amount":5,"to":"shop"}]"#,
        r#"[{"type":"payment","amount":1,"to":"shop"},{"type":"payment","amount":1,"to":"shop","\u0074o":"other"}]"#,
        r#"[{"type":"unknown"}]"#,
        r#"[{"type":"Payment","amount":1,"to":"shop"}]"#,
        r#"[{"type":"payment","amount":1}]"#,
        r#"[{"type":"payment","to":"shop"}]"#,
        r#"[{"type":"payment","amount":"1","to":"shop"}]"#,
        r#"[{"type":"payment","amount":0,"to":"shop"}]"#,
        r#"[{"type":"payment","amount":-1,"to":"shop"}]"#,
        r#"[{"type":"payment","amount":1,"to":"shop","more":1}]"#,
        r#"[{"type":"payment","amount":1,"to":"shop","holder":"bob"}]"#,
        r#"[{"type":"payment","amount":1,"to":"shop"},{"type":"unknown"}]"#,
        r#"[{"type":"https://api.test/files","actions":["read"]}]"#,
        r#"[{"type":"https://api.test/files","actions":[],"locations":["https://api.test/a"]}]"#,
        r#"[{"type":"https://api.test/files","actions":["erase"],"locations":["https://api.test/a"]}]"#,
        r#"[{"type":"https://api.test/files","actions":"read","locations":["https://api.test/a"]}]"#,
        r#"[{"type":"https://api.test/files","actions":[["read"]],"locations":["https://api.test/a"]}]"#,
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend([nested(17), nested(1000), value!(vec![payment(1); 33]).to_string()]);
    texts
}

#[test]
fn what_no_type_knows_is_refused_wherever_it_is_asked() {
    let world = rich_world();
    let good = value!([payment(1)]).to_string();
    let bad = bad();
    let before = world.server.store().len();
    for (text, told) in bad.iter().map(|text| (text, "invalid_authorization_details")).chain([(&good, "none")]) {
        let asked = [("scope", ""), ("authorization_details", &**text)];
        let request = authorization("spa", SPA, &asked);
        let answer = match world.authorize(&request, Visitor::logged_in(world.session(), None)) {
            Progress::Respond(response) => parameter(&response, "error").unwrap(),
            Progress::Ask(_) => "none".to_owned(),
            Progress::Refuse(reason) => panic!("{reason:?}"),
        };
        assert_eq!(answer, told, "{text}");
        if told != "none" {
            assert_eq!(world.server.store().len(), before, "{text}");
        }

        let pushed = post("/par", &[]);
        let mut pushed = with(&pushed, &[]);
        *pushed.body_mut() = request.uri().query().unwrap().as_bytes().to_vec();
        let pushed = json(&world.server.answer(Place::PushedAuthorizationRequest, &pushed));
        assert_eq!(pushed["error"].as_str().unwrap_or("none"), told, "{text}");

        let device = post("/device_authorization", &[("client_id", "tv"), ("authorization_details", text)]);
        let device = json(&world.server.answer(Place::DeviceAuthorization, &device));
        assert_eq!(device["error"].as_str().unwrap_or("none"), told, "{text}");

        let acting = [("grant_type", "client_credentials"), ("authorization_details", &**text)];
        assert_eq!(error(&world, &post_as("/token", &basic("service", "s"), &acting)).1, told, "{text}");
    }
}

#[test]
fn an_oversized_parameter_never_gets_as_far() {
    let world = rich_world();
    let large = value!([{"type": "payment", "amount": 1, "to": "x".repeat(9000)}]).to_string();
    let acting = [("grant_type", "client_credentials"), ("authorization_details", &*large)];
    assert_eq!(error(&world, &post_as("/token", &basic("service", "s"), &acting)), refused(400, "invalid_request"));
    let twice = [("authorization_details", "[]"), ("authorization_details", "[]")];
    let response = world.token(&post_as("/token", &basic("service", "s"), &twice));
    assert_eq!(json(&response)["error"], "invalid_request");
}

#[test]
fn json_may_be_printed_with_lines() {
    let world = rich_world();
    let pretty = serde_json::to_string_pretty(&value!([payment(5)])).unwrap();
    let request = authorization("spa", SPA, &[("authorization_details", &pretty)]);
    assert_eq!(shown_details(&world.prompt(&request)), &details(&[payment(5)]));
}

#[test]
fn a_client_asks_only_for_types_and_details_that_it_may() {
    let world = rich_world();
    let (filer, file) = ("https://filer.example/cb", file(&["read"], &["https://api.test/a"]));
    for (client, uri, asked, told) in [
        ("filer", filer, payment(1), Some("invalid_authorization_details")),
        ("filer", filer, file, None),
        ("cli", "http://127.0.0.1:8000/cb", payment(11), Some("invalid_authorization_details")),
        ("cli", "http://127.0.0.1:8000/cb", payment(10), None),
    ] {
        let request = authorization(client, uri, &[("authorization_details", &value!([asked]).to_string())]);
        let response = match world.authorize(&request, Visitor::logged_in(world.session(), None)) {
            Progress::Respond(response) => parameter(&response, "error"),
            _ => None,
        };
        assert_eq!(response.as_deref(), told, "{client} {asked}");
    }
}

fn approve_only(world: &World, prompt: Prompt, details: &[Value]) -> http::Response<Vec<u8>> {
    let approval = Approval::new(Arc::clone(world.server.config()), prompt, world.session());
    let approval = approval.only_details(self::details(details));
    match world.server.run(approval).unwrap() {
        Ok(response) => response.print(),
        Err(refusal) => refusal.print(),
    }
}

#[test]
fn a_person_grants_a_part_and_never_more() {
    let world = rich_world();
    let (a, both) = (["https://api.test/a"], ["https://api.test/a", "https://api.test/b"]);
    let asked = value!([payment(5), file(&["read", "write"], &a)]);
    for (granted, told) in [
        (vec![payment(5)], "none"),
        (vec![payment(4)], "none"),
        (vec![file(&["read"], &a)], "none"),
        // The person says from which account.
        (vec![value!({"type": "payment", "amount": 5, "to": "shop", "from": "savings"})], "none"),
        (vec![payment(2), payment(3)], "none"),
        (vec![payment(6)], "server_error"),
        (vec![file(&["read"], &both)], "server_error"),
        (vec![file(&["read", "write"], &a), payment(6)], "server_error"),
        (vec![value!({"type": "unknown"})], "server_error"),
        (vec![], "access_denied"),
    ] {
        let rows = world.server.store().len();
        let response = approve_only(&world, world.prompt(&asking(&asked)), &granted);
        assert_eq!(parameter(&response, "error").as_deref().unwrap_or("none"), told, "{granted:?}");
        if told != "none" {
            assert_eq!(world.server.store().len(), rows);
            continue;
        }
        let code = parameter(&response, "code").unwrap();
        let carried = carried(&world, &redeem("spa", SPA, &code));
        let rich = granted.iter().map(|detail| details(&[enriched(detail)])).collect::<Vec<_>>();
        assert_eq!(carried, serde_json::to_value(rich.iter().flat_map(|one| one.iter()).collect::<Vec<_>>()).unwrap());
    }
}

/// What the handler adds.
fn enriched(detail: &Value) -> Value {
    let mut detail = detail.clone();
    if detail["type"] == "payment" {
        detail["holder"] = "alice".into();
    }
    detail
}

#[test]
fn what_the_person_was_shown_is_the_most_that_is_granted() {
    let world = rich_world();
    let mut prompt = world.prompt(&asking(&value!([payment(5)])));
    prompt.request =
        AuthorizationRequest::parse(&asking(&value!([payment(50)])), world.server.config().limits()).unwrap();
    assert_eq!(parameter(&approve_only(&world, prompt.clone(), &[payment(6)]), "error").unwrap(), "server_error");
    prompt.request =
        AuthorizationRequest::parse(&asking(&value!([payment(4)])), world.server.config().limits()).unwrap();
    assert_eq!(parameter(&world.server.approve(prompt, world.session()), "error").unwrap(), "server_error");
}

#[test]
fn a_token_gets_the_part_that_it_asks_for() {
    let world = rich_world();
    let (a, both) = (["https://api.test/a"], ["https://api.test/a", "https://api.test/b"]);
    let granted = value!([payment(5), file(&["read", "write"], &both)]);
    let told = |amount| value!([{"type": "payment", "amount": amount, "to": "shop", "holder": "alice"}]);
    let refused = value!("invalid_authorization_details");
    for (asked, carries) in [
        (value!([payment(5)]), told(5)),
        (value!([payment(3)]), told(3)),
        (told(5), told(5)),
        (value!([file(&["read"], &a)]), value!([file(&["read"], &a)])),
        (value!([payment(6)]), refused.clone()),
        (value!([file(&["read"], &["https://other.test/"])]), refused.clone()),
        (value!([payment(5), {"type": "unknown"}]), refused.clone()),
        (value!([{"type": "payment", "amount": 1, "to": "thief"}]), refused.clone()),
        (value!([{"type": "payment", "amount": 3, "to": "shop", "holder": "bob"}]), refused.clone()),
        (value!({}), refused),
    ] {
        let code = code_of(&world, &granted);
        let first = redeem("spa", SPA, &code);
        assert_eq!(carried(&world, &narrowed(&first, &asked)), carries, "{asked}");
        if carries.is_string() {
            // A refusal consumes nothing.
            let tokens = json(&world.token(&first));
            assert_eq!(tokens["authorization_details"][0], told(5)[0]);
            let refresh = refresh("spa", tokens["refresh_token"].as_str().unwrap());
            assert_eq!(carried(&world, &narrowed(&refresh, &asked)), carries, "{asked}");
            assert_eq!(carried(&world, &refresh)[0], told(5)[0]);
        }
    }
}

#[test]
fn a_refresh_may_choose_anew_among_what_was_granted() {
    let world = rich_world();
    let code = code_of(&world, &value!([payment(5)]));
    let tokens = json(&world.token(&narrowed(&redeem("spa", SPA, &code), &value!([payment(1)]))));
    assert_eq!(tokens["authorization_details"][0]["amount"], 1);
    let asked = narrowed(&refresh("spa", tokens["refresh_token"].as_str().unwrap()), &value!([payment(4)]));
    let tokens = json(&world.token(&asked));
    assert_eq!(tokens["authorization_details"][0]["amount"], 4);
    let tokens = json(&world.refresh("spa", tokens["refresh_token"].as_str().unwrap()));
    assert_eq!(tokens["authorization_details"][0]["amount"], 5);
    // What the client may no longer ask for is left out, like a scope that it lost.
    let metadata = value!({"redirect_uris": [SPA], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "authorization_details_types": []});
    let less = Client::builder("spa").metadata(serde_json::from_value(metadata).unwrap()).build().unwrap();
    world.server.store().put_client(less);
    let refused = json(&world.refresh("spa", tokens["refresh_token"].as_str().unwrap()));
    assert_eq!(refused["error"], "invalid_scope", "{refused}");
}

#[test]
fn a_resource_server_sees_what_concerns_it() {
    let world = rich_world();
    let mine = file(&["read"], &["https://api.test/a"]);
    let asked = value!([mine, file(&["write"], &["https://other.test/"])]);
    let tokens = json(&world.token(&redeem("spa", SPA, &code_of(&world, &asked))));
    assert_eq!(tokens["authorization_details"], asked);
    let access = tokens["access_token"].as_str().unwrap();
    let request = post_as("/introspect", &basic("files-api", "f"), &[("token", access)]);
    let seen = json(&world.server.answer(Place::Introspection, &request));
    assert_eq!(seen["authorization_details"], value!([mine]), "{seen}");
    assert_eq!(world.introspect(access)["authorization_details"], asked);
}

#[test]
fn a_device_and_a_client_of_its_own_have_details_too() {
    let world = rich_world();
    let asked = value!([payment(5)]).to_string();
    let begin = post("/device_authorization", &[("client_id", "tv"), ("authorization_details", &asked)]);
    let codes = json(&world.server.answer(Place::DeviceAuthorization, &begin));
    let verification =
        Verification::new(world.server.config(), codes["user_code"].as_str().unwrap(), Some(world.session()), "here");
    let prompt = world.server.run(verification).unwrap().unwrap();
    assert_eq!(prompt.details, details(&[payment(5)]));
    let approve = |granted: &[Value]| {
        let approval = DeviceApproval::new(Arc::clone(world.server.config()), (*prompt).clone(), world.session());
        world.server.run(approval.only_details(details(granted))).unwrap()
    };
    assert!(approve(&[payment(6)]).is_err() && approve(&[]).is_err());
    approve(&[payment(4)]).unwrap();
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "tv"),
        ("device_code", codes["device_code"].as_str().unwrap()),
    ];
    assert_eq!(carried(&world, &post("/token", &poll)), value!([enriched(&payment(4))]));

    let acting = [("grant_type", "client_credentials"), ("authorization_details", &*asked)];
    let mut rich = payment(5);
    rich["holder"] = "nobody".into();
    let tokens = json(&world.token(&post_as("/token", &basic("service", "s"), &acting)));
    assert_eq!((&tokens["authorization_details"], tokens.get("scope")), (&value!([rich]), None));
}

#[test]
fn a_token_of_the_implicit_grant_has_details_that_introspection_tells() {
    let world =
        world_with(|config| rich(config).profile(Profile::danger_oauth20_legacy()).danger_serve_implicit_grant());
    let old = Client::builder("old").redirect_uri("https://old.example/cb").grant_types(&[GrantType::Implicit]);
    let old = old.response_types(&[ResponseType::Token]);
    world.server.store().put_client(old.build().unwrap());
    let asked = value!([payment(5)]).to_string();
    let changes = [
        ("scope", ""),
        ("response_type", "token"),
        ("authorization_details", &*asked),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    let response = world.approved(&authorization("old", "https://old.example/cb", &changes));
    let location = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let fragment = url::form_urlencoded::parse(location.fragment().unwrap().as_bytes());
    let members: std::collections::HashMap<_, _> = fragment.into_owned().collect();
    assert_eq!(members.get("scope"), None);
    let query = post("/introspect", &[("client_id", "old"), ("token", &members["access_token"])]);
    let seen = json(&world.server.answer(Place::Introspection, &query));
    assert_eq!(seen["authorization_details"], value!([enriched(&payment(5))]), "{seen}");
}

#[test]
fn only_a_consent_that_lasts_is_remembered() {
    let world = rich_world();
    let (read, both) = (file(&["read"], &["https://api.test/a"]), file(&["read", "write"], &["https://api.test/a"]));
    for (before, asked, silent) in [
        (vec![], read.clone(), false),
        (vec![read.clone()], read.clone(), true),
        (vec![both.clone()], read.clone(), true),
        (vec![read], both, false),
        (vec![payment(5)], payment(5), false),
    ] {
        let request = asking(&value!([asked]));
        let visitor = Visitor::logged_in(world.session(), None).having_granted(details(&before));
        let answered = matches!(world.authorize(&request, visitor), Progress::Respond(_));
        assert_eq!(answered, silent, "{before:?} {asked}");
    }
}

#[test]
fn an_exchange_never_gives_more() {
    use grantor::drive::{Host, NoKeys};
    use grantor::fetch::{FetchRequest, Fetched, Unfetched};
    use grantor::{AuthorizationServer, Question, SigningInput, Verdict};

    struct Yes;
    impl Host for Yes {
        type Error = NoKeys;
        fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
            Ok(Err(Unfetched::NotServed))
        }
        fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
            let Question::TokenExchange(question) = question else { return Ok(Verdict::Denied) };
            assert!(question.details.iter().all(|detail| detail.type_name() == "payment"));
            Ok(Verdict::Allowed)
        }
        fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
            panic!("nothing is signed")
        }
    }

    let world = world_with(|config| rich(config).token_exchange());
    let middle = Client::builder("middle").secret(secret("m")).grant_types(&[GrantType::TokenExchange]);
    world.server.store().put_client(middle.authorization_details_types(["payment"]).build().unwrap());
    let asked = value!([payment(5), file(&["read"], &["https://api.test/a"])]);
    let subject = json(&world.token(&redeem("spa", SPA, &code_of(&world, &asked))))["access_token"].clone();
    let server = AuthorizationServer::new(Arc::clone(world.server.config()), world.server.store())
        .with_host(Yes)
        .with_clock(world.clock.clone());
    let exchange = |more: &[(&str, &str)]| {
        let pairs = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", subject.as_str().unwrap()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ];
        json(&server.answer(Place::Token, &post_as("/token", &basic("middle", "m"), &[&pairs, more].concat())))
    };
    assert_eq!(exchange(&[])["authorization_details"], value!([enriched(&payment(5))]), "files are not for `middle`");
    let less = value!([payment(2)]).to_string();
    assert_eq!(exchange(&[("authorization_details", &less)])["authorization_details"], value!([enriched(&payment(2))]));
    for beyond in [value!([payment(6)]), value!([file(&["read"], &["https://api.test/a"])])] {
        let answer = exchange(&[("authorization_details", &beyond.to_string())]);
        assert_eq!(answer["error"], "invalid_authorization_details", "{beyond}");
    }
}

#[test]
fn a_server_that_knows_no_types_ignores_them_and_says_so() {
    let world = world();
    let request = authorization("spa", SPA, &[("authorization_details", "nonsense")]);
    let code = parameter(&world.approved(&request), "code").unwrap();
    let redemption = with(&redeem("spa", SPA, &code), &[("authorization_details", "nonsense")]);
    let response = world.token(&redemption);
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(json(&response).get("authorization_details"), None);
    let metadata =
        |world: &World| json(&world.server.answer(Place::Metadata, &get("/.well-known/oauth-authorization-server")));
    assert_eq!(metadata(&world).get("authorization_details_types_supported"), None);
    let supported = value!(["payment", "https://api.test/files"]);
    assert_eq!(metadata(&rich_world())["authorization_details_types_supported"], supported);
}

#[test]
fn a_name_stands_for_one_type() {
    for (names, bad) in [(&["a", "b"][..], None), (&["a", "a"], Some("a")), (&[""], Some("")), (&["é"], Some("é"))] {
        let builder = names
            .iter()
            .fold(config(), |config: ConfigBuilder, name| config.authorization_details(CommonDetails::new(*name)));
        let fault = builder.build().err();
        assert_eq!(fault, bad.map(|name| ConfigFault::DetailType(name.to_owned())), "{names:?}");
    }
    assert!(Config::builder(ISSUER).build().is_ok());
}

#[test]
fn common_details_are_compared_member_by_member() {
    let client = Client::builder("spa").redirect_uri(SPA).build().unwrap();
    let known = CommonDetails::new("t").identifier().datatypes(["x", "y"]).privileges(["admin"]);
    let detail = |value: Value| AuthorizationDetail::try_from(value).unwrap();
    let good = detail(value!({"type": "t", "identifier": "7", "datatypes": ["x", "y"], "privileges": ["admin"]}));
    assert_eq!(known.validate(&good, &client), Ok(()));
    for (bad, fault) in [
        (good.clone().with("identifier", ""), DetailsFault::MemberInvalid),
        (good.clone().with("identifier", 7), DetailsFault::MemberInvalid),
        (good.clone().with("actions", vec!["read"]), DetailsFault::MemberUnknown),
        (good.clone().with("privileges", vec!["root"]), DetailsFault::MemberInvalid),
        (detail(value!({"type": "t", "identifier": "7", "datatypes": ["x"]})), DetailsFault::MemberMissing),
    ] {
        assert_eq!(known.validate(&bad, &client), Err(fault), "{:?}", serde_json::to_string(&bad));
    }
    assert!(known.covers(&good, &good.clone().with("datatypes", vec!["y"])));
    assert!(!known.covers(&good.clone().with("datatypes", vec!["y"]), &good));
    assert!(!known.covers(&good, &good.clone().with("identifier", "8")));
    // A member that is not there could mean nothing or everything, so it is not less than any value.
    assert!(!known.covers(&good, &good.clone().with("actions", vec!["read"])));
    assert!(!known.covers(&good.clone().with("actions", vec!["read"]), &good));
}

#[test]
fn details_are_personal_and_so_not_printed() {
    let world = rich_world();
    let asked = value!([{"type": "payment", "amount": 5, "to": "a-private-clinic"}]);
    let prompt = world.prompt(&asking(&asked));
    assert!(!format!("{prompt:?}").contains("clinic"));
    let request = narrowed(&redeem("spa", SPA, "code"), &asked);
    let parsed = grantor::wire::TokenRequest::parse(&request, world.server.config().limits()).unwrap();
    assert!(parsed.authorization_details.is_some());
    assert!(!format!("{parsed:?}").contains("clinic"));
    world.log.take();
    let tokens = json(&world.token(&redeem("spa", SPA, &code_of(&world, &asked))));
    assert_eq!(tokens["authorization_details"][0]["to"], "a-private-clinic");
    assert!(!format!("{:?}", world.log.take()).contains("clinic"));
}

#[test]
fn a_common_type_covers_no_member_that_was_not_granted() {
    let named = CommonDetails::new("doc").actions(["read", "write"]).identifier();
    let detail = |value: Value| details(&[value]).iter().next().unwrap().clone();
    let granted = detail(value!({"type": "doc", "actions": ["read", "write"], "identifier": "1"}));
    for (requested, covered) in [
        (value!({"type": "doc", "actions": ["read"], "identifier": "1"}), true),
        (value!({"type": "doc", "actions": ["read"], "identifier": "2"}), false),
        (value!({"type": "doc", "actions": ["read"]}), false),
        (value!({"type": "doc", "identifier": "1"}), false),
        (value!({"type": "doc", "actions": "read", "identifier": "1"}), false),
        (value!({"type": "doc", "actions": ["read"], "identifier": "1", "amount": 1000}), false),
        (value!({"type": "doc", "actions": ["read"], "identifier": "1", "privileges": ["admin"]}), false),
    ] {
        assert_eq!(named.covers(&granted, &detail(requested.clone())), covered, "{requested}");
    }
    let rich = granted.clone().with("account", "7");
    assert!(named.covers(&rich, &rich) && !named.covers(&rich, &granted), "what limits is not left out");
}
