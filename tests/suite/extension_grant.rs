//! Grant types of a host: its evidence, its records, its refusals, and what it cannot do [RFC 6749 §4.5].

use http::{Request, StatusCode};
use serde_json::{Value, json as value};

use grantor::drive::Host;
use grantor::event::Event;
use grantor::extension::{
    ExtensionDecision, ExtensionGrant, ExtensionGranted, ExtensionId, ExtensionRecord, ExtensionRefusal,
    ExtensionRequest,
};
use grantor::record::{AuthorizationDetails, Client, ClientFault, GrantType, Record, Scope, Subject};
use grantor::server::Place;
use grantor::step::Plan;
use grantor::store::{Change, Commit, Key, Store};
use grantor::wire::Parameters;
use grantor::{CommonDetails, Config, ConfigBuilder, ConfigFault, Env, Registration, Snapshot};

use crate::support::*;
use crate::table::{Shelf, Table};

pub(crate) const TICKET: &str = "https://as.example/grants/ticket";
const WRONG: ExtensionRefusal = ExtensionRefusal::invalid_grant("the ticket is no good");

pub(crate) fn id(ticket: &str) -> ExtensionId {
    ExtensionId::new("ticket", ticket.as_bytes())
}

/// A ticket that is good for once, with a number that may be got wrong twice.
#[derive(Debug)]
struct Tickets;

impl ExtensionGrant for Tickets {
    fn grant_type(&self) -> &'static str {
        TICKET
    }

    fn keys(&self, parameters: &Parameters) -> Vec<Key> {
        parameters.first("ticket").map(|ticket| Key::Extension(id(ticket))).into_iter().collect()
    }

    fn decide(&self, request: &ExtensionRequest<'_>, seen: &Snapshot, env: &Env) -> ExtensionDecision {
        let ticket = request.parameters.first("ticket");
        let ticket = ticket.ok_or(ExtensionRefusal::invalid_request("ticket is missing"))?;
        let record = seen.extension(&id(ticket))?.ok_or(WRONG)?;
        let value = record.value().value_at(env.now).ok_or(WRONG)?;
        if value["client"].as_str() != Some(request.client.id().as_str()) {
            return Err(WRONG.into());
        }
        if value.get("number").is_some_and(|number| number.as_str() != request.parameters.first("number")) {
            let left = value["left"].as_u64().unwrap_or(1) - 1;
            let mut next = value.clone();
            next["left"] = left.into();
            let change = if left == 0 { record.consume() } else { record.replace(next) };
            return Ok(Plan::refuse(vec![change], ExtensionRefusal::own("wrong_number", "try another number")));
        }
        let granted = match value["subject"].as_str() {
            Some(subject) => {
                ExtensionGranted::to(Subject::new(subject), env.now).refreshable().with_acr("ticket").with_amr(["mail"])
            }
            None => ExtensionGranted::to_client(),
        };
        let granted = match value["scope"].as_str() {
            Some(scope) => granted.scope(Scope::parse(scope).unwrap()),
            None => granted,
        };
        let granted = match value.get("details") {
            Some(details) => granted.details(AuthorizationDetails::parse(&details.to_string()).unwrap()),
            None => granted,
        };
        // The client's own line is in the commit anyway; saying it again must not hurt.
        let client = seen.client(request.client.id())?.ok_or(WRONG)?;
        Ok(Plan::grant(vec![record.consume(), client.still()], granted))
    }
}

pub(crate) fn with_tickets(config: ConfigBuilder) -> ConfigBuilder {
    let files = CommonDetails::new("files").actions(["read", "write"]);
    config.extension_grant(Tickets).authorization_details(files).default_scope("read")
}

fn ticket_clients() -> Vec<Client> {
    let uses = [GrantType::Extension(TICKET), GrantType::RefreshToken];
    vec![
        Client::builder("box").grant_types(&uses).build().unwrap(),
        Client::builder("once").grant_types(&[GrantType::Extension(TICKET)]).build().unwrap(),
        Client::builder("narrow").grant_types(&uses).scope(Scope::parse("read").unwrap()).build().unwrap(),
        Client::builder("sealed").secret(secret("s")).grant_types(&uses).build().unwrap(),
    ]
}

fn world_of_tickets() -> World {
    let world = world_with(with_tickets);
    ticket_clients().into_iter().for_each(|client| world.server.store().put_client(client));
    world
}

