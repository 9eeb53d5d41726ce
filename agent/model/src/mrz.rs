//! The machine-readable zone of cards and passports (ICAO 9303-4, -5, -6), as people type it and as readers send it.

use crate::citizen::{CitizenNumber, PersonNumber, Sex};
use crate::{Private, Text};
use jiff::civil::Date;
use std::fmt;
use std::ops::Range;

/// Which document carries the zone: told by its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MrzFormat {
    /// Cards: three lines of 30 (ICAO 9303-5). The Vietnamese citizen card.
    Td1,
    /// Larger cards: two lines of 36 (ICAO 9303-6).
    Td2,
    /// Passports: two lines of 44 (ICAO 9303-4).
    Td3,
}

/// A zone whose check digits all agree. Like the QR it is a claim: anybody can print one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mrz {
    text: Private,
    /// Which document it is.
    pub format: MrzFormat,
    /// State that issued it: one to three letters, `VNM`.
    pub issuer: String,
    /// State of the holder: one to three letters; empty where the document does not say.
    pub nationality: String,
    /// Document number without fillers; on the Vietnamese card the last nine of the twelve digits.
    pub document: Private,
    /// Surname (primary identifier), capitals without diacritics.
    pub surname: Private,
    /// Given names (secondary identifier); may be empty.
    pub given: Private,
    /// Sex; none where the document says X or nothing.
    pub sex: Option<Sex>,
    birth: Private,
    expiry: Private,
    optional: Private,
}

/// What opens the chip of the document (ICAO 9303-11 4.3.2). Debug is redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentKey {
    /// Document number, at least nine characters, filled with `<`.
    pub document: Private,
    /// yyMMdd.
    pub birth: Private,
    /// yyMMdd.
    pub expiry: Private,
}

/// A part of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MrzField {
    /// First line: kind of document.
    Kind,
    /// Issuing state or nationality.
    State,
    /// Document number.
    Document,
    /// Date of birth.
    Birth,
    /// Sex.
    Sex,
    /// Date of expiry.
    Expiry,
    /// Optional data.
    Optional,
    /// Surname and given names.
    Name,
    /// The last check digit, over most of the zone.
    Whole,
}

/// Why a text is no machine-readable zone, or a damaged one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMrz {
    /// Another number of characters.
    #[error(
        "a machine-readable zone has three lines of 30 characters, or two of 44 or 36; this text has {0}: scan the whole zone again, flat"
    )]
    Length(usize),
    /// A character that is neither a capital letter, a digit nor `<`.
    #[error("a machine-readable zone has only letters, digits and '<': scan or type it again")]
    Character,
    /// A visa, or a document of no known kind.
    #[error("this is not the zone of an identity card or passport: take the card or the passport itself")]
    Kind,
    /// A field is not in its form, or does not agree with its check digit.
    #[error("{0} in the machine-readable zone does not agree with its check digit or form: scan it again, or compare it with the document")]
    Field(MrzField),
}

impl fmt::Display for MrzField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl MrzField {
    /// Its name for people.
    pub fn text(self) -> Text {
        match self {
            Self::Kind => Text::new("loại giấy tờ", "the kind of document"),
            Self::State => Text::new("mã quốc gia", "the state"),
            Self::Document => Text::new("số giấy tờ", "the document number"),
            Self::Birth => Text::new("ngày sinh", "the date of birth"),
            Self::Sex => Text::new("giới tính", "the sex"),
            Self::Expiry => Text::new("ngày hết hạn", "the date of expiry"),
            Self::Optional => Text::new("dữ liệu bổ sung", "the optional data"),
            Self::Name => Text::new("họ và tên", "the name"),
            Self::Whole => Text::new("dãy ký tự", "the zone as a whole"),
        }
    }
}

