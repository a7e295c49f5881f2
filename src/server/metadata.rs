//! Metadata, derived from the configuration: what is not there is not said [RFC 8414].

use super::{request_object, signed_response};
use crate::client_auth::methods;
use crate::config::Config;
use crate::proof::pkce::ChallengeMethod;
use crate::record::ResponseType;
use crate::wire::{EndpointAliases, ResponseMode, ServerMetadata};

impl Config {
    /// What the server says of itself.
    #[must_use]
    pub fn metadata(&self) -> ServerMetadata {
        let below = |path: &str| Some(format!("{}{path}", self.issuer()));
        let methods: Vec<_> = methods(self).into_iter().map(str::to_owned).collect();
        let algorithms = self.assertion_algorithms();
        let challenges =
            [ChallengeMethod::S256, ChallengeMethod::Plain].into_iter().filter(|method| self.accepts(*method));
        let [signing, key_managements, encryptions] = self.introspection_protections();
        let about = self.about();
        let resources = self.known_resources().filter(|_| about.protected_resources);
        let mut metadata = ServerMetadata {
            issuer: self.issuer().to_owned(),
            authorization_endpoint: below(&self.paths().authorization),
            token_endpoint: below(&self.paths().token),
            jwks_uri: below(&self.paths().jwks).filter(|_| self.publishes_keys()),
            scopes_supported: self.scopes().words().map(str::to_owned).collect(),
            authorization_details_types_supported: self.detail_types().map(str::to_owned).collect(),
            response_types_supported: ResponseType::ALL
                .iter()
                .filter(|response_type| self.answers_with(**response_type))
                .map(|response_type| response_type.as_str().to_owned())
                .collect(),
            response_modes_supported: self.response_modes(),
            grant_types_supported: self.grant_types().map(|grant| grant.as_str().to_owned()).collect(),
            authorization_grant_profiles_supported: self.grant_profiles(),
            identity_chaining_requested_token_types_supported: self.chaining_token_types(),
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            revocation_endpoint: below(&self.paths().revocation),
            revocation_endpoint_auth_methods_supported: methods.clone(),
            revocation_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            introspection_endpoint: below(&self.paths().introspection),
            introspection_endpoint_auth_methods_supported: methods,
            introspection_endpoint_auth_signing_alg_values_supported: algorithms,
            introspection_signing_alg_values_supported: signing,
            introspection_encryption_alg_values_supported: key_managements,
            introspection_encryption_enc_values_supported: encryptions,
            registration_endpoint: self.registration().and_then(|_| below(&self.paths().registration)),
            client_id_metadata_document_supported: self.client_documents().is_some(),
            device_authorization_endpoint: self.device_flow().and_then(|_| below(&self.paths().device_authorization)),
            pushed_authorization_request_endpoint: below(&self.paths().pushed_authorization_request),
            require_pushed_authorization_requests: self.requires_push(),
            tls_client_certificate_bound_access_tokens: self.binds_to_certificates(),
            client_attestation_signing_alg_values_supported: self.attestation_algorithms(),
            client_attestation_pop_signing_alg_values_supported: self.attestation_algorithms(),
            dpop_signing_alg_values_supported: self.proof_algorithms(),
            mtls_endpoint_aliases: self.endpoint_aliases(),
            code_challenge_methods_supported: challenges.map(|method| method.as_str().to_owned()).collect(),
            acr_values_supported: self.acr_values().to_vec(),
            service_documentation: about.service_documentation.clone(),
            ui_locales_supported: about.ui_locales.clone(),
            op_policy_uri: about.op_policy_uri.clone(),
            op_tos_uri: about.op_tos_uri.clone(),
            protected_resources: resources.map(|resource| resource.as_str().to_owned()).collect(),
            authorization_response_iss_parameter_supported: true,
            ..ServerMetadata::default()
        };
        request_object::describe(self, &mut metadata);
        signed_response::describe(self, &mut metadata);
        metadata
    }

    fn response_modes(&self) -> Vec<String> {
        let served = ResponseMode::ALL.iter().filter(|mode| !mode.is_signed() || self.signs_responses());
        served.map(|mode| mode.as_str().to_owned()).collect()
    }

    /// Of the endpoints that clients call themselves.
    fn endpoint_aliases(&self) -> Option<EndpointAliases> {
        let base = self.mutual_tls()?.endpoint_aliases.as_ref()?;
        let (below, paths) = (|path: &str| Some(format!("{base}{path}")), self.paths());
        Some(EndpointAliases {
            token_endpoint: below(&paths.token),
            revocation_endpoint: below(&paths.revocation),
            introspection_endpoint: below(&paths.introspection),
            device_authorization_endpoint: self.device_flow().and_then(|_| below(&paths.device_authorization)),
            pushed_authorization_request_endpoint: below(&paths.pushed_authorization_request),
        })
    }
}
