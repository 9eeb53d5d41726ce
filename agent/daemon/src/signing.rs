//! Staff sign what waits with the office's token. One thread owns the open token; the PIN opens it once, and it is closed when nobody
//! has signed for some minutes, when somebody locks it, when it is pulled out, and when the agent stops.

use crate::{
    digitising::Digitiser,
    worker::{Storage, Worker},
};
use anyhow::Context as _;
use jiff::Timestamp;
use motcua_digitise::sign::{Batch, Pin, SignError, SignatureBlock, Signed, Stop, Token, Waiting, Which, sign_all};
use motcua_model::{Text, config::Config};
use motcua_store::{Resigned, Store};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
};
use uuid::Uuid;

/// Between two looks at the open token, and for papers whose PDF is not made.
const LOOK: Duration = Duration::from_secs(2);
/// A PDF that could not be made is tried again after this.
const MAKE_AGAIN: Duration = Duration::from_secs(60);

/// The way to the token.
#[derive(Clone)]
pub(crate) struct Signing {
    desk: Worker<Desk>,
    session: watch::Receiver<Session>,
    /// Rises with every "Khóa": what was asked for before is not signed any more.
    locked: Arc<AtomicU64>,
    wake_forwarder: Arc<Notify>,
    pub(crate) session_min: u16,
}

/// Who may sign without the PIN.
#[derive(Clone)]
pub(crate) enum Session {
    /// The PIN is asked for.
    Locked,
    /// The token is open for the browser that knows `owner`.
    Open {
        /// The name in the certificate.
        signer: String,
        /// Random; in the cookie of the browser in which the PIN was typed.
        owner: Arc<str>,
    },
}

/// What somebody at the console wants signed.
pub(crate) struct Asked {
    /// Documents.
    pub(crate) documents: BTreeSet<Uuid>,
    /// Typed just now; opens the token for this browser.
    pub(crate) pin: Option<Pin>,
    /// From the cookie.
    pub(crate) owner: Option<String>,
}

/// What became of it.
#[derive(Clone, Default)]
pub(crate) struct Outcome {
    /// How many are signed.
    pub(crate) signed: usize,
    /// Papers that cannot be signed: their names, and why.
    pub(crate) refused: Vec<(String, Text)>,
    /// Why it ended early; the rest waits on.
    pub(crate) stopped: Option<Text>,
    /// How many were not signed because of that.
    pub(crate) left: usize,
    /// What the signer should know.
    pub(crate) warnings: Vec<Text>,
    /// The session that the PIN has opened.
    pub(crate) opened: Option<Arc<str>>,
}

/// What the thread owns.
struct Desk {
    settings: Settings,
    storage: Storage,
    runtime: Handle,
    wake_forwarder: Arc<Notify>,
    open: Option<Open>,
    session: watch::Sender<Session>,
    locked: Arc<AtomicU64>,
}

struct Settings {
    module: PathBuf,
    token: String,
    key: Option<String>,
    copy: Option<String>,
    agency: String,
    idle: Duration,
}

struct Open {
    token: Token,
    owner: Arc<str>,
    used: Instant,
}

/// One paper whose turn has not come.
struct Paper {
    dossier: Uuid,
    document: Uuid,
    /// For the person: code and paper.
    name: String,
    file: Uuid,
}

/// Nobody waits for the answer any more: the browser was closed, or the agent stops.
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Signing {
    /// None where no token is configured. The token is not touched before somebody types a PIN.
    pub(crate) fn start(
        config: &Config,
        storage: &Storage,
        digitiser: Digitiser,
        wake_forwarder: Arc<Notify>,
    ) -> anyhow::Result<Option<Self>> {
        let Some(asked) = &config.signing else { return Ok(None) };
        let settings = Settings {
            module: asked.module.clone(),
            token: asked.token.clone(),
            key: asked.key.clone(),
            copy: asked.copy.clone(),
            agency: asked.agency.clone().unwrap_or_else(|| config.office.name.vi.clone()),
            idle: Duration::from_secs(u64::from(asked.session_min) * 60),
        };
        let (tell, session) = watch::channel(Session::Locked);
        let locked = Arc::new(AtomicU64::new(0));
        let desk = Desk {
            settings,
            storage: storage.clone(),
            runtime: Handle::current(),
            wake_forwarder: Arc::clone(&wake_forwarder),
            open: None,
            session: tell,
            locked: Arc::clone(&locked),
        };
        let signing =
            Self { desk: Worker::start("signing", move || desk)?, session, locked, wake_forwarder, session_min: asked.session_min };
        tokio::spawn(signing.clone().watch());
        tokio::spawn(make_pdfs(storage.clone(), digitiser));
        Ok(Some(signing))
    }

    /// Lives as long as the agent: a token that nobody uses, or that is not in any more, is closed.
    async fn watch(self) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            if matches!(self.session(), Session::Open { .. })
                && let Err(error) = self
                    .desk
                    .call(|desk| {
                        desk.look();
                        Ok(())
                    })
                    .await
            {
                tracing::error!("the token cannot be watched: {error:#}");
                return;
            }
        }
    }

    /// Something may go now.
    pub(crate) fn wake_forwarder(&self) {
        self.wake_forwarder.notify_one();
    }

    /// As it is now.
    pub(crate) fn session(&self) -> Session {
        self.session.borrow().clone()
    }

    /// Closes the token, after the file that is being signed.
    pub(crate) async fn lock(&self) -> anyhow::Result<()> {
        self.locked.fetch_add(1, Ordering::Relaxed);
        self.desk
            .call(|desk| {
                desk.close("locked at the console");
                Ok(())
            })
            .await
    }

    /// Signs one paper after the other, each kept as soon as it is signed. When whoever asked goes away, the rest waits on.
    pub(crate) async fn sign(&self, asked: Asked) -> anyhow::Result<Outcome> {
        let gone = Arc::new(AtomicBool::new(false));
        let (_guard, locks) = (Gone(Arc::clone(&gone)), self.locked.load(Ordering::Relaxed));
        self.desk.call(move |desk| desk.sign(asked, &gone, locks)).await
    }
}

