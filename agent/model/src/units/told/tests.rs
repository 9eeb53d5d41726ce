use super::super::units;
use super::*;
use crate::{address, fold};
use proptest::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// How people and cards write the same, a quarter of the ways for each unit: what is joined between the names, and what is done to all of it.
const WRITTEN: [fn(&[&str]) -> String; 8] = [
    |names| names.join(", "),
    |names| names.join(", ").to_uppercase(),
    |names| names.join(",").nfd().collect(),
    |names| other_tones(&names.join(", ")),
    |names| abbreviated(&names.join(", ")),
    |names| names.join(" - "),
    |names| names.join(" "),
    |names| format!("{}, Việt Nam.", names.join(" ,  ").to_lowercase()),
];

fn other_tones(text: &str) -> String {
    let pairs =
        [("òa", "oà"), ("óa", "oá"), ("ỏa", "oả"), ("õa", "oã"), ("ọa", "oạ"), ("òe", "oè"), ("óe", "oé"), ("ỏe", "oẻ"), ("ọe", "oẹ")];
    let more = [("ùy", "uỳ"), ("úy", "uý"), ("ủy", "uỷ"), ("ũy", "uỹ"), ("ụy", "uỵ"), ("ỳ ", "ì "), ("ý ", "í "), ("ỹ ", "ĩ "), ("Đ", "Ð")];
    pairs.iter().chain(&more).fold(text.nfc().collect(), |text: String, (one, other)| text.replace(one, other))
}

fn abbreviated(text: &str) -> String {
    let kinds = [
        ("Thành phố Hồ Chí Minh", "TPHCM"),
        ("Thành phố ", "TP."),
        ("Thành Phố ", "Tp "),
        ("Thị xã ", "TX. "),
        ("Thị trấn ", "TT "),
        ("Phường ", "P. "),
        ("Quận ", "Q."),
        ("Huyện ", "H. "),
        ("Xã ", "x. "),
        ("Tỉnh ", "T. "),
    ];
    kinds.iter().fold(text.to_owned(), |text, (kind, short)| text.replacen(kind, short, 1))
}

/// Without the kind of unit; none of a number, which needs it.
fn bare(name: &str) -> Option<&str> {
    let kinds = ["Tỉnh ", "Thành phố ", "Thành Phố ", "Thị xã ", "Thị trấn ", "Phường ", "Quận ", "Huyện ", "Xã ", "Đặc khu "];
    let short = kinds.iter().find_map(|kind| name.strip_prefix(kind))?;
    (!short.bytes().all(|b| b.is_ascii_digit())).then_some(short)
}

fn told(text: &str) -> BTreeSet<usize> {
    address::today(text).iter().map(|address| address.commune).collect()
}

fn names(former: &Former) -> Vec<&'static str> {
    let district = &units().districts[former.district];
    let names = [former.word.name, district.word.name, district.in_province.name];
    names[usize::from(former.word.name == district.word.name)..].to_vec()
}

fn held(former: &Former) -> BTreeSet<usize> {
    units().holders(former, 0).map(|told| told.commune).collect()
}

/// What the units hold whose names look the same when `seen` so.
fn all_alike(seen: impl Fn(&str) -> String) -> impl Fn(&Former) -> BTreeSet<usize> {
    let look =
        move |former: &Former| (units().districts[former.district].province, names(former).into_iter().map(&seen).collect::<Vec<_>>());
    let mut alike: HashMap<_, BTreeSet<usize>> = HashMap::new();
    for former in &units().former {
        alike.entry(look(former)).or_default().extend(held(former));
    }
    move |former| alike[&look(former)].clone()
}

#[test]
fn every_unit_that_was_is_found_however_it_is_written() {
    for (at, former) in units().former.iter().enumerate() {
        let names = names(former);
        let wanted = held(former);
        for (way, write) in WRITTEN.iter().enumerate().filter(|(way, _)| (at + way) % 4 == 0) {
            let before = ["", "Thôn Thử, ", "Số 5 ngõ 2 "][(way + at / 4) % 3];
            let text = format!("{before}{}", write(&names));
            assert_eq!(told(&text), wanted, "{text}");
        }
    }
}

/// Two names may be one without their accents or kinds: then both are told.
#[test]
fn without_accents_or_kinds_it_is_found_among_those_that_look_the_same() {
    let (plain_alike, short_alike) = (all_alike(fold), all_alike(|name: &str| fold(bare(name).unwrap_or(name))));
    for former in &units().former {
        let names = names(former);
        let plain = fold(&names.join(", "));
        assert_eq!(told(&plain), plain_alike(former), "{plain}");
        if let Some(bare) = names.iter().map(|name| bare(name)).collect::<Option<Vec<_>>>() {
            let (text, wanted) = (bare.join(", "), held(former));
            let found = told(&text);
            assert!(found.is_superset(&wanted) && found.is_subset(&short_alike(former)), "{text}");
        }
    }
}

