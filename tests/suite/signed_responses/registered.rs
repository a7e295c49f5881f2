//! What the server says of signed responses, and what clients may register of them [JARM §3, §4].

use std::time::Duration;

use grantor::jose::{Algorithm, Algorithms, DecryptionKey, KeyManagement, KeySet};
use grantor::{ConfigFault, Practice, Registration, SignedResponses, Stance};

use super::*;

#[test]
fn the_metadata_says_what_is_served() {
    let of = |change: &dyn Fn(ConfigBuilder) -> ConfigBuilder| {
        serde_json::to_value(change(config()).build().unwrap().metadata()).unwrap()
    };
    let silent = of(&|config| config.keys(keys()));
    assert_eq!(silent["response_modes_supported"], value!(["query", "fragment", "form_post"]));
    let served = of(&wide);
    let modes = value!(["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"]);
    assert_eq!(served["response_modes_supported"], modes);
    for (name, expected) in [
        ("authorization_signing_alg_values_supported", value!(["EdDSA"])),
        (
            "authorization_encryption_alg_values_supported",
            value!(["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"]),
        ),
        ("authorization_encryption_enc_values_supported", value!(["A128GCM", "A256GCM", "A128CBC-HS256"])),
    ] {
        assert_eq!((silent.get(name), &served[name]), (None, &expected), "{name}");
    }
    // `iss` is always told, as a parameter or as a claim [RFC 9207 §2, FAPI 2.0 Message Signing §5.4.1].
    assert_eq!(served["authorization_response_iss_parameter_supported"], true);
}

#[test]
fn options_that_could_not_work_are_refused() {
    let build = |change: fn(&mut SignedResponses)| config().keys(keys()).signed_responses(change).build().map(|_| ());
    let bad: [fn(&mut SignedResponses); 4] = [
        |own| own.algorithms = Algorithms::NONE,
        |own| own.algorithms = Algorithms::NONE.and(Algorithm::Rs256),
        |own| own.lifetime = Duration::ZERO,
        |own| own.lifetime = Duration::from_secs(601),
    ];
    for change in bad {
        assert_eq!(build(change), Err(ConfigFault::SignedResponses));
    }
    assert_eq!(build(|own| own.lifetime = Duration::from_secs(600)), Ok(()));
    assert_eq!(config().signed_responses(|_| ()).build().map(|_| ()), Err(ConfigFault::SignedResponses), "no keys");
    let brief = KeySet::new(Duration::from_secs(599)).with(KEY.signing_key().clone(), grantor::Timestamp::from_unix(0));
    let short = config().lifetimes(|own| own.access_token = Duration::from_secs(60)).keys(brief);
    let long = |own: &mut SignedResponses| own.lifetime = Duration::from_secs(600);
    assert_eq!(short.signed_responses(long).build().map(|_| ()), Err(ConfigFault::SignedResponses));
    let stance = |config: ConfigBuilder| config.build().unwrap().posture().stance(Practice::SignedResponses);
    assert_eq!(stance(config()), Stance::Refused);
    assert_eq!(stance(config().keys(keys()).signed_responses(|_| ())), Stance::Allowed);
    assert_eq!(stance(config().keys(keys()).signed_responses(|own| own.required = true)), Stance::Required);
}

#[test]
fn a_client_has_algorithms_that_there_are_and_a_key_to_encrypt_to() {
    let own = DecryptionKey::generate(KeyManagement::EcdhEs).unwrap();
    let jwks = value!({"keys": [own.public().to_jwk()]});
    let unsigned = || Err(ClientFault::AnswerAlgorithm("authorization_signed_response_alg"));
    let unsealed = || Err(ClientFault::AnswerAlgorithm("authorization_encrypted_response_alg"));
    for (members, expected) in [
        (value!({"authorization_signed_response_alg": "ES256"}), Ok(())),
        (value!({"authorization_signed_response_alg": "none"}), unsigned()),
        (value!({"authorization_signed_response_alg": "HS256"}), unsigned()),
        (value!({"jwks": jwks, "authorization_encrypted_response_alg": "ECDH-ES"}), Ok(())),
        (value!({"jwks": jwks, "authorization_encrypted_response_alg": "RSA1_5"}), unsealed()),
        (value!({"jwks": jwks, "authorization_encrypted_response_alg": "dir"}), unsealed()),
        (value!({"jwks": jwks, "authorization_encrypted_response_enc": "A128GCM"}), unsealed()),
        (
            value!({"jwks": jwks, "authorization_encrypted_response_alg": "ECDH-ES", "authorization_encrypted_response_enc": "A1"}),
            unsealed(),
        ),
        (value!({"authorization_encrypted_response_alg": "ECDH-ES"}), Err(ClientFault::EncryptionKeyMissing)),
        (
            value!({"jwks": jwks, "authorization_encrypted_response_alg": "RSA-OAEP-256"}),
            Err(ClientFault::EncryptionKeyMissing),
        ),
        (value!({"jwks_uri": "https://app.example/jwks", "authorization_encrypted_response_alg": "ECDH-ES"}), Ok(())),
    ] {
        assert_eq!(registered(&members).map(|_| ()), expected, "{members}");
    }
    let client = registered(
        &value!({"jwks": jwks, "authorization_encrypted_response_alg": "ECDH-ES", "response_modes": ["jwt"]}),
    );
    let record = grantor::record::Record::Client(std::sync::Arc::new(client.unwrap()));
    assert_eq!(grantor::record::Record::decode(&record.encode().unwrap()).unwrap(), record);
}

#[test]
fn a_client_registers_what_can_be_served() {
    let register = |served: bool, members: &Value| {
        let world = world_with(|config| {
            let config =
                config.registration(Registration::open().by_default("read").grant_types(&[GrantType::RefreshToken]));
            if served { config.keys(keys()).signed_responses(|_| ()) } else { config }
        });
        let mut body = value!({"redirect_uris": [APP], "token_endpoint_auth_method": "none"});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let request = Request::post(format!("{ISSUER}/register")).header("content-type", "application/json");
        let response = world.server.answer(Place::Registration, &request.body(body.to_string().into_bytes()).unwrap());
        (response.status().as_u16(), json(&response))
    };
    let uri = "https://app.example/jwks";
    for (members, expected) in [
        (value!({"authorization_signed_response_alg": "EdDSA"}), [false, true]),
        (value!({"authorization_signed_response_alg": "RS256"}), [false, false]),
        (value!({"jwks_uri": uri, "authorization_encrypted_response_alg": "ECDH-ES"}), [false, true]),
        (value!({"jwks_uri": uri, "authorization_encrypted_response_alg": "dir"}), [false, false]),
        (value!({"authorization_encrypted_response_alg": "ECDH-ES"}), [false, false]),
        (value!({"authorization_signed_response_alg": 1}), [false, false]),
        (value!({"response_modes": ["jwt"]}), [true, true]),
        (value!({"response_modes": "jwt"}), [false, false]),
    ] {
        for (served, expected) in [false, true].into_iter().zip(expected) {
            let (status, answer) = register(served, &members);
            assert_eq!(status, if expected { 201 } else { 400 }, "{members}: {answer}");
            if status == 400 {
                assert_eq!(answer["error"], "invalid_client_metadata", "{members}");
            }
        }
    }
}
