//! The people who can log in.

use std::error::Error;
use std::fs;
use std::path::Path;

use grantor::record::{Digest, Subject};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The people of a server that was started without a file: name, password, subject and full name.
pub(crate) const DEMO: [(&str, &str, &str, &str); 2] =
    [("alice", "wonderland", "user-1", "Alice Liddell"), ("bob", "builder", "user-2", "Bob Martin")];

/// The second factor of all of them. A real one would be good for once, and only they would have it.
pub(crate) const DEMO_CODE: &str = "246810";

/// How surely a person has proved who they are: with a password, or with that and a second factor [RFC 9470].
pub(crate) const ACR: [&str; 2] = ["urn:example:password", "urn:example:two-factors"];

/// Everyone who can log in.
#[derive(Debug)]
pub(crate) struct Users(Vec<User>);

/// Someone who can log in.
#[derive(Clone, Debug)]
pub(crate) struct User {
    username: String,
    password: Digest,
    pub(crate) subject: Subject,
    claims: Map<String, Value>,
}

#[derive(Deserialize)]
struct Entry {
    username: String,
    password: String,
    sub: String,
    #[serde(default)]
    claims: Map<String, Value>,
}

impl Users {
    pub(crate) fn demo() -> Self {
        let entries = DEMO.map(|(username, password, sub, name)| Entry {
            username: username.to_owned(),
            password: password.to_owned(),
            sub: sub.to_owned(),
            claims: Map::from_iter([("name".to_owned(), Value::from(name))]),
        });
        Self(entries.into_iter().map(User::from).collect())
    }

    /// # Errors
    ///
    /// The file cannot be read, is not an array of people, or names someone twice.
    pub(crate) fn load(file: &Path) -> Result<Self, Box<dyn Error>> {
        let fault = |error: &dyn Error| format!("users {}: {error}", file.display());
        let text = fs::read(file).map_err(|error| fault(&error))?;
        let entries: Vec<Entry> = serde_json::from_slice(&text).map_err(|error| fault(&error))?;
        for (place, entry) in entries.iter().enumerate() {
            if entries.iter().take(place).any(|other| other.username == entry.username || other.sub == entry.sub) {
                return Err(format!("users {}: {:?} or its sub is there twice", file.display(), entry.username).into());
            }
        }
        Ok(Self(entries.into_iter().map(User::from).collect()))
    }

    /// The person of this name, if the password is theirs. An unknown name takes as long as a wrong password.
    pub(crate) fn log_in(&self, username: &str, password: &str) -> Option<&User> {
        let nobody = Digest::of(b"");
        let user = self.0.iter().find(|user| user.username == username);
        let same = user.map_or(nobody, |user| user.password).matches(password.as_bytes());
        user.filter(|_| same)
    }

    /// What to call a person on a page.
    pub(crate) fn display_name(&self, subject: &Subject) -> String {
        let user = self.0.iter().find(|user| user.subject == *subject);
        user.map_or_else(|| subject.as_str().to_owned(), User::display_name)
    }
}

impl User {
    fn display_name(&self) -> String {
        self.claims.get("name").and_then(Value::as_str).unwrap_or(&self.username).to_owned()
    }
}

impl From<Entry> for User {
    fn from(entry: Entry) -> Self {
        Self {
            username: entry.username,
            password: Digest::of(entry.password.as_bytes()),
            subject: Subject::new(&entry.sub),
            claims: entry.claims,
        }
    }
}