impl Desk {
    fn look(&mut self) {
        let Some(open) = &self.open else { return };
        if open.used.elapsed() >= self.settings.idle {
            self.close("nobody has signed for a while");
        } else if !open.token.is_open() {
            self.close("the token was pulled out");
        }
    }

    fn close(&mut self, why: &str) {
        if self.open.take().is_some() {
            tracing::info!("the token is closed: {why}");
        }
        self.session.send_replace(Session::Locked);
    }

    /// A PIN is used once, and wiped whatever comes of it.
    fn open(&mut self, pin: Pin) -> anyhow::Result<Result<(), SignError>> {
        self.close("its PIN was typed anew");
        let Settings { module, token, key, .. } = &self.settings;
        let token = match Token::open(module, Which { token, key: key.as_deref(), at: Timestamp::now() }, pin) {
            Ok(token) => token,
            Err(problem) => {
                tracing::warn!("the token does not open: {problem}");
                return Ok(Err(problem.into()));
            }
        };
        let owner: Arc<str> = crate::console::random_hex(32)?.into();
        tracing::info!("the token is open");
        self.session.send_replace(Session::Open { signer: token.signer(), owner: Arc::clone(&owner) });
        self.open = Some(Open { token, owner, used: Instant::now() });
        Ok(Ok(()))
    }

