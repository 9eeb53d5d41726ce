//! What all pages of one paper say together: its type and its fields.

use crate::codes::PageCode;
use crate::fields::{read_continuation, read_fields};
use crate::ocr::{OcrError, PageText};
use crate::paper::PaperError;
use crate::zone::{ZoneReader, has_zone};
use jiff::civil::Date;
use motcua_model::citizen::CardQr;
use motcua_model::document_types::{DocumentType, DocumentTypes, Meaning};
use motcua_model::metadata::ReadPaper;
use motcua_model::scanned::Scanned;
use std::path::Path;

/// A page as scanned, and what was recognised on it.
#[derive(Clone, Copy, Debug)]
pub struct RecognisedPage<'a> {
    /// The scanner's.
    pub jpeg: &'a [u8],
    /// Of the scan.
    pub dpi: u16,
    /// Of [`Recognizer::recognise`](crate::Recognizer::recognise).
    pub text: &'a PageText,
    /// Of [`read_codes`](crate::read_codes).
    pub codes: &'a [PageCode],
}

/// Reads type and fields of a paper, given all its pages in order; none where no page tells a type.
///
/// The first page that tells a type decides. Later pages of that type, and those that tell none, fill in what is missing; what a page
/// without a title fills in needs a yes. A machine-readable zone and a citizen card's QR on the same pages are compared with what was
/// read; the zone's engine, from `tessdata` or from where the Debian package puts it, is asked only where a zone is seen.
///
/// # Errors
/// [`PaperError::Page`] with the first page that is unusable.
pub fn read_paper(
    pages: &[RecognisedPage<'_>],
    types: &DocumentTypes,
    tessdata: Option<&Path>,
    today: Date,
) -> Result<Option<ReadPaper>, PaperError> {
    let on_page = |place: usize| move |source: OcrError| PaperError::Page { number: place + 1, source };
    let told: Vec<Option<ReadPaper>> = pages.iter().map(|page| read_fields(page.text, types)).collect();
    let first = told.iter().position(Option::is_some);
    let decided = first.and_then(|first| told.get(first).cloned().flatten().map(|read| (first, read)));
    let Some((first, mut read)) = decided else { return Ok(None) };
    let Some(kind) = types.document_type(&read.kind) else { return Ok(None) };

    // A page that tells another type is another paper's: a card copied behind a form is its bearer's, not the form's.
    let ours = |place: &usize| told.get(*place).is_some_and(|page| page.as_ref().is_none_or(|page| page.kind == kind.id));
    let own: Vec<usize> = (first..pages.len()).filter(ours).collect();
    read.fields.iter_mut().for_each(|field| field.page = number(first));
    for place in own.iter().copied().skip(1) {
        let more = told.get(place).cloned().flatten().or_else(|| read_continuation(pages[place].text, types, kind));
        fill_in(&mut read, more, kind, number(place));
    }

    let zoned = own.iter().copied().filter(|place| has_zone(pages[*place].text));
    let mut reader = None;
    for place in zoned {
        let reader = match &mut reader {
            Some(reader) => reader,
            empty => empty.insert(ZoneReader::new(tessdata).map_err(on_page(place))?),
        };
        let RecognisedPage { jpeg, dpi, text, .. } = pages[place];
        if let Some(zone) = reader.read(jpeg, dpi, text).map_err(on_page(place))? {
            read.compare_with(&zone, today);
            break;
        }
    }
    if let Some(card) = card(own.iter().flat_map(|place| pages[*place].codes), &read) {
        read.compare_with_card(&card);
    }
    Ok(Some(read))
}

/// Counted from 1.
fn number(place: usize) -> u16 {
    u16::try_from(place + 1).unwrap_or(u16::MAX)
}

fn fill_in(read: &mut ReadPaper, more: Option<ReadPaper>, kind: &DocumentType, page: u16) {
    for field in more.into_iter().flat_map(|more| more.fields) {
        if read.field(&field.key).is_none() {
            read.fields.push(motcua_model::metadata::ReadField { page, ..field });
        }
    }
    let order = |key: &str| kind.fields.iter().position(|rule| rule.key == key);
    read.fields.sort_by_key(|field| order(&field.key));
}

/// The citizen card to compare with: of several, as of man and wife, the owner's.
fn card<'a>(codes: impl Iterator<Item = &'a PageCode>, read: &ReadPaper) -> Option<CardQr> {
    let mut cards: Vec<CardQr> = Vec::new();
    for code in codes {
        if let Scanned::Card(card) = Scanned::of(code.text.reveal())
            && !cards.contains(&card)
        {
            cards.push(*card);
        }
    }
    let owner = read.fields.iter().find(|field| field.meaning == Meaning::OwnerNumber).map(|field| field.value.reveal());
    let own = cards.iter().position(|card| Some(card.number.reveal()) == owner);
    match own {
        Some(own) => Some(cards.swap_remove(own)),
        None if cards.len() == 1 => cards.pop(),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ocr::Word;
    use motcua_model::Private;
    use motcua_model::metadata::Area;

    const CERTIFICATE: [&str; 6] = [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "GIẤY KHAI SINH",
        "Họ, chữ đệm, tên: TRẦN NGUYỄN ƯỚC MƠ",
        "Ngày, tháng, năm sinh: 19/10/2026",
        "Giới tính: Nữ",
        "Minh Họa, ngày 24 tháng 11 năm 2026",
    ];
    const AUTHORITY: [&str; 3] = ["GIẤY ỦY QUYỀN", "I. BÊN ỦY QUYỀN (BÊN A)", "Số định danh cá nhân: 099185001234"];

    fn text(lines: &[&str]) -> PageText {
        let word = |(line, (at, text)): (usize, (usize, &str))| {
            let (left, top) = (100 + 150 * at as u32, 100 + 50 * line as u32);
            Word { text: text.to_owned(), left, top, right: left + 140, bottom: top + 30, confidence: 96.0, line: line as u32 }
        };
        let words = lines.iter().enumerate().flat_map(|(line, words)| words.split(' ').enumerate().map(move |word| (line, word)));
        PageText { words: words.map(word).collect(), skew_degrees: 0.0 }
    }

    /// Of pages with these lines, and what the code on each says.
    fn paper(pages: &[(&[&str], Option<&str>)]) -> Option<ReadPaper> {
        let code = |text: &&str| PageCode { text: Private::new(*text), area: Area { left: 9, top: 9, right: 99, bottom: 99 } };
        let read: Vec<(PageText, Vec<PageCode>)> =
            pages.iter().map(|(lines, card)| (text(lines), card.iter().map(code).collect())).collect();
        let pages: Vec<RecognisedPage<'_>> = read.iter().map(|(text, codes)| RecognisedPage { jpeg: &[], dpi: 150, text, codes }).collect();
        read_paper(&pages, &DocumentTypes::built_in().unwrap(), None, jiff::civil::date(2026, 11, 23)).unwrap()
    }

    /// Value, page, and whether it was read silently.
    fn field<'a>(paper: &'a Option<ReadPaper>, key: &str) -> Option<(&'a str, u16, bool)> {
        paper.as_ref()?.field(key).map(|field| (field.value.reveal(), field.page, !field.needs_yes))
    }

    #[test]
    fn later_pages_fill_in_what_the_first_does_not_say() {
        let more = ["Dân tộc: Kinh", "Họ, chữ đệm, tên: LÊ THỊ KHÁC", "Số định danh cá nhân: 099326000789"];
        let paper = paper(&[(&["Trang bìa"], None), (&CERTIFICATE, None), (&more, None)]);
        assert_eq!(field(&paper, "child_name"), Some(("TRẦN NGUYỄN ƯỚC MƠ", 2, true)), "what the first page says stays");
        assert_eq!(field(&paper, "child_number"), Some(("099326000789", 3, false)), "of a page without a title: ask");
        let keys: Vec<&str> = paper.as_ref().unwrap().fields.iter().map(|field| field.key.as_str()).collect();
        let rules = DocumentTypes::built_in().unwrap();
        let order = rules.document_type("birth_certificate").unwrap().fields.iter().map(|rule| rule.key.as_str());
        assert_eq!(keys, order.filter(|key| keys.contains(key)).collect::<Vec<_>>(), "in the paper's order");

        let again: Vec<&str> = CERTIFICATE.into_iter().chain(["Số định danh cá nhân: 099326000789"]).collect();
        let paper = self::paper(&[(&CERTIFICATE, None), (&again, None)]);
        assert_eq!(field(&paper, "child_number"), Some(("099326000789", 2, true)), "of a page with the title");
    }

    #[test]
    fn another_paper_behind_it_says_nothing() {
        let card = "099185001234||Nguyễn Thị Mẫu Đơn|14021985|Nữ|Phường Minh Họa, Thử Nghiệm|05032022";
        let paper = paper(&[(&CERTIFICATE, None), (&AUTHORITY, Some(card))]);
        assert_eq!(paper.as_ref().unwrap().kind, "birth_certificate");
        assert_eq!(field(&paper, "child_number"), None);
        assert_eq!(field(&paper, "child_name"), Some(("TRẦN NGUYỄN ƯỚC MƠ", 1, true)), "the card is another's");
        assert_eq!(self::paper(&[(&["Trang bìa"], None)]), None);
    }

    #[test]
    fn the_owners_card_settles_number_and_name() {
        let lines = ["GIẤY KHAI SINH", "Họ, chữ đệm, tên: TRẦN NGUYỄN ƯỚC MỞ", "Số định danh cá nhân: O99326000789"];
        let child = "099326000789||Trần Nguyễn Ước Mơ|19102026|Nữ|Phường Minh Họa, Thử Nghiệm|02112026||||";
        let mother = "099185001234||Nguyễn Thị Mẫu Đơn|14021985|Nữ|Phường Minh Họa, Thử Nghiệm|05032022";
        let alone = paper(&[(&lines, None)]);
        assert_eq!(field(&alone, "child_number"), Some(("099326000789", 1, false)), "a letter was put right");
        let with = paper(&[(&lines, Some(child)), (&[], Some(mother))]);
        assert_eq!(field(&with, "child_number"), Some(("099326000789", 1, true)));
        assert_eq!(field(&with, "child_name"), Some(("TRẦN NGUYỄN ƯỚC MỞ", 1, false)), "an accent is wrong");
    }
}