impl NotMrz {
    /// What the person at the screen can do about it.
    pub fn advice(self) -> Text {
        match self {
            Self::Length(_) => Text::new(
                "Chưa đọc đủ các dòng chữ máy đọc (có nhiều dấu <). Hãy đặt phẳng giấy tờ và quét lại cả dãy.",
                "The machine-readable lines (with many < signs) were not read in full. Lay the document flat and scan all of them again.",
            ),
            Self::Character => Text::new(
                "Có ký tự lạ trong dòng chữ máy đọc. Hãy quét lại, hoặc nhập lại: chỉ có chữ cái, chữ số và dấu <.",
                "There is a strange character in the machine-readable lines. Scan again, or type again: only letters, digits and <.",
            ),
            Self::Kind => Text::new(
                "Đây không phải thẻ căn cước hay hộ chiếu. Hãy dùng thẻ căn cước hoặc hộ chiếu.",
                "This is neither an identity card nor a passport. Please use the card or the passport.",
            ),
            Self::Field(field) => {
                let name = field.text();
                Text::new(
                    format!("Đọc chưa đúng phần {} trong dòng chữ máy đọc. Hãy quét lại, hoặc nhập lại đúng như trên giấy tờ.", name.vi),
                    format!("In the machine-readable lines, {} was misread. Scan again, or type it as the document has it.", name.en),
                )
            }
        }
    }
}

/// Where each format has its fields: positions in the lines written one after the other.
struct Layout {
    format: MrzFormat,
    document: Range<usize>,
    birth: Range<usize>,
    sex: usize,
    expiry: Range<usize>,
    nationality: Range<usize>,
    /// The second is empty where the format has one only.
    optional: [Range<usize>; 2],
    optional_check: Option<usize>,
    name: Range<usize>,
    whole: &'static [Range<usize>],
    whole_check: usize,
}

const TD1: Layout = Layout {
    format: MrzFormat::Td1,
    document: 5..14,
    birth: 30..36,
    sex: 37,
    expiry: 38..44,
    nationality: 45..48,
    optional: [15..30, 48..59],
    optional_check: None,
    name: 60..90,
    whole: &[5..30, 30..37, 38..45, 48..59],
    whole_check: 59,
};

const TD2: Layout = Layout {
    format: MrzFormat::Td2,
    document: 36..45,
    birth: 49..55,
    sex: 56,
    expiry: 57..63,
    nationality: 46..49,
    optional: [64..71, 0..0],
    optional_check: None,
    name: 5..36,
    whole: &[36..46, 49..56, 57..71],
    whole_check: 71,
};

const TD3: Layout = Layout {
    format: MrzFormat::Td3,
    document: 44..53,
    birth: 57..63,
    sex: 64,
    expiry: 65..71,
    nationality: 54..57,
    optional: [72..86, 0..0],
    optional_check: Some(86),
    name: 5..44,
    whole: &[44..54, 57..64, 65..87],
    whole_check: 87,
};

impl Layout {
    fn of(length: usize) -> Option<&'static Self> {
        match length {
            90 => Some(&TD1),
            72 => Some(&TD2),
            88 => Some(&TD3),
            _ => None,
        }
    }
}

impl Mrz {
    /// Reads a typed or scanned zone, with or without line breaks. Lower case, `«` or a space for `<`, missing fillers at the end of the
    /// line of names or of a passport's second line, and letters that look like digits are put right where every check digit then agrees.
    ///
    /// # Errors
    /// [`NotMrz`] says which field is wrong; the text itself is not in it.
    pub fn parse(text: &str) -> Result<Self, NotMrz> {
        // A zone is 90 characters; whoever sends far more sends something else.
        if text.len() > 512 {
            return Err(NotMrz::Length(text.chars().count()));
        }
        let mut first = None;
        for candidate in candidates(text) {
            match Self::exact(&candidate) {
                Ok(mrz) => return Ok(mrz),
                // The reading that came closest explains best.
                Err(error) => first = first.filter(|kept| !matches!(kept, NotMrz::Length(_))).or(Some(error)),
            }
        }
        Err(first.unwrap_or(NotMrz::Length(0)))
    }

