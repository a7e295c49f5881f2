//! The page on which a person allows or refuses what a client asks for.

use grantor::record::{AuthorizationDetails, RegisteredBy, Resource, Scope};
use grantor::server::Asking;
use grantor::{Acquaintance, ProposedConsent, Timestamp};
use maud::{Markup, html};
use serde_json::Value;
use url::{Host, Url};

use crate::pages::{ago, hidden, layout, meaning};
use crate::pending::Pending;

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
                @if let Asking::Consent(ProposedConsent { scope, new, sensitive, audience, details, new_details, sensitive_details, .. }) =
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
            if let Asking::Consent(ProposedConsent { sensitive, sensitive_details, acquaintance, .. }) =
                self.pending.asking()
            {
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
