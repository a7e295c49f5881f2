//! TLS: every client is asked for a certificate, and whoever has one, from whomever, is let in with it. What the certificate
//! is good for is the library's to say.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use grantor::wire::ClientCertificate;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) certificate: Option<ClientCertificate>,
}

/// The server's side of TLS.
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    /// Knows the CAs that may name clients.
    authorities: Option<Arc<dyn ClientCertVerifier>>,
}

impl Tls {
    /// Reads the certificate chain and the key of the server, and the CAs that may name clients, all in PEM.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or holds something else.
    pub(crate) fn load(certificate: &Path, key: &Path, trusted: &[PathBuf]) -> Result<Self, Box<dyn Error>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("--tls {}: {error}", key.display()))?;
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::new(Anyone(Arc::clone(&provider))))
            .with_single_cert(certificates("--tls", certificate)?, key)?;
        let mut roots = RootCertStore::empty();
        for file in trusted {
            certificates("--trust-ca", file)?.into_iter().try_for_each(|root| roots.add(root))?;
        }
        let authorities = || WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let authorities = if trusted.is_empty() { None } else { Some(authorities()?) };
        Ok(Self { acceptor: Arc::new(config).into(), authorities })
    }

    /// Accepts connections; slow handshakes keep nobody else waiting.
    pub(crate) fn listen(self, mut listener: TcpListener) -> TlsListener {
        let address = listener.local_addr();
        let (sender, connections) = mpsc::channel(64);
        let own = Arc::new(self);
        tokio::spawn(async move {
            loop {
                let (stream, peer) = Listener::accept(&mut listener).await;
                let (own, sender) = (Arc::clone(&own), sender.clone());
                tokio::spawn(async move {
                    if let Ok(Ok(stream)) = timeout(PATIENCE, own.acceptor.accept(stream)).await {
                        let certificate = own.certificate(&stream);
                        // Nobody waits for it where the server is about to end.
                        let _ = sender.send(Secured { stream, peer: Peer { address: peer, certificate } }).await;
                    }
                });
            }
        });
        TlsListener { connections, address }
    }

    fn certificate(&self, stream: &TlsStream<TcpStream>) -> Option<ClientCertificate> {
        let (own, issuers) = stream.get_ref().1.peer_certificates()?.split_first()?;
        let certificate = ClientCertificate::new(own.as_ref());
        let trusted = self
            .authorities
            .as_ref()
            .is_some_and(|authorities| authorities.verify_client_cert(own, issuers, UnixTime::now()).is_ok());
        Some(if trusted { certificate.trusted() } else { certificate })
    }
}

pub(crate) fn certificates(switch: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, Box<dyn Error>> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| format!("{switch} {}: {error}", file.display()))?;
    if found.is_empty() {
        Err(format!("{switch} {}: there is no certificate", file.display()).into())
    } else {
        Ok(found)
    }
}

/// Connections whose handshake is done.
pub(crate) struct TlsListener {
    connections: mpsc::Receiver<Secured>,
    address: io::Result<SocketAddr>,
}

struct Secured {
    stream: TlsStream<TcpStream>,
    peer: Peer,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Peer) {
        match self.connections.recv().await {
            Some(Secured { stream, peer }) => (stream, peer),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        let address = self.address.as_ref().map_err(|error| io::Error::from(error.kind()))?;
        Ok(Peer { address: *address, certificate: None })
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.remote_addr().clone()
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self { address: *stream.remote_addr(), certificate: None }
    }
}

/// Lets in whoever has any certificate, or none; that they hold its key is verified all the same [RFC 8705 §6.1].
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ClientCertVerifier for Anyone {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
