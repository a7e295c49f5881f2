//! Client authentication by certificates: which names match, whose certificates count [RFC 8705 §2].

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

#[track_caller]
fn assert_matches(form: &str, registered: &str, cases: &[(&Making, bool)]) {
    let world = mutual(named_by(form, registered).unwrap_or_else(|fault| panic!("{registered:?}: {fault}")));
    for (place, (making, expected)) in cases.iter().enumerate() {
        assert_eq!(lets_in(&world, &shown(making)), *expected, "{form} {registered:?}, certificate {place}");
    }
}

#[track_caller]
fn assert_refused(form: &'static str, texts: &[&str]) {
    for text in texts {
        assert_eq!(named_by(form, text).map(|_| ()), Err(ClientFault::CertificateName(form)), "{text:?}");
    }
}

#[test]
fn a_subject_matches_as_a_whole_and_in_its_order() {
    let subject = |names: &[(&str, &str)]| {
        Making::subject(&names.iter().map(|(kind, name)| named(kind, name)).collect::<Vec<_>>())
    };
    // A text begins with the last of the certificate's names [RFC 4514 §2.1].
    let good = subject(&[(C, "DE"), (O, "Example"), (CN, "client")]);
    for registered in [
        "CN=client,O=Example,C=DE",
        "cn=client,o=Example,c=DE",
        "CN=CLIENT,O=example,C=de",
        "2.5.4.3=client,2.5.4.10=Example,2.5.4.6=DE",
        "CN=#0c06636c69656e74,O=#13074578616d706c65,C=DE",
        r"CN=\63lient,O=\45xample,C=DE",
    ] {
        assert_matches(DN, registered, &[(&good, true)]);
    }
    assert_matches(
        DN,
        "CN=client,O=Example,C=DE",
        &[
            (&subject(&[(CN, "client"), (O, "Example"), (C, "DE")]), false),
            (&subject(&[(O, "Example"), (CN, "client")]), false),
            (&subject(&[(C, "DE"), (O, "Example"), (O, "Example"), (CN, "client")]), false),
            (&subject(&[(C, "DE"), (O, "Example"), (CN, "client"), (CN, "client")]), false),
            (&subject(&[(C, "DE"), (O, "Example"), (UID, "client")]), false),
            (&subject(&[(C, "DE"), (O, "Example"), (CN, "client2")]), false),
            (&subject(&[(C, "DE"), (O, "Example"), (CN, "*")]), false),
            (&subject(&[]), false),
        ],
    );
    assert_matches(DN, "CN=*", &[(&subject(&[(CN, "client")]), false), (&subject(&[(CN, "*")]), true)]);
}

#[test]
fn how_a_text_is_encoded_and_spaced_makes_no_difference() {
    let value = |tag, bytes: &[u8]| Making::subject(&[relative(&[(CN, tag, bytes)])]);
    let wide: Vec<u8> = "My Client".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_matches(
        DN,
        "CN=my client",
        &[
            (&value(UTF8, b"My Client"), true),
            (&value(PRINTABLE, b"My Client"), true),
            (&value(IA5, b"My Client"), true),
            (&value(BMP, &wide), true),
            (&value(BMP, &wide[..17]), false),
            (&value(UTF8, b"  My   Client "), true),
            (&value(UTF8, "My\u{a0}Client".as_bytes()), true),
            (&value(UTF8, b"MyClient"), false),
            (&value(UTF8, b"My Client\0"), false),
            (&value(UTF8, b"My\0 Client"), false),
            (&value(UTF8, b"My\nClient"), false),
            (&value(UTF8, b"My Client\xff"), false),
            // What its bytes mean is anyone's guess.
            (&value(TELETEX, b"My Client"), false),
        ],
    );
    assert_matches(
        DN,
        "CN=#14094d7920436c69656e74",
        &[(&value(TELETEX, b"My Client"), true), (&value(UTF8, b"My Client"), false)],
    );
    let utf8 = |text: &str| value(UTF8, text.as_bytes());
    assert_matches(DN, "CN=café", &[(&utf8("CAFE\u{301}"), true), (&utf8("cafe"), false)]);
    assert_matches(DN, r"CN=caf\C3\A9", &[(&utf8("café"), true)]);
    assert_matches(DN, "CN=Straße", &[(&utf8("STRASSE"), true), (&utf8("Strase"), false)]);
    assert_matches(DN, "CN=client", &[(&utf8("\u{ff43}lient"), true), (&utf8("\u{441}lient"), false)]);
    // Of a type that nobody knows it is not known either whether case counts.
    let unknown = |text: &str| Making::subject(&[named("1.2.3.4", text)]);
    assert_matches(DN, "1.2.3.4=Abc", &[(&unknown("Abc"), true), (&unknown("abc"), false)]);
}

