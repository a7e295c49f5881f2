//! What a decision sees, and how it says what it is missing.

use std::fmt;
use std::sync::{Arc, OnceLock};

use url::Url;

use crate::env::{Env, Seed, Timestamp};
use crate::fetch::{FetchRequest, Fetched, Unfetched};
use crate::grant::asserted::Asserted;
use crate::grant::consent_question::ConsentQuestion;
#[cfg(feature = "jose")]
use crate::grant::id_jag::{IdJagGranted, IdJagQuestion};
#[cfg(feature = "jose")]
use crate::grant::jwt_bearer::AssertionQuestion;
use crate::grant::password::PasswordQuestion;
use crate::grant::saml2_bearer::{Saml2Assertion, Saml2Question};
use crate::grant::token_exchange::ExchangeQuestion;
#[cfg(feature = "jose")]
use crate::jose::Seals;
use crate::record::{
    AccessToken, Client, ClientId, ClientMetadata, Digest, Exposed, ExtensionId, ExtensionRecord, Grant, GrantId,
    PushedRequest, Record, RememberedConsent, Subject, TokenId, UserCode,
};
use crate::store::{Change, Expect, Key, Versioned, Write};
use crate::wire::ClientDocumentFault;

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

/// Why a decision stopped early.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "`?` makes these, only the machine takes them apart")]
pub enum Halt<F> {
    /// Something must be supplied first; then the decision runs again from its beginning.
    Missing(Need),
    /// The request is refused, and nothing is written.
    Refused(F),
}

impl<F> From<F> for Halt<F> {
    fn from(refusal: F) -> Self {
        Self::Refused(refusal)
    }
}

/// Something that only the world outside knows.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Need {
    /// Records of the store, to be read together.
    Records(Vec<Key>),
    /// A document behind a URL.
    Document(Box<FetchRequest>),
    /// A verdict of the host.
    Verdict(Question),
    /// A signature by a key that may live in another process.
    Signature(SigningInput),
    /// Randomness.
    Seed,
}

/// Something that only the host can decide.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Question {
    /// May one more user code be looked up for this typist, as the host names them [RFC 8628 §5.1]?
    #[non_exhaustive]
    UserCodeAttempt {
        /// Who types.
        typist: String,
    },
    /// May this client be registered, or its registration be changed [RFC 7591, RFC 7592]?
    Registration(Box<RegistrationQuestion>),
    /// May a client be known by the document that its identifier leads to [Client ID Metadata Document §6.8]?
    ClientDocument(Box<ClientDocumentQuestion>),
    /// May these tokens be exchanged [RFC 8693]?
    TokenExchange(Box<ExchangeQuestion>),
    /// Whose are this name and password [RFC 6749 §4.3]? The answer is [`Verdict::Subject`], or a denial.
    Password(Box<PasswordQuestion>),
    /// Who is this, of whom someone else says that they gave this client its rights [RFC 7523]? The answer is
    /// [`Verdict::Asserted`], or a denial.
    #[cfg(feature = "jose")]
    Assertion(Box<AssertionQuestion>),
    /// May the server speak for this person to another server, and what does it say [ID-JAG §4.3]? The answer is
    /// [`Verdict::IdJag`], or a denial.
    #[cfg(feature = "jose")]
    IdJag(Box<IdJagQuestion>),
    /// Is this SAML assertion good, and who is that [RFC 7522]? The answer is [`Verdict::Saml2`], or a denial.
    Saml2Assertion(Box<Saml2Question>),
    /// Is this person still there to be acted for, before their refresh token gives more?
    #[non_exhaustive]
    SubjectActive {
        /// Who.
        subject: Subject,
        /// The client that refreshes.
        client: ClientId,
    },
    /// May this client be granted this by this person? The answer may also be [`Verdict::AskAgain`].
    Consent(Box<ConsentQuestion>),
    /// A question of an extension.
    Extension {
        /// What kind of question this is.
        topic: &'static str,
        /// What it is about, in the terms of the topic.
        about: Exposed,
    },
}

/// What the host is asked before a client is registered or updated.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RegistrationQuestion {
    /// The client that is updated; absent for a new one.
    pub client: Option<ClientId>,
    /// What it would be registered with.
    pub metadata: ClientMetadata,
}

/// What the host is asked before a client's metadata document is fetched, and again before it is believed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ClientDocumentQuestion {
    /// Where the document is; also the client's identifier.
    pub url: Url,
    /// What it says, once it was fetched.
    pub metadata: Option<ClientMetadata>,
}

/// The host's answer to a [`Question`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// It may be.
    Allowed,
    /// It may not be.
    Denied,
    /// It may be, if the person is asked again, whatever they agreed to before.
    AskAgain,
    /// It is this person.
    Subject {
        /// Who.
        subject: Subject,
        /// When they proved it.
        authenticated: Timestamp,
    },
    /// The assertion is about this person.
    Asserted(Box<Asserted>),
    /// The SAML assertion is proven, and says this.
    Saml2(Box<Saml2Assertion>),
    /// The server may say this to another one.
    #[cfg(feature = "jose")]
    IdJag(Box<IdJagGranted>),
}

