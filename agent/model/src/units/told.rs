//! Which communes of today a text names at its end, as cards, papers and people write it: "…, Xã Má Lé, Huyện Đồng Văn, Tỉnh Hà Giang",
//! "P. Bến Nghé, Q.1, TP.HCM", "Thôn Thử, Má Lé, Đồng Văn, Hà Giang". Where it could be several, several are told; nothing is guessed.

use super::{District, Former, Units, Word, key};
use std::collections::HashSet;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// A commune that a text names, and where what stands before it ends in the text.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    pub(crate) commune: usize,
    pub(crate) rest: usize,
}

/// Kinds of districts and of communes, as [`key`] gives them. A unit that was raised (huyện to thị xã, xã to phường) kept its name.
const DISTRICTS: [&str; 4] = ["huien ", "quan ", "thi xa ", "thanh pho "];
const COMMUNES: [&str; 3] = ["xa ", "phuong ", "thi tran "];

/// Provinces that were called or written otherwise on cards that are still valid.
const PROVINCES_BEFORE: [(&str, &str); 4] =
    [("thua thien hue", "hue"), ("dac lac", "dak lak"), ("dac nong", "dak nong"), ("bac can", "bac kan")];

/// Districts that went into others between 2021, when the present cards began, and 30/6/2025, and kept their communes' names: the
/// province's name of today, how they were called, what they went into. NQ 1111/NQ-UBTVQH14 (TP.HCM), 1314/NQ-UBTVQH15 (Huế).
const DISTRICTS_BEFORE: [(&str, &[&str], &str); 5] = [
    ("ho chi minh", &["quan 2"], "thu duc"),
    ("ho chi minh", &["quan 9"], "thu duc"),
    ("hue", &["thanh pho hue", "hue"], "phu xuan"),
    ("hue", &["thanh pho hue", "hue"], "thuan hoa"),
    ("hue", &["huien nam dong", "nam dong"], "phu loc"),
];

/// More words no name has, its kind included.
const LONGEST: usize = 9;

/// What is still to be read.
#[derive(Clone, Copy)]
struct Before<'a> {
    text: &'a str,
    /// No accent is written anywhere: then a name without any may be one with some.
    plain: bool,
}

/// One way to cut the last name off a text.
struct Ending<'a> {
    text: &'a str,
    plain: bool,
    key: String,
    start: usize,
    /// Begins where the text or a part of it does: whatever stands before is no piece of the name.
    alone: bool,
}

/// How a name is written: its kind, and whether with all its accents.
#[derive(Clone, Copy)]
struct Fit {
    kind: Kind,
    exact: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// With its kind.
    Full,
    /// Without its kind.
    Bare,
    /// With another kind of the same level.
    Other,
}

fn parts_words(sign: char) -> bool {
    sign.is_whitespace() || matches!(sign, ',' | ';' | '-' | '–' | '—')
}

fn is_dash(sign: char) -> bool {
    matches!(sign, '-' | '–' | '—')
}

/// Without what stands behind the last word.
fn trimmed(text: &str) -> &str {
    text.trim_end_matches(|sign: char| !sign.is_alphanumeric() && !is_combining_mark(sign))
}

impl<'a> Before<'a> {
    /// The longest first. No name goes over a comma.
    fn endings(self) -> Vec<Ending<'a>> {
        let text = trimmed(self.text);
        let (mut found, mut end) = (Vec::new(), text.len());
        while end > 0 && found.len() < LONGEST {
            let start = text[..end].trim_end_matches(|sign| !parts_words(sign)).len();
            let before = text[..start].trim_end_matches(parts_words).len();
            let gap = &text[before..start];
            let comma = before == 0 || gap.contains([',', ';', '\n', '\r']);
            let dash = gap.contains(is_dash) && gap.starts_with(char::is_whitespace) && gap.ends_with(char::is_whitespace);
            let name = &text[start..];
            found.push(Ending { text: name, plain: self.plain, key: key(name), start, alone: comma || dash });
            end = if comma { 0 } else { before };
        }
        found.reverse();
        found
    }

    fn without(self, ending: &Ending<'_>) -> Self {
        Self { text: self.text[..ending.start].trim_end_matches(parts_words), ..self }
    }
}