#[test]
fn escapes_are_undone() {
    for (registered, name) in [
        (r"CN=Doe\, John", "Doe, John"),
        (r"CN=a\+b\=c=d", "a+b=c=d"),
        (r"CN=\#1#2", "#1#2"),
        (r"CN=\ a\ ", "a"),
        (r"CN=a\\b", r"a\b"),
        (r"CN=\22a\22\3b\<\>", "\"a\";<>"),
        (r"CN=Lu\C4\8Di\C4\87", "Lučić"),
    ] {
        assert_matches(DN, registered, &[(&Making::subject(&[named(CN, name)]), true)]);
    }
    // What looks like two names is one.
    let (one, two) = ([named(CN, "a,O=b")], [named(O, "b"), named(CN, "a")]);
    assert_matches(DN, r"CN=a\,O=b", &[(&Making::subject(&one), true), (&Making::subject(&two), false)]);
    assert_matches(DN, "CN=a,O=b", &[(&Making::subject(&one), false), (&Making::subject(&two), true)]);
}

#[test]
fn a_relative_name_of_several_attributes_matches_in_any_order() {
    let both = Making::subject(&[named(O, "Example"), relative(&[(CN, UTF8, b"client"), (UID, UTF8, b"7")])]);
    let apart = Making::subject(&[named(O, "Example"), named(UID, "7"), named(CN, "client")]);
    let alone = Making::subject(&[named(O, "Example"), named(CN, "client")]);
    for registered in ["CN=client+UID=7,O=Example", "UID=7+CN=client,O=Example"] {
        assert_matches(DN, registered, &[(&both, true), (&apart, false), (&alone, false)]);
    }
    assert_matches(DN, "CN=client,UID=7,O=Example", &[(&both, false), (&apart, true)]);
    assert_matches(DN, "CN=client,O=Example", &[(&both, false), (&alone, true)]);
}

#[test]
fn a_subject_that_is_none_is_not_registered() {
    assert_refused(
        DN,
        &[
            "",
            "CN",
            "CN=",
            "=x",
            ",",
            "CN=a,",
            ",CN=a",
            "CN=a,,O=b",
            "CN=a+",
            "CN=a, O=b",
            "CN =a",
            "CN= a",
            "CN=a ",
            "CN=a ,O=b",
            "CN=a;O=b",
            "/CN=a",
            "CN=a\"b",
            "CN=\"a\"",
            "CN=<a>",
            r"CN=a\",
            r"CN=a\z",
            r"CN=a\4",
            r"CN=\00a",
            r"CN=\ff",
            "CN=a\0",
            "CN=#",
            "CN=#0",
            "CN=#zz",
            "CN=#0c05636c",
            "CN=#0c01ff",
            "XX=a",
            "2.5.4.x=a",
            "OID.2.5.4.3=a",
            r"CN=\ ",
            "CN=a\u{1f600}",
        ],
    );
}