    /// Reads the lines written one after the other, fillers in place.
    fn exact(text: &str) -> Result<Self, NotMrz> {
        let layout = Layout::of(text.chars().count()).ok_or_else(|| NotMrz::Length(text.chars().count()))?;
        if !text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'<') {
            return Err(NotMrz::Character);
        }
        // A visa (V) has no digit over the whole; other letters are no document of ICAO 9303.
        if !text.starts_with(['A', 'C', 'I', 'P']) || text.starts_with('P') != (layout.format == MrzFormat::Td3) {
            return Err(NotMrz::Kind);
        }
        let zone = Zone(repaired(text, layout));
        let (document, number_tail) = zone.document(layout).ok_or(NotMrz::Field(MrzField::Document))?;
        zone.check_fields(layout)?;
        let optional: String = layout.optional.iter().map(|range| zone.cut(range.clone())).collect();
        let (surname, given) = zone.names(layout).ok_or(NotMrz::Field(MrzField::Name))?;
        let sex = match zone.cut(layout.sex..layout.sex + 1) {
            "M" => Some(Sex::Male),
            "F" => Some(Sex::Female),
            "X" | "<" => None,
            _ => return Err(NotMrz::Field(MrzField::Sex)),
        };
        Ok(Self {
            format: layout.format,
            issuer: zone.state(2..5).filter(|state| !state.is_empty()).ok_or(NotMrz::Field(MrzField::State))?,
            nationality: zone.state(layout.nationality.clone()).ok_or(NotMrz::Field(MrzField::State))?,
            document: Private::new(document),
            surname: Private::new(surname),
            given: Private::new(given),
            sex,
            birth: Private::new(zone.cut(layout.birth.clone())),
            expiry: Private::new(zone.cut(layout.expiry.clone())),
            optional: Private::new(optional.get(number_tail..).unwrap_or_default()),
            text: Private::new(zone.0),
        })
    }

    /// The zone without line breaks: 90, 88 or 72 characters.
    pub fn text(&self) -> &str {
        self.text.reveal()
    }

    /// Surname and given names with single spaces, as on the document.
    pub fn name(&self) -> Private {
        Private::new(format!("{} {}", self.surname.reveal(), self.given.reveal()).trim().to_owned())
    }

    /// Date of birth, the latest century that is not after `today`; none where the document leaves day or month open.
    pub fn birth(&self, today: Date) -> Option<Date> {
        date(self.birth.reveal(), 2000).filter(|birth| *birth <= today).or_else(|| date(self.birth.reveal(), 1900))
    }

    /// Date of expiry; none where a card without expiry has a placeholder.
    pub fn expiry(&self) -> Option<Date> {
        date(self.expiry.reveal(), 2000)
    }

    /// Twelve digits of a Vietnamese document: the card has them beside its nine-digit document number (domain.md 1.3), a passport
    /// as its personal number; none where they are missing or belong to another card number.
    pub fn citizen_number(&self) -> Option<CitizenNumber> {
        if self.issuer != "VNM" {
            return None;
        }
        let optional = self.optional.reveal();
        let digits = optional.get(..12)?;
        if !optional.bytes().skip(12).take(1).all(|b| b == b'<') {
            return None;
        }
        let own = self.format == MrzFormat::Td3 || digits.ends_with(self.document.reveal());
        CitizenNumber::parse(digits).ok().filter(|_| own)
    }

    /// Who holds the document: a citizen by the twelve digits, anybody else by state and number of the passport. None for identity
    /// cards of other states, and for a Vietnamese card whose zone has no twelve digits.
    pub fn person_number(&self) -> Option<PersonNumber> {
        if let Some(number) = self.citizen_number() {
            return Some(PersonNumber::Citizen(number));
        }
        let passport = self.format == MrzFormat::Td3;
        passport.then(|| PersonNumber::Passport { issuer: self.issuer.clone(), number: self.document.clone() })
    }

    /// What opens the chip.
    pub fn document_key(&self) -> DocumentKey {
        DocumentKey {
            document: Private::new(format!("{:<<9}", self.document.reveal())),
            birth: self.birth.clone(),
            expiry: self.expiry.clone(),
        }
    }
}

