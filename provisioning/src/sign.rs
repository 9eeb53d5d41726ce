//! `motcua sign`: staff sign PDFs with the office's token, without the agent.

use crate::secret;
use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use motcua_digitise::{
    check_pdf,
    sign::{Batch, Pin, SignError, SignatureBlock, Signed, Stop, Token, Waiting, Which, sign_all},
};
use motcua_model::Text;
use std::{
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// What is signed, how and with which token. There is no argument for the PIN: it would stand in the list of processes.
#[derive(clap::Args)]
pub(crate) struct Sign {
    /// One or more PDFs; each stays as it is, the signed one is written beside it.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where the signed PDF goes; left out: FILE.signed.pdf. For one file alone.
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// The PKCS#11 library that came with the token.
    #[arg(long)]
    module: PathBuf,
    /// The token's label (pkcs11-tool --module … --list-slots shows it).
    #[arg(long)]
    token: String,
    /// The name in the certificate, where the token holds several.
    #[arg(long)]
    key: Option<String>,
    /// Form of the copy where it is one: "SAO Y", "SAO LỤC", "TRÍCH SAO".
    #[arg(long)]
    copy: Option<String>,
    /// Name of the agency, as it shall stand in the signature.
    #[arg(long)]
    agency: String,
}

/// `motcua sign FILE…`: the text, and whether all are signed. Those that are signed already are passed over, so that the same command
/// goes on where one was cut short.
pub(crate) fn run(ask: &Sign, now: Timestamp) -> anyhow::Result<(String, bool)> {
    let (left, mut text) = left(ask)?;
    if left.is_empty() {
        return Ok((text, true));
    }
    let which = Which { token: &ask.token, key: ask.key.as_deref(), at: now };
    let mut token = match Token::open(&ask.module, which, Pin::new(secret::typed("PIN: ", "nothing is signed")?.as_str())) {
        Ok(token) => token,
        Err(problem) => bail!(both(&problem.into())),
    };
    let block = SignatureBlock { copy: ask.copy.clone(), agency: ask.agency.clone(), at: now };
    let mut unreadable = String::new();
    let waiting = left.iter().filter_map(|(file, _)| {
        // What acts by itself gets no signature of an office, and none that is made to break readers is read further.
        let problem = match fs::read(file) {
            Ok(pdf) => match check_pdf(&pdf) {
                Ok(_) => return Some(Waiting { name: file.display().to_string(), pdf, block: block.clone() }),
                Err(problem) => problem.text(),
            },
            Err(error) => Text::new(error.to_string(), "the file cannot be read"),
        };
        // Writing into a String cannot fail, here and below.
        let _ = writeln!(unreadable, "FAIL  {}: {}\n      {}", file.display(), problem.vi, problem.en);
        None
    });
    let mut warnings = Vec::new();
    let batch = sign_all(waiting, &mut token, |name, signed: Signed| {
        let out = left.iter().find(|(file, _)| file.display().to_string() == name).map(|(_, out)| out).context("no such file")?;
        write_durably(out, &signed.pdf).with_context(|| format!("{} cannot be written", out.display()))?;
        let _ = writeln!(text, "ok    {}: đã ký / signed by {}", out.display(), signed.signer);
        // The same for every file: one token, one time.
        warnings = signed.warnings;
        Ok::<(), anyhow::Error>(())
    });
    text.push_str(&told(&batch, left.len()));
    text.push_str(&unreadable);
    for warning in warnings {
        let words = warning.text();
        let _ = writeln!(text, "note  {}\n      {}", words.vi, words.en);
    }
    Ok((text, batch.signed.len() == left.len()))
}

/// The files to sign with the place of each, and what is said of the others. Checked before the PIN is asked for: a wrong name should
/// not cost a try.
fn left(ask: &Sign) -> anyhow::Result<(Vec<(&Path, PathBuf)>, String)> {
    ensure!(ask.out.is_none() || ask.files.len() == 1, "--out is for one file; without it each is written beside its original");
    let (mut left, mut text) = (Vec::new(), String::new());
    for file in &ask.files {
        File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let place = ask.out.clone().unwrap_or_else(|| file.with_extension("signed.pdf"));
        ensure!(left.iter().all(|(_, other)| *other != place), "{} would be written twice; give each file once", place.display());
        if place.exists() {
            let _ = writeln!(text, "there {}: đã có, giữ nguyên / there already, left as it is", place.display());
        } else {
            left.push((file.as_path(), place));
        }
    }
    Ok((left, text))
}

/// What was not signed, and what to do.
fn told(batch: &Batch<anyhow::Error>, files: usize) -> String {
    let mut text = String::new();
    for (name, problem) in &batch.refused {
        let _ = writeln!(text, "FAIL  {name}: {}", both(problem));
    }
    if let Some((name, stop)) = &batch.stopped {
        let why = match stop {
            Stop::Signing(problem) => both(problem),
            Stop::Keeping(problem) => format!("{problem:#}"),
        };
        let _ = writeln!(text, "FAIL  {name}: {why}");
        let left = files - batch.signed.len() - batch.refused.len();
        let _ = writeln!(
            text,
            "      {left} tệp chưa ký, giữ nguyên / {left} file(s) not signed, as they were: the same command goes on with them"
        );
    }
    text
}

fn both(problem: &SignError) -> String {
    let words = problem.text();
    format!("{}\n      {}", words.vi, words.en)
}

/// Whole or not at all, and for its owner alone.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
