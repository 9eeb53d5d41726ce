//! `motcua check`: one small function for each check, each independent of the others.

mod certs;
mod files;
mod hub;
mod signing;

use crate::{
    agent::{self, NoStatus},
    devices,
    finding::Finding,
};
use jiff::Timestamp;
use motcua_drivers::idcard::TrustStore;
use motcua_model::{
    api::{AgentStatus, DeviceLine, DeviceState},
    config::CardReader,
};
use std::path::Path;

/// Every check, in the order in which a technician would mend. Without a usable configuration only
/// that and the clock can be checked.
pub(crate) async fn all(file: &Path, now: Timestamp) -> Vec<Finding> {
    let config = match files::configuration(file) {
        Ok(config) => config,
        Err(problems) => return problems.into_iter().chain([files::clock(now)]).collect(),
    };
    let status = agent::status(&config.api.socket).await;
    let mut found = vec![Finding::ok("configuration", file.display().to_string())];
    found.extend(files::user());
    found.push(files::clock(now));
    found.push(files::state_folder(&config.paths.state));
    found.push(files::store_key(&config.paths.key));
    found.push(files::recognition(&config.ocr));
    found.extend(config.printer.as_ref().map(|printer| files::font(&printer.font)));
    found.extend(config.card_reader.as_ref().map(trust));
    found.extend(config.signing.iter().flat_map(signing::all));
    found.push(certs::authority(&config.hub.ca, now));
    found.push(certs::own(&config.hub.cert, now));
    found.push(certs::key(&config.hub.cert, &config.hub.key));
    found.extend(config.hub.export_cert.as_ref().map(|path| certs::export(path, now)));
    found.push(hub::reachable(&config.hub, now).await);
    found.push(running(&status));
    // The agent holds the devices while it runs; most printers serve one connection at a time.
    let lines = match status {
        Ok(status) => status.devices,
        Err(_) => devices::look(&config).await,
    };
    found.extend(lines.iter().map(device));
    found
}

/// Without an authority no card can be trusted; the visit goes on, so it is no failure.
fn trust(reader: &CardReader) -> Finding {
    let Some(folder) = &reader.trust else {
        return Finding::warn(
            "card trust",
            "card_reader.trust is not set",
            "no card's signer can be trusted; install the authority's certificates",
        );
    };
    let (store, problems) = TrustStore::load(folder);
    match problems.is_empty() && !store.is_empty() {
        true => Finding::ok("card trust", format!("{}: {} certificates", folder.display(), store.len())),
        false => {
            let seen = format!("{}: {} certificates {}", folder.display(), store.len(), problems.join("; "));
            Finding::warn("card trust", seen, "put the certificates (PEM or DER) of the authorities that sign cards there")
        }
    }
}

fn device(line: &DeviceLine) -> Finding {
    let what = match line.kind.as_str() {
        "scanner" => "scanner",
        "card_reader" => "card reader",
        "reader" => "reader",
        "printer" => "printer",
        _ => "device",
    };
    let seen = if line.model.is_empty() { line.address.clone() } else { format!("{}, {}", line.address, line.model) };
    match line.state {
        DeviceState::Ready if line.problem.is_empty() => Finding::ok(what, seen),
        DeviceState::Ready => Finding::warn(what, seen, &line.problem),
        DeviceState::NeedsHuman(fault) => Finding::warn(what, format!("{seen}: {}", fault.words().title.en), &line.problem),
        DeviceState::Lost => Finding::fail(what, format!("{seen} does not answer"), &line.problem),
        DeviceState::Absent => {
            Finding::warn(what, format!("{seen} is not in use"), "restart the agent so that it reads the configuration again")
        }
    }
}

/// Not running is a warning: the PC may be checked before the first start.
fn running(status: &Result<AgentStatus, NoStatus>) -> Finding {
    match status {
        Ok(status) => Finding::ok("agent", format!("version {} answers", status.version)),
        Err(NoStatus::NotRunning) => Finding::warn("agent", "is not running", "start it with: systemctl start motcua-agent"),
        Err(problem @ NoStatus::NotAllowed) => Finding::warn("agent", problem.to_string(), "run the check as the agent's user or as root"),
        Err(problem @ (NoStatus::Wrong(_) | NoStatus::Refused(_))) => {
            Finding::fail("agent", problem.to_string(), "restart it with: systemctl restart motcua-agent")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    #[test]
    fn an_agent_that_does_not_run_is_a_warning_and_a_sick_one_a_failure() {
        assert_eq!(running(&Ok(agent::tests::example())).level, Level::Ok);
        assert_eq!(running(&Err(NoStatus::NotRunning)).level, Level::Warn);
        assert_eq!(running(&Err(NoStatus::Wrong("HTTP 500".to_owned()))).level, Level::Fail);
    }

    #[test]
    fn devices_are_judged_by_who_must_act() {
        let line = |state, problem: &str| DeviceLine {
            kind: "printer".to_owned(),
            address: "127.0.0.1:9100".to_owned(),
            model: String::new(),
            state,
            problem: problem.to_owned(),
        };
        for (state, problem, level) in [
            (DeviceState::Ready, "", Level::Ok),
            (DeviceState::Ready, "paper ends soon", Level::Warn),
            (DeviceState::NeedsHuman(motcua_model::fault::Fault::PrinterPaperOut), "put paper in", Level::Warn),
            (DeviceState::Lost, "look at the cable", Level::Fail),
        ] {
            assert_eq!(device(&line(state, problem)).level, level);
        }
    }

    #[tokio::test]
    async fn a_broken_file_gives_every_problem_and_nothing_else_but_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        let text = include_str!("../package/agent.example.toml").replace("\"K07\"", "\"kiosk seven\"").replace("dpi = 300", "dpi = 72");
        std::fs::write(&file, text).unwrap();
        let found = all(&file, Timestamp::now()).await;
        let names: Vec<_> = found.iter().map(|finding| (finding.what, finding.level)).collect();
        assert_eq!(names, [("configuration", Level::Fail), ("configuration", Level::Fail), ("clock", Level::Ok)]);
        assert!(found[0].to_string().contains("office.device"), "{}", found[0]);
    }

    #[tokio::test]
    async fn an_empty_pc_fails_check_by_check_and_each_failure_has_a_next_step() {
        agent::use_ring();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        let text = include_str!("../package/agent.example.toml")
            .replace("/etc/motcua/", "/nonexistent/")
            .replace("/var/lib/motcua", "/nonexistent/state");
        let text = text.replace("/run/motcua/", "/nonexistent/").replace(":8085", ":1").replace(":9100", ":1");
        std::fs::write(&file, text).unwrap();
        let found = all(&file, Timestamp::now()).await;
        for name in ["state folder", "hub authority", "device certificate", "device key", "hub", "reader"] {
            let finding = found.iter().find(|finding| finding.what == name).unwrap();
            assert_eq!(finding.level, Level::Fail, "{finding}");
        }
        for finding in found.iter().filter(|finding| finding.level != Level::Ok) {
            assert!(!finding.fix.is_empty(), "{finding}");
        }
    }
}
