//! Nothing about a person can be read from the disk without the key.

use crate::support::*;
use motcua_store::{Lane, SlipState};
use std::{fs, path::Path};

#[test]
fn nothing_readable_on_the_disk_while_open_and_after_closing() {
    let place = Place::new();
    let mut store = place.store();
    let page = store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    let sent = submission(id(1), &[page]);
    let body = serde_json::to_vec(&sent).unwrap();
    store.save_draft(id(1), &citizen(), &body, at(0)).unwrap();
    store.save_draft(id(2), &citizen(), &body, at(1)).unwrap();
    store.submit(sent, "H15.50.05.13", "K07", at(2), today()).unwrap();
    store.freeze(id(1), &body).unwrap();
    store.set_slip(id(1), SlipState::Started, at(3)).unwrap();
    assert!(place.state().join("store.db-wal").metadata().unwrap().len() > 0, "the log is part of what is searched");
    assert_eq!(traces(&place.state()), Vec::<String>::new());
    drop(store);
    assert_eq!(traces(&place.state()), Vec::<String>::new());
    assert!(!fs::read(place.state().join("store.db")).unwrap().starts_with(b"SQLite format 3"));
}

#[test]
fn the_search_finds_what_is_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("leak"), format!("xx{NAME}yy{NUMBER}")).unwrap();
    fs::create_dir(folder.path().join("deep")).unwrap();
    fs::write(folder.path().join("deep").join(NUMBER), jpeg(1)).unwrap();
    assert_eq!(traces(folder.path()).len(), 5);
}

#[test]
fn only_the_agent_can_enter_the_state_directory() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    fs::create_dir(place.state()).unwrap();
    fs::set_permissions(place.state(), fs::Permissions::from_mode(0o755)).unwrap();
    let _store = place.store();
    for folder in [place.state(), place.state().join("blobs")] {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
    }
}

#[test]
fn debug_output_tells_nothing() {
    let place = Place::new();
    let mut store = place.store();
    store.save_draft(id(1), &citizen(), NAME.as_bytes(), at(0)).unwrap();
    let draft = newest_draft(&store, &citizen());
    submit(&mut store, id(2), at(0));
    let text = format!("{store:?} {draft:?} {:?} {:?}", store.outbox_due(Lane::All, at(9)), store.dossier(id(2)));
    for secret in [NAME, NUMBER, ADDRESS, KEY, &format!("{:?}", NAME.as_bytes())] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// Where a name, number, address or page lies in the clear, in contents and in names.
fn traces(folder: &Path) -> Vec<String> {
    let secrets = [
        NAME.as_bytes(),
        NUMBER.as_bytes(),
        ADDRESS.as_bytes(),
        "Trần Văn Thử".as_bytes(),
        b"JFIF-page-of-the-invented-person",
        &[0xff, 0xd8, 0xff, 0xe0, 0, 16],
    ];
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(traces(&path));
            continue;
        }
        let haystack = [path.as_os_str().as_encoded_bytes(), &fs::read(&path).unwrap()].concat();
        for (number, secret) in secrets.iter().enumerate() {
            if haystack.windows(secret.len()).any(|window| window == *secret) {
                found.push(format!("secret {number} in {}", path.display()));
            }
        }
    }
    found
}
