//! The way to the province's monitoring: OTLP over HTTPS, as the device that the hub knows.

use crate::{
    Class, ForwardError, HubSettings, SetupError,
    client::ANSWER,
    error::{causes, class_of_status, is_credential, retry_after, tls_error},
    tls,
};
use reqwest::{Client, Response, Url, header};
use std::fmt;

/// A connection to one receiver of figures, with the device's certificate; the receiver's must come from the hub's authority.
pub struct Monitoring {
    http: Client,
    url: Url,
    device: String,
}

impl fmt::Debug for Monitoring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitoring").field("url", &self.url.as_str()).field("device", &self.device).finish()
    }
}

impl Monitoring {
    /// `url` is the receiver's whole address, used as it is. Sends nothing. Errors name the file whose content is wrong.
    pub fn new(settings: &HubSettings, url: &str) -> Result<Self, SetupError> {
        let url = Url::parse(url).map_err(|_| SetupError::Url(url.to_owned()))?;
        let ready = tls::set_up(settings)?;
        Ok(Self { http: ready.http, url, device: ready.device })
    }

    /// Common name of the certificate.
    pub fn device_name(&self) -> &str {
        &self.device
    }

    /// Sends one `ExportMetricsServiceRequest` in protobuf. What is refused is dropped: the next one tells the same sums.
    pub async fn send(&self, message: Vec<u8>) -> Result<(), ForwardError> {
        let request = self.http.post(self.url.clone()).header(header::CONTENT_TYPE, "application/x-protobuf").timeout(ANSWER);
        let answer = request.body(message).send().await.map_err(|error| self.not_reached(&error))?;
        if answer.status().is_success() { Ok(()) } else { Err(self.refused(&answer)) }
    }

    fn not_reached(&self, error: &reqwest::Error) -> ForwardError {
        let class = if tls_error(error).is_some_and(is_credential) { Class::Credential } else { Class::Network };
        let next = "it is tried again by itself; if it lasts, check telemetry.otlp and the certificates with its operator";
        ForwardError::new(class, format!("{} takes no figures: no answer ({}); {next}", self.url, causes(error)))
    }

    fn refused(&self, answer: &Response) -> ForwardError {
        let status = answer.status().as_u16();
        let next = "it is tried again by itself; if it lasts, show this line to its operator";
        let message = format!("{} takes no figures: it answered {status}; {next}", self.url);
        ForwardError { class: class_of_status(status), message, retry_after: retry_after(answer.headers()) }
    }
}
