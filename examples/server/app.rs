//! The server in one value, and how its routes are mounted.

use std::error::Error;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{self, State};
use axum::response::{self, IntoResponse as _};
use axum::routing::{any, get, post};
#[cfg(feature = "jose")]
use grantor::dpop::DpopNonces;
use grantor::drive::CachingHost;
use grantor::event::{Event, EventSink};
use grantor::record::{Digest, GrantType, Resource};
use grantor::resource::ProtectedResource;
use grantor::server::Place;
use grantor::store::{Indexed, Memory};
use grantor::wire::{Malformed, PageReason, TokenRefusal};
use grantor::{AuthorizationServer, CommonDetails, Config, ConfigBuilder, Profile, Registration};
#[cfg(feature = "jose")]
use grantor::{Practice, Stance};
use http::{StatusCode, header};

use crate::args::Args;
use crate::authorize::refused;
use crate::clients::{self, Loaded};
use crate::fetcher::Fetcher;
use crate::guesses::Guesses;
use crate::host::DemoHost;
use crate::http_io::{html, read, send};
#[cfg(feature = "jose")]
use crate::keys::Keys;
use crate::login_link::LoginLink;
use crate::sessions::Sessions;
#[cfg(feature = "jose")]
use crate::sessions::random;
use crate::users::{ACR, Users};
use crate::whoami::{PRIVATE, describe, whoami};
use crate::{connections, consent, login, pages, walk};

/// The library, and what a host adds to it.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) server: AuthorizationServer<Memory<Indexed>, CachingHost<DemoHost>, StandardError>,
    pub(crate) sessions: Sessions,
    pub(crate) users: Arc<Users>,
    /// Guessed passwords, by user name.
    pub(crate) guesses: Arc<Guesses>,
    /// Guessed user codes, by address.
    pub(crate) typed: Arc<Guesses>,
    /// The demo resource, which access tokens are for whose client names no other.
    pub(crate) resource: Resource,
    /// How clients find it.
    pub(crate) description: ProtectedResource,
    /// Whether the clients, and so the walk, are those that the start page explains.
    pub(crate) demo_clients: bool,
    pub(crate) demo_users: bool,
    /// Whether clients need a token to register themselves.
    pub(crate) registration_guarded: bool,
}

const SCOPES: [&str; 7] = ["openid", "profile", "email", "offline_access", "read", "write", "admin"];

/// How long the assertions of clients may live: those of Authlib live that long.
#[cfg(feature = "jose")]
const HOUR: Duration = Duration::from_secs(3600);

/// Resources that clients may ask for by name; they are elsewhere, as far as they are at all.
pub(crate) const RESOURCES: [&str; 2] = ["https://api.test/a", "https://api.test/b"];

/// The type of authorization details that is known, with `actions` alone.
pub(crate) const DETAILS: &str = "account_information";

