//! What is stored: the bytes of version 1, and what is refused as no record.

use std::sync::Arc;

use grantor::record::{
    Client, ClientId, ClientSecretDigest, Digest, ExtensionId, ExtensionRecord, GrantType, Record, RecordUnreadable,
    Resource, Scope,
};
use grantor::server::{Approval, Place};
use grantor::{CommonDetails, ConfigBuilder, Registration, Timestamp};
use serde_json::Value;

use crate::support::*;
use crate::table::{Shelf, Table};

/// Everything that version 1 can say, by name; it was written by the flows below with their seeds and their clock.
const VERSION_1: &str = include_str!("fixtures/records-1.txt");

/// A world whose records use every field.
fn full() -> World<Shelf> {
    let mut table = Table::default();
    let phone = Client::builder("phone").redirect_uri(SPA).certificate_bound_access_tokens();
    let phone = phone.grant_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken]);
    clients().into_iter().chain(phone.build()).for_each(|client| table.put_client(client));
    let files = CommonDetails::new("files").actions(["read", "write"]).staying_granted();
    let change = |config: ConfigBuilder| {
        let registration = Registration::open().by_default("read").grant_types(&[GrantType::ClientCredentials]);
        config
            .audience("https://api.example/")
            .authorization_details(files)
            .registration(registration)
            .remember_consent()
    };
    world_over(Shelf::new(table), Hands::default(), change)
}

fn public_client() -> Record {
    let client = Client::builder("cli")
        .native()
        .redirect_uri(NATIVE)
        .redirect_uri("com.example.app:/cb")
        .grant_types(&[GrantType::AuthorizationCode, GrantType::RefreshToken])
        .name("A command line")
        .publisher("A publisher")
        .registered_at(Timestamp::from_unix(1_000_000))
        .build();
    Record::Client(client.unwrap().into())
}

fn confidential_client() -> Record {
    let metadata = serde_json::json!({
        "redirect_uris": [WEB],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types": ["code"],
        "client_name": "Web",
        "client_name#ja": "ウェブ",
        "client_uri": "https://web.example/",
        "logo_uri": "https://web.example/logo.png",
        "scope": "read write",
        "contacts": ["ops@web.example"],
        "tos_uri": "https://web.example/tos",
        "policy_uri": "https://web.example/policy",
        "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]},
        "software_id": "4NRB1-0XZABZI9E6-5SM3R",
        "software_version": "1",
        "application_type": "web",
    });
    let client = Client::builder("web")
        .metadata(serde_json::from_value(metadata).unwrap())
        .secret(ClientSecretDigest::new(SECRET, [7; 16], Some(Timestamp::from_unix(2_000_000))))
        .secret(ClientSecretDigest::new("the next one", [8; 16], None))
        .scope(Scope::parse("read write").unwrap())
        .resource(Resource::parse("https://api.example/").unwrap())
        .first_party();
    Record::Client(client.build().unwrap().into())
}

/// The last record of its kind that was written.
fn written(world: &World<Shelf>, kind: &str) -> Record {
    let written = world.server.store().table().applied.into_iter().rev();
    let mut records = written.filter_map(|change| match change.write {
        grantor::store::Write::Put { record, .. } if change.key.to_string().starts_with(kind) => Some(record),
        _ => None,
    });
    records.next().unwrap()
}

