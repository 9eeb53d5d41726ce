//! What a reader scanned, told apart by its content alone: readers need no buttons, and people need not choose.
//!
//! The forms are tried in this order; the first that fits counts.
//!
//! | what | told by | ambiguous with |
//! |---|---|---|
//! | card's QR, whole or damaged | `\|` after twelve digits (domain.md 1.1) | nothing else has `\|` |
//! | machine-readable zone, whole or one line of it | `<`, length and check digits (ICAO 9303) | a zone read line by line arrives as several texts |
//! | courier's badge | `BCCI-` | an agency named BCCI would have a dossier code with two dashes |
//! | provisional code | `TAM-` and its check digits | nothing |
//! | dossier code | agency, date and number with dashes; no check digit | a code mistyped in its digits is another dossier's |
//! | either code in an address | `://`, as the QR of slips and receipts has it | which office's address it is does not matter: only the code is taken |
//! | parcel | 8 to 30 letters and digits; the S10 form has a check digit (domain.md 7) | see below |
//!
//! Post offices have items without the S10 form, so any other barcode of letters and digits looks like a parcel whose number cannot
//! be checked ([`ParcelCheck::NotS10`](crate::code::ParcelCheck)): a citizen number alone (twelve digits), a product's EAN. Whoever
//! waits for a citizen number tries [`CitizenNumber::parse`](crate::citizen::CitizenNumber) first; whoever takes parcels over lets
//! the courier see the number.

use crate::citizen::{CardQr, CitizenNumber};
use crate::code::{DossierCode, ParcelCode, ProvisionalCode};
use crate::mrz::Mrz;

/// What the text of a scan is. Debug shows no personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// The QR of a citizen card, both generations. A claim, as good as typed data.
    Card(Box<CardQr>),
    /// A citizen card whose QR lost a part: held too shortly, or read by a reader in keyboard mode, which loses the Vietnamese
    /// letters. Name and address must not be used; the number, where it was read whole, still opens the chip.
    DamagedCard {
        /// Số định danh.
        number: Option<CitizenNumber>,
    },
    /// A machine-readable zone, of a card or a passport, check digits right.
    Mrz(Box<Mrz>),
    /// One line of a machine-readable zone, or a zone read wrongly: read it again, with a reader that sends all lines at once.
    MrzPart,
    /// A courier's badge: its number in capitals, without `BCCI-`.
    CourierBadge(String),
    /// This office's provisional code, alone or in the address of a slip's QR.
    Provisional(ProvisionalCode),
    /// The hub's dossier code, alone or in the address of a receipt's QR.
    Dossier(DossierCode),
    /// A postal item; its check digit may be wrong.
    Parcel(ParcelCode),
    /// None of these.
    Unknown,
}

impl Scanned {
    /// Tells what `text` is, as a reader sent it: without AIM prefix and suffix.
    pub fn of(text: &str) -> Self {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if text.contains('|') {
            return card(text);
        }
        if text.contains('<') {
            return mrz(text);
        }
        if let Some(number) = badge(text) {
            return Self::CourierBadge(number);
        }
        code(text).or_else(|| code_in_address(text)).or_else(|| ParcelCode::parse(text).ok().map(Self::Parcel)).unwrap_or(Self::Unknown)
    }
}

fn card(text: &str) -> Scanned {
    match CardQr::parse(text) {
        // Every card has an issue date, at its end: without it the end was lost, and with it a part of the address.
        Ok(card) if card.issued.is_none() || letters_lost(&card) => Scanned::DamagedCard { number: Some(card.number) },
        Ok(card) => Scanned::Card(Box::new(card)),
        Err(_) => match text.split('|').next().map(CitizenNumber::parse) {
            Some(Ok(number)) => Scanned::DamagedCard { number: Some(number) },
            // Fields of dates, as a card has: its beginning was lost.
            _ if text.split('|').filter(|field| field.trim().len() == 8 && digits(field.trim())).count() >= 2 => {
                Scanned::DamagedCard { number: None }
            }
            _ => Scanned::Unknown,
        },
    }
}

/// Keyboard mode turns a Vietnamese letter into `?`, into a letter without its marks, or into nothing. A Vietnamese name and
/// address without a single mark do not occur on a card that was read whole.
fn letters_lost(card: &CardQr) -> bool {
    let read = [card.name.reveal(), card.address.reveal()];
    let replaced = read.iter().any(|text| text.contains(['?', '\u{fffd}']));
    replaced || read.iter().all(|text| text.is_ascii())
}

