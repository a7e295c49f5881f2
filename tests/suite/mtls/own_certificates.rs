//! Certificates that clients signed themselves [RFC 8705 §2.2].

use super::*;

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
