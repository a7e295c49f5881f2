//! The page of connected applications: what a person gave, to whom, and how they take it back.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{self, State};
use axum::response;
use grantor::record::{Client, ClientId, Grant, GrantId, Record, RememberedConsent, Scope, Subject};
use grantor::server::EndedBy;
use grantor::store::{AsyncStore as _, Key, Listed, Whose};
use grantor::{Clock as _, SystemClock};
use http::{HeaderMap, Response, StatusCode};

use crate::app::App;
use crate::connections_page::ConnectionsPage;
use crate::http_io::{Fields, html, see_other, send};
use crate::pages;

/// Where the page is.
pub(crate) const PATH: &str = "/connections";

/// How many entries are shown; whoever has more revokes some first.
const MOST: usize = 200;

/// What a person gave one application.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    /// Absent if it is not registered any more.
    pub(crate) client: Option<Arc<Client>>,
    pub(crate) grants: Vec<Grant>,
    /// What it need not ask for again.
    pub(crate) consent: Option<Arc<RememberedConsent>>,
}

impl Connection {
    /// All that it may do, by whatever grant.
    pub(crate) fn scope(&self) -> Scope {
        self.grants.iter().fold(Scope::empty(), |all, grant| all.with(grant.scope()))
    }
}

pub(crate) async fn show(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    send(app.connections(request.headers()).await)
}

pub(crate) async fn end(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    send(match app.read_form(request, PATH).await {
        Ok((request, fields)) => app.end_connections(request.headers(), &fields).await,
        Err(response) => *response,
    })
}

impl App {
    async fn connections(&self, headers: &HeaderMap) -> Response<Vec<u8>> {
        let Some((person, csrf)) = self.signed_in(headers) else { return nobody() };
        let Ok((connections, more)) = self.connections_of(&person).await;
        let page = ConnectionsPage {
            csrf: &csrf,
            person: &self.users.display_name(&person),
            connections: &connections,
            more,
            now: SystemClock.now(),
        };
        html(StatusCode::OK, page.render(), "'self'")
    }

    /// What a person gave, by application, and whether there is more than is shown.
    async fn connections_of(
        &self,
        person: &Subject,
    ) -> Result<(BTreeMap<ClientId, Connection>, bool), std::convert::Infallible> {
        let page = self.server.list_async(&Whose::Subject(person.clone()), None, MOST).await?;
        let mut connections: BTreeMap<ClientId, Connection> = BTreeMap::new();
        for listed in page.entries {
            match listed {
                Listed::Grant(grant) => connections.entry(grant.client().clone()).or_default().grants.push(grant),
                Listed::Consent(consent) => {
                    let connection = connections.entry(consent.client().clone()).or_default();
                    connection.consent = Some(consent);
                }
                _ => {}
            }
        }
        let keys: Vec<_> = connections.keys().cloned().map(Key::Client).collect();
        let clients = self.server.store().load(&keys, SystemClock.now()).await?;
        for (connection, found) in connections.values_mut().zip(clients) {
            if let Some(Record::Client(client)) = found.map(|found| found.value) {
                connection.client = Some(client);
            }
            connection.grants.sort_by_key(|grant| std::cmp::Reverse(grant.created()));
        }
        Ok((connections, page.next.is_some()))
    }

    /// Takes back one grant, all that one application has, or everything.
    async fn end_connections(&self, headers: &HeaderMap, fields: &Fields) -> Response<Vec<u8>> {
        let Some((person, _)) = self.signed_in(headers) else { return nobody() };
        let by = EndedBy::Person(person.clone());
        let ended = match (fields.value("grant"), fields.value("client"), fields.value("all")) {
            ("", "", "yes") => self.server.end_all_async(&Whose::Subject(person), &by).await.map(drop),
            ("", client, "") if !client.is_empty() => {
                let pair = Whose::Pair { subject: person, client: ClientId::new(client) };
                self.server.end_all_async(&pair, &by).await.map(drop)
            }
            // Whose it is, `by` sees to.
            (grant, "", "") => match serde_json::from_value::<GrantId>(grant.into()) {
                Ok(grant) => self.server.end_grant_async(grant, by).await.map(drop),
                Err(_) => return unclear(),
            },
            _ => return unclear(),
        };
        match ended {
            Ok(()) => see_other(PATH),
            Err(_) => {
                let page =
                    pages::problem("Please try again", "Something went wrong, and some may be connected still.", None);
                html(StatusCode::SERVICE_UNAVAILABLE, page, "'none'")
            }
        }
    }

    /// Who is signed in, and the token of their forms.
    fn signed_in(&self, headers: &HeaderMap) -> Option<(Subject, String)> {
        let browser = self.sessions.find(headers)?;
        let known = self.sessions.with(&browser, |browser| {
            let person = browser.person.as_ref()?;
            Some((person.subject.clone(), browser.csrf().to_owned()))
        });
        known.flatten()
    }
}

fn nobody() -> Response<Vec<u8>> {
    let page = pages::problem(
        "Nobody is signed in",
        "Sign in where an application asks you to, such as by walking through a flow; then come back.",
        None,
    );
    html(StatusCode::UNAUTHORIZED, page, "'none'")
}

fn unclear() -> Response<Vec<u8>> {
    let page = pages::problem("Nothing was revoked", "Please go back and choose what to revoke.", None);
    html(StatusCode::BAD_REQUEST, page, "'none'")
}
