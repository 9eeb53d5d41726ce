//! The way to a time-stamp authority (RFC 3161 over HTTP, 3.4).

use crate::{
    Class, ForwardError, SetupError,
    client::ANSWER,
    error::{causes, class_of_status, retry_after},
    tls,
};
use reqwest::{Client, Response, Url, header};
use std::fmt;

/// A stamp with a long chain has some ten kilobytes.
const LONGEST_ANSWER: usize = 256 << 10;

/// A connection to one authority.
pub struct TimestampAuthority {
    http: Client,
    url: Url,
}

impl fmt::Debug for TimestampAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimestampAuthority").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl TimestampAuthority {
    /// `url` is the authority's whole address. The stamp is signed, so plain `http://` will do; the certificate of an `https://` address
    /// must come from one of `ca_pem`. Sends nothing.
    ///
    /// # Errors
    /// [`SetupError`] names what cannot be used.
    pub fn new(url: &str, ca_pem: &[u8]) -> Result<Self, SetupError> {
        let parsed = Url::parse(url).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https") && parsed.has_host());
        let url = parsed.ok_or_else(|| SetupError::AuthorityUrl(url.to_owned()))?;
        Ok(Self { http: tls::anonymous_client(ca_pem)?, url })
    }

    /// Sends a TimeStampReq (DER) and gives the TimeStampResp, unjudged.
    ///
    /// # Errors
    /// [`ForwardError`]; nothing of the document is in it.
    pub async fn ask(&self, request: &[u8]) -> Result<Vec<u8>, ForwardError> {
        let query = self.http.post(self.url.clone()).header(header::CONTENT_TYPE, "application/timestamp-query").timeout(ANSWER);
        let mut answer = query.body(request.to_vec()).send().await.map_err(|error| self.not_reached(&error))?;
        if !answer.status().is_success() {
            return Err(self.refused(&answer));
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| self.not_reached(&error))? {
            body.extend_from_slice(&piece);
            if body.len() > LONGEST_ANSWER {
                let text = format!("{} gives no time stamp: its answer is longer than any stamp; check signing.timestamp_url", self.url);
                return Err(ForwardError::new(Class::Server, text));
            }
        }
        Ok(body)
    }

    fn not_reached(&self, error: &reqwest::Error) -> ForwardError {
        let next = "check signing.timestamp_url and the line to it";
        ForwardError::new(Class::Network, format!("{} gives no time stamp: no answer ({}); {next}", self.url, causes(error)))
    }

    fn refused(&self, answer: &Response) -> ForwardError {
        let status = answer.status().as_u16();
        let message = format!("{} gives no time stamp: it answered {status}; show this line to the authority", self.url);
        ForwardError { class: class_of_status(status), message, retry_after: retry_after(answer.headers()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    /// Answers once with these bytes; gives its address and what it was asked.
    async fn answers(reply: Vec<u8>) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/tsr", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let length = stream.read(&mut asked).await.unwrap();
            // The other side may have heard enough before the end.
            let _ = stream.write_all(&reply).await;
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        (address, asked)
    }

    fn authority(url: &str) -> Result<TimestampAuthority, SetupError> {
        let made = rcgen::generate_simple_self_signed(vec!["tsa.example".to_owned()]).unwrap();
        TimestampAuthority::new(url, made.cert.pem().as_bytes())
    }

    #[tokio::test]
    async fn the_question_goes_as_the_standard_says_and_the_answer_comes_back_whole() {
        let (url, asked) =
            answers(b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: 5\r\n\r\nstamp".to_vec()).await;
        assert_eq!(authority(&url).unwrap().ask(b"question").await.unwrap(), b"stamp");
        let asked = asked.await.unwrap();
        assert!(asked.starts_with("POST /tsr HTTP/1.1") && asked.contains("content-type: application/timestamp-query"), "{asked}");
        assert!(asked.ends_with("\r\n\r\nquestion"), "{asked}");
    }

    #[tokio::test]
    async fn a_refusal_an_endless_answer_and_a_dead_line_say_what_to_check() {
        let (url, _) = answers(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_vec()).await;
        let refused = authority(&url).unwrap().ask(b"question").await.unwrap_err();
        assert!(refused.class == Class::Rejected && refused.message.contains("403"), "{refused}");
        let mut endless = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n".to_vec();
        endless.resize(LONGEST_ANSWER * 2, b'x');
        let (url, _) = answers(endless).await;
        let too_long = tokio::time::timeout(Duration::from_secs(5), authority(&url).unwrap().ask(b"question")).await.unwrap().unwrap_err();
        assert!(too_long.message.contains("longer than any stamp"), "{too_long}");
        let (url, gone) = answers(Vec::new()).await;
        gone.abort();
        let dead = authority(&url).unwrap().ask(b"question").await.unwrap_err();
        assert!(dead.class == Class::Network && dead.message.contains("signing.timestamp_url"), "{dead}");
    }

    #[test]
    fn an_address_or_certificate_that_cannot_be_used_is_named() {
        let wrong = authority("tsa.example").unwrap_err();
        assert!(wrong.to_string().contains("tsa.example"), "{wrong}");
        let none = TimestampAuthority::new("http://tsa.example/", b"nothing").unwrap_err();
        assert!(matches!(&none, SetupError::AuthorityCa(_)), "{none}");
    }
}
