//! Checking a configuration as a whole, when it is built.

use std::sync::Arc;

use super::fault::{ConfigFault, ensure};
use super::policy::{Policy, Practice};
use super::registration::RegistrationPolicy;
use super::wanted::KnownResource;
use super::{Config, ConfigBuilder, DeviceFlow, MutualTls};
use crate::record::{GrantType, Resource, Scope, web_url};

impl ConfigBuilder {
    /// Checks everything.
    ///
    /// # Errors
    ///
    /// An option is dangerous, contradicts another, or could not work; the error names it and says what to do.
    pub fn build(self) -> Result<Arc<Config>, ConfigFault> {
        #[cfg(feature = "jose")]
        let jwt = self.jwt_access_tokens;
        #[rustfmt::skip]
        let Self {
            mut config, scopes, sensitive, default_scope, audience, resources, profile, choices, registration, ..
        } = self;
        config.policy = profile.policy();
        choices.into_iter().try_for_each(|(practice, stance)| config.policy.choose(practice, stance))?;
        config.issuer_path = issuer_path(&config.issuer)?;
        if let Some(bad) =
            scopes.iter().find(|word| word.contains(' ') || Scope::parse(word).is_ok_and(|one| one.is_empty()))
        {
            return Err(ConfigFault::Scope(bad.clone()));
        }
        config.scopes = Scope::parse(&scopes.join(" ")).map_err(|_| ConfigFault::Scope(scopes.join(" ")))?;
        let sensitive = sensitive.join(" ");
        config.sensitive = Scope::parse(&sensitive).map_err(|_| ConfigFault::SensitiveScope(sensitive))?;
        config.check_sensitive_scopes()?;
        config.default_scope = Scope::parse(&default_scope).map_err(|_| ConfigFault::DefaultScope(default_scope))?;
        let unknown = config.default_scope.without(&config.scopes);
        ensure(unknown.is_empty(), || ConfigFault::DefaultScope(unknown.as_str().to_owned()))?;
        config.audience = audience
            .iter()
            .map(|text| Resource::parse(text).map_err(|_| ConfigFault::Audience(text.clone())))
            .collect::<Result<_, _>>()?;
        for (name, scopes) in resources {
            let known = KnownResource::parse(&config.scopes, &name, scopes.as_deref());
            config.resources.push(known.ok_or(ConfigFault::Resource(name))?);
        }
        let nowhere = config.policy.requires(Practice::ResourceIndicator) && config.known_resources().next().is_none();
        ensure(!nowhere, || ConfigFault::ResourceMissing)?;
        config.lifetimes.check()?;
        let longest = config.policy.longest_access_token();
        ensure(longest.is_none_or(|longest| config.lifetimes.access_token <= longest), || ConfigFault::Lifetime {
            option: "access_token",
            advice: "set it to what the profile allows at most; print the profile to see it",
        })?;
        let codes = config.lifetimes.code;
        ensure(!config.policy.fapi || codes <= Policy::LONGEST_FAPI_CODE, || ConfigFault::Fapi {
            option: "lifetimes: code",
            advice: "set it to 60 s at most",
        })?;
        let pushed = config.lifetimes.pushed_request.as_secs();
        ensure(!config.policy.fapi || pushed < 600, || ConfigFault::Fapi {
            option: "lifetimes: pushed_request",
            advice: "set it to less than 600 s",
        })?;
        let limits = &config.limits;
        // Any request needs this much: a code with its verifier, and a redirect URI.
        ensure(limits.body >= 1024 && limits.parameters >= 16 && limits.value >= 256, || ConfigFault::Limits)?;
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let brand = &config.brand;
        ensure(brand.len() <= 32 && brand.bytes().all(word), || ConfigFault::Brand(brand.clone()))?;
        let realm = &config.realm;
        let quotable = |byte: u8| matches!(byte, 0x20..=0x7e) && !matches!(byte, b'"' | b'\\');
        ensure(!realm.is_empty() && realm.bytes().all(quotable), || ConfigFault::Realm(realm.as_ref().to_owned()))?;
        let word = |value: &&String| value.is_empty() || value.contains(' ') || !value.bytes().all(quotable);
        let bad = config.acr_values.iter().find(word);
        ensure(bad.is_none(), || ConfigFault::AcrValue(bad.cloned().unwrap_or_default()))?;
        config.keys.check(&config.lifetimes)?;
        config.about.check()?;
        config.cors.check()?;
        check_detail_types(&config)?;
        check_extensions(&config)?;
        config.paths.check()?;
        config.device_flow.as_ref().map_or(Ok(()), DeviceFlow::check)?;
        config.settle_proofs()?;
        config.mutual_tls.as_ref().map_or(Ok(()), MutualTls::check)?;
        config.saml2_bearer.as_ref().map_or(Ok(()), |served| served.check(&config))?;
        #[cfg(feature = "jose")]
        config.dpop.as_ref().map_or(Ok(()), super::Dpop::check)?;
        #[cfg(feature = "jose")]
        config.client_assertions.as_ref().map_or(Ok(()), super::ClientAssertions::check)?;
        #[cfg(feature = "jose")]
        config.client_attestations.as_ref().map_or(Ok(()), super::ClientAttestations::check)?;
        #[cfg(feature = "jose")]
        config.signed_introspection.as_ref().map_or(Ok(()), |signed| signed.check(&config))?;
        #[cfg(feature = "jose")]
        if let Some(wanted) = jwt {
            config.jwt = Some(super::jwt_access_tokens::JwtIssue::new(&wanted, &config)?);
        }
        #[cfg(feature = "jose")]
        config.request_objects.check()?;
        #[cfg(feature = "jose")]
        config.check_trusted_issuers()?;
        #[cfg(feature = "jose")]
        config.check_id_jags()?;
        #[cfg(feature = "jose")]
        config.signed_responses().map_or(Ok(()), |responses| responses.check(&config))?;
        config.registration =
            registration.map(|registration| RegistrationPolicy::new(registration, &config)).transpose()?;
        config.client_documents.check(&config)?;
        Ok(Arc::new(config))
    }
}

