//! What a decision sees.

mod need;
mod seen;

use std::fmt;
use std::sync::{Arc, OnceLock};

pub use need::{ClientDocumentQuestion, Halt, Need, Question, RegistrationQuestion, SigningInput, Verdict};
pub use seen::Seen;

use crate::env::{Env, Seed, Timestamp};
use crate::fetch::{FetchRequest, Fetched, Unfetched};
#[cfg(feature = "jose")]
use crate::jose::Seals;
use crate::record::{
    AccessToken, Client, ClientId, Digest, ExtensionId, ExtensionRecord, Grant, GrantId, PushedRequest, Record,
    RememberedConsent, Subject, TokenId, UserCode,
};
use crate::store::{Key, Versioned};
use crate::wire::ClientDocumentFault;
use seen::Origin;

/// Everything read so far; what was found absent is remembered as absent.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    now: Timestamp,
    env: Option<Env>,
    keys: Vec<Key>,
    /// In the order of the keys.
    records: Vec<Option<Versioned<Record>>>,
    answers: Vec<(Need, Answer)>,
    round: u8,
    #[cfg(feature = "jose")]
    seals: Seals,
}

#[derive(Clone)]
pub(crate) enum Answer {
    Document(Result<Fetched, Unfetched>, Reading),
    Verdict(Verdict),
    Signature(Arc<[u8]>),
}

/// The client that a document describes, read once: a decision that runs again sees the same one.
#[derive(Clone, Default)]
pub(crate) struct Reading(OnceLock<Result<Arc<Client>, ClientDocumentFault>>);

/// An answer can hold a document with secrets, so nothing of it is shown.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Document(Ok(_), _) => "Document(..)",
            Self::Document(Err(_), _) => "Document(unfetched)",
            Self::Verdict(Verdict::Allowed) => "Allowed",
            Self::Verdict(Verdict::Denied) => "Denied",
            Self::Verdict(Verdict::AskAgain) => "AskAgain",
            Self::Verdict(Verdict::Subject { .. }) => "Subject(..)",
            Self::Verdict(Verdict::Asserted(_)) => "Asserted(..)",
            Self::Verdict(Verdict::Saml2(_)) => "Saml2(..)",
            #[cfg(feature = "jose")]
            Self::Verdict(Verdict::IdJag(_)) => "IdJag(..)",
            Self::Signature(_) => "Signature(..)",
        })
    }
}

impl Snapshot {
    pub(crate) fn at(now: Timestamp) -> Self {
        Self { now, ..Self::default() }
    }

    pub(crate) fn within(env: Env) -> Self {
        Self { now: env.now, env: Some(env), ..Self::default() }
    }

    /// The time at which the request is judged.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The time together with the seed that secrets are derived from.
    ///
    /// Ask for it first: what asks for it later is decided twice.
    ///
    /// # Errors
    ///
    /// No seed was drawn yet.
    pub fn env<F>(&self) -> Result<&Env, Halt<F>> {
        self.env.as_ref().ok_or(Halt::Missing(Need::Seed))
    }

