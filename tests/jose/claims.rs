//! What a token claims, and when.

use std::time::Duration;

use grantor::Timestamp;
use grantor::jose::{ClaimFault, Claims, Times};
use serde_json::{Value, json};

fn claims(value: &Value) -> Result<Claims, ClaimFault> {
    Claims::parse(value.to_string().as_bytes())
}

#[test]
fn what_is_claimed_is_shown_to_nobody() {
    let shown = format!("{:?}", claims(&json!({"code": "SplxlOBeZQQYbYS6WxSbIA", "sub": "alice"})).unwrap());
    assert!(shown.contains("code") && !shown.contains("Splx") && !shown.contains("alice"), "{shown}");
}

#[test]
fn each_registered_claim_has_its_type() {
    let texts = [json!(1), json!(true), json!(null), json!([]), json!(["a"]), json!({}), json!(1.5)];
    for name in ["iss", "sub", "jti"] {
        for wrong in &texts {
            assert_eq!(claims(&json!({ name: wrong })).unwrap_err(), ClaimFault::WrongType(name), "{name} {wrong}");
        }
        assert!(claims(&json!({ name: "a" })).is_ok());
    }
    for wrong in [json!(1), json!(true), json!(null), json!([]), json!([1]), json!(["a", 1]), json!([["a"]]), json!({})]
    {
        assert_eq!(claims(&json!({ "aud": wrong })).unwrap_err(), ClaimFault::WrongType("aud"), "{wrong}");
    }
    for good in [json!("a"), json!(["a"]), json!(["a", "b"])] {
        assert!(claims(&json!({ "aud": good })).is_ok(), "{good}");
    }
    for name in ["exp", "nbf", "iat"] {
        for wrong in [json!("1"), json!(true), json!(null), json!([1]), json!({})] {
            assert_eq!(claims(&json!({ name: wrong })).unwrap_err(), ClaimFault::WrongType(name), "{name} {wrong}");
        }
        for wrong in [json!(-1), json!(-0.5), json!(253_402_300_800_u64), json!(u64::MAX), json!(1e20), json!(1e300)] {
            let fault = claims(&json!({ name: wrong })).err();
            let rounded = name == "nbf" && wrong == json!(-0.5);
            assert_eq!(fault, (!rounded).then_some(ClaimFault::OutOfRange(name)), "{name} {wrong}");
        }
        assert!(claims(&json!({ name: 253_402_300_799_u64 })).is_ok());
    }
    for wrong in ["[]", "1", "null", "", "{\"a\":1,\"a\":1}", "{\"a\":{\"b\":1,\"b\":1}}"] {
        assert_eq!(Claims::parse(wrong.as_bytes()).unwrap_err(), ClaimFault::NotAnObject, "{wrong}");
    }
}

#[test]
fn parts_of_a_second_count_against_the_token() {
    let read = claims(&json!({ "exp": 10.9, "nbf": 10.1, "iat": 10.9 })).unwrap();
    let at = |seconds| Some(Timestamp::from_unix(seconds));
    assert_eq!((read.expires(), read.not_before(), read.issued()), (at(10), at(11), at(10)));
}

#[test]
fn required_claims_are_there_and_not_empty() {
    let none = claims(&json!({})).unwrap();
    assert_eq!(none.issuer(), Err(ClaimFault::Missing("iss")));
    assert_eq!(none.subject(), Err(ClaimFault::Missing("sub")));
    assert_eq!(none.id(), Err(ClaimFault::Missing("jti")));
    assert_eq!(none.require_issuer("i"), Err(ClaimFault::Missing("iss")));
    assert_eq!(none.require_audience(&["a"]), Err(ClaimFault::Missing("aud")));
    assert_eq!(none.require_sole_audience("a"), Err(ClaimFault::Missing("aud")));
    assert_eq!(none.require_times(&Times::at(Timestamp::from_unix(1))), Err(ClaimFault::Missing("exp")));
    let times = Times::at(Timestamp::from_unix(1)).expiry_optional();
    assert_eq!(none.require_times(&times), Ok(()));
    assert_eq!(none.require_times(&times.issued_within(Duration::from_secs(1))), Err(ClaimFault::Missing("iat")));
    let empty = claims(&json!({ "iss": "", "sub": "", "jti": "" })).unwrap();
    assert_eq!(empty.issuer(), Err(ClaimFault::WrongType("iss")));
    assert_eq!(empty.subject(), Err(ClaimFault::WrongType("sub")));
    assert_eq!(empty.id(), Err(ClaimFault::WrongType("jti")));
}

