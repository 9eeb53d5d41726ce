//! Under the service manager the log keeps its fields: a stand-in for the journal receives what the agent sends.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a scenario that cannot go on has failed")]

use motcua_tests::{
    own_namespace,
    rig::{CARD, Options, Rig},
    visit::Citizen,
};
use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt as _, time::Duration};
use tempfile::TempDir;
use tokio::net::UnixDatagram;

/// The journal's place in the agent's eyes becomes the folder that is named first; the rest is the agent with its arguments.
const UNDER_A_JOURNAL: &str =
    "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && mount --bind \"$0\" /run/systemd/journal && exec \"$@\"";

/// One entry of the journal's native protocol: `NAME=value`, or the name alone, the length (64 bits, little endian) and the value.
fn entry(mut bytes: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8(bytes[..end].to_vec()).unwrap();
        bytes = &bytes[end + 1..];
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => {
                let (length, rest) = bytes.split_first_chunk().unwrap();
                let (value, rest) = rest.split_at(usize::try_from(u64::from_le_bytes(*length)).unwrap());
                bytes = rest.strip_prefix(b"\n").unwrap();
                (line, String::from_utf8(value.to_vec()).unwrap())
            }
        };
        let twice = fields.insert(name.clone(), value);
        assert_eq!(twice, None, "{name} comes twice");
    }
    fields
}

/// The next entry that has all of `wanted`.
async fn until(journal: &UnixDatagram, wanted: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut buffer = vec![0; 65_536];
    loop {
        let received = tokio::time::timeout(Duration::from_secs(60), journal.recv(&mut buffer)).await;
        let length = received.unwrap_or_else(|_| panic!("no entry with {wanted:?} within 60 s")).unwrap();
        let fields = entry(&buffer[..length]);
        if wanted.iter().all(|(name, value)| fields.get(*name).is_some_and(|found| found == value)) {
            return fields;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_and_priorities_reach_the_journal_and_no_persons_name() {
    if let Some(why) = own_namespace::impossible() {
        println!("SKIPPED: no journal can be put in place here: {why}");
        return;
    }
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("journal");
    fs::create_dir(&place).unwrap();
    let journal = UnixDatagram::bind(place.join("socket")).unwrap();
    // The rig writes the agent's error output there; the service manager would have connected it to the journal.
    fs::create_dir(folder.path().join("logs")).unwrap();
    let log = folder.path().join("logs/agent.log");
    let stream = fs::File::create(&log).unwrap().metadata().unwrap();
    let mut options = Options::in_folder(folder.path());
    options.env.push(("JOURNAL_STREAM", format!("{}:{}", stream.dev(), stream.ino()).into()));
    let mut rig = Rig::start_without_agent(&options).await.unwrap();
    rig.under = ["unshare", "--mount", "sh", "-c", UNDER_A_JOURNAL].map(str::to_owned).to_vec();
    rig.under.push(place.to_str().unwrap().to_owned());
    rig.start_agent().await.unwrap();

    let ready = until(&journal, &[("MESSAGE", "ready")]).await;
    assert_eq!((ready["PRIORITY"].as_str(), ready["SYSLOG_IDENTIFIER"].as_str()), ("6", "motcua-agent"));
    assert!(ready.contains_key("MOTCUA_READY_MS"), "{ready:?}");
    until(&journal, &[("MESSAGE", "device"), ("MOTCUA_DEVICE", "scanner"), ("MOTCUA_STATE", "Ready")]).await;

    rig.kill_hub().await.unwrap();
    Citizen::new(CARD).finish(&rig).await.unwrap();
    let failed = until(&journal, &[("MOTCUA_CLASS", "Network"), ("PRIORITY", "4")]).await;
    let waits = rig.status().await.unwrap().outbox[0].id.to_string();
    assert_eq!(failed["MOTCUA_ITEM"], waits);
    assert!(failed["MESSAGE"].starts_with("not delivered: "), "{failed:?}");
    assert!(failed.values().all(|value| !value.contains("Mẫu") && !value.contains("001190000016")), "{failed:?}");
    assert_eq!(fs::read_to_string(&log).unwrap(), "", "nothing is told twice");
    rig.stop().await.unwrap();
}
