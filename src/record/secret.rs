//! Secrets and what may be kept of them: handles travel, digests stay.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::base64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing, optimization_barrier};

use crate::env::{Env, Label};
use crate::sha256::Ending;

/// The name of a grant: 128 random bits, no secret.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct GrantId([u8; 16]);

impl GrantId {
    /// The grant of these 16 bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes; a store may partition by them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn mint(env: &Env) -> Self {
        Self(head(&env.derive(const { Label::new("grant") })))
    }

    /// The place of a grant's name in the token of a client that registers itself.
    pub(crate) fn mint_for_client(env: &Env) -> Self {
        Self(head(&env.derive("client")))
    }
}

/// One word, where an array would add its length.
impl Hash for GrantId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(u128::from_ne_bytes(self.0));
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrantId({self})")
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64::URL.encode(self.0))
    }
}

/// The SHA-256 of a secret of at least 128 random bits.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `secret`.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        const ALONE: Option<Ending> = Ending::of(b"");
        Self(match ALONE.zip(secret.try_into().ok()) {
            Some((ending, secret)) => ending.after(secret),
            None => Sha256::digest(secret).into(),
        })
    }

    /// What the thing called `id` by its `owner` is remembered as once it was used. No `kind` begins another, and the length
    /// keeps owner and id apart.
    pub(crate) fn of_use(kind: &'static str, owner: &str, id: &str) -> Self {
        let hash = Sha256::new().chain_update(kind).chain_update((owner.len() as u64).to_be_bytes());
        Self(hash.chain_update(owner).chain_update(id).finalize().into())
    }

    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what [`Self::to_base64url`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        base64::URL.fill(text, &mut digest).then_some(Self(digest))
    }

    /// Whether this is the digest of `secret`, in constant time.
    #[must_use]
    pub fn matches(&self, secret: &[u8]) -> bool {
        self.same_as(&Self::of(secret))
    }

    /// The bytes as base64url text.
    #[must_use]
    pub fn to_base64url(&self) -> String {
        base64::URL.encode(self.0)
    }

    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.words().ct_eq(&other.words()).into()
    }

    /// Words, of which a comparison in constant time takes a fifth of what it takes of bytes.
    fn words(&self) -> [u64; 4] {
        let (words, _) = self.0.as_chunks();
        let mut all = [0; 4];
        all.iter_mut().zip(words).for_each(|(to, from)| *to = u64::from_ne_bytes(*from));
        all
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint(head(&self.0))
    }
}

/// Half of a digest is as good as all of it: nobody finds two with the same half.
impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(u128::from_ne_bytes(head(&self.0)));
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "Digest({first:02x}{second:02x}..)")
    }
}

/// The first 64 bits of a digest: enough to recognise a spent token, useless to forge one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Fingerprint([u8; 8]);

/// Bytes of a secret, wiped when dropped.
#[derive(Clone)]
struct Wiped<const N: usize>([u8; N]);

impl<const N: usize> Drop for Wiped<N> {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl<const N: usize> ZeroizeOnDrop for Wiped<N> {}

/// Overwrites all at once, where `zeroize` takes byte after byte; the barrier keeps that from being optimised away.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    optimization_barrier(bytes);
}

/// A code or token as it travels: the grant that decides over it, and the secret that proves it.
#[derive(Clone)]
pub struct Handle {
    grant: GrantId,
    secret: Wiped<32>,
}

impl Handle {
    pub(crate) const fn new(grant: GrantId, secret: [u8; 32]) -> Self {
        Self { grant, secret: Wiped(secret) }
    }

    pub(crate) fn mint(grant: GrantId, env: &Env, label: Label) -> Self {
        Self::new(grant, env.derive(label))
    }

    /// Reads a handle of one brand and kind, or nothing if the text is not in canonical form.
    #[must_use]
    pub fn parse(brand: &str, kind: HandleKind, text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(brand)?.strip_prefix(kind.tag())?;
        let mut raw = Wiped([0_u8; 48]);
        if !base64::URL.fill(encoded, &mut raw.0) {
            return None;
        }
        let (grant, secret) = raw.0.split_first_chunk()?;
        Some(Self::new(GrantId(*grant), secret.try_into().ok()?))
    }

