//! Storage that fails or lies, at every call of every endpoint.

use grantor::record::{Client, Scope};
use grantor::server::{Place, Visitor};
use grantor::{ConfigBuilder, Randomness, RandomnessFailed, Seed};
use http::{Response, StatusCode};

use crate::call::Sent;
use crate::fault_cases;
use crate::faulty::{Ask, Case, FAULTS, Fault, Faulty, Late, Willing};
use crate::interleavings::crowd_of;
use crate::schedule::{Scene, bytes_of};
use crate::support::*;
use crate::table::{Shelf, Table};

/// A world with grants of several people and clients, and a code of `spa` with the tokens that came of it.
struct Busy {
    world: World<Shelf>,
    code: String,
    access: String,
    spent: String,
    current: String,
}

fn busy(form: fn(ConfigBuilder) -> ConfigBuilder) -> Busy {
    let world = crowd_of(Vec::new(), form);
    world.tokens();
    let service = [("grant_type", "client_credentials")];
    assert_eq!(world.token(&post_as("/token", &basic("service", "s"), &service)).status(), StatusCode::OK);
    let code = world.code("spa", SPA, &[("scope", "read write")]);
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    let [access, spent] = ["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned());
    let current = json(&world.refresh("spa", &spent))["refresh_token"].as_str().unwrap().to_owned();
    Busy { world, code, access, spent, current }
}

pub(crate) fn case(name: &'static str, ask: Ask, world: World<Shelf>, good: u16, again: u16, dead: &[String]) -> Case {
    let [good, again] = [good, again].map(|status| StatusCode::from_u16(status).unwrap());
    Case { name, world, ask, good, again, dead: dead.to_vec() }
}

/// Requests that need a person.
fn cases_with_person(form: fn(ConfigBuilder) -> ConfigBuilder) -> Vec<Case> {
    let own = "https://own.example/cb";
    let visitor = |world: &World<Shelf>| Visitor::logged_in(world.session(), Some(Scope::parse("read").unwrap()));
    let authorize = |name, request, good| {
        let world = busy(form).world;
        let ask = Ask::Authorize(request, visitor(&world));
        case(name, ask, world, good, good, &[])
    };
    let prompt = |world: &World<Shelf>| Box::new(world.prompt(&authorization("spa", SPA, &[("prompt", "consent")])));
    let approved = busy(form).world;
    let approval = Ask::Approve(prompt(&approved));
    let denied = busy(form).world;
    let denial = Ask::Deny(prompt(&denied));
    vec![
        authorize("remembered consent", authorization("spa", SPA, &[]), 303),
        authorize("first party", authorization("own", own, &[]), 303),
        authorize("a question", authorization("spa", SPA, &[("prompt", "login")]), 200),
        authorize("no question allowed", authorization("spa", SPA, &[("prompt", "none"), ("max_age", "0")]), 303),
        authorize("unregistered redirect URI", authorization("spa", "https://evil.example/", &[]), 400),
        case("approval", approval, approved, 303, 303, &[]),
        case("denial", denial, denied, 303, 303, &[]),
    ]
}

/// Requests of clients.
fn cases_without_person(form: fn(ConfigBuilder) -> ConfigBuilder) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name, good, again, dies: bool, ask: &dyn Fn(&Busy) -> Ask| {
        let busy = busy(form);
        let ask = ask(&busy);
        let dead = if dies { vec![busy.access, busy.current] } else { Vec::new() };
        cases.push(case(name, ask, busy.world, good, again, &dead));
    };
    let about = |path, token: &str| post(path, &[("client_id", "spa"), ("token", token)]);
    let acting = [("grant_type", "client_credentials"), ("scope", "read")];
    add("redemption", 200, 400, false, &|busy| {
        Ask::Answer(Place::Token, redeem("spa", SPA, &busy.world.code("spa", SPA, &[])))
    });
    add("replay", 400, 400, true, &|busy| Ask::Answer(Place::Token, redeem("spa", SPA, &busy.code)));
    add("refresh", 200, 200, false, &|busy| Ask::Answer(Place::Token, refresh("spa", &busy.current)));
    add("retry", 200, 200, false, &|busy| Ask::Answer(Place::Token, refresh("spa", &busy.spent)));
    add("reuse", 400, 400, true, &|busy| {
        busy.world.clock.advance(31);
        Ask::Answer(Place::Token, refresh("spa", &busy.spent))
    });
    add("client credentials", 200, 200, false, &|_| {
        Ask::Answer(Place::Token, post_as("/token", &basic("web", SECRET), &acting))
    });
    add("a secret of before", 401, 401, false, &|busy| {
        let web = clients().into_iter().find(|client| client.id().as_str() == "web").unwrap();
        let changed = Client::builder("web").metadata(web.metadata().clone()).secret(secret("another")).build();
        busy.world.server.store().with(|table| table.put_client(changed.unwrap()));
        Ask::Answer(Place::Token, post_as("/token", &basic("web", SECRET), &acting))
    });
    add("introspection", 200, 200, false, &|busy| {
        Ask::Answer(Place::Introspection, about("/introspect", &busy.access))
    });
    add("introspection of a refresh token", 200, 200, false, &|busy| {
        Ask::Answer(Place::Introspection, about("/introspect", &busy.current))
    });
    add("revocation", 200, 200, true, &|busy| Ask::Answer(Place::Revocation, about("/revoke", &busy.access)));
    add("revocation by refresh token", 200, 200, true, &|busy| {
        Ask::Answer(Place::Revocation, about("/revoke", &busy.current))
    });
    add("resource", 200, 200, false, &|busy| {
        let mut request = get("/api");
        request.headers_mut().insert("authorization", format!("Bearer {}", busy.access).parse().unwrap());
        Ask::Access(request)
    });
    cases
}

