//! Asks the running agent over its unix socket.

use motcua_model::{api::AgentStatus, hub::Problem};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Why the agent gave no status.
#[derive(Debug)]
pub(crate) enum NoStatus {
    /// Nobody listens.
    NotRunning,
    /// The socket is not for this user.
    NotAllowed,
    /// It listens and does not answer as it should.
    Wrong(String),
    /// It says why not, and what next.
    Refused(String),
}

impl std::error::Error for NoStatus {}

impl fmt::Display for NoStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRunning => f.write_str("the agent is not running; start it with: systemctl start motcua-agent"),
            Self::NotAllowed => f.write_str("this user may not ask the agent; try: sudo -u motcua motcua …"),
            Self::Refused(why) => f.write_str(why),
            Self::Wrong(cause) => write!(f, "the agent does not answer as it should: {cause}; see: journalctl -u motcua-agent -n 50"),
        }
    }
}

/// One TLS provider for the whole process; reqwest asks for it even where it speaks plain HTTP.
pub(crate) fn use_ring() {
    // An error means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The agent behind a socket.
pub(crate) struct Agent(PathBuf);

impl Agent {
    pub(crate) fn at(socket: PathBuf) -> Self {
        Self(socket)
    }

    /// What a path answers.
    pub(crate) async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, NoStatus> {
        json(self.ask(path, Duration::from_secs(5), |client, url| client.get(url)).await?).await
    }

    /// What a path answers to a question. The store may have much to read or erase.
    pub(crate) async fn post<Q: Serialize, A: DeserializeOwned>(&self, path: &str, question: &Q) -> Result<A, NoStatus> {
        json(self.ask(path, Duration::from_secs(60), |client, url| client.post(url).json(question)).await?).await
    }

    /// The file that a path gives.
    pub(crate) async fn bytes(&self, path: &str) -> Result<Vec<u8>, NoStatus> {
        let answer = self.ask(path, Duration::from_secs(60), |client, url| client.get(url)).await?;
        answer.bytes().await.map(Into::into).map_err(|error| NoStatus::Wrong(error.without_url().to_string()))
    }

    /// The answer where it is a good one.
    async fn ask(
        &self,
        path: &str,
        patience: Duration,
        request: impl FnOnce(&reqwest::Client, String) -> reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, NoStatus> {
        // reqwest hides the system's error behind its own; a first connection tells it plainly.
        tokio::net::UnixStream::connect(&self.0).await.map_err(|error| no_connection(&error))?;
        let answer = async {
            let client = reqwest::Client::builder().unix_socket(self.0.as_path()).timeout(patience).build()?;
            request(&client, format!("http://agent{path}")).send().await
        };
        let answer = answer.await.map_err(|error| NoStatus::Wrong(error.without_url().to_string()))?;
        match answer.status().as_u16() {
            200 => Ok(answer),
            401 | 403 => Err(NoStatus::NotAllowed),
            code => match answer.json::<Problem>().await {
                Ok(problem) => Err(NoStatus::Refused(format!("{}; {}", problem.title, problem.detail))),
                Err(_) => Err(NoStatus::Wrong(format!("HTTP {code}"))),
            },
        }
    }
}

async fn json<A: DeserializeOwned>(answer: reqwest::Response) -> Result<A, NoStatus> {
    let unreadable = |_| NoStatus::Wrong("its answer cannot be read; are agent and motcua of one version?".to_owned());
    answer.json().await.map_err(unreadable)
}

/// `GET /v1/status`.
pub(crate) async fn status(socket: &Path) -> Result<AgentStatus, NoStatus> {
    Agent::at(socket.to_owned()).get("/v1/status").await
}

fn no_connection(error: &io::Error) -> NoStatus {
    let kind = error.kind();
    if kind == io::ErrorKind::PermissionDenied {
        NoStatus::NotAllowed
    } else if matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) {
        NoStatus::NotRunning
    } else {
        NoStatus::Wrong(error.to_string())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use axum::{Json, Router, http::StatusCode, routing::get};
    use motcua_model::api::{DeviceLine, DeviceState, DossierCounts, Health, LinkState, OutboxLine};

    pub(crate) fn example() -> AgentStatus {
        AgentStatus {
            version: "0.1.0".to_owned(),
            started: "2026-11-23T01:00:00Z".parse().unwrap(),
            health: Health { scanner: DeviceState::Ready, reader: DeviceState::Lost, hub: LinkState::Down, ..Health::default() },
            devices: vec![
                DeviceLine {
                    kind: "scanner".to_owned(),
                    address: "http://127.0.0.1:8085/eSCL".to_owned(),
                    model: "Example Scan 100".to_owned(),
                    state: DeviceState::Ready,
                    problem: String::new(),
                },
                DeviceLine {
                    kind: "reader".to_owned(),
                    address: "/dev/serial/by-id/usb-reader".to_owned(),
                    model: String::new(),
                    state: DeviceState::Lost,
                    problem: "no such device; look at the cable".to_owned(),
                },
            ],
            outbox: vec![OutboxLine {
                id: uuid::Uuid::nil(),
                kind: "dossier".to_owned(),
                code: "TAM-K07-0001".to_owned(),
                since: "2026-11-23T02:00:00Z".parse().unwrap(),
                attempts: 3,
                next_try: "2026-11-23T02:10:00Z".parse().unwrap(),
                problem: "connection refused".to_owned(),
                set_aside: false,
                to_sign: false,
                ahead: Vec::new(),
            }],
            dossiers: DossierCounts { waiting: 1, delivered: 41 },
            catalogue_version: 3,
            hub_problem: "no connection to the hub; dossiers wait".to_owned(),
            last_contact: None,
            clock_offset_s: Some(-86_400),
            audit_flag: Some(motcua_model::hub::AuditFlag::WentBack),
            disk_ratio: 0.96,
        }
    }

    /// A real HTTP server on a real socket.
    pub(crate) fn serve(socket: &Path, code: StatusCode) -> tokio::task::JoinHandle<()> {
        use_ring();
        let listener = tokio::net::UnixListener::bind(socket).unwrap();
        let app = Router::new().route("/v1/status", get(move || async move { (code, Json(example())) }));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() })
    }

    #[tokio::test]
    async fn the_status_comes_over_the_socket() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent.sock");
        let server = serve(&socket, StatusCode::OK);
        assert_eq!(status(&socket).await.unwrap(), example());
        server.abort();
    }

    #[tokio::test]
    async fn no_agent_a_dead_socket_and_a_refusal_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent.sock");
        assert!(matches!(status(&socket).await, Err(NoStatus::NotRunning)));
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        assert!(matches!(status(&socket).await, Err(NoStatus::NotRunning)), "a socket that a crash left behind");
        std::fs::remove_file(&socket).unwrap();
        let server = serve(&socket, StatusCode::FORBIDDEN);
        assert!(matches!(status(&socket).await, Err(NoStatus::NotAllowed)));
        server.abort();
    }
}
