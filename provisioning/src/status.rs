//! `motcua status`: what the running agent says, for people.

use crate::agent;
use jiff::{Timestamp, tz::TimeZone};
use motcua_model::{
    api::{AgentStatus, DISK_FULL, DISK_WARN, DeviceLine, DeviceState, LinkState},
    config::Config,
};
use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

/// A clock that is off by more shows wrong times on slips, and in the end wrong days.
const CLOCK_WRONG_S: u64 = 120;

/// The whole text, or one sentence with the next step.
pub(crate) async fn report(config: &Path) -> Result<String, String> {
    let socket = socket(config)?;
    let status = agent::status(&socket).await.map_err(|problem| problem.to_string())?;
    Ok(show(&status, Timestamp::now()))
}

/// Where the agent of this configuration listens, or what is wrong with the file.
pub(crate) fn socket(config: &Path) -> Result<PathBuf, String> {
    let file = config.display().to_string();
    let text = std::fs::read_to_string(config).map_err(|e| format!("{file} cannot be read: {e}; name the file with --config"))?;
    let config = Config::parse(&file, &text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        format!("{}\nthe configuration is not usable; run: motcua check --config {file}", lines.join("\n"))
    })?;
    Ok(config.api.socket)
}

/// Pure, so that it can be tested.
pub(crate) fn show(status: &AgentStatus, now: Timestamp) -> String {
    let mut text =
        format!("agent     {}, running for {}, catalogue {}\n", status.version, span(status.started, now), status.catalogue_version);
    let link = match status.health.hub {
        LinkState::Unknown => "not tried yet",
        LinkState::Up => "up",
        LinkState::Down => "DOWN: no connection, dossiers wait on the disk",
        LinkState::Refused => "REFUSED: the hub refuses this device, or this device the hub",
    };
    // Writing into a String cannot fail.
    let _ = writeln!(text, "hub       {link}");
    if !status.hub_problem.is_empty() {
        let _ = writeln!(text, "          {}", status.hub_problem);
    }
    if let Some(offset) = status.clock_offset_s.filter(|offset| offset.unsigned_abs() > CLOCK_WRONG_S) {
        let _ =
            writeln!(text, "clock     WRONG by {offset} s against the hub's; set it: timedatectl set-ntp true, or timedatectl set-time");
    }
    if status.audit_flag.is_some() {
        let _ = writeln!(
            text,
            "audit     the hub remembers ANOTHER TRAIL of this device; run: motcua audit verify, and tell the province's IT office"
        );
    }
    if status.disk_ratio >= DISK_WARN {
        let full = if status.disk_ratio >= DISK_FULL { ": FULL, no new filings" } else { "" };
        let _ = writeln!(
            text,
            "disk      {:.0} % of the store's room is taken{full}; it empties when the hub has the dossiers",
            status.disk_ratio * 100.0
        );
    }
    let _ = writeln!(text, "dossiers  {} waiting, {} delivered", status.dossiers.waiting, status.dossiers.delivered);
    text.push_str(&devices(&status.devices));
    let _ = writeln!(text, "outbox    {} message(s)", status.outbox.len());
    for line in &status.outbox {
        let _ = writeln!(
            text,
            "          {} {}: waits for {}, {} attempt(s), {}{}",
            line.kind,
            line.code,
            span(line.since, now),
            line.attempts,
            crate::outbox::state(line),
            if line.problem.is_empty() { String::new() } else { format!("; {}", line.problem) }
        );
    }
    text
}

/// One line for each configured device.
pub(crate) fn devices(lines: &[DeviceLine]) -> String {
    let mut text = String::new();
    for device in lines {
        let model = if device.model.is_empty() { "make and model unknown" } else { &device.model };
        let _ = writeln!(text, "{:9} {}: {} ({model})", device.kind, device.address, state(device.state));
        if !device.problem.is_empty() {
            let _ = writeln!(text, "          {}", device.problem);
        }
    }
    text
}

fn state(state: DeviceState) -> String {
    match state {
        DeviceState::Absent => "not configured".to_owned(),
        DeviceState::Lost => "NOT ANSWERING".to_owned(),
        DeviceState::NeedsHuman(fault) => format!("NEEDS A PERSON: {}", fault.words().title.en),
        DeviceState::Ready => "ready".to_owned(),
    }
}

pub(crate) fn local(time: Timestamp) -> String {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap_or(TimeZone::UTC);
    time.to_zoned(zone).strftime("%H:%M:%S %d/%m/%Y").to_string()
}

/// "2 h 5 min"; a clock that went back counts as 0.
pub(crate) fn span(from: Timestamp, to: Timestamp) -> String {
    let minutes = to.duration_since(from).as_secs().max(0) / 60;
    match (minutes / (24 * 60), minutes / 60 % 24, minutes % 60) {
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::tests::example;

    #[test]
    fn everything_that_waits_or_fails_is_shown() {
        let text = show(&example(), "2026-11-23T03:05:00Z".parse().unwrap());
        for part in [
            "running for 2 h 5 min",
            "DOWN",
            "WRONG by -86400 s",
            "ANOTHER TRAIL",
            "96 % of the store's room is taken: FULL",
            "no connection to the hub",
            "1 waiting, 41 delivered",
            "Example Scan 100",
            "NOT ANSWERING",
            "look at the cable",
            "dossier TAM-K07-0001: waits for 1 h 5 min, 3 attempt(s), next try 09:10:00 23/11/2026; connection refused",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn a_clock_that_went_back_does_not_confuse() {
        let now: Timestamp = "2003-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(span("2026-11-23T02:00:00Z".parse().unwrap(), now), "0 min");
    }

    #[tokio::test]
    async fn a_missing_file_names_the_next_step() {
        let problem = report(Path::new("/nonexistent/agent.toml")).await.unwrap_err();
        assert!(problem.contains("/nonexistent/agent.toml") && problem.contains("--config"), "{problem}");
    }
}
