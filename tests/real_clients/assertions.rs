//! A server that trusts an issuer, and knows one of the people that it speaks of.

use std::sync::Arc;

use grantor::drive::{Host, NoHost, NoKeys};
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::jose::{JwkSet, PrivateKey};
use grantor::record::{Client, ClientSecretDigest, GrantType, Subject};
use grantor::store::Memory;
use grantor::{Asserted, AssertionProfile, AuthorizationServer, Config, Question, SigningInput, SystemClock, Verdict};
use http::Request;

const IDP: &str = "https://idp.test";

struct Directory;

impl Host for Directory {
    type Error = NoKeys;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        Host::fetch(&NoHost, request)
    }

    fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        let known = matches!(question, Question::Assertion(asked) if asked.issuer == IDP && asked.subject == "a-1");
        Ok(if known { Verdict::Asserted(Box::new(Asserted::new(Subject::new("alice")))) } else { Verdict::Denied })
    }

    fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        Host::sign(&NoHost, input)
    }
}

/// Answers on a port of this machine until the process ends; the issuer's key is `pem`.
pub(super) fn serve(pem: &str) -> String {
    let listener = tiny_http::Server::http("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.server_addr());
    let key = PrivateKey::from_pem(pem).unwrap();
    let keys = || JwkSet::from_iter([key.public().clone()]);
    let config = Config::builder(&base).scopes(["read", "write"]).trust_issuer(IDP, keys(), |_| ());
    let config = config.trust_issuer(IDP, keys(), |idp| idp.profile = AssertionProfile::IdJag).build().unwrap();
    let store = Memory::new();
    let app = Client::builder("app").secret(ClientSecretDigest::new("app", [7; 16], None));
    store.put_client(app.grant_types(&[GrantType::JwtBearer]).build().unwrap());
    let server = AuthorizationServer::new(config, store).with_host(Directory).with_clock(SystemClock);
    std::thread::spawn(move || {
        for mut asked in listener.incoming_requests() {
            let mut body = Vec::new();
            asked.as_reader().read_to_end(&mut body).unwrap();
            let mut request = Request::builder().method(asked.method().as_str()).uri(asked.url());
            for header in asked.headers() {
                request = request.header(header.field.as_str().as_str(), header.value.as_str());
            }
            let request = request.body(body).unwrap();
            let route = server.routes().into_iter().find(|route| route.path == request.uri().path());
            let response = server.answer(route.unwrap().place, &request);
            let mut told = tiny_http::Response::from_data(response.body().clone());
            told = told.with_status_code(response.status().as_u16());
            for (name, value) in response.headers() {
                told.add_header(tiny_http::Header::from_bytes(name.as_str(), value.as_bytes()).unwrap());
            }
            asked.respond(told).unwrap();
        }
    });
    base
}
