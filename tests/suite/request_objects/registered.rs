//! What the server says of signed requests, and what clients may register of them [RFC 9101 §4, §9].

use grantor::jose::{Algorithms, DecryptionKey, KeyManagement};
use grantor::{ConfigFault, Practice, Registration, Stance};
use http::Method;

use super::*;

#[test]
fn the_metadata_says_what_is_served() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).unwrap();
    let of = |change: &dyn Fn(ConfigBuilder) -> ConfigBuilder| {
        let metadata = serde_json::to_value(change(config()).build().unwrap().metadata()).unwrap();
        metadata
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .filter(|(name, _)| name.contains("request_"))
            .collect::<Value>()
    };
    assert_eq!(of(&|config| config), of(&|config| config.decryption_keys([key.clone()])), "nothing to encrypt");
    let plain = of(&|config| config.request_objects(|own| own.algorithms = Algorithms::FAPI2));
    let usual = |name: &str| plain.get(name).cloned();
    assert_eq!(usual("request_parameter_supported"), Some(value!(true)));
    assert_eq!(usual("request_uri_parameter_supported"), Some(value!(false)));
    assert_eq!(usual("require_signed_request_object"), None);
    assert_eq!(usual("request_object_signing_alg_values_supported"), Some(value!(["ES256", "PS256", "EdDSA"])));
    assert_eq!(usual("request_object_encryption_alg_values_supported"), None);
    assert_eq!(usual("request_object_encryption_enc_values_supported"), None);
    let all = of(&|config| config.request_objects(|own| own.required = true).decryption_keys([key.clone()]));
    assert_eq!(all["require_signed_request_object"], value!(true));
    assert_eq!(all["request_object_encryption_alg_values_supported"], value!(["ECDH-ES"]));
    assert_eq!(all["request_object_encryption_enc_values_supported"], value!(["A128GCM", "A256GCM", "A128CBC-HS256"]));
    let silent = of(&|config| config);
    assert_eq!(silent.get("request_parameter_supported"), None);
    assert_eq!(silent.get("request_uri_parameter_supported"), None);
}

#[test]
fn options_that_could_not_work_are_refused() {
    let build = |change: fn(&mut RequestObjects)| config().request_objects(change).build().map(|_| ());
    let bad: [fn(&mut RequestObjects); 5] = [
        |own| own.algorithms = Algorithms::NONE,
        |own| own.algorithms = Algorithms::ASYMMETRIC.and(Algorithm::Hs256),
        |own| own.longest_life = std::time::Duration::ZERO,
        |own| own.longest_life = std::time::Duration::from_secs(3601),
        |own| own.clock_tolerance = std::time::Duration::from_secs(61),
    ];
    for change in bad {
        assert_eq!(build(change), Err(ConfigFault::RequestObjects));
    }
    assert_eq!(build(|_| ()), Ok(()));
    let stance = |config: ConfigBuilder| config.build().unwrap().posture().stance(Practice::SignedRequests);
    assert_eq!(stance(config()), Stance::Refused);
    assert_eq!(stance(config().request_objects(|_| ())), Stance::Allowed);
    assert_eq!(stance(config().request_objects(|own| own.required = true)), Stance::Required);
    assert_eq!(stance(config().request_objects(|own| own.required = true).request_objects(|_| ())), Stance::Required);
}

#[test]
fn a_client_registers_what_can_be_served() {
    let own = DecryptionKey::generate(KeyManagement::EcdhEs).unwrap();
    let register = |served: bool, members: &Value| {
        let world = world_with(|config| {
            let config = config.registration(Registration::open().by_default("read"));
            let algorithms = |own: &mut RequestObjects| own.algorithms = Algorithms::FAPI2;
            if served { config.request_objects(algorithms).decryption_keys([own.clone()]) } else { config }
        });
        let mut body = value!({
            "redirect_uris": [APP], "token_endpoint_auth_method": "none", "jwks": jwks(&[&KEYS[0], &KEYS[1]]),
        });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let request = Request::builder().method(Method::POST).uri(format!("{ISSUER}/register"));
        let request = request.header("content-type", "application/json").body(body.to_string().into_bytes()).unwrap();
        let response = world.server.answer(Place::Registration, &request);
        (response.status().as_u16(), json(&response))
    };
    for (members, expected) in [
        (value!({}), [true, true]),
        (value!({"require_signed_request_object": true}), [false, true]),
        (value!({"require_signed_request_object": false}), [true, true]),
        (value!({"request_object_signing_alg": "ES256"}), [false, true]),
        (value!({"request_object_signing_alg": "EdDSA"}), [false, true]),
        (value!({"request_object_signing_alg": "ES384"}), [false, false]),
        (value!({"request_object_signing_alg": "none"}), [false, false]),
        (value!({"request_object_encryption_alg": "ECDH-ES"}), [false, true]),
        (value!({"request_object_encryption_alg": "RSA-OAEP-256"}), [false, false]),
        (value!({"request_object_encryption_enc": "A128GCM"}), [false, false]),
        (value!({"request_object_signing_alg": 1}), [false, false]),
        (value!({"require_signed_request_object": "true"}), [false, false]),
    ] {
        for (served, expected) in [false, true].into_iter().zip(expected) {
            let (status, answer) = register(served, &members);
            let expected = if expected { 201 } else { 400 };
            assert_eq!(status, expected, "{members}: {answer}");
            if status == 400 {
                assert_eq!(answer["error"], "invalid_client_metadata", "{members}");
            } else {
                for (name, value) in members.as_object().unwrap().iter().filter(|(_, value)| **value != value!(false)) {
                    assert_eq!(answer.get(name), Some(value), "{members}");
                }
            }
        }
    }
}
