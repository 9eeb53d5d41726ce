//! Gõ thông tin trên thẻ (C05d): who has a card that no reader reads types what stands on it. That is worth what a card's QR is worth, a
//! photocopy: the officer compares it with the card (ux.md 7.1 C05, domain.md 1.1).

use crate::{
    Private, Text,
    catalogue::{AnswerKind, Question},
    citizen::CitizenNumber,
    dossier::Applicant,
    for_whom::{BIRTH_HINT, ask, day},
};

/// How many things are typed.
pub const COUNT: usize = 3;

/// The number first: with it alone a card reader opens the chip, and nothing more is typed.
pub fn questions() -> [Question; COUNT] {
    let number = Text::new("12 chữ số, in ở mặt trước thẻ.", "12 digits, on the front of the card.");
    let name = Text::new("Đúng như in trên thẻ.", "As printed on the card.");
    [
        ask("own.number", ("Số trên thẻ căn cước?", "Number on the ID card?"), number, AnswerKind::CitizenNumber),
        ask("own.name", ("Họ và tên trên thẻ?", "Name on the card?"), name, AnswerKind::Name),
        ask("own.birth", ("Ngày sinh trên thẻ?", "Birth date on the card?"), BIRTH_HINT.into(), AnswerKind::PastDate),
    ]
}

/// Who it is, by checked answers to [`questions`]; none where one is missing.
pub fn person([number, name, birth]: &[Private; COUNT]) -> Option<Applicant> {
    let number = CitizenNumber::parse(number.reveal()).ok()?;
    Some(Applicant::typed(number.into(), name.clone(), day(birth.reveal())?)).filter(|_| !name.reveal().is_empty())
}

/// Said once where the digits of the number tell another year of birth: a slip of the finger, most times. Cards exist on which it is so.
pub fn disagrees() -> Text {
    Text::new(
        "Số trên thẻ và ngày sinh không khớp. Đúng rồi thì chạm Xong lần nữa.",
        "Number and birth date do not match. If both are right, touch Done again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{citizen::Sex, dossier::Proof};

    fn typed(told: [&str; COUNT]) -> Option<Applicant> {
        person(&told.map(Private::new))
    }

    #[test]
    fn what_stands_on_the_card_is_a_person_whose_sex_the_number_tells() {
        let person = typed(["001190000016", "Nguyễn Thị Mẫu", "15/01/1990"]).unwrap();
        assert_eq!((person.number.reveal().as_str(), person.birth), ("001190000016", jiff::civil::date(1990, 1, 15)));
        assert_eq!((person.sex, person.number_agrees, person.proof), (Some(Sex::Female), true, Proof::Typed));
        assert!(!person.confirmed && person.address.reveal().is_empty());
        assert!(!typed(["001190000016", "Nguyễn Thị Mẫu", "15/01/1991"]).unwrap().number_agrees);
        for lacking in [["00119000001", "Mẫu", "15/01/1990"], ["001190000016", "", "15/01/1990"], ["001190000016", "Mẫu", ""]] {
            assert_eq!(typed(lacking), None);
        }
    }

    #[test]
    fn its_words_are_plain() {
        let texts = questions().into_iter().flat_map(|question| [question.ask, question.hint]).chain([disagrees()]);
        for words in texts.flat_map(|text| [text.vi, text.en]) {
            assert!(words.split_inclusive('.').all(|sentence| sentence.split_whitespace().count() <= 12), "{words}");
        }
    }
}
