//! The secrets of the further grant types and endpoints are shown to nobody either: the bytes are searched.

use std::sync::Arc;
use std::time::Duration;

use grantor::Registration;
use grantor::record::{ClientId, Digest, GrantType, Scope};
use grantor::server::{Denial, DeviceApproval, DeviceDenial, Place, RotateSecret, Verification, Visitor};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json as value};

use crate::fault_cases::{
    ACCESS, asking_for_a_token, asking_for_codes, bringing, json_request, managing, polling, pushing, wide_clients,
    with_everything,
};
use crate::interleavings::crowd_of;
use crate::support::*;
use crate::watch::{Watched, forms};

const PASSWORD: &str = "cörrect horse & staple";
const INITIAL: &str = "an-initial-access-token-of-this-server";

/// A server of everything, of which the first four secrets are known.
fn watched() -> Watched {
    let registration = Registration::initial_access_token([Digest::of(INITIAL.as_bytes())])
        .grant_types(&[GrantType::ClientCredentials])
        .ask_host();
    let mut watched = Watched::over(crowd_of(wide_clients(), |config| {
        with_everything(config).registration(registration).device_flow(|flow| flow.ask_host = true)
    }));
    for secret in [SECRET, VERIFIER, PASSWORD, INITIAL] {
        watched.learn(Some(secret.to_owned()));
    }
    watched
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}")).to_owned()
}

fn by_web(pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
    post_as("/token", &basic("web", SECRET), pairs)
}

/// Shows a secret wherever one may be, which is not where it belongs.
fn misuse(watched: &mut Watched, secret: &str) {
    let usual = ["authorization_code", "refresh_token", "password", "client_credentials", "urn:example:other"];
    let further = [GrantType::DeviceCode.as_str(), GrantType::TokenExchange.as_str()];
    for grant_type in usual.into_iter().chain(further) {
        for name in ["code", "device_code", "refresh_token", "subject_token", "username", "password", "other"] {
            let mut pairs = vec![("grant_type", grant_type), (name, secret)];
            if name == "subject_token" {
                pairs.push(("subject_token_type", ACCESS));
            }
            watched.send(Place::Token, &by_web(&pairs));
            pairs.push(("client_id", "spa"));
            watched.send(Place::Token, &post("/token", &pairs));
        }
    }
    for (place, path) in [
        (Place::Introspection, "/introspect"),
        (Place::Revocation, "/revoke"),
        (Place::DeviceAuthorization, "/device_authorization"),
        (Place::PushedAuthorizationRequest, "/par"),
    ] {
        for name in ["token", "request_uri", "client_secret", "code_challenge", "other"] {
            watched.send(place, &post(path, &[("client_id", "spa"), (name, secret)]));
            watched.send(place, &post_as(path, &basic("web", secret), &[(name, secret)]));
        }
    }
    let token = Some(secret).filter(|secret| secret.is_ascii());
    let body = value!({"redirect_uris": ["https://app.example/cb"], "client_secret": secret, "other": secret});
    let register = json_request(Method::POST, &format!("{ISSUER}/register"), token, Some(&body));
    watched.send(Place::Registration, &register);
    let unknown = format!("{ISSUER}/register?client_id=unknown");
    watched.send(Place::Registration, &json_request(Method::GET, &unknown, token, None));
    let typed = Verification::new(watched.world.server.config(), secret, None, "somewhere");
    drop(watched.run(typed));
}

