//! The example `server` with TLS, and a client that has a certificate.

use std::collections::BTreeMap;

use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};

use crate::browser::{CHALLENGE, VERIFIER, form};
use crate::pki::{Holder, Pki, named};
use crate::process::Json;

/// A client that trusts the server, with the certificate of `holder`.
fn client(pki: &Pki, holder: Option<&Holder>) -> Client {
    let root = reqwest::Certificate::from_pem(pki.authority().as_bytes()).unwrap();
    let builder = Client::builder().no_proxy().https_only(true).tls_certs_only([root]);
    let builder = builder.redirect(reqwest::redirect::Policy::none());
    let builder = match holder {
        Some(holder) => builder.identity(reqwest::Identity::from_pem(holder.pem().as_bytes()).unwrap()),
        None => builder,
    };
    builder.build().unwrap()
}

fn post(client: &Client, base: &str, path: &str, fields: &[(&str, &str)]) -> Response {
    let form_type = "application/x-www-form-urlencoded";
    client.post(format!("{base}{path}")).header("content-type", form_type).body(form(fields)).send().unwrap()
}

fn read(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().unwrap()).unwrap()
}

#[cfg(feature = "mtls")]
fn ask(client: &Client, base: &str, id: &str) -> Value {
    read(post(client, base, "/token", &[("grant_type", "client_credentials"), ("client_id", id), ("scope", "read")]))
}

/// The status of a call of the resource, and what its challenge says.
fn call(client: &Client, base: &str, token: &str) -> (u16, String) {
    let response = client.get(format!("{base}/api/whoami")).bearer_auth(token).send().unwrap();
    let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), challenge.unwrap_or_default())
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{value}"))
}

#[test]
fn a_public_clients_tokens_go_with_its_certificate_alone() {
    let pki = Pki::new();
    let callback = "http://127.0.0.1:9/callback";
    let clients = json!([{
        "client_id": "phone",
        "application_type": "native",
        "token_endpoint_auth_method": "none",
        "redirect_uris": [callback],
        "grant_types": ["authorization_code", "refresh_token"],
        "tls_client_certificate_bound_access_tokens": true,
    }]);
    let file = Json::new("tls-public", &clients.to_string());
    let server = pki.serve(&["--clients", file.path()]);
    let base = server.base.as_str();
    assert!(base.starts_with("https://127.0.0.1:"), "{base}");
    let (phone, thief) = (Holder::self_signed(&named("phone")), Holder::self_signed(&named("phone")));
    let [own, stolen, bare] = [Some(&phone), Some(&thief), None].map(|holder| client(&pki, holder));

    let metadata = read(bare.get(format!("{base}/.well-known/oauth-authorization-server")).send().unwrap());
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
    let code = approve(&bare, base, "phone", callback);
    let redemption = [
        ("grant_type", "authorization_code"),
        ("client_id", "phone"),
        ("code", &*code),
        ("redirect_uri", callback),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(read(post(&bare, base, "/token", &redemption))["error"], "invalid_grant");
    let tokens = read(post(&own, base, "/token", &redemption));
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let query = [("client_id", "phone"), ("token", access)];
    assert_eq!(read(post(&own, base, "/introspect", &query))["cnf"], json!({"x5t#S256": phone.thumbprint()}));
    assert_eq!(call(&own, base, access).0, 200);
    for other in [&stolen, &bare] {
        let (status, challenge) = call(other, base, access);
        assert!(status == 401 && challenge.contains("error=\"invalid_token\""), "{status} {challenge}");
        let refreshing = [("grant_type", "refresh_token"), ("client_id", "phone"), ("refresh_token", refresh)];
        assert_eq!(read(post(other, base, "/token", &refreshing))["error"], "invalid_grant");
    }
    let refreshing = [("grant_type", "refresh_token"), ("client_id", "phone"), ("refresh_token", refresh)];
    let renewed = read(post(&own, base, "/token", &refreshing));
    assert_eq!(call(&own, base, text(&renewed, "access_token")).0, 200);
}

/// Logs `alice` in and lets her allow what the client asks for.
fn approve(client: &Client, base: &str, id: &str, callback: &str) -> String {
    let fields = [
        ("client_id", id),
        ("redirect_uri", callback),
        ("response_type", "code"),
        ("scope", "read"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let mut cookies = BTreeMap::new();
    let mut at = format!("{base}/authorize?{}", form(&fields));
    let mut filled: Option<Vec<(String, String)>> = None;
    for _ in 0..10 {
        let request = match &filled {
            Some(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
                client.post(&at).header("content-type", "application/x-www-form-urlencoded").body(form(&fields))
            }
            None => client.get(&at),
        };
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header("cookie", pairs.join("; ")).send().unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("Secure"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        match location {
            Some(to) if to.starts_with(callback) => {
                let to = url::Url::parse(&to).unwrap();
                let code = to.query_pairs().find_map(|(name, value)| (name == "code").then(|| value.into_owned()));
                return code.unwrap_or_else(|| panic!("no code: {to}"));
            }
            Some(to) => (at, filled) = (format!("{base}{to}"), None),
            None => {
                let page = response.text().unwrap();
                let hidden = |name: &str| {
                    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
                    (name.to_owned(), rest.split('"').next().unwrap().to_owned())
                };
                let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
                let mut fields = vec![hidden("csrf"), hidden("request")];
                if page.contains("id=\"password\"") {
                    fields.extend([own("username", "alice"), own("password", "wonderland")]);
                    at = format!("{base}/login");
                } else {
                    fields.push(own("decision", "allow"));
                    at = format!("{base}/consent");
                }
                filled = Some(fields);
            }
        }
    }
    panic!("no code");
}

#[cfg(feature = "mtls")]
#[test]
fn clients_authenticate_by_their_certificates() {
    use crate::pki::machine;
    let pki = Pki::new();
    let machines = pki.machines();
    let (issued, own, other) = (&machines.issued, &machines.own, &machines.other);
    let renewed = pki.issue(&machine());
    let forged = Holder::self_signed(&machine());
    let file = Json::new("tls-clients", &machines.clients().to_string());
    let server = pki.serve(&["--clients", file.path()]);
    let base = server.base.as_str();
    let metadata =
        read(client(&pki, None).get(format!("{base}/.well-known/oauth-authorization-server")).send().unwrap());
    let methods = metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&json!("tls_client_auth")) && methods.contains(&json!("self_signed_tls_client_auth")));

    for (id, holder, expected) in [
        ("by-subject", Some(issued), true),
        ("by-subject", Some(&renewed), true),
        ("by-subject", Some(other), false),
        ("by-subject", Some(&forged), false),
        ("by-subject", None, false),
        ("by-host", Some(issued), true),
        ("by-host", Some(&forged), false),
        ("by-own", Some(own), true),
        ("by-own", Some(issued), false),
        ("by-own", None, false),
    ] {
        let answer = ask(&client(&pki, holder), base, id);
        if !expected {
            assert_eq!(answer["error"], "invalid_client", "{id}");
            continue;
        }
        let token = text(&answer, "access_token");
        assert_eq!(call(&client(&pki, holder), base, token).0, 200, "{id}");
        assert_eq!(call(&client(&pki, Some(other)), base, token).0, 401, "{id}");
        assert_eq!(call(&client(&pki, None), base, token).0, 401, "{id}");
    }
}
