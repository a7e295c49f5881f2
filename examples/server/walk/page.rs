//! The page of a flow.

use grantor::record::ResponseType;
use grantor::wire::DeviceResponse;
use http::{HeaderMap, Request, Response};
use maud::{Markup, html};
use serde_json::Value;

use super::action::Action;
use super::course::{Course, Shown};
use super::flow::Flow;
use super::start::typed;
use crate::app::App;
use crate::pages::layout;

pub(super) const SEND: &str = "Send the browser to the authorization endpoint";

/// The page of one flow.
pub(super) fn course(app: &App, flow: Flow, course: &Course, csrf: &str) -> Markup {
    let content = html! {
        p.small { a href="/" { "All flows" } }
        h1 { (flow.title()) }
        p { (typed(flow.summary())) }
        @for (place, shown) in course.shown.iter().enumerate() {
            (message(shown, place + 1 == course.shown.len()))
        }
        @if course.may_ask_person(flow) { (request(app, flow, course)) }
        @if let Some(codes) = course.codes.as_ref().filter(|_| course.tokens.is_none()) { (device(codes)) }
        (next(app, flow, course, csrf))
    };
    layout(flow.title(), &content)
}

/// What the client made up, and where it sends the browser.
fn request(app: &App, flow: Flow, course: &Course) -> Markup {
    let uri = app.authorization_uri(flow, course).unwrap_or_default();
    let coded = flow.response_type() == ResponseType::Code;
    html! {
        section.step {
            h2 { (SEND) }
            @if let Some(strength) = &course.strength {
                p {
                    "Once more, with what the challenge named: " code { "acr_values" }
                    @if strength.max_age.is_some() { " and " code { "max_age" } }
                    "."
                }
            }
            @if coded {
                p { "The client makes up a secret, the code verifier, and sends only its SHA-256 hash along." }
            } @else {
                p { "There will be no code, so there is nothing to bind to a verifier; only the state is the client's own." }
            }
            @if course.prover.is_some() {
                p {
                    "It also makes a key pair, and names the public key by its thumbprint, " code { "dpop_jkt" }
                    ", so that nobody else can redeem the code."
                }
            }
            dl {
                @if coded {
                    dt { "code_verifier" } dd { code { (course.verifier.as_str()) } }
                    dt { "code_challenge" } dd { code { (course.challenge()) } }
                }
                dt { "state" } dd { code { (course.state.as_str()) } }
            }
            pre tabindex="0" { (in_lines(&uri)) }
            p { a.button id="authorize" href=(uri) { "Go there" } }
        }
    }
}

/// What a browser sends to `uri`, and what it keeps behind the #.
pub(super) fn in_lines(uri: &str) -> String {
    format!("GET {}", uri.replace('?', "\n?").replace('&', "\n&").replace('#', "\n#"))
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
            @if let Some(response) = &shown.response {
                h3 { "Answer" }
                pre.answer tabindex="0" { (response) }
            }
        }
    }
}

fn next(app: &App, flow: Flow, course: &Course, csrf: &str) -> Markup {
    html! {
        @let actions = course.actions(flow);
        // Where a person is asked, that is what to do first.
        @let asks = course.may_ask_person(flow) || course.codes.is_some() && course.tokens.is_none();
        @let first = actions.iter().copied().find(|action| !asks && !course.tried(*action));
        form.next id="next" method="post" action=(flow.path()) aria-label="Next step" {
            input type="hidden" name="csrf" value=(csrf);
            @if app.registration_guarded && actions.contains(&Action::Register) {
                label for="initial_access_token" { "Initial access token, as the server was started with" }
                input id="initial_access_token" name="initial_access_token" autocomplete="off" spellcheck="false";
            }
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
    let first = format!("{} {}", request.method(), request.uri());
    print(first, request.headers(), request.body())
}

pub(super) fn print_response(response: &Response<Vec<u8>>) -> String {
    print(response.status().to_string(), response.headers(), response.body())
}

/// A message with its JSON or its form in lines.
fn print(mut text: String, headers: &HeaderMap, body: &[u8]) -> String {
    for (name, value) in headers {
        text.push_str(&format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    }
    let pretty = serde_json::from_slice::<Value>(body).and_then(|json| serde_json::to_string_pretty(&json));
    let body = pretty.unwrap_or_else(|_| String::from_utf8_lossy(body).replace('&', "\n&"));
    if body.is_empty() { text } else { format!("{text}\n\n{body}") }
}
