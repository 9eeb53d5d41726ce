//! What is said of a screen: pure, from its parts. First what it tells, then the choices in the order of the
//! keys, numbered, then the way back.

use super::{
    neutral::{Heard, Neutral},
    tree::{Kind, Part, Zone},
};
use motcua_model::{Language, Text};

/// The words that are spoken and not drawn.
pub(crate) mod own {
    use crate::speech::voice::Volume;
    use motcua_model::Text;

    pub(crate) fn loudness(volume: Volume) -> Text {
        match volume {
            Volume::Off => Text::new("Đã tắt tiếng.", "The sound is off."),
            Volume::Soft => Text::new("Tiếng nhỏ.", "Soft."),
            Volume::Usual => Text::new("Tiếng vừa.", "Usual loudness."),
            Volume::Loud => Text::new("Tiếng to.", "Loud."),
        }
    }
    pub(crate) fn only_choice() -> Text {
        Text::new("Có một lựa chọn.", "There is one choice.")
    }
    pub(crate) fn choices(count: usize) -> Text {
        Text::new(format!("Có {count} lựa chọn."), format!("There are {count} choices."))
    }
    pub(crate) fn also() -> Text {
        Text::new("Ngoài ra có", "There is also")
    }
    pub(crate) fn unusable() -> Text {
        Text::new("không dùng được", "not available")
    }
    pub(crate) fn chosen() -> Text {
        Text::new("đang chọn", "chosen")
    }
    pub(crate) fn nothing_typed() -> Text {
        Text::new("Chưa điền gì.", "Nothing is typed yet.")
    }
    pub(crate) fn secret_choice() -> Text {
        Text::new("nội dung riêng", "a private text")
    }
    pub(crate) fn secret() -> Text {
        Text::new("Thông tin riêng chỉ đọc khi cắm tai nghe.", "Private details are read only through headphones.")
    }
    pub(crate) fn keys_of_letters() -> Text {
        Text::new("Mũi tên phải và trái để tìm chữ, Enter để lấy chữ.", "Arrows right and left find a letter, Enter takes it.")
    }
    pub(crate) fn voice_on() -> Text {
        Text::new(
            "Máy đọc màn hình. Mũi tên xuống và lên để đi, Enter để chọn. Phím F5 để nghe lại, F7 để đổi độ to.",
            "The screen is read aloud. Arrows down and up move, Enter chooses. F5 repeats, F7 changes the loudness.",
        )
    }
    pub(crate) fn voice_off() -> Text {
        Text::new("Thôi đọc màn hình.", "Reading is off.")
    }
    pub(crate) fn typed() -> Text {
        Text::new("Đã gõ.", "Typed.")
    }
    pub(crate) fn ended() -> Text {
        Text::new("Đã kết thúc. Màn hình không giữ lại thông tin nào.", "It is ended. Nothing stays on the screen.")
    }

    /// All that never change, for the list of prompts.
    pub(crate) fn all() -> [Text; 15] {
        [
            only_choice(),
            also(),
            unusable(),
            chosen(),
            nothing_typed(),
            secret_choice(),
            secret(),
            keys_of_letters(),
            voice_on(),
            voice_off(),
            typed(),
            ended(),
            loudness(Volume::Soft),
            loudness(Volume::Usual),
            loudness(Volume::Loud),
        ]
    }
}

/// Who listens, and in which language.
pub(crate) struct Listener<'a> {
    pub(crate) language: Language,
    /// Nobody else hears it.
    pub(crate) private: bool,
    pub(crate) neutral: &'a Neutral,
}

impl Listener<'_> {
    fn say(&self, text: &Text) -> String {
        text.get(self.language).to_owned()
    }

    /// What may be heard of these words; none where nothing may.
    fn hear(&self, words: &str) -> Option<String> {
        if self.private {
            return Some(words.to_owned());
        }
        match self.neutral.judge(words) {
            Heard::Whole => Some(words.to_owned()),
            Heard::Fixed(fixed) => Some(fixed),
            Heard::Nothing => None,
        }
    }

    fn is_secret(&self, words: &str) -> bool {
        !self.private && self.neutral.judge(words) != Heard::Whole
    }
}

