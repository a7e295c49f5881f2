//! Getting a grant that nobody consented to: prompts that are skipped, swapped, tampered with or answered by others.

use grantor::event::Event;
use grantor::record::{Client, ClientId, GrantType, Resource, Scope, Subject};
use grantor::server::{Approval, Asking, DeviceApproval, Place, Prompt, Session, Verification, Visitor};
use grantor::{ConfigBuilder, Progress, ProposedConsent};

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

fn asked(progress: Progress) -> Prompt {
    match progress {
        Progress::Ask(prompt) => *prompt,
        other => panic!("no prompt: {other:?}"),
    }
}

/// The error that an approval by `session` ends in, or `code`.
fn approving(world: &World, prompt: Prompt, session: Session) -> String {
    let response = world.server.approve(prompt, session);
    parameter(&response, "error").unwrap_or_else(|| parameter(&response, "code").map(|_| "code".to_owned()).unwrap())
}

#[test]
fn a_login_is_no_consent() {
    // A site that sends the browser here can choose the first prompt, and with it the page that the host shows.
    for (name, changes, visitor) in [
        ("not logged in", ("x", "y"), false),
        ("prompt=login", ("prompt", "login"), true),
        ("max_age=0", ("max_age", "0"), true),
        ("prompt=select_account", ("prompt", "select_account"), true),
    ] {
        let world = world();
        let visitor = if visitor { Visitor::logged_in(world.session(), None) } else { Visitor::anonymous() };
        let prompt = asked(world.authorize(&authorization("spa", SPA, &[changes]), visitor));
        assert!(matches!(prompt.asking, Asking::Login | Asking::SelectAccount), "{name}");
        world.clock.advance(1);
        world.log.take();
        assert_eq!(approving(&world, prompt.clone(), world.session()), "server_error", "{name}");
        assert!(world.log.take().is_empty(), "{name}: nothing was granted");

        let consent = asked(world.server.resume(prompt, Visitor::logged_in(world.session(), None)));
        assert!(matches!(consent.asking, Asking::Consent(_)), "{name}");
        assert_eq!(approving(&world, consent, world.session()), "code", "{name}");
    }
}

#[test]
fn a_prompt_for_one_client_or_person_or_scope_is_none_for_another() {
    let world = world();
    let good = world.prompt(&authorization("spa", SPA, &[("scope", "read")]));
    let other = world.prompt(&authorization("web", WEB, &[("scope", "read write")]));
    let tampered = |change: &dyn Fn(&mut Prompt)| {
        let mut prompt = good.clone();
        change(&mut prompt);
        prompt
    };
    for (name, prompt, error) in [
        ("more than was shown", tampered(&|prompt| prompt.request.scope = Some("read write".to_owned())), "code"),
        ("less than was shown", tampered(&|prompt| prompt.request.scope = Some("write".to_owned())), "server_error"),
        ("a repetition", tampered(&|prompt| prompt.request.repeated.push("scope".to_owned())), "invalid_request"),
        ("what was shown for another", tampered(&|prompt| prompt.asking = other.asking.clone()), "server_error"),
        ("nothing was shown", tampered(&|prompt| prompt.asking = Asking::Login), "server_error"),
        ("the prompt itself", good.clone(), "code"),
    ] {
        assert_eq!(approving(&world, prompt, world.session()), error, "{name}");
    }
    let mallory = Session::new(Subject::new("mallory"), world.now());
    assert_eq!(approving(&world, good.clone(), mallory), "login_required");

    // What is granted is what was shown, whatever the request says meanwhile.
    let widened = tampered(&|prompt| prompt.request.scope = Some("read write admin".to_owned()));
    let code = parameter(&world.server.approve(widened, world.session()), "code").unwrap();
    assert_eq!(json(&world.token(&redeem("spa", SPA, &code)))["scope"], "read");
}

#[test]
fn consent_counts_only_where_the_answer_can_reach_nobody_else() {
    let read = || Some(Scope::parse("read").unwrap());
    for (client, uri, scope, silent) in [
        ("spa", SPA, "read", true),
        ("own", "https://own.example/cb", "read admin", true),
        ("spa", SPA, "read write", false),
        ("cli", "http://127.0.0.1:4711/cb", "read", false),
    ] {
        let world = world();
        let request = authorization(client, uri, &[("scope", scope), ("prompt", "none")]);
        let Progress::Respond(response) = world.authorize(&request, Visitor::logged_in(world.session(), read())) else {
            panic!("asked despite prompt=none")
        };
        assert_eq!(parameter(&response, "code").is_some(), silent, "{client} {scope}");
        assert_eq!(parameter(&response, "error").is_none(), silent, "{client} {scope}");
    }
}

