//! The start page and the pages of the walk.

use grantor::server::Place;
use grantor::wire::DeviceResponse;
use http::{Request, Response};
use maud::{Markup, html};
use serde_json::Value;

use super::action::Action;
use super::course::{Course, Shown};
use super::flow::Flow;
use crate::app::App;
use crate::clients::{DEMO_APP, DEMO_SERVICE, DEMO_TV, DEMO_WEB, DEMO_WEB_CALLBACK};
use crate::connections;
use crate::pages::layout;
use crate::users;

/// The start page.
pub(super) fn start(app: &App, csrf: &str, person: Option<&str>) -> Markup {
    let content = html! {
        h1 { "An OAuth 2 authorization server to try out" }
        p {
            "This server is known as " code { (app.server.config().issuer()) } ". Walk through a flow and see every \
             request and every answer, or point a client of your own at it."
        }
        (account(csrf, person))
        section aria-labelledby="flows" {
            h2 id="flows" { "Walk through a flow" }
            div.flows {
                @for flow in Flow::ALL.into_iter().filter(|flow| app.demo_clients || *flow == Flow::Metadata) {
                    a.flow href=(flow.path()) { strong { (flow.title()) } span { (flow.summary()) } }
                }
            }
            @if !app.demo_clients {
                p.small { "The other flows can be walked when the server runs with its demo clients." }
            }
        }
        @if app.demo_users { (people()) }
        @if app.demo_clients { (clients(app)) }
        (endpoints(app))
    };
    layout("Start", &content)
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
        }
    }
}

fn clients(app: &App) -> Markup {
    let callback = app.callback_uri();
    let rows = [
        (DEMO_APP, None, "A native app, public: authorization code, refresh", Some(&*callback)),
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
                @for (id, secret, what, redirect_uri) in rows {
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

/// The page of one flow.
pub(super) fn course(app: &App, flow: Flow, course: &Course, csrf: &str) -> Markup {
    let content = html! {
        h1 { (flow.title()) }
        p { (flow.summary()) }
        @if flow.begins_with_person() { (request(app, flow, course)) }
        @for (place, shown) in course.shown.iter().enumerate() {
            (message(shown, place + 1 == course.shown.len()))
        }
        @if flow == Flow::Assistant && course.found.client.is_some() && course.code.is_none() {
            (request(app, flow, course))
        }
        @if flow == Flow::Pushed && course.pushed.is_some() && course.code.is_none() { (request(app, flow, course)) }
        @if let Some(codes) = course.codes.as_ref().filter(|_| course.tokens.is_none()) { (device(codes)) }
        (next(flow, course, csrf))
    };
    layout(flow.title(), &content)
}

/// What the client made up, and where it sends the browser.
fn request(app: &App, flow: Flow, course: &Course) -> Markup {
    let uri = app.authorization_uri(flow, course).unwrap_or_default();
    html! {
        section.step {
            h2 { "Send the browser to the authorization endpoint" }
            p { "The client makes up a secret, the code verifier, and sends only its SHA-256 hash along." }
            dl {
                dt { "code_verifier" } dd { code { (course.verifier.as_str()) } }
                dt { "code_challenge" } dd { code { (course.challenge()) } }
                dt { "state" } dd { code { (course.state.as_str()) } }
            }
            pre tabindex="0" { "GET " (uri.replace('?', "\n?").replace('&', "\n&")) }
            @if course.code.is_none() { p { a.button id="authorize" href=(uri) { "Go there" } } }
        }
    }
}

/// What the device shows.
fn device(codes: &DeviceResponse) -> Markup {
    let complete = codes.verification_uri_complete.as_ref().map_or(&*codes.verification_uri, |uri| uri.as_str());
    html! {
        section.step {
            h2 { "Answer on another screen" }
            p { "The device shows where to go and what to type there, or a picture of the whole link to be scanned." }
            dl {
                dt { "Go to" } dd { code { (codes.verification_uri) } }
                dt { "Type" } dd { code id="shown_code" { (codes.user_code.as_str()) } }
            }
            p { a.button id="verify" href=(complete) target="_blank" rel="noopener" { "Open the link in another tab" } }
        }
    }
}

fn message(shown: &Shown, latest: bool) -> Markup {
    html! {
        section.step id=[latest.then_some("latest")] {
            h2 { (shown.title) }
            p { (shown.note) }
            h3 { "Request" }
            pre tabindex="0" { (shown.request) }
            h3 { "Answer" }
            pre.answer tabindex="0" { (shown.response) }
        }
    }
}

fn next(flow: Flow, course: &Course, csrf: &str) -> Markup {
    html! {
        @let untried = |action: &Action| course.shown.iter().all(|shown| shown.title != action.title());
        @let actions = course.actions(flow);
        @let first = actions.iter().copied().find(untried);
        form.next id="next" method="post" action=(flow.path()) aria-label="Next step" {
            input type="hidden" name="csrf" value=(csrf);
            @for action in actions {
                button.quiet[Some(action) != first] id=(action.name()) name="action" value=(action.name()) { (action.title()) }
            }
            @if !course.shown.is_empty() {
                button.quiet id="restart" name="action" value="restart" { "Start over" }
            }
        }
    }
}

pub(super) fn print_request(request: &Request<Vec<u8>>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    let body = String::from_utf8_lossy(request.body()).replace('&', "\n&");
    if body.is_empty() { text } else { format!("{text}\n{body}") }
}

pub(super) fn print_response(response: &Response<Vec<u8>>) -> String {
    let mut text = format!("{}\n", response.status());
    for (name, value) in response.headers() {
        text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    let pretty = serde_json::from_slice::<Value>(response.body()).and_then(|json| serde_json::to_string_pretty(&json));
    let body = pretty.unwrap_or_else(|_| String::from_utf8_lossy(response.body()).into_owned());
    if body.is_empty() { text } else { format!("{text}\n{body}") }
}
