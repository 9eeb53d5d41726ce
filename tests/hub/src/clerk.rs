//! What people do at a hub, beside the running one or without it.

use crate::{
    archive::Listed,
    portal::{self, PortalRequests},
    registry::{LastSeen, OwnedPaper, Person},
    shared::SharedOptions,
    storage::Storage,
};
use anyhow::{Result, bail};
use jiff::Timestamp;
use motcua_model::{
    Private,
    catalogue::Catalogue,
    dossier::Status,
    hub::{Handing, News, ResultPaper, SupplementItem},
};
use std::path::Path;

/// A person at the hub.
pub struct Clerk(Storage);

impl Clerk {
    /// Sits down at the hub of this folder, or at the shared one.
    pub async fn open(dir: &Path, shared: Option<&SharedOptions>) -> Result<Self> {
        Ok(Self(Storage::open(dir, shared).await?))
    }

    /// A dossier has a new status, and its device hears of it. Returns the cursor of the news, as all acts do.
    pub async fn status(&self, code: &str, status: Status, reason: Option<Private>) -> Result<u64> {
        let official_code = code.to_owned();
        let news = move |dossier| vec![News::Status { dossier, official_code, status, reason }];
        self.0.tell(code.to_owned(), news, Timestamp::now()).await
    }

    /// Form 01: an officer accepts the dossier and says when the result is due. The status 2 goes before it.
    pub async fn accept(&self, code: &str, due: Timestamp, officer: Private, place: &str) -> Result<u64> {
        let (official_code, place, received) = (code.to_owned(), place.to_owned(), Timestamp::now());
        let news = move |dossier| {
            let status = News::Status { dossier, official_code: official_code.clone(), status: Status::Accepted, reason: None };
            vec![status, News::Accepted { dossier, official_code, received, due, officer, place }]
        };
        self.0.tell(code.to_owned(), news, received).await
    }

    /// Form 02: papers are missing. The status 5 goes before it.
    pub async fn supplement(
        &self,
        code: &str,
        items: Vec<SupplementItem>,
        reason: Private,
        until: Option<jiff::civil::Date>,
    ) -> Result<u64> {
        let official_code = code.to_owned();
        let news = move |dossier| {
            let status = News::Status { dossier, official_code: official_code.clone(), status: Status::SupplementAsked, reason: None };
            let (contact, officer) = ("Bộ phận Một cửa".to_owned(), Private::default());
            vec![status, News::Supplement { dossier, official_code, items, reason, until, contact, officer }]
        };
        self.0.tell(code.to_owned(), news, Timestamp::now()).await
    }

    /// The result is there. The status 9 goes before it.
    pub async fn result(&self, code: &str, papers: Vec<ResultPaper>, handing: Handing) -> Result<u64> {
        let official_code = code.to_owned();
        let news = move |dossier| {
            let status = News::Status { dossier, official_code: official_code.clone(), status: Status::Finished, reason: None };
            vec![status, News::Result { dossier, official_code, papers, handing }]
        };
        self.0.tell(code.to_owned(), news, Timestamp::now()).await
    }

    /// A newer catalogue (its JSON text) for one device or, without one, for all: they fetch it.
    pub async fn publish(&self, device: Option<&str>, catalogue: String) -> Result<u64> {
        let version = Catalogue::from_json(&catalogue).map_err(|problems| anyhow::anyhow!("{}", problems.join("; ")))?.version;
        self.0.set_catalogue(device.map(str::to_owned), version, catalogue).await?;
        self.0.announce(device.map(str::to_owned), News::Catalogue { version }, Timestamp::now()).await
    }

    /// A newer configuration, for one device or, without one, for all.
    pub async fn announce(&self, device: Option<&str>, news: News) -> Result<u64> {
        if !matches!(news, News::Config { .. }) {
            bail!("only versions of configurations are announced");
        }
        self.0.announce(device.map(str::to_owned), news, Timestamp::now()).await
    }

    /// The payment platform's part, for trials: the money for this provisional code has come.
    pub async fn pay(&self, code: &str, transaction: &str) -> Result<()> {
        if !self.0.pay(code.to_owned(), transaction.to_owned()).await? {
            bail!("no payment is open under {code}; a kiosk opens it at C15, and it is paid once");
        }
        Ok(())
    }

    /// Keeps a person, or what is new about them.
    pub async fn add_person(&self, person: Person) -> Result<()> {
        self.0.add_person(person).await
    }

    /// Keeps a paper of a person under its type code.
    pub async fn add_paper(&self, paper: OwnedPaper) -> Result<()> {
        self.0.add_paper(paper).await
    }

    /// Every message in the order of arrival.
    pub async fn list(&self) -> Result<Vec<Listed>> {
        self.0.list().await
    }

    /// What would go to the national portal of the dossier with this code. `known`: the portal has it already. `files_at`: where the
    /// portal may fetch its files.
    pub async fn portal(&self, code: &str, known: bool, files_at: Option<&str>) -> Result<PortalRequests> {
        portal::requests(&self.0, code, known, files_at).await
    }

    /// How every device last was.
    pub async fn heartbeats(&self) -> Result<Vec<LastSeen>> {
        self.0.last_seen().await
    }

    /// A whole file's bytes out of the shared hub's bucket.
    pub async fn file(&self, sha256: &str) -> Result<Vec<u8>> {
        match &self.0 {
            Storage::Local(_) => bail!("the files of this hub lie in its folder, under `files`"),
            Storage::Shared(shared) => shared.file(sha256).await,
        }
    }
}
