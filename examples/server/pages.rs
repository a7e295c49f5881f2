//! The pages that people see: plain HTML, no script.

use grantor::record::{AuthorizationDetails, RegisteredBy, Resource, Scope};
use grantor::server::{Asking, VerificationRefusal};
use grantor::{Acquaintance, Timestamp};
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;
use url::{Host, Url};

use crate::login::Failed;
use crate::pending::Pending;
use crate::users;

/// What all pages have around them.
pub(crate) fn layout(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · grantor demo" }
                link rel="stylesheet" href="/style.css";
            }
            body {
                header { a href="/" { "grantor" } span { "demo server" } }
                main { (content) }
                footer { "A demo: made-up accounts, passwords in plain text, everything forgotten at the end." }
            }
        }
    }
}

/// A page that says something and asks nothing.
pub(crate) fn problem(title: &str, description: &str, code: Option<&str>) -> Markup {
    let content = html! {
        div.card {
            h1 { (title) }
            p id="description" { (description) }
            @if let Some(code) = code { p { code id="error" { (code) } } }
        }
    };
    layout(title, &content)
}

/// The page for a form that no longer fits; `to` leads to a fresh one.
pub(crate) fn outdated(to: &str) -> Markup {
    let content = html! {
        div.card {
            h1 { "This form is out of date" }
            p { "It was not made for this browser session, so nothing was done." }
            p { a.button href=(to) { "Try again" } }
        }
    };
    layout("This form is out of date", &content)
}

/// The form for the code that a device shows.
#[derive(Debug)]
pub(crate) struct DevicePage<'a> {
    pub(crate) csrf: &'a str,
    /// Where the form goes.
    pub(crate) action: &'a str,
    /// The code to begin with.
    pub(crate) typed: &'a str,
    pub(crate) failed: Option<VerificationRefusal>,
}

impl DevicePage<'_> {
    pub(crate) fn render(&self) -> Markup {
        let content = html! {
            div.card {
                h1 { "Connect a device" }
                p { "Type the code that your device shows. Nobody should ever have to send you one." }
                @if let Some(failed) = self.failed { p.alert role="alert" id="failed" { (trouble(failed)) } }
                form id="device" method="post" action=(self.action) {
                    input type="hidden" name="csrf" value=(self.csrf);
                    label for="user_code" { "Code" }
                    input.code id="user_code" name="user_code" value=(self.typed) autocomplete="off"
                        autocapitalize="characters" spellcheck="false" maxlength="64" required autofocus;
                    button { "Continue" }
                }
            }
        };
        layout("Connect a device", &content)
    }
}

fn trouble(refusal: VerificationRefusal) -> &'static str {
    if refusal == VerificationRefusal::TooManyAttempts {
        "Too many wrong codes. Please wait a few seconds."
    } else if refusal == VerificationRefusal::NotAllowed {
        "This server does not let this device have what it asks for."
    } else if matches!(refusal, VerificationRefusal::ClientDocument(_)) {
        "What the device is cannot be looked up now. Please try again later."
    } else {
        "This code is wrong or has expired. Please compare it with your device."
    }
}

/// The page after a person told a device what they think.
pub(crate) fn device_answered(allowed: bool) -> Markup {
    let (title, description) = if allowed {
        ("The device is connected", "You can go back to it now; it goes on by itself.")
    } else {
        ("The device was refused", "It gets nothing, and it will say so.")
    };
    problem(title, description, None)
}

/// The login form.
#[derive(Debug)]
pub(crate) struct LoginPage<'a> {
    pub(crate) csrf: &'a str,
    /// The name of the question.
    pub(crate) name: &'a str,
    pub(crate) pending: &'a Pending,
    /// The user name to begin with.
    pub(crate) username: &'a str,
    /// The account to choose, if it is to be chosen.
    pub(crate) current: Option<&'a str>,
    pub(crate) failed: Option<Failed>,
    /// Whether to tell the names and passwords.
    pub(crate) demo: bool,
}

impl LoginPage<'_> {
    pub(crate) fn render(&self) -> Markup {
        let content = html! {
            div.card {
                h1 { "Sign in" }
                p { "to go on to " strong { (self.pending.client_name()) } }
                @if let Some(failed) = self.failed { p.alert role="alert" id="failed" { (failed.text()) } }
                @if let Some(current) = self.current { (self.account(current)) }
                form id="login" method="post" action="/login" {
                    (self.hidden())
                    label for="username" { "User name" }
                    input id="username" name="username" value=(self.username) autocomplete="username" autocapitalize="none"
                        spellcheck="false" required autofocus;
                    label for="password" { "Password" }
                    input id="password" name="password" type="password" autocomplete="current-password" required;
                    button { "Sign in" }
                }
                @if self.demo { (demo_users()) }
            }
        };
        layout("Sign in", &content)
    }

    fn account(&self, current: &str) -> Markup {
        html! {
            form id="select" method="post" action="/login" {
                (self.hidden())
                button id="current" name="account" value="current" { "Continue as " (current) }
            }
            p.or { "or sign in with another account" }
        }
    }

    fn hidden(&self) -> Markup {
        hidden(self.csrf, self.name)
    }
}

