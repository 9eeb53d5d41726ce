//! `motcua pdf-check`: may the PDFs that somebody brings be taken? Without the agent; the files are only read.

use motcua_digitise::{ArrivedError, ArrivedPdf, MOST_ARRIVED_BYTES, check_pdf};
use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// What somebody brings on a stick.
#[derive(clap::Args)]
pub(crate) struct PdfCheck {
    /// One or more PDFs; nothing is written.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// The text, and whether all may be taken.
pub(crate) fn run(asked: &PdfCheck) -> (String, bool) {
    let (mut text, mut good) = (String::new(), true);
    for path in &asked.files {
        let file = path.display();
        // Writing into a String cannot fail.
        let _ = match read(path).map(|bytes| check_pdf(&bytes)) {
            Ok(Ok(seen)) => writeln!(text, "ok    {file}: {}", described(&seen)),
            Ok(Err(problem)) => {
                good = false;
                writeln!(text, "FAIL  {file}: {}", both(&problem))
            }
            Err(error) => {
                good = false;
                writeln!(text, "FAIL  {file}: không đọc được tệp / the file cannot be read ({error}); plug the stick in again")
            }
        };
    }
    (text, good)
}

/// One byte more than may be taken at most, so that a large file is known to be one.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_ARRIVED_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn both(problem: &ArrivedError) -> String {
    let words = problem.text();
    format!("{} / {}", words.vi, words.en)
}

fn described(seen: &ArrivedPdf) -> String {
    let size = |place: usize| seen.pages.get(place).map(|page| format!("{} × {} mm", page.width_mm, page.height_mm)).unwrap_or_default();
    let mixed = if seen.pages.iter().any(|page| Some(page) != seen.pages.first()) { " and others" } else { "" };
    let shows = match (seen.has_text, seen.has_pictures) {
        (true, true) => "text and pictures",
        (true, false) => "text",
        (false, true) => "pictures only",
        (false, false) => "neither text nor pictures",
    };
    let mut text = format!("{} page(s), {}{mixed}, {shows}, PDF {}", seen.pages.len(), size(0), seen.version);
    if let Some(claim) = &seen.pdf_a {
        let conformance = claim.conformance.map(|letter| letter.to_ascii_lowercase().to_string()).unwrap_or_default();
        let _ = write!(text, ", says PDF/A-{}{conformance}", claim.part);
    }
    let counts = [(seen.signatures, "signature(s), not verified"), (seen.links, "link(s)"), (seen.attached.len(), "attached file(s)")];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(text, ", {count} {what}");
    }
    let sha256 = seen.sha256.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("{text}, SHA-256 {sha256}")
}
