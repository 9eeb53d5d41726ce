//! Scanned sides become text while the next ones are being scanned, and papers become searchable PDFs.
//!
//! What was read on a side lies sealed beside it, so that neither a restart nor an interrupted forwarding reads it twice.

use crate::{
    input::{self, Inputs},
    slip::in_vietnam,
    worker::{Storage, Worker},
};
use anyhow::Context as _;
use jiff::Timestamp;
use motcua_digitise::{
    About, PageCode, PageText, PdfError, PdfPage, RecognisedPage, Recognizer, confidence, paper_area, read_codes, read_fields, read_paper,
    searchable_pdf, secrecy_mark,
};
use motcua_flow::Event;
use motcua_model::{
    config::{Config, Ocr},
    document_types::DocumentTypes,
    dossier::{Document, Dossier, FileRef, Origin, Page, Side},
    hub::NamedFile,
    metadata::{Area, PaperMetadata, ReadPaper},
    pdf_name::PdfNames,
};
use motcua_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use tokio::sync::{Mutex as Turn, Semaphore};
use uuid::Uuid;

/// Below the screen and the scanner, which a person waits for.
const NICENESS: i32 = 10;

/// The way to the engines; clones are the same engines.
#[derive(Clone)]
pub(crate) struct Digitiser(Arc<Desk>);

struct Desk {
    ocr: Ocr,
    names: PdfNames,
    types: DocumentTypes,
    /// One per core, each with its engine warm after its first side.
    free: Mutex<Vec<Worker<Option<Recognizer>>>>,
    permits: Semaphore,
    /// A side that is asked for while it is being read is waited for, not read again.
    under_way: Mutex<HashMap<Uuid, Arc<Turn<()>>>>,
    making: Turn<()>,
    storage: Storage,
    inputs: Inputs,
}

/// What was read on one side, as it lies sealed beside it.
#[derive(Serialize, Deserialize)]
struct Reading {
    text: PageText,
    codes: Vec<PageCode>,
    /// What of the side is paper; none: all of it.
    paper: Option<Area>,
}

