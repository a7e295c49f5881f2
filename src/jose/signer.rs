//! Where private keys are: in this process, in another, or in a machine of their own.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use super::algorithm::Algorithm;
use super::private_key::PrivateKey;
use super::shared_secret::SharedSecret;
use crate::drive::{AsyncHost, Host};
use crate::fetch::{FetchRequest, Fetched, Unfetched};
use crate::record::ClientId;
use crate::snapshot::{Question, SigningInput, Verdict};

/// Signs what the machine asks for, for callers that block.
pub trait Signer {
    /// Why it could not.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Signs with the key and the algorithm that `input` names; the form is that of JWS, for EC `r ‖ s` of fixed length.
    ///
    /// # Errors
    ///
    /// There is no such key, or it cannot be reached.
    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Self::Error>;
}

/// Signs what the machine asks for, for callers that await; the contract is that of [`Signer`].
pub trait AsyncSigner {
    /// Why it could not.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Signs with the key and the algorithm that `input` names.
    fn sign(&self, input: &SigningInput) -> impl Future<Output = Result<Arc<[u8]>, Self::Error>> + Send;
}

/// Keys in this process.
#[derive(Clone, Debug, Default)]
pub struct LocalSigner {
    keys: Arc<[PrivateKey]>,
    /// By the names that they are asked for by.
    secrets: Arc<HashMap<String, SharedSecret>>,
}

impl LocalSigner {
    /// Signs with these.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PrivateKey>) -> Self {
        Self { keys: keys.into_iter().collect(), secrets: Arc::default() }
    }

    /// Has the secrets of these clients as well, for `client_secret_jwt`.
    #[must_use]
    pub fn with_client_secrets(self, secrets: impl IntoIterator<Item = (ClientId, SharedSecret)>) -> Self {
        let named = secrets.into_iter().map(|(client, secret)| (SigningInput::client_secret(&client), secret));
        Self { secrets: Arc::new(named.collect()), ..self }
    }
}

/// There is no such key here, or it failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no key here signs this")]
#[expect(clippy::exhaustive_structs, reason = "other signers may say the same")]
pub struct Unsignable;

impl Signer for LocalSigner {
    type Error = Unsignable;

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Unsignable> {
        if input.algorithm == Algorithm::Hs256.as_str() {
            return Ok(Arc::from(self.secrets.get(&input.key).ok_or(Unsignable)?.sign(&input.bytes)));
        }
        let fits = |key: &&PrivateKey| key.kid() == input.key && key.algorithm().as_str() == input.algorithm;
        let key = self.keys.iter().find(fits).ok_or(Unsignable)?;
        key.sign(&input.bytes).map(Arc::from).map_err(|_| Unsignable)
    }
}

impl AsyncSigner for LocalSigner {
    type Error = Unsignable;

    async fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Unsignable> {
        Signer::sign(self, input)
    }
}

/// A host whose signatures are made by a signer.
#[derive(Clone, Copy, Debug)]
pub struct SigningHost<H, S> {
    host: H,
    signer: S,
}

impl<H, S> SigningHost<H, S> {
    /// Lets `signer` sign, and `host` do everything else.
    pub const fn new(host: H, signer: S) -> Self {
        Self { host, signer }
    }
}

/// Why a host with a signer could not do its part.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningHostFailed<H, S> {
    /// The host failed.
    #[error(transparent)]
    Host(H),
    /// The signer failed.
    #[error(transparent)]
    Signer(S),
    /// The signer gave something else than a signature of the algorithm, such as one in DER.
    #[error("the signer gave a signature of another form than {0} has")]
    Misshapen(&'static str),
}

fn shaped<H, S>(input: &SigningInput, signature: Arc<[u8]>) -> Result<Arc<[u8]>, SigningHostFailed<H, S>> {
    let right = match input.algorithm {
        "HS256" => signature.len() == 32,
        "ES256" | "EdDSA" => signature.len() == 64,
        "ES384" => signature.len() == 96,
        _ => (256..=1024).contains(&signature.len()),
    };
    if right { Ok(signature) } else { Err(SigningHostFailed::Misshapen(input.algorithm)) }
}

impl<H: Host, S: Signer> Host for SigningHost<H, S> {
    type Error = SigningHostFailed<H::Error, S::Error>;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Self::Error> {
        self.host.fetch(request).map_err(SigningHostFailed::Host)
    }

    fn judge(&self, question: &Question) -> Result<Verdict, Self::Error> {
        self.host.judge(question).map_err(SigningHostFailed::Host)
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Self::Error> {
        shaped(input, self.signer.sign(input).map_err(SigningHostFailed::Signer)?)
    }
}

impl<H: AsyncHost + Sync, S: AsyncSigner + Sync> AsyncHost for SigningHost<H, S> {
    type Error = SigningHostFailed<H::Error, S::Error>;

    async fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Self::Error> {
        self.host.fetch(request).await.map_err(SigningHostFailed::Host)
    }

    async fn judge(&self, question: &Question) -> Result<Verdict, Self::Error> {
        self.host.judge(question).await.map_err(SigningHostFailed::Host)
    }

    async fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Self::Error> {
        shaped(input, self.signer.sign(input).await.map_err(SigningHostFailed::Signer)?)
    }
}