impl Ending<'_> {
    /// Numbers are no names without their kind: "12, Quận 3" is a house.
    fn fit(&self, word: &Word, kinds: &[&str]) -> Option<Fit> {
        let numbered = || word.short().bytes().all(|b| b.is_ascii_digit());
        let other = || kinds.iter().any(|kind| self.key.strip_prefix(kind) == Some(word.short()));
        let kind = if *word.key == *self.key {
            Kind::Full
        } else if word.short() == self.key && !numbered() {
            Kind::Bare
        } else if other() && !numbered() {
            Kind::Other
        } else {
            return None;
        };
        Some(Fit { kind, exact: self.accents_agree(word)? })
    }

    /// Whether the accents are those of the name, or left out; none where they are others: Tân Thành is not Tân Thạnh.
    fn accents_agree(&self, word: &Word) -> Option<bool> {
        if self.plain {
            return Some(true);
        }
        let (told, name) = (accented(self.text), accented(word.name));
        let short = word.short().split(' ').count();
        let told = told.get(told.len().saturating_sub(short)..).unwrap_or_default();
        let exact = Some(told) == name.get(name.len().saturating_sub(short)..);
        (exact || told.iter().all(|word| word.is_ascii())).then_some(exact)
    }
}

/// The words of a name with their accents, the tone behind each word: "Hoà" and "Hòa" are the same, and so are "Kì" and "Kỳ".
fn accented(text: &str) -> Vec<String> {
    let mut words = vec![(String::new(), String::new())];
    for sign in text.nfd().flat_map(char::to_lowercase) {
        let Some((word, tones)) = words.last_mut() else { continue };
        let parts = word.ends_with(|last: char| last.is_ascii_digit() != sign.is_ascii_digit() && last.is_alphanumeric());
        match sign {
            '\'' | '’' | '`' | 'ʼ' => {}
            '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}' => tones.push(sign),
            mark if is_combining_mark(mark) => word.push(mark),
            other if !other.is_alphanumeric() => words.push(Default::default()),
            letter => {
                let letter = match letter {
                    'y' => 'i',
                    'ð' => 'đ',
                    other => other,
                };
                if parts {
                    words.push((letter.to_string(), String::new()));
                } else {
                    word.push(letter);
                }
            }
        }
    }
    words.into_iter().filter(|(word, _)| !word.is_empty()).map(|(word, tones)| word + &tones).collect()
}

/// A province as it is written, today's or one that was.
struct ToldProvince {
    key: String,
}

impl ToldProvince {
    fn of(ending: &Ending<'_>) -> Self {
        let bare = ending.key.strip_prefix("tinh ").unwrap_or(&ending.key);
        let now = PROVINCES_BEFORE.iter().find(|(before, _)| *before == bare).map(|(_, now)| (*now).to_owned());
        Self { key: now.unwrap_or_else(|| ending.key.clone()) }
    }

    fn is(&self, word: &Word) -> bool {
        word.is(&self.key)
    }
}

impl Units {
    /// The communes that the text names at its end; none where nothing is known, or where a name may be a district's as well as a
    /// commune's. The text is NFC.
    pub(crate) fn told(&self, text: &str) -> Vec<Told> {
        let whole = Before { text, plain: text.is_ascii() };
        let country = whole.endings().into_iter().find(|ending| matches!(ending.key.as_str(), "viet nam" | "vn"));
        let whole = country.map_or(whole, |country| whole.without(&country));
        for ending in whole.endings() {
            let (province, before) = (ToldProvince::of(&ending), whole.without(&ending));
            if !self.provinces.iter().any(|known| province.is(&known.word) || known.former.iter().any(|was| province.is(was))) {
                continue;
            }
            // A name of before counts in the province that was called so; then in all that is now in the one called so.
            let here = |called: &dyn Fn(&District) -> bool| self.districts.iter().filter(|district| called(district)).collect::<Vec<_>>();
            let own = here(&|district| province.is(&district.in_province));
            let now = here(&|district| province.is(&self.provinces[district.province].word));
            let all: Vec<&District> = own.iter().chain(&now).copied().collect();
            let ways: [&dyn Fn() -> Vec<Told>; 5] = [
                &|| self.of_before(before, &own),
                &|| self.of_before(before, &now),
                &|| self.of_today(before, &province, &all),
                &|| self.without_district(before, &own, &all),
                &|| self.without_district(before, &now, &all),
            ];
            if let Some(found) = ways.iter().map(|way| way()).find(|found| !found.is_empty()) {
                let mut once = HashSet::new();
                return found.into_iter().filter(|told| once.insert(told.commune)).collect();
            }
        }
        Vec::new()
    }

