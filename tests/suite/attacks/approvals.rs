//! Getting a grant that nobody consented to: prompts that are skipped, swapped, tampered with or answered by others.

use grantor::Progress;
use grantor::record::{Scope, Subject};
use grantor::server::{Asking, Prompt, Session, Visitor};

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
        assert!(matches!(consent.asking, Asking::Consent { .. }), "{name}");
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
