//! For how long a document counts.

use grantor::server::Exchange;
use grantor::step::Endpoint;

use super::*;

#[test]
fn a_document_is_kept_for_as_long_as_it_says_within_bounds() {
    let default = ClientDocuments::default();
    assert_eq!([default.at_least, default.usually, default.at_most].map(|time| time.as_secs()), [60, 600, 86_400]);
    for (header, expected) in [
        (None, 600),
        (Some("max-age=300"), 300),
        (Some("max-age=1"), 60),
        (Some("no-store"), 60),
        (Some("max-age=31536000"), 86_400),
        (Some("public, max-age=nonsense"), 60),
    ] {
        let (world, web) = documented(|config| config);
        let headers =
            [("content-type", "application/json")].into_iter().chain(header.map(|value| ("cache-control", value)));
        let headers: Vec<_> = headers.collect();
        web.put(APP, Ok(served(200, &headers, document(&json!({})).to_string())));
        let request = authorization(APP, CB, &[]);
        let ask = |fetches, when: &str| {
            asked(world.authorize(&request, Visitor::anonymous()));
            assert_eq!(web.fetches(), fetches, "{header:?}: {when}");
        };
        ask(1, "at first");
        world.clock.advance(expected - 1);
        ask(0, "before its end");
        world.clock.advance(1);
        ask(1, "at its end");
        ask(0, "again");
    }
    // Whoever keeps nothing fetches each time.
    let (world, web) =
        documented(|config| config.client_id_metadata_documents(|documents| documents.at_least = Duration::ZERO));
    web.put(
        APP,
        Ok(served(
            200,
            &[("content-type", "application/json"), ("cache-control", "no-store")],
            document(&json!({})).to_string(),
        )),
    );
    let code = parameter(&world.approved(&authorization(APP, CB, &[])), "code").unwrap();
    assert_eq!(world.token(&redeem(APP, CB, &code)).status(), StatusCode::OK);
    assert!(web.fetches() > 2 && kept(&world, APP).is_none());
}

#[test]
fn a_document_that_changes_counts_from_the_moment_that_the_old_one_ends() {
    let (world, web) = documented(|config| config);
    let request = authorization(APP, CB, &[]);
    let code = parameter(&world.approved(&request), "code").unwrap();
    web.publish(APP, &document(&json!({"redirect_uris": ["https://app.example/new"]})));
    // Between authorization and token: what was kept counts.
    let tokens = support::json(&world.token(&redeem(APP, CB, &code)));
    let prompt = world.prompt(&request);
    world.clock.advance(600);
    let refused = world.server.approve(prompt, world.session());
    assert_eq!(
        (refused.status(), refused.headers().get("location")),
        (StatusCode::BAD_REQUEST, None),
        "the old place is nobody's now"
    );
    assert_eq!(page(world.authorize(&request, Visitor::anonymous())), PageReason::RedirectUriUnregistered);
    let moved = authorization(APP, "https://app.example/new", &[]);
    let code = parameter(&world.approved(&moved), "code").unwrap();

    // Within a sign-in that outlives the document, the new one counts too.
    web.publish(APP, &document(&json!({"grant_types": ["authorization_code"]})));
    world.clock.advance(600);
    assert_eq!(
        told(&world.token(&redeem(APP, "https://app.example/new", &code))).1,
        "invalid_grant",
        "too late anyway"
    );
    let refreshed = world.refresh(APP, text(&tokens, "refresh_token"));
    assert_eq!(told(&refreshed), (400, "unauthorized_client".to_owned()), "it gave up the grant type itself");
    // Nothing was spent by that.
    web.publish(APP, &document(&json!({})));
    world.clock.advance(600);
    assert_eq!(world.refresh(APP, text(&tokens, "refresh_token")).status(), StatusCode::OK);
}

#[test]
fn a_client_whose_document_cannot_be_reached_keeps_what_it_was_given() {
    let (world, web) = documented(|config| config);
    let code = parameter(&world.approved(&authorization(APP, CB, &[])), "code").unwrap();
    let tokens = support::json(&world.token(&redeem(APP, CB, &code)));
    world.clock.advance(600);
    for (answer, expected) in [
        (Err(Unfetched::TimedOut), (400, "temporarily_unavailable")),
        (Ok(served(503, &[], "")), (400, "temporarily_unavailable")),
        (Ok(served(404, &[], "")), (401, "invalid_client")),
    ] {
        web.put(APP, answer);
        let refused = world.refresh(APP, text(&tokens, "refresh_token"));
        assert_eq!(told(&refused), (expected.0, expected.1.to_owned()));
    }
    web.at(|pages| pages.broken = true);
    assert_eq!(told(&world.refresh(APP, text(&tokens, "refresh_token"))), (503, "temporarily_unavailable".to_owned()));
    web.at(|pages| pages.broken = false);
    web.publish(APP, &document(&json!({})));
    assert_eq!(world.refresh(APP, text(&tokens, "refresh_token")).status(), StatusCode::OK);
}

/// What a request asks of the world outside, in order.
fn asks<E: Endpoint>(world: &Documented, web: &Web, endpoint: E) -> Vec<&'static str> {
    let mut asked = Vec::new();
    let mut step = Step::start(endpoint, Env::new(world.now(), Seed::new([3; 32])));
    loop {
        let (name, next) = match step {
            Step::Load(ask) => {
                let found = Store::load(world.server.store(), ask.question(), ask.now()).unwrap();
                ("load", ask.loaded(found))
            }
            Step::Fetch(ask) => {
                let answer = Host::fetch(web, ask.question()).unwrap();
                ("fetch", ask.fetched(answer))
            }
            Step::Commit(pending) => {
                let outcome = Store::commit(world.server.store(), pending.changes().to_vec(), pending.now()).unwrap();
                ("commit", pending.committed(outcome))
            }
            Step::Done(_) => return asked,
            other => panic!("{other:?}"),
        };
        asked.push(name);
        step = next;
    }
}

#[test]
fn a_document_costs_one_fetch_and_otherwise_nothing_more() {
    let (world, web) = documented(|config| config.lifetimes(|lifetimes| lifetimes.code = Duration::from_secs(600)));
    let arriving = || {
        let request = world.server.read_authorization(&authorization(APP, CB, &[])).unwrap();
        Authorize::new(Arc::clone(world.server.config()), request, Visitor::anonymous())
    };
    assert_eq!(asks(&world, &web, arriving()), ["load", "fetch", "commit"]);
    assert_eq!(asks(&world, &web, arriving()), ["load"], "as any other client's");
    let code = parameter(&world.approved(&authorization(APP, CB, &[])), "code").unwrap();
    let redeeming = |code: &str| Exchange::parse(world.server.config(), Place::Token, &redeem(APP, CB, code));
    assert_eq!(asks(&world, &web, redeeming(&code)), ["load", "commit"]);
    let code = parameter(&world.approved(&authorization(APP, CB, &[])), "code").unwrap();
    world.clock.advance(599);
    assert_eq!(asks(&world, &web, redeeming(&code)), ["load", "commit"]);
    world.clock.advance(1);
    assert_eq!(asks(&world, &web, arriving()), ["load", "fetch", "commit"], "once it has ended");
}
