//! Client authentication by certificates: which names match, whose certificates count [RFC 8705 §2].

mod names;
mod own_certificates;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use grantor::drive::{Host, NoKeys};
use grantor::fetch::{FetchRequest, Fetched, Purpose, Unfetched};
use grantor::record::{Client, ClientFault};
use grantor::server::Place;
use grantor::wire::ClientCertificate;
use grantor::{AuthorizationServer, Question, Registration, SigningInput, Verdict};
use http::{Method, Request, Response, StatusCode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json as value};

use crate::schedule::{Move, Player, Scene};
use crate::support::*;
use crate::table::{Overlooked, Shelf, Table};
use crate::x509::*;

const DN: &str = "tls_client_auth_subject_dn";
const DNS: &str = "tls_client_auth_san_dns";
const URI: &str = "tls_client_auth_san_uri";
const IP: &str = "tls_client_auth_san_ip";
const EMAIL: &str = "tls_client_auth_san_email";

/// A client for which the machine `m` registers `members` beside what every one has.
fn client(members: &Value) -> Result<Client, ClientFault> {
    let mut metadata = value!({"grant_types": ["client_credentials"], "scope": "read"});
    metadata.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    Client::builder("m").metadata(serde_json::from_value(metadata).unwrap()).build()
}

fn named_by(form: &str, text: &str) -> Result<Client, ClientFault> {
    client(&value!({"token_endpoint_auth_method": "tls_client_auth", form: text}))
}

/// A world that serves both methods, with the client `m`.
fn mutual(client: Client) -> World {
    let world = world_with(|config| {
        config.device_flow(|_| ()).mutual_tls(|mutual| {
            mutual.tls_client_auth = true;
            mutual.self_signed_tls_client_auth = true;
        })
    });
    world.server.store().put_client(client);
    world
}

fn on(mut request: Request<Vec<u8>>, certificate: &ClientCertificate) -> Request<Vec<u8>> {
    request.extensions_mut().insert(certificate.clone());
    request
}

fn asking() -> Request<Vec<u8>> {
    post("/token", &[("grant_type", "client_credentials"), ("client_id", "m")])
}

fn shown(making: &Making) -> ClientCertificate {
    ClientCertificate::new(making.der()).trusted()
}

/// Whether the certificate lets the client in; if not, it is refused as any other.
fn lets_in(world: &World, certificate: &ClientCertificate) -> bool {
    let response = world.token(&on(asking(), certificate));
    let granted = response.status() == StatusCode::OK;
    if !granted {
        assert_eq!(
            (response.status(), &json(&response)["error"]),
            (StatusCode::UNAUTHORIZED, &value!("invalid_client"))
        );
        assert!(!response.headers().contains_key("www-authenticate"));
    }
    granted
}

fn value_of(world: &World, id: &str) -> grantor::record::ClientMetadata {
    let key = grantor::store::Key::Client(grantor::record::ClientId::new(id));
    let Ok(mut found) = grantor::store::Store::load(world.server.store(), &[key], world.now());
    let grantor::record::Record::Client(client) = found.remove(0).unwrap().value else { panic!("no client") };
    client.metadata().clone()
}

/// The key set member of a certificate whose key is that of [`Making::default`].
fn jwk(certificate: &ClientCertificate) -> Value {
    value!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode([7; 32]), "x5c": [STANDARD.encode(certificate.der())]})
}

fn own(keys: &[Value]) -> Value {
    value!({"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": keys}})
}

fn self_signed(name: &str) -> ClientCertificate {
    ClientCertificate::new(Making::subject(&[named(CN, name)]).der())
}

#[test]
fn only_a_valid_certificate_of_a_trusted_authority_counts() {
    let making = Making::names(&[dns("client.example")]);
    let world = mutual(named_by(DNS, "client.example").unwrap());
    assert!(lets_in(&world, &shown(&making)));
    assert!(!lets_in(&world, &ClientCertificate::new(making.der())), "its chain was not validated");
    let during = |from, until| shown(&Making { validity: (from, until), ..making.clone() });
    // The clock shows 1970-01-12 13:46:40.
    assert!(lets_in(&world, &during("700112134640Z", "700112134640Z")));
    assert!(!lets_in(&world, &during("700112134641Z", "800101000000Z")), "not yet");
    assert!(!lets_in(&world, &during("700101000000Z", "700112134639Z")), "not any more");
    for der in [Vec::new(), vec![0x30, 0], [making.der(), vec![0]].concat(), making.der()[..100].to_vec()] {
        assert!(!lets_in(&world, &ClientCertificate::new(der).trusted()));
    }
    assert!(lets_in(&world, &shown(&Making { key: (sequence(&[oid(ED25519)]), vec![8; 32]), ..making })), "renewed");
}

