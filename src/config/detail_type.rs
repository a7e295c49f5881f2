//! Types of authorization details, as hosts define them [RFC 9396 §2.1].

use std::fmt::Debug;

use super::Config;
use crate::record::{AuthorizationDetail, AuthorizationDetails, Client, DetailsFault, Exposed, Resource, Subject};

/// What a host knows of one type of authorization details. Every answer follows from its arguments alone.
///
/// A token may carry several details within one that was granted, and a grant may have several tokens: what may be done
/// only once is for the resource server to count, by grant.
pub trait DetailType: Debug + Send + Sync {
    /// The value of `type` that it stands for.
    fn name(&self) -> &str;

    /// Checks a detail that `client` asks for: its members, their values, and whether this client may.
    ///
    /// # Errors
    ///
    /// Why it is refused; unknown members must be [RFC 9396 §5], as [`AuthorizationDetail::only`] does.
    fn validate(&self, detail: &AuthorizationDetail, client: &Client) -> Result<(), DetailsFault>;

    /// Whether all that `requested` allows is allowed by `granted` [RFC 9396 §6.1]; what is equal is not asked about.
    fn covers(&self, granted: &AuthorizationDetail, requested: &AuthorizationDetail) -> bool {
        let _ = (granted, requested);
        false
    }

    /// What a token gets for which `requested` was asked under a grant of `granted`, if it may have it. Keep here what
    /// `enrich` or the person added and the client need not repeat.
    fn narrow(&self, granted: &AuthorizationDetail, requested: &AuthorizationDetail) -> Option<AuthorizationDetail> {
        self.covers(granted, requested).then(|| requested.clone())
    }

    /// Completes what was granted, such as with the address of an account [RFC 9396 §7.1]. The grant keeps what this
    /// gives, and tokens carry it; the subject is absent where the client acts for itself.
    fn enrich(&self, granted: AuthorizationDetail, client: &Client, subject: Option<&Subject>) -> AuthorizationDetail {
        let _ = (client, subject);
        granted
    }

    /// Whether a consent that is remembered is enough for a later request; a payment is agreed to each time.
    fn stays_granted(&self) -> bool {
        false
    }

    /// Whether much harm could be done with it, so that people are warned.
    fn is_sensitive(&self, detail: &AuthorizationDetail) -> bool {
        let _ = detail;
        false
    }

    /// Whether a resource server that serves `resources` needs to know of `granted` [RFC 9396 §9.2, §13].
    fn concerns(&self, granted: &AuthorizationDetail, resources: &[Resource]) -> bool {
        let _ = (granted, resources);
        true
    }
}

impl Config {
    /// The details that `client` asks for; a server that knows no types ignores them, as it does any parameter that it
    /// does not know [RFC 6749 §3.1].
    pub(crate) fn resolve_details(
        &self,
        client: &Client,
        requested: Option<&Exposed>,
    ) -> Result<AuthorizationDetails, DetailsFault> {
        let details = self.read_details(requested)?;
        details.iter().try_for_each(|detail| self.check_detail(detail, client))?;
        Ok(details)
    }

    /// What of `held` a token of `client` gets: everything that it still may have, or what it asks for [RFC 9396 §6].
    pub(crate) fn narrow_details(
        &self,
        client: &Client,
        held: &AuthorizationDetails,
        requested: Option<&Exposed>,
    ) -> Result<AuthorizationDetails, DetailsFault> {
        let held = held.filtered(|detail| self.permits_type(detail, client).is_ok() && !self.bars(detail, client));
        let requested = self.read_details(requested)?;
        if requested.is_empty() {
            return Ok(held);
        }
        let narrowed = requested.iter().map(|requested| {
            if held.iter().any(|held| held == requested) {
                return Ok(requested.clone());
            }
            self.check_detail(requested, client)?;
            let held = held.iter().filter(|held| same_type(held, requested));
            let narrow =
                |held| self.type_of(held)?.narrow(held, requested).filter(|narrowed| same_type(narrowed, held));
            held.into_iter().find_map(narrow).ok_or(DetailsFault::ExceedsGrant)
        });
        narrowed.collect()
    }

    /// Whether each of `requested` is within one of `granted`.
    pub(crate) fn covers_details(&self, granted: &AuthorizationDetails, requested: &AuthorizationDetails) -> bool {
        requested.iter().all(|requested| self.covers_detail(granted, requested))
    }

