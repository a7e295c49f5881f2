//! How the page of connected applications looks.

use std::collections::BTreeMap;

use grantor::Timestamp;
use grantor::record::{ClientId, Grant};
use maud::{Markup, html};

use crate::connections::{Connection, PATH};
use crate::pages::{ago, layout, meaning};

/// What a person gave, and the buttons that take it back.
#[derive(Debug)]
pub(crate) struct ConnectionsPage<'a> {
    pub(crate) csrf: &'a str,
    pub(crate) person: &'a str,
    pub(crate) connections: &'a BTreeMap<ClientId, Connection>,
    /// Whether there is more than is shown.
    pub(crate) more: bool,
    pub(crate) now: Timestamp,
}

impl ConnectionsPage<'_> {
    pub(crate) fn render(&self) -> Markup {
        let content = html! {
            h1 { "Connected applications" }
            p { "What you, " strong { (self.person) } ", let applications do for you." }
            @if self.connections.is_empty() { p id="none" { "There is none." } }
            @for (id, connection) in self.connections { (self.connection(id, connection)) }
            @if self.more { p.alert { "There are more than are shown here; they appear as you revoke these." } }
            @if !self.connections.is_empty() {
                form.next id="all" method="post" action=(PATH) {
                    (self.hidden())
                    button.quiet name="all" value="yes" { "Revoke everything" }
                }
            }
        };
        layout("Connected applications", &content)
    }

    fn connection(&self, id: &ClientId, connection: &Connection) -> Markup {
        let client = connection.client.as_deref();
        let name = client.and_then(|client| client.metadata().client_name.as_deref()).unwrap_or(id.as_str());
        html! {
            section.step.connection aria-label=(name) {
                h2 { (name) }
                p.small {
                    code { (id) } " · "
                    @match client {
                        None => { "not registered here any more" }
                        Some(client) if client.is_first_party() => { "of this server" }
                        Some(client) => @match client.publisher() {
                            Some(publisher) => { "by " (publisher) ", which is verified" }
                            None => { "nobody has verified whose it is" }
                        }
                    }
                }
                @let scope = connection.scope();
                @if !scope.is_empty() {
                    ul.scopes { @for word in scope.words() { li { (meaning(word)) " " code { (word) } } } }
                }
                @if let Some(consent) = &connection.consent {
                    p.small {
                        "First allowed " (ago(consent.first(), self.now)) ", last " (ago(consent.given(), self.now))
                        "."
                    }
                }
                @for grant in &connection.grants { (self.grant(grant)) }
                form method="post" action=(PATH) {
                    (self.hidden())
                    button.quiet name="client" value=(id) { "Revoke all of " (name) }
                }
            }
        }
    }

    fn grant(&self, grant: &Grant) -> Markup {
        html! {
            form.grant method="post" action=(PATH) {
                (self.hidden())
                span {
                    "Allowed " (ago(grant.created(), self.now))
                    @if let Some(used) = grant.refreshed().filter(|used| *used > grant.created()) { ", last refreshed " (ago(used, self.now)) }
                    @if !grant.scope().is_empty() { ": " code { (grant.scope()) } }
                    @for detail in grant.details().iter() { " " code { (detail.type_name()) } }
                    @for resource in grant.audience() { " " span.small { "at " code { (resource) } } }
                }
                button.quiet name="grant" value=(grant.id()) { "Revoke" }
            }
        }
    }

    fn hidden(&self) -> Markup {
        html! { input type="hidden" name="csrf" value=(self.csrf); }
    }
}
