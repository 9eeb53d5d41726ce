//! What may be said by a loudspeaker: words that are the same for everybody. Everything else is private, so a
//! new page that shows something of a person keeps it to itself until somebody says that it need not.

use crate::{
    address,
    ui::{AddressStep, Kiosk, ScreenKind},
    view,
};
use motcua_model::{
    Language, Text,
    api::{OfficerPage, Screen, Service, ServiceTile, Snapshot},
    catalogue::NotScanned,
    dossier::Special,
    for_whom::ForWhom,
    pages::PageFault,
    rating::{Criterion, Reason, Score},
};
use serde_json::Value;
use slint::Model as _;
use std::{collections::BTreeSet, sync::OnceLock};

/// Words of the pages as they stand in the sources, with their English.
pub(crate) fn phrases() -> &'static [(String, String)] {
    static PHRASES: OnceLock<Vec<(String, String)>> = OnceLock::new();
    PHRASES.get_or_init(|| {
        let lines: Vec<&str> = include_str!("../../lang/en/LC_MESSAGES/motcua-kiosk.po").lines().collect();
        let quoted = |line: &str, key: &str| {
            let text = line.strip_prefix(key)?.strip_prefix(" \"")?.strip_suffix('"')?;
            Some(text.replace("\\\"", "\"").replace("\\n", "\n"))
        };
        let pair = |two: &[&str]| Some((quoted(two[0], "msgid")?, quoted(two[1], "msgstr")?));
        lines.windows(2).filter_map(pair).filter(|(vi, _)| !vi.is_empty()).collect()
    })
}

/// Words of the model that every person may see, in the order of their lists.
pub(crate) fn words_of_the_model() -> Vec<Text> {
    let title = |service, language| view::service_tile(&ServiceTile { service, unavailable: None, note: None }, language).title;
    let mut words: Vec<Text> = SERVICES.map(|service| Text::new(title(service, Language::Vi), title(service, Language::En))).into();
    words.extend(ForWhom::ALL.map(|one| one.words()));
    words.extend(address::words());
    words.extend(Special::ALL.map(Special::words));
    words.extend(Reason::ALL.map(|one| one.words()));
    words.extend(Score::ALL.map(|one| one.words()));
    words.extend(Criterion::ALL.map(|one| one.words()));
    words.extend(PageFault::ALL.map(PageFault::words));
    words.extend(NotScanned::ALL.map(NotScanned::words));
    words
}

/// What C01 offers. A screen adds its own, so one that is missing here misses only in the list of prompts.
const SERVICES: [Service; 5] = [Service::File, Service::LookUp, Service::Queue, Service::Opinion, Service::Courier];

/// How much of a text everybody may hear.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// All of it.
    Whole,
    /// Its fixed words; what stands between them is private.
    Fixed(String),
    /// Nothing.
    Nothing,
}

/// What one screen may say to everybody.
pub(crate) struct Neutral {
    english: bool,
    words: BTreeSet<String>,
    /// The screen is about one dossier: even a number says too much.
    pub(crate) strict: bool,
    /// The screen holds nothing of a person.
    public: bool,
}

impl Neutral {
    pub(crate) fn of(snapshot: Option<&Snapshot>, kiosk: &Kiosk<'_>) -> Self {
        let english = snapshot.is_some_and(|snapshot| snapshot.language == Language::En);
        let strict = snapshot.is_some_and(|snapshot| is_strict(&snapshot.screen));
        let language = if english { Language::En } else { Language::Vi };
        let mut words: BTreeSet<String> = words_of_the_model().iter().map(|text| text.get(language).to_owned()).collect();
        words.extend(["VI", "EN", "Tiếng Việt", "English", "abc", "123", "<<<", "A+", "A-"].map(str::to_owned));
        if let Some(snapshot) = snapshot {
            words.extend([snapshot.office.get(language).to_owned(), snapshot.phone.clone(), snapshot.screen.code().to_owned()]);
            if let Screen::Waiting { services, .. } = &snapshot.screen {
                words.extend(services.iter().map(|tile| view::service_tile(tile, language).title.into()));
            }
            if let (false, Ok(screen)) = (withholds(&snapshot.screen), serde_json::to_value(&snapshot.screen)) {
                texts(&screen, if english { "en" } else { "vi" }, &mut words);
            }
        } else {
            words.extend(CONNECTING.map(str::to_owned));
        }
        words.extend(faults(kiosk));
        // Before anything is typed or chosen the list is the same for everybody.
        if kiosk.get_screen() == ScreenKind::AddressSearch && kiosk.get_address().step == AddressStep::Province && kiosk.get_input().empty {
            words.extend(kiosk.get_tiles().iter().map(|tile| tile.title.into()));
        }
        words.remove("");
        let public = snapshot.is_some_and(|snapshot| is_public(&snapshot.screen));
        Self { english, words, strict, public }
    }

    /// How much of these words everybody may hear.
    pub(crate) fn judge(&self, words: &str) -> Heard {
        if self.public || self.words.contains(words) || words.chars().count() == 1 {
            return Heard::Whole;
        }
        let mut fixed = None;
        for (vi, en) in phrases() {
            let phrase = if self.english { en } else { vi };
            let Some(holes) = holes(phrase, words) else { continue };
            if holes.is_empty() || holes.iter().all(|hole| self.may_fill(hole)) {
                return Heard::Whole;
            }
            let without = tidy(&phrase.replace("{}", ""));
            if !without.is_empty() && fixed.as_ref().is_none_or(|old: &String| old.len() < without.len()) {
                fixed = Some(without);
            }
        }
        fixed.map_or(Heard::Nothing, Heard::Fixed)
    }

    fn may_fill(&self, hole: &str) -> bool {
        !self.strict && (self.words.contains(hole) || is_count(hole) || is_time(hole))
    }
}

