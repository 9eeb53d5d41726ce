//! A device that drops finished files into a folder: one JPEG or PNG a page.
//!
//! Looked at every half second, without notification by the system: that works on every file system, network shares too. A file is
//! taken when its size has stood still from one look to the next and it ends as its format must. What lay there before the job is
//! somebody else's and is never used.

use super::escl::{PAGE_LIMIT, foreign_kind};
use super::escl_xml::complete_jpeg;
use super::folder_files::{self as files, File};
use super::{About, BatchEnd, ScanEvent, ScanFailure, ScanSettings, ScannedPage};
use crate::{DeviceError, Human};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// Quality of the JPEG that a PNG becomes: above what scanners themselves send.
const JPEG_QUALITY: u8 = 92;
/// Widest and highest page: A4 at 1200 dots per inch, and some.
const MOST_POINTS: u32 = 16_000;
/// The last chunk of every PNG (RFC 2083 section 4.1.4).
const PNG_END: &[u8] = b"\0\0\0\0IEND\xaeB`\x82";

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct FolderTiming {
    /// Between two looks at the folder.
    pub poll: Duration,
    /// Without any news after the last page, until the batch counts as complete.
    pub quiet: Duration,
    /// For the first file.
    pub first: Duration,
    /// For a file that has begun and does not end.
    pub finish: Duration,
}

impl Default for FolderTiming {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(500),
            quiet: Duration::from_secs(5),
            first: Duration::from_secs(60),
            finish: Duration::from_secs(30),
        }
    }
}

/// A folder into which a device, or its maker's program, drops finished files.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    master: bool,
    timing: FolderTiming,
}

/// What a file is, as far as it has come.
enum Content {
    /// A whole page, and the PNG that it was where it was one.
    Page { jpeg: Vec<u8>, png: Option<Vec<u8>> },
    /// Not whole yet.
    Unfinished,
    /// Finished or not, of no use.
    Foreign(&'static str),
}

impl Folder {
    /// Watches `path`. Touches nothing yet.
    pub fn new(path: PathBuf) -> Self {
        Self::with_timing(path, FolderTiming::default())
    }

    /// Like [`Folder::new`], with other times.
    pub fn with_timing(path: PathBuf, timing: FolderTiming) -> Self {
        Self { path, master: false, timing }
    }

    /// Whether a page that came as PNG keeps it beside the JPEG that it becomes, [`ScannedPage::master`].
    #[must_use]
    pub fn with_master(self, master: bool) -> Self {
        Self { master, ..self }
    }

    /// See [`super::Scanner::about`]. How many sides and which colours come is set at the device.
    ///
    /// # Errors
    /// As [`Folder::trouble`].
    pub async fn about(&self) -> Result<About, DeviceError> {
        let path = self.path.clone();
        blocking(move || {
            files::check(&path)?;
            files::purge(&path);
            Ok(())
        })
        .await?;
        Ok(About {
            make_and_model: "watched folder".to_owned(),
            address: self.path.display().to_string(),
            flatbed: false,
            feeder: true,
            duplex: true,
            colour: true,
            resolutions: Vec::new(),
        })
    }

    /// See [`super::Scanner::trouble`].
    ///
    /// # Errors
    /// [`DeviceError::Disconnected`] when the folder is missing, or files cannot be read and removed there.
    pub async fn trouble(&self) -> Result<Option<Human>, DeviceError> {
        let path = self.path.clone();
        blocking(move || {
            files::purge(&path);
            files::check(&path)
        })
        .await
        .map(|()| None)
    }

    /// Takes the files that appear from now on, in the order of their names (`2` before `10`), until no more come. Each is deleted
    /// as soon as its page was handed over. What lies there already is moved to `old/`, what is no page to `refused/`; both are
    /// emptied of what is older than an hour. A page that the device drops late, when the next job has begun, counts for that job: the
    /// person who checks the pages is the only guard.
    ///
    /// # Errors
    /// [`ScanFailure`]: pages already sent stay good. [`Human::FeederEmpty`] when nothing came at all.
    pub async fn scan(
        &self,
        _settings: &ScanSettings,
        events: mpsc::Sender<ScanEvent>,
        mut cancel: watch::Receiver<bool>,
    ) -> Result<BatchEnd, ScanFailure> {
        let mut batch = Batch { folder: self, events: &events, sent: 0, known: Vec::new(), news: Instant::now() };
        let ended = tokio::select! {
            biased;
            // A dropped sender can no longer cancel; the wait then never ends.
            () = async { if cancel.wait_for(|now| *now).await.is_err() { std::future::pending::<()>().await } } => None,
            () = events.closed() => None,
            ended = batch.course() => Some(ended),
        };
        let pages = batch.sent;
        match ended {
            Some(Ok(())) => Ok(BatchEnd::Complete { pages }),
            None | Some(Err(Stop::Cancelled)) => Ok(BatchEnd::Cancelled { pages }),
            Some(Err(Stop::Failed { error, damaged })) => Err(ScanFailure { error, unsure: false, damaged, pages }),
        }
    }
}

/// Why a batch stops before its end.
enum Stop {
    Cancelled,
    Failed { error: DeviceError, damaged: bool },
}

impl From<DeviceError> for Stop {
    fn from(error: DeviceError) -> Self {
        Self::Failed { error, damaged: false }
    }
}

struct Batch<'a> {
    folder: &'a Folder,
    events: &'a mpsc::Sender<ScanEvent>,
    sent: u32,
    /// The files as they were at the last look, in order.
    known: Vec<File>,
    /// When something last changed.
    news: Instant,
}

