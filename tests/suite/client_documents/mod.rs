//! Clients that are known by the document that their identifier leads to [Client ID Metadata Document].

mod bad_answers;
mod flow;
mod keeping;
mod policy;
mod races;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use grantor::drive::{AsyncHost, Host};
use grantor::event::Event;
use grantor::fetch::{FetchRequest, Fetched, Purpose, Unfetched};
use grantor::record::{Client, ClientId, GrantType, Record, Scope};
use grantor::server::{Asking, Authorize, DeviceApproval, Place, Prompt, Verification, VerificationRefusal, Visitor};
use grantor::step::Step;
use grantor::store::{Indexed, Key, Memory, Store};
use grantor::wire::{ClientDocumentFault, ObjectFault, PageReason};
use grantor::{
    ClientDocuments, ConfigBuilder, ConfigFault, Env, Profile, Progress, Question, Seed, SigningInput, Verdict,
};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{self, *};

const APP: &str = "https://app.example/client.json";
const CB: &str = "https://app.example/cb";

/// What is behind URLs, and how often it was asked for.
#[derive(Clone, Debug, Default)]
struct Web(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    answers: HashMap<String, Result<Fetched, Unfetched>>,
    asked: Vec<FetchRequest>,
    judged: Vec<Question>,
    verdicts: Vec<Verdict>,
    broken: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the network is down")]
struct Down;

impl Web {
    fn at<T>(&self, act: impl FnOnce(&mut Pages) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    fn put(&self, url: &str, answer: Result<Fetched, Unfetched>) {
        self.at(|pages| pages.answers.insert(url.to_owned(), answer));
    }

    fn publish(&self, url: &str, document: &Value) {
        self.put(url, Ok(served(200, &[("content-type", "application/json")], document.to_string())));
    }

    fn fetches(&self) -> usize {
        self.at(|pages| std::mem::take(&mut pages.asked).len())
    }
}

impl Host for Web {
    type Error = Down;

    fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Down> {
        self.at(|pages| {
            pages.asked.push(request.clone());
            let answer = pages.answers.get(request.url.as_str()).cloned();
            if pages.broken { Err(Down) } else { Ok(answer.unwrap_or(Err(Unfetched::Unreachable))) }
        })
    }

    fn judge(&self, question: &Question) -> Result<Verdict, Down> {
        self.at(|pages| {
            pages.judged.push(question.clone());
            Ok(if pages.verdicts.is_empty() { Verdict::Allowed } else { pages.verdicts.remove(0) })
        })
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, Down> {
        Err(Down)
    }
}

impl AsyncHost for Web {
    type Error = Down;

    async fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Down> {
        Host::fetch(self, request)
    }

    async fn judge(&self, question: &Question) -> Result<Verdict, Down> {
        Host::judge(self, question)
    }

    async fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, Down> {
        Host::sign(self, input)
    }
}

fn served(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Fetched {
    let builder = headers
        .iter()
        .fold(Response::builder().status(status), |response, (name, value)| response.header(*name, *value));
    (&builder.body(body.into()).unwrap()).into()
}

/// A good document, with some members changed or (if null) left out.
fn document(changes: &Value) -> Value {
    let mut document = json!({
        "client_id": APP, "client_name": "An app", "redirect_uris": [CB], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
    });
    let members = document.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    document
}

type Documented = World<Memory<Indexed>, Web>;

fn documented(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (Documented, Web) {
    let web = Web::default();
    web.publish(APP, &document(&json!({})));
    (world_with(|config| change(config.client_id_metadata_documents(|_| ()))).hosted(web.clone()), web)
}

fn kept(world: &Documented, id: &str) -> Option<Arc<Client>> {
    let found = world.server.store().load(&[Key::Client(ClientId::new(id))], world.now()).unwrap().remove(0)?;
    let Record::Client(client) = found.value else { panic!("{found:?}") };
    Some(client)
}

fn asked(progress: Progress) -> Prompt {
    let Progress::Ask(prompt) = progress else { panic!("no prompt: {progress:?}") };
    *prompt
}

fn page(progress: Progress) -> PageReason {
    let Progress::Refuse(reason) = progress else { panic!("no page: {progress:?}") };
    reason
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A world with a device flow, whose client may use it.
fn with_devices() -> (Documented, Web) {
    let (world, web) = documented(|config| config.device_flow(|_| ()));
    web.publish(APP, &document(&json!({"grant_types": ["authorization_code", "refresh_token", DEVICE]})));
    (world, web)
}

fn told(response: &Response<Vec<u8>>) -> (u16, String) {
    let body = serde_json::from_slice::<Value>(response.body()).unwrap_or_default();
    (response.status().as_u16(), body["error"].as_str().unwrap_or("none").to_owned())
}
