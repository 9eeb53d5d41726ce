//! Đơn vị hành chính: the 34 provinces and 3,321 communes since 01/7/2025, without districts between them (domain.md 6), and which of
//! them hold the communes that were before. People say and papers hold the old names, so a search finds both.
//!
//! The data and their source stand in `data/units.tsv`.

use crate::fold;
use std::{collections::HashMap, ops::Range, sync::LazyLock};

/// What is known; read at the first use.
pub fn units() -> &'static Units {
    static UNITS: LazyLock<Units> = LazyLock::new(|| Units::read(include_str!("../data/units.tsv")));
    &UNITS
}

/// All provinces and communes; numbers of them are places in these lists.
pub struct Units {
    /// By their names.
    pub provinces: Vec<Province>,
    /// Province by province, by their names.
    pub communes: Vec<Commune>,
    districts: Vec<District>,
    former: Vec<Former>,
    by_code: HashMap<&'static str, usize>,
}

/// Tỉnh, thành phố.
pub struct Province {
    /// Mã tỉnh: two digits.
    pub code: &'static str,
    /// With its kind: "Tỉnh Cao Bằng".
    pub name: &'static str,
    /// Other provinces that went into it in 2025.
    pub former: Vec<Word>,
    /// Its communes.
    pub communes: Range<usize>,
    word: Word,
}

/// Xã, phường, đặc khu.
pub struct Commune {
    /// Mã xã: five digits.
    pub code: &'static str,
    /// With its kind: "Xã Lũng Cú".
    pub name: &'static str,
    /// Where it lies.
    pub province: usize,
    word: Word,
}

/// A name, and the form in which it is compared.
pub struct Word {
    /// As it is written.
    pub name: &'static str,
    key: Box<str>,
    /// Where the key begins without the kind of unit.
    short: usize,
}

/// Quận, huyện, thị xã, thành phố thuộc tỉnh: until 30/6/2025.
struct District {
    /// Its communes, in [`Units::former`].
    communes: Range<usize>,
    word: Word,
    /// As it was called: "Tỉnh Hà Giang".
    in_province: Word,
    /// Where that is now.
    province: usize,
}

/// A commune that was, or a district that had none.
struct Former {
    word: Word,
    district: usize,
    /// Codes of the communes that hold it, with spaces between.
    now: &'static str,
}

/// A province that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundProvince {
    /// Which.
    pub province: usize,
    /// The old name by which it was found.
    pub was: Option<&'static str>,
}

/// A commune that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCommune {
    /// Which.
    pub commune: usize,
    /// The old commune and its district by which it was found: "Xã Má Lé, Huyện Đồng Văn".
    pub was: Option<String>,
}

impl Word {
    fn new(name: &'static str) -> Self {
        let key = key(name);
        let short = KINDS.iter().filter(|kind| key.starts_with(**kind)).map(|kind| kind.len()).max().unwrap_or(0);
        Self { name, key: key.into(), short }
    }

    fn short(&self) -> &str {
        &self.key[self.short..]
    }

    fn is(&self, wanted: &str) -> bool {
        *self.key == *wanted || self.short() == wanted
    }

    /// How well what was typed fits: 0 is the whole name; none where it does not.
    fn rank(&self, typed: &str) -> Option<u8> {
        if self.is(typed) {
            return Some(0);
        }
        if self.short().starts_with(typed) || self.key.starts_with(typed) {
            return Some(1);
        }
        in_order(self.key.split(' '), typed).then_some(2)
    }
}

/// Kinds of units in the form of [`key`], with the space behind them.
const KINDS: [&str; 9] = ["tinh ", "thanh pho ", "quan ", "huien ", "thi xa ", "thi tran ", "xa ", "phuong ", "dac khu "];

/// What people and cards write for longer words.
const ABBREVIATIONS: [(&str, &str); 6] = [
    ("tp", "thanh pho"),
    ("tphcm", "thanh pho ho chi minh"),
    ("hcm", "ho chi minh"),
    ("hn", "ha noi"),
    ("tx", "thi xa"),
    ("tt", "thi tran"),
];

/// The same before a point or a number only: else they begin a name.
const LETTERS: [(&str, &str); 5] = [("p", "phuong"), ("q", "quan"), ("h", "huien"), ("x", "xa"), ("t", "tinh")];