impl Batch<'_> {
    async fn course(&mut self) -> Result<(), Stop> {
        let FolderTiming { poll, quiet, first, finish } = self.folder.timing;
        self.put_aside().await?;
        self.news = Instant::now();
        loop {
            tokio::time::sleep(poll).await;
            let path = self.folder.path.clone();
            let now = blocking(move || files::look(&path)).await?;
            if now != self.known {
                self.news = Instant::now();
            }
            let waiting = self.take_finished(now).await?;
            let still = self.news.elapsed();
            match (waiting, self.sent) {
                (Some(file), _) if still >= finish => {
                    return Err(self.refuse(&file, "a file that began and did not end; scan that sheet again").await);
                }
                (None, 0) if still >= first => return Err(DeviceError::NeedsHuman(Human::FeederEmpty).into()),
                (None, 1..) if still >= quiet => return Ok(()),
                (Some(_) | None, _) => {}
            }
        }
    }

    /// Files of another person, or of a job that broke off.
    async fn put_aside(&self) -> Result<(), DeviceError> {
        let path = self.folder.path.clone();
        let count = blocking(move || {
            files::check(&path)?;
            files::purge(&path);
            let left = files::look(&path)?;
            left.iter().try_for_each(|file| files::move_to(&path, file, "old"))?;
            Ok(left.len())
        })
        .await?;
        if count > 0 {
            tracing::warn!(count, folder = %self.folder.path.display(), "files from before this scan were moved to old/, none was used");
        }
        Ok(())
    }

    /// Sends the pages that are whole, in order; returns the first file that is not, behind which the others wait.
    async fn take_finished(&mut self, now: Vec<File>) -> Result<Option<File>, Stop> {
        let before = std::mem::replace(&mut self.known, now.clone());
        for file in now {
            if !before.contains(&file) {
                return Ok(Some(file));
            }
            let path = self.folder.path.join(&file.name);
            match blocking(move || Ok(content(files::read(&path, PAGE_LIMIT)?))).await? {
                Content::Unfinished => return Ok(Some(file)),
                Content::Foreign(kind) => return Err(self.refuse(&file, kind).await),
                Content::Page { jpeg, png } => self.send(&file, jpeg, png.filter(|_| self.folder.master)).await?,
            }
        }
        Ok(None)
    }

    async fn send(&mut self, file: &File, jpeg: Vec<u8>, master: Option<Vec<u8>>) -> Result<(), Stop> {
        let page = ScannedPage { index: self.sent, jpeg, master };
        self.events.send(ScanEvent::Page(page)).await.map_err(|_| Stop::Cancelled)?;
        // No await from here on: a page that was handed over is counted and its file gone, or neither.
        self.sent += 1;
        self.news = Instant::now();
        self.known.retain(|known| known != file);
        files::remove(&self.folder.path, file)?;
        Ok(())
    }

    async fn refuse(&self, file: &File, why: &str) -> Stop {
        let (path, file) = (self.folder.path.clone(), file.clone());
        if let Err(error) = blocking(move || files::move_to(&path, &file, "refused")).await {
            return error.into();
        }
        let folder = self.folder.path.display();
        Stop::Failed { error: DeviceError::Rejected(format!("in {folder}, moved to refused/: {why}")), damaged: true }
    }
}

fn content(bytes: Vec<u8>) -> Content {
    const SETTING: &str = "set the device to save JPEG, one file a page";
    if bytes.starts_with(b"\x89PNG") {
        return match bytes.ends_with(PNG_END).then(|| jpeg_of_png(&bytes)) {
            None => Content::Unfinished,
            Some(Ok(jpeg)) => Content::Page { jpeg, png: Some(bytes) },
            Some(Err(_)) => Content::Foreign("a PNG that cannot be read; set the device to save JPEG"),
        };
    }
    match foreign_kind(&bytes) {
        Some("PDF") => Content::Foreign("a PDF, which holds any number of pages; set the device to save JPEG, one file a page"),
        Some("TIFF") => Content::Foreign("a TIFF, which holds any number of pages; set the device to save JPEG, one file a page"),
        Some(_) => Content::Foreign(SETTING),
        None => complete_jpeg(bytes).map_or(Content::Unfinished, |jpeg| Content::Page { jpeg, png: None }),
    }
}

/// Re-encodes once, so that all pages go one way afterwards.
fn jpeg_of_png(png: &[u8]) -> image::ImageResult<Vec<u8>> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_POINTS);
    limits.max_image_height = Some(MOST_POINTS);
    let mut reader = ImageReader::with_format(Cursor::new(png), ImageFormat::Png);
    reader.limits(limits);
    let picture = reader.decode()?;
    let (width, height, grey) = (picture.width(), picture.height(), !picture.color().has_color());
    // Transparent places of a page are paper.
    let picture = if picture.color().has_alpha() { on_white(&picture) } else { picture };
    let (points, kind) = match grey {
        true => (picture.into_luma8().into_raw(), ExtendedColorType::L8),
        false => (picture.into_rgb8().into_raw(), ExtendedColorType::Rgb8),
    };
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).encode(&points, width, height, kind)?;
    Ok(jpeg)
}

fn on_white(picture: &DynamicImage) -> DynamicImage {
    let mut paper = image::RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut paper, &picture.to_rgba8(), 0, 0);
    paper.into()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, DeviceError> + Send + 'static) -> Result<T, DeviceError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(DeviceError::Protocol(error.to_string())))
}