    fn sign(&mut self, asked: Asked, gone: &AtomicBool, locks: u64) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::default();
        let papers = self.papers(&asked.documents)?;
        if let Some(pin) = asked.pin {
            if let Err(problem) = self.open(pin)? {
                return Ok(Outcome { stopped: Some(problem.text()), left: papers.len(), ..outcome });
            }
            outcome.opened = self.open.as_ref().map(|open| Arc::clone(&open.owner));
        }
        let known = outcome.opened.as_deref().or(asked.owner.as_deref());
        let (storage, runtime, wake) = (self.storage.clone(), self.runtime.clone(), Arc::clone(&self.wake_forwarder));
        let Some(open) = self.open.as_mut().filter(|open| known.is_some_and(|known| crate::console::same(known, &open.owner))) else {
            let text = Text::new("Thiết bị ký số đã khóa; hãy nhập mã PIN.", "the token is locked; type the PIN");
            return Ok(Outcome { stopped: Some(text), left: papers.len(), ..outcome });
        };
        let locked = Arc::clone(&self.locked);
        let wanted = || !gone.load(Ordering::Relaxed) && locked.load(Ordering::Relaxed) == locks;
        let mut unreadable = Vec::new();
        let waiting = papers.iter().take_while(|_| wanted()).filter_map(|paper| {
            let block = SignatureBlock { copy: self.settings.copy.clone(), agency: self.settings.agency.clone(), at: Timestamp::now() };
            match runtime.block_on(storage.file(paper.file)) {
                Ok(pdf) => Some(Waiting { name: paper.document.to_string(), pdf, block }),
                Err(error) => {
                    tracing::error!("a PDF that waits for its signature cannot be read: {error:#}");
                    let text = Text::new(
                        "Tệp PDF bị hỏng trên đĩa; máy sẽ tạo lại, hãy ký sau vài phút.",
                        "the PDF is damaged on the disk; it is made anew, sign it in some minutes",
                    );
                    unreadable.push((paper.name.clone(), text));
                    None
                }
            }
        });
        let mut warnings = Vec::new();
        let batch = sign_all(waiting, &mut open.token, |name, signed: Signed| {
            let paper = papers.iter().find(|paper| paper.document.to_string() == name).context("no such paper")?;
            // The same for every file: one token, one day.
            warnings = signed.warnings;
            if runtime.block_on(storage.call(keep(paper, signed.pdf, signed.signer)))? {
                wake.notify_one();
            }
            anyhow::Ok(())
        });
        open.used = Instant::now();
        outcome.warnings = warnings.into_iter().map(motcua_digitise::sign::Warning::text).collect();
        outcome.refused = unreadable;
        self.take_in(&mut outcome, &papers, batch);
        Ok(outcome)
    }

    fn take_in(&mut self, outcome: &mut Outcome, papers: &[Paper], batch: Batch<anyhow::Error>) {
        let name = |document: &str| {
            papers.iter().find(|paper| paper.document.to_string() == document).map_or_else(String::new, |paper| paper.name.clone())
        };
        tracing::info!(signed = batch.signed.len(), refused = batch.refused.len(), "signed at the console");
        outcome.signed = batch.signed.len();
        outcome.refused.extend(batch.refused.iter().map(|(document, problem)| (name(document), problem.text())));
        outcome.left = papers.len() - outcome.signed - outcome.refused.len();
        match batch.stopped {
            Some((document, Stop::Signing(problem))) => {
                tracing::warn!(document, "not signed: {problem}");
                outcome.stopped = Some(problem.text());
                // Whatever it was, the person at the token decides anew.
                self.close("it did not sign");
            }
            Some((document, Stop::Keeping(error))) => {
                tracing::error!(document, "signed, but not kept: {error:#}");
                outcome.stopped = Some(Text::new(
                    "Đã ký nhưng không lưu được vào máy; hồ sơ vẫn chờ. Xem ổ đĩa của máy rồi ký lại.",
                    format!("signed, but it could not be kept ({error:#}); it waits on: look at the disk, then sign again"),
                ));
            }
            None if outcome.left > 0 => {
                outcome.stopped = Some(Text::new("Đã dừng ký theo yêu cầu.", "stopped, as was asked for"));
            }
            None => {}
        }
    }

    /// What still waits of that which was asked for: somebody else may have signed it meanwhile.
    fn papers(&self, documents: &BTreeSet<Uuid>) -> anyhow::Result<Vec<Paper>> {
        let waiting = self.runtime.block_on(self.storage.read(|s| Ok(s.to_sign(u32::MAX)?)))?;
        let mut papers = Vec::new();
        for dossier in waiting {
            for paper in dossier.papers.into_iter().filter(|paper| paper.signed.is_none() && documents.contains(&paper.document)) {
                if let Some(file) = paper.file {
                    let name = format!("{}: {}", dossier.code, paper.name.vi);
                    papers.push(Paper { dossier: dossier.id, document: paper.document, name, file: file.id });
                }
            }
        }
        Ok(papers)
    }
}

/// Staff sign PDFs, so those of what waits are made at once. Lives as long as the agent.
async fn make_pdfs(storage: Storage, digitiser: Digitiser) {
    loop {
        let waiting = storage.read(|s| if s.outbox_counts()?.to_sign > 0 { Ok(s.to_sign(u32::MAX)?) } else { Ok(Vec::new()) }).await;
        let waiting =
            waiting.inspect_err(|error| tracing::error!("what waits for signatures cannot be read: {error:#}")).unwrap_or_default();
        let mut pause = LOOK;
        for dossier in waiting.into_iter().filter(|dossier| dossier.papers.iter().any(|paper| paper.file.is_none())) {
            if let Err(error) = make_pdfs_of(dossier.id, &storage, &digitiser).await {
                tracing::error!(item = %dossier.id, "a paper that waits for its signature has no PDF: {error:#}; it is tried again in a minute");
                pause = MAKE_AGAIN;
            }
        }
        tokio::time::sleep(pause).await;
    }
}

async fn make_pdfs_of(dossier: Uuid, storage: &Storage, digitiser: &Digitiser) -> anyhow::Result<()> {
    if let Some(stored) = storage.read(move |s| Ok(s.dossier(dossier)?)).await? {
        digitiser.files(&stored.dossier).await?;
    }
    Ok(())
}

/// True where its dossier can go now.
fn keep(paper: &Paper, pdf: Vec<u8>, signer: String) -> impl FnOnce(&mut Store) -> anyhow::Result<bool> + Send + 'static {
    let (dossier, document, before) = (paper.dossier, paper.document, paper.file);
    move |store| {
        let signed = Resigned { dossier, document, before, file: Uuid::now_v7(), bytes: &pdf };
        Ok(store.set_signed_pdf(&signed, &signer, Timestamp::now())?)
    }
}