impl App {
    /// A server that is known as `here` unless the switches say otherwise.
    ///
    /// # Errors
    ///
    /// A switch or a file says something that cannot be.
    pub(crate) fn new(args: &Args, here: &str) -> Result<Arc<Self>, Box<dyn Error>> {
        let issuer = args.issuer.as_deref().unwrap_or(here);
        let resource = format!("{issuer}/api/whoami");
        let config = Config::builder(issuer)
            .scopes(SCOPES)
            .sensitive_scopes(["admin"])
            .default_scope("read")
            .audience(&resource);
        let config = config.cors(|cors| cors.origins.clone_from(&args.cors_origin)).lifetimes(|to| {
            to.code = args.code_ttl.map_or(to.code, Duration::from_secs);
            to.pushed_request = args.par_ttl.map_or(to.pushed_request, Duration::from_secs);
            to.device_code = args.device_ttl.map_or(to.device_code, Duration::from_secs);
            to.access_token = args.access_ttl.map_or(to.access_token, Duration::from_secs);
        });
        let config = config.profile(args.profile).client_id_metadata_documents(|_| ());
        let config = config.remember_consent().device_flow(|flow| flow.ask_host = true).token_exchange();
        let config = if args.profile == Profile::danger_oauth20_legacy() {
            config.danger_serve_implicit_grant().danger_serve_password_grant()
        } else {
            config
        };
        let strict = [Profile::mcp(), Profile::fapi2(), Profile::fapi2_message_signing()];
        let agreements = !strict.contains(&args.profile);
        let config = if agreements { config.serve_response_type_none() } else { config };
        // A second factor, and mail, have only the people that are made up.
        let config = if args.users.is_none() { config.acr_values(ACR) } else { config };
        let config = match (&args.users, &args.clients) {
            (None, None) => config.extension_grant(LoginLink),
            _ => config,
        };
        let config = if args.tls.is_some() { config.mutual_tls(|_| ()) } else { config };
        #[cfg(feature = "mtls")]
        let config = if args.tls.is_some() {
            config.mutual_tls(|served| {
                served.self_signed_tls_client_auth = true;
                served.tls_client_auth = !args.trust_ca.is_empty();
            })
        } else {
            config
        };
        #[cfg(feature = "jose")]
        let config = config.dpop(|dpop| {
            dpop.nonces = args.require_dpop_nonce.then(|| DpopNonces::new(random()));
        });
        #[cfg(feature = "jose")]
        let keys_alone = args.profile.policy().stance(Practice::ClientAuthenticationByKey) == Stance::Required;
        #[cfg(feature = "jose")]
        let keys = Keys::new(args.access_ttl)?;
        #[cfg(feature = "jose")]
        let config = config
            .client_assertions(|own| {
                own.longest_life = HOUR;
                own.client_secret_jwt = !keys_alone;
            })
            .request_objects(|_| ());
        #[cfg(feature = "jose")]
        let config = keys.serve(config);
        let accounts =
            CommonDetails::new(DETAILS).actions(["list_accounts", "read_balances", "initiate_payments"]).sensitive();
        let config = config.authorization_details(accounts);
        let config = registration(args).into_iter().fold(config, ConfigBuilder::registration);
        let config = RESOURCES.into_iter().fold(config, ConfigBuilder::resource).build()?;
        let scopes = config.scopes().filtered(|word| matches!(word, "read" | "write"));
        let description = ProtectedResource::builder(&resource).authorization_server(issuer).scopes(&scopes);
        let description = if args.tls.is_some() { description.certificate_bound_access_tokens() } else { description };
        #[cfg(feature = "jose")]
        let description = description.dpop_algorithms(grantor::jose::Algorithms::ASYMMETRIC);
        let resource = Resource::parse(&resource)?;
        let loaded = load_clients(args, issuer, &resource)?;
        let users = Arc::new(args.users.as_deref().map_or_else(|| Ok(Users::demo()), Users::load)?);
        let [guesses, typed] = [(); 2].map(|()| Arc::new(Guesses::new()));
        let fetcher = Fetcher::new(args.allow_loopback_fetch, &args.trust_ca)?;
        let host =
            DemoHost::new(Arc::clone(&users), Arc::clone(&guesses), Arc::clone(&typed), &loaded.clients, fetcher);
        #[cfg(feature = "jose")]
        let host = host.signing(keys.with_client_secrets(loaded.secrets));
        let host = if args.clients.is_none() { host.publishing(clients::assistant(issuer)?) } else { host };
        let store = Memory::new().with_index();
        for client in loaded.clients {
            store.put_client(client);
        }
        Ok(Arc::new(Self {
            server: AuthorizationServer::new(config, store).with_host(CachingHost::new(host)).with_sink(StandardError),
            sessions: Sessions::new(issuer.starts_with("https://")),
            users,
            guesses,
            typed,
            resource,
            description: description.name("The demo resource").build()?,
            demo_clients: args.clients.is_none(),
            demo_users: args.users.is_none(),
            registration_guarded: args.initial_access_token.is_some() && !args.open_registration,
        }))
    }