/// Names are printable ASCII, which nobody mistypes [RFC 9396 §2.1], and each stands for one type.
fn check_detail_types(config: &Config) -> Result<(), ConfigFault> {
    let plain = |name: &str| !name.is_empty() && name.bytes().all(|byte| matches!(byte, 0x21..=0x7e));
    for (place, name) in config.detail_types().enumerate() {
        let known = config.detail_types().take(place).any(|earlier| earlier == name);
        ensure(plain(name) && !known, || ConfigFault::DetailType(name.to_owned()))?;
    }
    Ok(())
}

fn check_extensions(config: &Config) -> Result<(), ConfigFault> {
    for (place, extension) in config.extensions.iter().enumerate() {
        let name = extension.grant_type();
        let known = config.extensions.iter().take(place).any(|earlier| earlier.grant_type() == name);
        let free = GrantType::parse(name).is_none() && !known;
        let uri = url::Url::parse(name).is_ok() && name.bytes().all(|byte| matches!(byte, 0x21..=0x7e));
        ensure(free && uri, || ConfigFault::ExtensionGrant(name.to_owned()))?;
    }
    Ok(())
}

/// [RFC 8414 §2]: `https`, no query, no fragment; `http` only where the network is the machine itself.
fn issuer_path(issuer: &str) -> Result<String, ConfigFault> {
    let fault = || ConfigFault::Issuer(issuer.to_owned());
    let url = web_url(issuer).ok_or_else(fault)?;
    let bare = url.query().is_none() && url.fragment().is_none();
    let path = url.path().strip_suffix('/').unwrap_or(url.path());
    // Clients compare issuers as strings, so there is one spelling only.
    let canonical = format!("{}{path}", url.origin().ascii_serialization()) == issuer;
    ensure(bare && canonical && !path.contains("//"), fault)?;
    Ok(path.to_owned())
}