impl Failed {
    const fn text(self) -> &'static str {
        match self {
            Self::Wrong => "The user name or the password is wrong.",
            Self::TooMany => "Too many wrong passwords. Please wait a few seconds.",
        }
    }
}

/// The consent form.
#[derive(Debug)]
pub(crate) struct ConsentPage<'a> {
    pub(crate) csrf: &'a str,
    /// The name of the question.
    pub(crate) name: &'a str,
    pub(crate) pending: &'a Pending,
    /// Who is asked.
    pub(crate) person: &'a str,
    pub(crate) now: Timestamp,
}

impl ConsentPage<'_> {
    pub(crate) fn render(&self) -> Markup {
        let title = format!("Allow {}?", self.pending.client_name());
        let content = html! {
            div.card {
                h1 { (title) }
                p { strong { (self.pending.client_name()) } " would like to act for you, " strong { (self.person) } ":" }
                @if let Asking::Consent { scope, new, sensitive, audience, details, new_details, sensitive_details, .. } =
                    self.pending.asking()
                {
                    @if !scope.is_empty() { (scopes(scope, new, sensitive)) }
                    @if !audience.is_empty() { (places(audience)) }
                    @if !details.is_empty() { (what(details, new_details, sensitive_details)) }
                }
                (self.warnings())
                (self.recipient())
                (self.links())
                form.pair id="consent" method="post" action="/consent" {
                    (hidden(self.csrf, self.name))
                    button.quiet id="deny" name="decision" value="deny" { "Deny" }
                    button id="allow" name="decision" value="allow" { "Allow" }
                }
            }
        };
        layout(&title, &content)
    }

    /// What this server knows of the client, and a warning where that is little and much is asked for.
    fn warnings(&self) -> Markup {
        let standing = self.pending.standing();
        let unknown = standing.registered_by != RegisteredBy::Operator || standing.is_new;
        let (sensitive, acquaintance) =
            if let Asking::Consent { sensitive, sensitive_details, acquaintance, .. } = self.pending.asking() {
                (!sensitive.is_empty() || !sensitive_details.is_empty(), *acquaintance)
            } else {
                (false, Acquaintance::Unknown)
            };
        html! {
            @if !standing.is_verified() && (unknown || sensitive) {
                div.alert role="alert" id="warning" {
                    strong { "Take care. " }
                    "Nobody here knows who is behind this application"
                    @if sensitive { ", and it asks for what could do much harm" }
                    ". Its name may be borrowed. Allow this only if you came here from a site that you trust, to do just this."
                }
            }
            ul.facts id="standing" {
                li {
                    @if standing.first_party { "It is of this server itself" }
                    @else if let Some(publisher) = &standing.publisher { "Published by " strong { (publisher) } ", which is verified" }
                    @else { "Its publisher is not verified" }
                }
                li {
                    @if standing.registered_by == RegisteredBy::Operator { "Registered by this server's operator" }
                    @else if standing.registered_by == RegisteredBy::Itself { "It registered itself" }
                    @else { "Known only by what it says of itself" }
                    @if let Some(host) = &standing.host { " at " code { (host) } }
                    @if let Some(registered) = standing.registered { " " (ago(registered, self.now)) }
                    @if standing.is_new { ": it is new" }
                }
                @if acquaintance == Acquaintance::First {
                    li { "You have not allowed it anything before" }
                } @else if let Acquaintance::Known { since: Some(since), .. } = acquaintance {
                    li { "You first allowed it something " (ago(since, self.now)) }
                }
            }
        }
    }

    /// Who gets what is allowed.
    fn recipient(&self) -> Markup {
        html! {
            @match self.pending {
                Pending::Authorization(prompt) => {
                    p.small { "The answer goes to " code { (recipient(&prompt.client.redirect_uri)) } }
                    @if is_loopback(&prompt.client.redirect_uri) && prompt.standing.registered_by == RegisteredBy::Nobody {
                        p.alert id="local" { "That is a program on your own device. Allow this only if you have just started it." }
                    }
                }
                Pending::Device(question) => {
                    p.alert id="device" {
                        "Allow this only if the device is yours and shows the code " code { (question.typed) } " now."
                    }
                }
            }
        }
    }

    /// What the client says about itself, as far as it is safe to follow.
    fn links(&self) -> Markup {
        let client = self.pending.client();
        let all = [("Home page", &client.uri), ("Terms", &client.tos_uri), ("Privacy", &client.policy_uri)];
        let links = all.into_iter().filter_map(|(name, uri)| Some((name, uri.as_deref()?)));
        let safe: Vec<_> = links.filter(|(_, uri)| uri.starts_with("https://")).collect();
        html! {
            @if !safe.is_empty() {
                p.small { @for (name, uri) in safe { a href=(uri) rel="noreferrer" { (name) } " " } }
            }
        }
    }
}

