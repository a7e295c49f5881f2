//! Under FAPI 2.0, with every grant type that there is: no client that shares its secret, or has none, gets anything
//! anywhere, and nothing gives a token that is bound to nothing [FAPI 2.0 Security Profile §5.3.2.1].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use grantor::jose::{Algorithm, JwkSet, PrivateKey, Purpose};
use grantor::record::{Client, GrantType, Resource, Scope};
use grantor::server::{DeviceApproval, Place, Verification, Visitor};
use grantor::{Profile, Progress};
use http::Request;
use serde_json::{Value, json as value};

use crate::dpop::{proof, showing as proving};
use crate::extension_grant::{TICKET, plain, put, with_tickets};
use crate::faulty::Willing;
use crate::support::*;

const NEXT: &str = "https://next.example/";
const IDP: &str = "https://idp.example";
const APP: &str = "https://app.example/cb";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SAML: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

type Strict = World<grantor::store::Memory<grantor::store::Indexed>, Willing>;

/// Clients of each kind that may use every grant type: `m` and `n` sign, `sec` has a secret, `bare` nothing.
fn strict() -> Strict {
    let keys = || JwkSet::from_iter([KEY.public().clone()]);
    let world = world_with(|config| {
        let config = with_tickets(with_jwts(config)).profile(Profile::fapi2()).resource(NEXT).default_scope("read");
        let config = config.token_exchange().on_behalf_of().device_flow(|_| ()).request_objects(|_| ());
        let config = config.trust_issuer(IDP, keys(), |own| own.danger_accept_public_clients = true);
        config.saml2_bearer(|own| {
            own.issuers = vec!["https://saml.example".to_owned()];
            own.danger_accept_public_clients = true;
        })
    });
    let exchange = GrantType::TokenExchange.as_str();
    for (id, method) in [
        ("m", "private_key_jwt"),
        ("n", "private_key_jwt"),
        ("sec", "client_secret_basic"),
        ("post", "client_secret_post"),
        ("bare", "none"),
    ] {
        let mut metadata = value!({
            "token_endpoint_auth_method": method,
            "redirect_uris": [APP],
            "grant_types": [
                "authorization_code", "refresh_token", "client_credentials", exchange, BEARER, SAML, DEVICE, TICKET,
            ],
            "jwks": {"keys": [KEY.public().to_jwk()]},
        });
        if id == "bare" {
            metadata["grant_types"].as_array_mut().unwrap().retain(|name| name != "client_credentials");
        }
        let client = Client::builder(id).metadata(serde_json::from_value(metadata).unwrap());
        let client = if method.starts_with("client_secret") { client.secret(secret(id)) } else { client };
        let client = client.resource(Resource::parse("https://api.example/").unwrap());
        world.server.store().put_client(client.build().unwrap());
    }
    world.hosted(Willing::default())
}