    /// The client of this name, if it is registered.
    ///
    /// # Errors
    ///
    /// It was not read yet.
    pub fn client<F>(&self, id: &ClientId) -> Result<Option<Seen<'_, Client>>, Halt<F>> {
        let found = self.record(|| Key::Client(id.clone()), |key| matches!(key, Key::Client(own) if own == id))?;
        Ok(found.and_then(|row| {
            let Record::Client(client) = &row.value else { return None };
            (client.id() == id).then_some(Seen { origin: Origin::Read(row.version), value: &**client })
        }))
    }

    /// The grant of this name, if there is one.
    ///
    /// # Errors
    ///
    /// It was not read yet.
    pub fn grant<F>(&self, id: GrantId) -> Result<Option<Seen<'_, Grant>>, Halt<F>> {
        let found = self.record(|| Key::Grant(id), |key| matches!(key, Key::Grant(own) if *own == id))?;
        Ok(found.and_then(|row| {
            let Record::Grant(grant) = &row.value else { return None };
            (grant.id == id).then_some(Seen { origin: Origin::Read(row.version), value: grant })
        }))
    }

    /// The access token of this name, if there is one.
    ///
    /// # Errors
    ///
    /// It was not read yet.
    pub fn token<F>(&self, id: TokenId) -> Result<Option<Seen<'_, AccessToken>>, Halt<F>> {
        let found = self.record(|| Key::Token(id), |key| matches!(key, Key::Token(own) if *own == id))?;
        Ok(found.and_then(|row| {
            let Record::Token(token) = &row.value else { return None };
            (token.id == id).then_some(Seen { origin: Origin::Read(row.version), value: &**token })
        }))
    }

    /// The pushed request of this name, if there is one.
    ///
    /// # Errors
    ///
    /// It was not read yet.
    pub fn pushed<F>(&self, id: Digest) -> Result<Option<Seen<'_, PushedRequest>>, Halt<F>> {
        let found = self.record(|| Key::Pushed(id), |key| matches!(key, Key::Pushed(own) if *own == id))?;
        Ok(found.and_then(|row| {
            let Record::Pushed(pushed) = &row.value else { return None };
            (pushed.id == id).then_some(Seen { origin: Origin::Read(row.version), value: &**pushed })
        }))
    }

    /// What a user code stands for, if it does.
    ///
    /// # Errors
    ///
    /// It was not read yet.
    pub fn user_code<F>(&self, id: Digest) -> Result<Option<Seen<'_, UserCode>>, Halt<F>> {
        let found = self.record(|| Key::UserCode(id), |key| matches!(key, Key::UserCode(own) if *own == id))?;
        Ok(found.and_then(|row| {
            let Record::UserCode(code) = &row.value else { return None };
            (code.id == id).then_some(Seen { origin: Origin::Read(row.version), value: &**code })
        }))
    }

    /// A record of the host's own, if there is one; it may have expired.
    ///
    /// # Errors
    ///
    /// It was not read yet.
    pub fn extension<F>(&self, id: &ExtensionId) -> Result<Option<Seen<'_, ExtensionRecord>>, Halt<F>> {
        let found =
            self.record(|| Key::Extension(id.clone()), |key| matches!(key, Key::Extension(own) if own == id))?;
        Ok(found.and_then(|row| {
            let Record::Extension(record) = &row.value else { return None };
            (record.id == *id).then_some(Seen { origin: Origin::Read(row.version), value: &**record })
        }))
    }

    /// What `subject` granted `client` so far, if that is remembered.
    ///
    /// # Errors
    ///
    /// It was not read yet.
    pub fn consent<F>(
        &self,
        subject: &Subject,
        client: &ClientId,
    ) -> Result<Option<Seen<'_, RememberedConsent>>, Halt<F>> {
        let found = self.record(
            || Key::Consent { subject: subject.clone(), client: client.clone() },
            |key| matches!(key, Key::Consent { subject: who, client: whom } if who == subject && whom == client),
        )?;
        Ok(found.and_then(|row| {
            let Record::Consent(consent) = &row.value else { return None };
            let own = consent.subject == *subject && consent.client == *client;
            own.then_some(Seen { origin: Origin::Read(row.version), value: &**consent })
        }))
    }

    /// Whether something that is good for one use was used; whatever there is in its place means that it was.
    ///
    /// # Errors
    ///
    /// It was not read yet.
    pub fn is_seen<F>(&self, id: Digest) -> Result<bool, Halt<F>> {
        let found = self.record(|| Key::Seen(id), |key| matches!(key, Key::Seen(own) if *own == id))?;
        Ok(found.is_some())
    }

    /// The document that `request` asks for, or why it could not be had.
    ///
    /// # Errors
    ///
    /// It was not fetched yet.
    pub fn document<F>(&self, request: &FetchRequest) -> Result<Result<&Fetched, Unfetched>, Halt<F>> {
        let (document, _) = self.fetched(request)?;
        Ok(document.as_ref().map_err(|unfetched| *unfetched))
    }

    /// The client that the document of `request` describes, as `read` makes it, in place of the record that was `found`.
    pub(crate) fn client_of_document<'s, F>(
        &'s self,
        request: &FetchRequest,
        found: Option<Seen<'s, Client>>,
        read: impl FnOnce(&Fetched) -> Result<Client, ClientDocumentFault>,
    ) -> Result<Result<Seen<'s, Client>, ClientDocumentFault>, Halt<F>> {
        let (document, Reading(reading)) = self.fetched(request)?;
        let read = || document.as_ref().map_err(|unfetched| (*unfetched).into()).and_then(read).map(Arc::new);
        let version = found.and_then(|found| found.version());
        let client = reading.get_or_init(read).as_ref();
        Ok(client
            .map(|client| Seen { origin: Origin::Fetched(version, client), value: &**client })
            .map_err(|fault| *fault))
    }

    fn fetched<F>(&self, request: &FetchRequest) -> Result<(&Result<Fetched, Unfetched>, &Reading), Halt<F>> {
        let answered = self.answers.iter().find_map(|(need, answer)| match (need, answer) {
            (Need::Document(asked), Answer::Document(document, reading)) if **asked == *request => {
                Some((document, reading))
            }
            _ => None,
        });
        answered.ok_or_else(|| Halt::Missing(Need::Document(Box::new(request.clone()))))
    }

    /// The host's verdict.
    ///
    /// # Errors
    ///
    /// The host was not asked yet.
    pub fn verdict<F>(&self, question: Question) -> Result<Verdict, Halt<F>> {
        let need = Need::Verdict(question);
        match self.answer(&need) {
            Some(Answer::Verdict(verdict)) => Ok(verdict.clone()),
            Some(Answer::Document(..) | Answer::Signature(_)) | None => Err(Halt::Missing(need)),
        }
    }

    /// The signature over `input`.
    ///
    /// # Errors
    ///
    /// It was not made yet.
    pub fn signature<F>(&self, input: SigningInput) -> Result<&[u8], Halt<F>> {
        let need = Need::Signature(input);
        match self.answer(&need) {
            Some(Answer::Signature(bytes)) => Ok(bytes),
            Some(Answer::Document(..) | Answer::Verdict(_)) | None => Err(Halt::Missing(need)),
        }
    }

    /// Requires that all of `keys` are read, together if they are not.
    ///
    /// # Errors
    ///
    /// Some were not read yet.
    pub fn all<F>(&self, keys: impl IntoIterator<Item = Key>) -> Result<(), Halt<F>> {
        let unread = keys.into_iter().filter(|key| !self.keys.contains(key));
        let unread: Vec<_> = unread.collect();
        if unread.is_empty() { Ok(()) } else { Err(Halt::Missing(Need::Records(unread))) }
    }

    fn record<F>(
        &self,
        key: impl FnOnce() -> Key,
        is: impl Fn(&Key) -> bool,
    ) -> Result<Option<&Versioned<Record>>, Halt<F>> {
        let place = self.keys.iter().position(is).ok_or_else(|| Halt::Missing(Need::Records(vec![key()])))?;
        Ok(self.records.get(place).and_then(Option::as_ref))
    }

    fn answer(&self, need: &Need) -> Option<&Answer> {
        self.answers.iter().find_map(|(known, answer)| (known == need).then_some(answer))
    }

    /// Takes records in the order of their keys; what is short counts as absent.
    pub(crate) fn add_records(&mut self, mut keys: Vec<Key>, mut found: Vec<Option<Versioned<Record>>>) {
        found.resize(keys.len(), None);
        if self.keys.is_empty() {
            (self.keys, self.records) = (keys, found);
        } else {
            self.keys.append(&mut keys);
            self.records.append(&mut found);
        }
    }

    pub(crate) fn add_answer(&mut self, need: Need, answer: Answer) {
        self.answers.push((need, answer));
    }

    pub(crate) fn add_seed(&mut self, seed: Seed) {
        self.env = Some(Env::new(self.now, seed));
    }

    /// Forgets the records, which are stale, and names them; what else was answered stays.
    pub(crate) fn forget_records(&mut self) -> Vec<Key> {
        self.round = self.round.saturating_add(1);
        self.records.clear();
        std::mem::take(&mut self.keys)
    }

    /// The signatures that were verified for this request.
    #[cfg(feature = "jose")]
    pub(crate) const fn seals(&self) -> &Seals {
        &self.seals
    }

    /// How many commits met a conflict before this decision.
    pub(crate) const fn round(&self) -> u8 {
        self.round
    }
}
