//! `motcua person`: what is held of one person, its correction and its erasure.

use crate::agent::{Agent, NoStatus};
use anyhow::{Context as _, ensure};
use motcua_model::{
    Private,
    api::{CorrectAnswer, CorrectRequest, ErasedAnswer, PersonData, PersonRequest},
};
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

/// `motcua person export NUMBER --out FOLDER`.
pub(crate) async fn export(agent: &Agent, number: &str, out: &Path) -> anyhow::Result<String> {
    let data: PersonData = agent.post("/v1/person/export", &PersonRequest { number: Private::new(number) }).await?;
    fs::DirBuilder::new()
        .mode(0o700)
        .create(out)
        .with_context(|| format!("the folder {} cannot be made; give one that is not there yet", out.display()))?;
    write(&out.join("dossiers.json"), &serde_json::to_vec_pretty(&data.dossiers)?)?;
    if !data.corrections.is_empty() {
        write(&out.join("corrections.json"), &serde_json::to_vec_pretty(&data.corrections)?)?;
    }
    let mut damaged = 0;
    for file in &data.files {
        let ending = file.media.rsplit('/').next().unwrap_or("bin");
        match agent.bytes(&format!("/v1/person/files/{}", file.id)).await {
            // A lossless file stands beside its side's JPEG, under the same name.
            Ok(bytes) => write(&out.join(format!("{}.{ending}", file.side.unwrap_or(file.id))), &bytes)?,
            Err(NoStatus::Refused(_)) => damaged += 1,
            Err(error) => return Err(error.into()),
        }
    }
    let mut text = format!(
        "{}: {} dossier(s), {} file(s); {} unfinished visit(s) are erased within a day\n",
        out.display(),
        data.dossiers.len(),
        data.files.len() - damaged,
        data.drafts
    );
    if !data.corrections.is_empty() {
        let _ = writeln!(
            text,
            "{} correction(s) were asked for: corrections.json says which values stand in their place in which dossiers",
            data.corrections.len()
        );
    }
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

/// `motcua person correct NUMBER …`: the text, and whether it was kept.
pub(crate) async fn correct(agent: &Agent, request: &CorrectRequest) -> anyhow::Result<(String, bool)> {
    let answer: CorrectAnswer = agent.post("/v1/person/correct", request).await?;
    let given = [("name", request.name.is_some()), ("day of birth", request.birth.is_some()), ("address", request.address.is_some())];
    let what = given.into_iter().filter_map(|(word, given)| given.then_some(word)).collect::<Vec<_>>().join(", ");
    let of = format!("{what} of the person in {} dossier(s): {}", answer.codes.len(), answer.codes.join(", "));
    Ok(match answer.id {
        Some(id) => (format!("correction {id} is kept: {of}\nit goes to the hub after them; look with: motcua outbox ls\n"), true),
        None => (format!("this would correct {of}\nnothing is changed yet; next step: when it is proven, the same with --yes\n"), false),
    })
}

/// `motcua person erase NUMBER --yes`.
pub(crate) async fn erase(agent: &Agent, number: &str, yes: bool) -> anyhow::Result<String> {
    ensure!(yes, "this erases for ever; give --yes when the person has asked for it in writing");
    let answer: ErasedAnswer = agent.post("/v1/person/erase", &PersonRequest { number: Private::new(number) }).await?;
    Ok(match answer.left {
        0 => "nothing of this person is left on this device\n".to_owned(),
        left => {
            format!(
                "{left} dossier(s) and correction(s) wait for the hub and are kept until it has them; run this again afterwards (motcua outbox ls)\n"
            )
        }
    })
}
