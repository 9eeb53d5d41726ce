//! An incremental update of a PDF (ISO 32000-1 7.5.6): the bytes before stay as they are, what changes is written behind them.

use lopdf::xref::XrefType;
use lopdf::{Dictionary, Document, Object, ObjectId, StringFormat};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::Range;

/// Highest number of an object that PDF/A allows (ISO 19005-2 6.1.13).
const MOST_OBJECTS: u32 = 8_388_607;
/// Digits that each number of a ByteRange has room for.
const BYTE_RANGE_DIGITS: usize = 10;

/// New and changed objects.
pub(super) struct Update {
    next: u32,
    objects: BTreeMap<ObjectId, Object>,
}

/// A PDF with an empty place for a signature.
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    /// Where /Contents stands, from its `<` to behind its `>`.
    pub(super) contents: Range<usize>,
}

impl Update {
    /// Nothing is changed yet; `None` for a document that has all the objects it may have.
    pub(super) fn of(document: &Document) -> Option<Self> {
        // A dozen are added at most.
        (document.max_id < MOST_OBJECTS - 100).then(|| Self { next: document.max_id + 1, objects: BTreeMap::new() })
    }

    /// A number for an object that comes later.
    pub(super) fn reserve(&mut self) -> ObjectId {
        self.next += 1;
        (self.next - 1, 0)
    }

    /// A new object.
    pub(super) fn add(&mut self, object: impl Into<Object>) -> ObjectId {
        let id = self.reserve();
        self.set(id, object);
        id
    }

    /// An object that takes the place of the one with its number.
    pub(super) fn set(&mut self, id: ObjectId, object: impl Into<Object>) {
        self.objects.insert(id, object.into());
    }

    /// `previous`, then the objects; `signature` is the one with /ByteRange and /Contents, which [`place_for_signature`] made.
    pub(super) fn written(mut self, previous: &[u8], document: &Document, signature: ObjectId) -> Option<Written> {
        let mut out = Vec::with_capacity(previous.len() + 100_000);
        out.extend_from_slice(previous);
        // ISO 19005-2 6.1.9: an object starts on a line of its own.
        if !previous.ends_with(b"\n") && !previous.ends_with(b"\r") {
            out.push(b'\n');
        }
        let mut offsets = BTreeMap::new();
        for (id, object) in &self.objects {
            offsets.insert(*id, out.len());
            write_indirect(&mut out, *id, object);
        }
        let start = *offsets.get(&signature)?;
        match document.reference_table.cross_reference_type {
            XrefType::CrossReferenceTable => write_table(&mut out, &offsets, self.trailer(document, &[])),
            XrefType::CrossReferenceStream => {
                let id = self.reserve();
                offsets.insert(id, out.len());
                write_xref_stream(&mut out, id, &offsets, self.trailer(document, b"stream"));
            }
        }
        let contents = find(&out, start, b"/Contents <").map(|range| range.end - 1)?;
        let contents = contents..find(&out, contents, b">")?.end;
        let place = find(&out, start, b"/ByteRange [0 ")?.end;
        for (at, number) in [contents.start, contents.end, out.len() - contents.end].into_iter().enumerate() {
            let from = place + at * (BYTE_RANGE_DIGITS + 1);
            out.get_mut(from..from + BYTE_RANGE_DIGITS)?.copy_from_slice(format!("{number:<BYTE_RANGE_DIGITS$}").as_bytes());
        }
        Some(Written { bytes: out, contents })
    }

    fn trailer(&self, document: &Document, salt: &[u8]) -> Dictionary {
        let mut trailer = Dictionary::new();
        trailer.set("Size", i64::from(self.next));
        for key in [b"Root".as_slice(), b"Info"] {
            if let Ok(value) = document.trailer.get(key) {
                trailer.set(key, value.clone());
            }
        }
        let mut hash = Sha256::new_with_prefix(salt);
        for ((number, _), object) in &self.objects {
            hash.update(number.to_be_bytes());
            let mut bytes = Vec::new();
            write_object(&mut bytes, object);
            hash.update(&bytes);
        }
        let now = Object::String(hash.finalize().iter().take(16).copied().collect(), StringFormat::Hexadecimal);
        // The first half stays with the document for ever, the second is of this revision (ISO 32000-1 14.4).
        let before = document.trailer.get(b"ID").and_then(Object::as_array).ok().and_then(|id| id.first());
        trailer.set("ID", vec![before.unwrap_or(&now).clone(), now.clone()]);
        trailer.set("Prev", document.xref_start as i64);
        trailer
    }
}

