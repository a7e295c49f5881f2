//! The authorization endpoint: what is shown, what is redirected, and when a person is asked.

use http::{Method, Request, StatusCode};

use grantor::event::Event;
use grantor::record::{ClientId, Scope, Subject};
use grantor::server::{Asking, Prompt, Session, Visitor};
use grantor::wire::PageReason;
use grantor::{Progress, ProposedConsent};

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

/// The page that a request ends in.
fn page(world: &World, request: &Request<Vec<u8>>) -> PageReason {
    match world.authorize(request, Visitor::logged_in(world.session(), None)) {
        Progress::Refuse(reason) => {
            let page = reason.print();
            assert!(page.status().is_client_error());
            assert_eq!(page.headers().get("location"), None);
            reason
        }
        other => panic!("no page: {other:?}"),
    }
}

/// The redirect that a request ends in, for someone who is logged in and was never asked before.
fn redirect(world: &World, request: &Request<Vec<u8>>) -> (String, Vec<(String, String)>) {
    match world.authorize(request, Visitor::logged_in(world.session(), None)) {
        Progress::Respond(response) => location(&response),
        other => panic!("no redirect: {other:?}"),
    }
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find_map(|(own, value)| (own == name).then_some(value.as_str()))
}

#[test]
fn nothing_is_redirected_before_client_and_redirect_uri_are_verified() {
    let world = world();
    world.prompt(&authorization("spa", SPA, &[]));
    let unregistered = PageReason::RedirectUriUnregistered;
    for (request, reason) in [
        (authorization("nobody", SPA, &[]), PageReason::ClientUnknown),
        (authorization("", SPA, &[("client_id", "")]), PageReason::ClientIdMissing),
        (authorization("spa", "https://evil.example/cb", &[]), unregistered),
        (authorization("spa", "https://spa.example:443/cb", &[]), unregistered),
        (authorization("spa", "https://SPA.example/cb", &[]), unregistered),
        (authorization("spa", "https://spa.example/cb/", &[]), unregistered),
        (authorization("spa", "https://spa.example/cb?x=1", &[]), unregistered),
        (authorization("spa", "https://spa.example/cb#x", &[]), unregistered),
        (authorization("spa", "http://spa.example/cb", &[]), unregistered),
        (authorization("spa", "https://spa.example/x/../cb", &[]), unregistered),
        (authorization("spa", "https://spa.example@evil.example/cb", &[]), unregistered),
        (authorization("cli", "http://localhost/cb", &[]), unregistered),
        (authorization("cli", "HTTP://127.0.0.1:1/cb", &[]), unregistered),
        (authorization("cli", "http://127.000.000.001:1/cb", &[]), unregistered),
        // Other faults beside it change nothing.
        (authorization("spa", "https://evil.example/cb", &[("response_type", "x"), ("scope", "\"")]), unregistered),
        (authorization("spa", "", &[("redirect_uri", "")]), PageReason::RedirectUriMissing),
    ] {
        assert_eq!(page(&world, &request), reason, "{}", request.uri());
    }
    for (doubled, reason) in [
        ("client_id=spa", PageReason::ClientIdMissing),
        ("redirect_uri=https%3A%2F%2Fspa.example%2Fcb", PageReason::RedirectUriRepeated),
    ] {
        let good = authorization("spa", SPA, &[]);
        assert_eq!(page(&world, &get(&format!("{}&{doubled}", good.uri().path_and_query().unwrap()))), reason);
    }
}

#[test]
fn an_unregistered_redirect_uri_is_reported() {
    let world = world();
    page(&world, &authorization("spa", "https://evil.example/cb", &[]));
    assert!(matches!(&*world.log.take(), [Event::RedirectUriRefused { client, .. }] if client.as_str() == "spa"));
}

#[test]
fn a_single_registered_redirect_uri_may_be_left_out() {
    let world = world();
    let response = world.approved(&authorization("web", "", &[("redirect_uri", "")]));
    assert_eq!(location(&response).0, WEB);
    let code = parameter(&response, "code").unwrap();
    let pairs = [("grant_type", "authorization_code"), ("code", &*code), ("code_verifier", VERIFIER)];
    let redeem = post_as("/token", &basic("web", SECRET), &pairs);
    assert_eq!(world.token(&redeem).status(), StatusCode::OK);
}

