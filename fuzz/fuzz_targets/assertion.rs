//! Assertions with any claims, signed properly and then changed or not, and SAML assertions of any bytes: what gives a token
//! was of the trusted issuer, for this server alone, in its time and for its client, and gives none again.
#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::jose::{Algorithm, JwkSet, PrivateKey};
use grantor::record::{Client, ClientSecretDigest, GrantType, Record};
use grantor::server::Place;
use grantor::store::Key;
use grantor::{AssertionProfile, Config};
use grantor_fuzz::{Ledger, NOW, answer_of, form};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    header: Option<&'a str>,
    identity: bool,
    claims: Vec<(u8, Claim<'a>)>,
    tampered: Option<(u16, u8)>,
    more: Option<(u8, &'a str)>,
    late: u8,
    saml: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum Claim<'a> {
    Absent,
    Text(&'a str),
    Usual(u8),
    Moment(i16),
    Number(f64),
    List(Vec<u8>),
    Json(&'a str),
}

const IDP: &str = "https://idp.example";
const ISSUER: &str = "https://as.example";
const NAMES: [&str; 13] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "scope",
    "resource",
    "authorization_details",
    "cnf",
    "act",
];
const MORE: [&str; 4] = ["scope", "resource", "authorization_details", "requested_token_use"];
const USUAL: [&str; 8] =
    [IDP, ISSUER, "https://as.example/token", "app", "read", "read write", "https://api.example", "one"];

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate(Algorithm::EdDsa).expect("a key"));

static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let keys = || JwkSet::from_iter([KEY.public().clone()]);
    let config =
        Config::builder(ISSUER).scopes(["read", "write"]).default_scope("read").resource("https://api.example");
    let config = config.trust_issuer(IDP, keys(), |_| ());
    let config = config.trust_issuer(IDP, keys(), |idp| idp.profile = AssertionProfile::IdJag);
    config.saml2_bearer(|served| served.issuers = vec![IDP.to_owned()]).build().expect("a good configuration")
});

fn value(claim: &Claim<'_>) -> Option<Value> {
    let usual = |number: u8| USUAL[usize::from(number) % USUAL.len()];
    match claim {
        Claim::Absent => None,
        Claim::Text(text) => Some(json!(text)),
        Claim::Usual(number) => Some(json!(usual(*number))),
        Claim::Moment(offset) => Some(json!(NOW.saturating_add_signed(i64::from(*offset)))),
        Claim::Number(number) => Some(json!(number)),
        Claim::List(numbers) => Some(json!(numbers.iter().take(4).map(|number| usual(*number)).collect::<Vec<_>>())),
        Claim::Json(text) => serde_json::from_str(text).ok(),
    }
}

/// Whether `claims` may give a token at `now`, by the letter of RFC 7523 §3.
fn is_good(claims: &Map<String, Value>, identity: bool, now: u64) -> bool {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let aud = match claims.get("aud") {
        Some(Value::String(one)) => one == ISSUER,
        Some(Value::Array(many)) => matches!(&**many, [one] if one == ISSUER),
        _ => false,
    };
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    #[expect(clippy::cast_precision_loss, reason = "the times of these tests are small")]
    let now = now as f64;
    let begun = time("nbf").is_none_or(|begins| begins <= now + 10.0) && time("iat").is_none_or(|at| at < now + 11.0);
    let ends = time("exp").is_some_and(|ends| ends > now - 10.0 && ends < now + 311.0);
    let own = !identity || (text("client_id") == Some("app") && time("iat").is_some());
    aud && begun && ends && own && text("iss") == Some(IDP) && text("sub").is_some() && text("jti").is_some()
}

fuzz_target!(|input: Input<'_>| {
    let ledger = Ledger::default();
    ledger.now.set(NOW + u64::from(input.late));
    let grants = [GrantType::JwtBearer, GrantType::Saml2Bearer];
    let app = Client::builder("app").secret(ClientSecretDigest::new("secret", [1; 16], None)).grant_types(&grants);
    let app = app.build().expect("a good client");
    ledger.put(Key::Client(app.id().clone()), Record::Client(Arc::new(app)));
    let send = |grant_type: &str, assertion: &str, more: Option<(u8, &str)>, count: u8| {
        let mut pairs = vec![
            ("grant_type", grant_type),
            ("client_id", "app"),
            ("client_secret", "secret"),
            ("assertion", assertion),
        ];
        pairs.extend(more.map(|(name, value)| (MORE[usize::from(name) % MORE.len()], value)));
        let response = answer_of(&CONFIG, Place::Token, &form(&pairs), &ledger, count);
        let body: Value = serde_json::from_slice(response.body()).expect("JSON");
        assert!(response.status() == 200 || body["error"].is_string(), "{body}");
        (response.status() == 200, body)
    };

    let mut claims =
        json!({"iss": IDP, "sub": "a-1", "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": "one", "client_id": "app"});
    let claims = claims.as_object_mut().expect("an object");
    for (name, claim) in &input.claims {
        let name = NAMES[usize::from(*name) % NAMES.len()];
        match value(claim) {
            Some(value) => drop(claims.insert(name.to_owned(), value)),
            None => drop(claims.remove(name)),
        }
    }
    let typ = if input.identity { "oauth-id-jag+jwt" } else { "JWT" };
    let header = input.header.map_or_else(|| json!({"alg": "EdDSA", "typ": typ}).to_string(), str::to_owned);
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(&header),
        URL_SAFE_NO_PAD.encode(Value::Object(claims.clone()).to_string())
    );
    let signature = URL_SAFE_NO_PAD.encode(KEY.sign(signed.as_bytes()).expect("a signature"));
    let good = format!("{signed}.{signature}");
    let mut shown = good.clone().into_bytes();
    if let Some((place, byte)) = input.tampered {
        let place = usize::from(place) % shown.len();
        shown[place] = byte;
    }
    let shown = String::from_utf8_lossy(&shown).into_owned();

    let jwt = GrantType::JwtBearer.as_str();
    let (granted, body) = send(jwt, &shown, input.more, 1);
    if granted {
        assert_eq!(shown, good, "it was changed");
        assert!(body.get("refresh_token").is_none(), "{body}");
        if input.header.is_none() {
            assert!(is_good(claims, input.identity, ledger.now.get()), "{claims:?}");
        }
        let words =
            |scope: &Value| scope.as_str().unwrap_or_default().split(' ').map(str::to_owned).collect::<Vec<_>>();
        if let Some(said) = claims.get("scope") {
            assert!(words(&body["scope"]).iter().all(|word| words(said).contains(word)), "{body} {said}");
        }
        assert!(!send(jwt, &shown, None, 2).0, "it was used twice");
    }

    let saml = GrantType::Saml2Bearer.as_str();
    let (granted, _) = send(saml, &String::from_utf8_lossy(input.saml), None, 3);
    let encoded = URL_SAFE_NO_PAD.encode(input.saml);
    assert!(!granted || URL_SAFE_NO_PAD.decode(input.saml).is_ok(), "no base64url");
    let (granted, _) = send(saml, &encoded, None, 4);
    assert!(
        !granted || (std::str::from_utf8(input.saml).is_ok() && !send(saml, &encoded, None, 5).0),
        "it was used twice"
    );
});
