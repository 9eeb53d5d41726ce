//! A browser at the staff's desk: cookies, forms and files, no more.
#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on has failed")]

use crate::rig::Rig;
use std::time::{Duration, Instant};

/// Between two looks at a page.
pub const LOOK: Duration = Duration::from_millis(200);
/// After which a page that does not change has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One who knows the access code.
pub struct Browser {
    http: reqwest::Client,
    base: String,
    cookies: Vec<String>,
}

impl Browser {
    /// Waits for the console and types the access code.
    pub async fn at(rig: &Rig) -> Self {
        let mut browser = Self::outside(rig);
        let code = rig.console_code().await.unwrap();
        let started = Instant::now();
        while browser.http.get(&browser.base).send().await.is_err() {
            assert!(started.elapsed() < PATIENCE, "no console");
            tokio::time::sleep(LOOK).await;
        }
        assert_eq!(browser.post("/login", &[("code", &code)]).await.0, 303);
        browser
    }

    /// One who has typed nothing yet.
    pub fn outside(rig: &Rig) -> Self {
        let builder = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
        let http = builder.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base: rig.console.clone(), cookies: Vec::new() }
    }

    /// A page, with its status.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(format!("{}{path}", self.base)).header("cookie", self.cookies.join("; ")).send().await.unwrap()
    }

    /// The text of a page.
    pub async fn page(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    /// A form. Status, and where it leads to.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let body = fields.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect::<Vec<_>>().join("&");
        let answer = self.send(path, "application/x-www-form-urlencoded", body.into_bytes()).await;
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Secure"), "{cookie}");
            let (name, _) = cookie.split_once('=').unwrap();
            self.cookies.retain(|known| !known.starts_with(&format!("{name}=")));
            self.cookies.push(cookie.split(';').next().unwrap().to_owned());
        }
        let place = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        (answer.status().as_u16(), place.unwrap_or_default())
    }

    /// A form, and the page that it leads to.
    pub async fn told(&mut self, path: &str, fields: &[(&str, &str)]) -> String {
        let (status, place) = self.post(path, fields).await;
        assert_eq!(status, 303);
        self.page(&place).await
    }

    /// A form with a file (RFC 7578). Status, and the page.
    pub async fn upload(&self, path: &str, token: &str, name: &str, bytes: &[u8]) -> (u16, String) {
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\n{token}\r\n\
             --edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/pdf\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, b"\r\n--edge--\r\n"].concat();
        let answer = self.send(path, "multipart/form-data; boundary=edge", body).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn send(&self, path: &str, kind: &str, body: Vec<u8>) -> reqwest::Response {
        let request = self.http.post(format!("{}{path}", self.base)).header("content-type", kind);
        request.header("cookie", self.cookies.join("; ")).body(body).send().await.unwrap()
    }
}

fn coded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What stands behind `mark` on a page, up to the next space or bracket.
pub fn values(page: &str, mark: &str) -> Vec<String> {
    page.split(mark).skip(1).filter_map(|rest| rest.split([' ', '>']).next()).map(str::to_owned).collect()
}