#[test]
fn the_port_of_a_loopback_redirect_uri_varies_for_native_clients() {
    let world = world();
    for uri in ["http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"] {
        let (to, pairs) = location(&world.approved(&authorization("cli", uri, &[])));
        assert_eq!(to, uri);
        let code = value(&pairs, "code").unwrap();
        assert_eq!(world.token(&redeem("cli", uri, code)).status(), StatusCode::OK);
    }
}

#[test]
fn faults_are_told_to_a_verified_client_with_state_and_issuer() {
    let world = world();
    let long = "A".repeat(129);
    let cases: &[(&str, &[(&str, &str)], &str)] = &[
        ("response_type missing", &[("response_type", "")], "invalid_request"),
        ("response_type unknown", &[("response_type", "banana")], "unsupported_response_type"),
        ("response_type token", &[("response_type", "token")], "unsupported_response_type"),
        ("response_type id_token", &[("response_type", "code id_token")], "unsupported_response_type"),
        ("response_type before PKCE", &[("response_type", "x"), ("code_challenge", "")], "unsupported_response_type"),
        ("response_mode unknown", &[("response_mode", "foo")], "unsupported_response_mode"),
        ("no PKCE", &[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        ("challenge without method", &[("code_challenge_method", "")], "invalid_request"),
        ("method without challenge", &[("code_challenge", "")], "invalid_request"),
        ("plain", &[("code_challenge_method", "plain")], "invalid_request"),
        ("method in lower case", &[("code_challenge_method", "s256")], "invalid_request"),
        ("challenge of 42", &[("code_challenge", &long[..42])], "invalid_request"),
        ("challenge of 129", &[("code_challenge", &long)], "invalid_request"),
        ("challenge with +", &[("code_challenge", "+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")], "invalid_request"),
        ("scope with a quotation mark", &[("scope", "read \"")], "invalid_scope"),
        ("scope unknown altogether", &[("scope", "banana")], "invalid_scope"),
        ("scope missing", &[("scope", "")], "invalid_scope"),
        ("prompt none and login", &[("prompt", "none login")], "invalid_request"),
        ("prompt unknown", &[("prompt", "banana")], "invalid_request"),
        ("max_age negative", &[("max_age", "-1")], "invalid_request"),
        ("max_age too large", &[("max_age", "9007199254740992")], "invalid_request"),
        ("max_age signed", &[("max_age", "+1")], "invalid_request"),
    ];
    for (name, changes, error) in cases {
        let (to, pairs) = redirect(&world, &authorization("spa", SPA, changes));
        assert_eq!(to, SPA, "{name}");
        assert_eq!(value(&pairs, "error"), Some(*error), "{name}");
        assert_eq!(value(&pairs, "state"), Some("st & ate"), "{name}");
        assert_eq!(value(&pairs, "iss"), Some(ISSUER), "{name}");
        assert_eq!(value(&pairs, "code"), None, "{name}");
    }
}

#[test]
fn a_repeated_parameter_is_refused_and_a_repeated_state_is_not_given_back() {
    let world = world();
    let good = authorization("spa", SPA, &[]);
    for (doubled, state) in
        [("state=x", None), ("scope=read", Some("st & ate")), ("banana=1&banana=2", Some("st & ate"))]
    {
        let (to, pairs) = redirect(&world, &get(&format!("{}&{doubled}", good.uri().path_and_query().unwrap())));
        assert_eq!(to, SPA);
        assert_eq!(value(&pairs, "error"), Some("invalid_request"), "{doubled}");
        assert_eq!(value(&pairs, "state"), state, "{doubled}");
    }
}

#[test]
fn a_request_that_cannot_be_read_gets_a_page() {
    let world = world();
    let mut json = post("/authorize", &[]);
    json.headers_mut().insert("content-type", "application/json".parse().unwrap());
    let long = format!("/authorize?state={}", "x".repeat(9000));
    let many = format!("/authorize?{}", (0..65).map(|i| format!("p{i}=1")).collect::<Vec<_>>().join("&"));
    for (request, status) in [
        (json, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (get("/authorize?state=%zz"), StatusCode::BAD_REQUEST),
        (get("/authorize?state=%00"), StatusCode::BAD_REQUEST),
        (get(&long), StatusCode::BAD_REQUEST),
        (get(&many), StatusCode::BAD_REQUEST),
    ] {
        let Progress::Respond(page) = world.authorize(&request, Visitor::anonymous()) else { panic!("asked") };
        assert_eq!(page.status(), status);
        assert_eq!(page.headers().get("location"), None);
        assert!(String::from_utf8_lossy(page.body()).contains("invalid_request"));
    }
    let mut put = authorization("spa", SPA, &[]);
    *put.method_mut() = Method::PUT;
    let Progress::Respond(page) = world.authorize(&put, Visitor::anonymous()) else { panic!("asked") };
    assert_eq!(
        (page.status(), page.headers()["allow"].to_str().unwrap()),
        (StatusCode::METHOD_NOT_ALLOWED, "GET, POST")
    );
}

#[test]
fn a_post_is_as_good_as_a_get() {
    let world = world();
    let good = authorization("spa", SPA, &[]);
    let mut request = post("/authorize", &[]);
    *request.body_mut() = good.uri().query().unwrap().into();
    assert_eq!(location(&world.approved(&request)).0, SPA);
}

#[test]
fn unknown_words_of_scope_are_ignored_and_words_beyond_the_client_are_refused() {
    let world = world();
    let Asking::Consent(ProposedConsent { scope, .. }) =
        world.prompt(&authorization("web", WEB, &[("scope", "read banana")])).asking
    else {
        panic!("no consent")
    };
    assert_eq!(scope.as_str(), "read");
    let (_, pairs) = redirect(&world, &authorization("web", WEB, &[("scope", "read admin")]));
    assert_eq!(value(&pairs, "error"), Some("invalid_scope"));
    assert_eq!(value(&pairs, "scope"), Some("admin"));
}

#[test]
fn offline_access_is_dropped_unless_the_person_is_asked_for_it() {
    for (client, uri, prompt, granted) in
        [("web", WEB, "", "read"), ("web", WEB, "consent", "read offline_access"), ("web", WEB, "login", "read")]
    {
        let world = world();
        let changes = [("scope", "read offline_access"), ("prompt", prompt)];
        let response = world.approved(&authorization(client, uri, &changes));
        let code = parameter(&response, "code").unwrap();
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", uri),
            ("code_verifier", VERIFIER),
        ];
        let tokens = json(&world.token(&post_as("/token", &basic(client, SECRET), &pairs)));
        assert_eq!(tokens["scope"], granted, "{prompt}");
    }
}

#[test]
fn with_openid_only_offline_access_brings_a_refresh_token() {
    for (scope, prompt, refreshes) in [
        ("read", "", true),
        ("openid read", "", false),
        ("openid offline_access", "", false),
        ("openid offline_access", "consent", true),
    ] {
        let world = world();
        let code = world.code("spa", SPA, &[("scope", scope), ("prompt", prompt)]);
        let tokens = json(&world.token(&redeem("spa", SPA, &code)));
        assert_eq!(tokens.get("refresh_token").is_some(), refreshes, "{scope} {prompt}");
        assert_eq!(tokens.get("id_token"), None);
    }
}

/// What a visitor with a session of this age and this consent meets: the answer in a word.
fn meets(world: &World, request: &Request<Vec<u8>>, age: u64, consent: Option<&str>) -> String {
    let mut session = world.session();
    session.authenticated = grantor::Timestamp::from_unix(world.now().as_unix() - age);
    let consent = consent.map(|scope| Scope::parse(scope).unwrap());
    word(world.authorize(request, Visitor::logged_in(session, consent)))
}

fn word(progress: Progress) -> String {
    match progress {
        Progress::Ask(prompt) => match prompt.asking {
            Asking::Login => "login".to_owned(),
            Asking::SelectAccount => "select".to_owned(),
            Asking::Consent(ProposedConsent { new, .. }) => format!("consent to {new}"),
            other => panic!("{other:?}"),
        },
        Progress::Respond(response) => parameter(&response, "error")
            .unwrap_or_else(|| parameter(&response, "code").map(|_| "code".to_owned()).unwrap()),
        Progress::Refuse(reason) => panic!("{reason:?}"),
    }
}

#[test]
fn session_and_consent_decide_what_is_asked() {
    let world = world();
    let spa = |changes: &[(&str, &str)]| authorization("spa", SPA, changes);
    let own = |changes: &[(&str, &str)]| authorization("own", "https://own.example/cb", changes);
    let cli = |changes: &[(&str, &str)]| authorization("cli", NATIVE, changes);
    let cases = [
        (spa(&[]), 5, None, "consent to read"),
        (spa(&[]), 5, Some("read"), "code"),
        (spa(&[("scope", "read write")]), 5, Some("read"), "consent to write"),
        (spa(&[("prompt", "consent")]), 5, Some("read"), "consent to "),
        (spa(&[("prompt", "login")]), 0, Some("read"), "login"),
        (spa(&[("prompt", "select_account")]), 0, Some("read"), "select"),
        (spa(&[("prompt", "none")]), 5, Some("read"), "code"),
        (spa(&[("prompt", "none")]), 5, None, "consent_required"),
        (spa(&[("max_age", "5")]), 5, Some("read"), "code"),
        (spa(&[("max_age", "5")]), 6, Some("read"), "login"),
        (spa(&[("max_age", "0")]), 0, Some("read"), "login"),
        (spa(&[("max_age", "5"), ("prompt", "none")]), 6, Some("read"), "login_required"),
        (own(&[]), 5, None, "code"),
        (own(&[("prompt", "none")]), 5, None, "code"),
        (own(&[("prompt", "consent")]), 5, None, "consent to read"),
        // Whoever listens on the loopback port would get the code unasked.
        (cli(&[]), 5, Some("read"), "consent to "),
        (cli(&[("prompt", "none")]), 5, Some("read"), "consent_required"),
    ];
    for (request, age, consent, expected) in cases {
        assert_eq!(meets(&world, &request, age, consent), expected, "{} {age} {consent:?}", request.uri());
    }
    assert_eq!(word(world.authorize(&spa(&[]), Visitor::anonymous())), "login");
    assert_eq!(word(world.authorize(&spa(&[("prompt", "none")]), Visitor::anonymous())), "login_required");
}

#[test]
fn a_login_that_was_asked_for_is_asked_for_once_and_must_be_new() {
    for changes in [[("prompt", "login")], [("max_age", "0")]] {
        let world = world();
        let request = authorization("spa", SPA, &changes);
        let old = world.session();
        world.clock.advance(10);
        let Progress::Ask(prompt) = world.authorize(&request, Visitor::logged_in(old.clone(), None)) else { panic!() };
        world.clock.advance(10);
        let consent = || Some(Scope::parse("read").unwrap());
        let resume = |session| world.server.resume((*prompt).clone(), Visitor::logged_in(session, consent()));
        assert_eq!(word(resume(old.clone())), "login");
        assert_eq!(word(resume(world.session())), "code");
        // The host cannot approve with the old session either.
        let Progress::Ask(prompt) = world.server.resume(*prompt, Visitor::logged_in(world.session(), None)) else {
            panic!("not asked")
        };
        let refused = world.server.approve((*prompt).clone(), old);
        assert_eq!(parameter(&refused, "error").as_deref(), Some("login_required"));
        assert!(parameter(&world.server.approve(*prompt, world.session()), "code").is_some());
    }
}

#[test]
fn a_person_can_grant_less_deny_or_grant_nothing() {
    let world = world();
    let request = authorization("spa", SPA, &[("scope", "read write")]);
    let answer = |scope: &str| {
        let approval =
            grantor::server::Approval::new(world.server.config().clone(), world.prompt(&request), world.session());
        match world.server.run(approval.only(Scope::parse(scope).unwrap())).unwrap() {
            Ok(response) => response.print(),
            Err(refusal) => refusal.print(),
        }
    };
    let code = parameter(&answer("write"), "code").unwrap();
    assert_eq!(json(&world.token(&redeem("spa", SPA, &code)))["scope"], "write");
    assert_eq!(parameter(&answer(""), "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&answer("read admin"), "error").as_deref(), Some("server_error"));
    world.log.take();
    let denied = world.server.deny(world.prompt(&request));
    assert_eq!(parameter(&denied, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&denied, "state").as_deref(), Some("st & ate"));
    assert!(matches!(&*world.log.take(), [Event::AuthorizationDenied { .. }]));
}

#[test]
fn an_answer_verifies_everything_again() {
    let world = world();
    let prompt = world.prompt(&authorization("spa", SPA, &[]));
    let tampered = |change: &dyn Fn(&mut Prompt)| {
        let mut prompt = prompt.clone();
        change(&mut prompt);
        world.server.approve(prompt, world.session())
    };
    let page = tampered(&|prompt| prompt.request.redirect_uri = Some("https://evil.example/".to_owned()));
    assert_eq!((page.status(), page.headers().get("location")), (StatusCode::BAD_REQUEST, None));
    let refused = tampered(&|prompt| prompt.request.code_challenge = None);
    assert_eq!(parameter(&refused, "error").as_deref(), Some("invalid_request"));
    let page = tampered(&|prompt| prompt.request.client_id = Some(ClientId::new("nobody")));
    assert_eq!((page.status(), page.headers().get("location")), (StatusCode::BAD_REQUEST, None));
    assert!(parameter(&tampered(&|_| ()), "code").is_some());
}

#[test]
fn only_what_was_shown_can_be_granted_and_only_by_whom_it_was_shown_to() {
    let world = world();
    let prompt = world.prompt(&authorization("web", WEB, &[("scope", "")]));
    let Asking::Consent(ProposedConsent { scope, .. }) = &prompt.asking else { panic!("no consent") };
    assert_eq!(scope.as_str(), "read write", "what the client registered, without offline_access");
    let mallory = Session::new(Subject::new("mallory"), world.now());
    let refused = world.server.approve(prompt.clone(), mallory);
    assert_eq!(parameter(&refused, "error").as_deref(), Some("login_required"));
    // The client registers more while the person looks at the page.
    let wider = grantor::record::Client::builder("web").secret(secret(SECRET)).redirect_uri(WEB);
    world.server.store().put_client(wider.scope(Scope::parse("read write admin").unwrap()).build().unwrap());
    let code = parameter(&world.server.approve(prompt, world.session()), "code").unwrap();
    let pairs = [("grant_type", "authorization_code"), ("code", &*code), ("code_verifier", VERIFIER)];
    assert_eq!(json(&world.token(&post_as("/token", &basic("web", SECRET), &pairs)))["scope"], "read write");
}

#[test]
fn a_prompt_can_be_answered_for_an_hour() {
    for (after, code) in [(3599, true), (3600, false)] {
        let world = world();
        let prompt = world.prompt(&authorization("spa", SPA, &[("max_age", "10")]));
        world.clock.advance(after);
        let response = world.server.approve(prompt.clone(), world.session());
        assert_eq!(response.status() == StatusCode::SEE_OTHER, code, "{after}");
        assert_eq!(world.server.deny(prompt).status() == StatusCode::SEE_OTHER, code, "{after}");
    }
}

#[test]
fn a_prompt_survives_being_kept_as_json() {
    let world = world();
    let request = authorization("spa", SPA, &[("unknown", "x"), ("login_hint", "al"), ("ui_locales", "de en")]);
    let prompt = world.prompt(&request);
    let kept: Prompt = serde_json::from_str(&serde_json::to_string(&prompt).unwrap()).unwrap();
    assert_eq!(kept, prompt);
    assert_eq!(kept.request.login_hint.as_deref(), Some("al"));
    assert!(parameter(&world.server.approve(kept, world.session()), "code").is_some());
}

#[test]
fn form_post_is_a_page_that_sends_itself_and_nothing_else() {
    let world = world();
    let state = "\"><script>alert('x')</script>&amp;";
    let request = authorization("spa", SPA, &[("response_mode", "form_post"), ("state", state)]);
    let response = world.approved(&request);
    assert_eq!(response.status(), StatusCode::OK);
    let page = String::from_utf8(response.body().clone()).unwrap();
    assert!(page.contains(&format!("action=\"{SPA}\"")), "{page}");
    assert!(page.contains("name=\"code\"") && page.contains("name=\"iss\""));
    assert_eq!(page.matches("<script>").count(), 1, "{page}");
    assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;amp;\""), "{page}");
    let script = page.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    let hash = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        <sha2::Sha256 as sha2::Digest>::digest(script),
    );
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src 'sha256-{hash}'; form-action https://spa.example; frame-ancestors 'none'; base-uri 'none'"
        )
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    assert_eq!(response.headers()["x-frame-options"], "DENY");
    // An error travels the same way.
    let (page, mode) =
        (authorization("spa", SPA, &[("response_mode", "form_post"), ("scope", "\"")]), "name=\"error\"");
    let Progress::Respond(response) = world.authorize(&page, Visitor::anonymous()) else { panic!("asked") };
    assert!(String::from_utf8_lossy(response.body()).contains(mode));
}