    /// Commune and district of before.
    fn of_before(&self, text: Before<'_>, here: &[&District]) -> Vec<Told> {
        let mut found = Vec::new();
        for ending in text.endings() {
            let named = here.iter().filter_map(|district| Some((self.district_fit(&ending, district)?, *district))).collect();
            for district in best(named) {
                let communes = best(self.communes_of(text.without(&ending), district));
                found.extend(communes.into_iter().flat_map(|(former, rest)| self.holders(former, rest)));
            }
        }
        found
    }

    fn district_fit(&self, ending: &Ending<'_>, district: &District) -> Option<Fit> {
        let into = |(province, names, now): &(&str, &[&str], &str)| {
            district.word.short() == *now
                && self.provinces[district.province].word.short() == *province
                && names.contains(&ending.key.as_str())
        };
        let before = || DISTRICTS_BEFORE.iter().any(into).then_some(Fit { kind: Kind::Full, exact: true });
        ending.fit(&district.word, &DISTRICTS).or_else(before)
    }

    /// Communes of a district that was that a text names at its end, and where what stands before ends.
    fn communes_of(&self, text: Before<'_>, district: &District) -> Vec<(Fit, (&Former, usize))> {
        let mut found = Vec::new();
        for ending in text.endings() {
            let rest = text.without(&ending).text.len();
            let fits = self.formers(district).iter().filter_map(|former| Some((ending.fit(&former.word, &COMMUNES)?, (former, rest))));
            found.extend(fits.filter(|(fit, _)| ending.alone || fit.kind != Kind::Bare));
        }
        found
    }

    /// A commune of today. A bare name that is a district's too is none: the commune before it may be one that nobody knows.
    fn of_today(&self, text: Before<'_>, province: &ToldProvince, here: &[&District]) -> Vec<Told> {
        let Some(of) = self.provinces.iter().find(|of| province.is(&of.word)) else { return Vec::new() };
        let mut found = Vec::new();
        for ending in text.endings() {
            let rest = text.without(&ending).text.len();
            let fits =
                of.communes.clone().filter_map(|commune| Some((ending.fit(&self.communes[commune].word, &[])?, Told { commune, rest })));
            found.extend(fits.filter(|(fit, _)| fit.kind == Kind::Full || ending.alone && !self.is_district(&ending, here)));
        }
        best(found)
    }

    /// A commune of before, or a district that had none.
    fn without_district(&self, text: Before<'_>, here: &[&District], all: &[&District]) -> Vec<Told> {
        let mut found = Vec::new();
        for ending in text.endings() {
            let rest = text.without(&ending).text.len();
            let formers = here.iter().flat_map(|district| self.formers(district));
            let fits = formers.filter_map(|former| Some((ending.fit(&former.word, &[])?, (former, rest))));
            found.extend(fits.filter(|(fit, _)| fit.kind == Kind::Full || ending.alone && !self.is_district(&ending, all)));
        }
        best(found).into_iter().flat_map(|(former, rest)| self.holders(former, rest)).collect()
    }

    /// Whether a bare name may be that of a district with communes.
    fn is_district(&self, ending: &Ending<'_>, here: &[&District]) -> bool {
        let has_communes = |district: &District| self.formers(district).iter().any(|former| former.word.name != district.word.name);
        here.iter().any(|district| self.district_fit(ending, district).is_some() && has_communes(district))
    }

    fn formers(&self, district: &District) -> &[Former] {
        self.former.get(district.communes.clone()).unwrap_or_default()
    }

    fn holders(&self, former: &Former, rest: usize) -> impl Iterator<Item = Told> {
        former.now.split(' ').filter_map(|code| self.commune(code)).map(move |commune| Told { commune, rest })
    }
}

/// Names with another kind only where no name has this one or none; without accents only where none has these.
fn best<T>(found: Vec<(Fit, T)>) -> Vec<T> {
    let other = found.iter().all(|(fit, _)| fit.kind == Kind::Other);
    let found: Vec<_> = found.into_iter().filter(|(fit, _)| other || fit.kind != Kind::Other).collect();
    let exact = found.iter().any(|(fit, _)| fit.exact);
    found.into_iter().filter(|(fit, _)| fit.exact || !exact).map(|(_, found)| found).collect()
}

#[cfg(test)]
mod tests;