#[test]
fn a_host_name_matches_one_of_the_alternative_names() {
    let one = |name: Vec<u8>| Making::names(&[name]);
    assert_matches(
        DNS,
        "client.example",
        &[
            (&one(dns("client.example")), true),
            (&one(dns("CLIENT.Example")), true),
            (&Making::names(&[dns("other.example"), dns("client.example")]), true),
            (&one(dns("*.example")), false),
            (&one(dns("client.example.")), false),
            (&one(dns("a.client.example")), false),
            (&one(dns("client.example\0.evil.example")), false),
            (&one(uri("client.example")), false),
            (&one(email("client.example")), false),
            (&Making::subject(&[named(CN, "client.example")]), false),
            (&Making::names(&[]), false),
        ],
    );
    let idn = [(&one(dns("xn--bcher-kva.example")), true), (&one(dns("bcher.example")), false)];
    for registered in ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "XN--BCHER-KVA.example"] {
        assert_matches(DNS, registered, &idn);
    }
    let bad = [
        "",
        "*.example",
        "*",
        "client.example.",
        "192.0.2.1",
        "[::1]",
        "a b",
        "a%2eexample",
        "https://client.example",
        "a/b",
    ];
    assert_refused(DNS, &bad);
}

#[test]
fn a_certificate_with_the_names_twice_has_none() {
    let twice = Making { names: vec![vec![dns("client.example")], vec![dns("client.example")]], ..Making::default() };
    assert_matches(DNS, "client.example", &[(&twice, false)]);
}

#[test]
fn a_uri_matches_but_for_the_case_of_scheme_and_host() {
    let one = |name: &str| Making::names(&[uri(name)]);
    assert_matches(
        URI,
        "https://Client.example/App?x=Y",
        &[
            (&one("https://client.example/App?x=Y"), true),
            (&one("HTTPS://CLIENT.EXAMPLE/App?x=Y"), true),
            (&one("https://client.example/app?x=Y"), false),
            (&one("https://client.example/App?x=y"), false),
            (&one("https://client.example/App?x=Y#"), false),
            (&one("https://client.example:443/App?x=Y"), false),
            (&one("http://client.example/App?x=Y"), false),
            (&one("https://*/App?x=Y"), false),
            (&Making::names(&[dns("client.example")]), false),
        ],
    );
    assert_matches(
        URI,
        "spiffe://trust.example/a",
        &[(&one("SPIFFE://Trust.example/a"), true), (&one("spiffe://trust.example/A"), false)],
    );
    assert_matches(URI, "urn:uuid:F81d4fae", &[(&one("URN:uuid:F81d4fae"), true), (&one("urn:uuid:f81d4fae"), false)]);
    assert_matches(
        URI,
        "https://Me@a.example/",
        &[(&one("https://Me@A.example/"), true), (&one("https://me@a.example/"), false)],
    );
    assert_refused(
        URI,
        &["", "client", "/app", "https://", "https://bücher.example/", "https://a b/", "https://a.example/\n"],
    );
}

#[test]
fn an_address_matches_by_its_bytes() {
    let four = Making::names(&[ip(&[192, 0, 2, 1])]);
    let mapped = Making::names(&[ip(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1])]);
    let masked = Making::names(&[ip(&[192, 0, 2, 1, 255, 255, 255, 255])]);
    let text = Making::names(&[dns("192.0.2.1")]);
    assert_matches(IP, "192.0.2.1", &[(&four, true), (&mapped, false), (&masked, false), (&text, false)]);
    assert_matches(IP, "::ffff:192.0.2.1", &[(&mapped, true), (&four, false)]);
    let six = Making::names(&[ip(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])]);
    for registered in ["2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:0db8:0000::0001", "2001:db8::0.0.0.1"] {
        assert_matches(IP, registered, &[(&six, true), (&four, false)]);
    }
    assert_refused(
        IP,
        &[
            "",
            "192.0.2.01",
            "192.0.2.1/32",
            "192.0.2",
            "[2001:db8::1]",
            "fe80::1%eth0",
            "2001:db8:::1",
            "client.example",
        ],
    );
}

