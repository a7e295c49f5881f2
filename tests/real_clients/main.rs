//! Clients that nobody here wrote, each by its own rules, against the example server over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected has failed"
)]

#[cfg(feature = "jose")]
mod assertions;
mod environment;
#[cfg(feature = "jose")]
mod issuer;
#[cfg(feature = "jose")]
mod keyed;
#[path = "../examples/process.rs"]
#[expect(dead_code, reason = "the tests of the examples use all of it")]
mod process;

#[path = "../examples/pki.rs"]
mod pki;

use std::path::Path;
use std::process::Command;

use environment::{Environment, Unavailable, fixtures};
#[cfg(feature = "jose")]
use keyed::Keyed;
use pki::Pki;
use process::Example;
use rcgen::CertificateParams;

/// Set where these tests must run; elsewhere they are skipped if the clients cannot be had.
const REQUIRED: &str = "GRANTOR_REQUIRE_CLIENTS";

/// Any client may register; proofs, where there are any, need nonces.
const SWITCHES: &[&str] = &[
    "--initial-access-token",
    "of-the-tests",
    #[cfg(feature = "jose")]
    "--require-dpop-nonce",
];

#[test]
fn authlib() {
    run(Environment::authlib(), &[]);
}

#[cfg(feature = "jose")]
#[test]
fn authlib_with_keys() {
    run_keyed(Environment::authlib(), &Keyed::but(&[]));
}

#[cfg(feature = "jose")]
#[test]
fn authlib_with_macs() {
    run_keyed(Environment::authlib(), &Keyed::with_macs());
}

#[test]
fn oauth4webapi() {
    run(Environment::oauth4webapi(), SWITCHES);
}

#[cfg(feature = "jose")]
#[test]
fn oauth4webapi_with_keys() {
    run_keyed(Environment::oauth4webapi(), &Keyed::but(&[]));
}

#[test]
fn openid_client() {
    run(Environment::openid_client(), SWITCHES);
}

#[cfg(feature = "jose")]
#[test]
fn openid_client_with_keys() {
    run_keyed(Environment::openid_client(), &Keyed::but(&[]));
}

#[cfg(feature = "jose")]
#[test]
fn openid_client_with_fapi() {
    let Some(environment) = available(Environment::openid_client_with_fapi()) else { return };
    let (pki, keyed) = (Pki::new(), Keyed::but(&["service"]));
    let files = files_of(keyed.path());
    let switches = ["--profile", "fapi2", "--require-dpop-nonce"];
    let server = pki.serve(&[&files.each_ref().map(String::as_str), &switches[..]].concat());
    let mut command = environment.command(&server.base, keyed.path());
    command.env("NODE_EXTRA_CA_CERTS", pki.directory.join("authority.pem"));
    succeed(command, server);
}

#[cfg(feature = "jose")]
#[test]
fn oauth4webapi_with_signatures() {
    run(Environment::oauth4webapi_with_signatures(), &["--initial-access-token", "of-the-tests"]);
}

#[cfg(feature = "jose")]
#[test]
fn oauth4webapi_with_assertions() {
    let Some(environment) = available(Environment::oauth4webapi_with_assertions()) else { return };
    let (pki, key) = (Pki::new(), rcgen::KeyPair::generate().unwrap().serialize_pem());
    let mut command = environment.command(&assertions::serve(&key), &fixtures());
    command.arg(pki.file("idp", &key));
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    println!("{said}");
}

#[cfg(feature = "jose")]
#[test]
fn oauth4webapi_as_a_resource() {
    use grantor::jose::{Algorithm, PrivateKey};
    let Some(environment) = available(Environment::oauth4webapi_as_a_resource()) else { return };
    for algorithm in [Algorithm::Es256, Algorithm::Ps256, Algorithm::Rs256, Algorithm::EdDsa, Algorithm::Es384] {
        let issuer = issuer::Issuer::start(PrivateKey::generate(algorithm).unwrap());
        let mut command = environment.command(&issuer.base, &fixtures());
        let output = command.args([algorithm.as_str(), issuer::API]).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{algorithm}: {}\n{said}", output.status);
        println!("{said}");
    }
}

#[test]
fn mcp() {
    let pki = Pki::new();
    let site = pki.issue(&CertificateParams::new(["localhost".to_owned()]).unwrap());
    let (authority, site) = (pki.file("authority", &pki.authority()), pki.file("site", &site.pem()));
    let switches = ["--open-registration", "--allow-loopback-fetch", "--trust-ca", &authority];
    run_with(Environment::mcp(), &switches, &[&site]);
}

#[cfg(feature = "mtls")]
#[test]
fn oauth4webapi_with_certificates() {
    let Some(environment) = available(Environment::oauth4webapi_with_certificates()) else { return };
    let pki = pki::Pki::new();
    let machines = pki.machines();
    for (name, holder) in [("issued", &machines.issued), ("own", &machines.own), ("other", &machines.other)] {
        pki.file(name, &holder.pem());
    }
    let clients = process::Json::new("certificates", &machines.clients().to_string());
    let server = pki.serve(&["--clients", clients.path()]);
    let mut command = environment.command(&server.base, &fixtures());
    command.arg(&pki.directory);
    succeed(command, server);
}

fn run(environment: Result<Environment, Unavailable>, switches: &[&str]) {
    run_with(environment, switches, &[]);
}

/// Runs a client that needs to know more than where the server is.
fn run_with(environment: Result<Environment, Unavailable>, switches: &[&str], arguments: &[&str]) {
    let Some(environment) = available(environment) else { return };
    let files = files_of(&fixtures());
    let server = Example::server(&[&files.each_ref().map(String::as_str), switches].concat());
    let mut command = environment.command(&server.base, &fixtures());
    command.args(arguments);
    succeed(command, server);
}

/// Runs a client that signs wherever it shows a secret otherwise.
#[cfg(feature = "jose")]
fn run_keyed(environment: Result<Environment, Unavailable>, keyed: &Keyed) {
    let Some(environment) = available(environment) else { return };
    let files = files_of(keyed.path());
    let server = Example::server(&[&files.each_ref().map(String::as_str), SWITCHES].concat());
    succeed(environment.command(&server.base, keyed.path()), server);
}

/// The switches that give a server these clients and people.
fn files_of(fixtures: &Path) -> [String; 4] {
    let file = |name| fixtures.join(name).display().to_string();
    ["--clients".to_owned(), file("clients.json"), "--users".to_owned(), file("users.json")]
}

/// The environment; none where it cannot be had and need not.
fn available(environment: Result<Environment, Unavailable>) -> Option<Environment> {
    match environment {
        Ok(environment) => Some(environment),
        Err(unavailable) if std::env::var_os(REQUIRED).is_some() => panic!("{unavailable}\n{REQUIRED} is set"),
        Err(unavailable) => {
            unavailable.report();
            None
        }
    }
}

/// Runs the tests of a client against `server`.
fn succeed(mut command: Command, server: Example) {
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let log = server.end();
    assert!(output.status.success(), "{command:?}: {}\n{said}\nthe server says:\n{log}", output.status);
    println!("{said}");
}
