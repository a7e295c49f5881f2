//! Fetches documents from wherever a stranger says, without being led astray.
//!
//! Each connection looks its name up once, is refused if one of the addresses is forbidden, and goes to what was looked up.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use grantor::fetch::{FetchRequest, Fetched, Unfetched, is_forbidden};
use http::header::ACCEPT;
use http::{Response, StatusCode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect, retry};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::{Host, Url};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use crate::tls::certificates;

/// How many fetches run at once; others wait, within their time.
const AT_ONCE: usize = 16;

/// Fetches by `https` alone: it follows no redirect, asks no proxy and sends no credentials.
#[derive(Debug)]
pub(crate) struct Fetcher {
    client: Client,
    allowed: Allowed,
    running: Semaphore,
}

impl Fetcher {
    /// Trusts the usual authorities and those of the files; `loopback` lets it connect to this machine too
    /// [Client ID Metadata Document §6.5].
    ///
    /// # Errors
    ///
    /// A file cannot be read, or has no certificates.
    pub(crate) fn new(loopback: bool, trusted: &[PathBuf]) -> Result<Self, Box<dyn Error>> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(TLS_SERVER_ROOT_CERTS.iter().cloned());
        for file in trusted {
            certificates("--trust-ca", file)?.into_iter().try_for_each(|root| roots.add(root))?;
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let allowed = Allowed { loopback };
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(allowed)
            .https_only(true)
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .pool_max_idle_per_host(0)
            .user_agent("grantor-demo");
        Ok(Self { client: client.build()?, allowed, running: Semaphore::new(AT_ONCE) })
    }

    /// Fetches within the time that there is for all of it.
    ///
    /// # Errors
    ///
    /// There is no answer that could be judged.
    pub(crate) async fn fetch(&self, request: &FetchRequest) -> Result<Fetched, Unfetched> {
        let fetching = async {
            let _running = self.running.acquire().await.map_err(|_| Unfetched::Unreachable)?;
            self.get(request).await
        };
        timeout(request.timeout, fetching).await.unwrap_or(Err(Unfetched::TimedOut))
    }

    async fn get(&self, request: &FetchRequest) -> Result<Fetched, Unfetched> {
        // An address is never looked up, so nothing else would ask about it.
        if literal(&request.url).is_some_and(|address| !self.allowed.to(address)) {
            return Err(Unfetched::Forbidden);
        }
        let asking = self.client.get(request.url.clone()).header(ACCEPT, "application/json");
        let mut response = asking.send().await.map_err(|error| why(&error))?;
        if response.remote_addr().is_none_or(|address| !self.allowed.to(address.ip())) {
            return Err(Unfetched::Forbidden);
        }
        let mut body = Vec::new();
        // Of an answer that is none, the head is enough.
        while response.status() == StatusCode::OK
            && let Some(chunk) = response.chunk().await.map_err(|error| why(&error))?
        {
            if body.len() + chunk.len() > request.max_bytes {
                return Err(Unfetched::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut fetched = Response::new(body);
        *fetched.status_mut() = response.status();
        *fetched.headers_mut() = response.headers().clone();
        Ok((&fetched).into())
    }
}

/// Where a connection may go.
#[derive(Clone, Copy, Debug)]
struct Allowed {
    loopback: bool,
}

impl Allowed {
    fn to(self, address: IpAddr) -> bool {
        !is_forbidden(address) || (self.loopback && address.is_loopback())
    }
}

/// A name leads to an address that nobody may be sent to.
#[derive(Debug, thiserror::Error)]
#[error("the address is not allowed")]
struct Forbidden;

impl Resolve for Allowed {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = *self;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One among others is no accident.
            if found.iter().all(|address| allowed.to(address.ip())) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(Forbidden.into())
            }
        })
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

fn why(error: &reqwest::Error) -> Unfetched {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<Forbidden>() {
            return Unfetched::Forbidden;
        }
        cause = error.source();
    }
    Unfetched::Unreachable
}