const USUAL: &str = "https://usual.test/";
const A: &str = "https://api.test/a";
const B: &str = "https://api.test/b";

/// Whether a request that `spa` makes without a question for Alice gives a code.
fn silently(world: &World, changes: &[(&str, &str)], visitor: Visitor) -> bool {
    let request = authorization("spa", SPA, &[changes, &[("prompt", "none")]].concat());
    let Progress::Respond(response) = world.authorize(&request, visitor) else { panic!("asked despite prompt=none") };
    parameter(&response, "code").is_some()
}

#[test]
fn consent_at_one_resource_is_none_at_another() {
    let at = |resource: &'static str| if resource.is_empty() { vec![] } else { vec![("resource", resource)] };
    // What was granted at some resources, and whether `read` needs no further question at others.
    for (granted, wanted, silent) in [
        (&["read"][..], &["read"][..], true),
        (&["read", A], &["read", A], true),
        (&["read", A], &["read", B], false),
        (&["read", A], &["read"], false),
        (&["read"], &["read", A], false),
        (&["read"], &["read", USUAL], true),
        (&["read write", A], &["read", A], true),
        (&["read", A], &["read write", A], false),
    ] {
        let world = world_with(|config| config.remember_consent().audience(USUAL).resource(A).resource(B));
        let changes = |asked: &[&'static str]| {
            [vec![("scope", asked[0])], at(asked.get(1).copied().unwrap_or_default())].concat()
        };
        world.code("spa", SPA, &changes(granted));
        let visitor = Visitor::logged_in(world.session(), None);
        assert_eq!(silently(&world, &changes(wanted), visitor), silent, "{granted:?} {wanted:?}");
    }

    // It grows resource by resource, and a request for several needs it at each.
    let world = world_with(|config| config.remember_consent().audience(USUAL).resource(A).resource(B));
    let both = |scope: &str| {
        let good = authorization("spa", SPA, &[("scope", scope), ("prompt", "none"), ("resource", A)]);
        get(&format!("{}&{}", good.uri().path_and_query().unwrap(), form(&[("resource", B)])))
    };
    let silent = |scope: &str| {
        let Progress::Respond(response) = world.authorize(&both(scope), Visitor::logged_in(world.session(), None))
        else {
            panic!("asked despite prompt=none")
        };
        parameter(&response, "code").is_some()
    };
    world.code("spa", SPA, &[("scope", "read write"), ("resource", A)]);
    assert!(!silent("read"));
    world.code("spa", SPA, &[("resource", B)]);
    assert!(silent("read") && !silent("read write"));
}

#[test]
fn what_the_host_remembers_counts_where_the_host_says() {
    let world = world_with(|config| config.audience(USUAL).resource(A).resource(B));
    let read = || Visitor::logged_in(world.session(), Some(Scope::parse("read").unwrap()));
    let at_a = || read().having_granted_at([Resource::parse(A).unwrap()]);
    for (resource, visitor, silent) in
        [(USUAL, read(), true), (A, read(), false), (USUAL, at_a(), true), (A, at_a(), true), (B, at_a(), false)]
    {
        assert_eq!(silently(&world, &[("resource", resource)], visitor.clone()), silent, "{resource} {visitor:?}");
    }
}

#[test]
fn a_prompt_for_one_resource_is_none_for_another() {
    let world = world_with(|config| config.resource(A).resource(B));
    let prompt = world.prompt(&authorization("spa", SPA, &[("resource", A)]));
    let Asking::Consent(ProposedConsent { audience, .. }) = &prompt.asking else { panic!("no consent") };
    assert_eq!(audience.iter().map(|resource| resource.as_str()).collect::<Vec<_>>(), [A], "what is to be shown");
    for (resources, error) in [(&[A][..], "code"), (&[B], "server_error"), (&[A, B], "server_error")] {
        let mut prompt = prompt.clone();
        prompt.request.resource = resources.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(approving(&world, prompt, world.session()), error, "{resources:?}");
    }
}

