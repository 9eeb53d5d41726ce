//! What is being typed: the text of one answer and the state of the keys. No Slint types, no I/O.

use crate::compose;
use jiff::civil::Date;
use motcua_model::catalogue::AnswerKind;

/// The form of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing is typed here.
    None,
    /// A person's name: capital after each space, no digits.
    Name,
    /// Free text of at most so many characters.
    Text(usize),
    /// A code: capitals, digits, point and hyphen.
    Code,
    /// Search words; may be empty.
    Search,
    /// Digits only, in groups of these lengths, between two values.
    Number {
        /// Lengths of the groups shown; empty for none.
        groups: &'static [usize],
        /// Most digits.
        digits: usize,
        /// Least digits.
        least_digits: usize,
        /// Range of the value.
        range: Option<(u32, u32)>,
    },
    /// Day, month, year.
    Date,
    /// Two lines of a passport: capitals, digits and `<`.
    Zone,
    /// One of the choices; the text is its id.
    Choice,
}

/// State of the capital key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Small letters.
    Off,
    /// The next letter is a capital.
    Next,
    /// All capitals.
    Lock,
}

/// Longest line of a passport's machine-readable zone (ICAO 9303-4).
const ZONE_LINE: usize = 44;

/// One input. `Debug` is left out: it holds words of the person.
#[derive(Clone)]
pub struct Typed {
    form: Form,
    text: String,
    parts: [String; 3],
    part: usize,
    shift: Shift,
    layer: i32,
    required: bool,
    /// Shown as points.
    secret: bool,
}

impl Typed {
    /// An empty input.
    pub fn new(form: Form, required: bool) -> Self {
        let mut typed =
            Self { form, text: String::new(), parts: Default::default(), part: 0, shift: Shift::Off, layer: 0, required, secret: false };
        typed.follow_capitals();
        typed
    }

    /// The digits of a PIN.
    pub fn pin() -> Self {
        let digits = *motcua_model::pin::DIGITS.end();
        let form = Form::Number { groups: &[], digits, least_digits: *motcua_model::pin::DIGITS.start(), range: None };
        let mut typed = Self::new(form, true);
        typed.secret = true;
        typed
    }

    /// Nothing is typed.
    pub(crate) fn none() -> Self {
        Self::new(Form::None, true)
    }

    /// Search words that are there already.
    pub(crate) fn search(words: &str) -> Self {
        let mut typed = Self::new(Form::Search, false);
        typed.fill(words);
        typed
    }

    /// The input for a question, with its present answer.
    pub fn for_question(kind: &AnswerKind, answer: &str, required: bool) -> Self {
        let form = match kind {
            AnswerKind::Name => Form::Name,
            AnswerKind::Text { max } => Form::Text(usize::from(*max)),
            AnswerKind::PastDate => Form::Date,
            AnswerKind::Phone => Form::Number { groups: &[4, 3, 3], digits: 10, least_digits: 10, range: None },
            AnswerKind::CitizenNumber => Form::Number { groups: &[3, 3, 6], digits: 12, least_digits: 12, range: None },
            AnswerKind::TaxCode => Form::Number { groups: &[10, 3], digits: 13, least_digits: 10, range: None },
            AnswerKind::Number { min, max } => {
                Form::Number { groups: &[], digits: max.to_string().len(), least_digits: 1, range: Some((*min, *max)) }
            }
            // Picked: crate::address.
            AnswerKind::Address { .. } => Form::None,
            AnswerKind::Choice { .. } => Form::Choice,
        };
        let mut typed = Self::new(form, required);
        typed.fill(answer);
        typed
    }

    fn fill(&mut self, answer: &str) {
        if self.form == Form::Date {
            for (part, text) in self.parts.iter_mut().zip(answer.split('/')) {
                text.clone_into(part);
            }
        } else {
            answer.clone_into(&mut self.text);
        }
        self.shift = Shift::Off;
        self.follow_capitals();
    }

    /// The form of this input.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// A key with this character.
    pub fn press(&mut self, key: &str) {
        let Some(letter) = key.chars().next() else { return };
        match self.form {
            Form::None | Form::Choice => {}
            Form::Date => self.press_date(letter),
            Form::Zone => self.press_zone(key),
            Form::Number { digits, .. } => {
                if letter.is_ascii_digit() && self.text.len() < digits {
                    self.text.push(letter);
                }
            }
            Form::Code => {
                if self.text.chars().count() < 40 && letter != ' ' {
                    self.text.extend(letter.to_uppercase());
                }
            }
            Form::Name | Form::Text(_) | Form::Search => self.press_letter(letter),
        }
    }

