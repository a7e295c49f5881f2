//! Profiles: what each allows, what it refuses to be talked into, and that its table tells the truth.

use std::time::Duration;

use grantor::record::{GrantType, ResponseType};
use grantor::server::Place;
use grantor::{Config, ConfigBuilder, ConfigFault, Practice, Profile, Stance};

use crate::support::*;

const API: &str = "https://api.test/a";

fn profiles() -> [Profile; 3] {
    [Profile::oauth21(), Profile::danger_oauth20_legacy(), Profile::mcp()]
}

/// A server of `profile` that could work.
fn of(profile: Profile) -> ConfigBuilder {
    config().profile(profile).resource(API)
}

#[test]
fn every_profile_takes_a_stance_on_every_practice_and_prints_it() {
    for profile in profiles() {
        let policy = profile.policy();
        let practices: Vec<_> = policy.rules().iter().map(|rule| rule.practice).collect();
        assert_eq!(practices, Practice::ALL, "{}", profile.name());
        let table = profile.to_string();
        let mut lines = table.lines();
        assert_eq!(lines.next(), Some(&*format!("profile {}", profile.name())));
        for (rule, line) in policy.rules().iter().zip(&mut lines) {
            let (practice, rest) = line.split_at(36);
            assert_eq!(practice.trim_end(), rule.practice.as_str());
            assert_eq!(rest.split_whitespace().next(), Some(rule.stance.as_str()));
            assert_eq!(rest.contains(" always "), rule.firm, "{line}");
            assert!(line.ends_with(&format!("[{}]", rule.section)), "{line}");
        }
        let rest: Vec<_> = lines.collect();
        assert_eq!(rest.is_empty(), policy.longest_access_token().is_none(), "{rest:?}");
        assert_eq!(Profile::parse(profile.name()), Some(profile));
        assert_eq!(of(profile).build().unwrap().posture(), &policy);
    }
    assert_eq!(Profile::parse("oauth19"), None);
    assert_eq!(Profile::default(), Profile::oauth21());
    assert_eq!(config().build().unwrap().posture(), &Profile::oauth21().policy());
}

#[test]
fn an_option_that_a_profile_forbids_is_named_with_the_section_that_does() {
    let options: [(&str, Practice, Stance, fn(ConfigBuilder) -> ConfigBuilder, [bool; 3]); 9] = [
        (
            "danger_serve_implicit_grant",
            Practice::ImplicitGrant,
            Stance::Allowed,
            |c| c.danger_serve_implicit_grant(),
            [false, true, false],
        ),
        (
            "danger_serve_password_grant",
            Practice::PasswordGrant,
            Stance::Allowed,
            |c| c.danger_serve_password_grant(),
            [false, true, false],
        ),
        (
            "danger_accept_plain_code_challenge",
            Practice::PlainCodeChallenge,
            Stance::Allowed,
            |c| c.danger_accept_plain_code_challenge(),
            [true, true, false],
        ),
        (
            "danger_let_confidential_clients_omit_pkce",
            Practice::PkceOfConfidentialClients,
            Stance::Allowed,
            |c| c.danger_let_confidential_clients_omit_pkce(),
            [true, true, false],
        ),
        (
            "serve_response_type_none",
            Practice::ResponseTypeNone,
            Stance::Allowed,
            |c| c.serve_response_type_none(),
            [true, true, false],
        ),
        ("token_exchange", Practice::TokenExchange, Stance::Allowed, |c| c.token_exchange(), [true; 3]),
        (
            "require_pushed_authorization_requests",
            Practice::PushedAuthorizationRequests,
            Stance::Required,
            |c| c.require_pushed_authorization_requests(),
            [true; 3],
        ),
        ("require_resource", Practice::ResourceIndicator, Stance::Required, |c| c.require_resource(), [true; 3]),
        (
            "redirect_uri_optional_at_token_endpoint",
            Practice::RedirectUriAtTokenEndpoint,
            Stance::Allowed,
            |c| c.redirect_uri_optional_at_token_endpoint(),
            [true; 3],
        ),
    ];
    for (option, practice, stance, change, permitted) in options {
        for (profile, permitted) in profiles().into_iter().zip(permitted) {
            let name = profile.name();
            // The order in which they are said does not matter.
            let before = change(config()).profile(profile).resource(API).build();
            let after = change(of(profile)).build();
            assert_eq!(before.as_ref().err(), after.as_ref().err());
            match after {
                Ok(config) if permitted => assert_eq!(config.posture().stance(practice), stance, "{name} {option}"),
                Err(fault @ ConfigFault::Profile { .. }) if !permitted => {
                    let text = fault.to_string();
                    let section =
                        profile.policy().rules().iter().find(|rule| rule.practice == practice).unwrap().section;
                    assert!(text.starts_with(&format!("{option}: {practice} is ")), "{text}");
                    assert!(text.contains(&format!("in the profile {name} [{section}]")), "{text}");
                    assert!(text.contains("choose a profile that permits it"), "{text}");
                }
                other => panic!("{name} {option}: {other:?}"),
            }
        }
    }
}

