//! Client authentication by certificates [RFC 8705 §2].

use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::behind;
use crate::config::Config;
use crate::env::Timestamp;
use crate::fetch::Purpose;
use crate::json;
use crate::record::{CertificateName, ClientProof, Digest, own_certificates};
use crate::snapshot::{Halt, Snapshot};
use crate::wire::ClientCertificate;

/// Whether `certificate` is what a client of `proof` authenticates with.
pub(super) fn proves<F>(
    certificate: Option<&ClientCertificate>,
    proof: &ClientProof,
    config: &Config,
    seen: &Snapshot,
) -> Result<bool, Halt<F>> {
    let (Some(certificate), Some(served)) = (certificate, config.mutual_tls()) else { return Ok(false) };
    Ok(match proof {
        ClientProof::Nothing | ClientProof::Secret => false,
        ClientProof::CertificateNamed(name) => served.tls_client_auth && is_named(certificate, name, seen.now()),
        ClientProof::OwnCertificate(own) => served.self_signed_tls_client_auth && is_one_of(certificate, own),
        ClientProof::OwnCertificateBehind(url) if served.self_signed_tls_client_auth => {
            let own = |bytes: &[u8]| own_certificates(&json::value(bytes)?);
            behind(url, Purpose::ClientKeys, seen, |bytes| own(bytes).filter(|own| is_one_of(certificate, own)))?
                .is_some()
        }
        ClientProof::OwnCertificateBehind(_) => false,
        #[cfg(feature = "jose")]
        ClientProof::PrivateKey { .. } | ClientProof::SecretMac | ClientProof::Attested(_) => false,
    })
}

/// [RFC 8705 §2.1]: who issued it was settled in the handshake. A connection may outlive its certificate, so the time is
/// looked at again.
fn is_named(certificate: &ClientCertificate, name: &CertificateName, now: Timestamp) -> bool {
    let (true, Ok(read)) = (certificate.is_trusted(), Certificate::from_der(certificate.der())) else { return false };
    let validity = read.tbs_certificate().validity();
    let from = validity.not_before.to_unix_duration().as_secs();
    let until = validity.not_after.to_unix_duration().as_secs();
    (from..=until).contains(&now.as_unix()) && name.is_of(&read)
}

/// [RFC 8705 §2.2]
fn is_one_of(certificate: &ClientCertificate, own: &[Digest]) -> bool {
    own.contains(&Digest::of(certificate.der()))
}
