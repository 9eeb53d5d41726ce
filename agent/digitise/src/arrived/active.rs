//! What in a PDF acts by itself or reaches out of it: actions, media, forms with a program, programs attached (ISO 32000-1 12.6, 13).
//!
//! Every object of every revision is looked at, wherever it hangs: a reader may find its way to one that the pages do not show.

use lopdf::{Dictionary, Object};

use super::file::{File, parts};
use super::{Active, ArrivedError, name_of};

/// What an attached file begins with that a machine or an interpreter starts: Windows, Linux, scripts, Java or macOS, macOS.
const PROGRAMS: [&[u8]; 6] = [b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"];
const ACTING: [&[u8]; 16] = [
    b"3D",
    b"EF",
    b"GoTo3DView",
    b"GoToE",
    b"GoToR",
    b"ImportData",
    b"JS",
    b"JavaScript",
    b"Launch",
    b"Movie",
    b"Rendition",
    b"RichMedia",
    b"RichMediaExecute",
    b"Sound",
    b"SubmitForm",
    b"XFA",
];
/// What is started by a double click, or carries macros.
const PROGRAM_ENDINGS: [&str; 36] = [
    "app", "apk", "bat", "bin", "chm", "cmd", "com", "cpl", "deb", "dll", "docm", "dotm", "exe", "hta", "iso", "jar", "js", "jse", "lnk",
    "msc", "msi", "msp", "pif", "ppam", "pptm", "ps1", "py", "reg", "scr", "sh", "vbe", "vbs", "wsf", "wsh", "xlam", "xlsm",
];

/// Names without which nothing acts. An object in which one is written more often than it is read has a key twice, and which of both
/// holds is up to the reader (ISO 32000-1 7.3.7).
pub(super) fn is_acting(name: &[u8]) -> bool {
    ACTING.contains(&name)
}

/// How often such a name is read in an object.
pub(super) fn acting_names(object: &Object) -> usize {
    let (mut count, mut stack) = (0, vec![object]);
    while let Some(object) = stack.pop() {
        count += usize::from(object.as_name().is_ok_and(is_acting));
        if let Ok(dictionary) = object.as_dict() {
            count += dictionary.iter().filter(|(key, _)| is_acting(key)).count();
        }
        stack.extend(parts(object));
    }
    count
}

/// The first thing found that acts, and how many links to addresses there are.
pub(super) fn search(file: &File<'_>) -> (Option<Active>, usize) {
    let found = file.found.values().filter_map(|found| Some((found.object.as_ref()?, found.data.is_some())));
    let packed = file.packed.values().flat_map(|objects| objects.values().map(|object| (object, false)));
    let (mut active, mut links) = (None, 0);
    for (object, is_stream) in found.chain(packed) {
        if is_stream && object.as_dict().is_ok_and(|stream| !is_null(file.value(stream, b"F"))) {
            active = active.or(Some(Active::OtherFile));
        }
        let mut stack = vec![object];
        while let Some(object) = stack.pop() {
            if let Ok(dictionary) = object.as_dict() {
                active = active.or(acts(file, dictionary));
                links += usize::from(name(file, dictionary, b"S") == b"URI");
            }
            stack.extend(parts(object));
        }
    }
    (active, links)
}

fn acts(file: &File<'_>, dictionary: &Dictionary) -> Option<Active> {
    let action = match name(file, dictionary, b"S") {
        b"JavaScript" => Some(Active::JavaScript),
        b"Launch" => Some(Active::Launch),
        b"SubmitForm" => Some(Active::SubmitForm),
        b"ImportData" => Some(Active::ImportData),
        b"GoToR" | b"GoToE" => Some(Active::OtherFile),
        b"RichMediaExecute" => Some(Active::RichMedia),
        b"Movie" | b"Rendition" => Some(Active::Movie),
        b"Sound" => Some(Active::Sound),
        b"GoTo3DView" => Some(Active::ThreeD),
        _ => None,
    };
    let kind = |key: &[u8]| match name(file, dictionary, key) {
        b"RichMedia" => Some(Active::RichMedia),
        b"Movie" => Some(Active::Movie),
        b"Sound" => Some(Active::Sound),
        b"3D" => Some(Active::ThreeD),
        _ => None,
    };
    let script = |key: &[u8]| match file.value(dictionary, key) {
        // A font or a picture may have this name; a script is text, an array or a tree of scripts.
        Object::String(..) | Object::Array(_) => true,
        Object::Dictionary(tree) => ["Names", "Kids", "Length"].iter().any(|key| tree.has(key.as_bytes())) && !tree.has(b"Subtype"),
        Object::Stream(_)
        | Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::Reference(_) => false,
    };
    let form = (!is_null(file.value(dictionary, b"XFA"))).then_some(Active::Xfa);
    let script = (script(b"JS") || script(b"JavaScript")).then_some(Active::JavaScript);
    action.or_else(|| kind(b"Subtype")).or_else(|| kind(b"Type")).or(form).or(script)
}

/// The names of attached files (ISO 32000-1 7.11.4), however they hang in the document.
///
/// # Errors
/// [`ArrivedError::Program`] for one that can be started, [`ArrivedError::TooMuch`].
pub(super) fn attachments(file: &mut File<'_>) -> Result<Vec<String>, ArrivedError> {
    let mut attached = Vec::new();
    let mut stack: Vec<&Object> = file.in_force().map(|(_, object)| object).collect();
    while let Some(object) = stack.pop() {
        if let Ok(specification) = object.as_dict()
            && let Some(streams) = file.dictionary(specification, b"EF")
        {
            let names: Vec<String> = [b"UF".as_slice(), b"F", b"Unix", b"Mac", b"DOS"]
                .into_iter()
                .filter_map(|key| name_of(file.value(specification, key)))
                .collect();
            attached.push((names, streams.iter().map(|(_, stream)| stream.clone()).collect::<Vec<_>>()));
        }
        stack.extend(parts(object));
    }
    let mut listed = Vec::new();
    for (names, streams) in attached {
        let mut program = names.iter().any(|name| is_program_name(name));
        for stream in &streams {
            let unpacked = file.unpacked(stream, usize::MAX)?;
            let content = unpacked.as_deref().or_else(|| file.raw(stream)).unwrap_or_default();
            program |= PROGRAMS.iter().any(|beginning| content.starts_with(beginning));
        }
        let name = names.into_iter().next().unwrap_or_else(|| "?".to_owned());
        if program {
            return Err(ArrivedError::Program(name));
        }
        listed.push(name);
    }
    Ok(listed)
}

fn is_program_name(name: &str) -> bool {
    // Windows ignores points and spaces at the end.
    let name = name.trim_end_matches(['.', ' ']).to_ascii_lowercase();
    name.rsplit_once('.').is_some_and(|(_, ending)| PROGRAM_ENDINGS.contains(&ending))
}

fn name<'a>(file: &'a File<'_>, dictionary: &'a Dictionary, key: &[u8]) -> &'a [u8] {
    file.value(dictionary, key).as_name().unwrap_or_default()
}

fn is_null(object: &Object) -> bool {
    matches!(object, Object::Null)
}