#[test]
fn a_certificate_goes_with_a_client_id_and_nothing_else() {
    let world = mutual(named_by(DNS, "client.example").unwrap());
    let certificate = shown(&Making::names(&[dns("client.example")]));
    let grant = ("grant_type", "client_credentials");
    for (name, request, expected) in [
        ("good", asking(), "none"),
        ("no client_id", post("/token", &[grant]), "invalid_client"),
        ("another client", post("/token", &[grant, ("client_id", "web")]), "invalid_client"),
        ("nobody", post("/token", &[grant, ("client_id", "nobody")]), "invalid_client"),
        ("a secret as well", with(&asking(), &[("client_secret", "x")]), "invalid_client"),
        ("an empty secret", with(&asking(), &[("client_secret", "")]), "none"),
        ("a header as well", post_as("/token", &basic("m", "x"), &[grant]), "invalid_client"),
    ] {
        assert_eq!(error(&world, &on(request, &certificate)).1, expected, "{name}");
    }
    assert_eq!(error(&world, &asking()), refused(401, "invalid_client"), "no certificate");
    // A public client and one with a secret are what they were, whatever certificate they have.
    let with_secret = post_as("/token", &basic("service", "s"), &[grant]);
    assert_eq!(world.token(&on(with_secret, &certificate)).status(), StatusCode::OK);
    let code = world.code("spa", SPA, &[]);
    assert_eq!(world.token(&on(redeem("spa", SPA, &code), &certificate)).status(), StatusCode::OK);
}

#[test]
fn every_endpoint_takes_the_certificate() {
    let metadata = value!({
        "token_endpoint_auth_method": "tls_client_auth",
        DNS: "client.example",
        "redirect_uris": [WEB],
        "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
    });
    let world = mutual(client(&metadata).unwrap());
    let certificate = shown(&Making::names(&[dns("client.example")]));
    let challenge = challenge(VERIFIER);
    let id = ("client_id", "m");
    let pushed = [
        id,
        ("response_type", "code"),
        ("redirect_uri", WEB),
        ("code_challenge", &*challenge),
        ("code_challenge_method", "S256"),
    ];
    for (place, request, status) in [
        (Place::Introspection, post("/introspect", &[id, ("token", "x")]), 200),
        (Place::Revocation, post("/revoke", &[id, ("token", "x")]), 200),
        (Place::PushedAuthorizationRequest, post("/par", &pushed), 201),
        (Place::DeviceAuthorization, post("/device_authorization", &[id]), 200),
    ] {
        assert_eq!(world.server.answer(place, &request).status(), 401, "{place:?}");
        assert_eq!(world.server.answer(place, &on(request, &certificate)).status(), status, "{place:?}");
    }
}

#[test]
fn a_method_that_is_not_served_lets_nobody_in() {
    let certificate = shown(&Making::names(&[dns("client.example")]));
    let own = client(&own(&[jwk(&certificate)])).unwrap();
    for (client, named) in [(named_by(DNS, "client.example").unwrap(), true), (own, false)] {
        for (named_served, own_served) in [(true, true), (true, false), (false, true), (false, false)] {
            let world = world_with(|config| {
                config.mutual_tls(|mutual| {
                    mutual.tls_client_auth = named_served;
                    mutual.self_signed_tls_client_auth = own_served;
                })
            });
            world.server.store().put_client(client.clone());
            assert_eq!(lets_in(&world, &certificate), if named { named_served } else { own_served });
            let metadata = serde_json::to_value(world.server.config().metadata()).unwrap();
            for list in ["token", "revocation", "introspection"] {
                let methods = metadata[format!("{list}_endpoint_auth_methods_supported")].as_array().unwrap().clone();
                assert_eq!(methods.contains(&value!("tls_client_auth")), named_served);
                assert_eq!(methods.contains(&value!("self_signed_tls_client_auth")), own_served);
                assert!(methods.contains(&value!("client_secret_basic")));
            }
        }
        let plain = world();
        plain.server.store().put_client(client);
        assert!(!lets_in(&plain, &certificate), "no mutual TLS at all");
    }
}