fn mrz(text: &str) -> Scanned {
    if let Ok(mrz) = Mrz::parse(text) {
        return Scanned::Mrz(Box::new(mrz));
    }
    // Lines have 30, 36 or 44 characters; at most three of them make a zone.
    let like_one = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '<' || c.is_whitespace());
    if like_one && (28..=100).contains(&text.len()) { Scanned::MrzPart } else { Scanned::Unknown }
}

/// `BCCI-` and 3 to 20 letters or digits. The prefix is this product's own; case does not matter.
fn badge(text: &str) -> Option<String> {
    let (prefix, number) = text.split_once('-')?;
    let shape = (3..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
    (prefix.eq_ignore_ascii_case("BCCI") && shape).then(|| number.to_ascii_uppercase())
}

fn code(text: &str) -> Option<Scanned> {
    let provisional = ProvisionalCode::parse(text).map(Scanned::Provisional);
    provisional.or_else(|_| DossierCode::parse(text).map(Scanned::Dossier)).ok()
}

/// As parameter `m` (`office.tracking_url` of the delivered configuration), or as the last piece of the address that is a code.
fn code_in_address(text: &str) -> Option<Scanned> {
    let (_, address) = text.split_once("://")?;
    let pieces = || address.split(['/', '?', '&', '#', '=']);
    let named = address.split(['?', '&', '#']).find_map(|piece| piece.strip_prefix("m="));
    named.and_then(code).or_else(|| pieces().rev().find_map(code))
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::citizen::CardGeneration;
    use crate::code::ParcelCheck;
    use proptest::prelude::*;

    const CARD: &str = "001190000016|012345678|Nguyễn Thị Mẫu|15011990|Nữ|Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm|10052021";
    const CARD_2024: &str = "001090000017||Trần Văn Thử|20021990|Nam|Phường Minh Họa, Thử Nghiệm|02082024||||";
    /// ICAO 9303-4, appendix: the specimen passport.
    const PASSPORT: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";

    fn provisional() -> ProvisionalCode {
        ProvisionalCode::new("K07", jiff::civil::date(2026, 11, 23), 42)
    }

    #[test]
    fn cards_of_both_generations() {
        for (text, generation) in [(CARD, CardGeneration::Cccd2021), (CARD_2024, CardGeneration::CanCuoc2024)] {
            let seen = Scanned::of(&format!("\u{feff}{text}\r\n"));
            assert!(matches!(&seen, Scanned::Card(card) if card.generation == generation), "{seen:?}");
        }
    }

    #[test]
    fn a_card_typed_by_a_keyboard_reader_is_damaged_and_keeps_its_number() {
        let number = CitizenNumber::parse("001090000017").ok();
        for typed in [
            "001090000017||Trn Vn Th|20021990|Nam|Phng Minh Ha, Th Nghim|02082024||||",
            "001090000017||Tr?n V?n Th?|20021990|Nam|Ph??ng Minh H?a|02082024||||",
            "001090000017||Tran Van Thu|20021990|Nam|Phuong Minh Hoa|02082024||||",
            "001090000017||Trần V\u{fffd}n Thử|20021990|Nam|Phường Minh Họa|02082024||||",
            "001090000017||Trn Th Mu|20021990|N|Phng Minh Ha, Th Nghim|02082024||||",
            "001090000017||Tr",
        ] {
            assert_eq!(Scanned::of(typed), Scanned::DamagedCard { number: number.clone() }, "{typed}");
        }
        assert_eq!(Scanned::of("0017||Trần Văn Thử|20021990|Nam|Phường|02082024||||"), Scanned::DamagedCard { number: None });
        for other in ["a|b|c", "|", "00119000001X|x|y|z|u|v"] {
            assert_eq!(Scanned::of(other), Scanned::Unknown, "{other}");
        }
    }

    #[test]
    fn zones_of_passports_and_cards() {
        assert!(matches!(Scanned::of(PASSPORT), Scanned::Mrz(_)));
        assert!(matches!(Scanned::of(&format!("{}\r\n{}", &PASSPORT[..44], &PASSPORT[44..])), Scanned::Mrz(_)));
        assert_eq!(Scanned::of(&PASSPORT[..44]), Scanned::MrzPart);
        assert_eq!(Scanned::of("IDVNM1900000163001190000016<<4"), Scanned::MrzPart);
        assert_eq!(Scanned::of("a<b"), Scanned::Unknown);
        assert_eq!(Scanned::of("<html><body>…</body></html>"), Scanned::Unknown);
    }

    #[test]
    fn badges() {
        assert_eq!(Scanned::of("BCCI-HN0123"), Scanned::CourierBadge("HN0123".to_owned()));
        assert_eq!(Scanned::of("bcci-hn0123"), Scanned::CourierBadge("HN0123".to_owned()), "a keyboard reader with caps lock");
        assert_eq!(Scanned::of("BCCI-1"), Scanned::Unknown);
        assert!(matches!(Scanned::of("BCCI-261123-0001"), Scanned::Dossier(_)), "two dashes: an agency's dossier");
    }

    #[test]
    fn codes_alone_and_in_addresses() {
        let code = provisional();
        for text in [
            code.as_str().to_lowercase(),
            format!("https://dichvucong.example.vn/tra-cuu?m={code}"),
            format!("https://dichvucong.example.vn/tra-cuu?x=1&m={code}&y=2"),
            format!("https://dichvucong.example.vn/t/{code}/"),
            format!("https://dichvucong.example.vn/t/{code}/xem?lang=vi"),
            format!("https://dichvucong.example.vn/t#{code}"),
        ] {
            assert_eq!(Scanned::of(&text), Scanned::Provisional(code.clone()), "{text}");
        }
        for text in ["h15.50.05.13-261008-0975", "https://x.example.vn/?m=H15.50.05.13-261008-0975"] {
            let dossier = DossierCode::parse("H15.50.05.13-261008-0975").unwrap();
            assert_eq!(Scanned::of(text), Scanned::Dossier(dossier), "{text}");
        }
        for text in ["https://", "://", "https://example.vn/tin-tuc", "TAM-K07-261123-0042-00"] {
            assert_eq!(Scanned::of(text), Scanned::Unknown, "{text}");
        }
    }

    #[test]
    fn parcels_and_what_only_looks_like_one() {
        for (text, check) in [
            ("RR473124829VN", ParcelCheck::Right),
            ("BK990032289VN", ParcelCheck::Wrong),
            ("VNP0012345678", ParcelCheck::NotS10),
            ("8934563138165", ParcelCheck::NotS10),
            ("001190000016", ParcelCheck::NotS10),
        ] {
            assert_eq!(Scanned::of(text), Scanned::Parcel(ParcelCode { code: text.to_owned(), check }), "{text}");
        }
        for text in ["", " ", "1234567", "Xin chào", "WIFI:S:example;;"] {
            assert_eq!(Scanned::of(text), Scanned::Unknown, "{text}");
        }
    }

    #[test]
    fn logs_never_show_a_person() {
        for text in [CARD, CARD_2024, PASSPORT, "001090000017||Tr?n V?n Th?|20021990|Nam|X|02082024"] {
            let shown = format!("{:?}", Scanned::of(text));
            assert!(!["001190", "001090", "Mẫu", "Thử", "ERIKSSON", "L898"].iter().any(|word| shown.contains(word)), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_spaces_around_do_not_matter(text in "[ -~À-ỹ\u{1d}]{0,120}") {
            prop_assert_eq!(Scanned::of(&format!("\r {text}\n")), Scanned::of(&text));
        }

        #[test]
        fn a_parcel_or_code_is_never_taken_for_a_person(text in "[A-Z0-9.-]{0,40}") {
            let seen = Scanned::of(&text);
            let person = matches!(seen, Scanned::Card(_) | Scanned::DamagedCard { .. } | Scanned::Mrz(_) | Scanned::MrzPart);
            prop_assert!(!person, "{} is {:?}", text, seen);
        }

        #[test]
        fn every_provisional_code_is_recognised(device in "[A-Z0-9]{1,8}", number in 0u32..10_000_000) {
            let code = ProvisionalCode::new(&device, jiff::civil::date(2026, 11, 23), number);
            prop_assert_eq!(Scanned::of(code.as_str()), Scanned::Provisional(code.clone()));
            prop_assert_eq!(Scanned::of(&format!("https://x.example.vn/tra-cuu?m={code}")), Scanned::Provisional(code));
        }

        #[test]
        fn every_s10_code_is_a_parcel(text in "[A-Z]{2}[0-9]{9}[A-Z]{2}") {
            prop_assert!(matches!(Scanned::of(&text), Scanned::Parcel(parcel) if parcel.check != ParcelCheck::NotS10));
        }

        #[test]
        fn a_card_cut_anywhere_is_never_a_whole_card(cut in 1usize..94) {
            let text: String = CARD.chars().take(cut).collect();
            prop_assert!(!matches!(Scanned::of(&text), Scanned::Card(_)), "{}", text);
        }
    }
}
