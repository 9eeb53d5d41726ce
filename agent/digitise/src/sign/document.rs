//! The PDF around a signature: reads what is there, adds the field, leaves room for the signature (ISO 32000-1 12.8, EN 319 142-1).
//!
//! Pure: [`prepare`] says what is to be signed, [`Prepared::complete`] puts the signature in.

use jiff::Timestamp;
use jiff::tz::{self, TimeZone};
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, StringFormat, dictionary};
use sha2::{Digest as _, Sha256};
use std::ops::Range;
use unicode_normalization::UnicodeNormalization as _;

use super::block::{self, Area, Sheet, SignatureBlock, Turn, reals};
use super::update::{Update, place_for_signature};

/// Why a PDF cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfProblem {
    /// Not a PDF, or one whose structure does not hold.
    #[error("the file is no PDF or is damaged ({0}); make it again")]
    Broken(String),
    /// It has a password or restricted rights.
    #[error("the PDF is encrypted; ask for a copy without a password")]
    Encrypted,
    /// Its author has certified it (DocMDP, ISO 32000-1 12.8.2.2). None of the permissions allows a new signature field: readers then
    /// call the certification broken.
    #[error("the PDF's author has certified it, and one more signature would break that; sign the file that it was made from")]
    Certified,
    /// The block names nobody.
    #[error("the signature needs the agency's name; give it")]
    NoAgency,
    /// The font has no such letter.
    #[error("the signature block cannot show the letter '{0}'; write the agency's name without it")]
    Letter(char),
    /// Narrower than the time of signing.
    #[error("page 1 is too small for the signature block; scan the paper on a full page")]
    PageTooSmall,
    /// The font could not be cut down; it is ours, so this is a fault of the program.
    #[error("the font of the signature block cannot be used ({0}); tell who maintains this program")]
    Font(String),
    /// The signature is larger than the room that was left for it.
    #[error("the signature has {0} bytes, more than there is room for; tell who maintains this program")]
    NoRoom(usize),
}

/// Above this a cross-reference or object stream is no document of an office but a trap.
const MOST_UNPACKED: usize = 64 << 20;
/// Print and Locked: PDF/A wants the first, nobody shall move it (ISO 32000-1 12.5.3, ISO 19005-2 6.3.2).
const ANNOTATION_FLAGS: i32 = 4 | 128;
/// SignaturesExist and AppendOnly (ISO 32000-1 12.7.2).
const SIGNATURE_FLAGS: i32 = 3;
/// Pages within pages within pages.
const DEEPEST: usize = 64;

/// A PDF with its field and an empty place for the signature.
#[derive(Clone)]
pub struct Prepared {
    bytes: Vec<u8>,
    contents: Range<usize>,
    digest: [u8; 32],
}

/// Says nothing of what is in the document.
impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("bytes", &self.bytes.len()).field("contents", &self.contents).finish_non_exhaustive()
    }
}

impl Prepared {
    /// SHA-256 of what the signature covers: everything but the place for the signature itself.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The signed PDF. `signature` is a CMS ContentInfo in DER over [`Self::digest`].
    ///
    /// # Errors
    /// [`PdfProblem::NoRoom`].
    pub fn complete(mut self, signature: &[u8]) -> Result<Vec<u8>, PdfProblem> {
        let no_room = || PdfProblem::NoRoom(signature.len());
        // Without the angle brackets; what is left over stays zeros.
        let place = self.bytes.get_mut(self.contents.start + 1..self.contents.end - 1).ok_or_else(no_room)?;
        if place.len() < 2 * signature.len() {
            return Err(no_room());
        }
        for (pair, byte) in place.chunks_exact_mut(2).zip(signature) {
            pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        Ok(self.bytes)
    }
}

const HEX: [u8; 16] = *b"0123456789ABCDEF";

/// Adds a signature field with its visible block, with `room` bytes for the signature. `pdf` stays an exact prefix of the result.
///
/// # Errors
/// [`PdfProblem`], where the PDF cannot take a signature or the block cannot be drawn.
pub fn prepare(pdf: &[u8], block: &SignatureBlock, room: usize) -> Result<Prepared, PdfProblem> {
    let source = Source::read(pdf)?;
    let mut update = source.update()?;
    let sheet = source.sheet()?;
    let drawn = block::drawn(block, sheet.size().0)?;
    let appearance = drawn.add_to(&mut update, sheet.turn);
    let place = sheet.place(drawn.width, drawn.height, &source.signed_areas());

    let mut signature = place_for_signature("Sig", "ETSI.CAdES.detached", room);
    signature.set("M", Object::String(pdf_date(block.at).into_bytes(), StringFormat::Literal));
    signature.set("Name", text_string(&block.agency));
    if let Some(copy) = &block.copy {
        signature.set("Reason", text_string(copy));
    }
    let look = Look { area: [place.left, place.bottom, place.right, place.top], appearance: Some(appearance) };
    source.with_field(update, signature, look)
}

/// Adds an invisible field for a time stamp over the whole document (EN 319 142-1 5.4.3), with `room` bytes for it.
pub(super) fn prepare_timestamp(pdf: &[u8], room: usize) -> Result<Prepared, PdfProblem> {
    let source = Source::read(pdf)?;
    let update = source.update()?;
    let look = Look { area: [0.0; 4], appearance: None };
    source.with_field(update, place_for_signature("DocTimeStamp", "ETSI.RFC3161", room), look)
}

/// Where a field stands and what is seen of it.
struct Look {
    area: [f32; 4],
    appearance: Option<ObjectId>,
}

/// A PDF that can take a signature.
struct Source<'a> {
    bytes: &'a [u8],
    document: Document,
    root: ObjectId,
    page: ObjectId,
}

