//! Where the log goes: under the service manager into the journal, each field a field of its own; else to the terminal as text.

use std::{
    env,
    fs::File,
    io::{IsTerminal as _, stderr},
    os::{fd::AsFd as _, unix::fs::MetadataExt as _},
};
use tracing_journald::{Layer, Priority, PriorityMappings};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Before a field's name in the journal: `MOTCUA_ITEM`, `MOTCUA_DEVICE`.
const PREFIX: &str = "MOTCUA";

/// Starts the log; `RUST_LOG` chooses what is in it.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    if !env::var("JOURNAL_STREAM").is_ok_and(|stream| is_journal(&stream, error_output())) {
        return text(filter);
    }
    match journal() {
        Ok(journal) => tracing_subscriber::registry().with(filter).with(journal).init(),
        Err(error) => {
            text(filter);
            tracing::warn!("the journal takes no fields ({error}); the log goes there as text");
        }
    }
}

fn text(filter: EnvFilter) {
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(stderr().is_terminal()).init();
}

fn journal() -> std::io::Result<Layer> {
    // What the agent tells as it works is "info" in the journal too; the crate would call it "notice".
    let priorities = PriorityMappings { info: Priority::Informational, debug: Priority::Debug, ..PriorityMappings::new() };
    Ok(Layer::new()?.with_field_prefix(Some(PREFIX.to_owned())).with_priority_mappings(priorities))
}

/// Device and inode of where error messages go.
fn error_output() -> Option<(u64, u64)> {
    let file = File::from(stderr().as_fd().try_clone_to_owned().ok()?).metadata().ok()?;
    Some((file.dev(), file.ino()))
}

/// Whether `output` is the stream that the service manager has connected to the journal, by its words `DEVICE:INODE`. The variable
/// alone tells nothing: whoever starts a program with other outputs passes it on (systemd.exec(5), "JOURNAL_STREAM").
fn is_journal(stream: &str, output: Option<(u64, u64)>) -> bool {
    let named = stream.split_once(':').and_then(|(device, inode)| Some((device.parse().ok()?, inode.parse().ok()?)));
    named.is_some() && named == output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_stream_is_the_journal() {
        assert!(is_journal("9:12345", Some((9, 12345))));
        assert!(!is_journal("9:12345", Some((9, 12346))), "started from a service with its output elsewhere");
        assert!(!is_journal("9:12345", None), "no error output");
        for nonsense in ["", "9", "9:", "9:12345:1", ":"] {
            assert!(!is_journal(nonsense, None) && !is_journal(nonsense, Some((9, 12345))), "{nonsense}");
        }
    }

    #[test]
    fn error_output_is_recognised() {
        let (device, inode) = error_output().unwrap();
        assert!(is_journal(&format!("{device}:{inode}"), error_output()));
    }
}
