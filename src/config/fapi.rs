//! What a profile asks of keys and proofs: some is turned on where nothing was said, what cannot be is refused
//! [FAPI 2.0 Security Profile §5.3.2, §5.4].

use super::fault::{ConfigFault, ensure};
use super::policy::{Practice, Stance};
use super::{Config, MutualTls};

impl Config {
    pub(super) fn settle_proofs(&mut self) -> Result<(), ConfigFault> {
        if self.policy.requires(Practice::ClientAuthenticationByKey) {
            self.settle_authentication()?;
        }
        if self.policy.requires(Practice::SenderConstrainedTokens) && !self.binds_to_certificates() {
            #[cfg(feature = "jose")]
            self.dpop.get_or_insert_default();
            ensure(self.serves_dpop(), || self.needed("mutual_tls", Practice::SenderConstrainedTokens))?;
        }
        #[cfg(not(feature = "jose"))]
        for practice in [Practice::SignedRequests, Practice::SignedResponses] {
            ensure(!self.policy.requires(practice), || self.needed("profile: needs the feature jose", practice))?;
        }
        #[cfg(feature = "jose")]
        if self.policy.fapi {
            self.narrow()?;
            self.settle_signatures()?;
        }
        Ok(())
    }

    fn settle_authentication(&mut self) -> Result<(), ConfigFault> {
        let by_certificate = self.mutual_tls.as_ref().is_some_and(MutualTls::authenticates);
        #[cfg(not(feature = "jose"))]
        return ensure(by_certificate, || self.needed("mutual_tls", Practice::ClientAuthenticationByKey));
        #[cfg(feature = "jose")]
        {
            if !by_certificate {
                self.client_assertions.get_or_insert_default();
            }
            let needed = |option| self.needed(option, Practice::ClientAuthenticationByKey);
            ensure(self.client_attestations.is_none(), || needed("client_attestations"))?;
            let mac = self.client_assertions.as_ref().is_some_and(|own| own.client_secret_jwt);
            ensure(!mac, || needed("client_assertions: client_secret_jwt"))
        }
    }

    /// Leaves the algorithms that FAPI 2.0 permits [§5.4.1], and clocks that differ as it says [§5.3.2.1].
    #[cfg(feature = "jose")]
    fn narrow(&mut self) -> Result<(), ConfigFault> {
        use crate::jose::Algorithms;

        let clocks = |tolerance: std::time::Duration| (10..=60).contains(&tolerance.as_secs());
        if let Some(own) = &mut self.client_assertions {
            own.algorithms = own.algorithms.within(Algorithms::FAPI2);
            let sound = own.algorithms != Algorithms::NONE && clocks(own.clock_tolerance);
            ensure(sound && !own.danger_accept_token_endpoint_as_audience, || ConfigFault::Fapi {
                option: "client_assertions",
                advice: "use PS256, ES256 or EdDSA, a clock tolerance of 10 to 60 s, and the issuer as the only audience",
            })?;
        }
        if let Some(own) = &mut self.dpop {
            own.algorithms = own.algorithms.within(Algorithms::FAPI2);
            ensure(own.algorithms != Algorithms::NONE && clocks(own.window), || ConfigFault::Fapi {
                option: "dpop",
                advice: "use PS256, ES256 or EdDSA, and a window of 10 to 60 s",
            })?;
        }
        let own = &mut self.signed_responses;
        own.algorithms = own.algorithms.within(Algorithms::FAPI2);
        let advice = "use PS256, ES256 or EdDSA";
        ensure(own.algorithms != Algorithms::NONE, || ConfigFault::Fapi { option: "signed_responses", advice })?;
        let advice = "use PS256, ES256 or EdDSA, and a clock tolerance of 10 to 60 s";
        let sound = |own: Algorithms, tolerance| own != Algorithms::NONE && clocks(tolerance);
        let own = &mut self.request_objects;
        own.algorithms = own.algorithms.within(Algorithms::FAPI2);
        let option = "request_objects";
        ensure(sound(own.algorithms, own.clock_tolerance), || ConfigFault::Fapi { option, advice })?;
        for own in &mut self.trusted_issuers {
            own.algorithms = own.algorithms.within(Algorithms::FAPI2);
            let option = "trust_issuer";
            ensure(sound(own.algorithms, own.clock_tolerance), || ConfigFault::Fapi { option, advice })?;
        }
        let within = |keys: &crate::jose::KeySet| keys.algorithms().within(Algorithms::FAPI2) == keys.algorithms();
        ensure(self.keys().is_none_or(within), || ConfigFault::Fapi {
            option: "keys",
            advice: "sign with PS256, ES256 or EdDSA",
        })
    }

    /// Turns on what FAPI 2.0 Message Signing asks of what is signed [§5.3.1, §5.4.1, §5.5.1].
    #[cfg(feature = "jose")]
    fn settle_signatures(&mut self) -> Result<(), ConfigFault> {
        if self.policy.requires(Practice::SignedRequests) {
            self.request_objects.required = true;
            self.request_objects.times_required = true;
            ensure(!self.request_objects.danger_accept_untyped, || ConfigFault::Fapi {
                option: "request_objects",
                advice: "take only objects that say what they are",
            })?;
        }
        if self.policy.requires(Practice::SignedResponses) {
            ensure(self.keys().is_some(), || self.needed("keys", Practice::SignedResponses))?;
            self.signed_responses.required = true;
            self.signed_introspection.get_or_insert_default();
        }
        Ok(())
    }

    /// The fault of an option that contradicts the profile.
    fn needed(&self, option: &'static str, practice: Practice) -> ConfigFault {
        let section = self.policy.rules().iter().find(|rule| rule.practice == practice).map_or("", |rule| rule.section);
        ConfigFault::Profile { option, profile: self.policy.profile(), practice, stance: Stance::Required, section }
    }
}
