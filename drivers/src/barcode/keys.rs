//! Keys of a reader that types, to the bytes that it meant. Pure.
//!
//! Readers in keyboard mode press the keys of an English (US) keyboard. Shift and caps lock count; control with a letter is that
//! control character, as readers send CR, TAB and GS so; alt with digits of the keypad is the character of that number. A key that
//! stands for no character, and a number beyond ASCII whose code page nobody knows, become U+FFFD: whoever reads the text sees
//! that something is missing.

use evdev::KeyCode;

/// Values of a key event (`linux/input.h`); 2 is a repetition, which a reader never means.
const RELEASED: i32 = 0;
const PRESSED: i32 = 1;

/// What is held down, and caps lock.
#[derive(Debug, Default)]
pub struct Keys {
    shifts: Held,
    controls: Held,
    alts: Held,
    caps: bool,
    /// Number typed on the keypad while alt is held.
    number: Option<u32>,
}

/// Left and right key of a kind.
#[derive(Debug, Default)]
struct Held([bool; 2]);

impl Held {
    fn any(&self) -> bool {
        self.0[0] || self.0[1]
    }
}

impl Keys {
    /// Takes a key event: `value` is 1 for pressed, 0 for released. Returns the character that it makes.
    pub fn event(&mut self, key: KeyCode, value: i32) -> Option<char> {
        match key {
            KeyCode::KEY_LEFTSHIFT => hold(&mut self.shifts.0[0], value),
            KeyCode::KEY_RIGHTSHIFT => hold(&mut self.shifts.0[1], value),
            KeyCode::KEY_LEFTCTRL => hold(&mut self.controls.0[0], value),
            KeyCode::KEY_RIGHTCTRL => hold(&mut self.controls.0[1], value),
            KeyCode::KEY_LEFTALT => hold(&mut self.alts.0[0], value),
            KeyCode::KEY_RIGHTALT => hold(&mut self.alts.0[1], value),
            KeyCode::KEY_CAPSLOCK => self.caps ^= value == PRESSED,
            // They choose what a system does with the keys; the reader's text is in the others.
            KeyCode::KEY_NUMLOCK | KeyCode::KEY_SCROLLLOCK | KeyCode::KEY_LEFTMETA | KeyCode::KEY_RIGHTMETA => {}
            _ if value == PRESSED => return self.pressed(key),
            _ => {}
        }
        // The number counts when alt is let go.
        if self.alts.any() { None } else { self.number.take().map(|number| ascii(number).unwrap_or(char::REPLACEMENT_CHARACTER)) }
    }

