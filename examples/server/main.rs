//! A whole authorization server over HTTP: `cargo run --example server`, then open <http://127.0.0.1:8080>.
//!
//! It is a demo: people and clients come from files or are made up, and everything is forgotten when it ends. How the
//! library is embedded is in `app.rs` (mounting), `host.rs` (what it asks), and `authorize.rs`, `device.rs`, `login.rs`,
//! `consent.rs`, `connections.rs` (the person).

mod app;
mod args;
mod authorize;
mod clients;
mod connections;
mod connections_page;
mod consent;
mod consent_page;
mod device;
mod fetcher;
mod guesses;
mod host;
mod http_io;
#[cfg(feature = "jose")]
mod keys;
mod login;
#[path = "../login_link/link.rs"]
mod login_link;
mod pages;
mod pending;
mod sessions;
mod tls;
mod users;
mod walk;
mod whoami;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser as _;
use tokio::net::TcpListener;

use app::App;
use args::Args;
use tls::{Peer, Tls};

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(args: Args) -> Result<(), Box<dyn Error>> {
    let listener =
        TcpListener::bind(&args.listen).await.map_err(|error| format!("cannot listen on {}: {error}", args.listen))?;
    let tls = match args.tls.as_deref() {
        Some([certificate, key]) => Some(Tls::load(certificate, key, &args.trust_ca)?),
        _ => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let here = format!("{scheme}://{}", listener.local_addr()?);
    let app = App::new(&args, &here)?;
    println!("listening on {here}");
    let service = app.router().into_make_service_with_connect_info::<Peer>();
    match tls {
        Some(tls) => axum::serve(tls.listen(listener), service).await?,
        None => axum::serve(listener, service).await?,
    }
    Ok(())
}