    /// Whether `requested` is within one of `granted`.
    pub(crate) fn covers_detail(&self, granted: &AuthorizationDetails, requested: &AuthorizationDetail) -> bool {
        let covers = |granted: &AuthorizationDetail| {
            let covers = |known: &dyn DetailType| known.covers(granted, requested);
            same_type(granted, requested) && (granted == requested || self.type_of(granted).is_some_and(covers))
        };
        granted.iter().any(covers)
    }

    /// What of `granted` can make another consent needless.
    pub(crate) fn lasting_details(&self, granted: &AuthorizationDetails) -> AuthorizationDetails {
        granted.filtered(|detail| self.type_of(detail).is_some_and(DetailType::stays_granted))
    }

    /// What of `requested` a person must still be asked for who consented to `granted` before.
    pub(crate) fn new_details(
        &self,
        granted: &AuthorizationDetails,
        requested: &AuthorizationDetails,
    ) -> AuthorizationDetails {
        let lasting = self.lasting_details(granted);
        requested.filtered(|detail| !self.covers_detail(&lasting, detail))
    }

    /// What is kept of consents to `before` and then to `granted`: the latest first, nothing that is within another,
    /// and no more than one request may have.
    pub(crate) fn remembered_details(
        &self,
        before: Option<&AuthorizationDetails>,
        granted: &AuthorizationDetails,
    ) -> AuthorizationDetails {
        let none = AuthorizationDetails::none();
        let before = before.unwrap_or(&none);
        let new = self.lasting_details(&self.new_details(before, granted));
        let old = before.filtered(|detail| !self.covers_detail(&new, detail));
        new.iter().chain(old.iter()).take(AuthorizationDetails::MOST).cloned().collect()
    }

    /// What a grant keeps of details that were granted.
    pub(crate) fn enrich_details(
        &self,
        granted: &AuthorizationDetails,
        client: &Client,
        subject: Option<&Subject>,
    ) -> AuthorizationDetails {
        if granted.is_empty() {
            return AuthorizationDetails::none();
        }
        let enrich = |detail: &AuthorizationDetail| match self.type_of(detail) {
            Some(known) => Some(known.enrich(detail.clone(), client, subject)).filter(|rich| same_type(rich, detail)),
            None => None,
        };
        granted.iter().map(|detail| enrich(detail).unwrap_or_else(|| detail.clone())).collect()
    }

    /// What of `granted` a resource server needs to know that serves `resources`.
    pub(crate) fn details_at(&self, granted: &AuthorizationDetails, resources: &[Resource]) -> AuthorizationDetails {
        granted.filtered(|detail| self.type_of(detail).is_none_or(|known| known.concerns(detail, resources)))
    }

    fn read_details(&self, requested: Option<&Exposed>) -> Result<AuthorizationDetails, DetailsFault> {
        match requested {
            Some(text) if !self.detail_types.is_empty() => AuthorizationDetails::parse(text.as_str()),
            Some(_) | None => Ok(AuthorizationDetails::none()),
        }
    }

    fn check_detail(&self, detail: &AuthorizationDetail, client: &Client) -> Result<(), DetailsFault> {
        self.permits_type(detail, client)?.validate(detail, client)?;
        if self.bars(detail, client) { Err(DetailsFault::NotAllowed) } else { Ok(()) }
    }

    fn bars(&self, detail: &AuthorizationDetail, client: &Client) -> bool {
        self.withholds_from(client) && self.is_sensitive(detail)
    }

    fn permits_type(&self, detail: &AuthorizationDetail, client: &Client) -> Result<&dyn DetailType, DetailsFault> {
        let known = self.type_of(detail).ok_or(DetailsFault::TypeUnknown)?;
        if client.may_ask_for_details(known.name()) { Ok(known) } else { Err(DetailsFault::TypeNotAllowed) }
    }

    pub(super) fn type_of(&self, detail: &AuthorizationDetail) -> Option<&dyn DetailType> {
        self.detail_types.iter().find(|known| known.name() == detail.type_name()).map(|known| &**known)
    }
}

fn same_type(one: &AuthorizationDetail, other: &AuthorizationDetail) -> bool {
    one.type_name() == other.type_name()
}