    fn pressed(&mut self, key: KeyCode) -> Option<char> {
        if let (true, Some(digit)) = (self.alts.any(), keypad_digit(key)) {
            self.number = Some(self.number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            return None;
        }
        let Some((plain, shifted)) = characters(key) else { return Some(char::REPLACEMENT_CHARACTER) };
        let shift = self.shifts.any() != (self.caps && plain.is_ascii_alphabetic());
        let character = if shift { shifted } else { plain };
        if self.controls.any() {
            // Control clears the upper bits of the capital: A is 1, ] is 0x1d (GS).
            let upper = u8::try_from(plain.to_ascii_uppercase()).ok().filter(|b| (0x40..0x60).contains(b));
            return Some(upper.map_or(char::REPLACEMENT_CHARACTER, |b| char::from(b & 0x1f)));
        }
        Some(character)
    }
}

fn hold(held: &mut bool, value: i32) {
    *held = value != RELEASED;
}

fn ascii(number: u32) -> Option<char> {
    char::from_u32(number).filter(char::is_ascii)
}

fn keypad_digit(key: KeyCode) -> Option<u32> {
    match key {
        KeyCode::KEY_KP0 => Some(0),
        KeyCode::KEY_KP1 => Some(1),
        KeyCode::KEY_KP2 => Some(2),
        KeyCode::KEY_KP3 => Some(3),
        KeyCode::KEY_KP4 => Some(4),
        KeyCode::KEY_KP5 => Some(5),
        KeyCode::KEY_KP6 => Some(6),
        KeyCode::KEY_KP7 => Some(7),
        KeyCode::KEY_KP8 => Some(8),
        KeyCode::KEY_KP9 => Some(9),
        _ => None,
    }
}

/// The key's character without and with shift.
fn characters(key: KeyCode) -> Option<(char, char)> {
    if let Some(digit) = keypad_digit(key) {
        return char::from_digit(digit, 10).map(|c| (c, c));
    }
    Some(match key {
        KeyCode::KEY_A => ('a', 'A'),
        KeyCode::KEY_B => ('b', 'B'),
        KeyCode::KEY_C => ('c', 'C'),
        KeyCode::KEY_D => ('d', 'D'),
        KeyCode::KEY_E => ('e', 'E'),
        KeyCode::KEY_F => ('f', 'F'),
        KeyCode::KEY_G => ('g', 'G'),
        KeyCode::KEY_H => ('h', 'H'),
        KeyCode::KEY_I => ('i', 'I'),
        KeyCode::KEY_J => ('j', 'J'),
        KeyCode::KEY_K => ('k', 'K'),
        KeyCode::KEY_L => ('l', 'L'),
        KeyCode::KEY_M => ('m', 'M'),
        KeyCode::KEY_N => ('n', 'N'),
        KeyCode::KEY_O => ('o', 'O'),
        KeyCode::KEY_P => ('p', 'P'),
        KeyCode::KEY_Q => ('q', 'Q'),
        KeyCode::KEY_R => ('r', 'R'),
        KeyCode::KEY_S => ('s', 'S'),
        KeyCode::KEY_T => ('t', 'T'),
        KeyCode::KEY_U => ('u', 'U'),
        KeyCode::KEY_V => ('v', 'V'),
        KeyCode::KEY_W => ('w', 'W'),
        KeyCode::KEY_X => ('x', 'X'),
        KeyCode::KEY_Y => ('y', 'Y'),
        KeyCode::KEY_Z => ('z', 'Z'),
        KeyCode::KEY_1 => ('1', '!'),
        KeyCode::KEY_2 => ('2', '@'),
        KeyCode::KEY_3 => ('3', '#'),
        KeyCode::KEY_4 => ('4', '$'),
        KeyCode::KEY_5 => ('5', '%'),
        KeyCode::KEY_6 => ('6', '^'),
        KeyCode::KEY_7 => ('7', '&'),
        KeyCode::KEY_8 => ('8', '*'),
        KeyCode::KEY_9 => ('9', '('),
        KeyCode::KEY_0 => ('0', ')'),
        KeyCode::KEY_MINUS => ('-', '_'),
        KeyCode::KEY_EQUAL => ('=', '+'),
        KeyCode::KEY_LEFTBRACE => ('[', '{'),
        KeyCode::KEY_RIGHTBRACE => (']', '}'),
        KeyCode::KEY_BACKSLASH | KeyCode::KEY_102ND => ('\\', '|'),
        KeyCode::KEY_SEMICOLON => (';', ':'),
        KeyCode::KEY_APOSTROPHE => ('\'', '"'),
        KeyCode::KEY_GRAVE => ('`', '~'),
        KeyCode::KEY_COMMA => (',', '<'),
        KeyCode::KEY_DOT => ('.', '>'),
        KeyCode::KEY_SLASH => ('/', '?'),
        KeyCode::KEY_SPACE => (' ', ' '),
        KeyCode::KEY_ENTER | KeyCode::KEY_KPENTER => ('\r', '\r'),
        KeyCode::KEY_LINEFEED => ('\n', '\n'),
        KeyCode::KEY_TAB => ('\t', '\t'),
        KeyCode::KEY_KPMINUS => ('-', '-'),
        KeyCode::KEY_KPPLUS => ('+', '+'),
        KeyCode::KEY_KPASTERISK => ('*', '*'),
        KeyCode::KEY_KPSLASH => ('/', '/'),
        KeyCode::KEY_KPDOT => ('.', '.'),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every key that an event can name.
    fn all() -> impl Iterator<Item = KeyCode> {
        (0..=0x2ff).map(KeyCode)
    }

    /// Presses and releases what a reader would for an ASCII text.
    fn strokes(text: &str) -> Vec<(KeyCode, i32)> {
        let mut strokes = Vec::new();
        for wanted in text.chars() {
            let (key, shift) = all()
                .find_map(|key| {
                    characters(key).and_then(|(plain, shifted)| match wanted {
                        c if c == plain => Some((key, false)),
                        c if c == shifted => Some((key, true)),
                        _ => None,
                    })
                })
                .unwrap_or_else(|| panic!("no key for {wanted:?}"));
            if shift {
                strokes.push((KeyCode::KEY_LEFTSHIFT, 1));
            }
            strokes.extend([(key, 1), (key, 0)]);
            if shift {
                strokes.push((KeyCode::KEY_LEFTSHIFT, 0));
            }
        }
        strokes
    }

    fn typed(strokes: impl IntoIterator<Item = (KeyCode, i32)>) -> String {
        let mut keys = Keys::default();
        strokes.into_iter().filter_map(|(key, value)| keys.event(key, value)).collect()
    }

    fn taps(keys: &[KeyCode]) -> Vec<(KeyCode, i32)> {
        keys.iter().flat_map(|key| [(*key, 1), (*key, 0)]).collect()
    }

    #[test]
    fn capitals_need_shift_or_caps_lock_but_not_both() {
        let (a, one, shift, caps) = (KeyCode::KEY_A, KeyCode::KEY_1, KeyCode::KEY_RIGHTSHIFT, KeyCode::KEY_CAPSLOCK);
        assert_eq!(typed(taps(&[a, one])), "a1");
        assert_eq!(typed([(shift, 1), (a, 1), (a, 0), (one, 1), (shift, 0), (a, 1)]), "A!a");
        assert_eq!(typed(taps(&[caps, a, one, caps, a])), "A1a");
        assert_eq!(typed([(caps, 1), (caps, 0), (shift, 1), (a, 1)]), "a");
        assert_eq!(typed([(KeyCode::KEY_LEFTSHIFT, 1), (shift, 1), (shift, 0), (a, 1)]), "A", "the other shift is still held");
    }

    #[test]
    fn control_and_alt_make_characters() {
        let (ctrl, alt) = (KeyCode::KEY_LEFTCTRL, KeyCode::KEY_LEFTALT);
        assert_eq!(typed([(ctrl, 1), (KeyCode::KEY_RIGHTBRACE, 1), (KeyCode::KEY_M, 1), (ctrl, 0), (KeyCode::KEY_M, 1)]), "\u{1d}\rm");
        assert_eq!(typed([(alt, 1), (KeyCode::KEY_KP0, 1), (KeyCode::KEY_KP6, 1), (KeyCode::KEY_KP5, 1), (alt, 0)]), "A");
        assert_eq!(typed([(alt, 1), (KeyCode::KEY_KP2, 1), (KeyCode::KEY_KP3, 1), (KeyCode::KEY_KP4, 1), (alt, 0)]), "\u{fffd}");
        assert_eq!(typed([(alt, 1), (alt, 0)]), "");
        let endless = [(alt, 1)].into_iter().chain(taps(&[KeyCode::KEY_KP9; 40])).chain([(alt, 0)]);
        assert_eq!(typed(endless), "\u{fffd}");
    }

    #[test]
    fn a_held_key_is_one_character_and_an_unknown_one_leaves_its_mark() {
        assert_eq!(typed([(KeyCode::KEY_A, 1), (KeyCode::KEY_A, 2), (KeyCode::KEY_A, 2), (KeyCode::KEY_A, 0)]), "a");
        assert_eq!(typed(taps(&[KeyCode::KEY_F7])), "\u{fffd}");
        assert_eq!(typed(taps(&[KeyCode::KEY_KP1, KeyCode::KEY_KPDOT, KeyCode::KEY_KPENTER])), "1.\r");
    }

    proptest! {
        #[test]
        fn every_ascii_text_survives(text in "[ -~\r\t]{0,80}") {
            prop_assert_eq!(typed(strokes(&text)), text);
        }

        #[test]
        fn any_keys_do_no_harm(events in prop::collection::vec((0u16..0x300, -1i32..4), 0..200)) {
            let count = events.len();
            prop_assert!(typed(events.into_iter().map(|(key, value)| (KeyCode(key), value))).chars().count() <= count);
        }
    }
}
