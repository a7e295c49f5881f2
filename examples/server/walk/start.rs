//! The start page.

use grantor::server::Place;
use maud::{Markup, html};

use super::flow::{Flow, GROUPS};
use crate::app::App;
use crate::clients::{DEMO_APP, DEMO_LEGACY, DEMO_SERVICE, DEMO_TV, DEMO_WEB, DEMO_WEB_CALLBACK};
use crate::connections;
use crate::pages::layout;
use crate::users;
use crate::whoami::PRIVATE;

/// The start page.
pub(super) fn page(app: &App, csrf: &str, person: Option<&str>) -> Markup {
    let content = html! {
        h1 { "An OAuth 2 authorization server to try out" }
        p {
            "This server is known as " code { (app.server.config().issuer()) } ". Walk through a flow and see every \
             request and every answer, or point a client of your own at it."
        }
        (account(csrf, person))
        section aria-labelledby="flows" {
            h2 id="flows" { "Walk through a flow" }
            @if app.demo_clients {
                @for (group, flows) in GROUPS {
                    h3 { (group) }
                    div.flows { @for flow in flows { (offer(*flow, flow.obstacle(app))) } }
                }
            } @else {
                div.flows { (offer(Flow::Metadata, None)) }
                p.small { "The other flows can be walked when the server runs with its demo clients." }
            }
        }
        @if app.demo_users { (people()) }
        @if app.demo_clients { (clients(app)) }
        (endpoints(app))
    };
    layout("Start", &content)
}

fn offer(flow: Flow, obstacle: Option<&str>) -> Markup {
    html! {
        @if let Some(obstacle) = obstacle {
            div.flow.closed { strong { (flow.title()) } span { (typed(obstacle)) } }
        } @else {
            a.flow href=(flow.path()) { strong { (flow.title()) } span { (typed(flow.summary())) } }
        }
    }
}

/// A text with what stands between backticks as code.
pub(super) fn typed(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn account(csrf: &str, person: Option<&str>) -> Markup {
    html! {
        @if let Some(person) = person {
            form.account id="logout" method="post" action="/logout" {
                input type="hidden" name="csrf" value=(csrf);
                span { "You are signed in here as " strong { (person) } "." }
                a href=(connections::PATH) { "Connected applications" }
                button.quiet { "Sign out" }
            }
        }
    }
}

fn people() -> Markup {
    html! {
        section aria-labelledby="people" {
            h2 id="people" { "People" }
            div.table {
                table {
                    thead { tr { th scope="col" { "User name" } th scope="col" { "Password" } th scope="col" { "Name" } } }
                    tbody {
                        @for (username, password, _, name) in users::DEMO {
                            tr { td { code { (username) } } td { code { (password) } } td { (name) } }
                        }
                    }
                }
            }
            p.small { "Where a second factor is asked for, the code is " code { (users::DEMO_CODE) } "." }
        }
    }
}

fn clients(app: &App) -> Markup {
    let callback = app.callback_uri();
    let legacy = [Flow::Implicit, Flow::Password].into_iter().any(|flow| flow.obstacle(app).is_none());
    let legacy = legacy.then_some((DEMO_LEGACY, None, "An old app, public: implicit, password", Some(&*callback)));
    let rows = [
        (DEMO_APP, None, "A native app, public: authorization code, refresh, login link", Some(&*callback)),
        (
            DEMO_WEB.0,
            Some(DEMO_WEB.1),
            "A web site, confidential: authorization code, refresh",
            Some(DEMO_WEB_CALLBACK),
        ),
        (
            DEMO_SERVICE.0,
            Some(DEMO_SERVICE.1),
            "A service, confidential, which serves the demo resource: client credentials, token exchange",
            None,
        ),
        (DEMO_TV, None, "A television, public: device authorization, refresh", None),
    ];
    html! {
        section aria-labelledby="clients" {
            h2 id="clients" { "Clients" }
            div.flows {
                @for (id, secret, what, redirect_uri) in rows.into_iter().chain(legacy) {
                    div.step {
                        p { (what) }
                        dl.narrow {
                            dt { "client_id" } dd { code { (id) } }
                            @if let Some(secret) = secret { dt { "client_secret" } dd { code { (secret) } } }
                            @if let Some(uri) = redirect_uri { dt { "redirect_uri" } dd { code { (uri) } } }
                        }
                    }
                }
            }
            p.small {
                code { (DEMO_APP) } " may also use " code { "/callback" } " on any port of " code { "127.0.0.1" } ", "
                code { "[::1]" } " and " code { "localhost" } "."
            }
        }
    }
}

fn endpoints(app: &App) -> Markup {
    html! {
        section aria-labelledby="endpoints" {
            h2 id="endpoints" { "Endpoints" }
            dl {
                @for route in app.server.routes() {
                    dt { (name(route.place)) }
                    dd { code { (app.origin()) (route.path) } }
                }
                dt { "Demo resource" }
                dd { code { (app.resource) } }
                dt { "Its private part" }
                dd { code { (app.resource) (PRIVATE) } }
                dt { "Its metadata" }
                dd { code { (app.description.metadata_url()) } }
            }
        }
    }
}

/// `PushedAuthorizationRequest` in words.
fn name(place: Place) -> String {
    let mut name = String::new();
    for character in format!("{place:?}").chars() {
        let begins = character.is_ascii_uppercase() && !name.is_empty();
        name.extend(begins.then_some(' '));
        name.push(if begins { character.to_ascii_lowercase() } else { character });
    }
    name
}
