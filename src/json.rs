//! JSON from outside: nothing in it can be read in two ways.

use serde_json::{Map, Value};

/// How deep objects and arrays may be nested.
const DEPTH: usize = 32;

/// Reads an object in which no member comes twice, at any depth [RFC 7515 §4, RFC 8725 §2.4].
pub(crate) fn object(text: &[u8]) -> Option<Map<String, Value>> {
    let Value::Object(object) = value(text)? else { return None };
    Some(object)
}

/// The same of anything else.
pub(crate) fn value(text: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(text).ok()?;
    let named = members(text)?;
    let value = serde_json::from_str(text).ok()?;
    // What comes twice in the text is kept once.
    (count(&value) == named).then_some(value)
}

/// How many members a JSON text names: each has a colon, and outside of strings nothing else has. Nothing if it is too deep.
fn members(text: &str) -> Option<usize> {
    let (mut depth, mut named, mut quoted) = (0_usize, 0, false);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => drop(bytes.next()),
            _ if quoted => {}
            b':' => named += 1,
            b'{' | b'[' if depth == DEPTH => return None,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Some(named)
}

fn count(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(members) => members.len() + members.values().map(count).sum::<usize>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_comes_once() {
        for good in [r#"{}"#, r#" {"a":1} "#, r#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#, r#"{"a":":\":","b\"":"{["}"#] {
            assert!(object(good.as_bytes()).is_some(), "{good}");
        }
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[0,[{"a":1,"a":2}]]}"#,
            r#"{"a":1}x"#,
            r#"{"a":1}{}"#,
            "[]",
            "1",
            "",
            "\u{feff}{}",
            r#"{"a":"\ud800"}"#,
            "{\"a\":\"\n\"}",
        ] {
            assert!(object(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_none());
        assert!(value(br#"[{"a":1},{"a":1}]"#).is_some() && value(br#"[{"a":1,"a":1}]"#).is_none());
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(object(nested(DEPTH - 1).as_bytes()).is_some());
        assert!(object(nested(DEPTH).as_bytes()).is_none());
        assert!(object(nested(100_000).as_bytes()).is_none());
    }
}