/// A name for comparison: as [`fold`], `y` as `i` (Kì Sơn, Kỳ Sơn), abbreviations in full, numbers without zeros before them. Signs part
/// words, but for the apostrophe of Ea H'leo, which is written in three ways.
pub(crate) fn key(text: &str) -> String {
    let folded = fold(text);
    let mut words: Vec<(String, bool)> = vec![Default::default()];
    for sign in folded.chars().filter(|sign| !matches!(sign, '\'' | '’' | '`' | 'ʼ')) {
        let Some((word, _)) = words.last_mut() else { continue };
        let parts = word.ends_with(|last: char| last.is_ascii_digit() != sign.is_ascii_digit() && last.is_alphanumeric());
        if !sign.is_alphanumeric() {
            words.push((String::new(), false));
            let before = words.len() - 2;
            words[before].1 |= sign == '.';
        } else if parts {
            words.push((sign.to_string(), false));
        } else {
            word.push(if sign == 'y' { 'i' } else { sign });
        }
    }
    words.retain(|(word, _)| !word.is_empty());
    let mut out = String::new();
    for (at, (word, point)) in words.iter().enumerate() {
        let number_next = words.get(at + 1).is_some_and(|(next, _)| next.bytes().all(|b| b.is_ascii_digit()));
        let full = ABBREVIATIONS.iter().chain(LETTERS.iter().filter(|_| *point || number_next)).find(|(short, _)| short == word);
        if at > 0 {
            out.push(' ');
        }
        out.push_str(match full {
            Some((_, full)) => full,
            None if word.bytes().all(|b| b == b'0') => "0",
            None => word.trim_start_matches('0'),
        });
    }
    out
}

/// Whether each word that was typed begins a word of the name, in this order. Only the last number may be half typed.
fn in_order<'a>(mut words: impl Iterator<Item = &'a str>, typed: &str) -> bool {
    let mut rest = typed.split(' ').peekable();
    while let Some(wanted) = rest.next() {
        let whole = rest.peek().is_some() && wanted.bytes().all(|b| b.is_ascii_digit());
        if !words.any(|word| if whole { word == wanted } else { word.starts_with(wanted) }) {
            return false;
        }
    }
    true
}

impl Units {
    /// Lines as the head of the file says. One that says nothing is passed over: a test counts them.
    fn read(text: &'static str) -> Self {
        let (districts, by_code) = (Vec::new(), HashMap::new());
        let mut units = Self { provinces: Vec::new(), communes: Vec::new(), districts, former: Vec::new(), by_code };
        for line in text.lines() {
            let mut fields = line.split('\t');
            let mut field = || fields.next().unwrap_or_default();
            match (field(), field(), field(), field()) {
                ("P", code, name, former) => units.provinces.push(Province {
                    code,
                    name,
                    former: former.split("; ").filter(|name| !name.is_empty()).map(Word::new).collect(),
                    communes: units.communes.len()..units.communes.len(),
                    word: Word::new(name),
                }),
                ("C", code, name, _) => {
                    let at = units.provinces.len() - 1;
                    units.by_code.insert(code, units.communes.len());
                    units.communes.push(Commune { code, name, province: at, word: Word::new(name) });
                    units.provinces[at].communes.end = units.communes.len();
                }
                ("D", in_province, name, _) => {
                    let in_province = Word::new(in_province);
                    let is_it = |word: &Word| word.key == in_province.key;
                    let province = units.provinces.iter().position(|p| is_it(&p.word) || p.former.iter().any(is_it));
                    let communes = units.former.len()..units.former.len();
                    units.districts.extend(province.map(|province| District { communes, word: Word::new(name), in_province, province }));
                }
                ("O", name, now, _) => {
                    let district = units.districts.len() - 1;
                    let word = Word::new(if name.is_empty() { units.districts[district].word.name } else { name });
                    units.former.push(Former { word, district, now });
                    units.districts[district].communes.end = units.former.len();
                }
                (_, _, _, _) => {}
            }
        }
        units
    }

    /// The commune with this code.
    pub fn commune(&self, code: &str) -> Option<usize> {
        self.by_code.get(code).copied()
    }