/// A client that changes while a person looks at its prompt gets no more than what they looked at.
#[test]
fn the_answer_goes_where_the_person_was_told_and_to_whom() {
    const OTHER: &str = "https://acme.example/other";
    const CB: &str = "https://acme.example/cb";
    let acme = || Client::builder("acme").name("ACME").publisher("ACME Ltd.").redirect_uri(CB);
    for (name, changed, named, error) in [
        ("nothing", acme(), "", "code"),
        ("a place beside it", acme().redirect_uri(OTHER), CB, "code"),
        ("its name", acme().name("Acme"), "", "code"),
        ("its one place", Client::builder("acme").publisher("ACME Ltd.").redirect_uri(OTHER), "", "server_error"),
        ("who vouches", acme().publisher("Mallory Inc."), "", "server_error"),
        ("nobody vouches", Client::builder("acme").name("ACME").redirect_uri(CB), "", "server_error"),
    ] {
        let world = world_with(ConfigBuilder::remember_consent);
        world.server.store().put_client(acme().build().unwrap());
        let request = authorization("acme", named, &[("redirect_uri", named)]);
        let prompt = world.prompt(&request);
        assert_eq!(prompt.client.redirect_uri, CB);
        world.server.store().put_client(changed.build().unwrap());
        world.log.take();
        assert_eq!(approving(&world, prompt, world.session()), error, "{name}");
        let granted = world.log.take().iter().any(|event| matches!(event, Event::AuthorizationGranted { .. }));
        assert_eq!(granted, error == "code", "{name}");
        let silent = authorization("acme", "", &[("redirect_uri", ""), ("prompt", "none")]);
        if error != "code" {
            let Progress::Respond(response) = world.authorize(&silent, Visitor::logged_in(world.session(), None))
            else {
                panic!("{name}: asked")
            };
            assert_eq!(parameter(&response, "error").as_deref(), Some("consent_required"), "{name}: remembered");
        }
    }
}

#[test]
fn a_device_is_connected_to_whom_the_person_was_told() {
    let tv = || Client::builder("tv").grant_types(&[GrantType::DeviceCode]).publisher("ACME Ltd.");
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    for (changed, connected) in [(tv().name("TV"), true), (tv().publisher("Mallory Inc."), false)] {
        let world = world_with(|config| config.device_flow(|_| ()));
        world.server.store().put_client(tv().build().unwrap());
        let asked = post("/device_authorization", &[("client_id", "tv"), ("scope", "read")]);
        let codes = json(&world.server.answer(Place::DeviceAuthorization, &asked));
        let (typed, code) = (codes["user_code"].as_str().unwrap(), codes["device_code"].as_str().unwrap());
        let typed = Verification::new(world.server.config(), typed, Some(world.session()), "here");
        let prompt = *world.server.run(typed).unwrap().unwrap();
        world.server.store().put_client(changed.build().unwrap());
        let approval = DeviceApproval::new(world.server.config().clone(), prompt, world.session());
        assert_eq!(world.server.run(approval).unwrap().is_ok(), connected);
        let poll = post("/token", &[("client_id", "tv"), ("grant_type", device), ("device_code", code)]);
        assert_eq!(world.token(&poll).status(), if connected { 200 } else { 400 });
    }
}

#[test]
fn who_may_act_stays_limited_where_nobody_is_asked_again() {
    let world = world_with(ConfigBuilder::remember_consent);
    let only = |clients: &[&str]| clients.iter().map(|id| ClientId::new(id)).collect::<Vec<_>>();
    let told = |response: &http::Response<Vec<u8>>| {
        let code = parameter(response, "code").unwrap();
        let tokens = json(&world.token(&redeem("spa", SPA, &code)));
        world.introspect(tokens["access_token"].as_str().unwrap())["may_act"].clone()
    };
    let approved = |clients: &[&str]| {
        let prompt = world.prompt(&authorization("spa", SPA, &[("prompt", "consent")]));
        let approval = Approval::new(world.server.config().clone(), prompt, world.session()).may_act(only(clients));
        told(&world.server.run(approval).unwrap().unwrap().print())
    };
    let again = |visitor: Visitor| match world.authorize(&authorization("spa", SPA, &[("prompt", "none")]), visitor) {
        Progress::Respond(response) => told(&response),
        other => panic!("asked: {other:?}"),
    };
    let visitor = || Visitor::logged_in(world.session(), None);
    for clients in [&["web"][..], &["web", "api"], &[]] {
        let limited = serde_json::json!({"client_id": clients});
        assert_eq!(approved(clients), limited);
        assert_eq!(again(visitor()), limited, "as they last said");
    }
    assert_eq!(again(visitor().letting_act(only(&["api"]))), serde_json::json!({"client_id": ["api"]}));
    world.code("spa", SPA, &[("prompt", "consent")]);
    assert_eq!(again(visitor()), serde_json::Value::Null, "whoever the host allows");
}
