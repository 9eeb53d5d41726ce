//! `motcua outbox`, `motcua audit`, `motcua restore`: what waits, whether the trail is whole, the way back to the copy of the database.

use crate::{
    agent::Agent,
    status::{local, span},
};
use jiff::Timestamp;
use motcua_model::api::{AgentStatus, AuditState, BackupState, OutboxAhead, OutboxDetail, OutboxLine, RetryAnswer, RetryRequest};
use std::fmt::Write as _;
use uuid::Uuid;

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
    let problem = if line.problem.is_empty() { String::new() } else { format!("\n    {}", line.problem) };
    format!(
        "{}  {} {}  waits for {}, {} attempt(s), {}{problem}",
        line.id,
        line.kind,
        line.code,
        span(line.since, now),
        line.attempts,
        state(line)
    )
}

/// When it is tried, or why not.
pub(crate) fn state(line: &OutboxLine) -> String {
    if line.set_aside {
        "SET ASIDE".to_owned()
    } else if line.to_sign {
        "waits for signatures (console, Chờ ký)".to_owned()
    } else if line.ahead.is_empty() {
        format!("next try {}", local(line.next_try))
    } else {
        format!("not before the hub has {}", follows(line))
    }
}

/// The dossiers that must be at the hub before.
pub(crate) fn follows(line: &OutboxLine) -> String {
    let one = |ahead: &OutboxAhead| if ahead.set_aside { format!("{} (SET ASIDE)", ahead.code) } else { ahead.code.clone() };
    line.ahead.iter().map(one).collect::<Vec<_>>().join(", ")
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
    for ahead in detail.line.ahead.iter().filter(|ahead| ahead.set_aside) {
        let _ = writeln!(text, "next step: {} is set aside and holds this up; see: motcua outbox show {}", ahead.code, ahead.id);
    }
    if detail.line.to_sign {
        let _ = writeln!(text, "next step: staff sign it at the console (Chờ ký), or send it unsigned there with a reason");
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
                 The damaged database is set aside and not erased: a folder damaged-1 (-2, …) in the state directory.\n\
                 next step: note the codes that people bring on their slips, then: motcua restore --yes\n"
            ),
            false,
        ));
    }
    let _: BackupState = agent.post("/v1/backup/restore", &()).await?;
    Ok((format!("{of} and takes the database's place now; look in a minute: motcua status, then motcua outbox ls\n"), true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_it_waits_for() {
        let now = "2026-11-23T02:05:00Z".parse().unwrap();
        let ahead = |code: &str, set_aside| OutboxAhead { id: Uuid::nil(), code: code.to_owned(), set_aside };
        let mut line = crate::agent::tests::example().outbox.remove(0);
        assert!(one_line(&line, now).contains("next try"));
        line.to_sign = true;
        let said = one_line(&line, now);
        assert!(said.contains("waits for signatures") && !said.contains("next try"), "{said}");
        line.to_sign = false;
        line.ahead = vec![ahead("TAM-1", false), ahead("TAM-2", true)];
        let said = one_line(&line, now);
        assert!(said.contains("not before the hub has TAM-1, TAM-2 (SET ASIDE)") && !said.contains("next try"), "{said}");
        line.set_aside = true;
        assert!(one_line(&line, now).contains(", SET ASIDE"));
    }
}
