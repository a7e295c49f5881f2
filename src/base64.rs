//! Base64 in canonical form or not at all [RFC 4648 §3.5]: a text that could be spelled otherwise is refused.

use base64_simd::AsOut as _;

/// With `-` and `_`, without padding [RFC 7515 §2].
pub(crate) const URL: Base64 = Base64(base64_simd::URL_SAFE_NO_PAD);

/// With `+` and `/`, with padding [RFC 4648 §4].
pub(crate) const STANDARD: Base64 = Base64(base64_simd::STANDARD);

/// One of the two alphabets.
pub(crate) struct Base64(base64_simd::Base64);

impl Base64 {
    pub(crate) fn encode(&self, bytes: impl AsRef<[u8]>) -> String {
        self.0.encode_to_string(bytes)
    }

    pub(crate) fn append(&self, bytes: impl AsRef<[u8]>, text: &mut String) {
        self.0.encode_append(bytes, text);
    }

    pub(crate) fn decode(&self, text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        self.0.decode_to_vec(text).ok()
    }

    /// Decodes exactly as many bytes; what is left in them if that fails means nothing.
    #[must_use]
    pub(crate) fn fill(&self, text: impl AsRef<[u8]>, bytes: &mut [u8]) -> bool {
        let text = text.as_ref();
        self.0.decoded_length(text).is_ok_and(|length| length == bytes.len())
            && self.0.decode(text, bytes.as_out()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn another_library_reads_the_same(text in "[A-Za-z0-9+/_=\n -]{0,9}|[A-Za-z0-9_-]{0,99}|[A-Za-z0-9+/]{0,99}={0,3}") {
            prop_assert_eq!(URL.decode(&text), general_purpose::URL_SAFE_NO_PAD.decode(&text).ok());
            prop_assert_eq!(STANDARD.decode(&text), general_purpose::STANDARD.decode(&text).ok());
        }
    }

    #[test]
    fn only_the_canonical_spelling_is_read() {
        for (text, url, standard) in [
            ("", Some(&b""[..]), Some(&b""[..])),
            ("-_8", Some(&[0xfb, 0xff]), None),
            ("+/8=", None, Some(&[0xfb, 0xff])),
            ("+/8", None, None),
            ("-_8=", None, None),
            // Bits that nothing stands for.
            ("-_9", None, None),
            ("+/9=", None, None),
            ("A", None, None),
            ("AA==", None, Some(&[0])),
            ("AAA=", None, Some(&[0, 0])),
            ("AAAA", Some(&[0; 3]), Some(&[0; 3])),
            ("AA=A", None, None),
            ("AA AA", None, None),
            ("AAAA\n", None, None),
            ("AAAA====", None, None),
            ("AAA\u{e9}", None, None),
        ] {
            assert_eq!(URL.decode(text).as_deref(), url, "{text:?}");
            assert_eq!(STANDARD.decode(text).as_deref(), standard, "{text:?}");
            for bytes in [url, standard].into_iter().flatten() {
                assert!([URL.encode(bytes), STANDARD.encode(bytes)].contains(&text.to_owned()), "{text:?}");
            }
        }
    }

    #[test]
    fn it_fills_what_it_was_given_or_says_that_it_does_not() {
        for length in [0_usize, 1, 2, 3, 16, 31, 32, 33, 48, 100] {
            let bytes: Vec<u8> = (0..length).map(|place| u8::try_from(place * 2 + 1).unwrap()).collect();
            let text = URL.encode(&bytes);
            let mut read = vec![0; length];
            assert!(URL.fill(&text, &mut read));
            assert_eq!(read, bytes);
            assert!(!URL.fill(&text, &mut vec![0; length + 1]));
            assert!(length == 0 || !URL.fill(&text, &mut vec![0; length - 1]));
            // Wherever the wrong character stands.
            for place in 0..text.len() {
                let mut wrong = text.clone().into_bytes();
                wrong[place] = b'=';
                assert!(!URL.fill(&wrong, &mut read), "{length} {place}");
            }
        }
    }
}
