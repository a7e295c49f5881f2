//! For how long an answer may be used again [RFC 9111 §4.2, §5.2.2]. What cannot be read is not fresh.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, EXPIRES, HeaderName};

/// The rules for a cache that serves many; absent where the answer does not say.
pub(super) fn fresh_for(headers: &HeaderMap) -> Option<Duration> {
    let directives = || {
        let values = headers.get_all(CACHE_CONTROL).iter().map(|value| value.to_str().unwrap_or("no-store"));
        values.flat_map(|value| value.split(',')).map(str::trim)
    };
    let named =
        |directive: &str, name: &str| directive.split('=').next().is_some_and(|own| own.eq_ignore_ascii_case(name));
    let forbids = |directive| ["no-store", "no-cache", "private"].iter().any(|name| named(directive, name));
    if directives().any(forbids) {
        return Some(Duration::ZERO);
    }
    let said = ["s-maxage", "max-age"].iter().find_map(|name| directives().find(|directive| named(directive, name)));
    match said.map(|directive| directive.split_once('=').and_then(|(_, value)| seconds(value))) {
        Some(lifetime) => Some(lifetime.unwrap_or_default().saturating_sub(age(headers))),
        // A moment by another clock; only who says nothing is given the usual time.
        None if headers.contains_key(EXPIRES) => Some(Duration::ZERO),
        None => None,
    }
}

/// How long caches on the way had it already.
fn age(headers: &HeaderMap) -> Duration {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    text(AGE).map_or(Duration::ZERO, |age| seconds(age).unwrap_or(Duration::MAX))
}

fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim().trim_matches('"');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // [RFC 9111 §1.2.2]: more than fits is as much as fits.
    digits.then(|| Duration::from_secs(text.parse::<u32>().unwrap_or(u32::MAX).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &'static str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, http::HeaderValue::from_static(value));
        }
        fresh_for(&headers).map(|time| time.as_secs())
    }

    #[test]
    fn an_answer_is_fresh_as_long_as_it_says() {
        for (headers, expected) in [
            (&[][..], None),
            (&[("cache-control", "public")], None),
            (&[("cache-control", "public, max-age=600")], Some(600)),
            (&[("cache-control", "Max-Age=\"600\"")], Some(600)),
            (&[("cache-control", "max-age=600, s-maxage=30")], Some(30)),
            (&[("cache-control", "max-age=600"), ("age", "500")], Some(100)),
            (&[("cache-control", "max-age=600"), ("age", "700")], Some(0)),
            (&[("cache-control", "max-age=600"), ("age", "soon")], Some(0)),
            (&[("cache-control", "max-age=600"), ("cache-control", "no-cache")], Some(0)),
            (&[("cache-control", "max-age=600, No-Store")], Some(0)),
            (&[("cache-control", "private=\"x\", max-age=600")], Some(0)),
            (&[("cache-control", "max-age=-1")], Some(0)),
            (&[("cache-control", "max-age")], Some(0)),
            (&[("cache-control", "max-age=99999999999999999999")], Some(u64::from(u32::MAX))),
            (&[("expires", "0")], Some(0)),
            (&[("expires", "0"), ("cache-control", "max-age=60")], Some(60)),
            (&[("cache-control", "x-max-age=60")], None),
        ] {
            assert_eq!(of(headers), expected, "{headers:?}");
        }
    }
}