impl Strict {
    /// A request of `client` that it proves to be from itself, as far as it can.
    fn from(&self, client: &str, path: &str, pairs: &[(&str, &str)]) -> Request<Vec<u8>> {
        let named = [pairs, &[("client_id", client)]].concat();
        match client {
            "sec" => post_as(path, &basic(client, client), pairs),
            "post" => post(path, &[&named[..], &[("client_secret", client)]].concat()),
            "bare" => post(path, &named),
            _ => {
                let (now, kind) = (self.now().as_unix(), "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
                let claims = value!({"iss": client, "sub": client, "aud": ISSUER, "exp": now + 60, "jti": fresh()});
                let shown = KEY.token(&Purpose::CLIENT_ASSERTION, &claims).unwrap();
                post(path, &[&named[..], &[("client_assertion_type", kind), ("client_assertion", &shown)]].concat())
            }
        }
    }

    fn proven(&self, request: &Request<Vec<u8>>, key: &PrivateKey) -> Value {
        json(&self.token(&proving(request, &proof(self.now(), key, "POST", "https://as.example/token"))))
    }

    fn assertion(&self) -> String {
        let now = self.now().as_unix();
        let claims = value!({"iss": IDP, "sub": "alice", "aud": ISSUER, "exp": now + 60, "jti": fresh()});
        KEY.token(&Purpose::ASSERTION_GRANT, &claims).unwrap()
    }

    /// A token of `n`, bound to another key.
    fn of_another(&self) -> String {
        let request = self.from("n", "/token", &[("grant_type", BEARER), ("assertion", &self.assertion())]);
        text(&self.proven(&request, &PrivateKey::generate(Algorithm::Es256).unwrap()), "access_token")
    }

    fn granted_code(&self) -> String {
        let challenge = challenge(VERIFIER);
        let asked = [
            ("response_type", "code"),
            ("redirect_uri", APP),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let pushed = self.server.answer(Place::PushedAuthorizationRequest, &self.from("m", "/par", &asked));
        let name = text(&json(&pushed), "request_uri");
        let request = get(&format!("/authorize?{}", form(&[("client_id", "m"), ("request_uri", &name)])));
        let consent = Scope::parse("read").unwrap();
        match self.authorize(&request, Visitor::logged_in(self.session(), Some(consent))) {
            Progress::Respond(response) => parameter(&response, "code").unwrap(),
            other => panic!("no code: {other:?}"),
        }
    }

    fn granted_device(&self) -> String {
        let codes =
            json(&self.server.answer(Place::DeviceAuthorization, &self.from("m", "/device_authorization", &[])));
        let config = self.server.config();
        let prompt = self.server.run(Verification::new(config, &text(&codes, "user_code"), Some(self.session()), ""));
        let approval = DeviceApproval::new(config.clone(), *prompt.unwrap().unwrap(), self.session());
        self.server.run(approval).unwrap().unwrap();
        text(&codes, "device_code")
    }

    /// What `m` could be given tokens for, by each grant type.
    fn grants(&self, key: &PrivateKey) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
        let code = || {
            let code = self.granted_code();
            vec![("code", code), ("redirect_uri", APP.to_owned()), ("code_verifier", VERIFIER.to_owned())]
        };
        let first = code();
        let pairs: Vec<_> = first.iter().map(|(name, value)| (*name, &**value)).collect();
        let redeeming = self.from("m", "/token", &[&pairs[..], &[("grant_type", "authorization_code")]].concat());
        let refresh = text(&self.proven(&redeeming, key), "refresh_token");
        put(self, "t", plain("m"));
        vec![
            ("client_credentials", vec![]),
            ("authorization_code", code()),
            ("refresh_token", vec![("refresh_token", refresh)]),
            (DEVICE, vec![("device_code", self.granted_device())]),
            (BEARER, vec![("assertion", self.assertion())]),
            (SAML, vec![("assertion", B64.encode("saml-1"))]),
            (
                BEARER,
                vec![
                    ("requested_token_use", "on_behalf_of".to_owned()),
                    ("assertion", self.of_another()),
                    ("resource", NEXT.to_owned()),
                ],
            ),
            (
                GrantType::TokenExchange.as_str(),
                vec![("subject_token", self.of_another()), ("subject_token_type", ACCESS.to_owned())],
            ),
            (TICKET, vec![("ticket", "t".to_owned())]),
        ]
    }
}

fn fresh() -> String {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    format!("fapi-{}", COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

#[test]
fn nothing_gives_a_token_that_is_bound_to_nothing() {
    let (world, key) = (strict(), PrivateKey::generate(Algorithm::Es256).unwrap());
    for (grant, shown) in world.grants(&key) {
        let mut pairs: Vec<_> = shown.iter().map(|(name, value)| (*name, &**value)).collect();
        pairs.push(("grant_type", grant));
        let bare = json(&world.token(&world.from("m", "/token", &pairs)));
        assert_eq!((bare.get("access_token"), &bare["error"]), (None, &value!("invalid_dpop_proof")), "{grant}");
        // Nothing was used by that.
        let bound = world.proven(&world.from("m", "/token", &pairs), &key);
        assert_eq!(bound["token_type"], "DPoP", "{grant}: {bound}");
        let asking = world.from("m", "/introspect", &[("token", &text(&bound, "access_token"))]);
        let seen = json(&world.server.answer(Place::Introspection, &asking));
        assert_eq!(seen["cnf"]["jkt"], key.public().thumbprint().to_string(), "{grant}");
    }
}

#[test]
fn no_client_without_a_key_of_its_own_gets_anything_anywhere() {
    let (world, key) = (strict(), PrivateKey::generate(Algorithm::Es256).unwrap());
    let grants = world.grants(&key);
    let token = world.of_another();
    for client in ["sec", "post", "bare"] {
        world.log.take();
        for (grant, shown) in &grants {
            let mut pairs: Vec<_> = shown.iter().map(|(name, value)| (*name, &**value)).collect();
            pairs.push(("grant_type", grant));
            let answer = world.proven(&world.from(client, "/token", &pairs), &key);
            assert_eq!(answer["error"], "invalid_client", "{client}: {grant}");
        }
        for (place, path) in [
            (Place::PushedAuthorizationRequest, "/par"),
            (Place::DeviceAuthorization, "/device_authorization"),
            (Place::Introspection, "/introspect"),
            (Place::Revocation, "/revoke"),
        ] {
            let answer = world.server.answer(place, &world.from(client, path, &[("token", &token)]));
            assert_eq!(
                (answer.status().as_u16(), &json(&answer)["error"]),
                (401, &value!("invalid_client")),
                "{place:?}"
            );
        }
        let events = world.log.take();
        let failed = |event: &_| matches!(event, grantor::event::Event::ClientAuthenticationFailed { .. });
        assert!(events.iter().all(failed), "{client}: {events:?}");
        // Neither may it send anyone to the authorization endpoint, signed or not.
        let request = authorization(client, APP, &[]);
        let Progress::Respond(response) = world.authorize(&request, Visitor::anonymous()) else { panic!("{client}") };
        assert_eq!(parameter(&response, "code"), None);
        let claims = value!({
            "iss": client, "aud": ISSUER, "client_id": client, "response_type": "code", "redirect_uri": APP,
            "exp": world.now().as_unix() + 60, "code_challenge": challenge(VERIFIER), "code_challenge_method": "S256",
        });
        let object = KEY.token(&Purpose::REQUEST_OBJECT, &claims).unwrap();
        let request = get(&format!("/authorize?{}", form(&[("client_id", client), ("request", &object)])));
        let Progress::Respond(response) = world.authorize(&request, Visitor::anonymous()) else { panic!("{client}") };
        assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_request"), "{client}");
    }
}