/// Puts a ticket there for ten minutes.
pub(crate) fn put(world: &World<impl Store, impl Host>, ticket: &str, value: Value) {
    let record = ExtensionRecord::new(id(ticket), value, world.now().plus(std::time::Duration::from_secs(600)));
    assert_eq!(world.server.store().commit(vec![Change::new_extension(record)], world.now()).unwrap(), Commit::Applied);
}

pub(crate) fn plain(client: &str) -> Value {
    value!({"client": client, "subject": "alice"})
}

pub(crate) fn showing(client: &str, ticket: &str, more: &[(&str, &str)]) -> Request<Vec<u8>> {
    with(&post("/token", &[("grant_type", TICKET), ("client_id", client), ("ticket", ticket)]), more)
}

#[test]
fn a_ticket_gives_tokens_once() {
    let world = world_of_tickets();
    put(&world, "t", plain("box"));
    let rows = world.server.store().len();
    world.log.take();
    let response = world.token(&showing("box", "t", &[("scope", "read write")]));
    let tokens = json(&response);
    assert_eq!((response.status(), &tokens["scope"]), (StatusCode::OK, &value!("read write")), "{tokens}");
    assert_eq!(world.server.store().len(), rows + 1, "a grant and a token came, the ticket went");
    let events = world.log.take();
    assert!(
        matches!(&events[..], [Event::TokenIssued { grant_type: GrantType::Extension(TICKET), subject: Some(who), .. }] if who.as_str() == "alice"),
        "{events:?}"
    );
    let seen = |token: &Value| {
        let request = post("/introspect", &[("client_id", "box"), ("token", token.as_str().unwrap())]);
        json(&world.server.answer(Place::Introspection, &request))
    };
    let shown = seen(&tokens["access_token"]);
    assert_eq!((&shown["sub"], &shown["acr"], &shown["amr"]), (&"alice".into(), &"ticket".into(), &value!(["mail"])));

    assert_eq!(error(&world, &showing("box", "t", &[])), refused(400, "invalid_grant"));
    assert_eq!(seen(&tokens["access_token"])["active"], true, "a second use is refused, and no more");
    let refreshed = json(&world.refresh("box", tokens["refresh_token"].as_str().unwrap()));
    assert_eq!(refreshed["scope"], "read write");
    assert_eq!(seen(&refreshed["access_token"])["sub"], "alice");
}

#[test]
fn a_refusal_is_the_hosts_and_consumes_nothing() {
    let world = world_of_tickets();
    put(&world, "t", plain("box"));
    put(&world, "sealed", plain("sealed"));
    let rows = world.server.store().len();
    let told = |request: &Request<Vec<u8>>| {
        let body = json(&world.token(request));
        assert_eq!(world.server.store().len(), rows, "{body}");
        (body["error"].as_str().unwrap().to_owned(), body["error_description"].as_str().unwrap().to_owned())
    };
    let is = |error: &str, description: &str| (error.to_owned(), description.to_owned());
    assert_eq!(told(&showing("box", "other", &[])), is("invalid_grant", "the ticket is no good"));
    assert_eq!(told(&showing("once", "t", &[])), is("invalid_grant", "the ticket is no good"));
    assert_eq!(told(&showing("box", "", &[("ticket", "")])), is("invalid_request", "ticket is missing"));
    for (request, error) in [
        (showing("spa", "t", &[]), "unauthorized_client"),
        (showing("sealed", "sealed", &[]), "invalid_client"),
        (showing("nobody", "t", &[]), "invalid_client"),
        (showing("box", "t", &[("scope", "unknown")]), "invalid_scope"),
        (showing("box", "t", &[("scope", "\"")]), "invalid_scope"),
        (showing("box", "t", &[("resource", "https://unknown.test/")]), "invalid_target"),
        (
            with(&showing("box", "t", &[]), &[("grant_type", "https://as.example/grants/other")]),
            "unsupported_grant_type",
        ),
    ] {
        assert_eq!(told(&request).0, error);
    }
    // Positive control: none of that has touched the tickets.
    assert_eq!(world.token(&showing("box", "t", &[])).status(), StatusCode::OK);
    let sealed = with(&post_as("/token", &basic("sealed", "s"), &[]), &[("grant_type", TICKET), ("ticket", "sealed")]);
    assert_eq!(world.token(&sealed).status(), StatusCode::OK);
}

