//! Distinguished names, as texts and as certificates have them, in one form that can be compared.

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Any, Decode as _, Encode as _, Tag, Tagged as _};
use x509_cert::name::Name;

/// A name in the order of a certificate: what `distinguishedNameMatch` would find equal is equal [RFC 4517 §4.2.15].
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct DistinguishedName(Vec<Vec<Attribute>>);

/// One attribute of a relative name, which are kept in order.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Attribute {
    kind: ObjectIdentifier,
    value: Value,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Value {
    /// A text, prepared for comparison [RFC 4518].
    Text(String),
    /// Anything else is compared byte by byte.
    Der(Vec<u8>),
}

/// The names of attribute types [RFC 4514 §3], and some more that certificates have. All of them match without regard to
/// case [RFC 4519 §2].
const KINDS: [(&str, ObjectIdentifier); 18] = [
    ("CN", oid("2.5.4.3")),
    ("L", oid("2.5.4.7")),
    ("ST", oid("2.5.4.8")),
    ("O", oid("2.5.4.10")),
    ("OU", oid("2.5.4.11")),
    ("C", oid("2.5.4.6")),
    ("STREET", oid("2.5.4.9")),
    ("DC", oid("0.9.2342.19200300.100.1.25")),
    ("UID", oid("0.9.2342.19200300.100.1.1")),
    ("SN", oid("2.5.4.4")),
    ("serialNumber", oid("2.5.4.5")),
    ("title", oid("2.5.4.12")),
    ("businessCategory", oid("2.5.4.15")),
    ("postalCode", oid("2.5.4.17")),
    ("givenName", oid("2.5.4.42")),
    ("organizationIdentifier", oid("2.5.4.97")),
    ("emailAddress", oid("1.2.840.113549.1.9.1")),
    ("jurisdictionC", oid("1.3.6.1.4.1.311.60.2.1.3")),
];

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

impl DistinguishedName {
    /// Reads a text strictly, or nothing if it is none or could never match [RFC 4514 §3].
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = Some(text);
        let mut names = Vec::new();
        while let Some(text) = rest {
            let (mut name, mut text) = (Vec::new(), text);
            rest = loop {
                let (attribute, end) = Attribute::parse(text)?;
                name.push(attribute);
                match end {
                    Some(('+', more)) => text = more,
                    Some((_, more)) => break Some(more),
                    None => break None,
                }
            };
            name.sort();
            names.push(name);
        }
        // [RFC 4514 §2.1]: a text begins with the last one.
        names.reverse();
        Some(Self(names))
    }

    /// The name of a certificate, or nothing if some part of it can be compared with nothing.
    pub(crate) fn of(name: &Name) -> Option<Self> {
        let relative = |name: &x509_cert::name::RelativeDistinguishedName| {
            let attributes =
                name.iter().map(|own| Some(Attribute { kind: own.oid, value: Value::of(own.oid, &own.value)? }));
            let mut attributes = attributes.collect::<Option<Vec<_>>>()?;
            attributes.sort();
            Some(attributes)
        };
        name.iter_rdn().map(relative).collect::<Option<_>>().map(Self)
    }
}

impl Attribute {
    /// Reads one attribute, and gives the separator behind it with what follows.
    fn parse(text: &str) -> Option<(Self, Option<(char, &str)>)> {
        let (kind, text) = text.split_once('=')?;
        let known = KINDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)).map(|(_, kind)| *kind);
        let kind = match known {
            Some(kind) => kind,
            None => ObjectIdentifier::new(kind).ok()?,
        };
        let (value, end) = match text.strip_prefix('#') {
            Some(text) => {
                let end = text.find([',', '+']).unwrap_or(text.len());
                let (digits, rest) = text.split_at(end);
                (Value::of(kind, &Any::from_der(&unhex(digits)?).ok()?)?, rest)
            }
            None => {
                let (value, rest) = unescape(text)?;
                (Value::text(kind, &value)?, rest)
            }
        };
        let separator = end.chars().next();
        Some((Self { kind, value }, separator.map(|separator| (separator, end.get(1..).unwrap_or_default()))))
    }
}

impl Value {
    fn of(kind: ObjectIdentifier, value: &Any) -> Option<Self> {
        const ASCII: [Tag; 4] = [Tag::PrintableString, Tag::Ia5String, Tag::VisibleString, Tag::NumericString];
        let (tag, bytes) = (value.tag(), value.value());
        let text = if tag == Tag::Utf8String {
            str::from_utf8(bytes).ok()?.to_owned()
        } else if ASCII.contains(&tag) {
            str::from_utf8(bytes).ok().filter(|text| text.is_ascii())?.to_owned()
        } else if tag == Tag::BmpString {
            let (units, rest) = bytes.as_chunks();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            char::decode_utf16(units).collect::<Result<_, _>>().ok().filter(|_| rest.is_empty())?
        } else {
            // Among them T.61, of which nobody knows what its bytes mean.
            return value.to_der().ok().map(Self::Der);
        };
        Self::text(kind, &text)
    }

    /// The text as it is compared, or nothing if it cannot be: with control characters, above all NUL, one text is easily
    /// taken for another [RFC 8705 §7.5].
    fn text(kind: ObjectIdentifier, text: &str) -> Option<Self> {
        if text.chars().any(char::is_control) {
            return None;
        }
        let fold = KINDS.iter().any(|(_, known)| *known == kind);
        let folded = stringprep::x520prep(text, fold).ok()?;
        let normal = stringprep::x520prep(&folded, false).ok()?;
        // [RFC 4518 §2.6.1]: spaces count once, and not at the ends.
        let words: Vec<_> = normal.split(' ').filter(|word| !word.is_empty()).collect();
        (!words.is_empty()).then(|| Self::Text(words.join(" ")))
    }
}

/// Takes a value off the front of `text`, with its escapes undone [RFC 4514 §2.4, §3].
fn unescape(text: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::new();
    let mut open_space = text.starts_with(' ');
    let mut rest = text;
    while let Some(letter) = rest.chars().next().filter(|letter| !matches!(letter, ',' | '+')) {
        let after = rest.get(letter.len_utf8()..)?;
        // A space at either end is escaped.
        open_space = letter == ' ' && (bytes.is_empty() || after.is_empty() || after.starts_with([',', '+']));
        match letter {
            _ if open_space => break,
            '\0' | '"' | ';' | '<' | '>' => return None,
            '\\' => match after.chars().next()? {
                special @ (' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\') => {
                    bytes.push(u8::try_from(special).ok()?);
                    rest = after.get(1..)?;
                }
                _ => {
                    bytes.extend(unhex(after.get(..2)?)?);
                    rest = after.get(2..)?;
                }
            },
            _ => {
                bytes.extend(rest.get(..letter.len_utf8())?.as_bytes());
                rest = after;
            }
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (!open_space).then_some((text, rest))
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8; 2]| u8::try_from(nibble(pair[0])? << 4 | nibble(pair[1])?).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}