#[test]
fn a_mailbox_matches_but_for_the_case_of_its_host() {
    let one = |name: &str| Making::names(&[email(name)]);
    assert_matches(
        EMAIL,
        "Ops@Client.example",
        &[
            (&one("Ops@client.EXAMPLE"), true),
            (&one("ops@client.example"), false),
            (&one("client.example"), false),
            (&one("x@Ops@client.example"), false),
            (&Making::names(&[uri("mailto:Ops@client.example")]), false),
        ],
    );
    assert_matches(EMAIL, "ops@bücher.example", &[(&one("ops@xn--bcher-kva.example"), true)]);
    assert_refused(
        EMAIL,
        &[
            "",
            "ops",
            "@client.example",
            "ops@",
            "a@b@client.example",
            "a b@client.example",
            "ops@*",
            "bücher@a.example",
        ],
    );
}

#[test]
fn exactly_one_name_is_registered() {
    let method = value!({"token_endpoint_auth_method": "tls_client_auth"});
    assert_eq!(client(&method).map(|_| ()), Err(ClientFault::CertificateNames));
    let both = value!({"token_endpoint_auth_method": "tls_client_auth", DNS: "a.example", DN: "CN=a"});
    assert_eq!(client(&both).map(|_| ()), Err(ClientFault::CertificateNames));
    let world = mutual(named_by(DNS, "client.example").unwrap());
    let client = Client::builder("m").metadata(value_of(&world, "m")).secret(secret("x"));
    assert_eq!(client.build().map(|_| ()), Err(ClientFault::SecretWithoutUse));
}