impl Digitiser {
    /// Starts the threads; no model is loaded yet.
    pub(crate) fn start(config: &Config, inputs: &Inputs, storage: &Storage) -> anyhow::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let engines = (0..cores).map(|_| {
            Worker::start("ocr", || {
                // On Linux this is the thread's own. The unit's filter of system calls refuses it; there the screen's unit weighs more.
                let _ = rustix::process::nice(NICENESS);
                None
            })
        });
        let types = DocumentTypes::built_in().map_err(|problems| anyhow::anyhow!("built-in types of paper: {}", problems.join("; ")))?;
        Ok(Self(Arc::new(Desk {
            ocr: config.ocr.clone(),
            names: config.pdf.clone(),
            types,
            free: Mutex::new(engines.collect::<anyhow::Result<_>>()?),
            permits: Semaphore::new(cores),
            under_way: Mutex::default(),
            making: Turn::new(()),
            storage: storage.clone(),
            inputs: inputs.clone(),
        })))
    }

    /// Reads a side as soon as an engine is free, and tells the visit which fields it found and whether it bears a secrecy mark. Of a
    /// side that goes meanwhile nothing stays.
    pub(crate) fn read_soon(&self, image: Uuid, dpi: u16) {
        let digitiser = self.clone();
        tokio::spawn(async move {
            match digitiser.reading(image, dpi).await {
                Ok(reading) => {
                    let fields = read_fields(&reading.text, &digitiser.0.types).map(|paper| paper.for_questions()).unwrap_or_default();
                    let secret = secrecy_mark(&reading.text).is_some();
                    input::event(&digitiser.0.inputs, Event::PageRead { page: image, fields, secret }).await;
                }
                Err(error) if matches!(error.downcast_ref(), Some(StoreError::Unknown { .. })) => {}
                // It is tried again when the paper's PDF is made, and counts then.
                Err(error) => tracing::warn!("a side was not read ahead: {error:#}"),
            }
        });
    }

    /// One searchable PDF per scanned paper of a submitted dossier, those made before an interruption used again; and those that people
    /// brought, byte for byte.
    pub(crate) async fn files(&self, dossier: &Dossier) -> anyhow::Result<Vec<NamedFile>> {
        let _alone = self.0.making.lock().await;
        let id = dossier.id;
        let stored = self.0.storage.read(move |s| Ok(s.dossier(id)?)).await?.context("the dossier of this message is not in the store")?;
        let mut files = Vec::new();
        for (at, document) in dossier.documents.iter().enumerate() {
            let made = stored.pdfs.iter().find(|(of, _)| *of == document.id).map(|(_, file)| file.clone());
            let (file, metadata) = match &document.origin {
                Origin::Scanned => {
                    let kept = self.metadata(document.id).await?;
                    match made {
                        // One that an earlier version of this program made says nothing of its paper.
                        Some(file) => (file, kept),
                        None => self.make(dossier, document, kept).await?,
                    }
                }
                // Its text is nobody's reading.
                Origin::Pdf { file, .. } => {
                    (file.clone(), Some(metadata(&document.component, &document.name.vi, &nothing_read(), &[], &[])))
                }
                Origin::Stored { .. } | Origin::AtDesk { .. } => continue,
            };
            let name = self.0.names.of(dossier.code.as_str(), at + 1, &document.component, in_vietnam(dossier.submitted).date());
            files.push(NamedFile { name, document: document.id, file, metadata: metadata.map(Box::new) });
        }
        Ok(files)
    }

    async fn metadata(&self, document: Uuid) -> anyhow::Result<Option<PaperMetadata>> {
        let kept = self.0.storage.read(move |s| Ok(s.reading(document)?)).await?;
        Ok(kept.and_then(|kept| serde_json::from_slice(&kept).ok()))
    }

    /// The PDF and what it says of its paper; `kept`: from an attempt that was interrupted.
    async fn make(
        &self,
        dossier: &Dossier,
        document: &Document,
        kept: Option<PaperMetadata>,
    ) -> anyhow::Result<(FileRef, Option<PaperMetadata>)> {
        let (desk, scans, said, created) = (self.0.clone(), self.scans(document).await?, said_yes(dossier), dossier.submitted);
        let (component, name) = (document.component.clone(), document.name.vi.clone());
        let title = format!("{}: {name}", dossier.code);
        let work = tokio::task::spawn_blocking(move || {
            let metadata = kept.unwrap_or_else(|| metadata(&component, &name, &read(&desk, &scans, created), &said, &scans));
            let pdf = pdf(&scans, About { title: &title, created, metadata: Some(&metadata) })?;
            anyhow::Ok((serde_json::to_vec(&metadata)?, metadata, pdf))
        });
        let (json, metadata, pdf) = work.await??;
        let (dossier, document, file) = (dossier.id, document.id, Uuid::now_v7());
        let keep = move |s: &mut Store| {
            s.put_metadata(dossier, document, &json)?;
            let stored = s.put_file(dossier, file, "application/pdf", &pdf)?;
            s.set_pdf(dossier, document, &stored)?;
            Ok(stored)
        };
        Ok((self.0.storage.call(keep).await?, Some(metadata)))
    }

    /// The sides that go into the file, in their order.
    async fn scans(&self, document: &Document) -> anyhow::Result<Vec<Scan>> {
        let mut scans = Vec::new();
        for page in sides(document) {
            let reading = self.reading(page.image.id, page.dpi).await?;
            scans.push(Scan { page: page.clone(), jpeg: self.0.storage.file(page.image.id).await?, reading });
        }
        Ok(scans)
    }

    /// What stands on a side: as it was read before, or read now.
    async fn reading(&self, image: Uuid, dpi: u16) -> anyhow::Result<Reading> {
        let turn = Arc::clone(lock(&self.0.under_way).entry(image).or_default());
        let read = {
            let _turn = turn.lock().await;
            self.kept_or_read(image, dpi).await
        };
        let mut under_way = lock(&self.0.under_way);
        // Ours and the map's: nobody else waits.
        if Arc::strong_count(&turn) <= 2 {
            under_way.remove(&image);
        }
        read
    }

    async fn kept_or_read(&self, image: Uuid, dpi: u16) -> anyhow::Result<Reading> {
        let kept = self.0.storage.read(move |s| Ok(s.reading(image)?)).await?;
        // One of another version of this program is read anew.
        if let Some(reading) = kept.and_then(|kept| serde_json::from_slice(&kept).ok()) {
            return Ok(reading);
        }
        let reading = self.read(image, dpi).await?;
        let bytes = serde_json::to_vec(&reading)?;
        self.0.storage.call(move |s| Ok(s.put_reading(image, &bytes)?)).await?;
        Ok(reading)
    }

    async fn read(&self, image: Uuid, dpi: u16) -> anyhow::Result<Reading> {
        let _permit = self.0.permits.acquire().await?;
        let jpeg = self.0.storage.file(image).await?;
        let engine = lock(&self.0.free).pop().context("no engine is free")?;
        let ocr = self.0.ocr.clone();
        let reading = engine
            .call(move |warm| {
                let engine = match warm {
                    Some(engine) => engine,
                    None => warm.insert(Recognizer::new(&ocr.language, ocr.tessdata.as_deref())?),
                };
                let text = engine.recognise(&jpeg, dpi)?;
                Ok(Reading { codes: read_codes(&jpeg, dpi)?, paper: paper_area(&jpeg, dpi, &text)?, text })
            })
            .await;
        lock(&self.0.free).push(engine);
        reading
    }
}

/// A scanned side and what stands on it.
struct Scan {
    page: Page,
    jpeg: Vec<u8>,
    reading: Reading,
}

/// Fields of papers that the person said yes to, by the answer of a question.
fn said_yes(dossier: &Dossier) -> Vec<String> {
    dossier.answers.iter().filter_map(|answer| answer.read_from.clone()).collect()
}