/// Every kind of record in every state.
fn records() -> Vec<(&'static str, Record)> {
    let world = full();
    let mut records = vec![("public client", public_client()), ("confidential client", confidential_client())];
    let code = world.code("spa", SPA, &[("scope", "read write")]);
    records.push(("grant: code issued", written(&world, "grant")));
    records.push(("remembered consent", written(&world, "consent")));
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    records.push(("grant: live", written(&world, "grant")));
    records.push(("access token", written(&world, "token")));
    let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        world.clock.advance(60);
        token = json(&world.refresh("spa", &token))["refresh_token"].as_str().unwrap().to_owned();
    }
    records.push(("grant: refreshed twice", written(&world, "grant")));
    world.revoke("spa", &token);
    records.push(("grant: revoked", written(&world, "grant")));
    let acting = post_as("/token", &basic("service", "s"), &[("grant_type", "client_credentials")]);
    world.server.answer(Place::Token, &acting);
    records.push(("grant: client credentials", written(&world, "grant")));
    let asked =
        [("grant_type", "client_credentials"), ("authorization_details", r#"[{"type":"files","actions":["read"]}]"#)];
    world.server.answer(Place::Token, &post_as("/token", &basic("service", "s"), &asked));
    records.push(("grant: details", written(&world, "grant")));
    records.push(("access token: details", written(&world, "token")));
    let session = world.session().with_acr("urn:example:strong").with_amr(["hwk", "user"]);
    world.server.approve(world.prompt(&authorization("spa", SPA, &[("prompt", "consent")])), session);
    records.push(("grant: of a strong login", written(&world, "grant")));
    let asked = [("authorization_details", r#"[{"type":"files","actions":["write"]}]"#)];
    let prompt = world.prompt(&authorization("spa", SPA, &asked));
    let approval = Approval::new(Arc::clone(world.server.config()), prompt, world.session());
    world.server.run(approval.may_act([ClientId::new("service")])).unwrap().unwrap();
    records.push(("remembered consent: details, and who may act", written(&world, "consent")));

    let registering = |method, uri: &str, token: &str, body: &Value| {
        let request = http::Request::builder().method(method).uri(uri).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.body(body.to_string().into_bytes()).unwrap();
        json(&world.server.answer(Place::Registration, &request))
    };
    let mut body = serde_json::json!({"grant_types": ["client_credentials"]});
    let client = registering("POST", "/register", "none", &body);
    let text = |name: &str| client[name].as_str().unwrap();
    body["client_id"] = client["client_id"].clone();
    registering("PUT", text("registration_client_uri"), text("registration_access_token"), &body);
    records.push(("self-registered client: updated", written(&world, "client")));
    let credentials = basic(text("client_id"), text("client_secret"));
    world.server.answer(Place::Token, &post_as("/token", &credentials, &[("grant_type", "client_credentials")]));
    records.push(("grant: of a self-registered client", written(&world, "grant")));
    records.push(("access token: of a self-registered client", written(&world, "token")));
    let code = world.code("phone", SPA, &[]);
    world.token(&held(&redeem("phone", SPA, &code), Some("alice")));
    records.push(("grant: bound to a certificate", written(&world, "grant")));
    records.push(("access token: bound to a certificate", written(&world, "token")));
    // The same, of which only the binding is another.
    let bound = |kind| {
        let text = String::from_utf8(written(&world, kind).encode().unwrap()).unwrap();
        Record::decode(text.replace("x5t#S256", "jkt").as_bytes()).unwrap()
    };
    records.push(("grant: bound to a key", bound("grant")));
    records.push(("access token: bound to a key", bound("token")));
    records.push(("seen", Record::Seen(Arc::new(Digest::of(b"a proof")))));
    let id = ExtensionId::new("login_link", b"a link");
    let link = ExtensionRecord::new(id, serde_json::json!({"subject": "alice"}), Timestamp::from_unix(2_000_000));
    records.push(("extension", Record::Extension(link.into())));
    records
}

#[test]
fn the_bytes_of_version_1_are_pinned() {
    let encode = |record: &Record| String::from_utf8(record.encode().unwrap()).unwrap();
    let lines: Vec<_> = records().iter().map(|(name, record)| format!("{name}\t{}\n", encode(record))).collect();
    assert_eq!(VERSION_1, lines.concat());
}

#[test]
fn what_was_stored_is_read_back() {
    let fixtures: Vec<_> = VERSION_1.lines().map(|line| line.split_once('\t').unwrap()).collect();
    assert_eq!(fixtures.len(), 22);
    for ((name, record), (own, bytes)) in records().into_iter().zip(fixtures) {
        assert_eq!(name, own);
        assert_eq!(Record::decode(bytes.as_bytes()).unwrap(), record, "{name}");
        assert_eq!(Record::decode(&record.encode().unwrap()).unwrap(), record, "{name}");
    }
}

#[test]
fn a_later_version_is_refused_as_such() {
    for line in VERSION_1.lines() {
        let (name, bytes) = line.split_once('\t').unwrap();
        for version in [0, 2, 255] {
            let later = bytes.replacen(r#""v":1"#, &format!(r#""v":{version}"#), 1);
            assert!(
                matches!(Record::decode(later.as_bytes()), Err(RecordUnreadable::Version(found)) if found == version),
                "{name}, {version}"
            );
        }
    }
    // Whatever a later version may hold, it is told apart from what is broken.
    let strange = br#"{"v":2,"grant":{"id":7},"what":[]}"#;
    assert!(matches!(Record::decode(strange), Err(RecordUnreadable::Version(2))));
}

#[test]
fn what_is_cut_off_or_damaged_is_refused_without_a_panic() {
    for line in VERSION_1.lines() {
        let (name, bytes) = line.split_once('\t').unwrap();
        for length in 0..bytes.len() {
            assert!(Record::decode(&bytes.as_bytes()[..length]).is_err(), "{name} cut at {length}");
        }
        for place in 0..bytes.len() {
            for damage in [0, b'"', b'{', b'9', 0xff] {
                let mut damaged = bytes.as_bytes().to_vec();
                damaged[place] = damage;
                // It may still be a record, but then it is one that can be stored.
                if let Ok(record) = Record::decode(&damaged) {
                    assert_eq!(Record::decode(&record.encode().unwrap()).unwrap(), record, "{name} at {place}");
                }
            }
        }
    }
    for garbage in [&b""[..], b"null", b"{}", b"[]", b"{\"v\":1}", b"\x00\xff", b"{\"v\":1,\"grant\":null}"] {
        assert!(Record::decode(garbage).is_err(), "{garbage:?}");
    }
}

#[test]
fn a_stored_client_that_would_not_be_registered_is_refused() {
    let good = String::from_utf8(confidential_client().encode().unwrap()).unwrap();
    for (from, to) in [
        (WEB, "javascript:alert(1)"),
        (WEB, "http://web.example/cb"),
        (WEB, "https://web.example/cb#fragment"),
        (WEB, "https://*.example/cb"),
        ("client_secret_basic", "none"),
        ("client_secret_basic", "private_key_jwt"),
        (r#"["code"]"#, r#"["token"]"#),
        ("https://api.example/", "not a uri"),
        ("read write", "read \\\"write"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good, "{from}");
        assert!(matches!(Record::decode(bad.as_bytes()), Err(RecordUnreadable::Json(_))), "{to}");
    }
    assert!(Record::decode(good.as_bytes()).is_ok());
}
