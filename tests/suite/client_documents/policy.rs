//! What the host and the operator have to say.

use super::*;

#[test]
fn the_host_is_asked_before_it_fetches_and_before_it_believes() {
    let (world, web) = documented(|config| config.client_id_metadata_documents(|documents| documents.ask_host = true));
    let request = authorization(APP, CB, &[]);
    let denied = PageReason::ClientDocument(ClientDocumentFault::Denied);
    web.at(|pages| pages.verdicts = vec![Verdict::Denied]);
    assert_eq!(page(world.authorize(&request, Visitor::anonymous())), denied);
    assert_eq!((web.fetches(), kept(&world, APP).is_some()), (0, false));
    web.at(|pages| pages.verdicts = vec![Verdict::Allowed, Verdict::Denied]);
    assert_eq!(page(world.authorize(&request, Visitor::anonymous())), denied);
    assert_eq!((web.fetches(), kept(&world, APP).is_some()), (1, false));
    asked(world.authorize(&request, Visitor::anonymous()));
    assert_eq!((web.fetches(), kept(&world, APP).is_some()), (1, true));
    asked(world.authorize(&request, Visitor::anonymous()));
    let questions: Vec<_> = web
        .at(|pages| std::mem::take(&mut pages.judged))
        .into_iter()
        .map(|question| {
            let Question::ClientDocument(question) = question else { panic!("{question:?}") };
            assert_eq!(question.url.as_str(), APP);
            question.metadata.map(|metadata| metadata.redirect_uris)
        })
        .collect();
    let read = Some(vec![CB.to_owned()]);
    assert_eq!(questions, [None, None, read.clone(), None, read], "and not of what is kept");
}

#[test]
fn what_the_operator_registered_under_a_url_goes_first() {
    let (world, web) = documented(|config| config);
    let own = Client::builder(APP).redirect_uri("https://own.example/cb").build().unwrap();
    world.server.store().put_client(own);
    let prompt = asked(world.authorize(&authorization(APP, "https://own.example/cb", &[]), Visitor::anonymous()));
    assert_eq!((prompt.standing.host.as_deref(), prompt.client.name), (Some("app.example"), None));
    assert_eq!(
        page(world.authorize(&authorization(APP, CB, &[]), Visitor::anonymous())),
        PageReason::RedirectUriUnregistered
    );
    assert_eq!(web.fetches(), 0);
}

#[test]
fn such_a_client_gets_no_more_than_the_operator_allows() {
    let scope = |text| Some(Scope::parse(text).unwrap());
    let (world, web) =
        documented(|config| config.client_id_metadata_documents(|documents| documents.scope = scope("read write")));
    web.publish(
        APP,
        &document(
            &json!({"scope": "write admin unheard", "grant_types": ["authorization_code", "client_credentials"]}),
        ),
    );
    let refused = |scope| {
        let Progress::Respond(response) =
            world.authorize(&authorization(APP, CB, &[("scope", scope)]), Visitor::logged_in(world.session(), None))
        else {
            return None;
        };
        parameter(&response, "error")
    };
    assert_eq!(refused("admin").as_deref(), Some("invalid_scope"));
    assert_eq!(refused("read").as_deref(), Some("invalid_scope"), "it did not ask for that in its document");
    assert_eq!(refused("write"), None);
    let own = post("/token", &[("grant_type", "client_credentials"), ("client_id", APP), ("scope", "write")]);
    assert_eq!(told(&world.token(&own)), (400, "unauthorized_client".to_owned()));
    web.publish(APP, &document(&json!({})));
    world.clock.advance(600);
    assert_eq!(
        (refused("admin").as_deref(), refused("read")),
        (Some("invalid_scope"), None),
        "silence asks for all of it"
    );
}

#[test]
fn the_options_must_make_sense() {
    let build = |change: fn(&mut ClientDocuments)| config().client_id_metadata_documents(change).build().map(|_| ());
    assert_eq!(build(|_| ()), Ok(()));
    let bad: [fn(&mut ClientDocuments); 7] = [
        |documents| documents.max_bytes = 255,
        |documents| documents.max_bytes = 64 * 1024 + 1,
        |documents| documents.timeout = Duration::from_millis(999),
        |documents| documents.timeout = Duration::from_secs(61),
        |documents| documents.at_least = Duration::from_secs(601),
        |documents| documents.at_most = Duration::from_secs(599),
        |documents| documents.scope = Some(Scope::parse("read unheard").unwrap()),
    ];
    for change in bad {
        assert_eq!(build(change), Err(ConfigFault::ClientDocuments));
    }
}
