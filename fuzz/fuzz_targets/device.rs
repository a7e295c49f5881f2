//! A device, people and polls in any order, also raw: tokens are given once, after one person said yes in time, and the
//! interval only grows.
#![no_main]

use arbitrary::Arbitrary;
use grantor::Timestamp;
use grantor::record::Subject;
use grantor::server::{DeviceApproval, DeviceDenial, DevicePrompt, Place, Session, Verification};
use grantor_fuzz::scene::add_clients;
use grantor_fuzz::{Ledger, RawRequest, answer_of, form, run, wide_config};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    scope: &'a str,
    deeds: Vec<Deed<'a>>,
    raw: Option<RawRequest<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Deed<'a> {
    Type { person: bool },
    TypeWrong(&'a str),
    Approve,
    Deny,
    Poll,
    PollOfAnother,
    Wait(u16),
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

fuzz_target!(|input: Input<'_>| {
    let (ledger, config) = (Ledger::default(), wide_config());
    add_clients(&ledger);
    if let Some(raw) = &input.raw {
        let response = answer_of(&config, Place::DeviceAuthorization, &raw.request(), &ledger, 200);
        assert!([200, 400, 401, 405, 413, 415].contains(&response.status().as_u16()), "{}", response.status());
    }
    let mut request = vec![("client_id", "spa")];
    if !input.scope.is_empty() {
        request.push(("scope", input.scope));
    }
    let response = answer_of(&config, Place::DeviceAuthorization, &form(&request), &ledger, 0);
    if response.status() != 200 {
        return assert!([400, 413].contains(&response.status().as_u16()));
    }
    let codes: Value = serde_json::from_slice(response.body()).expect("JSON");
    let text = |name: &str| codes[name].as_str().expect("a text").to_owned();
    let (device_code, user_code) = (text("device_code"), text("user_code"));
    let begun = ledger.now.get();
    let (mut prompt, mut approved, mut denied, mut redeemed): (Option<DevicePrompt>, _, _, _) =
        (None, false, false, false);
    for (count, deed) in (1..100).zip(&input.deeds) {
        let in_time = ledger.now.get() < begun + 600;
        let open = in_time && !approved && !denied;
        let session = || Session::new(Subject::new("alice"), Timestamp::from_unix(ledger.now.get()));
        match deed {
            Deed::Type { person } => {
                let typed = Verification::new(&config, &user_code.to_lowercase(), person.then(session), "");
                let found = run(typed, &ledger, count);
                assert_eq!(found.is_ok(), open);
                prompt = found.ok().map(|prompt| *prompt).or(prompt);
            }
            Deed::TypeWrong(typed) => {
                let letters = |text: &str| -> String {
                    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
                };
                let found = run(Verification::new(&config, typed, Some(session()), ""), &ledger, count);
                assert!(found.is_err() || letters(typed) == letters(&user_code), "{typed}");
            }
            Deed::Approve => {
                let Some(prompt) = prompt.clone() else { continue };
                let shown = matches!(prompt.asking, grantor::server::Asking::Consent(_));
                let said = run(DeviceApproval::new(config.clone(), prompt, session()), &ledger, count);
                assert_eq!(said.is_ok(), open && shown, "{said:?}");
                approved |= said.is_ok();
            }
            Deed::Deny => {
                let Some(prompt) = prompt.clone() else { continue };
                let said = run(DeviceDenial::new(prompt), &ledger, count);
                assert_eq!(said.is_ok(), open, "{said:?}");
                denied |= said.is_ok();
            }
            Deed::Poll | Deed::PollOfAnother => {
                let own = matches!(deed, Deed::Poll);
                let client = if own { "spa" } else { "cli" };
                let pairs = [("grant_type", GRANT), ("client_id", client), ("device_code", &device_code)];
                let response = answer_of(&config, Place::Token, &form(&pairs), &ledger, count);
                let body: Value = serde_json::from_slice(response.body()).expect("JSON");
                let expected: &[&str] = match () {
                    () if !own || redeemed => &["invalid_grant"],
                    () if !in_time => &["expired_token"],
                    () if denied => &["access_denied"],
                    () if approved => &[],
                    () => &["authorization_pending", "slow_down"],
                };
                match body["error"].as_str() {
                    Some(error) => assert!(expected.contains(&error), "{error}, not {expected:?}"),
                    None => {
                        assert!(expected.is_empty() && response.status() == 200, "{body}");
                        redeemed = true;
                    }
                }
            }
            Deed::Wait(seconds) => ledger.now.set(ledger.now.get() + u64::from(*seconds)),
        }
    }
});
