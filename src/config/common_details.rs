//! Authorization details of the members that RFC 9396 itself defines.

use url::Url;

use super::detail_type::DetailType;
use crate::record::{AuthorizationDetail, Client, DetailsFault, Resource};

/// Members that are arrays of texts [RFC 9396 §2.2].
const ARRAYS: [&str; 4] = ["locations", "actions", "datatypes", "privileges"];

/// A text that names one thing at the resource.
const IDENTIFIER: &str = "identifier";

/// A type of details with the common members alone: what is asked for is the product of all values, so a detail with
/// fewer values is within one with more, as long as both have the same members [RFC 9396 §2.2].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CommonDetails {
    name: String,
    known: Vec<(&'static str, Vec<String>)>,
    stays: bool,
    sensitive: bool,
}

impl CommonDetails {
    /// The type of this name, without any member yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), known: Vec::new(), stays: false, sensitive: false }
    }

    /// Requires `locations`, out of these.
    #[must_use]
    pub fn locations<I: IntoIterator<Item: Into<String>>>(self, known: I) -> Self {
        self.with("locations", known)
    }

    /// Requires `actions`, out of these.
    #[must_use]
    pub fn actions<I: IntoIterator<Item: Into<String>>>(self, known: I) -> Self {
        self.with("actions", known)
    }

    /// Requires `datatypes`, out of these.
    #[must_use]
    pub fn datatypes<I: IntoIterator<Item: Into<String>>>(self, known: I) -> Self {
        self.with("datatypes", known)
    }

    /// Requires `privileges`, out of these.
    #[must_use]
    pub fn privileges<I: IntoIterator<Item: Into<String>>>(self, known: I) -> Self {
        self.with("privileges", known)
    }

    /// Requires `identifier`, which may be any text.
    #[must_use]
    pub fn identifier(self) -> Self {
        self.with(IDENTIFIER, Vec::<String>::new())
    }

    /// Lets a consent that is remembered be enough for later requests.
    #[must_use]
    pub const fn staying_granted(mut self) -> Self {
        self.stays = true;
        self
    }

    /// Warns people of it.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    fn with<I: IntoIterator<Item: Into<String>>>(mut self, member: &'static str, known: I) -> Self {
        self.known.retain(|(own, _)| *own != member);
        self.known.push((member, known.into_iter().map(Into::into).collect()));
        self
    }
}

impl DetailType for CommonDetails {
    fn name(&self) -> &str {
        &self.name
    }

    fn validate(&self, detail: &AuthorizationDetail, _: &Client) -> Result<(), DetailsFault> {
        let members: Vec<_> = self.known.iter().map(|(member, _)| *member).collect();
        detail.only(&members)?;
        for (member, known) in &self.known {
            if *member == IDENTIFIER {
                let named = detail.text(IDENTIFIER)?.ok_or(DetailsFault::MemberMissing)?;
                if named.is_empty() {
                    return Err(DetailsFault::MemberInvalid);
                }
                continue;
            }
            let values = detail.texts(member)?.ok_or(DetailsFault::MemberMissing)?;
            let all_known = values.iter().all(|value| known.iter().any(|known| known == value));
            if values.is_empty() || !all_known {
                return Err(DetailsFault::MemberInvalid);
            }
        }
        Ok(())
    }

    fn covers(&self, granted: &AuthorizationDetail, requested: &AuthorizationDetail) -> bool {
        let within = |member: &&str| match (granted.texts(member), requested.texts(member)) {
            (Ok(Some(granted)), Ok(Some(requested))) => requested.iter().all(|value| granted.contains(value)),
            _ => granted.member(member) == requested.member(member),
        };
        let same = |one: &AuthorizationDetail, other: &AuthorizationDetail| {
            one.members().all(|(name, value)| ARRAYS.contains(&name) || other.member(name) == Some(value))
        };
        ARRAYS.iter().all(within) && same(granted, requested) && same(requested, granted)
    }

    fn stays_granted(&self) -> bool {
        self.stays
    }

    fn is_sensitive(&self, _: &AuthorizationDetail) -> bool {
        self.sensitive
    }

    /// Those without `locations`, and those that name one of `resources` or a place below it.
    fn concerns(&self, granted: &AuthorizationDetail, resources: &[Resource]) -> bool {
        let Ok(Some(locations)) = granted.texts("locations") else { return true };
        let at = |location: &str| resources.iter().any(|resource| is_below(location, resource.as_str()));
        locations.into_iter().any(at)
    }
}

fn is_below(location: &str, resource: &str) -> bool {
    let (Ok(location), Ok(resource)) = (Url::parse(location), Url::parse(resource)) else { return false };
    let rest = location.path().strip_prefix(resource.path().trim_end_matches('/'));
    location.origin() == resource.origin() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