#[test]
fn a_device_and_its_person_show_no_code() {
    let mut watched = watched();
    let config = Arc::clone(watched.world.server.config());
    for answer in ["approve", "deny", "nothing"] {
        let codes = json(&watched.send(Place::DeviceAuthorization, &asking_for_codes()));
        let (device, user) = (text(&codes, "device_code"), text(&codes, "user_code"));
        assert_eq!(watched.send(Place::Token, &polling(&device)).status(), StatusCode::BAD_REQUEST);
        watched.send(Place::Token, &polling(&device));
        drop(watched.run(Verification::new(&config, &user, None, "somewhere")));
        let session = watched.world.session();
        let typed = Verification::new(&config, &user.to_lowercase(), Some(session.clone()), "somewhere");
        let prompt = watched.run(typed).reply.unwrap();
        watched.show("prompt kept", &serde_json::to_string(&prompt).unwrap());
        match answer {
            "approve" => {
                let approval = || DeviceApproval::new(Arc::clone(&config), (*prompt).clone(), session.clone());
                watched.run(approval().only(Scope::parse("admin").unwrap())).reply.unwrap_err();
                watched.run(approval()).reply.unwrap();
                watched.run(approval()).reply.unwrap_err();
            }
            "deny" => watched.run(DeviceDenial::new((*prompt).clone())).reply.unwrap(),
            _ => {
                misuse(&mut watched, &device);
                misuse(&mut watched, &user);
                watched.world.clock.advance(600);
            }
        }
        for _ in 0..2 {
            watched.send(Place::Token, &polling(&device));
        }
    }
    watched.assert_kept(4 + 3 * 3 + 2);
}

#[test]
fn a_pushed_request_shows_no_name() {
    let mut watched = watched();
    let visitor = Visitor::logged_in(watched.world.session(), None);
    let push = |watched: &mut Watched| {
        text(&json(&watched.send(Place::PushedAuthorizationRequest, &pushing())), "request_uri")
    };
    let name = push(&mut watched);
    let prompt = watched.authorize(&bringing(&name), visitor.clone()).unwrap();
    watched.approve(prompt);
    watched.authorize(&bringing(&name), visitor.clone());
    let name = push(&mut watched);
    let prompt = watched.authorize(&bringing(&name), visitor.clone()).unwrap();
    let config = Arc::clone(watched.world.server.config());
    watched.run(Denial::new(config, *prompt)).reply.unwrap_err();
    let name = push(&mut watched);
    let foreign = get(&format!("/authorize?{}", form(&[("client_id", "cli"), ("request_uri", &name)])));
    watched.authorize(&foreign, visitor.clone());
    let beside = authorization("spa", SPA, &[("request_uri", &name), ("request", &name), ("unknown", &name)]);
    watched.authorize(&beside, visitor.clone());
    misuse(&mut watched, &name);
    watched.world.clock.advance(60);
    watched.authorize(&bringing(&name), visitor);
    watched.assert_kept(4 + 3 + 1);
}

#[test]
fn an_exchange_shows_no_token() {
    let mut watched = watched();
    let own = json(&watched.send(Place::Token, &by_web(&[("grant_type", "client_credentials"), ("scope", "read")])));
    let actor = text(&own, "access_token");
    let password = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD), ("scope", "read")];
    let given = json(&watched.send(Place::Token, &by_web(&password)));
    let (subject, refresh) = (text(&given, "access_token"), text(&given, "refresh_token"));
    let exchange = |more: &[(&str, &str)]| {
        let pairs = [("grant_type", GrantType::TokenExchange.as_str()), ("subject_token", &*subject)];
        by_web(&[&pairs[..], &[("subject_token_type", ACCESS)], more].concat())
    };
    let acting = [("actor_token", &*actor), ("actor_token_type", ACCESS)];
    let first = json(&watched.send(Place::Token, &exchange(&[])));
    let second = json(&watched.send(Place::Token, &exchange(&acting)));
    for token in [text(&first, "access_token"), text(&second, "access_token")] {
        watched.send(Place::Introspection, &post_as("/introspect", &basic("web", SECRET), &[("token", &token)]));
    }
    let wrong = "urn:ietf:params:oauth:token-type:jwt";
    for more in [
        &[("actor_token", &*actor)][..],
        &[("actor_token", &refresh), ("actor_token_type", ACCESS)],
        &[("actor_token", &actor), ("actor_token_type", wrong)],
        &[("scope", "admin")],
        &[("requested_token_type", wrong)],
        &[("subject_token", &*actor)],
    ] {
        let refused = watched.send(Place::Token, &exchange(more));
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{more:?}");
    }
    misuse(&mut watched, &subject);
    misuse(&mut watched, &refresh);
    watched.assert_kept(4 + 1 + 2 + 2);
}