#[test]
fn what_is_served_follows_from_the_table() {
    for profile in profiles() {
        let config = of(profile).build().unwrap();
        for (practice, grant_type) in [
            (Practice::ImplicitGrant, GrantType::Implicit),
            (Practice::PasswordGrant, GrantType::Password),
            (Practice::TokenExchange, GrantType::TokenExchange),
        ] {
            let served = config.posture().stance(practice) != Stance::Refused;
            assert_eq!(config.serves(grant_type), served);
            assert_eq!(config.metadata().grant_types_supported.iter().any(|name| name == grant_type.as_str()), served);
        }
        let none = config.posture().stance(Practice::ResponseTypeNone) != Stance::Refused;
        assert_eq!(config.answers_with(ResponseType::None), none);
        let plain = config.posture().stance(Practice::PlainCodeChallenge) != Stance::Refused;
        let methods = if plain { &["S256", "plain"][..] } else { &["S256"] };
        assert_eq!(config.metadata().code_challenge_methods_supported, methods, "{}", profile.name());
        assert!(config.metadata().authorization_response_iss_parameter_supported);
    }
}

/// Requests that only some profiles take, and the error of the others.
#[test]
fn requests_are_taken_as_the_table_says() {
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    let plain = [("code_challenge", VERIFIER), ("code_challenge_method", "plain"), ("resource", API)];
    let with_resource = [bare[0], bare[1], ("resource", API)];
    let cases: [(&str, &str, &[(&str, &str)], [&str; 3]); 5] = [
        ("web", WEB, &[("resource", API)], ["", "", ""]),
        ("web", WEB, &[], ["", "", "invalid_target"]),
        ("web", WEB, &with_resource, ["invalid_request", "", "invalid_request"]),
        ("spa", SPA, &with_resource, ["invalid_request", "invalid_request", "invalid_request"]),
        ("spa", SPA, &plain, ["invalid_request", "", "invalid_request"]),
    ];
    for (place, profile) in profiles().into_iter().enumerate() {
        let world = world_with(|config| config.profile(profile).resource(API));
        for (client, to, changes, errors) in &cases {
            let request = authorization(client, to, changes);
            let error = match world.authorize(&request, grantor::server::Visitor::logged_in(world.session(), None)) {
                grantor::Progress::Respond(response) => parameter(&response, "error").unwrap(),
                grantor::Progress::Ask(_) => String::new(),
                refused => panic!("{refused:?}"),
            };
            assert_eq!(error, errors[place], "{} {client} {changes:?}", profile.name());
        }
        let service = |more: &[(&str, &str)]| {
            let pairs = [&[("grant_type", "client_credentials"), ("scope", "read")], more].concat();
            json(&world.server.answer(Place::Token, &post_as("/token", &basic("service", "s"), &pairs)))
        };
        let refused = profile == Profile::mcp();
        assert_eq!(service(&[])["error"] == "invalid_target", refused, "{}", profile.name());
        assert!(service(&[("resource", API)])["access_token"].is_string());
    }
}

#[test]
fn an_mcp_server_needs_a_resource_and_short_lived_tokens() {
    let hour = Duration::from_secs(3600);
    let nowhere = config().profile(Profile::mcp()).build().map(|_| ());
    assert_eq!(nowhere, Err(ConfigFault::ResourceMissing));
    assert!(config().profile(Profile::mcp()).audience(API).build().is_ok());
    let living =
        |profile: Profile, lifetime| of(profile).lifetimes(|all| all.access_token = lifetime).build().map(|_| ());
    assert_eq!(living(Profile::mcp(), hour), Ok(()));
    let too_long = living(Profile::mcp(), hour + Duration::from_secs(1)).unwrap_err().to_string();
    assert!(too_long.starts_with("lifetimes: access_token: "), "{too_long}");
    assert_eq!(living(Profile::oauth21(), 2 * hour), Ok(()));
    let insecure = Config::builder("http://as.example").profile(Profile::danger_oauth20_legacy()).build();
    assert!(matches!(insecure, Err(ConfigFault::Issuer(_))), "https is no option");
}
