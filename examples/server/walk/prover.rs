//! The key that a client proves to have with each request [RFC 9449].

use grantor::dpop::NewProof;
use grantor::jose::{Algorithm, PrivateKey};
use grantor::record::Exposed;
use grantor::{Clock as _, SystemClock};
use http::{Request, Response};

use crate::sessions::Token;

/// A client's key.
#[derive(Debug)]
pub(super) struct Prover {
    key: PrivateKey,
    /// What the server wants to see in the next proof.
    nonce: Option<String>,
}

impl Prover {
    pub(super) fn generate() -> Option<Self> {
        Some(Self { key: PrivateKey::generate(Algorithm::Es256).ok()?, nonce: None })
    }

    /// What an authorization code is bound to [RFC 9449 §10].
    pub(super) fn thumbprint(&self) -> String {
        self.key.public().thumbprint().to_string()
    }

    pub(super) fn learn(&mut self, response: &Response<Vec<u8>>) {
        let nonce = response.headers().get("dpop-nonce").and_then(|nonce| nonce.to_str().ok());
        self.nonce = nonce.map(str::to_owned).or_else(|| self.nonce.take());
    }

    /// Adds a proof for this very request, and for the token beside it.
    pub(super) fn prove(&self, request: &mut Request<Vec<u8>>, token: Option<&Exposed>) -> Option<()> {
        let (method, uri, id) = (request.method().to_string(), request.uri().to_string(), Token::random());
        let mut proof = NewProof::new(&method, &uri, id.as_str(), SystemClock.now());
        if let Some(nonce) = &self.nonce {
            proof = proof.nonce(nonce);
        }
        if let Some(token) = token {
            proof = proof.access_token(token.as_str());
        }
        proof.sign(&self.key).ok()?.print(request.headers_mut());
        Some(())
    }
}