impl<'a> Source<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, PdfProblem> {
        // Offsets would count from somewhere else.
        if !bytes.starts_with(b"%PDF-") {
            return Err(PdfProblem::Broken("it does not begin like one".into()));
        }
        let document = loaded(bytes)
            .map_err(|error| if is_encryption(&error) { PdfProblem::Encrypted } else { PdfProblem::Broken(error.to_string()) })?;
        if document.is_encrypted() || document.was_encrypted() {
            return Err(PdfProblem::Encrypted);
        }
        let root = document.trailer.get(b"Root").and_then(Object::as_reference).map_err(|_| broken("no catalogue"))?;
        let catalog = document.get_dictionary(root).map_err(|_| broken("no catalogue"))?;
        if certified(&document, catalog) {
            return Err(PdfProblem::Certified);
        }
        let page = document.page_iter().next().ok_or_else(|| broken("no page"))?;
        document.get_dictionary(page).map_err(|_| broken("no page"))?;
        Ok(Self { bytes, document, root, page })
    }

    fn update(&self) -> Result<Update, PdfProblem> {
        Update::of(&self.document).ok_or_else(|| broken("too many objects"))
    }

    fn dictionary(&self, id: ObjectId) -> Result<Dictionary, PdfProblem> {
        self.document.get_dictionary(id).cloned().map_err(|_| broken("an object is missing"))
    }

    fn sheet(&self) -> Result<Sheet, PdfProblem> {
        let area = |key: &[u8]| self.inherited(key).and_then(|found| self.area(found));
        let media = area(b"MediaBox").ok_or_else(|| broken("page 1 has no size"))?;
        // What is seen is what both have in common (ISO 32000-1 14.11.2).
        let area = area(b"CropBox").map(|crop| crop.within(media)).filter(|both| !both.is_empty()).unwrap_or(media);
        let turn = self.inherited(b"Rotate").and_then(|turn| turn.as_i64().ok()).unwrap_or(0);
        Ok(Sheet { area, turn: Turn::of(turn) })
    }

    /// From page 1 or the nodes above it (ISO 32000-1 7.7.3.4).
    fn inherited(&self, key: &[u8]) -> Option<&Object> {
        let mut node = self.document.get_dictionary(self.page).ok()?;
        for _ in 0..DEEPEST {
            if let Ok(found) = node.get(key) {
                return self.document.dereference(found).ok().map(|(_, found)| found);
            }
            node = node.get(b"Parent").and_then(Object::as_reference).and_then(|parent| self.document.get_dictionary(parent)).ok()?;
        }
        None
    }

    fn area(&self, found: &Object) -> Option<Area> {
        let number = |at: &Object| self.document.dereference(at).ok().and_then(|(_, at)| at.as_float().ok()).filter(|at| at.abs() < 1e6);
        let [a, b, c, d] = found.as_array().ok()?.as_slice() else { return None };
        let (a, b, c, d) = (number(a)?, number(b)?, number(c)?, number(d)?);
        Some(Area { left: a.min(c), bottom: b.min(d), right: a.max(c), top: b.max(d) })
    }

    /// Where signatures are seen on page 1 already.
    fn signed_areas(&self) -> Vec<Area> {
        let annotations = self.document.get_page_annotations(self.page).unwrap_or_default();
        let signatures = annotations.into_iter().filter(|one| one.get(b"FT").and_then(Object::as_name).is_ok_and(|kind| kind == b"Sig"));
        let areas = signatures.filter_map(|one| self.area(one.get(b"Rect").ok()?));
        areas.filter(|area| !area.is_empty()).collect()
    }

    fn with_field(&self, mut update: Update, signature: Dictionary, look: Look) -> Result<Prepared, PdfProblem> {
        let signature = update.add(signature);
        let mut field = dictionary! {
            "Type" => "Annot",
            "Subtype" => "Widget",
            "FT" => "Sig",
            "T" => Object::string_literal(self.new_name()),
            "V" => signature,
            "F" => ANNOTATION_FLAGS,
            "P" => self.page,
            "Rect" => reals(&look.area),
        };
        if let Some(appearance) = look.appearance {
            field.set("AP", dictionary! { "N" => appearance });
        }
        let field = update.add(field);

        let mut page = self.dictionary(self.page)?;
        if self.append(&mut update, &mut page, b"Annots", field) {
            update.set(self.page, page);
        }
        let mut catalog = self.dictionary(self.root)?;
        let form = catalog.get(b"AcroForm").ok().cloned();
        let form_id = form.as_ref().and_then(|form| form.as_reference().ok());
        let known = form.as_ref().and_then(|form| self.document.dereference(form).ok()).and_then(|(_, form)| form.as_dict().ok());
        let mut form = known.cloned().unwrap_or_default();
        self.append(&mut update, &mut form, b"Fields", field);
        form.set("SigFlags", SIGNATURE_FLAGS);
        match form_id {
            Some(id) => update.set(id, form),
            None => {
                catalog.set("AcroForm", form);
                update.set(self.root, catalog);
            }
        }

        let written = update.written(self.bytes, &self.document, signature).ok_or_else(|| broken("its structure does not hold"))?;
        // A table of objects that is wrong may read well until something is written behind it.
        let again = loaded(&written.bytes).ok().is_some_and(|signed| {
            let fields = signed.get_page_annotations(self.page).unwrap_or_default();
            signed.page_iter().next() == Some(self.page)
                && fields.last().is_some_and(|field| field.get(b"V").and_then(Object::as_reference).is_ok_and(|value| value == signature))
                && signed.get_dictionary(signature).is_ok()
        });
        if !again {
            return Err(broken("its table of objects is wrong"));
        }
        let (before, after) = (written.bytes.get(..written.contents.start), written.bytes.get(written.contents.end..));
        let mut hash = Sha256::new();
        hash.update(before.unwrap_or_default());
        hash.update(after.unwrap_or_default());
        Ok(Prepared { digest: hash.finalize().into(), bytes: written.bytes, contents: written.contents })
    }

    /// Puts `added` at the end of an array that stands in `holder` or in an object of its own; whether `holder` changed.
    fn append(&self, update: &mut Update, holder: &mut Dictionary, key: &[u8], added: ObjectId) -> bool {
        let found = holder.get(key).ok().and_then(|found| self.document.dereference(found).ok());
        let (id, mut array) = match found {
            Some((id, Object::Array(array))) => (id, array.clone()),
            Some(_) | None => (None, Vec::new()),
        };
        array.push(added.into());
        match id {
            Some(id) => {
                update.set(id, array);
                false
            }
            None => {
                holder.set(key, array);
                true
            }
        }
    }

    /// A name that no field of the form has yet.
    fn new_name(&self) -> String {
        let form = self.document.catalog().and_then(|catalog| self.document.get_dict_in_dict(catalog, b"AcroForm"));
        let fields = form.and_then(|form| form.get(b"Fields")).and_then(|fields| self.document.dereference(fields));
        let fields = fields.map(|(_, fields)| fields.as_array().map(Vec::as_slice).unwrap_or_default()).unwrap_or_default();
        let names: Vec<&[u8]> = fields
            .iter()
            .filter_map(|field| self.document.dereference(field).ok()?.1.as_dict().ok()?.get(b"T").ok()?.as_str().ok())
            .collect();
        let name = |number: usize| format!("Signature{number}");
        let free = (names.len() + 1..).map(name).find(|name| !names.contains(&name.as_bytes()));
        free.unwrap_or_else(|| name(names.len() + 1))
    }
}