/// Everything that the screen says, one phrase after the other.
pub(crate) fn script(parts: &[Part], listener: &Listener<'_>) -> Vec<String> {
    let page: Vec<&Part> = parts.iter().filter(|part| part.zone == Zone::Page).collect();
    let mut said = Vec::new();
    let mut hidden = false;
    for (at, part) in page.iter().filter(|part| part.kind != Kind::Button).enumerate() {
        let secret = listener.is_secret(&part.label);
        hidden |= secret || secret_value(part, listener);
        // What is left of a sentence about a dossier tells nothing, but the title is still the title.
        if !(secret && at > 0 && listener.neutral.strict) {
            said.extend(line(part, listener));
        }
    }
    let choices = choices(&page);
    hidden |= choices.iter().any(|part| part.group.is_none() && (listener.is_secret(&part.label) || secret_value(part, listener)));
    match choices.len() {
        0 => {}
        1 => said.push(listener.say(&own::only_choice())),
        count => said.push(listener.say(&own::choices(count))),
    }
    for (at, part) in choices.iter().enumerate() {
        said.push(format!("{}: {}", at + 1, item(part, listener)));
    }
    let unusable = page.iter().filter(|part| part.kind == Kind::Button && !part.enabled && !part.note.is_empty());
    said.extend(unusable.map(|part| item(part, listener)));
    let footer: Vec<String> = parts
        .iter()
        .filter(|part| part.zone == Zone::Footer && part.kind == Kind::Button && part.enabled)
        .map(|part| part.label.clone())
        .collect();
    if !footer.is_empty() {
        said.push(format!("{}: {}.", listener.say(&own::also()), footer.join(", ")));
    }
    if hidden {
        said.push(listener.say(&own::secret()));
    }
    said.dedup();
    said
}

/// What the keys reach on the page, a keyboard being one thing.
fn choices<'a>(page: &[&'a Part]) -> Vec<&'a Part> {
    let mut choices: Vec<&Part> = Vec::new();
    for part in page.iter().filter(|part| part.kind == Kind::Button && part.enabled) {
        let again = part.group.is_some() && choices.iter().any(|other| other.group == part.group);
        if !again {
            choices.push(part);
        }
    }
    choices
}

fn secret_value(part: &Part, listener: &Listener<'_>) -> bool {
    !part.value.is_empty() && !listener.private
}

/// One text or field.
pub(crate) fn line(part: &Part, listener: &Listener<'_>) -> Option<String> {
    let label = listener.hear(&part.label)?;
    if part.kind != Kind::Field {
        return Some(label);
    }
    if part.value.is_empty() {
        return Some(listener.say(&own::nothing_typed()));
    }
    Some(if listener.private { format!("{label}: {}", part.value) } else { label })
}

/// One choice in a list: a keyboard by its name alone.
fn item(part: &Part, listener: &Listener<'_>) -> String {
    match &part.group {
        Some((_, name)) => name.clone(),
        None => choice(part, listener),
    }
}

/// One button with all that is to be known of it: also what is said when the keys reach it.
pub(crate) fn choice(part: &Part, listener: &Listener<'_>) -> String {
    let frame = part.zone != Zone::Page;
    let label = if frame { Some(part.label.clone()) } else { listener.hear(&part.label) };
    let mut words = vec![label.unwrap_or_else(|| listener.say(&own::secret_choice()))];
    if listener.private && !part.value.is_empty() {
        words.push(part.value.clone());
    }
    if !part.enabled {
        words.push(listener.say(&own::unusable()));
    }
    if !part.note.is_empty() {
        words.extend(listener.hear(&part.note));
    }
    // What was answered is the person's own.
    if part.chosen && (listener.private || frame) {
        words.push(listener.say(&own::chosen()));
    }
    words.join(", ")
}

/// What is said when the keys reach a part, coming from another.
pub(crate) fn reached(part: &Part, from: Option<&Part>, listener: &Listener<'_>) -> Vec<String> {
    let mut said = Vec::new();
    if let Some((_, name)) = &part.group
        && from.is_none_or(|from| from.group != part.group)
    {
        said.extend([name.clone(), listener.say(&own::keys_of_letters())]);
    }
    said.push(choice(part, listener));
    said
}
