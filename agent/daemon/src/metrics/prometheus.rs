//! The figures as Prometheus text, version 0.0.4.

use super::{Figure, Point, Values};
use motcua_store::{SYNC_BOUNDS, SyncTimes};
use std::fmt::Write as _;

/// Its media type.
pub(crate) const MEDIA: &str = "text/plain; version=0.0.4";

/// The whole text.
pub(crate) fn text(figures: &[Figure]) -> String {
    let mut text = String::new();
    for figure in figures {
        let kind = match figure.values {
            Values::Gauge(_) => "gauge",
            Values::Counter(_) => "counter",
            Values::Times(_) => "histogram",
        };
        // Writing into a String cannot fail.
        let _ = writeln!(text, "# HELP {0} {1}\n# TYPE {0} {kind}", figure.name, figure.help);
        match &figure.values {
            Values::Gauge(points) | Values::Counter(points) => points.iter().for_each(|point| line(&mut text, figure.name, point)),
            Values::Times(times) => histogram(&mut text, figure.name, times),
        }
    }
    text
}

fn line(text: &mut String, name: &str, Point { labels, value }: &Point) {
    // Rust escapes a text as Prometheus does.
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(text, "{name}{labels} {value}");
}

/// Each bucket counts all that lie below it as well.
fn histogram(text: &mut String, name: &str, times: &SyncTimes) {
    let mut below = 0;
    let bounds = SYNC_BOUNDS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
    for (bound, count) in bounds.zip(times.counts) {
        below += count;
        let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {below}");
    }
    let _ = writeln!(text, "{name}_sum {}\n{name}_count {below}", times.sum.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// What a strict reader of the format objects to.
    fn objections(text: &str) -> Vec<String> {
        let (mut found, mut series, mut families) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let (mut helped, mut family, mut kind) = ("", "", "");
        if !text.ends_with('\n') {
            found.push("the last line does not end".to_owned());
        }
        for line in text.lines() {
            if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
                helped = name;
                if help.trim().is_empty() || !families.insert(name) {
                    found.push(format!("no help, or a second one: {line}"));
                }
                continue;
            }
            if let Some((name, rest)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
                (family, kind) = (name, rest);
                let named = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                if helped != name || !named || name.ends_with("_total") != (kind == "counter") {
                    found.push(format!("help, name and type do not go together: {line}"));
                }
                continue;
            }
            let Some((name, value)) = line.rsplit_once(' ') else {
                found.push(format!("no sample: {line:?}"));
                continue;
            };
            let (bare, labels) = name.split_once('{').unwrap_or((name, "}"));
            let of_family = match kind {
                "histogram" => bare.strip_prefix(family).is_some_and(|end| ["_bucket", "_sum", "_count"].contains(&end)),
                "gauge" | "counter" => bare == family,
                _ => false,
            };
            let labelled = labels == "}"
                || labels.strip_suffix('}').is_some_and(|labels| {
                    labels.split(',').all(|label| {
                        label.split_once('=').is_some_and(|(name, value)| {
                            !name.is_empty() && value.len() >= 2 && value.starts_with('"') && value.ends_with('"')
                        })
                    })
                });
            let good = value.parse::<f64>().is_ok_and(|value| value.is_finite() && (kind != "counter" || value >= 0.0));
            if !of_family || !labelled || !good || !series.insert(name) {
                found.push(format!("not of its family, not well formed, or twice: {line}"));
            }
        }
        found
    }

    #[test]
    fn a_strict_reader_takes_every_line() {
        let text = text(&super::super::tests::example());
        assert!(objections(&text).is_empty(), "{:?} in\n{text}", objections(&text));
        for line in [
            "motcua_outbox_items{dest=\"hub\",state=\"waiting\"} 3",
            "motcua_outbox_items{dest=\"hub\",state=\"to_sign\"} 2",
            "motcua_outbox_oldest_age_seconds 90",
            "motcua_outbox_to_sign_age_seconds 90",
            "motcua_blob_bytes 5000000000",
            "motcua_send_attempts_total{dest=\"hub\",class=\"bad_receipt\"} 1",
            "motcua_quarantine_items{kind=\"file\"} 2",
            "motcua_clock_offset_seconds -2",
            "motcua_device_ready{device=\"printer\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn buckets_count_what_lies_below_them() {
        let text = text(&super::super::tests::example());
        let times: Vec<&str> = text.lines().filter(|line| line.starts_with("motcua_fsync_seconds")).collect();
        assert_eq!(
            times[..4].join(" "),
            "motcua_fsync_seconds_bucket{le=\"0.001\"} 4 motcua_fsync_seconds_bucket{le=\"0.0025\"} 6 motcua_fsync_seconds_bucket{le=\"0.005\"} 6 motcua_fsync_seconds_bucket{le=\"0.01\"} 7"
        );
        let end = ["motcua_fsync_seconds_bucket{le=\"+Inf\"} 8", "motcua_fsync_seconds_sum 12.345", "motcua_fsync_seconds_count 8"];
        assert_eq!(times[12..], end);
    }

    #[test]
    fn the_strict_reader_can_object() {
        for text in [
            "motcua_a 1\n",
            "# HELP motcua_a Help\n# TYPE motcua_a counter\nmotcua_a 1\n",
            "# HELP motcua_a_total Help\n# TYPE motcua_a_total gauge\nmotcua_a_total 1\n",
            "# HELP motcua_a Help\n# TYPE motcua_a gauge\nmotcua_a 1\nmotcua_a 2\n",
            "# HELP motcua_a Help\n# TYPE motcua_a gauge\nmotcua_b 1\n",
            "# HELP motcua_a Help\n# TYPE motcua_a gauge\nmotcua_a{b=1} 1\n",
            "# HELP motcua_a Help\n# TYPE motcua_a gauge\nmotcua_a NaN\n",
        ] {
            assert!(!objections(text).is_empty(), "{text}");
        }
    }
}
