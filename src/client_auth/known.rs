//! Which client a request names: one that is registered, or one that its document describes.
//!
//! ```text
//! identifier ─▶ record? ─┬─ registered, or a document that is fresh ──▶ client
//!                        └─ none, or stale ─▶ URL? ─▶ (host: may it?) ─▶ fetch ─▶ (host: may this?) ─▶ client, to be kept
//! ```

use super::methods;
use crate::config::{ClientDocuments, Config};
use crate::env::Timestamp;
use crate::fetch::Fetched;
use crate::record::{Client, ClientId, ClientMetadata, DocumentKept, GrantType, ResponseType};
use crate::snapshot::{ClientDocumentQuestion, Halt, Question, Seen, Snapshot, Verdict};
use crate::wire::{ClientDocument, ClientDocumentFault, ObjectFault};

/// The client of this name, if there is one.
pub(crate) fn find<'s, F: From<ClientDocumentFault>>(
    config: &Config,
    id: &ClientId,
    seen: &'s Snapshot,
) -> Result<Option<Seen<'s, Client>>, Halt<F>> {
    let found = seen.client(id)?;
    let fresh =
        |client: &Seen<'_, Client>| client.value().document().is_none_or(|document| seen.now() < document.until);
    let Some(documents) = config.client_documents() else {
        // Whatever was kept when they were served.
        return Ok(found.filter(|client| !client.value().is_of_document()));
    };
    if found.as_ref().is_some_and(fresh) {
        return Ok(found);
    }
    let Some(url) = id.document_url() else { return Ok(None) };
    let allowed = |metadata: Option<&ClientMetadata>| {
        let question = ClientDocumentQuestion { url: url.clone(), metadata: metadata.cloned() };
        let verdict = documents.ask_host.then(|| seen.verdict(Question::ClientDocument(Box::new(question))));
        let denied = verdict.transpose()?.is_some_and(|verdict| verdict != Verdict::Allowed);
        if denied { Err(Halt::Refused(ClientDocumentFault::Denied.into())) } else { Ok(()) }
    };
    allowed(None)?;
    let read = |fetched: &Fetched| described(config, documents, id, fetched, seen.now());
    let client = seen.client_of_document(&documents.request(url.clone()), found, read)?;
    let client = client.map_err(|fault| Halt::Refused(fault.into()))?;
    allowed(Some(client.value().metadata()))?;
    Ok(Some(client))
}

/// The client that a document describes: what it asks for and is not served here is left out, since it speaks to every
/// server alike.
fn described(
    config: &Config,
    documents: &ClientDocuments,
    id: &ClientId,
    fetched: &Fetched,
    now: Timestamp,
) -> Result<Client, ClientDocumentFault> {
    if fetched.bytes.len() > documents.max_bytes {
        return Err(ClientDocumentFault::Object(ObjectFault::TooLarge));
    }
    let ClientDocument { mut metadata } = ClientDocument::parse(fetched, id, config.limits())?;
    let named = metadata.client_name.as_deref().is_some_and(|name| !name.trim().is_empty());
    if config.requires_client_names() && !named {
        return Err(ClientDocumentFault::NameMissing);
    }
    if !methods(config).contains(&metadata.token_endpoint_auth_method.as_deref().unwrap_or("none")) {
        return Err(ClientDocumentFault::AuthenticationMethod);
    }
    // Without it the client's tokens would be worth more to a thief than it said.
    let by_certificate = metadata.tls_client_certificate_bound_access_tokens && !config.binds_to_certificates();
    let by_key = metadata.dpop_bound_access_tokens && !config.serves_dpop();
    if by_certificate || by_key {
        return Err(ClientDocumentFault::TokenBinding);
    }
    let code = || vec![GrantType::AuthorizationCode.as_str().to_owned()];
    let grant_types = metadata.grant_types.get_or_insert_with(code);
    grant_types.retain(|name| config.grant_type(name).is_some_and(|one| documents.grants(one)));
    let has = |needed: GrantType| grant_types.iter().any(|name| name == needed.as_str());
    let usable = |response_type: ResponseType| match response_type {
        ResponseType::Code => has(GrantType::AuthorizationCode),
        ResponseType::Token => has(GrantType::Implicit),
        ResponseType::None => true,
    };
    let served = |one: &ResponseType| config.answers_with(*one) && usable(*one);
    if let Some(response_types) = &mut metadata.response_types {
        response_types.retain(|name| ResponseType::parse(name).filter(served).is_some());
        // [RFC 7591 §2.1]: the grant type goes with its response type.
        if !response_types.iter().any(|name| name == "code") {
            grant_types.retain(|name| name != GrantType::AuthorizationCode.as_str());
        }
    }
    if grant_types.is_empty() && metadata.response_types.as_ref().is_none_or(Vec::is_empty) {
        return Err(ClientDocumentFault::NothingServed);
    }
    metadata.scope = match (metadata.scope.take().filter(|scope| !scope.is_empty()), &documents.scope) {
        (Some(scope), Some(most)) => Some(scope.filtered(|word| most.contains(word))),
        (scope, most) => scope.or_else(|| most.clone()),
    };
    // What is not registered cannot be asked for.
    let mut types = metadata.authorization_details_types.take().unwrap_or_default();
    types.retain(|name| config.detail_types().any(|known| known == name));
    metadata.authorization_details_types = config.detail_types().next().map(|_| types);
    let kept = DocumentKept { fetched: now, until: now.plus(documents.kept_for(fetched.fresh_for)) };
    Ok(Client::of_document(id.clone(), metadata, kept)?)
}