/// The fields of a paper. One that cannot be read all the same goes to the hub.
fn read(desk: &Desk, scans: &[Scan], at: Timestamp) -> ReadPaper {
    let pages: Vec<RecognisedPage<'_>> = scans
        .iter()
        .map(|Scan { page, jpeg, reading }| RecognisedPage { jpeg, dpi: page.dpi, text: &reading.text, codes: &reading.codes })
        .collect();
    let read = read_paper(&pages, &desk.types, desk.ocr.tessdata.as_deref(), in_vietnam(at).date());
    let read = read.inspect_err(|error| tracing::warn!("the fields of a paper were not read: {error}")).ok().flatten();
    read.unwrap_or_else(nothing_read)
}

fn nothing_read() -> ReadPaper {
    ReadPaper { kind: String::new(), fields: Vec::new() }
}

/// What was read surely, or the person said yes to (R53).
fn metadata(component: &str, name: &str, read: &ReadPaper, said: &[String], scans: &[Scan]) -> PaperMetadata {
    let said_yes = |key: &str| said.contains(&format!("{}.{key}", read.kind));
    let metadata = PaperMetadata::from_read(component, name, read, said_yes);
    PaperMetadata { text_confidence: confidence(scans.iter().map(|scan| &scan.reading.text)), ..metadata }
}

fn pdf(scans: &[Scan], about: About<'_>) -> Result<Vec<u8>, PdfError> {
    let pages: Vec<PdfPage<'_>> = scans
        .iter()
        .map(|Scan { page, jpeg, reading: Reading { text, paper, .. } }| {
            let Page { width, height, dpi, .. } = *page;
            PdfPage { jpeg, width, height, dpi, text, crop: *paper }
        })
        .collect();
    searchable_pdf(&pages, about)
}

/// Nothing here panics while it holds one; a poisoned lock guards whole values all the same.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sides that go into the file: both of every sheet, unless all sheets are blank on their backs (R46). A single blank back stays,
/// so that images and pages agree (R48).
fn sides(document: &Document) -> impl Iterator<Item = &Page> {
    let backs_are_blank = document.pages.iter().filter(|page| page.side == Side::Back).all(|page| page.blank);
    let has_front = document.pages.iter().any(|page| page.side == Side::Front);
    document.pages.iter().filter(move |page| page.side == Side::Front || !backs_are_blank || !has_front)
}

#[cfg(test)]
mod tests {
    use super::*;
    use motcua_model::{Private, Text, document_types::Meaning, metadata::ReadField};

    fn paper(sides: &[(Side, bool)]) -> Document {
        let page = |(at, (side, blank)): (usize, &(Side, bool))| Page {
            image: FileRef { id: Uuid::from_u128(at as u128), sha256: String::new(), bytes: 0, media: String::new() },
            side: *side,
            width: 10,
            height: 10,
            dpi: 300,
            blank: *blank,
            faults: Vec::new(),
            without_note: false,
        };
        let pages = sides.iter().enumerate().map(page).collect();
        let (id, name) = (Uuid::nil(), Text::new("Giấy", "Paper"));
        Document { id, component: "GCS".into(), name, sheets: 1, pages, count_differs: false, origin: Origin::Scanned }
    }

    #[test]
    fn backs_go_only_where_all_of_them_are_blank() {
        use Side::{Back, Front};
        let kept = |pages: &[(Side, bool)]| sides(&paper(pages)).map(|page| page.image.id.as_u128()).collect::<Vec<_>>();
        assert_eq!(kept(&[(Front, false), (Back, true), (Front, false), (Back, true)]), [0, 2]);
        assert_eq!(kept(&[(Front, false), (Back, true), (Front, false), (Back, false)]), [0, 1, 2, 3], "images and pages agree");
        assert_eq!(kept(&[(Front, true), (Front, false)]), [0, 1], "a blank front is a page");
        assert_eq!(kept(&[(Back, true)]), [0], "a paper is never empty");
    }

    #[test]
    fn what_the_person_said_yes_to_is_known_of_the_paper_and_nothing_else_that_needs_it() {
        let area = Area { left: 1, top: 1, right: 2, bottom: 2 };
        let field = |key: &str, meaning| {
            let (value, confidence, needs_yes) = (Private::new("LÊ THỬ"), 0.5, true);
            ReadField { key: key.into(), meaning, value, confidence, page: 1, area, needs_yes }
        };
        let fields = vec![field("child_name", Meaning::OwnerName), field("issuer", Meaning::Issuer)];
        let read = ReadPaper { kind: "birth_certificate".into(), fields };
        let of = |said: &str| metadata("GKS", "Giấy khai sinh", &read, &[said.to_owned()], &[]);
        let known = of("birth_certificate.child_name");
        assert_eq!((known.owner_name.map(|name| name.confidence), known.issuer), (Some(1.0), None));
        assert_eq!(of("live_birth.child_name").owner_name, None, "said of another paper");
    }
}
