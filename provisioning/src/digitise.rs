//! `motcua digitise`: pictures in, one searchable PDF/A out, without an agent.

use crate::{fields, sign::write_durably};
use anyhow::{Context as _, bail};
use jiff::Timestamp;
use motcua_digitise::{
    About, Engines, PageError, PageText, PdfPage, RecognisedPage, SourcePage, confidence, paper_area, read_codes, recognise_paper,
    searchable_pdf, secrecy_mark, smaller, source_page,
};
use motcua_model::metadata::Area;
use std::{
    fs,
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

#[derive(clap::Args)]
pub(crate) struct Digitise {
    /// The pages in their order, JPEG or PNG.
    #[arg(required = true)]
    pages: Vec<PathBuf>,
    /// The PDF to write; one that is there already is kept, and this fails.
    #[arg(short, long)]
    out: PathBuf,
    /// Dots per inch of the scans; left out: what the files say, else as of sheets of A4.
    #[arg(long)]
    dpi: Option<u16>,
    /// Title inside the PDF; left out: the name of the file.
    #[arg(long)]
    title: Option<String>,
    /// Encode every picture a second time, at this quality, so that the PDF is smaller: for copies to send or to show. The original for the
    /// archive is never made so: left out, the scanner's bytes stay as they are.
    #[arg(long, value_parser = clap::value_parser!(u8).range(30..=95))]
    quality: Option<u8>,
    /// Language of the text, by Tesseract's name.
    #[arg(long, default_value = "vie")]
    language: String,
    /// Folder with the language's model; left out: where the system keeps it.
    #[arg(long)]
    tessdata: Option<PathBuf>,
    /// Also write type, fields, codes and metadata of the paper here, as JSON; a file that is there already is kept, and this fails.
    #[arg(long)]
    fields: Option<PathBuf>,
    /// Types of paper and where their fields stand, as JSON; left out: those that come with the product.
    #[arg(long, requires = "fields")]
    document_types: Option<PathBuf>,
}

/// What must be in the environment when the process starts. Tesseract splits a page over threads otherwise, and is slower for it; glibc
/// keeps what a large page took (mallopt(3), M_MMAP_THRESHOLD) while the next one is decoded.
const ENVIRONMENT: [(&str, &str); 2] = [("OMP_THREAD_LIMIT", "1"), ("MALLOC_MMAP_THRESHOLD_", "8388608")];

/// Refuses a paper with a secrecy mark (TT 03/2025/TT-VPCP Đ.5.2). Blocks until it is done; Ctrl-C ends it after the pages at work, and writes nothing.
pub(crate) fn run(asked: &Digitise, stop: &Arc<AtomicBool>) -> anyhow::Result<String> {
    if ENVIRONMENT.iter().any(|(name, _)| std::env::var_os(name).is_none()) {
        let mut again = Command::new(std::env::current_exe().context("this program's own file is not found")?);
        let failed = again.args(std::env::args_os().skip(1)).envs(ENVIRONMENT).exec();
        return Err(anyhow::Error::new(failed).context("this program cannot be started anew"));
    }
    if asked.out.exists() {
        bail!("{} is there already; give another name with -o, or remove it", asked.out.display());
    }
    if let Some(file) = &asked.fields {
        if file.exists() {
            bail!("{} is there already; give another name with --fields, or remove it", file.display());
        }
        if *file == asked.out {
            bail!("PDF and fields cannot both be {}; give another name with --fields", file.display());
        }
    }
    let types = asked.fields.as_ref().map(|_| fields::document_types(asked.document_types.as_deref())).transpose()?;
    let pages = asked.pages.iter().map(|path| page(path, asked.dpi)).collect::<anyhow::Result<Vec<_>>>()?;
    let count = thread::available_parallelism().map_or(1, usize::from);
    let engines = Engines { language: asked.language.clone(), tessdata: asked.tessdata.clone(), count };
    let scans: Vec<(&[u8], u16)> = pages.iter().map(|page| (page.jpeg.as_slice(), page.dpi)).collect();
    let of = pages.len();
    let texts = recognise_paper(
        &engines,
        &scans,
        &|place, text| {
            let sure = confidence([text]).unwrap_or(0.0) * 100.0;
            // Nobody may be there to read it.
            let _ = writeln!(std::io::stderr(), "page {} of {of}: {} words, {sure:.0} % sure", place + 1, text.words.len());
        },
        stop,
    );
    let texts = texts.map_err(|error| match error {
        motcua_digitise::PaperError::Page { number, source } => {
            anyhow::Error::new(source).context(asked.pages.get(number - 1).map_or(String::new(), |path| path.display().to_string()))
        }
        motcua_digitise::PaperError::Stopped => anyhow::Error::new(error),
    })?;
    let marked = asked.pages.iter().zip(&texts).find_map(|(path, text)| Some((path, secrecy_mark(text)?)));
    if let Some((path, mark)) = marked {
        bail!("{}: the page bears the secrecy mark {mark}; such a paper must not be scanned, and nothing was written", path.display());
    }
    let name = || asked.out.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let title = asked.title.clone().unwrap_or_else(name);
    let now = Timestamp::now();
    let read = match &types {
        Some(types) => {
            let mut codes = Vec::new();
            for (page, path) in pages.iter().zip(&asked.pages) {
                codes.push(read_codes(&page.jpeg, page.dpi).with_context(|| path.display().to_string())?);
            }
            let scans: Vec<RecognisedPage<'_>> = (pages.iter().zip(&texts).zip(&codes))
                .map(|((page, text), codes)| RecognisedPage { jpeg: &page.jpeg, dpi: page.dpi, text, codes })
                .collect();
            Some(fields::read(&scans, types, asked.tessdata.as_deref(), now)?)
        }
        None => None,
    };
    let metadata = read.as_ref().map(|(_, metadata)| metadata);
    let crops = crops(&pages, &texts)?;
    // Everything was read on the scans themselves.
    let pages = match asked.quality {
        Some(quality) => pages.into_iter().map(|page| encoded_again(page, quality)).collect::<Result<Vec<_>, _>>()?,
        None => pages,
    };
    let sides: Vec<PdfPage<'_>> = (pages.iter().zip(&texts).zip(crops))
        .map(|((page, text), crop)| PdfPage { jpeg: &page.jpeg, width: page.width, height: page.height, dpi: page.dpi, text, crop })
        .collect();
    let pdf = searchable_pdf(&sides, About { title: &title, created: now, metadata })?;
    if let (Some(file), Some((json, _))) = (&asked.fields, &read) {
        write_durably(file, json).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    write_durably(&asked.out, &pdf).with_context(|| format!("{} cannot be written", asked.out.display()))?;
    Ok(format!("{}: {of} page(s), {} bytes\n", asked.out.display(), pdf.len()))
}

/// What of each page is paper.
fn crops(pages: &[SourcePage], texts: &[PageText]) -> Result<Vec<Option<Area>>, PageError> {
    pages.iter().zip(texts).map(|(page, text)| paper_area(&page.jpeg, page.dpi, text)).collect()
}

fn encoded_again(page: SourcePage, quality: u8) -> Result<SourcePage, PageError> {
    Ok(SourcePage { jpeg: smaller(&page.jpeg, page.dpi, quality)?, ..page })
}

fn page(path: &Path, dpi: Option<u16>) -> anyhow::Result<SourcePage> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    source_page(bytes, dpi).with_context(|| path.display().to_string())
}

/// True from the first Ctrl-C on.
pub(crate) fn stopped_by_ctrl_c() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            told.store(true, Ordering::Relaxed);
        }
    });
    stop
}