#[test]
fn an_expired_ticket_is_no_good_even_where_the_store_still_has_it() {
    let mut table = Table::default();
    ticket_clients().into_iter().for_each(|client| table.put_client(client));
    let world = world_over(Shelf::new(table), Hands::default(), with_tickets);
    for (wait, status) in [(599, StatusCode::OK), (600, StatusCode::BAD_REQUEST)] {
        let ticket = wait.to_string();
        put(&world, &ticket, plain("box"));
        world.clock.advance(wait);
        assert_eq!(world.token(&showing("box", &ticket, &[])).status(), status, "{wait}");
    }
}

#[test]
fn scope_is_within_what_client_and_host_allow() {
    let world = world_of_tickets();
    for (client, most, asked, told) in [
        ("box", None, "", "read"),
        ("box", None, "write admin", "write admin"),
        ("box", Some("write admin"), "", "write admin"),
        ("box", Some("write admin nonsense"), "", "write admin"),
        ("box", Some("write admin"), "admin", "admin"),
        ("box", Some("write admin"), "read", "invalid_scope"),
        ("narrow", Some("read write"), "", "read"),
        ("narrow", Some("read write"), "write", "invalid_scope"),
        ("narrow", Some("write"), "", "invalid_scope"),
    ] {
        let mut ticket = plain(client);
        if let Some(most) = most {
            ticket["scope"] = most.into();
        }
        let name = format!("{client} {most:?} {asked}");
        put(&world, &name, ticket);
        let body = json(&world.token(&showing(client, &name, &[("scope", asked)])));
        assert_eq!(body["error"].as_str().or(body["scope"].as_str()), Some(told), "{name}");
    }
}

#[test]
fn details_are_within_what_client_and_host_allow() {
    let world = world_of_tickets();
    let files = |actions: &[&str]| value!([{"type": "files", "actions": actions}]);
    let refused = value!("invalid_authorization_details");
    for (most, asked, told) in [
        (None, files(&["write"]), files(&["write"])),
        (None, files(&["burn"]), refused.clone()),
        (Some(files(&["read"])), files(&["read"]), files(&["read"])),
        (Some(files(&["read", "write"])), files(&["read"]), files(&["read"])),
        (Some(files(&["read"])), files(&["write"]), refused),
        (Some(files(&["read"])), Value::Null, files(&["read"])),
    ] {
        let mut ticket = plain("box");
        if let Some(most) = &most {
            ticket["details"] = most.clone();
        }
        let name = format!("{most:?} {asked}");
        put(&world, &name, ticket);
        let asked = if asked.is_null() { String::new() } else { asked.to_string() };
        let body = json(&world.token(&showing("box", &name, &[("authorization_details", &asked)])));
        assert_eq!(body.get("error").or(body.get("authorization_details")), Some(&told), "{name}");
    }
}

#[test]
fn a_refresh_token_is_for_people_whose_client_may_use_it() {
    let world = world_of_tickets();
    put(&world, "a", plain("once"));
    put(&world, "b", value!({"client": "box"}));
    let tokens = json(&world.token(&showing("once", "a", &[])));
    assert!(tokens["access_token"].is_string() && tokens.get("refresh_token").is_none(), "{tokens}");
    let tokens = json(&world.token(&showing("box", "b", &[])));
    assert!(tokens["access_token"].is_string() && tokens.get("refresh_token").is_none(), "{tokens}");
    let asked = post("/introspect", &[("client_id", "box"), ("token", tokens["access_token"].as_str().unwrap())]);
    assert_eq!(json(&world.server.answer(Place::Introspection, &asked)).get("sub"), None);
}

#[test]
fn a_refusal_can_leave_a_trace() {
    let world = world_of_tickets();
    let numbered = || value!({"client": "box", "subject": "alice", "number": "7", "left": 2});
    put(&world, "t", numbered());
    let wrong = showing("box", "t", &[("number", "6")]);
    let right = showing("box", "t", &[("number", "7")]);
    assert_eq!(error(&world, &wrong), refused(400, "wrong_number"));
    assert_eq!(world.token(&right).status(), StatusCode::OK);
    put(&world, "t", numbered());
    for told in ["wrong_number", "wrong_number", "invalid_grant"] {
        assert_eq!(error(&world, &wrong), refused(400, told));
    }
    assert_eq!(error(&world, &right), refused(400, "invalid_grant"));
}

