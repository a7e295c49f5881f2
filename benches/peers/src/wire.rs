//! The client's side of every exchange, the same for every peer: it builds the
//! `http::Request`, reads as little of the response as a client must, and panics
//! on anything but success.

use http::{Method, Request, Response, StatusCode, header};

/// RFC 7636 appendix B, so that the client's own hashing stays out of the measure.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub const ISSUER: &str = "https://as.example";
pub const REDIRECT_URI: &str = "https://client.example/cb";
const REDIRECT_URI_ENCODED: &str = "https%3A%2F%2Fclient.example%2Fcb";
pub const SCOPE: &str = "read write";

pub struct Client {
    pub id: &'static str,
    pub secret: Option<&'static str>,
    basic: Option<&'static str>,
}

/// The public client: authorization code with PKCE, and refresh.
pub const APP: Client = Client { id: "app", secret: None, basic: None };

/// The confidential client: client credentials, and introspection of its own tokens.
pub const SVC: Client = Client {
    id: "svc",
    secret: Some("kq3vXbZ0hT9dR5sW1yPfLm7uCn2eGa8JiO4rUxEVt6w"),
    basic: Some("Basic c3ZjOmtxM3ZYYlowaFQ5ZFI1c1cxeVBmTG03dUNuMmVHYThKaU80clV4RVZ0Nnc="),
};

pub type Sent = Request<Vec<u8>>;

fn parameters(client: &Client) -> String {
    format!(
        "response_type=code&client_id={}&redirect_uri={REDIRECT_URI_ENCODED}\
         &scope=read%20write&state=af0ifjsldkj&code_challenge={CHALLENGE}\
         &code_challenge_method=S256",
        client.id
    )
}

pub fn authorize(client: &Client, user: &str) -> Sent {
    visit(format!("/authorize?{}", parameters(client)), user)
}

pub fn push() -> Sent {
    post("/par", &APP, parameters(&APP))
}

/// The browser brings the name of a pushed request.
pub fn bring(name: &str, user: &str) -> Sent {
    let mut uri = String::from("/authorize?client_id=app&request_uri=");
    encode(&mut uri, name);
    visit(uri, user)
}

fn visit(uri: String, user: &str) -> Sent {
    Request::builder()
        .method(Method::GET)
        .uri(uri)
        .header(header::COOKIE, format!("session={user}"))
        .body(Vec::new())
        .expect("request")
}

/// `code` as it stands in the `Location`, still percent-encoded.
pub fn redeem(client: &Client, code: &str) -> Sent {
    let mut body = format!(
        "grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI_ENCODED}\
         &code_verifier={VERIFIER}"
    );
    if client.basic.is_none() {
        body.push_str("&client_id=");
        body.push_str(client.id);
    }
    post("/token", client, body)
}

pub fn client_credentials() -> Sent {
    let body = String::from("grant_type=client_credentials&scope=read%20write");
    post("/token", &SVC, body)
}

pub fn refresh(token: &str) -> Sent {
    let mut body = String::from("grant_type=refresh_token&client_id=app&refresh_token=");
    encode(&mut body, token);
    post("/token", &APP, body)
}

pub fn begin_device() -> Sent {
    post("/device_authorization", &APP, String::from("client_id=app&scope=read%20write"))
}

pub fn poll(device_code: &str) -> Sent {
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    let mut body = format!("grant_type={grant}&client_id=app&device_code=");
    encode(&mut body, device_code);
    post("/token", &APP, body)
}

pub fn exchange(token: &str) -> Sent {
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
    let access = "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token";
    let mut body = format!("grant_type={grant}&subject_token_type={access}&subject_token=");
    encode(&mut body, token);
    post("/token", &SVC, body)
}

pub fn register() -> Sent {
    let metadata = r#"{"redirect_uris":["https://new.example/cb"],"client_name":"A new client","scope":"read write",
        "grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"client_secret_basic"}"#;
    Request::builder()
        .method(Method::POST)
        .uri("/register")
        .header(header::CONTENT_TYPE, "application/json")
        .body(metadata.as_bytes().to_vec())
        .expect("request")
}

pub fn introspect(token: &str) -> Sent {
    let mut body = String::from("token=");
    encode(&mut body, token);
    post("/introspect", &SVC, body)
}

fn post(path: &'static str, client: &Client, body: String) -> Sent {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(basic) = client.basic {
        request = request.header(header::AUTHORIZATION, basic);
    }
    request.body(body.into_bytes()).expect("request")
}

fn encode(out: &mut String, value: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => {
                out.push('%');
                out.push(HEX[usize::from(byte >> 4)] as char);
                out.push(HEX[usize::from(byte & 15)] as char);
            }
        }
    }
}

/// The code in a successful authorization response.
pub fn code<B>(response: &Response<B>) -> &str {
    assert!(matches!(response.status(), StatusCode::FOUND | StatusCode::SEE_OTHER));
    let location = response.headers()[header::LOCATION].to_str().expect("location");
    let query = location.split_once('?').expect("query").1;
    query.split('&').find_map(|pair| pair.strip_prefix("code=")).expect("code")
}

/// A string member of a successful JSON response; `quoted` is its name, `"quoted":"`.
pub fn member<'a, B: AsRef<[u8]>>(response: &'a Response<B>, quoted: &str) -> &'a str {
    let json = json(response);
    let start = json.find(quoted).expect("member") + quoted.len();
    let rest = &json[start..];
    &rest[..rest.find('"').expect("string")]
}

pub const ACCESS_TOKEN: &str = "\"access_token\":\"";
pub const REFRESH_TOKEN: &str = "\"refresh_token\":\"";
pub const DEVICE_CODE: &str = "\"device_code\":\"";
pub const USER_CODE: &str = "\"user_code\":\"";
pub const REQUEST_URI: &str = "\"request_uri\":\"";
pub const CLIENT_SECRET: &str = "\"client_secret\":\"";

/// The device is told to wait.
pub fn assert_pending<B: AsRef<[u8]>>(response: &Response<B>) {
    let body = std::str::from_utf8(response.body().as_ref()).expect("utf-8");
    assert!(response.status() == StatusCode::BAD_REQUEST && body.contains("\"authorization_pending\""), "{body}");
}

pub fn assert_active<B: AsRef<[u8]>>(response: &Response<B>) {
    assert!(json(response).contains("\"active\":true"));
}

fn json<B: AsRef<[u8]>>(response: &Response<B>) -> &str {
    let body = std::str::from_utf8(response.body().as_ref()).expect("utf-8");
    assert!(matches!(response.status(), StatusCode::OK | StatusCode::CREATED), "{body}");
    body
}