/// A signature dictionary with room for `room` bytes of signature.
pub(super) fn place_for_signature(kind: &'static str, filter: &'static str, room: usize) -> Dictionary {
    let widest = 10_i64.pow(BYTE_RANGE_DIGITS as u32) - 1;
    let mut place = Dictionary::new();
    place.set("Type", kind);
    place.set("Filter", "Adobe.PPKLite");
    place.set("SubFilter", filter);
    place.set("ByteRange", vec![Object::from(0), widest.into(), widest.into(), widest.into()]);
    place.set("Contents", Object::String(vec![0; room], StringFormat::Hexadecimal));
    place
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<Range<usize>> {
    let at = from + bytes.get(from..)?.windows(wanted.len()).position(|window| window == wanted)?;
    Some(at..at + wanted.len())
}

// Writing into a Vec cannot fail, here and below.
fn write_indirect(out: &mut Vec<u8>, id: ObjectId, object: &Object) {
    let _ = writeln!(out, "{} {} obj", id.0, id.1);
    write_object(out, object);
    out.extend_from_slice(b"\nendobj\n");
}

fn write_object(out: &mut Vec<u8>, object: &Object) {
    match object {
        Object::Null => out.extend_from_slice(b"null"),
        Object::Boolean(value) => {
            let _ = write!(out, "{value}");
        }
        Object::Integer(value) => {
            let _ = write!(out, "{value}");
        }
        Object::Real(value) => {
            let _ = write!(out, "{value}");
        }
        Object::Name(name) => write_name(out, name),
        // As hexadecimal, no byte needs an escape.
        Object::String(text, _) => {
            out.push(b'<');
            for byte in text {
                let _ = write!(out, "{byte:02X}");
            }
            out.push(b'>');
        }
        Object::Array(array) => {
            out.push(b'[');
            for (at, element) in array.iter().enumerate() {
                if at > 0 {
                    out.push(b' ');
                }
                write_object(out, element);
            }
            out.push(b']');
        }
        Object::Dictionary(dictionary) => write_dictionary(out, dictionary),
        Object::Stream(stream) => {
            let mut dictionary = stream.dict.clone();
            dictionary.set("Length", stream.content.len() as i64);
            write_dictionary(out, &dictionary);
            out.extend_from_slice(b"\nstream\n");
            out.extend_from_slice(&stream.content);
            out.extend_from_slice(b"\nendstream");
        }
        Object::Reference(id) => {
            let _ = write!(out, "{} {} R", id.0, id.1);
        }
    }
}

fn write_dictionary(out: &mut Vec<u8>, dictionary: &Dictionary) {
    out.extend_from_slice(b"<<");
    for (key, value) in dictionary {
        write_name(out, key);
        out.push(b' ');
        write_object(out, value);
    }
    out.extend_from_slice(b">>");
}

fn write_name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for byte in name {
        if byte.is_ascii_alphanumeric() || b"-_.+".contains(byte) {
            out.push(*byte);
        } else {
            let _ = write!(out, "#{byte:02X}");
        }
    }
}

/// ISO 32000-1 7.5.4 and 7.5.5.
fn write_table(out: &mut Vec<u8>, offsets: &BTreeMap<ObjectId, usize>, trailer: Dictionary) {
    let start = out.len();
    out.extend_from_slice(b"xref\n");
    for run in runs(offsets) {
        let _ = writeln!(out, "{} {}", run.first().map_or(0, |((number, _), _)| *number), run.len());
        for ((_, generation), offset) in run {
            let _ = writeln!(out, "{offset:010} {generation:05} n ");
        }
    }
    out.extend_from_slice(b"trailer\n");
    write_dictionary(out, &trailer);
    let _ = writeln!(out, "\nstartxref\n{start}\n%%EOF");
}

/// ISO 32000-1 7.5.8; not compressed, so that nothing is needed to read it.
fn write_xref_stream(out: &mut Vec<u8>, id: ObjectId, offsets: &BTreeMap<ObjectId, usize>, trailer: Dictionary) {
    let start = out.len();
    let mut rows = Vec::new();
    let mut index: Vec<Object> = Vec::new();
    for run in runs(offsets) {
        index.push(i64::from(run.first().map_or(0, |((number, _), _)| *number)).into());
        index.push((run.len() as i64).into());
        for ((_, generation), offset) in run {
            rows.push(1);
            rows.extend_from_slice(&(offset as u64).to_be_bytes());
            rows.extend_from_slice(&generation.to_be_bytes());
        }
    }
    let mut dictionary = Dictionary::new();
    dictionary.set("Type", "XRef");
    dictionary.set("W", vec![Object::from(1), 8.into(), 2.into()]);
    dictionary.set("Index", index);
    dictionary.extend(&trailer);
    write_indirect(out, id, &lopdf::Stream::new(dictionary, rows).into());
    let _ = writeln!(out, "startxref\n{start}\n%%EOF");
}

/// Objects whose numbers follow one another.
fn runs(offsets: &BTreeMap<ObjectId, usize>) -> Vec<Vec<(ObjectId, usize)>> {
    let all: Vec<(ObjectId, usize)> = offsets.iter().map(|(id, offset)| (*id, *offset)).collect();
    all.chunk_by(|one, next| one.0.0 + 1 == next.0.0).map(<[_]>::to_vec).collect()
}