    /// "Xã Lũng Cú, Tỉnh Tuyên Quang".
    pub fn place(&self, commune: usize) -> String {
        self.communes.get(commune).map(|c| format!("{}, {}", c.name, self.provinces[c.province].name)).unwrap_or_default()
    }

    /// Provinces whose name, or the name of one that went into them, fits what was typed; the best first. Nothing typed fits all.
    pub fn find_provinces(&self, typed: &str) -> Vec<FoundProvince> {
        let typed = key(typed);
        let mut found: Vec<(u8, FoundProvince)> = Vec::new();
        for (province, Province { word, former, .. }) in self.provinces.iter().enumerate() {
            let own = word.rank(&typed).map(|rank| (rank * 2, FoundProvince { province, was: None }));
            let old = || former.iter().filter_map(|old| Some((old.rank(&typed)? * 2 + 1, FoundProvince { province, was: Some(old.name) })));
            found.extend(own.or_else(|| old().min_by_key(|(rank, _)| *rank)));
        }
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, found)| found).collect()
    }

    /// Communes of a province whose name, or the name of a commune or district that went into them, fits what was typed; the best first.
    /// Nothing typed fits all.
    pub fn find_communes(&self, province: usize, typed: &str) -> Vec<FoundCommune> {
        let Some(within) = self.provinces.get(province).map(|p| p.communes.clone()) else { return Vec::new() };
        let typed = key(typed);
        let mut best: HashMap<usize, (u8, Option<&Former>)> = HashMap::new();
        for commune in within {
            if let Some(rank) = self.communes[commune].word.rank(&typed) {
                best.insert(commune, (rank * 2, None));
            }
        }
        let of_it = |former: &&Former| self.districts[former.district].province == province && !typed.is_empty();
        for former in self.former.iter().filter(of_it) {
            let Some(rank) = former.rank(&self.districts[former.district].word, &typed) else { continue };
            for commune in former.now.split(' ').filter_map(|code| self.commune(code)) {
                let new = (rank * 2 + 1, Some(former));
                let known = best.entry(commune).or_insert(new);
                if new.0 < known.0 {
                    *known = new;
                }
            }
        }
        let mut found: Vec<(u8, usize, Option<&Former>)> =
            best.into_iter().map(|(commune, (rank, former))| (rank, commune, former)).collect();
        found.sort_by_key(|(rank, commune, _)| (*rank, *commune));
        found.into_iter().map(|(_, commune, former)| FoundCommune { commune, was: former.map(|former| self.words_of(former)) }).collect()
    }

    /// The province that is called so today.
    pub(crate) fn province_called(&self, name: &str) -> Option<usize> {
        let wanted = key(name);
        self.provinces.iter().position(|p| p.word.is(&wanted))
    }

    /// The commune of the province that is called so today. Where two differ by their accents alone, the accents count.
    pub(crate) fn commune_called(&self, province: usize, name: &str) -> Option<usize> {
        let within = self.provinces.get(province)?.communes.clone();
        let written = |name: &str| name.to_lowercase();
        if let Some(same) = within.clone().find(|at| written(self.communes[*at].name) == written(name)) {
            return Some(same);
        }
        let wanted = key(name);
        let only = |fits: &dyn Fn(&Word) -> bool| {
            let mut all = within.clone().filter(|at| fits(&self.communes[*at].word));
            all.next().filter(|_| all.next().is_none())
        };
        only(&|word| *word.key == *wanted).or_else(|| only(&|word| word.short() == wanted))
    }

    /// "Xã Má Lé, Huyện Đồng Văn".
    fn words_of(&self, former: &Former) -> String {
        let district = self.districts[former.district].word.name;
        if former.word.name == district { district.to_owned() } else { format!("{}, {district}", former.word.name) }
    }
}

impl Former {
    /// By its name, or by its name and its district: "phường 1 quận 3".
    fn rank(&self, district: &Word, typed: &str) -> Option<u8> {
        self.word.rank(typed).or_else(|| {
            let behind = typed.strip_prefix(&*self.word.key).or_else(|| typed.strip_prefix(self.word.short())).map(str::trim_start);
            match behind {
                Some(behind) if district.is(behind) => Some(0),
                Some(_) | None => in_order(self.word.key.split(' ').chain(district.key.split(' ')), typed).then_some(2),
            }
        })
    }
}

mod told;
pub(crate) use told::Told;

#[cfg(test)]
mod tests;
