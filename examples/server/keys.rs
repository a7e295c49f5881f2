//! The server's own keys, made anew at each start, since nothing else outlives it either.

use std::error::Error;
use std::time::Duration;

use grantor::jose::{Algorithm, DecryptionKey, KeyManagement, KeySet, LocalSigner, PrivateKey, SharedSecret};
use grantor::record::ClientId;
use grantor::{ConfigBuilder, Timestamp};

/// Keys that sign, and one that others encrypt to.
#[derive(Debug)]
pub(crate) struct Keys {
    set: KeySet,
    signer: LocalSigner,
    decryption: DecryptionKey,
}

impl Keys {
    /// Keys for tokens that live so many seconds at most.
    ///
    /// # Errors
    ///
    /// The system has no randomness.
    pub(crate) fn new(access_ttl: Option<u64>) -> Result<Self, Box<dyn Error>> {
        let keys = [Algorithm::Es256, Algorithm::EdDsa].map(PrivateKey::generate);
        let keys: Vec<_> = keys.into_iter().collect::<Result<_, _>>()?;
        let retention = Duration::from_secs(access_ttl.unwrap_or_default().max(86_400));
        let always = Timestamp::from_unix(0);
        let set = keys.iter().fold(KeySet::new(retention), |set, key| set.with(key.signing_key().clone(), always));
        let decryption = DecryptionKey::generate(KeyManagement::EcdhEs)?;
        Ok(Self { set, signer: LocalSigner::new(keys), decryption })
    }

    /// Publishes them, and answers in signed messages where a client wants that.
    pub(crate) fn serve(&self, config: ConfigBuilder) -> ConfigBuilder {
        config.keys(self.set.clone()).decryption_keys([self.decryption.clone()]).signed_responses(|_| ())
    }

    /// Has these secrets of clients as well.
    pub(crate) fn with_client_secrets(self, secrets: Vec<(ClientId, SharedSecret)>) -> Self {
        Self { signer: self.signer.with_client_secrets(secrets), ..self }
    }

    pub(crate) fn into_signer(self) -> LocalSigner {
        self.signer
    }
}
