//! Answers questions about tokens, one JSON object a line, so that other implementations can be asked the same.

use std::io::{BufRead, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::jose::{
    Algorithm, ContentEncryption, DecryptionKey, EncryptionKey, Jwe, Jws, KeyManagement, PrivateKey, PublicKey,
    Purpose, SharedSecret,
};
use serde_json::{Value, json};

/// A purpose without demands, pinned to one algorithm by the question.
const ANY: Purpose = Purpose::plain("any");

fn main() {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let answer = answer(&question).unwrap_or_else(|refused| json!({ "refused": refused }));
        writeln!(out, "{answer}").expect("a reader");
        out.flush().expect("a reader");
    }
}

fn answer(question: &Value) -> Result<Value, String> {
    let text = |name: &str| question[name].as_str().unwrap_or_default();
    // Keys come as text, so that it can be one that no object prints.
    let key = text("jwk");
    let said = |fault: &dyn std::fmt::Display| fault.to_string();
    match text("do") {
        "verify" => {
            let algorithm = Algorithm::parse(text("alg")).ok_or("algorithm")?;
            let verified = if algorithm == Algorithm::Hs256 {
                let secret = SharedSecret::from_jwk(key).map_err(|fault| said(&fault))?;
                Jws::parse(text("token"), &Purpose::CLIENT_SECRET_ASSERTION).and_then(|jws| jws.verify_secret(&secret))
            } else {
                let key = PublicKey::from_jwk(key).map_err(|fault| said(&fault))?;
                let pinned = ANY.with([algorithm].into_iter().collect());
                Jws::parse(text("token"), &pinned).and_then(|jws| jws.verify(&key))
            };
            let verified = verified.map_err(|fault| said(&fault))?;
            Ok(json!({ "plain": URL_SAFE_NO_PAD.encode(verified.payload()) }))
        }
        "sign" => {
            let key = PrivateKey::from_jwk(key).map_err(|fault| said(&fault))?;
            Ok(json!({ "token": key.token(&ANY, &question["claims"]).map_err(|fault| said(&fault))? }))
        }
        "decrypt" => {
            let key = DecryptionKey::from_jwk(key).map_err(|fault| said(&fault))?;
            let jwe = Jwe::parse(text("token"), &KeyManagement::ALL, &ContentEncryption::ALL);
            let plain = jwe.and_then(|jwe| jwe.decrypt(&key)).map_err(|fault| said(&fault))?;
            Ok(json!({ "plain": URL_SAFE_NO_PAD.encode(&*plain) }))
        }
        "encrypt" => {
            let key = EncryptionKey::from_jwk(key).map_err(|fault| said(&fault))?;
            let management = KeyManagement::parse(text("alg")).ok_or("algorithm")?;
            let encryption = ContentEncryption::parse(text("enc")).ok_or("encryption")?;
            let plain = URL_SAFE_NO_PAD.decode(text("plain")).map_err(|fault| said(&fault))?;
            Ok(json!({ "token": key.encrypt(management, encryption, None, &plain).map_err(|fault| said(&fault))? }))
        }
        "thumbprint" => {
            let key = PublicKey::from_jwk(key).map_err(|fault| said(&fault))?;
            Ok(json!({ "thumbprint": key.thumbprint().to_string() }))
        }
        other => Err(format!("no such question: {other}")),
    }
}