fn cases() -> impl Iterator<Item = Case> {
    let of = |form: &fn(ConfigBuilder) -> ConfigBuilder| {
        cases_with_person(*form).into_iter().chain(cases_without_person(*form)).chain(fault_cases::cases(*form))
    };
    FORMS.iter().flat_map(of).chain(proofs()).chain([crate::saml2_bearer::fault_case()])
}

#[cfg(feature = "jose")]
fn proofs() -> Vec<Case> {
    let mut cases = crate::dpop::fault_cases();
    cases.extend(crate::client_assertions::fault_cases());
    cases.extend([crate::jwt_bearer::fault_case(), crate::id_jag::fault_case()]);
    cases
}

#[cfg(not(feature = "jose"))]
const fn proofs() -> Vec<Case> {
    Vec::new()
}

/// What a table holds that could be of use to someone.
fn usable(table: &Table) -> Vec<String> {
    let useful = table
        .records()
        .filter(|(_, record)| !String::from_utf8(record.encode().unwrap()).unwrap().contains(r#""state":"revoked""#));
    useful.map(|(key, _)| key.to_string()).collect()
}

/// Everything that an answer gives works.
fn assert_committed(scene: &Scene, sent: &Sent, what: &str) -> bool {
    let mut tokens: Vec<_> = ["access_token", "refresh_token"].iter().filter_map(|name| sent.token(name)).collect();
    if sent.status() == StatusCode::SEE_OTHER {
        tokens.extend(parameter(&sent.0, "access_token"));
    }
    for token in &tokens {
        assert!(scene.is_active(token), "{what}: a dead token was given");
    }
    let code = sent.code();
    if let Some(code) = &code {
        let clients = [("spa", SPA), ("own", "https://own.example/cb")];
        let redeemed = clients.map(|(id, uri)| scene.probe(Place::Token, &redeem(id, uri, code)).status());
        assert!(redeemed.contains(&StatusCode::OK), "{what}: a dead code was given");
    }
    let others = fault_cases::gives_what_works(scene, sent);
    assert_ne!(others, Some(false), "{what}: something dead was given");
    code.is_some() || !tokens.is_empty() || others.is_some()
}

/// The answer is one of the good ones, a refusal, or says that the server is at fault.
fn assert_clear(case: &Case, fault: Fault, response: &Response<Vec<u8>>, what: &str) {
    let status = response.status();
    if matches!(fault, Fault::FailsBefore | Fault::FailsAfter) {
        let told = case.ask.redirects() && status == StatusCode::SEE_OTHER;
        assert!(told || status == StatusCode::SERVICE_UNAVAILABLE, "{what}: {status}");
        if told {
            assert_eq!(parameter(response, "error").as_deref(), Some("server_error"), "{what}");
            assert_eq!(parameter(response, "state").as_deref(), Some("st & ate"), "{what}");
            assert_eq!(parameter(response, "iss").as_deref(), Some(ISSUER), "{what}");
        }
    } else {
        assert!(status == case.good || status.is_client_error(), "{what}: {status}");
    }
    if status == StatusCode::SEE_OTHER {
        let (to, _) = location(response);
        assert!([SPA, "https://own.example/cb"].contains(&to.as_str()), "{what}: sent to {to}");
    }
}

/// One fault at one call, and everything after it; whether the request made that many calls.
fn try_fault(case: &Case, fault: Fault, at: usize) -> bool {
    let what = format!("{}, {fault:?} at call {at}", case.name);
    let before = case.world.server.store().table();
    let (response, store) = case.ask(fault, at);
    let reached = *store.calls.lock().unwrap() > at;
    let happens = if reached { fault } else { Fault::None };
    assert_clear(case, happens, &response, &what);

    let (scene, sent) = (case.scene(&store), Sent(response));
    let issued = assert_committed(&scene, &sent, &what);
    if *store.withheld.lock().unwrap() {
        let says_nothing = [&b""[..], br#"{"active":false}"#].contains(&sent.0.body().as_slice());
        assert!(!issued && (says_nothing || sent.status().is_client_error()), "{what}: granted without a record");
        // That the client is unknown is a reason to end the token that was shown for it [RFC 7592 §2.1].
        let ends = case.name == "a registration token for another client";
        assert!(ends || scene.table.applied.len() == before.applied.len(), "{what}: acted without a record");
    }
    let applied = scene.table.applied.len() > before.applied.len();
    if !issued && happens != Fault::FailsAfter {
        let known = usable(&before);
        let left = usable(&scene.table).into_iter().find(|key| !known.contains(key));
        assert_eq!(left, None, "{what}: refused, and yet left something");
    }

    let again = case.ask_again(&store, 200);
    assert_eq!(again.status(), if applied { case.again } else { case.good }, "{what}: asked again");
    let (scene, again) = (case.scene(&store), Sent(again));
    assert_committed(&scene, &again, &what);
    for dead in &case.dead {
        assert!(!scene.is_usable(dead), "{what}: still alive");
    }
    if case.name == "redemption" && issued {
        assert!(!scene.is_active(&sent.member("access_token").unwrap()), "{what}: replayed and alive");
    }
    if let (Some(first), Some(second)) = (sent.member("refresh_token"), again.member("refresh_token")) {
        let same_grant = bytes_of(&first)[..16] == bytes_of(&second)[..16];
        assert!(!same_grant || first == second, "{what}: two chains");
    }
    reached
}

#[test]
fn whatever_a_store_does_nothing_is_given_that_was_not_committed() {
    let mut tried = 0;
    for case in cases() {
        for fault in FAULTS {
            let mut at = 0;
            while try_fault(&case, fault, at) {
                at += 1;
            }
            tried += at;
        }
    }
    println!("{tried} faults");
    assert!(tried >= 1500, "only {tried} faults");
}

#[test]
fn a_person_is_sent_back_when_the_commit_fails_and_only_then() {
    for case in FORMS.iter().flat_map(|form| cases_with_person(*form)) {
        let commits = ["remembered consent", "first party", "approval"].contains(&case.name);
        let (response, store) = case.ask(Fault::FailsBefore, 1);
        assert_eq!(*store.calls.lock().unwrap() == 2, commits, "{}", case.name);
        if commits {
            assert_eq!(parameter(&response, "error").as_deref(), Some("server_error"), "{}", case.name);
        }
        let (response, _) = case.ask(Fault::FailsBefore, 0);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", case.name);
        assert_eq!(response.headers()["retry-after"], "1", "{}", case.name);
    }
}

#[test]
fn a_lost_answer_is_met_by_the_rules_for_replays() {
    let cases = FORMS.iter().flat_map(|form| cases_without_person(*form));
    for case in cases.filter(|case| ["redemption", "refresh"].contains(&case.name)) {
        let (response, store) = case.ask(Fault::FailsAfter, 1);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let again = Sent(case.ask_again(&store, 200));
        assert_eq!(again.status(), case.again, "{}", case.name);
        let scene = case.scene(&store);
        match case.name {
            "redemption" => assert_eq!(again.member("error").as_deref(), Some("invalid_grant")),
            _ => assert!(scene.is_active(&again.member("refresh_token").unwrap())),
        }
        let third = Sent(case.ask_again(&store, 201));
        assert_eq!(third.member("refresh_token"), again.member("refresh_token"), "{}", case.name);
    }
}

#[test]
fn without_end_to_conflicts_the_answer_comes_after_nine_rounds() {
    for case in cases() {
        for fault in [Fault::Conflicts, Fault::AnswersStale] {
            let table = case.world.server.store().table();
            let before = table.applied.len();
            let store = Faulty { always: true, ..Faulty::new(Shelf::new(table), fault, 0) };
            let response = case.ask.run(&case.server(&store, Late(100)), case.world.session());
            let what = format!("{}, {fault:?}", case.name);
            let (calls, commits) = (*store.calls.lock().unwrap(), *store.commits.lock().unwrap());
            match commits {
                9 if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                    let told = response.headers().get("retry-after");
                    assert!(told.is_some_and(|told| told == "1") || matches!(case.ask, Ask::Run(_)), "{what}");
                }
                9 => assert_eq!(parameter(&response, "error").as_deref(), Some("server_error"), "{what}"),
                0 if fault == Fault::Conflicts => assert_eq!(response.status(), case.good, "{what}"),
                // A past that happens to be the present, or in which there is nothing to write.
                _ => assert!(fault == Fault::AnswersStale && calls <= 3, "{what}: {calls} calls"),
            }
            assert!(commits < 9 || store.shelf.table().applied.len() == before, "{what}");
        }
    }
}

#[test]
fn a_host_that_is_down_lets_nothing_through() {
    let asks = |case: &Case| {
        ["exchange", "delegation", "password", "JWT assertion", "SAML assertion", "identity assertion"]
            .contains(&case.name)
    };
    for case in cases() {
        let store = Faulty::new(Shelf::new(case.world.server.store().table()), Fault::None, 0);
        let server = case.server(&store, Late(100)).with_host(Willing { down: true, ..Willing::default() });
        let response = case.ask.run(&server, case.world.session());
        let expected = if asks(&case) { StatusCode::SERVICE_UNAVAILABLE } else { case.good };
        assert_eq!(response.status(), expected, "{}", case.name);
        assert!(!asks(&case) || *store.commits.lock().unwrap() == 0, "{}", case.name);
    }
}

#[cfg(feature = "jose")]
#[test]
fn without_its_keys_the_server_gives_no_jwt_and_uses_nothing_up() {
    let given = |sent: &Sent| {
        let implicit = (sent.status() == StatusCode::SEE_OTHER).then(|| parameter(&sent.0, "access_token")).flatten();
        sent.member("access_token").or(implicit).is_some_and(|token| !token.starts_with("gr_"))
    };
    let mut failed = 0;
    for case in cases() {
        let before = case.world.server.store().table().applied;
        let store = || Faulty::new(Shelf::new(case.world.server.store().table()), Fault::None, 0);
        let (mute, well) = (store(), store());
        let server = case.server(&mute, Late(100)).with_host(Willing { mute: true, ..Willing::default() });
        let response = case.ask.run(&server, case.world.session());
        let usual = Sent(case.ask.run(&case.server(&well, Late(100)), case.world.session()));
        if given(&usual) {
            failed += 1;
            assert_clear(&case, Fault::FailsBefore, &response, case.name);
            assert!(mute.shelf.table().applied == before, "{}", case.name);
            assert_eq!(case.ask_again(&mute, 101).status(), case.good, "{}", case.name);
        } else {
            assert_eq!((response.status(), response.body()), (usual.status(), usual.0.body()), "{}", case.name);
        }
    }
    assert!(failed >= 10, "{failed} of the requests give a JWT");
}

#[test]
fn without_randomness_nothing_is_given_and_what_needs_none_goes_on() {
    struct Dry;

    impl Randomness for Dry {
        fn seed(&self) -> Result<Seed, RandomnessFailed> {
            Err(RandomnessFailed::new())
        }
    }

    let mut failed = 0;
    for case in cases() {
        let store = || Faulty::new(Shelf::new(case.world.server.store().table()), Fault::None, 0);
        let (dry, well) = (store(), store());
        let response = case.ask.run(&case.server(&dry, Dry), case.world.session());
        let usual = case.ask.run(&case.server(&well, Late(1)), case.world.session());
        let sorry = match response.status() {
            StatusCode::SEE_OTHER => parameter(&response, "error").as_deref() == Some("server_error"),
            status => status == StatusCode::SERVICE_UNAVAILABLE,
        };
        if sorry {
            failed += 1;
            assert!(dry.shelf.table().applied == case.world.server.store().table().applied, "{}", case.name);
        } else {
            assert_eq!((response.status(), response.body()), (usual.status(), usual.body()), "{}", case.name);
            assert!(dry.shelf.table().applied == well.shelf.table().applied, "{}", case.name);
        }
    }
    assert!(failed > 8, "{failed} of the requests make a secret");
}
