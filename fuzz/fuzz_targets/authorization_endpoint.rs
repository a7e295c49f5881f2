//! The authorization endpoint with whatever a person does: no response goes anywhere but to a redirect URI that the
//! client of the request has registered.
#![no_main]

use arbitrary::Arbitrary;
use grantor::Timestamp;
use grantor::record::{Scope, Subject};
use grantor::server::{Approval, Authorization, Authorize, Denial, Session, Visitor};
use grantor::wire::{AuthorizationRequest, AuthorizeRefusal};
use grantor_fuzz::scene::{CLIENTS, add_clients};
use grantor_fuzz::{Ledger, NOW, RawRequest, plain_config, run};
use http::Response;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    raw: Option<RawRequest<'a>>,
    client: u8,
    uri: Option<u8>,
    uri_appended: &'a str,
    mode: Option<bool>,
    challenge: bool,
    parameters: Vec<(u8, &'a str)>,
    session: Option<(i8, Option<i8>)>,
    consent: Option<&'a str>,
    answers: Vec<Answer<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Answer<'a> {
    Resume { authenticated: i8 },
    Approve { authenticated: i8, only: Option<&'a str> },
    Deny,
}

const NAMES: [&str; 12] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "resource",
    "x",
];

fuzz_target!(|input: Input<'_>| {
    let (config, ledger) = (plain_config(), Ledger::default());
    add_clients(&ledger);
    let request = match &input.raw {
        Some(raw) => AuthorizationRequest::parse(&raw.request(), config.limits()),
        None => AuthorizationRequest::parse_form(query(&input).as_bytes(), config.limits()),
    };
    let Ok(request) = request else { return };
    let client = request.client_id.as_ref().map(ToString::to_string).unwrap_or_default();
    let visitor = match input.session {
        Some((authenticated, selected)) => {
            let mut session = session(authenticated);
            session.selected = selected.map(moment);
            Visitor::logged_in(session, input.consent.and_then(|consent| Scope::parse(consent).ok()))
        }
        None => Visitor::anonymous(),
    };
    let mut decided = run(Authorize::new(config.clone(), request, visitor), &ledger, 0);
    for (count, answer) in (1..6).zip(&input.answers) {
        let Ok(Authorization::Ask(prompt)) = decided else { break };
        match answer {
            Answer::Resume { authenticated } => {
                let visitor = Visitor::logged_in(session(*authenticated), None);
                decided = run(prompt.resume(config.clone(), visitor), &ledger, count);
                continue;
            }
            Answer::Approve { authenticated, only } => {
                let mut approval = Approval::new(config.clone(), *prompt, session(*authenticated));
                if let Some(scope) = only.and_then(|scope| Scope::parse(scope).ok()) {
                    approval = approval.only(scope);
                }
                match run(approval, &ledger, count) {
                    Ok(response) => check(&client, &response.print()),
                    Err(refusal) => check_refusal(&client, &refusal),
                }
            }
            Answer::Deny => match run(Denial::new(config.clone(), *prompt), &ledger, count) {
                Ok(response) => panic!("denied: {response:?}"),
                Err(refusal) => check_refusal(&client, &refusal),
            },
        }
        return;
    }
    match decided {
        Ok(Authorization::Ask(_)) => {}
        Ok(Authorization::Answer(response)) => check(&client, &response.print()),
        Err(refusal) => check_refusal(&client, &refusal),
    }
});

fn query(input: &Input<'_>) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let (client, uris) = CLIENTS[usize::from(input.client) % CLIENTS.len()];
    let mut query = format!("client_id={client}&response_type=code&scope=read");
    if let Some(place) = input.uri {
        let all = uris.iter().copied().chain(["http://127.0.0.1:8000/cb", "https://evil.example/cb"]);
        let uri = all.cycle().nth(place.into()).unwrap_or_default();
        query += &format!("&redirect_uri={}{}", encode(uri), encode(input.uri_appended));
    }
    if input.challenge {
        query += "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    }
    if let Some(form_post) = input.mode {
        query += if form_post { "&response_mode=form_post" } else { "&response_mode=query" };
    }
    for (name, value) in input.parameters.iter().take(8) {
        query += &format!("&{}={}", NAMES[usize::from(*name) % NAMES.len()], encode(value));
    }
    query
}

fn moment(offset: i8) -> Timestamp {
    Timestamp::from_unix(NOW.saturating_add_signed(offset.into()))
}

fn session(authenticated: i8) -> Session {
    Session::new(Subject::new("alice"), moment(authenticated))
}

fn check_refusal(client: &str, refusal: &AuthorizeRefusal) {
    let response = refusal.print();
    match refusal {
        AuthorizeRefusal::Page(_) => {
            assert_eq!(response.status(), 400);
            assert!(!response.headers().contains_key("location"));
            assert!(!String::from_utf8_lossy(response.body()).contains("<form"));
        }
        AuthorizeRefusal::Redirect(_) => check(client, &response),
    }
}

/// Where a response goes is registered, to the letter but for the port of a loopback address.
fn check(client: &str, response: &Response<Vec<u8>>) {
    let page = String::from_utf8_lossy(response.body());
    let to = match response.headers().get("location") {
        Some(location) => {
            assert_eq!(response.status(), 303);
            location.to_str().expect("a text").to_owned()
        }
        None => {
            assert_eq!(response.status(), 200);
            assert_eq!(page.matches('<').count(), page.matches('>').count(), "{page}");
            let (_, action) = page.split_once("action=\"").expect("a form");
            format!("{}?", action.split('"').next().unwrap_or_default())
        }
    };
    let (_, registered) = CLIENTS.iter().find(|(name, _)| *name == client).expect("a registered client");
    let goes_to = |uri: &&str| to.strip_prefix(uri).is_some_and(|rest| rest.starts_with(['?', '&']));
    let loopback = || {
        let rest =
            to.strip_prefix("http://127.0.0.1:").expect(&to).trim_start_matches(|digit: char| digit.is_ascii_digit());
        client == "cli" && rest.starts_with("/cb?")
    };
    assert!(registered.iter().any(goes_to) || loopback(), "{to}");
}
