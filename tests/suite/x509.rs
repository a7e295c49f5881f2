//! Certificates made byte by byte, so that they can hold anything; nobody looks at their signatures here.

/// What a certificate says, in DER.
#[derive(Clone)]
pub(crate) struct Making {
    /// The relative names of the subject, in the order of the certificate.
    pub(crate) subject: Vec<Vec<u8>>,
    /// The alternative names, each list an extension of its own.
    pub(crate) names: Vec<Vec<Vec<u8>>>,
    /// Algorithm and bytes of the key.
    pub(crate) key: (Vec<u8>, Vec<u8>),
    /// As `UTCTime` has it.
    pub(crate) validity: (&'static str, &'static str),
}

pub(crate) const UTF8: u8 = 0x0c;
pub(crate) const PRINTABLE: u8 = 0x13;
pub(crate) const TELETEX: u8 = 0x14;
pub(crate) const IA5: u8 = 0x16;
pub(crate) const BMP: u8 = 0x1e;

pub(crate) const CN: &str = "2.5.4.3";
pub(crate) const C: &str = "2.5.4.6";
pub(crate) const O: &str = "2.5.4.10";
pub(crate) const UID: &str = "0.9.2342.19200300.100.1.1";
pub(crate) const ED25519: &str = "1.3.101.112";

pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        0..128 => vec![tag, length[1]],
        128..256 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [&*head, content].concat()
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub(crate) fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u32> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut bytes = vec![u8::try_from(arcs[0] * 40 + arcs[1]).unwrap()];
    for arc in &arcs[2..] {
        let groups: Vec<_> =
            (0..5).rev().map(|group| arc >> (7 * group) & 0x7f).skip_while(|group| *group == 0).collect();
        let groups = if groups.is_empty() { vec![0] } else { groups };
        let last = groups.len() - 1;
        bytes.extend(
            groups
                .iter()
                .enumerate()
                .map(|(place, group)| u8::try_from(*group).unwrap() | if place < last { 0x80 } else { 0 }),
        );
    }
    tlv(0x06, &bytes)
}

/// A relative name of some attributes.
pub(crate) fn relative(attributes: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut made: Vec<_> =
        attributes.iter().map(|(kind, tag, value)| sequence(&[oid(kind), tlv(*tag, value)])).collect();
    made.sort();
    tlv(0x31, &made.concat())
}

pub(crate) fn named(kind: &str, value: &str) -> Vec<u8> {
    relative(&[(kind, UTF8, value.as_bytes())])
}

pub(crate) fn email(text: &str) -> Vec<u8> {
    tlv(0x81, text.as_bytes())
}

pub(crate) fn dns(text: &str) -> Vec<u8> {
    tlv(0x82, text.as_bytes())
}

pub(crate) fn uri(text: &str) -> Vec<u8> {
    tlv(0x86, text.as_bytes())
}

pub(crate) fn ip(bytes: &[u8]) -> Vec<u8> {
    tlv(0x87, bytes)
}

impl Default for Making {
    fn default() -> Self {
        let key = (sequence(&[oid(ED25519)]), vec![7; 32]);
        let validity = ("700101000000Z", "491231235959Z");
        Self { subject: vec![named(CN, "somebody")], names: Vec::new(), key, validity }
    }
}

impl Making {
    pub(crate) fn subject(subject: &[Vec<u8>]) -> Self {
        Self { subject: subject.to_vec(), ..Self::default() }
    }

    pub(crate) fn names(names: &[Vec<u8>]) -> Self {
        Self { names: vec![names.to_vec()], ..Self::default() }
    }

    pub(crate) fn key(algorithm: &[Vec<u8>], bytes: &[u8]) -> Self {
        Self { key: (sequence(algorithm), bytes.to_vec()), ..Self::default() }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let signed = sequence(&[oid(ED25519)]);
        let bits = |bytes: &[u8]| tlv(0x03, &[&[0], bytes].concat());
        let (from, until) = self.validity;
        let extensions = self.names.iter().map(|names| sequence(&[oid("2.5.29.17"), tlv(0x04, &sequence(names))]));
        let mut parts = vec![
            tlv(0xa0, &[2, 1, 2]),
            tlv(0x02, &[1]),
            signed.clone(),
            sequence(&[named(CN, "an issuer")]),
            sequence(&[tlv(0x17, from.as_bytes()), tlv(0x17, until.as_bytes())]),
            sequence(&self.subject),
            sequence(&[self.key.0.clone(), bits(&self.key.1)]),
        ];
        if !self.names.is_empty() {
            parts.push(tlv(0xa3, &sequence(&extensions.collect::<Vec<_>>())));
        }
        sequence(&[sequence(&parts), signed, bits(&[9; 64])])
    }
}
