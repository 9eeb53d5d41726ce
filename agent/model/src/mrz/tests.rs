use super::*;
use jiff::civil::date;
use proptest::prelude::*;

/// ICAO 9303-4 appendix B.
const PASSPORT: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
/// ICAO 9303-5 appendix B.
const CARD: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
/// ICAO 9303-6 appendix B.
const TD2_CARD: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
/// domain.md 1.3.
const CCCD: &str = "IDVNM1900000163001190000016<<4\n9001158F4001153VNM<<<<<<<<<<<4\nNGUYEN<<THI<MAU<<<<<<<<<<<<<<<";
const TODAY: Date = date(2026, 11, 23);

#[test]
fn reads_the_specimens_of_icao() {
    let passport = Mrz::parse(PASSPORT).unwrap();
    assert_eq!(passport.format, MrzFormat::Td3);
    assert_eq!((passport.issuer.as_str(), passport.nationality.as_str()), ("UTO", "UTO"));
    assert_eq!(passport.document.reveal(), "L898902C3");
    assert_eq!(passport.name().reveal(), "ERIKSSON ANNA MARIA");
    assert_eq!(passport.birth(TODAY), Some(date(1974, 8, 12)));
    assert_eq!(passport.expiry(), Some(date(2012, 4, 15)));
    assert_eq!(passport.sex, Some(Sex::Female));
    assert_eq!(passport.citizen_number(), None);
    for text in [CARD, TD2_CARD] {
        let card = Mrz::parse(text).unwrap();
        assert_eq!(card.document.reveal(), "D23145890");
        assert_eq!((card.surname.reveal(), card.given.reveal()), ("ERIKSSON", "ANNA MARIA"));
    }
}

#[test]
fn nobody_counts_the_fillers_of_a_passport() {
    let whole = Mrz::parse(PASSPORT).unwrap();
    let typed = ["P<UTOERIKSSON<<ANNA<MARIA", "p<utoeriksson<<anna<maria<<<"];
    for names in typed {
        for data in ["L898902C36UTO7408122F1204159ZE184226B<10", "L898902C36UTO7408122F1204159ZE184226B<<<10"] {
            assert_eq!(Mrz::parse(&format!("{names}\n{data}")).as_ref(), Ok(&whole), "{names} {data}");
        }
    }
    assert_eq!(Mrz::parse("P<UTOERIKSSON<<ANNA<MARIA\nL898902C36UTO7408122F1204159ZE184226B10"), Err(NotMrz::Length(83)));
}

#[test]
fn a_passport_identifies_a_foreigner_and_a_vietnamese_one_the_citizen() {
    let number = |text: &str| Mrz::parse(text).unwrap().person_number().map(|number| number.reveal());
    assert_eq!(number(PASSPORT).as_deref(), Some("UTO L898902C3"));
    assert_eq!(number(CCCD).as_deref(), Some("001190000016"));
    assert_eq!(number(CARD), None, "another state's card identifies nobody here");
    let personal = "001190000016<<";
    let own = format!("{personal}{}", check_digit(personal).unwrap());
    let own = recomposed(&PASSPORT.replace("UTO", "VNM").replace("ZE184226B<<<<<1", &own));
    assert_eq!(number(&own).as_deref(), Some("001190000016"));
}

#[test]
fn reads_the_vietnamese_card() {
    let card = Mrz::parse(CCCD).unwrap();
    assert_eq!(card.citizen_number().unwrap().reveal(), "001190000016");
    assert_eq!(card.birth(TODAY), Some(date(1990, 1, 15)));
    assert_eq!(card.sex, Some(Sex::Female));
    let key = card.document_key();
    assert_eq!((key.document.reveal(), key.birth.reveal(), key.expiry.reveal()), ("190000016", "900115", "400115"));
    // The digit at the end of the first line is a habit, not a rule.
    let other = recomposed(&CCCD.replace("<<4\n900", "<<<\n900"));
    assert_eq!(Mrz::parse(&other).unwrap().citizen_number(), card.citizen_number());
    // Twelve digits of another card number are not this person's.
    let foreign = recomposed(&CCCD.replace("001190000016", "001190000017"));
    assert_eq!(Mrz::parse(&foreign).unwrap().citizen_number(), None);
}

#[test]
fn a_card_without_expiry_has_a_placeholder() {
    for placeholder in ["<<<<<<<", "<<<<<<0", "9912315", "0000000"] {
        let text = recomposed(&CCCD.replace("4001153VNM", &format!("{placeholder}VNM")));
        let card = Mrz::parse(&text).unwrap();
        assert_eq!(card.expiry(), (placeholder == "9912315").then(|| date(2099, 12, 31)), "{placeholder}");
    }
    let year_only =
        recomposed(&CCCD.replace("9001158F", "9000000F").replace("9000000F", &format!("900000{}F", check_digit("900000").unwrap())));
    assert_eq!(Mrz::parse(&year_only).unwrap().birth(TODAY), None);
}

#[test]
fn a_long_document_number_goes_on_in_the_optional_data() {
    // ICAO 9303-5 appendix: D23145890734 with check digit 9.
    let text = recomposed("I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<");
    let card = Mrz::parse(&text).unwrap();
    assert_eq!(card.document.reveal(), "D23145890734");
    assert_eq!(card.document_key().document.reveal(), "D23145890734");
}

