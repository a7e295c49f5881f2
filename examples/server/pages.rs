//! The pages that people see: plain HTML, no script.

use grantor::Timestamp;
use grantor::server::VerificationRefusal;
use maud::{DOCTYPE, Markup, html};
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
                    @if self.pending.needs_second_factor() {
                        label for="code" { "Code of your second factor" }
                        input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required;
                        p.small { "In this demo it is " code { (users::DEMO_CODE) } "." }
                    }
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

    /// What ties a form to its browser and to what it answers.
    pub(crate) fn hidden(&self) -> Markup {
        hidden(self.csrf, self.name)
    }
}

impl Failed {
    const fn text(self) -> &'static str {
        match self {
            Self::Wrong => "The user name or the password is wrong.",
            Self::WrongCode => "The code of the second factor is wrong.",
            Self::TooMany => "Too many wrong passwords. Please wait a few seconds.",
        }
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

/// What ties a form to its browser and to what it answers.
pub(crate) fn hidden(csrf: &str, name: &str) -> Markup {
    html! {
        input type="hidden" name="csrf" value=(csrf);
        input type="hidden" name="request" value=(name);
    }
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