#[test]
fn an_error_of_the_hosts_own_is_one_that_can_be_sent() {
    #[derive(Debug)]
    struct Refusing(ExtensionRefusal);
    impl ExtensionGrant for Refusing {
        fn grant_type(&self) -> &'static str {
            TICKET
        }
        fn decide(&self, _: &ExtensionRequest<'_>, _: &Snapshot, _: &Env) -> ExtensionDecision {
            Err(self.0.into())
        }
    }
    for (refusal, error, description) in [
        (ExtensionRefusal::own("ticket_sold", "it is sold"), "ticket_sold", "it is sold"),
        (ExtensionRefusal::own("bad code", "x"), "invalid_grant", "x"),
        (ExtensionRefusal::own("", "x"), "invalid_grant", "x"),
        (ExtensionRefusal::own("bad\"", "x"), "invalid_grant", "x"),
        (ExtensionRefusal::invalid_scope("so \"quoted\""), "invalid_scope", "the request is refused"),
        (ExtensionRefusal::unauthorized_client("é"), "unauthorized_client", "the request is refused"),
    ] {
        let world = world_with(|config| config.extension_grant(Refusing(refusal)));
        ticket_clients().into_iter().for_each(|client| world.server.store().put_client(client));
        let response = world.token(&showing("box", "t", &[]));
        let body = json(&response);
        assert_eq!(
            (response.status().as_u16(), &body["error"], &body["error_description"]),
            (400, &error.into(), &description.into())
        );
    }
}

/// What an extension draws is none of what tokens are made of, whatever it calls it.
#[test]
fn an_extension_cannot_draw_the_tokens() {
    #[derive(Debug)]
    struct Curious;
    impl ExtensionGrant for Curious {
        fn grant_type(&self) -> &'static str {
            TICKET
        }
        fn decide(&self, _: &ExtensionRequest<'_>, _: &Snapshot, env: &Env) -> ExtensionDecision {
            let secret = env.derive("access token");
            let record = ExtensionRecord::new(
                id("drawn"),
                value!(secret.to_vec()),
                env.now.plus(std::time::Duration::from_secs(9)),
            );
            Ok(Plan::grant(vec![Change::new_extension(record)], ExtensionGranted::to_client()))
        }
    }
    let world = world_with(|config| config.extension_grant(Curious));
    ticket_clients().into_iter().for_each(|client| world.server.store().put_client(client));
    let tokens = json(&world.token(&showing("narrow", "t", &[])));
    let secret = crate::schedule::bytes_of(tokens["access_token"].as_str().unwrap())[16..].to_vec();
    let found = world.server.store().load(&[Key::Extension(id("drawn"))], world.now()).unwrap().remove(0).unwrap();
    let Record::Extension(record) = found.value else { panic!("{found:?}") };
    assert_ne!(record.value_at(world.now()).unwrap(), &value!(secret));
}

#[test]
fn what_is_served_is_said() {
    let metadata =
        |world: &World| json(&world.server.answer(Place::Metadata, &get("/.well-known/oauth-authorization-server")));
    let named =
        |world: &World| metadata(world)["grant_types_supported"].as_array().unwrap().iter().any(|name| name == TICKET);
    assert!(named(&world_of_tickets()) && !named(&world()));
    let config = with_tickets(config()).build().unwrap();
    assert_eq!(config.grant_type(TICKET), Some(GrantType::Extension(TICKET)));
    assert!(config.serves(GrantType::Extension(TICKET)) && !config.serves(GrantType::Extension("urn:other")));
    assert_eq!(config.grant_type("urn:other"), None);
}

#[test]
fn a_grant_type_of_a_host_has_a_uri_of_its_own() {
    #[derive(Debug)]
    struct Named(&'static str);
    impl ExtensionGrant for Named {
        fn grant_type(&self) -> &'static str {
            self.0
        }
        fn decide(&self, _: &ExtensionRequest<'_>, _: &Snapshot, _: &Env) -> ExtensionDecision {
            Err(WRONG.into())
        }
    }
    for (names, bad) in [
        (&["urn:one", "https://as.example/two"][..], None),
        (&["ticket"], Some("ticket")),
        (&["/ticket"], Some("/ticket")),
        (&["authorization_code"], Some("authorization_code")),
        (&["urn:ietf:params:oauth:grant-type:device_code"], Some("urn:ietf:params:oauth:grant-type:device_code")),
        (&["urn:one", "urn:one"], Some("urn:one")),
        (&["urn:a b"], Some("urn:a b")),
    ] {
        let builder = names.iter().fold(config(), |config, name| config.extension_grant(Named(name)));
        assert_eq!(builder.build().err(), bad.map(|name| ConfigFault::ExtensionGrant(name.to_owned())), "{names:?}");
    }
    assert!(Config::builder(ISSUER).build().is_ok());
}

