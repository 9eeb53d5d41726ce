//! What stands in a PDF: every object of every revision, and the table that says which of them are in force (ISO 32000-1 7.5).
//!
//! lopdf's own loading goes by the table alone, and a table may name one large object a million times or leave an object out that
//! another program finds. Here the bytes are gone through once, and the table may only name what was met on the way.

use lopdf::{Dictionary, Object, ObjectStream, Stream, dictionary};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::lex::{Words, at_word, behind_gap, behind_space, big_endian, data, last_table, next_end, next_header, number, values};
use super::{ArrivedError, active, lex, unpack};

/// Objects, entries of tables and values in all objects together: a file of five hundred tagged pages has a quarter of it.
const MOST_VALUES: usize = 1_000_000;
/// Bytes of objects that are read, streams left out.
const MOST_TEXT: usize = 48 << 20;
/// Bytes that one stream unpacks to.
const MOST_UNPACKED: usize = 64 << 20;
/// Bytes of all streams that are looked into, packed and unpacked.
const MOST_UNPACKED_IN_ALL: usize = 256 << 20;
/// Filters behind one another; one or two are usual.
const MOST_FILTERS: usize = 4;
/// Revisions, each with a table or two.
const MOST_TABLES: usize = 128;
/// A word that looks like an object's end may stand in a string; so many ends are tried.
const MOST_ENDS: usize = 16;
/// Readers look for the end of the file in its last kilobyte (ISO 32000-1 annex H.3.18).
const MOST_BEHIND_END: usize = 1024;
/// References to references.
const DEEPEST: usize = 32;

/// An object as it stands in the file.
pub(super) struct Found {
    number: u32,
    /// `None` where it cannot be read. Of a stream its dictionary.
    pub(super) object: Option<Object>,
    /// Of a stream: its bytes, packed as they are.
    pub(super) data: Option<Range<usize>>,
}

/// Where the table says that an object is.
enum Place {
    Free,
    At(usize),
    In(u32),
    /// Nowhere: no such object is there.
    Lost,
}

/// A PDF, read.
pub(super) struct File<'a> {
    bytes: &'a [u8],
    /// By place in the file.
    pub(super) found: BTreeMap<usize, Found>,
    /// Of each object stream, by its place in the file.
    pub(super) packed: BTreeMap<usize, BTreeMap<u32, Object>>,
    places: BTreeMap<u32, Place>,
    /// Of the last revision.
    pub(super) trailer: Dictionary,
    encrypted: bool,
    /// An action hides behind a key that stands twice.
    twice: bool,
    values: usize,
    text: usize,
    unpacked: usize,
}