#[test]
fn a_password_is_shown_to_the_host_alone() {
    let mut watched = watched();
    let asking = |name: &'static str| {
        by_web(&[("grant_type", "password"), ("username", name), ("password", PASSWORD), ("scope", "read")])
    };
    for (name, status) in [("alice", StatusCode::OK), ("mallory", StatusCode::BAD_REQUEST)] {
        assert_eq!(watched.send(Place::Token, &asking(name)).status(), status);
    }
    misuse(&mut watched, PASSWORD);
    watched.assert_kept(4 + 2);
}

#[test]
fn an_implicit_grant_shows_its_token_to_the_browser_alone() {
    let mut watched = watched();
    let visitor = Visitor::logged_in(watched.world.session(), None);
    let prompt = watched.authorize(&asking_for_a_token(), visitor).unwrap();
    let token = watched.approve(prompt);
    let consented = Visitor::logged_in(watched.world.session(), Some(Scope::parse("read").unwrap()));
    watched.authorize(&asking_for_a_token(), consented);
    misuse(&mut watched, &token);
    watched.assert_kept(4 + 2);
}

#[test]
fn registration_shows_no_token_and_no_secret() {
    let mut watched = watched();
    let uri = format!("{ISSUER}/register");
    let body = value!({
        "redirect_uris": ["https://app.example/cb"], "grant_types": ["authorization_code", "client_credentials"],
        "client_secret": PASSWORD, "other": PASSWORD,
    });
    let registering = |token: Option<&str>| json_request(Method::POST, &uri, token, Some(&body));
    for token in [None, Some("guessed"), Some(VERIFIER)] {
        let refused = watched.send(Place::Registration, &registering(token));
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }
    let client = json(&watched.send(Place::Registration, &registering(Some(INITIAL))));
    let other = json(&watched.send(Place::Registration, &registering(Some(INITIAL))));
    let (id, own) = (text(&client, "client_id"), text(&client, "client_secret"));
    watched.send(Place::Registration, &managing(&client, Method::GET, None));
    let update = |secret: &str| {
        value!({"client_id": id, "client_secret": secret, "redirect_uris": ["https://app.example/cb"],
            "grant_types": ["authorization_code", "client_credentials"]})
    };
    // The second is told the same successor again.
    for _ in 0..2 {
        let told = watched.send(Place::Registration, &managing(&client, Method::PUT, Some(&update(&own))));
        assert_eq!(told.status(), StatusCode::OK, "{}", json(&told));
    }
    let wrong = watched.send(Place::Registration, &managing(&client, Method::PUT, Some(&update(PASSWORD))));
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    // A token that is shown for another client is void afterwards.
    let mut swapped = client.clone();
    swapped["registration_access_token"] = other["registration_access_token"].clone();
    for _ in 0..2 {
        let refused = watched.send(Place::Registration, &managing(&swapped, Method::GET, None));
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }
    let rotated = watched.run(RotateSecret::new(ClientId::new(&id), Duration::from_secs(60))).reply.unwrap();
    watched.learn(Some(rotated.as_str().to_owned()));
    for secret in [&own, rotated.as_str()] {
        let acting = [("grant_type", "client_credentials"), ("scope", "read")];
        let given = watched.send(Place::Token, &post_as("/token", &basic(&id, secret), &acting));
        assert_eq!(given.status(), StatusCode::OK);
        misuse(&mut watched, secret);
    }
    let gone = watched.send(Place::Registration, &managing(&client, Method::DELETE, None));
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    misuse(&mut watched, &text(&client, "registration_access_token"));
    watched.assert_kept(4 + 4 + 1 + 1 + 2);
}

#[test]
fn the_search_finds_what_is_typed_and_what_is_brought() {
    let name = format!("urn:ietf:params:oauth:request_uri:{}", "A".repeat(43));
    for (secret, shown) in [
        ("WDJB-MJHT", "wdjbmjht"),
        ("WDJB-MJHT", "WDJBMJHT"),
        (&name, &"A".repeat(43)),
        (&name, "0, 0, 0, 0"),
        (PASSWORD, "c%C3%B6rrect+horse+%26+staple"),
    ] {
        let forms = forms(secret);
        assert!(forms.iter().any(|(_, needle)| needle.contains(shown)), "{secret} as {shown}: {forms:?}");
    }
}
