//! A certification authority, and what it and others issued.
#![allow(unreachable_pub, dead_code, reason = "a toolbox for the other files")]

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::string::Ia5String;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::process::Example;

/// A CA, and the files that servers and clients read; they are removed with the test.
pub struct Pki {
    authority: CertifiedIssuer<'static, KeyPair>,
    pub directory: PathBuf,
}

/// A certificate and its key.
pub struct Holder {
    pem: String,
    der: Vec<u8>,
    key: KeyPair,
}

/// Three certificates, and the clients that they are for.
pub struct Machines {
    pub issued: Holder,
    pub own: Holder,
    /// Of nobody who is registered.
    pub other: Holder,
}

impl Pki {
    pub fn new() -> Self {
        let mut params = named("An authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let name = URL_SAFE_NO_PAD.encode(Sha256::digest(authority.der()));
        let directory = std::env::temp_dir().join(format!("grantor-{name}"));
        std::fs::create_dir(&directory).unwrap();
        Self { authority, directory }
    }

    pub fn authority(&self) -> String {
        self.authority.pem()
    }

    pub fn issue(&self, params: &CertificateParams) -> Holder {
        let key = KeyPair::generate().unwrap();
        let made = params.signed_by(&key, &self.authority).unwrap();
        Holder { pem: made.pem(), der: made.der().to_vec(), key }
    }

    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.directory.join(format!("{name}.pem"));
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A server with its own certificate, which trusts the CA.
    pub fn serve(&self, switches: &[&str]) -> Example {
        let own = self.issue(&CertificateParams::new(["127.0.0.1".to_owned()]).unwrap());
        let (certificate, key) = (self.file("server", &own.pem), self.file("server-key", &own.key.serialize_pem()));
        let authority = self.file("authority", &self.authority());
        let tls = ["--tls", &certificate, &key, "--trust-ca", &authority];
        Example::server(&[&tls[..], switches].concat())
    }

    pub fn machines(&self) -> Machines {
        let (issued, other) = (self.issue(&machine()), self.issue(&named("Another machine")));
        Machines { issued, own: Holder::self_signed(&named("own")), other }
    }
}

impl Drop for Pki {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

pub fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// What a certificate by which a client of [`Machines::clients`] is known says.
pub fn machine() -> CertificateParams {
    let mut params = named("A machine");
    params.distinguished_name.push(DnType::OrganizationName, "Example, Inc.");
    params.subject_alt_names = vec![SanType::DnsName(Ia5String::try_from("machine.example").unwrap())];
    params
}

impl Machines {
    /// One client for each way to know a certificate.
    pub fn clients(&self) -> Value {
        let entry = |id: &str, method: &str, name: &str, value: Value| {
            json!({
                "client_id": id,
                "token_endpoint_auth_method": method,
                name: value,
                "grant_types": ["client_credentials"],
                "scope": "read",
                "tls_client_certificate_bound_access_tokens": true,
            })
        };
        json!([
            entry(
                "by-subject",
                "tls_client_auth",
                "tls_client_auth_subject_dn",
                json!(r"O=Example\, Inc.,CN=A machine")
            ),
            entry("by-host", "tls_client_auth", "tls_client_auth_san_dns", json!("machine.example")),
            entry("by-own", "self_signed_tls_client_auth", "jwks", json!({"keys": [self.own.jwk()]})),
        ])
    }
}

impl Holder {
    pub fn self_signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        Self { pem: made.pem(), der: made.der().to_vec(), key }
    }

    /// The certificate and its key.
    pub fn pem(&self) -> String {
        format!("{}{}", self.pem, self.key.serialize_pem())
    }

    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.der))
    }

    /// As a key set has it.
    fn jwk(&self) -> Value {
        let (x, y) = self.key.public_key_raw().strip_prefix(&[4]).unwrap().split_at(32);
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let der = STANDARD.encode(&self.der);
        json!({"kty": "EC", "crv": "P-256", "x": text(x), "y": text(y), "x5c": [der]})
    }
}
