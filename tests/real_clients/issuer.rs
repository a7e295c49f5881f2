//! A server that signs what it gives, on threads of this process: the example `server` has no keys.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use grantor::jose::{KeySet, LocalSigner, PrivateKey};
use grantor::record::{Client, ClientMetadata, ClientSecretDigest, GrantType, Resource};
use grantor::store::Memory;
use grantor::{AuthorizationServer, Config, Timestamp};
use http::Request;

/// The resource that its tokens are for.
pub(super) const API: &str = "https://api.test/";

/// A running server; it ends with the test.
pub(super) struct Issuer {
    /// Where it listens.
    pub(super) base: String,
    network: Arc<tiny_http::Server>,
    thread: Option<JoinHandle<()>>,
}

impl Issuer {
    /// Signs everything with `key`.
    pub(super) fn start(key: PrivateKey) -> Self {
        let network = Arc::new(tiny_http::Server::http("127.0.0.1:0").unwrap());
        let base = format!("http://{}", network.server_addr());
        let keys = KeySet::new(Duration::from_secs(3600)).with(key.signing_key().clone(), Timestamp::from_unix(0));
        let config = Config::builder(&base).scopes(["read", "write"]).default_scope("read").audience(API).keys(keys);
        let config = config.jwt_access_tokens(|_| ()).signed_introspection(|_| ()).dpop(|_| ()).build().unwrap();
        let store = Memory::new();
        clients(key.algorithm().as_str()).into_iter().for_each(|client| store.put_client(client));
        let server = AuthorizationServer::new(config, store).with_signer(LocalSigner::new([key]));
        let incoming = Arc::clone(&network);
        let thread = std::thread::spawn(move || {
            for mut request in incoming.incoming_requests() {
                let mut read = Request::builder().method(request.method().as_str()).uri(request.url());
                for header in request.headers() {
                    read = read.header(header.field.as_str().as_str(), header.value.as_str());
                }
                let mut body = Vec::new();
                request.as_reader().read_to_end(&mut body).unwrap();
                let read = read.body(body).unwrap();
                let route = server.routes().into_iter().find(|route| route.path == read.uri().path());
                let (head, body) = server.answer(route.expect("an endpoint").place, &read).into_parts();
                let mut reply = tiny_http::Response::from_data(body).with_status_code(head.status.as_u16());
                for (name, value) in &head.headers {
                    reply.add_header(tiny_http::Header::from_bytes(name.as_str(), value.as_bytes()).unwrap());
                }
                request.respond(reply).unwrap();
            }
        });
        Self { base, network, thread: Some(thread) }
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.network.unblock();
        if let Some(thread) = self.thread.take() {
            // A panic there is a failure of the client as well.
            let _ = thread.join();
        }
    }
}

/// A service, and a resource server that wants its answers signed.
fn clients(algorithm: &str) -> [Client; 2] {
    let secret = |text| ClientSecretDigest::new(text, [7; 16], None);
    let service =
        Client::builder("service").secret(secret("of the service")).grant_types(&[GrantType::ClientCredentials]);
    let metadata = serde_json::json!({ "grant_types": [], "introspection_signed_response_alg": algorithm });
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    let api = Client::builder("api").metadata(metadata).secret(secret("of the api"));
    [service.build().unwrap(), api.resource(Resource::parse(API).unwrap()).build().unwrap()]
}