/// The words of the screen while the agent is away, which are in both languages at once.
const CONNECTING: [&str; 3] =
    ["Đang khởi động lại…", "Restarting…", "Hồ sơ đã gửi vẫn an toàn trong máy. Đợi một lát.\nSent files are safe. Please wait a moment."];

/// Screens about one dossier.
fn is_strict(screen: &Screen) -> bool {
    matches!(screen, Screen::OwnDossiers { .. } | Screen::OwnDossier { .. } | Screen::LookUpResult { .. })
}

/// A number of the queue is called aloud before the whole room, and belongs to nobody.
fn is_public(screen: &Screen) -> bool {
    matches!(screen, Screen::Queue { .. })
}

/// Screens whose words of the catalogue tell what one person has filed or owns.
fn withholds(screen: &Screen) -> bool {
    let asked = matches!(screen, Screen::Papers { papers } if papers.iter().any(|paper| paper.asked.is_some()));
    is_strict(screen)
        || asked
        || matches!(screen, Screen::Officer { page: OfficerPage::Told { .. } })
        || matches!(screen, Screen::Resume { .. } | Screen::StoredPaper { .. } | Screen::Fee { .. })
}

/// Every [`Text`] of a screen: words of the catalogue. What was answered stands under "value".
fn texts(value: &Value, language: &str, words: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let (2, Some(Value::String(text)), true) = (fields.len(), fields.get(language), fields.contains_key("vi")) {
                words.insert(text.clone());
                return;
            }
            fields.iter().filter(|(name, _)| *name != "value").for_each(|(_, field)| texts(field, language, words));
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, language, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What is wrong with a device, a paper or a page.
fn faults(kiosk: &Kiosk<'_>) -> Vec<String> {
    let (overlay, chip, slip, opinion) = (kiosk.get_overlay(), kiosk.get_chip(), kiosk.get_slip(), kiosk.get_opinion());
    let (fee, own, queue, kept) = (kiosk.get_fee(), kiosk.get_own(), kiosk.get_queue(), kiosk.get_kept());
    let (officer, reprint) = (kiosk.get_officer(), kiosk.get_reprint());
    let pairs = [
        (overlay.title, overlay.advice),
        (chip.fault_title, chip.fault_advice),
        (slip.fault_title, slip.fault_advice),
        (opinion.fault_title, opinion.fault_advice),
        (fee.fault_title, fee.fault_advice),
        (own.fault_title, own.fault_advice),
        (queue.fault_title, queue.fault_advice),
        (kept.fault_title, kept.fault_advice),
        (kiosk.get_details().fault_title, slint::SharedString::default()),
        (officer.fault_title, slint::SharedString::default()),
        (reprint.fault_title, slint::SharedString::default()),
        // Whoever types blindly must hear that the digits were others.
        (reprint.error, slint::SharedString::default()),
    ];
    let mut words: Vec<String> = pairs
        .into_iter()
        .flat_map(|(title, advice)| [format!("{title}. {advice}"), format!("{title}."), title.into(), advice.into()])
        .collect();
    words.extend(kiosk.get_papers().iter().map(|paper| paper.reason.into()));
    words
}

/// What stands in the holes of a phrase when these are its words; none where they are not.
fn holes<'a>(phrase: &str, words: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = phrase.split("{}");
    let mut rest = words.strip_prefix(pieces.next()?)?;
    let mut found = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let at = if pieces.peek().is_some() { rest.find(piece)? } else { rest.len().checked_sub(piece.len())? };
        if !rest.is_char_boundary(at) || !rest[at..].starts_with(piece) {
            return None;
        }
        found.push(&rest[..at]);
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty().then_some(found)
}

/// A small number, or an amount of money in groups.
fn is_count(hole: &str) -> bool {
    let groups: Vec<&str> = hole.split('.').collect();
    let digits = groups.iter().all(|group| (1..=3).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit()));
    digits && groups.iter().skip(1).all(|group| group.len() == 3)
}

/// "14:05, 20/07/2026".
fn is_time(hole: &str) -> bool {
    let shape: String = hole.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "00:00, 00/00/0000"
}

/// A phrase without what stood in its holes.
fn tidy(phrase: &str) -> String {
    let words = phrase.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).collect::<Vec<_>>().join(" ");
    words.trim_matches([' ', ',', ':', '.', '/']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_known_by_its_fixed_words() {
        assert_eq!(holes("Câu {}/{}", "Câu 2/5"), Some(vec!["2", "5"]));
        assert_eq!(holes("Hồ sơ {}", "Hồ sơ TAM-K001"), Some(vec!["TAM-K001"]));
        assert_eq!(holes("Đồng ý", "Đồng ý"), Some(vec![]));
        assert_eq!(holes("Đồng ý", "Đồng ý?"), None);
        assert_eq!(holes("{} tờ", "7 tờ"), Some(vec!["7"]));
        assert_eq!(holes("{} tờ", "tờ"), None);
        assert_eq!(holes("Đổi: {}", "Đổ"), None);
    }

    #[test]
    fn counts_and_amounts_are_no_secret_but_longer_numbers_are() {
        assert!(["3", "50", "500", "50.000", "1.234.567"].iter().all(|n| is_count(n)));
        assert!(["2026", "0912345678", "099•••••0012", "", "1.2", "27/2019", "0204 000"].iter().all(|n| !is_count(n)));
        assert!(is_time("14:05, 20/07/2026") && !is_time("05/09/1990"));
    }

    #[test]
    fn every_phrase_has_both_languages() {
        assert!(phrases().len() > 150);
        assert!(phrases().iter().all(|(vi, en)| !vi.is_empty() && !en.is_empty()));
    }
}
