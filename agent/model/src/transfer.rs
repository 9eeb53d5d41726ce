//! VietQR: the code that a bank's application reads to transfer money (NAPAS, after EMVCo's merchant-presented mode 1.1). It carries no
//! answer: whether money has come only the bank or the platform knows.

use crc::{CRC_16_IBM_3740, Crc};
use std::fmt::Write as _;

/// Longest note that fits tag 62-08.
const LONGEST_NOTE: usize = 25;

/// The text of the code: `bank` is its BIN (six digits), `amount_vnd` in đồng, `note` goes to the receiver with the money. Of the note
/// letters and digits stay, and of a longer one its end: a bank drops all else, and a code's end tells it apart.
pub fn vietqr(bank: &str, account: &str, amount_vnd: u32, note: &str) -> String {
    let plain: String = note.chars().filter(char::is_ascii_alphanumeric).collect();
    let note = plain.get(plain.len().saturating_sub(LONGEST_NOTE)..).unwrap_or_default();
    let receiver = [field("00", bank), field("01", account)].concat();
    let napas = [field("00", "A000000727"), field("01", &receiver), field("02", "QRIBFTTA")].concat();
    let mut text = [
        field("00", "01"),
        // 12: this code is for one payment.
        field("01", "12"),
        field("38", &napas),
        field("53", "704"),
        field("54", &amount_vnd.to_string()),
        field("58", "VN"),
        field("62", &field("08", note)),
    ]
    .concat();
    text.push_str("6304");
    let sum = check_sum(&text);
    let _ = write!(text, "{sum:04X}");
    text
}

/// Two digits of tag, two of length, the value.
fn field(tag: &str, value: &str) -> String {
    format!("{tag}{:02}{value}", value.len())
}

/// Over everything before it, its own tag and length among them.
fn check_sum(text: &str) -> u16 {
    Crc::<u16>::new(&CRC_16_IBM_3740).checksum(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// NAPAS's own sample: a code without an amount.
    const SAMPLE: &str = "00020101021138570010A00000072701270006970403011300110123456780208QRIBFTTA53037045802VN63049E6F";

    fn read(mut text: &str) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        while !text.is_empty() {
            let length: usize = text[2..4].parse().unwrap();
            fields.push((text[..2].to_owned(), text[4..4 + length].to_owned()));
            text = &text[4 + length..];
        }
        fields
    }

    #[test]
    fn the_check_sum_is_that_of_the_sample() {
        let (body, sum) = SAMPLE.split_at(SAMPLE.len() - 4);
        assert_eq!(format!("{:04X}", check_sum(body)), sum);
    }

    #[test]
    fn a_receiver_stands_as_in_the_sample() {
        let ours = vietqr("970403", "0011012345678", 15_000, "TAM-K07-261123-0042-51");
        let receiver = |text: &str| read(text).into_iter().find(|(tag, _)| tag == "38").unwrap().1;
        assert_eq!(receiver(&ours), receiver(SAMPLE));
        let note = read(&ours).into_iter().find(|(tag, _)| tag == "62").unwrap().1;
        assert_eq!(note, "0818TAMK07261123004251");
    }

    proptest! {
        #[test]
        fn every_code_reads_back(bank in "[0-9]{6}", account in "[0-9]{6,19}", amount in 1..=u32::MAX, note in "\\PC{0,60}") {
            let text = vietqr(&bank, &account, amount, &note);
            prop_assert!(text.is_ascii());
            let fields = read(&text);
            let get = |tag: &str| fields.iter().find(|(t, _)| t == tag).map(|(_, value)| value.clone()).unwrap();
            prop_assert_eq!(get("54"), amount.to_string());
            prop_assert!(get("38").contains(&account) && get("62").len() <= 4 + LONGEST_NOTE);
            let (body, sum) = text.split_at(text.len() - 4);
            prop_assert_eq!(format!("{:04X}", check_sum(body)), sum);
        }
    }
}
