//! What a clerk must know of a PDF: its pages, what they show, what it claims to be, how often it is signed.

use lopdf::{Dictionary, Object};
use std::collections::BTreeSet;

use super::file::{File, broken};
use super::{ArrivedError, PageSize, PdfAClaim};

/// More is no document of a dossier.
const MOST_PAGES: usize = 5_000;
/// Pages within pages, forms within forms.
const DEEPEST: usize = 64;
/// Content streams and painted objects that are looked at for text and pictures; most show it on the first page.
const MOST_LOOKS: usize = 20_000;
const MOST_CONTENT: usize = 16 << 20;
const MOST_XMP: usize = 4 << 20;
const POINTS_PER_INCH: f32 = 72.0;
const MM_PER_INCH: f32 = 25.4;

/// What pages show.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) text: bool,
    pub(super) pictures: bool,
}

/// What a page takes from the nodes above it (ISO 32000-1 7.7.3.4).
#[derive(Clone, Default)]
struct Inherited {
    media: Option<[f32; 4]>,
    crop: Option<[f32; 4]>,
    rotate: i64,
    /// Number of the node that has them.
    resources: Option<u32>,
}

/// The pages in their order.
///
/// # Errors
/// [`ArrivedError`] where the tree of pages does not hold.
pub(super) fn pages(file: &mut File<'_>) -> Result<(Vec<PageSize>, Shown), ArrivedError> {
    let root = catalog(file).and_then(|catalog| catalog.get(b"Pages").ok()).cloned().ok_or_else(|| broken("it has no page"))?;
    let (mut sizes, mut looks, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut stack = vec![(root, Inherited::default(), 0)];
    while let Some((node, mut inherited, depth)) = stack.pop() {
        let number = node.as_reference().map_err(|_| broken("its pages do not hang together"))?.0;
        if depth > DEEPEST || !seen.insert(number) {
            return Err(broken("its pages hang together in a ring"));
        }
        if sizes.len() >= MOST_PAGES || seen.len() > 4 * MOST_PAGES {
            return Err(ArrivedError::TooMuch);
        }
        let node = file.get(number).and_then(|node| node.as_dict().ok()).ok_or_else(|| broken("a page is missing"))?;
        inherited.take(file, number, node);
        if let Ok(kids) = file.value(node, b"Kids").as_array() {
            stack.extend(kids.iter().rev().map(|kid| (kid.clone(), inherited.clone(), depth + 1)));
        } else {
            sizes.push(inherited.size(file, node).ok_or_else(|| broken(&format!("page {} has no size", sizes.len() + 1)))?);
            looks.push((node.get(b"Contents").cloned().unwrap_or(Object::Null), inherited.resources));
        }
    }
    if sizes.is_empty() {
        return Err(broken("it has no page"));
    }
    Ok((sizes, shown(file, looks)?))
}

impl Inherited {
    fn take(&mut self, file: &File<'_>, number: u32, node: &Dictionary) {
        self.media = area(file, node, b"MediaBox").or(self.media);
        self.crop = area(file, node, b"CropBox").or(self.crop);
        self.rotate = file.value(node, b"Rotate").as_i64().unwrap_or(self.rotate);
        if file.dictionary(node, b"Resources").is_some() {
            self.resources = Some(number);
        }
    }

    fn size(&self, file: &File<'_>, page: &Dictionary) -> Option<PageSize> {
        let media = self.media?;
        // What is seen is what both have in common (ISO 32000-1 14.11.2).
        let both = |crop: [f32; 4]| [crop[0].max(media[0]), crop[1].max(media[1]), crop[2].min(media[2]), crop[3].min(media[3])];
        let seen = self.crop.map(both).filter(|area| area[2] > area[0] && area[3] > area[1]).unwrap_or(media);
        let unit = file.value(page, b"UserUnit").as_float().ok().filter(|unit| (0.001..=1e5).contains(unit)).unwrap_or(1.0);
        let mm = |points: f32| (points * unit / POINTS_PER_INCH * MM_PER_INCH).round() as u32;
        let (width_mm, height_mm) = (mm(seen[2] - seen[0]), mm(seen[3] - seen[1]));
        let upright = self.rotate.rem_euclid(180) < 45 || self.rotate.rem_euclid(180) >= 135;
        let size = if upright { PageSize { width_mm, height_mm } } else { PageSize { width_mm: height_mm, height_mm: width_mm } };
        (width_mm > 0 && height_mm > 0).then_some(size)
    }
}

/// Left, bottom, right, top.
fn area(file: &File<'_>, node: &Dictionary, key: &[u8]) -> Option<[f32; 4]> {
    let number = |at: &Object| file.resolved(at).as_float().ok().filter(|at| at.abs() < 1e6);
    let [a, b, c, d] = file.value(node, key).as_array().ok()?.as_slice() else { return None };
    let (a, b, c, d) = (number(a)?, number(b)?, number(c)?, number(d)?);
    Some([a.min(c), b.min(d), a.max(c), b.max(d)])
}

/// Looks at the pages and the forms that they paint, until both is found. `looks` are contents, each with the number of the node that
/// has its resources.
fn shown(file: &mut File<'_>, looks: Vec<(Object, Option<u32>)>) -> Result<Shown, ArrivedError> {
    let (mut shown, mut seen, mut left) = (Shown::default(), BTreeSet::new(), MOST_LOOKS);
    let mut stack: Vec<(Object, Option<u32>)> = looks.into_iter().rev().collect();
    while let Some((contents, carrier)) = stack.pop() {
        if (shown.text && shown.pictures) || left == 0 {
            break;
        }
        let parts = match file.resolved(&contents).as_array() {
            Ok(parts) => parts.iter().take(left).cloned().collect(),
            Err(_) => vec![contents],
        };
        for part in parts {
            left = left.saturating_sub(1);
            // A reader, too, shows nothing of what it cannot unpack.
            let content = if shown.text { None } else { file.unpacked(&part, MOST_CONTENT)? };
            shown.text |= content.is_some_and(|content| shows_text(&content));
        }
        let carrier = carrier.and_then(|number| file.get(number)?.as_dict().ok());
        let resources = carrier.and_then(|carrier| file.dictionary(carrier, b"Resources"));
        let painted = resources.and_then(|resources| file.dictionary(resources, b"XObject"));
        for (_, object) in painted.into_iter().flatten().take(left) {
            left -= 1;
            let (Ok((number, _)), Ok(painted)) = (object.as_reference(), file.resolved(object).as_dict()) else { continue };
            match file.value(painted, b"Subtype").as_name().unwrap_or_default() {
                b"Image" => shown.pictures = true,
                b"Form" if seen.insert(number) => stack.push((object.clone(), Some(number))),
                _ => {}
            }
        }
    }
    Ok(shown)
}

/// An operator that shows text (ISO 32000-1 table 109) behind a string or an array.
fn shows_text(content: &[u8]) -> bool {
    content.windows(2).enumerate().any(|(at, word)| {
        let before = content.get(..at).unwrap_or_default().iter().rev().take(8).find(|byte| !byte.is_ascii_whitespace());
        let closed = matches!(before, Some(b')' | b'>' | b']'));
        closed && (matches!(word, b"Tj" | b"TJ") || matches!(word, [b'\'' | b'"', after] if after.is_ascii_whitespace()))
    })
}

/// The header's version, or the catalogue's where that is later (ISO 32000-1 7.2.2 in table 28).
pub(super) fn version(file: &File<'_>, header: &[u8]) -> String {
    let said = |bytes: &[u8]| {
        bytes.iter().take(3).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').map(|byte| char::from(*byte)).collect()
    };
    let header: String = said(header);
    let later: Option<String> = catalog(file).and_then(|catalog| file.value(catalog, b"Version").as_name().ok()).map(said);
    later.into_iter().chain([header]).max().unwrap_or_default()
}

/// `pdfaid:part` and `pdfaid:conformance` of the XMP, as attributes or as elements (ISO 19005-2 6.6.4).
pub(super) fn pdf_a(file: &mut File<'_>) -> Result<Option<PdfAClaim>, ArrivedError> {
    let Some(metadata) = catalog(file).and_then(|catalog| catalog.get(b"Metadata").ok()).cloned() else { return Ok(None) };
    let xmp = file.unpacked(&metadata, MOST_XMP)?.unwrap_or_default();
    let xmp = String::from_utf8_lossy(&xmp);
    let said = |key: &str| {
        let (_, behind) = xmp.split_once(key)?;
        behind.trim_start_matches([' ', '\t', '\r', '\n', '=', '"', '\'', '>']).chars().next()
    };
    let part = said("pdfaid:part").and_then(|part| part.to_digit(10)).and_then(|part| u8::try_from(part).ok());
    let conformance = said("pdfaid:conformance").filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase());
    Ok(part.map(|part| PdfAClaim { part, conformance }))
}

/// Fields that are signed, each value once (ISO 32000-1 12.7.4.5).
pub(super) fn signatures(file: &File<'_>) -> usize {
    let mut values = BTreeSet::new();
    for (number, object) in file.in_force() {
        let Ok(field) = object.as_dict() else { continue };
        if !file.value(field, b"V").as_dict().is_ok_and(|value| value.has(b"Contents")) || !is_signature_field(file, field) {
            continue;
        }
        values.insert(field.get(b"V").and_then(Object::as_reference).map_or(number, |(value, _)| value));
    }
    values.len()
}

fn is_signature_field<'a>(file: &'a File<'_>, mut field: &'a Dictionary) -> bool {
    for _ in 0..DEEPEST {
        if let Ok(kind) = file.value(field, b"FT").as_name() {
            return kind == b"Sig";
        }
        let Some(parent) = file.dictionary(field, b"Parent") else { return false };
        field = parent;
    }
    false
}

fn catalog<'a>(file: &'a File<'_>) -> Option<&'a Dictionary> {
    file.dictionary(&file.trailer, b"Root")
}