    /// All that is served: the endpoints of the library in one loop, then the pages and the resource of this host.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        let mut router = Router::new();
        for route in self.server.routes() {
            let handler = move |State(app), request| endpoint(app, route.place, request);
            router = router.route(&route.path, any(handler));
        }
        // The resource is where its identifier says, and where a client that knows only this host looks for it.
        let resource = format!("{}/api/whoami", self.server.config().issuer_path());
        for path in [Some("/api/whoami"), Some(&*resource).filter(|path| *path != "/api/whoami")].into_iter().flatten()
        {
            router = router.route(path, get(whoami).post(whoami).options(whoami));
            router = router.route(&format!("{path}{PRIVATE}"), get(whoami).options(whoami));
        }
        router = router.route(self.description.path(), any(describe));
        router
            .route("/login", get(login::show).post(login::log_in))
            .route("/consent", get(consent::show).post(consent::decide))
            .route(connections::PATH, get(connections::show).post(connections::end))
            .route("/logout", post(login::log_out))
            .route("/", get(walk::start))
            .route(clients::WALK_CALLBACK, get(walk::callback).post(walk::take_fragment))
            .route("/walk/{flow}", get(walk::show).post(walk::step))
            .route("/style.css", get(style))
            .fallback(lost)
            .with_state(Arc::clone(self))
    }
}

/// Who may register clients; without a person only those that were given a token for it.
fn registration(args: &Args) -> Option<Registration> {
    let initial = || {
        let digest = Digest::of(args.initial_access_token.as_ref()?.as_bytes());
        Some(Registration::initial_access_token([digest]).grant_types(&[GrantType::ClientCredentials]))
    };
    let registration = if args.open_registration { Some(Registration::open()) } else { initial() };
    registration.map(|registration| registration.by_default("read write offline_access"))
}

fn load_clients(args: &Args, issuer: &str, resource: &Resource) -> Result<Loaded, Box<dyn Error>> {
    let Some(file) = &args.clients else {
        return Ok(Loaded { clients: clients::demo(issuer, resource)?, ..Loaded::default() });
    };
    let loaded = Loaded::from_file(file)?;
    let mut loaded = if args.tls.is_some() { loaded } else { loaded.without_tls() };
    for warning in loaded.warnings.drain(..) {
        note(format_args!("warning: {warning}"));
    }
    Ok(loaded)
}

/// Any endpoint of the library.
async fn endpoint(app: Arc<App>, place: Place, request: extract::Request) -> response::Response {
    let limit = app.server.config().limits().body;
    send(match (read(request, limit).await, place) {
        (Ok(request), Place::Authorization) => app.authorize(&request).await,
        (Ok(request), Place::Verification) => app.device(&request).await,
        (Ok(request), _) => app.server.answer_async(place, &request).await,
        (Err(_), _) if place.needs_person() => refused(PageReason::Malformed(Malformed::TooLarge)),
        (Err(_), _) => TokenRefusal::Malformed(Malformed::TooLarge).print(&app.server.config().realm()),
    })
}

async fn style() -> response::Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, include_str!("style.css")).into_response()
}

pub(crate) async fn lost() -> response::Response {
    send(html(
        StatusCode::NOT_FOUND,
        pages::problem("There is nothing here", "This address leads nowhere.", None),
        "'none'",
    ))
}

/// Writes the audit log to standard error. Events hold names, never secrets.
#[derive(Debug)]
pub(crate) struct StandardError;

impl EventSink for StandardError {
    fn event(&self, event: &Event) {
        note(format_args!("{event:?}"));
    }

    fn failure(&self, error: &(dyn Error + 'static)) {
        note(format_args!("failure: {error}"));
    }
}

/// Writes a line to standard error, and goes on if nobody reads it any more.
fn note(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}
