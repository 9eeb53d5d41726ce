//! `motcua outbox export` and `receipts`: an office without any link sends what waits on a stick.

use crate::{
    agent::{Agent, NoStatus},
    outbox::follows,
};
use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use motcua_model::{
    api::{AgentStatus, CarriedReceipt, CarryRequest, ReceiptAnswer, SealedMessage},
    hub::{CARRIED, CARRIED_RECEIPT, SignedReceipt},
};
use std::{
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::Path,
};
use uuid::Uuid;

/// `motcua outbox export --out FOLDER`: the text, and whether all of them lie there.
pub(crate) async fn export(agent: &Agent, out: &Path) -> anyhow::Result<(String, bool)> {
    let status: AgentStatus = agent.get("/v1/status").await?;
    fs::create_dir_all(out).with_context(|| format!("the folder {} cannot be made; is the stick in and writable?", out.display()))?;
    let (mut text, mut written, mut there, mut failed) = (String::new(), 0, 0, 0);
    for line in &status.outbox {
        let path = out.join(format!("{}.{CARRIED}", line.id));
        if path.exists() {
            there += 1;
            continue;
        }
        if line.to_sign {
            // Writing into a String cannot fail, here and below.
            let _ = writeln!(text, "later {} {}: staff sign it at the console first (Chờ ký); then export again", line.id, line.code);
            continue;
        }
        if !line.ahead.is_empty() {
            let _ = writeln!(
                text,
                "later {} {}: not before the hub has {}; export again when the receipts are back",
                line.id,
                line.kind,
                follows(line)
            );
            continue;
        }
        let sealed: Result<SealedMessage, NoStatus> = agent.post("/v1/outbox/export", &CarryRequest { id: line.id }).await;
        match sealed {
            Ok(sealed) => {
                let bytes = BASE64_STANDARD.decode(sealed.base64).context("the agent's answer cannot be read")?;
                write_durably(&path, &bytes).with_context(|| format!("{} cannot be written; is the stick full?", path.display()))?;
                written += 1;
            }
            Err(NoStatus::Refused(why)) => {
                failed += 1;
                let _ = writeln!(text, "FAIL  {} {}: {why}", line.id, line.code);
            }
            Err(other) => return Err(other.into()),
        }
    }
    let _ = writeln!(text, "{}: {written} message(s) written, {there} there already, {failed} failed", out.display());
    text.push_str(
        "carry it to the province (motcua-hub import); here all wait until the receipts are back: motcua outbox receipts FOLDER\n",
    );
    Ok((text, failed == 0))
}

/// A stick may be pulled out at any moment: what has its name is whole.
fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// `motcua outbox receipts FOLDER`: the text, and whether all were taken.
pub(crate) async fn receipts(agent: &Agent, folder: &Path) -> anyhow::Result<(String, bool)> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read; is the stick in?", folder.display()))?;
    let (mut text, mut taken, mut known, mut failed) = (String::new(), 0, 0, 0);
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let id = name.strip_suffix(CARRIED_RECEIPT).and_then(|name| name.strip_suffix('.')).and_then(|id| Uuid::parse_str(id).ok());
        let Some(id) = id else { continue };
        match receipt(agent, id, &path).await {
            Ok(true) => taken += 1,
            Ok(false) => known += 1,
            Err(why) => {
                failed += 1;
                let _ = writeln!(text, "FAIL  {name}: {why:#}");
            }
        }
    }
    let _ = writeln!(text, "{}: {taken} delivered now, {known} not waiting any more, {failed} not taken", folder.display());
    Ok((text, failed == 0))
}

async fn receipt(agent: &Agent, id: Uuid, path: &Path) -> anyhow::Result<bool> {
    let signed: SignedReceipt = serde_json::from_slice(&fs::read(path)?).context("it is no receipt; run the import at the hub again")?;
    let answer: ReceiptAnswer = agent.post("/v1/outbox/receipt", &CarriedReceipt { id, signed }).await?;
    Ok(answer.taken)
}