/// Check digit of ICAO 9303-3 4.9: weights 7, 3, 1; letters count from 10, fillers 0. None where a character does not belong.
pub fn check_digit(text: &str) -> Option<char> {
    let sum = text.chars().zip([7, 3, 1].into_iter().cycle()).try_fold(0_u32, |sum, (c, weight)| {
        let value = match c {
            '<' => 0,
            '0'..='9' | 'A'..='Z' => c.to_digit(36)?,
            _ => return None,
        };
        Some((sum + value * weight) % 10)
    })?;
    char::from_digit(sum, 10)
}

/// Text of a zone: ASCII, of the length of its layout.
struct Zone(String);

impl Zone {
    fn cut(&self, range: Range<usize>) -> &str {
        self.0.get(range).unwrap_or_default()
    }

    fn agrees(&self, field: &str, check: usize) -> bool {
        match self.cut(check..check + 1) {
            // An empty field may go without a digit (ICAO 9303-4 4.2.2.2).
            "<" => field.bytes().all(|b| b == b'<'),
            digit => check_digit(field).is_some_and(|expected| digit.starts_with(expected)),
        }
    }

    /// The document number, and how many characters of the optional data belong to it: a number longer than nine has a filler for
    /// its check digit and goes on there, its check digit last (ICAO 9303-5 4.2.2.1 note j).
    fn document(&self, layout: &Layout) -> Option<(String, usize)> {
        let field = self.cut(layout.document.clone());
        let optional = layout.optional.first().map(|range| self.cut(range.clone())).unwrap_or_default();
        let (number, tail) = match (layout.format, self.cut(layout.document.end..layout.document.end + 1)) {
            (MrzFormat::Td1 | MrzFormat::Td2, "<") => {
                let tail = optional.split('<').next().filter(|tail| tail.len() > 1)?;
                let (more, check) = tail.split_at(tail.len() - 1);
                let number = format!("{field}{more}");
                check_digit(&number).filter(|expected| check.starts_with(*expected))?;
                (number, tail.len())
            }
            (MrzFormat::Td1 | MrzFormat::Td2 | MrzFormat::Td3, _) => {
                self.agrees(field, layout.document.end).then(|| (field.to_owned(), 0))?
            }
        };
        let number = number.trim_end_matches('<');
        (!number.is_empty()).then(|| (number.to_owned(), tail))
    }

    fn check_fields(&self, layout: &Layout) -> Result<(), NotMrz> {
        let require = |right: bool, field: MrzField| if right { Ok(()) } else { Err(NotMrz::Field(field)) };
        let birth = self.cut(layout.birth.clone());
        require(is_birth(birth) && self.agrees(birth, layout.birth.end), MrzField::Birth)?;
        // Any placeholder that its check digit vouches for: cards without expiry have one, of a form that is not published.
        require(self.agrees(self.cut(layout.expiry.clone()), layout.expiry.end), MrzField::Expiry)?;
        for (range, check) in layout.optional.iter().zip(layout.optional_check) {
            require(self.agrees(self.cut(range.clone()), check), MrzField::Optional)?;
        }
        let whole: String = layout.whole.iter().map(|range| self.cut(range.clone())).collect();
        require(self.agrees(&whole, layout.whole_check), MrzField::Whole)
    }

    fn state(&self, range: Range<usize>) -> Option<String> {
        let state = self.cut(range).trim_end_matches('<');
        state.bytes().all(|b| b.is_ascii_uppercase()).then(|| state.to_owned())
    }

    fn names(&self, layout: &Layout) -> Option<(String, String)> {
        let name = self.cut(layout.name.clone());
        if name.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        let words = |part: &str| part.split('<').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let (surname, given) = name.split_once("<<").unwrap_or((name, ""));
        Some((words(surname), words(given))).filter(|(surname, _)| !surname.is_empty())
    }
}