/// Bytes to be signed.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct SigningInput {
    /// Which key is to sign.
    pub key: String,
    /// With which algorithm, by its name in JWA [RFC 7518 §3.1].
    pub algorithm: &'static str,
    /// What is to be signed.
    pub bytes: Vec<u8>,
}

impl SigningInput {
    /// Asks `key` to sign `bytes` with `algorithm`.
    #[must_use]
    pub const fn new(key: String, algorithm: &'static str, bytes: Vec<u8>) -> Self {
        Self { key, algorithm, bytes }
    }

    /// The name of the key that is the secret of a client, for `client_secret_jwt`: `client_secret/` and its identifier. It is
    /// asked for HS256 alone.
    #[must_use]
    pub fn client_secret(client: &ClientId) -> String {
        format!("client_secret/{client}")
    }
}

impl fmt::Debug for SigningInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningInput")
            .field("key", &self.key)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
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
            (client.id() == id).then_some(Seen { origin: Origin::Read(row.version), value: client })
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
            (token.id == id).then_some(Seen { origin: Origin::Read(row.version), value: token })
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
            (pushed.id == id).then_some(Seen { origin: Origin::Read(row.version), value: pushed })
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
            (code.id == id).then_some(Seen { origin: Origin::Read(row.version), value: code })
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
            (record.id == *id).then_some(Seen { origin: Origin::Read(row.version), value: record })
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
            own.then_some(Seen { origin: Origin::Read(row.version), value: consent })
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
        let origin = Origin::Fetched(found.and_then(|found| found.version()));
        let client = reading.get_or_init(read).as_ref();
        Ok(client.map(|value| Seen { origin, value }).map_err(|fault| *fault))
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

/// A record as read. Changing it carries the version it was read at.
#[derive(Debug)]
pub struct Seen<'a, T> {
    origin: Origin,
    value: &'a Arc<T>,
}

/// Where a record comes from.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// From the store, at this version.
    Read(u64),
    /// From elsewhere, in place of what the store has at this version, if it has anything.
    Fetched(Option<u64>),
}

impl<T> Clone for Seen<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Seen<'_, T> {}

impl<'a, T> Seen<'a, T> {
    /// The record.
    #[must_use]
    pub fn value(&self) -> &'a T {
        let value: &'a Arc<T> = self.value;
        value
    }

    const fn version(&self) -> Option<u64> {
        match self.origin {
            Origin::Read(version) => Some(version),
            Origin::Fetched(version) => version,
        }
    }

    const fn expect(&self) -> Expect {
        match self.version() {
            Some(version) => Expect::Version(version),
            None => Expect::Absent,
        }
    }

    /// Requires that the record at `key` is still as it was read.
    #[must_use]
    pub const fn unchanged(&self, key: Key) -> Change {
        Change { key, expect: self.expect(), write: Write::Nothing }
    }

    const fn replaced(&self, key: Key, record: Record, expires: Option<Timestamp>) -> Change {
        Change { key, expect: self.expect(), write: Write::Put { record, expires } }
    }

    const fn removed(&self, key: Key) -> Change {
        Change { key, expect: self.expect(), write: Write::Delete }
    }
}

impl Seen<'_, Client> {
    /// Requires that the client is still what it was; one that was fetched is kept.
    #[must_use]
    pub fn still(&self) -> Change {
        self.kept().unwrap_or_else(|| self.unchanged(Key::Client(self.value().id().clone())))
    }

    /// Keeps a client that was fetched, for as long as its document says; nothing for one that was read.
    #[must_use]
    pub fn kept(&self) -> Option<Change> {
        let document = self.value().document().filter(|document| document.fetched < document.until)?;
        let key = || Key::Client(self.value().id().clone());
        let fetched = matches!(self.origin, Origin::Fetched(_));
        fetched.then(|| self.replaced(key(), Record::Client(Arc::clone(self.value)), Some(document.until)))
    }

    /// Puts `next` in place of what was read.
    #[must_use]
    pub fn replace(&self, next: Client) -> Change {
        self.replaced(Key::Client(self.value().id().clone()), Record::Client(Arc::new(next)), None)
    }

    /// Removes it.
    #[must_use]
    pub fn remove(&self) -> Change {
        let key = Key::Client(self.value().id().clone());
        self.removed(key)
    }
}

impl Seen<'_, AccessToken> {
    /// Requires that the token is still there.
    #[must_use]
    pub fn still(&self) -> Change {
        self.unchanged(Key::Token(self.value().id))
    }

    /// Removes it alone; its grant lives on.
    #[must_use]
    pub fn remove(&self) -> Change {
        self.removed(Key::Token(self.value().id))
    }
}