#[test]
fn reads_what_people_and_scanners_make_of_it() {
    let right = Mrz::parse(CCCD).unwrap();
    let variants = [
        CCCD.replace('\n', ""),
        CCCD.replace('\n', "\r\n") + "\r",
        CCCD.to_lowercase(),
        CCCD.replace('<', " "),
        CCCD.replace("<<", "«"),
        CCCD.replace('<', "«"),
        CCCD.trim_end_matches('<').to_owned(),
        CCCD.replace("\n9001158F", "\n9OOI1S8F").replace("VNM190", "VNMI9O"),
        CCCD.chars().map(|c| format!("{c} ")).collect::<String>().replace("\n ", "\n"),
    ];
    for text in variants {
        assert_eq!(Mrz::parse(&text).as_ref(), Ok(&right), "{text:?}");
    }
    let typed = PASSPORT.replace("MARIA<<<<<<<<<<<<<<<<<<<", "MARIA");
    assert_eq!(Mrz::parse(&typed), Mrz::parse(PASSPORT));
    assert_eq!(Mrz::parse(&PASSPORT.replace("L898902C3", "L8989O2C3")), Mrz::parse(PASSPORT));
}

#[test]
fn says_which_field_is_wrong() {
    let field = |text: String| Mrz::parse(&text).unwrap_err();
    assert_eq!(field("8934563138165".into()), NotMrz::Length(13));
    assert_eq!(field(CCCD.replace('F', "É")), NotMrz::Character);
    assert_eq!(field(PASSPORT.replace("P<UTO", "V<UTO")), NotMrz::Kind);
    assert_eq!(field(CCCD.replace("1900000163", "1900000173")), NotMrz::Field(MrzField::Document));
    assert_eq!(field(CCCD.replace("9001158", "9001258")), NotMrz::Field(MrzField::Birth));
    assert_eq!(field(CCCD.replace("4001153", "4001163")), NotMrz::Field(MrzField::Expiry));
    assert_eq!(field(CCCD.replace("001190000016<", "001190000019<")), NotMrz::Field(MrzField::Whole));
    assert_eq!(field(PASSPORT.replace("ZE184226B", "ZE184227B")), NotMrz::Field(MrzField::Optional));
    assert_eq!(field(CCCD.replace("158F", "158Y")), NotMrz::Field(MrzField::Sex));
    assert_eq!(field(CCCD.replace("NGUYEN", "NGUY3N")), NotMrz::Field(MrzField::Name));
    assert_eq!(field(CCCD.replace("IDVNM", "ID1NM")), NotMrz::Field(MrzField::State));
    for error in [NotMrz::Length(3), NotMrz::Field(MrzField::Birth)] {
        assert!(!error.advice().vi.is_empty() && !error.advice().en.is_empty());
    }
}

#[test]
fn debug_shows_nothing_of_the_person() {
    let shown = format!("{:?} {:?}", Mrz::parse(CCCD).unwrap(), Mrz::parse(CCCD).unwrap().document_key());
    for secret in ["190000016", "NGUYEN", "MAU", "900115"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_birth_lies_in_the_past() {
    let born = |digits: &str| {
        let text = recomposed(&CCCD.replace("9001158F", &format!("{digits}{}F", check_digit(digits).unwrap())));
        Mrz::parse(&text).unwrap().birth(TODAY).unwrap()
    };
    assert_eq!(born("261123"), date(2026, 11, 23));
    assert_eq!(born("261124"), date(1926, 11, 24));
    assert_eq!(born("000229"), date(2000, 2, 29));
}

/// The text with the digit over the whole put right.
fn recomposed(text: &str) -> String {
    let text: String = text.split('\n').collect();
    let layout = Layout::of(text.len()).unwrap();
    let whole: String = layout.whole.iter().map(|range| text[range.clone()].to_owned()).collect();
    let check = check_digit(&whole).unwrap();
    format!("{}{check}{}", &text[..layout.whole_check], &text[layout.whole_check + 1..])
}

proptest! {
    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = Mrz::parse(&text);
    }

    #[test]
    fn never_panics_on_near_zones(text in "[A-Z0-9<« \n]{60,100}") {
        let _ = Mrz::parse(&text);
    }

    #[test]
    fn a_composed_card_is_read(
        prefix in 1_u32..97, rest in 0_u32..1_000_000_000, yy in 0..100, mm in 1..13, dd in 1..29,
        surname in "[A-Z]{1,8}", given in "[A-Z]{1,6}(<[A-Z]{1,5})?",
    ) {
        let number = format!("{prefix:03}{rest:09}");
        let dated = |y: i32| { let d = format!("{y:02}{mm:02}{dd:02}"); format!("{d}{}", check_digit(&d).unwrap()) };
        let first = format!("IDVNM{}{}{number}<<<", &number[3..], check_digit(&number[3..]).unwrap());
        let name = format!("{surname}<<{given}");
        let text = recomposed(&format!("{first}{}M{}VNM<<<<<<<<<<<0{name:<<30}", dated(yy), dated((yy + 25) % 100)));
        let card = Mrz::parse(&text).unwrap();
        let read = card.citizen_number();
        prop_assert_eq!(read.as_ref().map(CitizenNumber::reveal), Some(number.as_str()));
        prop_assert_eq!(card.given.reveal(), given.replace('<', " "));
        prop_assert_eq!(Mrz::parse(card.text()), Ok(card));
    }

    #[test]
    fn another_digit_is_noticed(at in 5_usize..59, digit in 0_u8..10) {
        let text = CCCD.replace('\n', "");
        let old = text.as_bytes()[at];
        prop_assume!(old.is_ascii_digit() && old != b'0' + digit && at != 29);
        let changed = format!("{}{digit}{}", &text[..at], &text[at + 1..]);
        prop_assert!(matches!(Mrz::parse(&changed), Err(NotMrz::Field(_))));
    }
}