/// A request of `m` for a token, and at the same time the operator's change of the certificates that count.
fn renewals() -> Scene {
    let [old, new] = ["old", "new"].map(self_signed);
    let mut table = Table::default();
    table.put_client(client(&own(&[jwk(&old)])).unwrap());
    let world = world_over(Shelf::new(table), Hands::default(), |config| {
        config.mutual_tls(|mutual| mutual.self_signed_tls_client_auth = true)
    });
    let renewed = client(&own(&[jwk(&new)])).unwrap();
    let renewing = Move::Host(Arc::new(move |table: &mut Table| table.put_client(renewed.clone())));
    let asking = Player::sending(1, Place::Token, on(asking(), &old));
    Scene::new(&world, &[], [asking, Player::new(2, [renewing])])
}

#[test]
fn a_certificate_that_is_replaced_meanwhile_gets_nothing() {
    let explored = renewals().explore(&|_| Vec::new());
    assert_eq!((explored.schedules, explored.broken), (3, Vec::new()));
    // Only that the client is expected as it was read makes it so.
    let mut scene = renewals();
    scene.table = scene.table.overlooking(&[Overlooked::ClientStill]);
    let broken = scene.explore(&|_| Vec::new()).broken;
    assert!(broken.iter().any(|what| what.contains("a dead access_token")), "{broken:?}");
}

/// Has one document, or none.
struct Library(Result<Fetched, Unfetched>);

impl Host for Library {
    type Error = NoKeys;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        assert_eq!((request.url.as_str(), request.purpose), ("https://client.example/jwks", Purpose::ClientKeys));
        Ok(self.0.clone())
    }

    fn judge(&self, _: &Question) -> Result<Verdict, NoKeys> {
        Ok(Verdict::Denied)
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        panic!("nothing is signed")
    }
}

#[test]
fn a_client_registers_itself_by_name_and_goes_back_to_a_secret() {
    let world = world_with(|config| {
        let registration =
            Registration::open().by_default("read").grant_types(&[grantor::record::GrantType::ClientCredentials]);
        config.registration(registration).mutual_tls(|mutual| mutual.tls_client_auth = true)
    });
    let send = |method: Method, uri: &str, token: &str, body: &Value| {
        let request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
        let request =
            request.header("authorization", format!("Bearer {token}")).body(body.to_string().into_bytes()).unwrap();
        json(&world.server.answer(Place::Registration, &request))
    };
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
    let mut body = value!({"token_endpoint_auth_method": "tls_client_auth", DN: "CN=client", "grant_types": ["client_credentials"]});
    let made = send(Method::POST, "/register", "none", &body);
    assert_eq!((&made[DN], made.get("client_secret")), (&value!("CN=client"), None));
    let id = text(&made, "client_id");
    let asking = post("/token", &[("grant_type", "client_credentials"), ("client_id", &id)]);
    let certificate = shown(&Making::subject(&[named(CN, "client")]));
    assert_eq!(error(&world, &on(asking.clone(), &certificate)).1, "none");

    body["client_id"] = value!(id);
    body["token_endpoint_auth_method"] = value!("client_secret_basic");
    let updated =
        send(Method::PUT, &text(&made, "registration_client_uri"), &text(&made, "registration_access_token"), &body);
    let secret = text(&updated, "client_secret");
    assert_eq!(error(&world, &on(asking.clone(), &certificate)), refused(401, "invalid_client"));
    let by_secret = post_as("/token", &basic(&id, &secret), &[("grant_type", "client_credentials")]);
    assert_eq!(error(&world, &by_secret).1, "none");

    for (members, error) in [
        (value!({"token_endpoint_auth_method": "tls_client_auth"}), "invalid_client_metadata"),
        (value!({"token_endpoint_auth_method": "tls_client_auth", DN: "nonsense"}), "invalid_client_metadata"),
        (value!({"token_endpoint_auth_method": "tls_client_auth", DN: 7}), "invalid_client_metadata"),
        (value!({"token_endpoint_auth_method": "tls_client_auth", DN: "CN=a", IP: "::1"}), "invalid_client_metadata"),
        (own(&[jwk(&self_signed("x"))]), "invalid_client_metadata"),
    ] {
        assert_eq!(send(Method::POST, "/register", "none", &members)["error"], error, "{members}");
    }
}
