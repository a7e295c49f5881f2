//! The host is asked at a refresh whether the person is still there.

use std::sync::{Arc, Mutex};

use grantor::drive::{Host, NoKeys};
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::{ClientId, Subject};
use grantor::server::Place;
use grantor::{AuthorizationServer, ConfigBuilder, Question, SigningInput, Verdict};

use crate::support::*;

/// Knows who is still there, and what it was asked.
#[derive(Clone, Debug, Default)]
struct Directory {
    gone: Arc<Mutex<bool>>,
    asked: Arc<Mutex<Vec<(Subject, ClientId)>>>,
}

impl Host for Directory {
    type Error = NoKeys;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        panic!("nothing is fetched")
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        let Question::SubjectActive { subject, client, .. } = question else { panic!("asked {question:?}") };
        self.asked.lock().unwrap().push((subject.clone(), client.clone()));
        Ok(if *self.gone.lock().unwrap() { Verdict::Denied } else { Verdict::Allowed })
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        panic!("nothing is signed")
    }
}

#[test]
fn a_refresh_for_someone_who_is_gone_is_refused_and_spends_nothing() {
    let world = world_with(ConfigBuilder::ask_whether_subjects_are_active);
    let tokens = world.tokens();
    let token = tokens["refresh_token"].as_str().unwrap();
    let directory = Directory::default();
    let server = AuthorizationServer::new(Arc::clone(world.server.config()), world.server.store())
        .with_host(directory.clone())
        .with_clock(world.clock.clone())
        .with_randomness(Counting::beyond(1_000_000));
    let ask = |request| {
        let response = server.answer(Place::Token, &request);
        (response.status().as_u16(), json(&response))
    };

    // A guess is refused without a question.
    let guess = format!("{}A", &token[..token.len() - 1]);
    assert_eq!(ask(refresh("spa", &guess)).1["error"], "invalid_grant");
    assert_eq!(*directory.asked.lock().unwrap(), Vec::new());

    *directory.gone.lock().unwrap() = true;
    let (status, refused) = ask(refresh("spa", token));
    assert_eq!((status, refused["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(*directory.asked.lock().unwrap(), [(Subject::new("alice"), ClientId::new("spa"))]);
    world.clock.advance(60);
    assert_eq!(ask(refresh("spa", token)).0, 400, "still gone");

    // Back again: the token was not spent.
    *directory.gone.lock().unwrap() = false;
    let (status, renewed) = ask(refresh("spa", token));
    assert_eq!(status, 200, "{renewed}");
    // A lost answer is asked for again, and that is asked about as well.
    assert_eq!(ask(refresh("spa", token)).0, 200);
    *directory.gone.lock().unwrap() = true;
    assert_eq!(ask(refresh("spa", token)).0, 400);
    assert_eq!(directory.asked.lock().unwrap().len(), 5);
}

#[test]
fn nobody_is_asked_unless_the_configuration_says_so() {
    // The host of this world denies every question.
    let (asking, silent) = (world_with(ConfigBuilder::ask_whether_subjects_are_active), world());
    for (world, expected) in [(asking, 400), (silent, 200)] {
        let tokens = world.tokens();
        let response = world.refresh("spa", tokens["refresh_token"].as_str().unwrap());
        assert_eq!(response.status(), expected);
    }
}