#[test]
fn a_client_keeps_grant_types_that_are_not_served() {
    let made = |name: &'static str| Client::builder("c").grant_types(&[GrantType::Extension(name)]).build();
    let client = made("urn:example:later").unwrap();
    let Record::Client(read) = Record::decode(&Record::Client(client.into()).encode().unwrap()).unwrap() else {
        panic!("no client")
    };
    assert!(read.may_use(GrantType::Extension("urn:example:later")) && !read.may_use(GrantType::Extension(TICKET)));
    assert_eq!(made("authorisation_code"), Err(ClientFault::GrantType("authorisation_code".to_owned())));

    let world = world_of_tickets();
    world.server.store().put_client((*read).clone());
    let request = with(&showing("c", "t", &[]), &[("grant_type", "urn:example:later")]);
    assert_eq!(error(&world, &request), refused(400, "unsupported_grant_type"));
    assert_eq!(error(&world, &showing("c", "t", &[])), refused(400, "unauthorized_client"));
}

#[test]
fn a_client_registers_itself_for_a_ticket_only_where_that_is_offered() {
    let offering = Registration::open().grant_types(&[GrantType::Extension(TICKET)]);
    for (registration, served, told) in
        [(offering.clone(), true, 201), (offering, false, 400), (Registration::open(), true, 400)]
    {
        let config = |config: ConfigBuilder| if served { with_tickets(config) } else { config.default_scope("read") };
        let world = world_with(|builder| config(builder).registration(registration));
        let body = value!({"grant_types": [TICKET], "response_types": [], "token_endpoint_auth_method": "none"});
        let request = Request::post(format!("{ISSUER}/register")).header("content-type", "application/json");
        let request = request.body(body.to_string().into_bytes()).unwrap();
        let response = world.server.answer(Place::Registration, &request);
        assert_eq!(response.status().as_u16(), told, "{served} {}", json(&response));
        if told == 201 {
            let client = json(&response)["client_id"].as_str().unwrap().to_owned();
            put(&world, "t", plain(&client));
            assert_eq!(world.token(&showing(&client, "t", &[])).status(), StatusCode::OK);
        }
    }
}

#[test]
fn what_a_host_keeps_is_not_printed() {
    let record = ExtensionRecord::new(id("the secret"), value!({"name": "alice"}), grantor::Timestamp::from_unix(9));
    let printed = format!("{record:?} {:?}", Change::new_extension(record.clone()));
    assert!(!printed.contains("the secret") && !printed.contains("alice"), "{printed}");
    let key = Key::Extension(id("the secret")).to_string();
    assert!(key.starts_with("extension/ticket/") && !key.contains("secret"), "{key}");
    assert_ne!(id("the secret"), ExtensionId::new("other", b"the secret"));
}

#[test]
fn a_redemption_is_one_load_and_one_commit() {
    use grantor::Seed;
    use grantor::server::Exchange;
    use grantor::step::Step;

    let world = world_of_tickets();
    put(&world, "t", plain("box"));
    let exchange = Exchange::parse(world.server.config(), Place::Token, &showing("box", "t", &[]));
    let Step::Load(ask) = Step::start(exchange, Env::new(world.now(), Seed::new([3; 32]))) else { panic!("no load") };
    assert_eq!(ask.question().len(), 2);
    let found = world.server.store().load(ask.question(), ask.now()).unwrap();
    let Step::Commit(pending) = ask.loaded(found) else { panic!("no commit") };
    let keys: Vec<_> = pending.changes().iter().map(|change| change.key.to_string()).collect();
    assert_eq!(keys.len(), 4, "ticket, grant, client, token: {keys:?}");
    assert!(matches!(pending.committed(Commit::Applied), Step::Done(_)));
}