fn value_of(world: &World, id: &str) -> grantor::record::ClientMetadata {
    let key = grantor::store::Key::Client(grantor::record::ClientId::new(id));
    let Ok(mut found) = grantor::store::Store::load(world.server.store(), &[key]);
    let grantor::record::Record::Client(client) = found.remove(0).unwrap().value else { panic!("no client") };
    client.metadata().clone()
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
fn one_of_its_own_certificates_lets_a_client_in_whoever_signed_it() {
    let [old, new, other] = ["old", "new", "other"].map(self_signed);
    let world = mutual(client(&own(&[jwk(&old), jwk(&new), value!({"kty": "oct-like", "use": "enc"})])).unwrap());
    assert_eq!([&old, &new, &other].map(|one| lets_in(&world, one)), [true, true, false]);
    assert!(lets_in(&world, &old.clone().trusted()));
    // The same key in another certificate is another certificate.
    let expired = ClientCertificate::new(
        Making { validity: ("700101000000Z", "700101000001Z"), ..Making::subject(&[named(CN, "old")]) }.der(),
    );
    assert!(!lets_in(&world, &expired));
    world.server.store().put_client(client(&own(&[jwk(&new)])).unwrap());
    assert_eq!([&old, &new].map(|one| lets_in(&world, one)), [false, true], "it has moved on");
    world.server.store().put_client(client(&own(&[jwk(&expired)])).unwrap());
    assert!(lets_in(&world, &expired), "its own clock is its own affair");
}

#[test]
fn a_registered_certificate_is_of_its_key() {
    let rsa = |modulus: &[u8]| {
        let number = |bytes: &[u8]| tlv(0x02, bytes);
        let padded = [&[0], modulus].concat();
        let key = sequence(&[number(&padded), number(&[1, 0, 1])]);
        Making::key(&[oid("1.2.840.113549.1.1.1"), tlv(0x05, &[])], &key)
    };
    let elliptic =
        |curve: &str, x: &[u8], y: &[u8]| Making::key(&[oid("1.2.840.10045.2.1"), oid(curve)], &[&[4], x, y].concat());
    let edwards = |algorithm: &str, x: &[u8]| Making::key(&[oid(algorithm)], x);
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let (modulus, x, y) = ([0xa5; 256], [0x11; 32], [0x22; 32]);
    let (p256, p384) = ("1.2.840.10045.3.1.7", "1.3.132.0.34");
    let n = value!({"kty": "RSA", "n": text(&modulus), "e": "AQAB"});
    let ec = value!({"kty": "EC", "crv": "P-256", "x": text(&x), "y": text(&y)});
    let okp = value!({"kty": "OKP", "crv": "Ed25519", "x": text(&x)});
    for (key, making, expected) in [
        (&n, rsa(&modulus), true),
        (&n, rsa(&[0xa6; 256]), false),
        (&n, rsa(&modulus[..255]), false),
        (&ec, elliptic(p256, &x, &y), true),
        (&ec, elliptic(p256, &y, &x), false),
        (&ec, elliptic(p384, &x, &y), false),
        (&ec, rsa(&modulus), false),
        (&okp, edwards(ED25519, &x), true),
        (&okp, edwards("1.3.101.113", &x), false),
        (&okp, edwards(ED25519, &y), false),
        (&value!({"kty": "RSA", "n": text(&modulus)}), rsa(&modulus), false),
        (&value!({"kty": "EC", "crv": "P-256K", "x": text(&x), "y": text(&y)}), elliptic(p256, &x, &y), false),
        (&value!({"kty": "x"}), rsa(&modulus), false),
        (&value!({}), rsa(&modulus), false),
    ] {
        let mut key = key.clone();
        key["x5c"] = value!([STANDARD.encode(making.der())]);
        let made = client(&own(&[key.clone()])).map(|_| ());
        assert_eq!(made, if expected { Ok(()) } else { Err(ClientFault::CertificatesMissing) }, "{key}");
    }
    let certificate = self_signed("client");
    let der = STANDARD.encode(certificate.der());
    for x5c in [
        value!([]),
        value!(der),
        value!([1]),
        value!(["!"]),
        value!([URL_SAFE_NO_PAD.encode([0xff; 99])]),
        value!([format!("{der}\n")]),
        value!([STANDARD.encode("no certificate")]),
    ] {
        let mut key = jwk(&certificate);
        key["x5c"] = x5c.clone();
        let good = jwk(&self_signed("another"));
        assert_eq!(client(&own(&[good, key])).map(|_| ()), Err(ClientFault::CertificatesMissing), "{x5c}");
    }
    let mut bare = jwk(&certificate);
    bare.as_object_mut().unwrap().remove("x5c");
    assert_eq!(client(&own(&[bare])).map(|_| ()), Err(ClientFault::CertificatesMissing));
    assert_eq!(client(&own(&[])).map(|_| ()), Err(ClientFault::CertificatesMissing));
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
fn certificates_behind_a_url_are_fetched_for_whoever_shows_one() {
    let (good, bad) = (self_signed("good"), self_signed("bad"));
    let metadata = value!({"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://client.example/jwks"});
    let world = mutual(client(&metadata).unwrap());
    let status = |document: Result<Fetched, Unfetched>, certificate: Option<&ClientCertificate>| {
        let server =
            AuthorizationServer::new(world.server.config().clone(), world.server.store()).with_host(Library(document));
        let request = certificate.map_or_else(asking, |certificate| on(asking(), certificate));
        server.answer(Place::Token, &request).status().as_u16()
    };
    let answer = |status: u16, document: &Value| {
        let response = Response::builder().status(status).body(document.to_string()).unwrap();
        Ok(Fetched::from(&response))
    };
    let own = value!({"keys": [jwk(&good)]});
    let keys = || answer(200, &own);
    assert_eq!([status(keys(), Some(&good)), status(keys(), Some(&bad))], [200, 401]);
    assert_eq!(status(Err(Unfetched::Unreachable), Some(&good)), 401);
    assert_eq!([status(answer(404, &own), Some(&good)), status(answer(301, &own), Some(&good))], [401, 401]);
    let padded = value!({"keys": [jwk(&good)], "x": "x".repeat(64 * 1024)});
    assert_eq!(status(answer(200, &padded), Some(&good)), 401);
    for document in [
        value!({"keys": []}),
        value!([]),
        value!("text"),
        value!({"keys": [{"kty": "OKP", "x5c": [STANDARD.encode(good.der())]}]}),
    ] {
        assert_eq!(status(answer(200, &document), Some(&good)), 401);
    }
    // Without a certificate there is nothing to look up: no host is asked.
    assert_eq!(error(&world, &asking()), refused(401, "invalid_client"));
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

/// Writes a value with what must be escaped escaped, one way or the other [RFC 4514 §2.4].
fn escaped(text: &str, hex: bool) -> String {
    let last = text.chars().count() - 1;
    let letters = text.chars().enumerate().map(|(place, letter)| match letter {
        _ if hex => letter.to_string().bytes().map(|byte| format!("\\{byte:02x}")).collect(),
        '"' | '+' | ',' | ';' | '<' | '>' | '\\' => format!("\\{letter}"),
        ' ' | '#' if place == 0 || place == last => format!("\\{letter}"),
        _ => letter.to_string(),
    });
    letters.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_subject_that_is_written_matches(
        names in vec(vec((select(vec![("CN", CN), ("O", O), ("C", C), ("UID", UID)]), "[ -~äß]{0,8}[a-z,+\"#=\\\\]"), 1..3), 1..4),
        hex in any::<bool>(),
    ) {
        let relative_name = |attributes: &Vec<((&str, &str), String)>| {
            let attributes: Vec<_> = attributes.iter().map(|((_, kind), text)| (*kind, UTF8, text.as_bytes())).collect();
            relative(&attributes)
        };
        let making = Making::subject(&names.iter().map(relative_name).collect::<Vec<_>>());
        let written = names.iter().rev().map(|attributes| {
            let attributes = attributes.iter().map(|((kind, _), text)| format!("{kind}={}", escaped(text, hex)));
            attributes.collect::<Vec<_>>().join("+")
        });
        let world = mutual(named_by(DN, &written.collect::<Vec<_>>().join(",")).unwrap());
        // A set has each of its members once.
        let distinct = names.iter().all(|name| (1..name.len()).all(|place| !name[..place].contains(&name[place])));
        prop_assume!(distinct);
        prop_assert!(lets_in(&world, &shown(&making)));
        let more = Making { subject: [making.subject, vec![named(CN, "more")]].concat(), ..Making::default() };
        prop_assert!(!lets_in(&world, &shown(&more)));
    }

    #[test]
    fn no_text_is_too_strange_to_be_refused(text in ".*", bytes in vec(any::<u8>(), 0..300)) {
        for form in [DN, DNS, URI, IP, EMAIL] {
            if let Ok(client) = named_by(form, &text) {
                let certificate = ClientCertificate::new(bytes.clone()).trusted();
                prop_assert!(!lets_in(&mutual(client), &certificate));
            }
        }
    }

    #[test]
    fn a_damaged_certificate_has_no_other_name(place in any::<Index>(), damage in 1..=255_u8) {
        let making = Making { subject: vec![named(CN, "client")], ..Making::names(&[dns("client.example"), ip(&[192, 0, 2, 1])]) };
        let mut der = making.der();
        *place.get_mut(&mut der) ^= damage;
        let certificate = ClientCertificate::new(der).trusted();
        for (form, text) in [(DN, "CN=other"), (DNS, "other.example"), (IP, "192.0.2.77"), (EMAIL, "ops@client.example")] {
            prop_assert!(!lets_in(&mutual(named_by(form, text).unwrap()), &certificate));
        }
        // Whatever it is now, it is not the one that was registered.
        let own = client(&own(&[jwk(&shown(&making))])).unwrap();
        prop_assert!(!lets_in(&mutual(own), &certificate));
    }
}
