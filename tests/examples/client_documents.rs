//! Clients that the example `server` knows by a document, which it fetches over TLS from a site of this test.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::CertificateParams;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use serde_json::{Value, json};

use crate::browser::{Browser, CHALLENGE, VERIFIER, form};
use crate::pki::Pki;
use crate::process::Example;

const CALLBACK: &str = "http://127.0.0.1:9/callback";

/// What a site does with a request for a path.
type Behaviour = dyn Fn(&str, &mut dyn std::io::Write) -> std::io::Result<()> + Send + Sync;

/// A web site on loopback, whose certificate is for `localhost`.
struct Site {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn open(
        pki: &Pki,
        behaviour: impl Fn(&str, &mut dyn std::io::Write) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let own = pki.issue(&CertificateParams::new(["localhost".to_owned()]).unwrap());
        let pem = own.pem();
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, behaviour): (_, Arc<Behaviour>) = (Arc::clone(&asked), Arc::new(behaviour));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, log, behaviour) = (Arc::clone(&config), Arc::clone(&log), Arc::clone(&behaviour));
                std::thread::spawn(move || drop(answer(stream, config, &log, &*behaviour)));
            }
        });
        Self { base, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn client(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

fn answer(
    mut stream: TcpStream,
    config: Arc<ServerConfig>,
    log: &Mutex<Vec<String>>,
    behaviour: &Behaviour,
) -> std::io::Result<()> {
    let mut connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut tls = Stream::new(&mut connection, &mut stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tls.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    log.lock().unwrap().push(head);
    behaviour(&path, &mut tls)?;
    tls.flush()?;
    connection.send_close_notify();
    connection.complete_io(&mut stream).map(drop)
}

fn say(to: &mut dyn std::io::Write, status: &str, headers: &[&str], body: &str) -> std::io::Result<()> {
    write!(to, "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n", body.len())?;
    headers.iter().try_for_each(|header| write!(to, "{header}\r\n"))?;
    write!(to, "\r\n{body}")
}

const JSON: &[&str] = &["content-type: application/json"];

fn document(client: &str) -> Value {
    json!({
        "client_id": client, "client_name": "A published app", "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"],
    })
}

/// A server that trusts the authority and may fetch from this machine.
fn trusting(pki: &Pki) -> Example {
    Example::server(&["--allow-loopback-fetch", "--trust-ca", &pki.file("authority", &pki.authority())])
}

fn authorization(client: &str) -> String {
    let fields = [
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "read"),
        ("state", "of the test"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    format!("/authorize?{}", form(&fields))
}

#[test]
fn a_client_is_known_by_the_document_that_its_identifier_leads_to() {
    let pki = Pki::new();
    let site = Site::open(&pki, |path, to| {
        let port = path.rsplit('-').next().unwrap_or_default().trim_end_matches(".json");
        let client = format!("https://localhost:{port}{path}");
        say(to, "200 OK", JSON, &document(&client).to_string())
    });
    let port = site.base.rsplit(':').next().unwrap();
    let client = site.client(&format!("/client-{port}.json"));
    let server = trusting(&pki);
    let mut browser = Browser::new(&server.base);
    assert_eq!(
        browser.get("/.well-known/oauth-authorization-server").json()["client_id_metadata_document_supported"],
        true
    );

    let login = browser.open(&authorization(&client));
    let consent = browser.log_in(&login, "alice", "wonderland");
    assert!(consent.body.contains("A published app") && consent.body.contains("<code>localhost</code>"), "{consent:?}");
    assert!(consent.body.contains("id=\"local\""), "any program could be there: {consent:?}");
    let redirect = browser.decide(&consent, "allow");
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &*client),
        ("code", &redirect.parameter("code").unwrap()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = browser.post("/token", &fields).json();
    let seen = browser.call(http::Method::GET, "/api/whoami", tokens["access_token"].as_str().unwrap()).json();
    assert_eq!(seen["client_id"], client);
    let asked = site.asked();
    assert_eq!(asked.len(), 1, "one sign-in is one fetch: {asked:?}");
    let head = asked[0].to_ascii_lowercase();
    assert!(head.starts_with(&format!("get /client-{port}.json http/1.1\r\n")), "{head}");
    assert!(head.contains("accept: application/json") && head.contains(&format!("host: localhost:{port}")), "{head}");
    assert!(!head.contains("cookie") && !head.contains("authorization") && !head.contains("referer"), "{head}");
}

/// How a request is refused whose client is at `client`; whatever comes of it, nothing is redirected.
fn refused(server: &Example, client: &str) -> String {
    let mut browser = Browser::new(&server.base);
    let page = browser.get(&authorization(client));
    assert_eq!(page.status, http::StatusCode::BAD_REQUEST, "{page:?}");
    assert!(page.headers.get("location").is_none(), "{page:?}");
    let (_, rest) = page.body.split_once("<p id=\"description\">").unwrap();
    let pushed = browser.post("/par", &[("client_id", client), ("response_type", "code")]);
    assert!(matches!(pushed.status.as_u16(), 400 | 401), "{pushed:?}");
    rest.split('<').next().unwrap().to_owned()
}

const UNFETCHED: &str = "the client's metadata document could not be fetched";

#[test]
fn sites_that_behave_badly_make_nobody_a_client() {
    let pki = Pki::new();
    let elsewhere = Site::open(&pki, |_, to| say(to, "200 OK", JSON, "{}"));
    let away = elsewhere.client("/good.json");
    let site = Site::open(&pki, move |path, to| match path {
        "/redirect" => say(to, "302 Found", &[&format!("location: {away}")], ""),
        "/moved" => say(to, "308 Permanent Redirect", &[&format!("location: {away}"), JSON[0]], "{}"),
        "/missing" => say(to, "404 Not Found", JSON, "{}"),
        "/page" => say(to, "200 OK", &["content-type: text/html"], "{}"),
        "/large" => say(to, "200 OK", JSON, &" ".repeat(6000)),
        "/endless" => {
            write!(to, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")?;
            loop {
                to.write_all(&[b' '; 1024])?;
            }
        }
        "/nested" => say(to, "200 OK", JSON, &"[".repeat(5000)),
        "/half" => {
            write!(to, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{")?;
            to.flush()
        }
        "/head" => {
            write!(to, "HTTP/1.1 200 OK\r\n")?;
            loop {
                write!(to, "x: {}\r\n", "x".repeat(1024))?;
            }
        }
        "/other" => say(to, "200 OK", JSON, &document("https://other.example/").to_string()),
        "/nonsense" => say(to, "hello", &[], ""),
        _ => Ok(()),
    });
    let server = trusting(&pki);
    let unreadable = "the client's metadata document is too large, or not a JSON object with each member once";
    for (path, expected) in [
        ("/redirect", UNFETCHED),
        ("/moved", UNFETCHED),
        ("/missing", UNFETCHED),
        ("/large", UNFETCHED),
        ("/endless", UNFETCHED),
        ("/half", UNFETCHED),
        ("/head", UNFETCHED),
        ("/nonsense", UNFETCHED),
        ("/nothing", UNFETCHED),
        ("/page", "the client's metadata document is not application/json"),
        ("/nested", unreadable),
        ("/other", "the client_id of the client's metadata document is not its URL"),
    ] {
        assert_eq!(refused(&server, &site.client(path)), expected, "{path}");
        assert_eq!(site.asked().len(), 2, "{path}: it is not kept");
    }
    assert_eq!(elsewhere.asked(), Vec::<String>::new(), "no redirect is followed");
    let log = server.end();
    for fault in ["Status(302)", "Status(308)", "Unfetched(TooLarge)", "Unfetched(Unreachable)", "ClientIdDiffers"] {
        assert!(log.contains(fault), "{fault}: {log}");
    }
}

#[test]
fn a_slow_site_is_given_up() {
    let pki = Pki::new();
    let site = Site::open(&pki, |_, to| {
        write!(to, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")?;
        // Each piece comes soon after the one before.
        loop {
            to.write_all(b" ")?;
            to.flush()?;
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let server = trusting(&pki);
    let page = Browser::new(&server.base).get(&authorization(&site.client("/slow")));
    assert_eq!(page.status, http::StatusCode::BAD_REQUEST, "{page:?}");
    assert!(server.end().contains("Unfetched(TimedOut)"));
}

#[test]
fn nothing_is_fetched_from_where_nobody_may_be_sent() {
    let pki = Pki::new();
    let site = Site::open(&pki, |_, to| say(to, "200 OK", JSON, "{}"));
    let port = site.base.rsplit(':').next().unwrap();
    let authority = pki.file("authority", &pki.authority());
    let server = Example::server(&["--trust-ca", &authority]);
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:7f00:1]", "127.1.2.3"] {
        assert_eq!(refused(&server, &format!("https://{host}:{port}/client.json")), UNFETCHED, "{host}");
    }
    // What looks like an address in other ways is no identifier at all.
    for host in ["2130706433", "0x7f.1", "127.1", "LOCALHOST"] {
        assert_eq!(
            refused(&server, &format!("https://{host}:{port}/client.json")),
            "the client is not registered here"
        );
    }
    let log = server.end();
    assert_eq!(log.matches("Unfetched(Forbidden)").count(), 10, "{log}");
    // The switch opens this machine alone.
    let server = trusting(&pki);
    for host in ["10.0.0.1", "169.254.169.254", "192.168.1.1", "[fe80::1]", "[fd00::1]", "[::ffff:7f00:1]", "0.0.0.0"] {
        assert_eq!(refused(&server, &format!("https://{host}:{port}/client.json")), UNFETCHED, "{host}");
    }
    assert_eq!(server.end().matches("Unfetched(Forbidden)").count(), 14);
    assert_eq!(site.asked(), Vec::<String>::new());
}

#[test]
#[cfg(feature = "jose")]
fn nor_are_keys_fetched_from_there() {
    use grantor::Clock as _;
    use grantor::jose::{Algorithm, PrivateKey, Purpose};

    let (pki, key) = (Pki::new(), PrivateKey::generate(Algorithm::Es256).unwrap().with_kid("k"));
    let jwks = json!({"keys": [key.public().to_jwk()]}).to_string();
    let site = Site::open(&pki, move |_, to| say(to, "200 OK", JSON, &jwks));
    let client = json!([{
        "client_id": "m", "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": site.client("/jwks"),
        "grant_types": ["client_credentials"], "scope": "read",
    }]);
    let (authority, clients) = (pki.file("authority", &pki.authority()), pki.file("clients", &client.to_string()));
    let switches = ["--trust-ca", &*authority, "--clients", &*clients];
    for (more, status, asked) in [(&[][..], 401, 0), (&["--allow-loopback-fetch"], 200, 1)] {
        let server = Example::server(&[&switches[..], more].concat());
        let now = grantor::SystemClock.now().as_unix();
        let claims = json!({"iss": "m", "sub": "m", "aud": server.base, "exp": now + 60, "jti": "one"});
        let assertion = key.token(&Purpose::CLIENT_ASSERTION, &claims).unwrap();
        let sent = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &*assertion),
        ];
        assert_eq!(Browser::new(&server.base).post("/token", &sent).status.as_u16(), status);
        assert_eq!(site.asked().len(), asked);
    }
}

#[test]
fn a_site_must_prove_who_it_is() {
    let (pki, stranger) = (Pki::new(), Pki::new());
    let site = Site::open(&stranger, |_, to| say(to, "200 OK", JSON, "{}"));
    let server = trusting(&pki);
    assert_eq!(refused(&server, &site.client("/client.json")), UNFETCHED);
    // The right authority, but not for this name.
    let known = Site::open(&pki, |_, to| say(to, "200 OK", JSON, "{}"));
    let by_address = known.client("/client.json").replace("localhost", "127.0.0.1");
    assert_eq!(refused(&server, &by_address), UNFETCHED);
    assert_eq!((site.asked(), known.asked()), (Vec::new(), Vec::new()));
}