    fn press_letter(&mut self, letter: char) {
        let most = match self.form {
            Form::Text(most) => most,
            Form::Search => 40,
            Form::None | Form::Name | Form::Code | Form::Number { .. } | Form::Date | Form::Zone | Form::Choice => 80,
        };
        if self.text.chars().count() >= most {
            return;
        }
        // A space twice is one, and none stands at the start.
        if letter == ' ' && (self.text.is_empty() || self.text.ends_with(' ')) {
            return;
        }
        compose::push(&mut self.text, letter);
        if self.shift == Shift::Next {
            self.shift = Shift::Off;
        }
        self.follow_capitals();
    }

    fn press_date(&mut self, digit: char) {
        if !digit.is_ascii_digit() {
            return;
        }
        let full = if self.part == 2 { 4 } else { 2 };
        let part = &mut self.parts[self.part];
        if part.len() >= full {
            part.clear();
        }
        part.push(digit);
        // 4 can only be the fourth, so the next part comes at once.
        let alone = match self.part {
            0 => digit > '3',
            1 => digit > '1',
            _ => false,
        };
        if self.part < 2 && (part.len() == full || (part.len() == 1 && alone)) {
            self.part += 1;
        }
    }

    /// A full line leads to the next; one that is full takes nothing more.
    fn press_zone(&mut self, signs: &str) {
        for sign in signs.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '<') {
            if self.part == 0 && self.parts[0].len() == ZONE_LINE {
                self.part = 1;
            }
            let line = &mut self.parts[self.part.min(1)];
            if line.len() < ZONE_LINE {
                line.push(sign.to_ascii_uppercase());
            }
        }
    }

    /// A name starts each word with a capital, a sentence its first.
    fn follow_capitals(&mut self) {
        if self.shift == Shift::Lock {
            return;
        }
        let start = match self.form {
            Form::Name => self.text.is_empty() || self.text.ends_with([' ', '-']),
            Form::Text(_) => self.text.is_empty() || self.text.ends_with(". "),
            Form::None | Form::Code | Form::Search | Form::Number { .. } | Form::Date | Form::Zone | Form::Choice => return,
        };
        if start {
            self.shift = Shift::Next;
        }
    }

    /// The key of a tone.
    pub fn tone(&mut self, tone: usize) {
        if tone < compose::TONES && matches!(self.form, Form::Name | Form::Text(_) | Form::Search) {
            compose::set_tone(&mut self.text, tone);
        }
    }

    /// Takes the last character away; in a date, of the part before when this one is empty.
    pub fn backspace(&mut self) {
        if matches!(self.form, Form::Date | Form::Zone) {
            if self.parts[self.part].is_empty() && self.part > 0 {
                self.part -= 1;
            }
            self.parts[self.part].pop();
            return;
        }
        if matches!(self.form, Form::Name | Form::Text(_) | Form::Search) {
            compose::backspace(&mut self.text);
        } else {
            self.text.pop();
        }
        if self.shift == Shift::Next {
            self.shift = Shift::Off;
        }
        self.follow_capitals();
    }

    /// Empties the input.
    pub fn clear(&mut self) {
        let secret = self.secret;
        *self = Self::new(self.form.clone(), self.required);
        self.secret = secret;
    }

    /// Off, next, lock, off.
    pub fn turn_shift(&mut self) {
        self.shift = match self.shift {
            Shift::Off => Shift::Next,
            Shift::Next => Shift::Lock,
            Shift::Lock => Shift::Off,
        };
    }

    /// Another set of keys: 0 letters, 1 digits, 2 rare letters.
    pub fn turn_layer(&mut self, layer: i32) {
        self.layer = layer;
    }

    /// Another part of a date.
    pub fn turn_part(&mut self, part: usize) {
        self.part = part.min(2);
    }

    /// The text as shown: numbers in groups.
    pub fn shown(&self) -> String {
        if self.secret {
            return "•".repeat(self.text.len());
        }
        let Form::Number { groups, .. } = self.form else { return self.text.clone() };
        let mut shown = String::new();
        let mut rest = groups.iter();
        let mut left = rest.next().copied();
        for digit in self.text.chars() {
            if left == Some(0) {
                shown.push(' ');
                left = rest.next().copied();
            }
            shown.push(digit);
            left = left.map(|n| n - 1);
        }
        shown
    }

    /// The answer to send, when there is one.
    pub fn value(&self) -> Option<String> {
        let text = self.text.trim();
        if self.is_empty() {
            return (!self.required && self.form != Form::Choice).then(String::new);
        }
        match &self.form {
            Form::None | Form::Choice => None,
            Form::Name | Form::Text(_) | Form::Code | Form::Search => Some(text.to_owned()),
            Form::Number { least_digits, range, .. } => {
                let fits = range.is_none_or(|(min, max)| text.parse::<u32>().is_ok_and(|n| (min..=max).contains(&n)));
                (text.len() >= *least_digits && fits).then(|| text.to_owned())
            }
            Form::Date => self.date().map(|date| date.strftime("%d/%m/%Y").to_string()),
            Form::Zone => {
                let [names, data, _] = &self.parts;
                (names.len() >= 5 && data.len() >= 28).then(|| format!("{names}\n{data}"))
            }
        }
    }

    fn date(&self) -> Option<Date> {
        let [day, month, year] = &self.parts;
        if year.len() != 4 {
            return None;
        }
        Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
    }

    /// Nothing typed yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.parts.iter().all(String::is_empty)
    }

    /// The text itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Day, month, year as typed.
    pub fn parts(&self) -> &[String; 3] {
        &self.parts
    }

    /// Which part the keys fill.
    pub fn part(&self) -> usize {
        self.part
    }

    /// State of the capital key.
    pub fn shift(&self) -> Shift {
        self.shift
    }

    /// Which set of keys is shown.
    pub fn layer(&self) -> i32 {
        self.layer
    }

    /// The present syllable in its six tones; empty words where there is none.
    pub fn tones(&self) -> [String; compose::TONES] {
        match self.form {
            Form::Name | Form::Text(_) | Form::Search => compose::forms(&self.text).unwrap_or_default(),
            Form::None | Form::Code | Form::Number { .. } | Form::Date | Form::Zone | Form::Choice => Default::default(),
        }
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        self.text.zeroize();
        self.parts.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the keyboard does: the key's face follows the shift.
    fn tap(typed: &mut Typed, letters: &str) {
        for letter in letters.chars() {
            let face = if typed.shift() == Shift::Off { letter } else { compose::capital(letter) };
            typed.press(&face.to_string());
        }
    }

    #[test]
    fn a_name_gets_its_capitals_by_itself() {
        let mut typed = Typed::new(Form::Name, true);
        tap(&mut typed, "nguyên");
        typed.tone(4);
        tap(&mut typed, "  thi");
        typed.tone(5);
        tap(&mut typed, " mâu");
        typed.tone(4);
        assert_eq!(typed.value().as_deref(), Some("Nguyễn Thị Mẫu"));
    }

    #[test]
    fn all_capitals_when_locked() {
        let mut typed = Typed::new(Form::Name, true);
        typed.turn_shift();
        tap(&mut typed, "nguyên");
        typed.tone(4);
        assert_eq!(typed.text(), "NGUYỄN");
    }

    #[test]
    fn a_date_moves_on_by_itself_and_must_exist() {
        let mut typed = Typed::for_question(&AnswerKind::PastDate, "", true);
        for digit in "2".chars().chain("9".chars()).chain("2".chars()).chain("2023".chars()) {
            typed.press(&digit.to_string());
        }
        assert_eq!(typed.parts().join("/"), "29/2/2023");
        assert_eq!(typed.value(), None, "2023 had no 29 February");
        for _ in 0..4 {
            typed.backspace();
        }
        for digit in "2024".chars() {
            typed.press(&digit.to_string());
        }
        assert_eq!(typed.value().as_deref(), Some("29/02/2024"));
    }

    #[test]
    fn an_answer_given_before_comes_back() {
        assert_eq!(Typed::for_question(&AnswerKind::PastDate, "05/09/1990", true).value().as_deref(), Some("05/09/1990"));
        assert_eq!(Typed::for_question(&AnswerKind::Phone, "0912345678", true).shown(), "0912 345 678");
        assert_eq!(Typed::for_question(&AnswerKind::CitizenNumber, "099090000001", true).shown(), "099 090 000001");
    }

    #[test]
    fn two_lines_of_a_passport_are_typed_without_counting_fillers() {
        let mut typed = Typed::new(Form::Zone, true);
        for key in ["P", "<", "u", "T", "O", "E", "R", "I", "K", "<<<", "A", "é", " "] {
            typed.press(key);
        }
        assert_eq!((typed.parts()[0].as_str(), typed.part()), ("P<UTOERIK<<<A", 0));
        for _ in 0..20 {
            typed.press("<<<");
        }
        assert_eq!((typed.parts()[0].len(), typed.part()), (44, 1), "what is too much goes on below");
        typed.turn_part(1);
        while !typed.parts()[1].is_empty() {
            typed.backspace();
        }
        for digit in "L898902C36UTO7408122F1204159".chars() {
            assert_eq!(typed.value(), None);
            typed.press(&digit.to_string());
        }
        assert!(typed.value().unwrap().ends_with("<\nL898902C36UTO7408122F1204159"));
    }

    #[test]
    fn a_number_stays_in_its_range() {
        let mut typed = Typed::for_question(&AnswerKind::Number { min: 2, max: 20 }, "", true);
        typed.press("1");
        assert_eq!(typed.value(), None);
        typed.press("9");
        typed.press("9");
        assert_eq!(typed.value().as_deref(), Some("19"));
    }

    #[test]
    fn an_answer_that_may_be_left_out_can_be_empty() {
        assert_eq!(Typed::new(Form::Name, false).value().as_deref(), Some(""));
        assert_eq!(Typed::new(Form::Name, true).value(), None);
    }
}
