//! The URI of a request, in the one form in which two of them can be compared [RFC 9449 §4.3].

use std::fmt;

use url::Url;

/// How long a URI may be, in bytes.
const LONGEST: usize = 2048;

/// An `http` or `https` URI without query and fragment, normalized by syntax and by scheme
/// [RFC 3986 §6.2.2, §6.2.3].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TargetUri(String);

impl TargetUri {
    /// Reads a URI; query and fragment are ignored. Nothing if it is none, or has a user name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // `Url` mends what is no URI; nothing that it would mend gets to it.
        let plain = |byte: u8| {
            matches!(byte, 0x21..=0x7e)
                && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
        };
        let (scheme, rest) = text.split_once("://")?;
        let known = ["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        if text.len() > LONGEST || !text.bytes().all(plain) || !known || rest.starts_with('/') {
            return None;
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let url = Url::parse(text).ok().filter(|_| !authority.contains('@'))?;
        let mut normal = format!("{}://{}", url.scheme(), url.host_str()?);
        if let Some(port) = url.port() {
            normal.push_str(&format!(":{port}"));
        }
        normalize(url.path(), &mut normal)?;
        Some(Self(normal))
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TargetUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Decodes what need not be encoded, and writes the rest in upper case [RFC 3986 §6.2.2.1, §6.2.2.2].
fn normalize(path: &str, to: &mut String) -> Option<()> {
    let mut parts = path.split('%');
    to.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        let byte = u8::from_str_radix(code, 16).ok().filter(|_| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(char::from(byte));
        } else {
            to.push('%');
            to.push_str(&code.to_ascii_uppercase());
        }
        to.push_str(rest);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_that_are_the_same_become_the_same() {
        let one = "https://as.example/a-b/token";
        for text in [
            one,
            "HTTPS://AS.Example/a-b/token",
            "https://as.example:443/a-b/token",
            "https://as.example:/a-b/token",
            "https://as.example/a%2Db/token",
            "https://as.example/a%2db/%74oken",
            "https://as.example/a-b/./token",
            "https://as.example/x/../a-b/token",
            "https://as.example/%2e/a-b/token",
            "https://as.example/a-b/token?x=y",
            "https://as.example/a-b/token#z",
            "https://as.example/a-b/token?x#z",
        ] {
            assert_eq!(TargetUri::parse(text).unwrap().as_str(), one, "{text}");
        }
        for (text, normal) in [
            ("https://as.example", "https://as.example/"),
            ("http://as.example:80?q", "http://as.example/"),
            ("http://as.example:443/", "http://as.example:443/"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("https://as.example/a%2fb", "https://as.example/a%2Fb"),
            ("https://as.example/a%c3%a4", "https://as.example/a%C3%A4"),
        ] {
            assert_eq!(TargetUri::parse(text).unwrap().as_str(), normal, "{text}");
        }
    }

    #[test]
    fn uris_that_differ_stay_different() {
        let one = TargetUri::parse("https://as.example/token");
        for text in [
            "http://as.example/token",
            "https://as.example:8443/token",
            "https://as.example./token",
            "https://as.example/Token",
            "https://as.example/token/",
            "https://as.example//token",
            "https://as.example/a%2Ftoken",
            "https://evil.example/token",
            "https://as.example.evil.example/token",
        ] {
            let other = TargetUri::parse(text);
            assert!(other.is_some() && other != one, "{text}");
        }
    }

    #[test]
    fn what_is_no_uri_is_nothing() {
        for text in [
            "",
            "/token",
            "as.example/token",
            "https:as.example/token",
            "https:///as.example/token",
            "ftp://as.example/",
            "https://user@as.example/token",
            "https://@as.example/token",
            "https://as.example\\token",
            "https://as.exam ple/",
            " https://as.example/token",
            "https://as.example/\ttoken",
            "https://as.example/%zz",
            "https://as.example/%2",
            "https://as.example/%+1",
            "https://as.example:99999/",
            "https://",
            "https://ä.example/",
            "urn:token",
        ] {
            assert_eq!(TargetUri::parse(text), None, "{text}");
        }
        assert_eq!(TargetUri::parse(&format!("https://as.example/{}", "a".repeat(LONGEST))), None);
    }
}
