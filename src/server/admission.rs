//! What a client may register: its metadata with every default filled in [RFC 7591 §2, §3.2.1].

use crate::client_auth::methods;
use crate::config::{Config, RegistrationPolicy};
use crate::ensure::ensure;
use crate::env::Timestamp;
use crate::record::{ClientFault, ClientMetadata, GrantType, ResponseType};
use crate::wire::{RegistrationRefusal, ServerMetadata};

use super::software_statement::stated;
use super::{request_object, signed_response};

/// The metadata as it is registered.
pub(super) fn admit(
    config: &Config,
    policy: &RegistrationPolicy,
    requested: &ClientMetadata,
    now: Timestamp,
) -> Result<ClientMetadata, RegistrationRefusal> {
    let mut metadata = stated(config, policy, requested, now)?.into_owned();
    let method = metadata.token_endpoint_auth_method.get_or_insert_with(|| "client_secret_basic".to_owned());
    // The secret for `client_secret_jwt` is the host's to give.
    if !methods(config).contains(&method.as_str()) || method == "client_secret_jwt" {
        return Err(RegistrationRefusal::Client(ClientFault::AuthenticationMethod(method.clone())));
    }
    let algorithm = metadata.token_endpoint_auth_signing_alg.as_ref().filter(|_| method == "private_key_jwt");
    if let Some(name) = algorithm.filter(|name| !config.assertion_algorithms().contains(name)) {
        return Err(RegistrationRefusal::Client(ClientFault::SigningAlgorithm(name.clone())));
    }
    let [signing, key_managements, encryptions] = config.introspection_protections();
    for (name, wanted, offered) in [
        ("introspection_signed_response_alg", &metadata.introspection_signed_response_alg, signing),
        ("introspection_encrypted_response_alg", &metadata.introspection_encrypted_response_alg, key_managements),
        ("introspection_encrypted_response_enc", &metadata.introspection_encrypted_response_enc, encryptions),
    ] {
        let served = wanted.as_ref().is_none_or(|wanted| offered.contains(wanted));
        ensure(served, RegistrationRefusal::Client(ClientFault::AnswerAlgorithm(name)))?;
    }
    // Without it the client's tokens would be worth more to a thief than it said.
    let unbound = !metadata.tls_client_certificate_bound_access_tokens || config.binds_to_certificates();
    ensure(unbound, RegistrationRefusal::CertificateBindingNotOffered)?;
    let unbound = !metadata.dpop_bound_access_tokens || config.serves_dpop();
    ensure(unbound, RegistrationRefusal::KeyBindingNotOffered)?;
    check_messages(config, &metadata)?;
    let code = GrantType::AuthorizationCode.as_str();
    let grant_types = metadata.grant_types.get_or_insert_with(|| vec![code.to_owned()]);
    let offered = |name: &String| config.grant_type(name).is_some_and(|one| policy.grants(one));
    if let Some(name) = grant_types.iter().find(|name| !offered(name)) {
        return Err(RegistrationRefusal::GrantTypeNotOffered(name.clone()));
    }
    let with_code = grant_types.iter().any(|name| name == code);
    let usual = || if with_code { vec!["code".to_owned()] } else { Vec::new() };
    let response_types = metadata.response_types.get_or_insert_with(usual);
    let served = |name: &String| ResponseType::parse(name).is_some_and(|one| config.answers_with(one));
    if let Some(name) = response_types.iter().find(|name| !served(name)) {
        return Err(RegistrationRefusal::ResponseTypeNotOffered(name.clone()));
    }
    let has_code = response_types.iter().any(|name| name == "code");
    ensure(has_code || !with_code, RegistrationRefusal::GrantWithoutResponseType)?;
    let scope = match metadata.scope.take().filter(|scope| !scope.is_empty()) {
        Some(scope) => scope.filtered(|word| policy.most.contains(word)),
        None => policy.default.clone(),
    };
    ensure(!scope.is_empty(), RegistrationRefusal::ScopeNotOffered)?;
    metadata.scope = Some(scope);
    // Like the scope: what is not registered cannot be asked for.
    let mut types = metadata.authorization_details_types.take().unwrap_or_default();
    types.retain(|name| config.detail_types().any(|known| known == name));
    metadata.authorization_details_types = config.detail_types().next().map(|_| types);
    Ok(metadata)
}

/// Whoever says how its requests and the responses to it are signed and encrypted shall not find out later that they are
/// not [RFC 9101 §4, §10.5; JARM §3].
fn check_messages(config: &Config, metadata: &ClientMetadata) -> Result<(), RegistrationRefusal> {
    let mut offered = ServerMetadata::default();
    request_object::describe(config, &mut offered);
    signed_response::describe(config, &mut offered);
    let signs = metadata.require_signed_request_object;
    ensure(!signs || offered.request_parameter_supported, RegistrationRefusal::SignedRequestsNotOffered)?;
    for (named, offered) in [
        (&metadata.request_object_signing_alg, &offered.request_object_signing_alg_values_supported),
        (&metadata.request_object_encryption_alg, &offered.request_object_encryption_alg_values_supported),
        (&metadata.request_object_encryption_enc, &offered.request_object_encryption_enc_values_supported),
        (&metadata.authorization_signed_response_alg, &offered.authorization_signing_alg_values_supported),
        (&metadata.authorization_encrypted_response_alg, &offered.authorization_encryption_alg_values_supported),
        (&metadata.authorization_encrypted_response_enc, &offered.authorization_encryption_enc_values_supported),
    ] {
        if let Some(name) = named.as_ref().filter(|name| !offered.contains(name)) {
            return Err(RegistrationRefusal::AlgorithmNotOffered(name.clone()));
        }
    }
    Ok(())
}
