//! A client that is known by the document that its identifier leads to [Client ID Metadata Document].

use serde::{Deserialize, Serialize};
use url::Url;

use super::client::Client;
use super::{ClientFault, ClientId, ClientMetadata};
use crate::env::Timestamp;

/// Until when a document speaks for its client.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct DocumentKept {
    pub(crate) fetched: Timestamp,
    pub(crate) until: Timestamp,
}

impl ClientId {
    /// Where its document is, if it is a URL that may lead to one [Client ID Metadata Document §3]: `https`, without user,
    /// password, fragment and dot segments, and spelled as a browser would spell it, so that one document has one name.
    #[must_use]
    pub fn document_url(&self) -> Option<Url> {
        let text = self.as_str();
        let url = Url::parse(text).ok().filter(|url| url.as_str() == text && url.scheme() == "https")?;
        let anonymous = url.username().is_empty() && url.password().is_none();
        (anonymous && url.fragment().is_none() && url.host().is_some()).then_some(url)
    }
}

impl Client {
    /// The client that the document at its identifier describes.
    pub(crate) fn of_document(id: ClientId, metadata: ClientMetadata, kept: DocumentKept) -> Result<Self, ClientFault> {
        let mut fields = Self::builder(id.as_str()).metadata(metadata).fields;
        fields.document = Some(kept);
        Self::from_fields(fields)
    }

    pub(crate) const fn document(&self) -> Option<DocumentKept> {
        self.fields.document
    }

    /// Whether it is known only by the document that its identifier leads to, which it can change at any time.
    #[must_use]
    pub const fn is_of_document(&self) -> bool {
        self.fields.document.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_spelling_of_an_https_url_is_a_document() {
        for good in [
            "https://app.example/client.json",
            "https://app.example/",
            "https://app.example:8443/a/b",
            "https://app.example/c?x=1",
            "https://app.example/a%2Fb",
            "https://[2001:db8::1]/c",
            "https://10.0.0.1/c",
        ] {
            assert_eq!(ClientId::new(good).document_url().map(String::from).as_deref(), Some(good));
        }
        for bad in [
            "app",
            "https://app.example",
            "http://app.example/c",
            "HTTPS://app.example/c",
            "https://APP.example/c",
            "https://app.example:443/c",
            "https://user@app.example/c",
            "https://:pw@app.example/c",
            "https://@app.example/c",
            "https://app.example/c#",
            "https://app.example/c#x",
            "https://app.example/./c",
            "https://app.example/a/../c",
            "https://app.example/a/%2e%2E/c",
            "https://app.example/%2e/c",
            "https://app.example/a b",
            "https://app.example\\c",
            "https:///app.example/c",
            "https:app.example/c",
            "https://0x7f.1/c",
            "https://app.example/ü",
            " https://app.example/c",
            "ftp://app.example/c",
            "urn:x",
            "",
        ] {
            assert_eq!(ClientId::new(bad).document_url(), None, "{bad}");
        }
    }
}