#[test]
fn every_commune_of_today_is_found_however_it_is_written() {
    for (at, commune) in units().communes.iter().enumerate() {
        let names = [commune.name, units().provinces[commune.province].name];
        for (way, write) in WRITTEN.iter().enumerate().filter(|(way, _)| (at + way) % 4 == 0) {
            let before = ["", "Thôn Thử, ", "Số 5 ngõ 2 "][(way + at / 4) % 3];
            let text = format!("{before}{}", write(&names));
            assert_eq!(told(&text), BTreeSet::from([at]), "{text}");
        }
        let text = fold(&names.join(", "));
        assert!(told(&text).contains(&at), "{text}");
        if let [Some(short), Some(province)] = names.map(bare) {
            let found = told(&format!("Thôn Thử, {short}, {province}"));
            assert!(found.is_empty() || found.contains(&at), "{short}, {province}");
        }
    }
}

#[test]
fn a_name_alone_names_no_province() {
    let all = units();
    let communes = all.communes.iter().map(|commune| commune.name).chain(all.former.iter().map(|former| former.word.name));
    for name in communes.chain(all.districts.iter().map(|district| district.word.name)) {
        assert!(told(name).is_empty() && told(&format!("Thôn Thử, {name}")).is_empty(), "{name}");
    }
}

/// Provinces, which are compared without accents, and what old cards call them are each one.
#[test]
fn every_province_is_one_by_its_name() {
    let all = || units().provinces.iter();
    let names: Vec<&Word> = all().flat_map(|province| province.former.iter().chain([&province.word])).collect();
    assert_eq!(names.iter().map(|word| word.short()).collect::<BTreeSet<_>>().len(), 63);
    for (_, now) in PROVINCES_BEFORE {
        assert!(names.iter().any(|word| word.short() == now), "{now}");
    }
    for (province, before, now) in DISTRICTS_BEFORE {
        let of = |district: &&District| units().provinces[district.province].word.short() == province;
        let there = |name: &str| units().districts.iter().filter(of).any(|district| district.word.is(name));
        assert!(there(now) && before.iter().all(|name| !there(name)), "{before:?}");
    }
}

/// What is told lies in a province that the text names, and is read again as it is written.
fn keeps_its_word(text: &str) {
    let whole = key(text);
    for address in address::today(text) {
        let province = &units().provinces[units().communes[address.commune].province];
        let before =
            PROVINCES_BEFORE.iter().filter(|(_, now)| province.former.iter().chain([&province.word]).any(|word| word.short() == *now));
        let mut names = province.former.iter().chain([&province.word]).map(Word::short).chain(before.map(|(before, _)| *before));
        assert!(names.any(|name| whole.contains(name)), "{text} lies in {}", province.name);
        assert_eq!(address::Address::parse(&address.written()), Some(address), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_borne(text in any::<String>()) {
        keeps_its_word(&text);
    }

    /// Names of every kind of unit in any order, with what stands between them.
    #[test]
    fn names_in_disorder_lead_to_no_province_that_is_not_named(
        words in prop::collection::vec((0_usize..14_000, 0_usize..6, any::<bool>()), 1..7)
    ) {
        let all = units();
        let name = |at: usize| match at % 4 {
            0 => all.provinces[at % all.provinces.len()].name,
            1 => all.districts[at % all.districts.len()].word.name,
            2 => all.communes[at % all.communes.len()].name,
            _ => all.former[at % all.former.len()].word.name,
        };
        let gap = [", ", " ", " - ", ",", "; ", ". "];
        let text: String = words
            .iter()
            .flat_map(|(at, between, short)| [if *short { bare(name(*at)).unwrap_or("1") } else { name(*at) }, gap[*between]])
            .collect();
        keeps_its_word(&text);
    }

    /// A commune with something before it: the beginning stays as it was, and the commune is the same.
    #[test]
    fn what_stands_before_the_commune_stays(at in 0_usize..10_040, before in "[A-Za-zĐđôư0-9/ ]{1,30}") {
        let former = &units().former[at % units().former.len()];
        let text = format!("{before}, {}", names(former).join(", "));
        for address in address::today(&text) {
            prop_assert_eq!(address.rest.reveal(), before.trim());
            prop_assert!(held(former).contains(&address.commune));
        }
    }
}