#[test]
fn a_redirect_keeps_the_query_of_the_uri_and_is_a_303_that_nobody_keeps() {
    let world = world();
    let client =
        grantor::record::Client::builder("query").redirect_uri("https://q.example/cb?tenant=1").build().unwrap();
    world.server.store().put_client(client);
    let response = world.approved(&authorization("query", "https://q.example/cb?tenant=1", &[]));
    let to = response.headers()["location"].to_str().unwrap();
    assert!(to.starts_with("https://q.example/cb?tenant=1&code="), "{to}");
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
}

#[test]
fn legacy_pkce_exists_only_behind_options_named_for_the_danger() {
    let plain = world_with(|config| config.danger_accept_plain_code_challenge());
    let changes = [("code_challenge", VERIFIER), ("code_challenge_method", "plain")];
    let code = plain.code("spa", SPA, &changes);
    assert_eq!(plain.token(&redeem("spa", SPA, &code)).status(), StatusCode::OK);
    assert_eq!(plain.server.config().metadata().code_challenge_methods_supported, ["S256", "plain"]);

    let without = world_with(|config| config.danger_let_confidential_clients_omit_pkce());
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = without.code("web", WEB, &none);
    let pairs = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", WEB)];
    let with_verifier = [&pairs[..], &[("code_verifier", VERIFIER)]].concat();
    let refused = without.token(&post_as("/token", &basic("web", SECRET), &with_verifier));
    assert_eq!(json(&refused)["error"], "invalid_grant");
    assert_eq!(without.token(&post_as("/token", &basic("web", SECRET), &pairs)).status(), StatusCode::OK);
    // Public clients never.
    let (_, pairs) = redirect(&without, &authorization("spa", SPA, &none));
    assert_eq!(value(&pairs, "error"), Some("invalid_request"));
}

