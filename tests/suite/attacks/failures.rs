//! When the world outside fails: nothing is granted, nothing leaks, and nobody is sent to an unverified place.

use std::sync::atomic::{AtomicU32, Ordering};

use grantor::record::Record;
use grantor::server::{Place, Visitor};
use grantor::store::{Change, Commit, Key, Memory, Store, Versioned};
use grantor::{AuthorizationServer, Config, Progress, Timestamp};
use http::Response;

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

/// A store that fails in one way.
struct Failing {
    inner: Memory,
    how: How,
    commits: AtomicU32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Load,
    CommitBefore,
    CommitAfter,
    AlwaysConflict,
    ConflictThenLoad,
    Short,
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is at postgres://user:hunter2@db")]
struct Disk;

impl Store for Failing {
    type Error = Disk;

    fn load(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Versioned<Record>>>, Disk> {
        let conflicted = self.commits.load(Ordering::SeqCst) > 0;
        match self.how {
            How::Load => Err(Disk),
            How::ConflictThenLoad if conflicted => Err(Disk),
            How::Short => Ok(Vec::new()),
            _ => Ok(self.inner.load(keys, now).unwrap()),
        }
    }

    fn commit(&self, changes: Vec<Change>, now: Timestamp) -> Result<Commit, Disk> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        match self.how {
            How::CommitBefore => Err(Disk),
            How::CommitAfter => self.inner.commit(changes, now).map_or(Err(Disk), |_| Err(Disk)),
            _ => Ok(Commit::Conflict),
        }
    }
}

fn failing(how: How) -> AuthorizationServer<Failing> {
    let inner = Memory::new();
    clients().into_iter().for_each(|client| inner.put_client(client));
    let config = Config::builder(ISSUER).scopes(["read", "write"]).build().unwrap();
    AuthorizationServer::new(config, Failing { inner, how, commits: AtomicU32::new(0) })
}

fn authorize(how: How, uri: &str) -> Response<Vec<u8>> {
    let server = failing(how);
    let session = world().session();
    let consent = grantor::record::Scope::parse("read").ok();
    let request = server.read_authorization(&authorization("spa", uri, &[])).unwrap();
    match server.authorize(request, Visitor::logged_in(session, consent)) {
        Progress::Respond(response) => response,
        Progress::Refuse(reason) => reason.print(),
        Progress::Ask(prompt) => panic!("{prompt:?}"),
    }
}

#[test]
fn a_failure_is_told_only_where_the_client_is_proven() {
    const EVIL: &str = "https://evil.example/cb";
    for (how, uri, expected) in [
        (How::Load, SPA, "503"),
        (How::Load, EVIL, "503"),
        (How::CommitBefore, SPA, "server_error"),
        (How::CommitBefore, EVIL, "400"),
        (How::CommitAfter, SPA, "server_error"),
        (How::AlwaysConflict, SPA, "server_error"),
        (How::AlwaysConflict, EVIL, "400"),
        (How::ConflictThenLoad, SPA, "503"),
        (How::Short, SPA, "400"),
    ] {
        let response = authorize(how, uri);
        let found = match response.headers().get("location") {
            Some(_) => {
                assert_eq!(location(&response).0, SPA, "{how:?}");
                assert_eq!(parameter(&response, "code"), None, "{how:?}");
                parameter(&response, "error").unwrap()
            }
            None => response.status().as_u16().to_string(),
        };
        assert_eq!(found, expected, "{how:?} {uri}");
        assert!(!format!("{:?}{:?}", response.headers(), String::from_utf8_lossy(response.body())).contains("hunter2"));
    }
}

#[test]
fn no_token_is_given_that_is_not_durable() {
    let pairs = [("grant_type", "client_credentials"), ("scope", "read")];
    for how in [How::Load, How::CommitBefore, How::CommitAfter, How::AlwaysConflict, How::ConflictThenLoad] {
        let server = failing(how);
        let response = server.answer(Place::Token, &post_as("/token", &basic("service", "s"), &pairs));
        assert_eq!(response.status(), 503, "{how:?}");
        assert_eq!(json(&response)["error"], "temporarily_unavailable");
        assert_eq!(
            (&response.headers()["retry-after"], &response.headers()["cache-control"]),
            (&"1".parse().unwrap(), &"no-store".parse().unwrap())
        );
        let commits = server.store().commits.load(Ordering::SeqCst);
        let bound = if how == How::AlwaysConflict { 9 } else { 1 };
        assert!(commits <= bound, "{how:?}: {commits} commits; an ambiguous one is never repeated");
    }
    let absent = failing(How::Short).answer(Place::Token, &post_as("/token", &basic("service", "s"), &pairs));
    assert_eq!((absent.status().as_u16(), json(&absent)["error"].as_str()), (401, Some("invalid_client")));
    let world = world();
    assert_eq!(error(&world, &post_as("/token", &basic("service", "s"), &pairs)), refused(200, "none"));
}

#[test]
fn bytes_that_are_no_record_of_ours_are_refused() {
    let client = |uri: &str| {
        format!(
            r#"{{"v":1,"client":{{"id":"c","metadata":{{"redirect_uris":["{uri}"],"token_endpoint_auth_method":"none"}}}}}}"#
        )
    };
    assert!(Record::decode(client("https://c.example/cb").as_bytes()).is_ok());
    let deep = format!(
        r#"{{"v":1,"client":{{"id":"c","metadata":{{"jwks":{}1{}}}}}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for (name, bytes) in [
        ("a client that would not be registered", client("javascript:alert(1)")),
        ("a wildcard", client("https://*.c.example/cb")),
        ("a later version", client("https://c.example/cb").replace("\"v\":1", "\"v\":2")),
        ("no version", client("https://c.example/cb").replace("\"v\":1,", "")),
        ("two records", r#"{"v":1,"client":{},"grant":{}}"#.to_owned()),
        ("deeply nested", deep),
        ("nothing", String::new()),
    ] {
        assert!(Record::decode(bytes.as_bytes()).is_err(), "{name}");
    }
}