#[test]
fn issuer_and_audience_are_compared_byte_by_byte() {
    let one = claims(&json!({ "iss": "https://as.example", "aud": "a" })).unwrap();
    assert_eq!(one.require_issuer("https://as.example"), Ok(()));
    for other in ["https://as.example/", "https://AS.example", "https://as.exampl", ""] {
        assert_eq!(one.require_issuer(other), Err(ClaimFault::Issuer), "{other}");
    }
    assert_eq!(one.require_audience(&["b", "a"]), Ok(()));
    assert_eq!(one.require_audience(&["A"]), Err(ClaimFault::Audience));
    assert_eq!(one.require_audience(&[]), Err(ClaimFault::Audience));
    assert_eq!(one.require_sole_audience("a"), Ok(()));
    let list = claims(&json!({ "aud": ["a"] })).unwrap();
    assert_eq!(list.require_sole_audience("a"), Ok(()));
    let two = claims(&json!({ "aud": ["a", "b"] })).unwrap();
    assert_eq!(two.require_audience(&["b"]), Ok(()));
    assert_eq!(two.require_sole_audience("a"), Err(ClaimFault::Audience));
}

/// Each boundary from both sides, with clocks that agree and with clocks that differ by 10 s at most.
#[test]
fn time_at_every_boundary() {
    let at = |now: u64, tolerance: u64| {
        Times::at(Timestamp::from_unix(now)).tolerance(Duration::from_secs(tolerance)).expiry_optional()
    };
    let judge = |value: Value, times: Times| claims(&value).unwrap().require_times(&times);
    for tolerance in [0, 10] {
        // [RFC 7519 §4.1.4]: on or after the expiry it is not accepted.
        let exp = json!({ "exp": 1000 });
        assert_eq!(judge(exp.clone(), at(999 + tolerance, tolerance)), Ok(()));
        assert_eq!(judge(exp, at(1000 + tolerance, tolerance)), Err(ClaimFault::Expired));
        // [RFC 7519 §4.1.5]: before this it is not accepted.
        for name in ["nbf", "iat"] {
            let begins = json!({ name: 1000 });
            assert_eq!(judge(begins.clone(), at(999 - tolerance, tolerance)), Err(ClaimFault::NotYetValid), "{name}");
            assert_eq!(judge(begins, at(1000 - tolerance, tolerance)), Ok(()), "{name}");
        }
        let fresh = |now| at(now, tolerance).issued_within(Duration::from_secs(60));
        let iat = json!({ "iat": 1000 });
        assert_eq!(judge(iat.clone(), fresh(1060 + tolerance)), Ok(()));
        assert_eq!(judge(iat, fresh(1061 + tolerance)), Err(ClaimFault::TooOld));
        let short = at(1000, tolerance).living_at_most(Duration::from_secs(60));
        assert_eq!(judge(json!({ "exp": 1060 + tolerance }), short), Ok(()));
        assert_eq!(judge(json!({ "exp": 1061 + tolerance }), short), Err(ClaimFault::LivesTooLong));
    }
    // The ends of time are no reason to panic.
    let end = json!({ "exp": 253_402_300_799_u64, "iat": 0, "nbf": 0 });
    let ever = Duration::from_secs(u64::MAX);
    assert_eq!(judge(end.clone(), at(u64::MAX, 0)), Err(ClaimFault::Expired));
    assert_eq!(judge(end.clone(), at(0, u64::MAX).living_at_most(ever).issued_within(ever)), Ok(()));
    assert_eq!(judge(end, at(u64::MAX, u64::MAX).living_at_most(ever).issued_within(ever)), Ok(()));
}
