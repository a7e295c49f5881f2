//! The switches.

use std::path::PathBuf;

use grantor::Profile;

/// An OAuth 2.x authorization server to try out. It keeps everything in memory.
#[derive(clap::Parser, Debug)]
#[command(version)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,
    /// Under which URL the server is known; the address it listens on if not given
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// Clients: a JSON array of RFC 7591 metadata with client_id and client_secret; demo clients if not given
    #[arg(long, value_name = "FILE")]
    pub(crate) clients: Option<PathBuf>,
    /// People: a JSON array of {"username", "password", "sub", "claims"}; demo users if not given
    #[arg(long, value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,
    /// What clients may and must do: oauth21, mcp, fapi2, fapi2_message_signing, or oauth20_legacy, which also serves the
    /// implicit and the password grant
    #[arg(long, value_name = "NAME", value_parser = profile, default_value = "oauth21")]
    pub(crate) profile: Profile,
    /// Speaks TLS: a file with its certificate and those that issued it, and one with its key. Clients are asked for
    /// certificates
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"])]
    pub(crate) tls: Option<Vec<PathBuf>>,
    /// A file with CAs to trust: where documents are fetched, and, with --tls, whose certificates name clients
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_ca: Vec<PathBuf>,
    /// Fetches documents of clients from this machine as well
    #[arg(long)]
    pub(crate) allow_loopback_fetch: bool,
    /// An origin whose scripts may call for any client; those at a public client's redirect URIs may call for that client
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) cors_origin: Vec<String>,
    /// Lets clients register themselves that show this token
    #[arg(long, value_name = "TOKEN")]
    pub(crate) initial_access_token: Option<String>,
    /// Lets any client register itself
    #[arg(long)]
    pub(crate) open_registration: bool,
    /// Takes only DPoP proofs that have a nonce of this server
    #[cfg(feature = "jose")]
    #[arg(long)]
    pub(crate) require_dpop_nonce: bool,
    /// How long an authorization code lives
    #[arg(long, value_name = "SECONDS")]
    pub(crate) code_ttl: Option<u64>,
    /// How long a pushed authorization request may take to arrive by browser
    #[arg(long, value_name = "SECONDS")]
    pub(crate) par_ttl: Option<u64>,
    /// How long the codes of a device live
    #[arg(long, value_name = "SECONDS")]
    pub(crate) device_ttl: Option<u64>,
    /// How long an access token lives
    #[arg(long, value_name = "SECONDS")]
    pub(crate) access_ttl: Option<u64>,
}

fn profile(name: &str) -> Result<Profile, String> {
    Profile::parse(name)
        .ok_or_else(|| "there is oauth21, mcp, fapi2, fapi2_message_signing and oauth20_legacy".to_owned())
}
