//! The page on which a person types the code that their device shows [RFC 8628 §3.3].

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::ConnectInfo;
use grantor::server::{DeviceApproval, DeviceDenial, Place, Session, Verification, VerificationRefusal};
use http::{Method, Request, Response, StatusCode};

use crate::app::App;
use crate::http_io::{Fields, html};
use crate::pages::{self, DevicePage};
use crate::pending::{DeviceQuestion, Pending};
use crate::sessions::Cookie;
use crate::tls::Peer;

impl App {
    /// The form, and the code that was typed into it.
    pub(crate) async fn device(&self, request: &Request<Bytes>) -> Response<Vec<u8>> {
        if let Some(refused) = Place::Verification.refuse_method(request.method()) {
            return refused;
        }
        if request.method() == Method::GET {
            let browser = self.sessions.find_or_open(request.headers());
            return self.device_form(&browser, Fields::of_query(request).value("user_code"), None);
        }
        match self.check_form(request, &self.device_path()) {
            Ok((browser, fields)) => self.verify(browser, fields.value("user_code"), &typist(request)).await,
            Err(response) => *response,
        }
    }

    /// Looks a typed code up, for whoever is logged in, and asks them on.
    pub(crate) async fn verify(&self, browser: Cookie, typed: &str, typist: &str) -> Response<Vec<u8>> {
        let person = self.sessions.with(&browser, |browser| browser.person.clone()).flatten();
        let verification = Verification::new(self.server.config(), typed, person, typist);
        match self.server.run_async(verification).await {
            Ok(Ok(prompt)) => {
                self.typed.right(typist);
                let (typed, typist) = (typed.to_owned(), typist.to_owned());
                self.ask(&browser, Pending::Device(Box::new(DeviceQuestion { prompt: *prompt, typed, typist })))
            }
            Ok(Err(refusal)) => self.device_form(&browser, typed, Some(refusal)),
            Err(_) => unavailable(),
        }
    }

    /// Tells the device what the person said.
    pub(crate) async fn answer_device(
        &self,
        browser: &Cookie,
        question: DeviceQuestion,
        person: Session,
        allowed: bool,
    ) -> Response<Vec<u8>> {
        let DeviceQuestion { prompt, typed, .. } = question;
        let answered = if allowed {
            self.server.run_async(DeviceApproval::new(Arc::clone(self.server.config()), prompt, person)).await
        } else {
            self.server.run_async(DeviceDenial::new(prompt)).await
        };
        match answered {
            Ok(Ok(())) => html(StatusCode::OK, pages::device_answered(allowed), "'none'"),
            Ok(Err(refusal)) => self.device_form(browser, &typed, Some(refusal)),
            Err(_) => unavailable(),
        }
    }

    fn device_form(&self, browser: &Cookie, typed: &str, failed: Option<VerificationRefusal>) -> Response<Vec<u8>> {
        let csrf = self.sessions.with(browser, |browser| browser.csrf().to_owned()).unwrap_or_default();
        let page = DevicePage { csrf: &csrf, action: &self.device_path(), typed, failed };
        let slow_down = failed == Some(VerificationRefusal::TooManyAttempts);
        let status = if slow_down { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
        self.sessions.keep(browser, html(status, page.render(), "'self'"))
    }

    fn device_path(&self) -> String {
        let config = self.server.config();
        format!("{}{}", config.issuer_path(), config.paths().verification)
    }
}

/// Who types, as far as guesses are counted: an address, or the network of one that has as many as it likes.
fn typist(request: &Request<Bytes>) -> String {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    peer.map_or_else(String::new, |ConnectInfo(peer)| match peer.address.ip().to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
    })
}

fn unavailable() -> Response<Vec<u8>> {
    let page = pages::problem("Please try again", "Something went wrong here, and nothing was decided.", None);
    html(StatusCode::SERVICE_UNAVAILABLE, page, "'none'")
}
