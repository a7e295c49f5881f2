//! The one name by which a client's certificates are known [RFC 8705 §2.1.2].

use std::net::IpAddr;

use url::{Host, Url};
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::distinguished_name::DistinguishedName;
use super::{ClientFault, ClientMetadata};

/// The name that a certificate must have, in the form in which it is compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CertificateName {
    /// `tls_client_auth_subject_dn`
    Subject(DistinguishedName),
    /// `tls_client_auth_san_dns`, in lower case and in the letters of DNS.
    Dns(String),
    /// `tls_client_auth_san_uri`
    Uri(String),
    /// `tls_client_auth_san_ip`
    Ip(IpAddr),
    /// `tls_client_auth_san_email`
    Email(String),
}

impl CertificateName {
    /// The name in `metadata`: exactly one, of a form that can be compared.
    pub(super) fn of(metadata: &ClientMetadata) -> Result<Self, ClientFault> {
        let ClientMetadata {
            tls_client_auth_subject_dn: subject,
            tls_client_auth_san_dns: host,
            tls_client_auth_san_uri: address,
            tls_client_auth_san_ip: ip,
            tls_client_auth_san_email: mailbox,
            ..
        } = metadata;
        let (member, name) = match (subject, host, address, ip, mailbox) {
            (Some(text), None, None, None, None) => {
                ("tls_client_auth_subject_dn", DistinguishedName::parse(text).map(Self::Subject))
            }
            (None, Some(text), None, None, None) => ("tls_client_auth_san_dns", dns(text).map(Self::Dns)),
            (None, None, Some(text), None, None) => ("tls_client_auth_san_uri", uri(text).map(Self::Uri)),
            (None, None, None, Some(text), None) => ("tls_client_auth_san_ip", text.parse().ok().map(Self::Ip)),
            (None, None, None, None, Some(text)) => ("tls_client_auth_san_email", email(text).map(Self::Email)),
            _ => return Err(ClientFault::CertificateNames),
        };
        name.ok_or(ClientFault::CertificateName(member))
    }

    /// Whether the certificate has the name: the whole of its subject, or one of its alternative names. Wildcards are names
    /// like any other, and so are of no use.
    pub(crate) fn is_of(&self, certificate: &Certificate) -> bool {
        let certificate = certificate.tbs_certificate();
        if let Self::Subject(expected) = self {
            return DistinguishedName::of(certificate.subject()).as_ref() == Some(expected);
        }
        let Ok(Some((_, SubjectAltName(names)))) = certificate.get_extension() else { return false };
        names.iter().any(|name| self.is(name))
    }

    fn is(&self, name: &GeneralName) -> bool {
        match (self, name) {
            (Self::Dns(expected), GeneralName::DnsName(own)) => own.as_str().eq_ignore_ascii_case(expected),
            (Self::Uri(expected), GeneralName::UniformResourceIdentifier(own)) => {
                uri(own.as_str()).as_ref() == Some(expected)
            }
            // [RFC 8705 §2.1.2]: as bytes, so that an IPv4 address is no IPv6 address.
            (Self::Ip(IpAddr::V4(expected)), GeneralName::IpAddress(own)) => own.as_bytes() == expected.octets(),
            (Self::Ip(IpAddr::V6(expected)), GeneralName::IpAddress(own)) => own.as_bytes() == expected.octets(),
            (Self::Email(expected), GeneralName::Rfc822Name(own)) => email(own.as_str()).as_ref() == Some(expected),
            _ => false,
        }
    }
}

/// A host name as certificates have it [RFC 5280 §7.2].
fn dns(text: &str) -> Option<String> {
    let Ok(Host::Domain(name)) = Host::parse(text) else { return None };
    let plain = !text.contains(['*', '%']) && !name.ends_with('.');
    plain.then(|| name.to_ascii_lowercase())
}

/// An absolute URI, of which scheme and host have no case [RFC 5280 §7.4, RFC 3986 §6.2.2.1].
fn uri(text: &str) -> Option<String> {
    let plain = text.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && !br#""<>\^`{|}"#.contains(&byte));
    if !plain || Url::parse(text).is_err() {
        return None;
    }
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let Some(rest) = rest.strip_prefix("//") else { return Some(format!("{scheme}:{rest}")) };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (person, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    Some(format!("{scheme}://{person}{}{path}", host.to_ascii_lowercase()))
}

/// A mailbox, of which only the host has no case [RFC 5280 §7.5].
fn email(text: &str) -> Option<String> {
    let (mailbox, host) = text.rsplit_once('@')?;
    let plain = !mailbox.is_empty() && mailbox.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'@');
    Some(format!("{mailbox}@{}", dns(host).filter(|_| plain)?))
}