fn broken(what: &str) -> PdfProblem {
    PdfProblem::Broken(what.to_owned())
}

fn loaded(bytes: &[u8]) -> Result<Document, lopdf::Error> {
    let options = LoadOptions { max_decompressed_size: Some(MOST_UNPACKED), filter: Some(without_picture), ..LoadOptions::default() };
    Document::load_mem_with_options(bytes, options)
}

/// Scans are nearly all of a file and nothing of its structure. One byte is left: lopdf reads an empty stream once more.
fn without_picture(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    if let Object::Stream(stream) = object
        && stream.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Image")
    {
        stream.content = vec![0];
    }
    Some((id, object.clone()))
}

fn is_encryption(error: &lopdf::Error) -> bool {
    matches!(error, lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword | lopdf::Error::UnsupportedSecurityHandler(_))
}

fn certified(document: &Document, catalog: &Dictionary) -> bool {
    document.get_dict_in_dict(catalog, b"Perms").is_ok_and(|permissions| permissions.has(b"DocMDP"))
}

/// ISO 32000-1 7.9.4, in Viet Nam's zone.
fn pdf_date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(tz::offset(7))).strftime("D:%Y%m%d%H%M%S+07'00'").to_string()
}

/// UTF-16 with its mark (ISO 32000-1 7.9.2.2).
fn text_string(text: &str) -> Object {
    let units = std::iter::once(0xFEFF).chain(text.nfc().collect::<String>().encode_utf16().collect::<Vec<_>>());
    Object::String(units.flat_map(u16::to_be_bytes).collect(), StringFormat::Hexadecimal)
}
