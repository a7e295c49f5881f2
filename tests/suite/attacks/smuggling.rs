//! Saying one thing to one reader and another to the next: repeated, hidden and misplaced parameters and credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantor::Progress;
use grantor::server::Visitor;
use http::{Method, Request};

use crate::support::*;

const SPA: &str = "https://spa.example/cb";

fn rebodied(request: &Request<Vec<u8>>, body: &str) -> Request<Vec<u8>> {
    let mut request = request.clone();
    *request.body_mut() = body.as_bytes().to_vec();
    request
}

#[test]
fn a_parameter_has_one_value_for_everyone() {
    let world = world();
    let good =
        post("/token", &[("grant_type", "client_credentials"), ("client_id", "service"), ("client_secret", "s")]);
    let body = String::from_utf8(good.body().clone()).unwrap();
    for (name, extra, status) in [
        ("nothing", "", 200),
        ("twice", "&client_id=web", 400),
        ("twice, escaped", "&%63lient%5Fid=web", 400),
        ("twice, first empty", "&scope=&scope=read", 400),
        ("twice, no equals sign", "&scope&scope=read", 400),
        ("in brackets: another name", "&client_id[]=web&client_id%5B0%5D=web", 200),
        ("in another case: another name", "&Client_Id=web", 200),
        ("after a semicolon: part of the value", "&x=1;client_id=web", 200),
        ("behind a NUL", "&client_id%00=web", 400),
        ("overlong UTF-8", "&%c0%a0=web", 400),
        ("half a surrogate", "&x=%ed%a0%80", 400),
        ("twice, but repeatable", "&audience=a&audience=b", 200),
    ] {
        assert_eq!(world.token(&rebodied(&good, &format!("{body}{extra}"))).status().as_u16(), status, "{name}");
    }
}

#[test]
fn a_post_to_the_authorization_endpoint_is_only_its_body() {
    let world = world();
    let good = authorization("spa", SPA, &[]);
    let query = good.uri().query().unwrap();
    let ask = |method: Method, uri: &str, body: &str| {
        let mut request = rebodied(&post("/authorize", &[]), body);
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().unwrap();
        match world.authorize(&request, Visitor::anonymous()) {
            Progress::Ask(prompt) => prompt.client.id.as_str().to_owned(),
            Progress::Refuse(reason) => reason.error().to_owned(),
            Progress::Respond(response) => panic!("{:?}", response.status()),
        }
    };
    let other = format!("{ISSUER}/authorize?client_id=web&redirect_uri=https%3A%2F%2Fevil.example");
    assert_eq!(ask(Method::POST, &other, query), "spa");
    assert_eq!(ask(Method::POST, &format!("{ISSUER}/authorize?{query}"), ""), "invalid_request");
    assert_eq!(ask(Method::GET, &format!("{ISSUER}/authorize?{query}"), "client_id=web"), "spa");
}

#[test]
fn basic_credentials_have_one_reading() {
    let world = world();
    let grant = [("grant_type", "client_credentials"), ("scope", "read")];
    let header = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    let web = basic("web", SECRET);
    for (name, value, status) in [
        ("the usual", web.clone(), 200),
        ("two spaces", web.replace("Basic ", "Basic  "), 200),
        ("a tab", web.replace("Basic ", "Basic\t"), 400),
        ("a tab behind the space", web.replace("Basic ", "Basic \t"), 400),
        ("a list", format!("{web}, {}", basic("service", "s")), 400),
        ("parameters behind it", format!("{web} x=y"), 400),
        ("not form-encoded", header(&format!("web:{SECRET}")), 200),
        ("a plus is a space", header(&format!("web:{}", SECRET.replace(' ', "+"))), 200),
        ("decoded once", header(&format!("web:{}", form(&[("", SECRET)])[1..].replace('%', "%25"))), 401),
        ("a second colon is in the secret", header("service:s:"), 401),
        ("an escaped colon is in the name", header("service%3As"), 400),
        ("no name", header(":s"), 400),
        ("no secret", header("service:"), 401),
        ("a NUL", header("service:s\0"), 400),
        ("an escaped line break", header("service%0d%0a:s"), 400),
        ("no UTF-8", format!("Basic {}", STANDARD.encode(b"service:\xff")), 400),
        ("nothing", "Basic ".to_owned(), 400),
        ("only the scheme", "Basic".to_owned(), 400),
        ("another scheme that begins alike", web.replace("Basic", "Basics"), 401),
    ] {
        assert_eq!(world.token(&post_as("/token", &value, &grant)).status().as_u16(), status, "{name}");
    }
    let mut two = post_as("/token", &web, &grant);
    two.headers_mut().append("authorization", basic("service", "s").parse().unwrap());
    assert_eq!(error(&world, &two), refused(400, "invalid_request"));
}

#[test]
fn a_handle_has_one_spelling_and_one_use() {
    let world = world();
    let tokens = world.tokens();
    let access = tokens["access_token"].as_str().unwrap();
    let secret = access.strip_prefix("gr_at_").unwrap();
    let code = world.code("spa", SPA, &[]);
    for (name, text) in [
        ("without its brand", format!("at_{secret}")),
        ("without its kind", format!("gr_{secret}")),
        ("in upper case", access.to_uppercase()),
        ("padded", format!("{access}=")),
        ("with a tail", format!("{access}A")),
        ("cut short", access[..access.len() - 1].to_owned()),
        ("with a space", format!("{access} ")),
        ("branded twice", format!("gr_at_{access}")),
        ("as a refresh token", format!("gr_rt_{secret}")),
        ("as a code", format!("gr_ac_{secret}")),
        ("a code as a token", code.replace("_ac_", "_at_")),
        ("another alphabet", access.replace('-', "+").replace('_', "/")),
    ] {
        assert!(!world.introspect(&text)["active"].as_bool().unwrap(), "{name}");
    }
    assert!(world.is_active(access));
    for token in [format!("gr_rt_{secret}"), code.replace("_ac_", "_rt_")] {
        assert_eq!(json(&world.refresh("spa", &token))["error"], "invalid_grant");
    }
    for text in [format!("gr_ac_{secret}"), tokens["refresh_token"].as_str().unwrap().replace("_rt_", "_ac_")] {
        assert_eq!(json(&world.token(&redeem("spa", SPA, &text)))["error"], "invalid_grant");
    }
    assert!(world.is_active(access) && world.token(&redeem("spa", SPA, &code)).status() == 200, "nothing was consumed");
}