    /// The text to hand out; whoever reads it holds the token.
    #[must_use]
    pub fn expose(&self, brand: &str, kind: HandleKind) -> Exposed {
        let mut raw = Wiped([0_u8; 48]);
        let (grant, secret) = raw.0.split_at_mut(16);
        grant.copy_from_slice(&self.grant.0);
        secret.copy_from_slice(&self.secret.0);
        let mut text = String::with_capacity(brand.len() + kind.tag().len() + 64);
        text.push_str(brand);
        text.push_str(kind.tag());
        base64::URL.append(raw.0.as_slice(), &mut text);
        Exposed::new(text)
    }

    /// Appends a secret that needs no grant as base64url.
    pub(crate) fn append_secret(secret: &[u8; 32], text: &mut String) {
        base64::URL.append(secret, text);
    }

    /// Reads what [`Handle::append_secret`] wrote.
    pub(crate) fn parse_secret(text: &str) -> Option<Zeroizing<[u8; 32]>> {
        let mut secret = Zeroizing::new([0_u8; 32]);
        base64::URL.fill(text, &mut secret[..]).then_some(secret)
    }

    /// The grant that decides over this handle.
    #[must_use]
    pub const fn grant(&self) -> GrantId {
        self.grant
    }

    pub(crate) const fn secret(&self) -> &[u8; 32] {
        &self.secret.0
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.secret.0)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("grant", &self.grant).finish_non_exhaustive()
    }
}

/// What a handle is for: its text is `brand`, tag, base64url, so that secret scanners can find a leaked one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum HandleKind {
    /// An authorization code, tag `ac_`.
    Code,
    /// A device code, tag `dc_`.
    DeviceCode,
    /// An access token, tag `at_`.
    AccessToken,
    /// A refresh token, tag `rt_`.
    RefreshToken,
    /// A registration access token, tag `ra_`; in place of a grant it names its client.
    RegistrationToken,
}

impl HandleKind {
    /// The text between the brand and the encoded bytes.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Code => "ac_",
            Self::DeviceCode => "dc_",
            Self::AccessToken => "at_",
            Self::RefreshToken => "rt_",
            Self::RegistrationToken => "ra_",
        }
    }
}

/// A secret text on its way in or out: no `Display`, redacted in `Debug`, wiped when dropped.
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Exposed(String);

impl Drop for Exposed {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl Zeroize for Exposed {
    fn zeroize(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.clear();
        // What is behind the text may be of one that was here before.
        bytes.resize(bytes.capacity(), 0);
        optimization_barrier(&*bytes);
    }
}

impl ZeroizeOnDrop for Exposed {}

impl Exposed {
    /// Takes a secret text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes bytes that may be a text, and wipes them if they are none.
    pub(crate) fn from_utf8(bytes: Vec<u8>) -> Option<Self> {
        String::from_utf8(bytes).map_err(|error| error.into_bytes().zeroize()).ok().map(Self)
    }

    /// Its last `length` bytes, in the same place.
    pub(crate) fn into_last(mut self, length: usize) -> Self {
        let before = self.0.len().saturating_sub(length);
        self.0.drain(..before);
        self
    }
}

impl fmt::Debug for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exposed(..)")
    }
}

impl PartialEq for Exposed {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Exposed {}

/// The first `A` bytes of a longer array.
pub(super) fn head<const N: usize, const A: usize>(bytes: &[u8; N]) -> [u8; A] {
    const { assert!(A <= N) };
    let mut head = [0; A];
    head.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    head
}

/// Byte arrays as base64url text.
pub(crate) mod bytes {
    use super::*;

    pub(crate) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&base64::URL.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<[u8; N], D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        let bytes = base64::URL.decode(text.as_bytes()).ok_or_else(|| D::Error::custom("not base64url"))?;
        bytes.try_into().map_err(|_| D::Error::custom("bytes of the wrong length"))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        bytes::serialize(&self.0, to)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        bytes::deserialize(from).map(Self)
    }
}

impl Serialize for GrantId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        bytes::serialize(&self.0, to)
    }
}

impl<'de> Deserialize<'de> for GrantId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        bytes::deserialize(from).map(Self)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        bytes::serialize(&self.0, to)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        bytes::deserialize(from).map(Self)
    }
}
