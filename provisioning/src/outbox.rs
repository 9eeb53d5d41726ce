//! `motcua outbox`, `motcua audit`, `motcua restore`, `motcua person`: what waits, whether the trail is whole, the way back to the
//! copy of the database, what is held of one person.

use crate::agent::Agent;
use anyhow::{Context as _, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use motcua_model::{
    Private,
    api::{
        AgentStatus, AuditState, BackupState, ErasedAnswer, OutboxDetail, OutboxLine, PersonData, PersonRequest, RetryAnswer, RetryRequest,
    },
};
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};
use uuid::Uuid;

use crate::status::{local, span};

/// `motcua outbox ls`.
pub(crate) async fn list(agent: &Agent, now: Timestamp) -> anyhow::Result<String> {
    let status: AgentStatus = agent.get("/v1/status").await?;
    if status.outbox.is_empty() {
        return Ok("nothing waits: the hub has everything\n".to_owned());
    }
    let mut text = String::new();
    for line in &status.outbox {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{}", one_line(line, now));
    }
    Ok(text)
}

fn one_line(line: &OutboxLine, now: Timestamp) -> String {
    let state = if line.set_aside { "SET ASIDE".to_owned() } else { format!("next try {}", local(line.next_try)) };
    let problem = if line.problem.is_empty() { String::new() } else { format!("\n    {}", line.problem) };
    format!("{}  {} {}  waits for {}, {} attempt(s), {state}{problem}", line.id, line.kind, line.code, span(line.since, now), line.attempts)
}

/// `motcua outbox show ID`.
pub(crate) async fn show(agent: &Agent, id: Uuid, now: Timestamp) -> anyhow::Result<String> {
    let detail: OutboxDetail = agent.get(&format!("/v1/outbox/{id}")).await?;
    let mut text = one_line(&detail.line, now) + "\n";
    let message = match detail.message_bytes {
        Some(bytes) => format!("made, {bytes} bytes; {}", if detail.announced { "the hub knows it" } else { "not at the hub yet" }),
        None => "not made yet".to_owned(),
    };
    let _ = writeln!(text, "message   {message}");
    for file in &detail.files {
        let state = if file.whole { "whole" } else { "DAMAGED OR MISSING: keep the disk, tell the province's IT office" };
        let _ = writeln!(text, "file      {}  {}  {} bytes  {state}", file.id, file.media, file.bytes);
    }
    if detail.line.set_aside {
        let _ = writeln!(text, "next step: mend the cause above, then: motcua outbox retry {id}");
    }
    Ok(text)
}

/// `motcua outbox retry [ID]`.
pub(crate) async fn retry(agent: &Agent, id: Option<Uuid>) -> anyhow::Result<String> {
    let answer: RetryAnswer = agent.post("/v1/outbox/retry", &RetryRequest { id }).await?;
    Ok(format!("{} message(s) are tried now; look with: motcua outbox ls\n", answer.waiting))
}

/// `motcua audit verify`: the text, and whether the trail is whole.
pub(crate) async fn verify(agent: &Agent) -> anyhow::Result<(String, bool)> {
    let audit: AuditState = agent.get("/v1/audit").await?;
    Ok(match audit.broken_at {
        None => (format!("ok    {} rows, each follows from the one before; head {}\n", audit.rows, audit.head), true),
        Some(row) => (
            format!(
                "FAIL  row {row} does not follow from the one before it: somebody or a bad disk changed the trail. Keep the disk as it is and tell the province's IT office\n"
            ),
            false,
        ),
    })
}

/// `motcua restore [--yes]`: the text, and whether it is done.
pub(crate) async fn restore(agent: &Agent, yes: bool, now: Timestamp) -> anyhow::Result<(String, bool)> {
    let copy: BackupState = agent.get("/v1/backup").await?;
    let of = format!("the copy is of {} ({} ago, {} bytes)", local(copy.taken), span(copy.taken, now), copy.bytes);
    if copy.database_opens {
        return Ok((format!("ok    the database opens; there is nothing to restore; {of}\n"), true));
    }
    if !yes {
        return Ok((
            format!(
                "{of}. Dossiers that were confirmed after it, and that the hub does not have, are lost to this PC; their slips are with the people. \
                 The damaged database is set aside and not erased: damaged-1 in the state directory.\n\
                 next step: note the codes that people bring on their slips, then: motcua restore --yes\n"
            ),
            false,
        ));
    }
    let _: BackupState = agent.post("/v1/backup/restore", &()).await?;
    Ok((format!("{of} and takes the database's place now; look in a minute: motcua status, then motcua outbox ls\n"), true))
}

/// `motcua person export NUMBER --out FOLDER`.
pub(crate) async fn export(agent: &Agent, number: &str, out: &Path) -> anyhow::Result<String> {
    let data: PersonData = agent.post("/v1/person/export", &PersonRequest { number: Private::new(number) }).await?;
    fs::DirBuilder::new()
        .mode(0o700)
        .create(out)
        .with_context(|| format!("the folder {} cannot be made; give one that is not there yet", out.display()))?;
    write(&out.join("dossiers.json"), &serde_json::to_vec_pretty(&data.dossiers)?)?;
    let mut damaged = 0;
    for file in &data.files {
        let bytes = BASE64_STANDARD.decode(file.base64.reveal()).context("the agent's answer cannot be read")?;
        let ending = file.media.rsplit('/').next().unwrap_or("bin");
        match bytes.is_empty() {
            true => damaged += 1,
            false => write(&out.join(format!("{}.{ending}", file.id)), &bytes)?,
        }
    }
    let mut text = format!(
        "{}: {} dossier(s), {} file(s); {} unfinished visit(s) are erased within a day\n",
        out.display(),
        data.dossiers.len(),
        data.files.len() - damaged,
        data.drafts
    );
    if !data.minimal.is_empty() {
        let _ = writeln!(
            text,
            "of {} only code, status and times are left here; the hub has them: {}",
            data.minimal.len(),
            data.minimal.join(", ")
        );
    }
    if damaged > 0 {
        let _ = writeln!(text, "{damaged} file(s) are damaged and were left out");
    }
    text.push_str("this folder holds personal data in the clear: hand it over, then erase it\n");
    Ok(text)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let file = fs::File::options().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).with_context(|| format!("{} cannot be written", path.display()))
}

/// `motcua person erase NUMBER --yes`.
pub(crate) async fn erase(agent: &Agent, number: &str, yes: bool) -> anyhow::Result<String> {
    ensure!(yes, "this erases for ever; give --yes when the person has asked for it in writing");
    let answer: ErasedAnswer = agent.post("/v1/person/erase", &PersonRequest { number: Private::new(number) }).await?;
    Ok(match answer.left {
        0 => "nothing of this person is left on this device\n".to_owned(),
        left => {
            format!("{left} dossier(s) wait for the hub and are kept until it has them; run this again afterwards (motcua outbox ls)\n")
        }
    })
}
