//! Where an authorization response goes, and how it travels.

use crate::config::Config;
use crate::ensure::ensure;
use crate::record::{Client, RedirectUriRefused, ResponseType, VerifiedRedirectUri};
use crate::snapshot::{Halt, Snapshot};
use crate::wire::{
    AuthorizationMessage, AuthorizationOutcome, AuthorizationRequest, AuthorizationResponse, AuthorizeReason,
    AuthorizeRefusal, PageReason, ResponseMode,
};

use super::signed_response;

/// Where the response goes, from the moment that this is proven.
#[derive(Clone, Debug)]
pub(super) struct Recipient<'a> {
    pub(super) uri: VerifiedRedirectUri,
    mode: ResponseMode,
    state: Option<String>,
    config: &'a Config,
    client: &'a Client,
}

/// Finds where the response of the client may go; until that is proven every refusal is a page.
pub(super) fn recipient<'a>(
    config: &'a Config,
    request: &AuthorizationRequest,
    client: &'a Client,
    seen: &Snapshot,
) -> Result<Recipient<'a>, PageReason> {
    ensure(!request.repeats("redirect_uri"), PageReason::RedirectUriRepeated)?;
    ensure(request.redirect_uri.is_some() || !config.requires_redirect_uri(), PageReason::RedirectUriMissing)?;
    let uri = client.verify_redirect_uri(request.redirect_uri.as_deref()).map_err(|refused| match refused {
        RedirectUriRefused::Missing => PageReason::RedirectUriMissing,
        RedirectUriRefused::Unregistered => PageReason::RedirectUriUnregistered,
    })?;
    let mode = mode(config, request, client, seen).unwrap_or_else(|| ResponseMode::default_of(response_type(request)));
    // Where all must be signed, that it was not asked for is no reason to send one that is not; nor that no key is left
    // of those that the client registered for.
    let signs = config.requires_signed_responses();
    ensure(!signs || signed_response::serves(config, client, seen), PageReason::ResponseKeyMissing)?;
    let mode = if signs { mode.signed() } else { mode };
    let state = request.state.clone().filter(|_| !request.repeats("state"));
    Ok(Recipient { uri, mode, state, config, client })
}

/// How a request wants its response to travel, or the usual way; nothing if that is not served.
fn mode(config: &Config, request: &AuthorizationRequest, client: &Client, seen: &Snapshot) -> Option<ResponseMode> {
    let response_type = response_type(request);
    let requested = request.response_mode.as_deref().filter(|_| !request.repeats("response_mode"));
    let mode = requested.map_or_else(
        || Some(ResponseMode::default_of(response_type)),
        |name| ResponseMode::requested(name, response_type),
    );
    mode.filter(|mode| !mode.is_signed() || signed_response::serves(config, client, seen))
}

fn response_type(request: &AuthorizationRequest) -> Option<&str> {
    request.response_type.as_deref().filter(|_| !request.repeats("response_type"))
}

/// Requires that the response may travel as the request says [OAuth 2.0 Multiple Response Types §2.1, §5; JARM §2.3].
pub(super) fn check_mode(
    config: &Config,
    request: &AuthorizationRequest,
    (client, response_type): (&Client, ResponseType),
    seen: &Snapshot,
) -> Result<(), AuthorizeReason> {
    let mode = mode(config, request, client, seen).ok_or(AuthorizeReason::ResponseModeUnsupported)?;
    // By either of its names [FAPI 2.0 Message Signing §5.3.3].
    let named = |own: &String| own == mode.as_str() || request.response_mode.as_ref() == Some(own);
    let registered = client.metadata().response_modes.as_ref();
    ensure(registered.is_none_or(|own| own.iter().any(named)), AuthorizeReason::ResponseModeNotAllowed)?;
    ensure(mode.is_signed() || !config.requires_signed_responses(), AuthorizeReason::ResponseModeUnsigned)?;
    // [JARM §2.3.1]: a signature hides nothing.
    let token = response_type == ResponseType::Token;
    let hidden = mode.is_signed() && signed_response::encrypts(client);
    ensure(!(token && mode.is_in_query()) || hidden, AuthorizeReason::ResponseModeUnsafe)
}

impl Recipient<'_> {
    /// Tells the client that it is refused; what must be signed first is asked for.
    pub(super) fn refuse(&self, reason: &AuthorizeReason, seen: &Snapshot) -> Halt<AuthorizeRefusal> {
        match self.clone().respond(AuthorizationOutcome::refused(reason), seen) {
            Ok(response) => Halt::Refused(AuthorizeRefusal::Redirect(Box::new(response))),
            Err(halt) => halt,
        }
    }

    /// Answers the client.
    ///
    /// # Errors
    ///
    /// The answer is a token that was not signed yet, or that cannot be made.
    pub(super) fn respond(
        self,
        outcome: AuthorizationOutcome,
        seen: &Snapshot,
    ) -> Result<AuthorizationResponse, Halt<AuthorizeRefusal>> {
        let Self { uri, mode, state, config, client } = self;
        let message = AuthorizationMessage { outcome, state, iss: Some(config.issuer().to_owned()) };
        let signed = mode.is_signed().then(|| signed_response::token(config, client, &message, seen));
        Ok(AuthorizationResponse::new(uri, mode, message, signed.transpose()?))
    }
}