impl<'a> File<'a> {
    /// # Errors
    /// [`ArrivedError`]: broken, encrypted or too much.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, ArrivedError> {
        let mut file = Self {
            bytes,
            found: BTreeMap::new(),
            packed: BTreeMap::new(),
            places: BTreeMap::new(),
            trailer: Dictionary::new(),
            encrypted: false,
            twice: false,
            values: MOST_VALUES,
            text: MOST_TEXT,
            unpacked: MOST_UNPACKED_IN_ALL,
        };
        let (start, end) = last_table(bytes)?;
        file.sweep()?;
        let tables = file.tables(start);
        // Nothing in an encrypted file need be readable, so this is said before anything else.
        if file.encrypted {
            return Err(ArrivedError::Encrypted);
        }
        tables?;
        if bytes.len() - end > MOST_BEHIND_END || file.found.range(end..).next().is_some() {
            return Err(broken("more stands behind its end, as when it was not copied to the end"));
        }
        file.unpack()?;
        if file.twice {
            return Err(broken("a part of it says two things at once"));
        }
        file.whole()?;
        Ok(file)
    }

    /// The object that is in force, and `None` for one that is not there.
    pub(super) fn get(&self, number: u32) -> Option<&Object> {
        match self.places.get(&number)? {
            Place::Free | Place::Lost => None,
            Place::At(at) => self.found.get(at)?.object.as_ref(),
            Place::In(container) => self.packed.get(&self.place_of(*container)?)?.get(&number),
        }
    }

    /// What `object` stands for: itself, or what it refers to.
    pub(super) fn resolved<'b>(&'b self, object: &'b Object) -> &'b Object {
        let mut at = object;
        for _ in 0..DEEPEST {
            let Ok((number, _)) = at.as_reference() else { return at };
            let Some(next) = self.get(number) else { return &Object::Null };
            at = next;
        }
        &Object::Null
    }

    /// A value of a dictionary, resolved; null where there is none.
    pub(super) fn value<'b>(&'b self, dictionary: &'b Dictionary, key: &[u8]) -> &'b Object {
        dictionary.get(key).map_or(&Object::Null, |value| self.resolved(value))
    }

    /// A dictionary or the dictionary of a stream.
    pub(super) fn dictionary<'b>(&'b self, dictionary: &'b Dictionary, key: &[u8]) -> Option<&'b Dictionary> {
        self.value(dictionary, key).as_dict().ok()
    }

    /// Every object that the table names, with its number.
    pub(super) fn in_force(&self) -> impl Iterator<Item = (u32, &Object)> {
        self.places.keys().filter_map(|number| Some((*number, self.get(*number)?)))
    }

    /// The unpacked bytes of the stream that `object` refers to; `None` where it is no stream or packed in a way that is unknown here.
    ///
    /// # Errors
    /// [`ArrivedError::TooMuch`].
    pub(super) fn unpacked(&mut self, object: &Object, most: usize) -> Result<Option<Vec<u8>>, ArrivedError> {
        let place = object.as_reference().ok().and_then(|(number, _)| self.place_of(number));
        place.map_or(Ok(None), |at| self.unpacked_at(at, most))
    }

    /// As they stand in the file.
    pub(super) fn raw(&self, object: &Object) -> Option<&'a [u8]> {
        let at = self.place_of(object.as_reference().ok()?.0)?;
        self.bytes.get(self.found.get(&at)?.data.clone()?)
    }

    fn place_of(&self, number: u32) -> Option<usize> {
        match self.places.get(&number)? {
            Place::At(at) => Some(*at),
            Place::Free | Place::In(_) | Place::Lost => None,
        }
    }

    fn unpacked_at(&mut self, at: usize, most: usize) -> Result<Option<Vec<u8>>, ArrivedError> {
        let stream = self.found.get(&at).and_then(|found| Some((found.object.as_ref()?.as_dict().ok()?, found.data.clone()?)));
        let Some((dictionary, data)) = stream else { return Ok(None) };
        let filters = self.value(dictionary, b"Filter");
        let filters: Vec<&Object> = match filters.as_array() {
            Ok(all) => all.iter().take(MOST_FILTERS + 1).map(|filter| self.resolved(filter)).collect(),
            Err(_) => (!matches!(filters, Object::Null)).then_some(filters).into_iter().collect(),
        };
        let parameters = self.value(dictionary, b"DecodeParms");
        let parameters: Vec<&Object> = match parameters.as_array() {
            Ok(all) => all.iter().map(|one| self.resolved(one)).collect(),
            Err(_) => vec![parameters],
        };
        let mut steps = Vec::new();
        for (place, filter) in filters.into_iter().enumerate() {
            let Some(filter) = unpack::Filter::of(filter.as_name().unwrap_or_default()) else { return Ok(None) };
            let parameter = |key: &[u8]| {
                let parameters = parameters.get(place).and_then(|one| one.as_dict().ok())?;
                self.value(parameters, key).as_i64().ok()
            };
            let Some(step) = unpack::Step::new(filter, parameter) else { return Ok(None) };
            steps.push(step);
        }
        // Packed twice is a bomb whose first half is not seen in what comes out.
        if steps.len() > MOST_FILTERS || steps.iter().filter(|step| step.grows()).count() > 1 {
            return Err(ArrivedError::TooMuch);
        }
        let packed = self.bytes.get(data).unwrap_or_default();
        self.unpacked = self.unpacked.checked_sub(packed.len()).ok_or(ArrivedError::TooMuch)?;
        let most = most.min(MOST_UNPACKED).min(self.unpacked);
        let unpacked = unpack::unpacked(packed, &steps, most)?;
        // What failed may have cost as much as what is good.
        self.unpacked -= unpacked.as_ref().map_or(most, Vec::len);
        Ok(unpacked)
    }

    /// Goes through the bytes once and keeps each object that stands there, of all revisions.
    fn sweep(&mut self) -> Result<(), ArrivedError> {
        let mut from = 0;
        while let Some(header) = next_header(self.bytes, from) {
            let (object, end) = self.object_at(header.body)?;
            let stream = object.is_some() && at_word(self.bytes, end, b"stream");
            let data = match object.as_ref().and_then(|object| object.as_dict().ok()) {
                Some(dictionary) if stream => Some(data(self.bytes, end + b"stream".len(), dictionary)),
                Some(_) | None => None,
            };
            from = data.as_ref().map_or(end, |data| data.end);
            self.spend(1)?;
            self.found.insert(header.start, Found { number: header.number, object, data });
        }
        Ok(())
    }

    /// The object that begins here, and where it ends.
    fn object_at(&mut self, body: usize) -> Result<(Option<Object>, usize), ArrivedError> {
        let mut end = next_end(self.bytes, body);
        let first = end;
        for _ in 0..MOST_ENDS {
            if let Some(object) = self.parsed(self.bytes.get(body..end).unwrap_or_default())? {
                return Ok((Some(object), end));
            }
            if end == self.bytes.len() {
                break;
            }
            end = next_end(self.bytes, end + 1);
        }
        Ok((None, first.max(body)))
    }

    /// One object in text of its own.
    fn parsed(&mut self, text: &[u8]) -> Result<Option<Object>, ArrivedError> {
        let text = text.get(behind_space(text, 0)..).unwrap_or_default();
        self.text = self.text.checked_sub(text.len()).ok_or(ArrivedError::TooMuch)?;
        self.spend(values(text))?;
        // lopdf gives its parser away for object streams alone.
        let content = [b"0 0 ", text].concat();
        let read = ObjectStream::new_with_limit(&mut Stream::new(dictionary! { "N" => 1, "First" => 4 }, content), Some(MOST_TEXT));
        let object = read.ok().and_then(|mut read| read.objects.pop_first()).map(|(_, object)| object);
        self.twice |= object.as_ref().is_some_and(|object| lex::names(text, active::is_acting) > active::acting_names(object));
        Ok(object)
    }

    fn spend(&mut self, values: usize) -> Result<(), ArrivedError> {
        self.values = self.values.checked_sub(values).ok_or(ArrivedError::TooMuch)?;
        Ok(())
    }

    /// The table at `start` and those before it. What stands in a newer one holds.
    fn tables(&mut self, start: usize) -> Result<(), ArrivedError> {
        let (mut next, mut seen) = (Some(start), BTreeSet::new());
        while let Some(at) = next {
            let at = behind_gap(self.bytes, at);
            if !seen.insert(at) {
                return Err(broken("its tables of objects go in a ring"));
            }
            if seen.len() > MOST_TABLES {
                return Err(ArrivedError::TooMuch);
            }
            let trailer = if at_word(self.bytes, at, b"xref") { self.table(at)? } else { self.table_stream(at)? };
            self.encrypted |= trailer.has(b"Encrypt");
            next = offset(&trailer, b"Prev")?;
            if seen.len() == 1 {
                self.trailer = trailer;
            }
        }
        Ok(())
    }

    /// A table in text (ISO 32000-1 7.5.4), with the stream that belongs to it in a hybrid file (7.5.8.4).
    fn table(&mut self, at: usize) -> Result<Dictionary, ArrivedError> {
        let mut words = Words { bytes: self.bytes, at: at + b"xref".len() };
        let mut free = Vec::new();
        loop {
            let word = words.next().ok_or_else(|| broken("its table of objects is cut"))?;
            if word == b"trailer" {
                break;
            }
            let (first, count) = (number(word), words.next().and_then(number));
            let (Some(first), Some(count)) = (first, count) else { return Err(broken("its table of objects is unreadable")) };
            for at in first..first.saturating_add(count) {
                self.spend(1)?;
                let (offset, _, kind) = (words.next().and_then(number), words.next(), words.next());
                let object = u32::try_from(at).ok().zip(offset);
                match (object, kind) {
                    (Some((object, 0)), Some(b"n")) | (Some((object, _)), Some(b"f")) => free.push(object),
                    (Some((object, offset)), Some(b"n")) => self.enter(object, offset),
                    _ => return Err(broken("its table of objects is unreadable")),
                }
            }
        }
        let end = lex::find(self.bytes, words.at, b"startxref").unwrap_or(self.bytes.len());
        let trailer = self.parsed(self.bytes.get(words.at..end).unwrap_or_default())?;
        let Some(Object::Dictionary(trailer)) = trailer else { return Err(broken("its trailer is unreadable")) };
        if let Some(stream) = offset(&trailer, b"XRefStm")? {
            let hidden = self.table_stream(behind_gap(self.bytes, stream))?;
            self.encrypted |= hidden.has(b"Encrypt");
        }
        for object in free {
            self.places.entry(object).or_insert(Place::Free);
        }
        Ok(trailer)
    }

    /// A table in a stream (ISO 32000-1 7.5.8); its dictionary is the trailer.
    fn table_stream(&mut self, at: usize) -> Result<Dictionary, ArrivedError> {
        let unreadable = || broken("its table of objects is not where it says");
        let trailer = self.found.get(&at).and_then(|found| found.object.as_ref()?.as_dict().ok()).cloned().ok_or_else(unreadable)?;
        // An encrypted one is not looked into any further.
        if trailer.has(b"Encrypt") {
            return Ok(trailer);
        }
        if !trailer.has_type(b"XRef") {
            return Err(unreadable());
        }
        let rows = self.unpacked_at(at, MOST_UNPACKED)?.ok_or_else(unreadable)?;
        let whole = |key: &[u8]| {
            let array = trailer.get(key).and_then(Object::as_array).map(Vec::as_slice).unwrap_or_default();
            array.iter().map(|one| one.as_i64().ok().and_then(|one| usize::try_from(one).ok())).collect::<Option<Vec<usize>>>()
        };
        let widths = whole(b"W").filter(|widths| widths.len() == 3 && widths.iter().all(|width| *width <= 8)).ok_or_else(unreadable)?;
        let size = trailer.get(b"Size").and_then(Object::as_i64).ok().and_then(|size| usize::try_from(size).ok());
        let index = whole(b"Index").filter(|index| !index.is_empty()).or_else(|| Some(vec![0, size?])).ok_or_else(unreadable)?;
        let width: usize = widths.iter().sum();
        if width == 0 {
            return Err(unreadable());
        }
        let mut rows = rows.chunks_exact(width);
        for part in index.chunks_exact(2) {
            let [first, count] = *part else { continue };
            for (object, row) in (first..first.saturating_add(count)).zip(&mut rows) {
                self.spend(1)?;
                let object = u32::try_from(object).map_err(|_| unreadable())?;
                let (kind, rest) = row.split_at(widths[0]);
                let field = big_endian(&rest[..widths[1]]);
                match if kind.is_empty() { 1 } else { big_endian(kind) } {
                    0 => drop(self.places.entry(object).or_insert(Place::Free)),
                    1 => self.enter(object, field),
                    2 => drop(self.places.entry(object).or_insert(u32::try_from(field).map_or(Place::Lost, Place::In))),
                    // Of a kind to come: as if it were null (ISO 32000-1 table 18).
                    _ => {}
                }
            }
        }
        Ok(trailer)
    }

    fn enter(&mut self, object: u32, offset: usize) {
        let at = behind_gap(self.bytes, offset);
        let there = self.found.get(&at).is_some_and(|found| found.number == object);
        self.places.entry(object).or_insert(if there { Place::At(at) } else { Place::Lost });
    }

    /// The objects within streams (ISO 32000-1 7.5.7), also of those streams that no table names.
    fn unpack(&mut self) -> Result<(), ArrivedError> {
        let is_container = |found: &Found| {
            found.data.is_some()
                && found.object.as_ref().and_then(|object| object.as_dict().ok()).is_some_and(|one| one.has_type(b"ObjStm"))
        };
        let containers: Vec<usize> = self.found.iter().filter(|(_, found)| is_container(found)).map(|(at, _)| *at).collect();
        for at in containers {
            let unreadable = || broken("a part of it cannot be unpacked");
            let content = self.unpacked_at(at, MOST_UNPACKED)?.ok_or_else(unreadable)?;
            let dictionary = self.found.get(&at).and_then(|found| found.object.as_ref()?.as_dict().ok()).ok_or_else(unreadable)?;
            let said = |key: &[u8]| self.value(dictionary, key).as_i64().ok().and_then(|said| usize::try_from(said).ok());
            let (first, count) = said(b"First").zip(said(b"N")).ok_or_else(unreadable)?;
            let index = content.get(..first).ok_or_else(unreadable)?;
            self.spend(count)?;
            let (mut words, mut starts) = (Words { bytes: index, at: 0 }, BTreeMap::new());
            for _ in 0..count {
                let (object, start) = (words.next().and_then(number), words.next().and_then(number));
                let object = object.and_then(|object| u32::try_from(object).ok());
                let (object, start) = object.zip(start.and_then(|start| start.checked_add(first))).ok_or_else(unreadable)?;
                if starts.insert(start, object).is_some() {
                    return Err(unreadable());
                }
            }
            let ends: Vec<usize> = starts.keys().skip(1).copied().chain([content.len()]).collect();
            let mut objects = BTreeMap::new();
            for ((start, object), end) in starts.into_iter().zip(ends) {
                let parsed = self.parsed(content.get(start..end).unwrap_or_default())?.ok_or_else(unreadable)?;
                if objects.insert(object, parsed).is_some() {
                    return Err(unreadable());
                }
            }
            self.packed.insert(at, objects);
        }
        Ok(())
    }

    /// Whatever is referred to and should be there is there: what is not read here, another program might find.
    fn whole(&self) -> Result<(), ArrivedError> {
        let trailer = Object::Dictionary(self.trailer.clone());
        let mut stack: Vec<&Object> = self.in_force().map(|(_, object)| object).chain([&trailer]).collect();
        while let Some(object) = stack.pop() {
            if let Ok((number, _)) = object.as_reference() {
                let free = self.places.get(&number).is_none_or(|place| matches!(place, Place::Free));
                if !free && self.get(number).is_none() {
                    return Err(broken(&format!("object {number} is not where its table says")));
                }
            }
            stack.extend(parts(object));
        }
        Ok(())
    }
}

/// What an array or a dictionary has in it.
pub(super) fn parts(object: &Object) -> Vec<&Object> {
    match object {
        Object::Array(array) => array.iter().collect(),
        Object::Dictionary(dictionary) => dictionary.iter().map(|(_, value)| value).collect(),
        Object::Stream(stream) => stream.dict.iter().map(|(_, value)| value).collect(),
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Reference(_) => Vec::new(),
    }
}

pub(super) fn broken(what: &str) -> ArrivedError {
    ArrivedError::Broken(what.to_owned())
}

fn offset(trailer: &Dictionary, key: &[u8]) -> Result<Option<usize>, ArrivedError> {
    let Ok(said) = trailer.get(key) else { return Ok(None) };
    let said = said.as_i64().ok().and_then(|said| usize::try_from(said).ok());
    said.map(Some).ok_or_else(|| broken("an earlier table of objects is not where it says"))
}
