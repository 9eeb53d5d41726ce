//! Replays the fuzzer's corpus: what once broke a parser, or might, is read again in every test run.
//!
//! `good-…` must be taken, `bad-…` refused; every other name (`found-…`, by the fuzzer) need only do no harm.

#![expect(clippy::expect_used, reason = "a test tells what it could not read by failing")]

use motcua_tests::fuzzing::TARGETS;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Far above what any seed needs in an unoptimised build on a busy machine; an input that explodes needs far more.
const LONGEST: Duration = Duration::from_secs(20);

#[test]
fn every_input_of_the_corpus_is_withstood() {
    for (target, run) in TARGETS {
        let mut verdicts = BTreeSet::new();
        for (name, data) in corpus(target) {
            println!("{target}/{name}");
            let start = Instant::now();
            let taken = run(&data);
            assert!(start.elapsed() < LONGEST, "{target}/{name} took {:?}", start.elapsed());
            match name.split('-').next() {
                Some("good") => assert!(taken, "{target}/{name} was refused"),
                Some("bad") => assert!(!taken, "{target}/{name} was taken"),
                Some(_) | None => continue,
            }
            verdicts.insert(taken);
        }
        assert_eq!(verdicts.len(), 2, "{target} needs good and bad inputs");
    }
}

#[test]
fn every_target_has_a_corpus_and_a_fuzzer() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&fuzz().join("corpus")), targets);
    let sources: BTreeSet<String> = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names(&fuzz().join("targets")), sources);
    for target in &targets {
        let source = fs::read_to_string(fuzz().join(format!("targets/{target}.rs"))).expect("a target is readable");
        assert!(source.contains(&format!("fuzzing::{target}(data)")), "targets/{target}.rs does not run its own target");
        let inputs = corpus(target);
        assert!(inputs.len() >= 5, "{target} has {} inputs", inputs.len());
    }
}

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(target);
    names(&folder)
        .into_iter()
        .map(|name| (fs::read(folder.join(&name)).expect("an input is readable"), name))
        .map(|(data, name)| (name, data))
        .collect()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("the folder is readable");
    entries.map(|entry| entry.expect("an entry is readable").file_name().into_string().expect("names are UTF-8")).collect()
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}