#[test]
fn a_grant_is_reported_with_names_only() {
    let world = world();
    let code = world.code("spa", SPA, &[]);
    let events = world.log.take();
    let [Event::AuthorizationGranted { client, subject, .. }] = &*events else { panic!("{events:?}") };
    assert_eq!((client.as_str(), subject), ("spa", &Subject::new("alice")));
    assert!(!format!("{events:?}").contains(&code));
}

#[test]
fn async_drivers_give_the_same_answers() {
    let world = world();
    let request = authorization("spa", SPA, &[]);
    let parsed = world.server.read_authorization(&request).unwrap();
    let session = Session::new(Subject::new("alice"), world.now());
    let response = pollster::block_on(async {
        let Progress::Ask(prompt) = world.server.authorize_async(parsed, Visitor::anonymous()).await else { panic!() };
        let visitor = Visitor::logged_in(session.clone(), None);
        let Progress::Ask(prompt) = world.server.resume_async(*prompt, visitor).await else { panic!() };
        let denied = world.server.deny_async((*prompt).clone()).await;
        assert_eq!(parameter(&denied, "error").as_deref(), Some("access_denied"));
        let approved = world.server.approve_async(*prompt, session).await;
        let code = parameter(&approved, "code").unwrap();
        world.server.answer_async(grantor::server::Place::Token, &redeem("spa", SPA, &code)).await
    });
    assert_eq!(json(&response)["token_type"], "Bearer");
}