impl Seen<'_, Grant> {
    /// Puts `next` in place of what was read.
    #[must_use]
    pub fn replace(&self, next: impl Into<Arc<Grant>>, expires: Timestamp) -> Change {
        self.replaced(Key::Grant(self.value().id), Record::Grant(next.into()), Some(expires))
    }

    /// Requires that the grant is still what it was.
    #[must_use]
    pub fn still(&self) -> Change {
        self.unchanged(Key::Grant(self.value().id))
    }
}

impl Seen<'_, PushedRequest> {
    /// Removes it: it was answered.
    #[must_use]
    pub fn consume(&self) -> Change {
        self.removed(Key::Pushed(self.value().id))
    }
}

impl Seen<'_, UserCode> {
    /// Removes it: it was used.
    #[must_use]
    pub fn consume(&self) -> Change {
        self.removed(Key::UserCode(self.value().id))
    }
}

impl Seen<'_, ExtensionRecord> {
    /// Removes it: it was used.
    #[must_use]
    pub fn consume(&self) -> Change {
        let key = Key::Extension(self.value().id.clone());
        self.removed(key)
    }

    /// Lets it say `value` from now on, for as long as it would have said the other.
    #[must_use]
    pub fn replace(&self, value: serde_json::Value) -> Change {
        let next = self.value().saying(value);
        let (key, expires) = (Key::Extension(next.id.clone()), next.expires);
        self.replaced(key, Record::Extension(Arc::new(next)), Some(expires))
    }

    /// Requires that it is still what it was.
    #[must_use]
    pub fn still(&self) -> Change {
        self.unchanged(Key::Extension(self.value().id.clone()))
    }
}

impl Seen<'_, RememberedConsent> {
    fn key(&self) -> Key {
        let RememberedConsent { subject, client, .. } = self.value();
        Key::Consent { subject: subject.clone(), client: client.clone() }
    }

    /// Requires that it is still what was read.
    #[must_use]
    pub fn still(&self) -> Change {
        self.unchanged(self.key())
    }

    /// Puts `next` in place of what was read.
    #[must_use]
    pub fn replace(&self, next: RememberedConsent, expires: Timestamp) -> Change {
        self.replaced(self.key(), Record::Consent(Arc::new(next)), Some(expires))
    }

    /// Removes it: the person is asked again.
    #[must_use]
    pub fn forget(&self) -> Change {
        self.removed(self.key())
    }
}

impl Change {
    /// Writes a consent that was not there before.
    #[must_use]
    pub fn new_consent(consent: RememberedConsent, expires: Timestamp) -> Self {
        let key = Key::Consent { subject: consent.subject.clone(), client: consent.client.clone() };
        Self::insert(key, Record::Consent(Arc::new(consent)), expires)
    }

    /// Uses something that is good for one use, and would be taken until `expires`.
    #[must_use]
    pub const fn new_seen(id: Digest, expires: Timestamp) -> Self {
        Self::insert(Key::Seen(id), Record::Seen(id), expires)
    }

    /// Writes a record of the host that was not there before.
    #[must_use]
    pub fn new_extension(record: ExtensionRecord) -> Self {
        let (key, expires) = (Key::Extension(record.id.clone()), record.expires);
        Self::insert(key, Record::Extension(Arc::new(record)), expires)
    }

    /// Writes a user code that was not there before.
    #[must_use]
    pub fn new_user_code(code: UserCode, expires: Timestamp) -> Self {
        Self::insert(Key::UserCode(code.id), Record::UserCode(Arc::new(code)), expires)
    }

    /// Writes a pushed request that was not there before.
    #[must_use]
    pub fn new_pushed(pushed: PushedRequest, expires: Timestamp) -> Self {
        Self::insert(Key::Pushed(pushed.id), Record::Pushed(Arc::new(pushed)), expires)
    }

    /// Writes a grant that was not there before.
    #[must_use]
    pub fn new_grant(grant: impl Into<Arc<Grant>>, expires: Timestamp) -> Self {
        let grant = grant.into();
        Self::insert(Key::Grant(grant.id), Record::Grant(grant), expires)
    }

    /// Writes an access token that was not there before.
    #[must_use]
    pub fn new_token(token: AccessToken) -> Self {
        let expires = token.expires;
        Self::insert(Key::Token(token.id), Record::Token(Arc::new(token)), expires)
    }

    /// Registers a client under a name that was not taken before.
    #[must_use]
    pub fn new_client(client: Client) -> Self {
        let key = Key::Client(client.id().clone());
        let write = Write::Put { record: Record::Client(Arc::new(client)), expires: None };
        Self { key, expect: Expect::Absent, write }
    }

    const fn insert(key: Key, record: Record, expires: Timestamp) -> Self {
        Self { key, expect: Expect::Absent, write: Write::Put { record, expires: Some(expires) } }
    }
}