/// yyMMdd, month and day left open by `<` or 00.
fn is_birth(text: &str) -> bool {
    let part = |range: Range<usize>, most: u8| {
        let part = text.get(range).unwrap_or_default();
        part == "<<" || part.parse::<u8>().is_ok_and(|number| number <= most)
    };
    part(0..2, 99) && part(2..4, 12) && part(4..6, 31)
}

fn date(text: &str, century: i16) -> Option<Date> {
    let part = |range: Range<usize>| text.get(range)?.parse::<i8>().ok();
    Date::new(century + i16::from(part(0..2)?), part(2..4)?, part(4..6)?).ok()
}

/// The readings of a text, the plainest first: spaces between groups or for fillers, `«` for two fillers or for one.
fn candidates(text: &str) -> Vec<String> {
    let capitals = text.trim_matches(['\r', '\n', '\u{feff}']).to_uppercase();
    let mut found: Vec<String> = Vec::new();
    for (space, guillemet) in [("", "<<"), ("", "<"), ("<", "<<"), ("<", "<")] {
        let lines: Vec<String> = capitals
            .split(['\r', '\n'])
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.replace(['«', '‹', '»'], guillemet).replace([' ', '\t', '\u{a0}'], space))
            .collect();
        let text = filled(&lines);
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

/// The lines one after the other; the line of names gets the fillers back that were dropped from its end.
fn filled(lines: &[String]) -> String {
    let width = |line: &String| line.chars().count();
    match lines {
        [first, second, names] if width(first) == 30 && width(second) == 30 => format!("{first}{second}{names:<<30}"),
        [names, second] if width(second) == 44 || width(second) == 36 => format!("{names:<<0$}{second}", width(second)),
        // Two lines of a passport, typed: nobody counts fillers. Those of the second line stand in one run before its last digits.
        [names, second] if width(names) <= 44 && (28..44).contains(&width(second)) => format!("{names:<<44}{}", spread(second, 44)),
        _ => lines.concat(),
    }
}

/// The line with its last run of fillers made as long as the whole line needs.
fn spread(line: &str, width: usize) -> String {
    let Some(at) = line.rfind('<') else { return line.to_owned() };
    let missing = width.saturating_sub(line.chars().count());
    let (before, after) = line.split_at(at);
    format!("{before}{}{after}", "<".repeat(missing))
}

/// Letters that look like digits become digits where only digits can stand, and the letter O in a document number becomes a zero where
/// that agrees with the check digit. All of it is under a check digit.
fn repaired(text: &str, layout: &Layout) -> String {
    let document = text.get(layout.document.clone()).unwrap_or_default();
    let check = text.get(layout.document.end..).and_then(|rest| rest.chars().next()).map(like_digit);
    let zeros = check_digit(document) != check && check_digit(&document.replace('O', "0")) == check;
    let mut numeric = vec![layout.birth.start..layout.birth.end + 1, layout.expiry.start..layout.expiry.end + 1];
    numeric.extend([layout.document.end..layout.document.end + 1, layout.whole_check..layout.whole_check + 1]);
    numeric.extend(layout.optional_check.map(|check| check..check + 1));
    if layout.format == MrzFormat::Td1 && text.get(2..5) == Some("VNM") {
        numeric.extend([5..14, 15..27]);
    }
    let mend = |(at, c)| match c {
        'O' if zeros && layout.document.contains(&at) => '0',
        c if numeric.iter().any(|range| range.contains(&at)) => like_digit(c),
        c => c,
    };
    text.char_indices().map(mend).collect()
}

fn like_digit(c: char) -> char {
    match c {
        'O' | 'Q' | 'D' => '0',
        'I' | 'L' => '1',
        'Z' => '2',
        'S' => '5',
        'G' => '6',
        'B' => '8',
        other => other,
    }
}

#[cfg(test)]
mod tests;