fn scopes(scope: &Scope, new: &Scope, sensitive: &Scope) -> Markup {
    html! {
        ul.scopes id="scopes" {
            @for word in scope.words() {
                li { (meaning(word)) " " code { (word) } (marks(new.contains(word), sensitive.contains(word))) }
            }
        }
    }
}

/// What is said of each thing that is asked for.
fn marks(new: bool, sensitive: bool) -> Markup {
    html! {
        @if !new { " " span.small { "allowed before" } }
        @if sensitive { " " span.mark { "sensitive" } }
    }
}

/// Where it may be used.
fn places(audience: &[Resource]) -> Markup {
    html! {
        p.small id="resources" { "at " @for resource in audience { code { (resource) } " " } }
    }
}

/// Authorization details, member by member.
fn what(details: &AuthorizationDetails, new: &AuthorizationDetails, sensitive: &AuthorizationDetails) -> Markup {
    let among = |all: &AuthorizationDetails, one| all.iter().any(|own| own == one);
    html! {
        ul.scopes id="details" {
            @for detail in details.iter() {
                li {
                    code { (detail.type_name()) }
                    @for (name, value) in detail.members().filter(|(name, _)| *name != "type") {
                        " " span.small { (name) } " " (in_words(value))
                    }
                    (marks(among(new, detail), among(sensitive, detail)))
                }
            }
        }
    }
}

fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(in_words).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// What a scope lets its holder do.
pub(crate) fn meaning(scope: &str) -> &'static str {
    match scope {
        "openid" => "Know who you are",
        "profile" => "See your name",
        "email" => "See your email address",
        "offline_access" => "Go on while you are away",
        "read" => "Read your data",
        "write" => "Change your data",
        "admin" => "Administer everything",
        _ => "Something this server does not explain",
    }
}

/// How long ago a moment was.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = then.until(now).as_secs();
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute")];
    let Some((size, unit)) = units.into_iter().find(|(size, _)| seconds >= *size) else {
        return "just now".to_owned();
    };
    let count = seconds / size;
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// The demo users and their passwords.
pub(crate) fn demo_users() -> Markup {
    html! {
        p.small {
            "This is a demo; try "
            @for (place, (username, password, ..)) in users::DEMO.into_iter().enumerate() {
                @if place > 0 { " or " }
                code { (username) } " with password " code { (password) }
            }
            "."
        }
    }
}

fn hidden(csrf: &str, name: &str) -> Markup {
    html! {
        input type="hidden" name="csrf" value=(csrf);
        input type="hidden" name="request" value=(name);
    }
}

/// The part of a redirect URI that tells a person where it leads.
fn recipient(redirect_uri: &str) -> String {
    let uri = Url::parse(redirect_uri).ok().filter(|uri| uri.origin().is_tuple());
    uri.map_or_else(|| redirect_uri.to_owned(), |uri| uri.origin().ascii_serialization())
}

/// Whether any program on the person's device could be the one that is there.
fn is_loopback(redirect_uri: &str) -> bool {
    let uri = Url::parse(redirect_uri).ok();
    uri.is_some_and(|uri| match uri.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

/// Where the forms of a prompt may lead: to this server, and on to the client, since browsers hold the redirect that
/// answers a form against the policy of the form's page.
pub(crate) fn form_action(redirect_uri: &str) -> String {
    let Ok(uri) = Url::parse(redirect_uri) else { return "'self'".to_owned() };
    match uri.host() {
        Some(Host::Domain(_) | Host::Ipv4(_)) if uri.origin().is_tuple() => {
            format!("'self' {}", uri.origin().ascii_serialization())
        }
        // The grammar of policies has no IPv6 literals, and a private-use scheme has no host that counts.
        Some(_) | None => format!("'self' {}:", uri.scheme()),
    }
}
