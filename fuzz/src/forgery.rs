//! Signed tokens of which anything can be wrong.

use arbitrary::Arbitrary;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::jose::PrivateKey;
use serde_json::{Map, Value, json};

/// What is changed of a good token before it is signed, and after.
#[derive(Arbitrary, Debug)]
pub struct Forgery<'a> {
    header: Vec<(u8, Member<'a>)>,
    claims: Vec<(u8, Member<'a>)>,
    /// What stands in the place of the claims.
    payload: Option<&'a [u8]>,
    /// Bytes of the token that are changed after it was signed.
    broken: Option<(u16, u8)>,
}

#[derive(Arbitrary, Debug)]
enum Member<'a> {
    Absent,
    Text(&'a str),
    Number(i64),
    Truth(bool),
    List(Vec<&'a str>),
    Object(Vec<(&'a str, &'a str)>),
}

/// A token, and what was signed.
#[derive(Debug)]
pub struct Forged {
    /// The token.
    pub text: String,
    /// Whether it is as it was signed.
    pub whole: bool,
    /// What was signed.
    pub payload: Vec<u8>,
}

const HEADER: [&str; 8] = ["alg", "typ", "kid", "crit", "jwk", "b64", "cty", "x"];

impl Forgery<'_> {
    /// The token of this header and these claims, once changed; `names` are the claims that are worth a change. Nothing if its
    /// bytes are no text any more.
    #[must_use]
    pub fn token(&self, key: &PrivateKey, mut header: Value, mut claims: Value, names: &[&str]) -> Option<Forged> {
        change(&mut header, &self.header, &HEADER);
        change(&mut claims, &self.claims, names);
        let payload = self.payload.map_or_else(|| claims.to_string().into_bytes(), <[u8]>::to_vec);
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(&payload));
        let signature = key.sign(signed.as_bytes()).ok()?;
        let good = format!("{signed}.{}", encode(&signature)).into_bytes();
        let mut token = good.clone();
        if let Some((at, to)) = self.broken {
            let at = usize::from(at) % token.len();
            token[at] = to;
        }
        Some(Forged { whole: token == good, text: String::from_utf8(token).ok()?, payload })
    }
}

fn change(object: &mut Value, changes: &[(u8, Member<'_>)], names: &[&str]) {
    let Some(members) = object.as_object_mut() else { return };
    changes.iter().for_each(|(at, member)| member.set(names[usize::from(*at) % names.len()], members));
}

impl Member<'_> {
    fn set(&self, name: &str, members: &mut Map<String, Value>) {
        let value = match self {
            Self::Absent => return drop(members.remove(name)),
            Self::Text(text) => json!(text),
            Self::Number(number) => json!(number),
            Self::Truth(truth) => json!(truth),
            Self::List(list) => json!(list),
            Self::Object(object) => Value::Object(object.iter().map(|(n, v)| ((*n).to_owned(), json!(v))).collect()),
        };
        members.insert(name.to_owned(), value);
    }
}
