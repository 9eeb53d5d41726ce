//! Nộp cho ai (C04): for whom a person files, what must be known of the other one, and which paper proves it.

use crate::{
    Private, Text,
    catalogue::{AnswerKind, Component, Procedure, Question},
    citizen::PersonNumber,
    dossier::{Answer, Applicant, Document},
    particulars::{Authorised, Organisation, Particulars, Represented},
};
use jiff::{ToSpan as _, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Begins the ids of the questions that this module asks: no question of a procedure may.
pub const PREFIX: &str = "for.";
const NUMBER: &str = "for.number";
const NAME: &str = "for.name";
const BIRTH: &str = "for.birth";
const CHILD_NUMBER: &str = "for.child_number";
const CHILD_NAME: &str = "for.child_name";
const CHILD_BIRTH: &str = "for.child_birth";
const TAX_CODE: &str = "for.tax_code";
const ORGANISATION: &str = "for.organisation";

/// For whom the person at the machine files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForWhom {
    /// The person is the owner of the dossier.
    Myself,
    /// Con chưa thành niên: the parent files as its representative by law (BLDS 2015 Đ.136).
    Child,
    /// Người ủy quyền: the other one is the owner, and the account is theirs (R27).
    Authorised,
    /// Tổ chức: known by its tax code (R26).
    Organisation,
}

/// The person beside the one at the machine, as their card says.
#[derive(Clone, Copy, Debug)]
pub struct Filer<'a> {
    /// Who stands there, by their own card.
    pub person: &'a Applicant,
    /// The other one's card, where it was read.
    pub other: Option<&'a Applicant>,
}

impl ForWhom {
    /// In the order of the screen.
    pub const ALL: [Self; 4] = [Self::Myself, Self::Child, Self::Authorised, Self::Organisation];

    /// On the button.
    pub fn words(self) -> Text {
        match self {
            Self::Myself => Text::new("Cho tôi", "For myself"),
            Self::Child => Text::new("Cho con chưa đủ 18 tuổi", "For my child under 18"),
            Self::Authorised => Text::new("Cho người đã ủy quyền cho tôi", "For who authorised me"),
            Self::Organisation => Text::new("Cho công ty hoặc tổ chức", "For a company or organisation"),
        }
    }

    /// What is asked of the other one, before the procedure's own questions.
    pub fn questions(self) -> Vec<Question> {
        let card =
            Text::new("Đưa thẻ của người đó vào đầu đọc, hoặc điền số.", "Hold that person's card to the reader, or type the number.");
        match self {
            Self::Myself => Vec::new(),
            Self::Child => vec![
                ask(CHILD_NAME, ("Con tên là gì?", "What is the child's name?"), NAME_HINT.into(), AnswerKind::Name),
                ask(CHILD_BIRTH, ("Con sinh ngày nào?", "When was the child born?"), BIRTH_HINT.into(), AnswerKind::PastDate),
                Question {
                    required: false,
                    ..ask(
                        CHILD_NUMBER,
                        ("Số căn cước của con?", "The child's ID number?"),
                        Text::new("Con chưa có số thì bỏ qua câu này.", "If there is none yet, skip this question."),
                        AnswerKind::CitizenNumber,
                    )
                },
            ],
            Self::Authorised => vec![
                ask(NUMBER, ("Số thẻ căn cước của người ủy quyền?", "ID number of who authorised you?"), card, AnswerKind::CitizenNumber),
                ask(NAME, ("Người ủy quyền tên là gì?", "What is that person's name?"), NAME_HINT.into(), AnswerKind::Name),
                ask(BIRTH, ("Người ủy quyền sinh ngày nào?", "When was that person born?"), BIRTH_HINT.into(), AnswerKind::PastDate),
            ],
            Self::Organisation => vec![
                ask(
                    TAX_CODE,
                    ("Mã số thuế của tổ chức?", "Tax code of the organisation?"),
                    Text::new("10 chữ số, chi nhánh thì 13 chữ số.", "10 digits, 13 for a branch."),
                    AnswerKind::TaxCode,
                ),
                ask(
                    ORGANISATION,
                    ("Tổ chức tên là gì?", "Name of the organisation?"),
                    Text::new("Như trong giấy đăng ký.", "As in its registration."),
                    AnswerKind::Text { max: 200 },
                ),
            ],
        }
    }

    /// The paper that proves it, behind the procedure's own papers. Whoever has none brings it to the desk.
    pub fn paper(self) -> Option<Component> {
        let (code, name, required) = match self {
            Self::Myself => return None,
            Self::Child => {
                ("GT-CON", Text::new("Giấy khai sinh hoặc thẻ căn cước của con", "The child's birth certificate or ID card"), true)
            }
            Self::Authorised => ("UQ", Text::new("Giấy ủy quyền", "Letter of authority"), true),
            // The representative by law needs none.
            Self::Organisation => ("GGT", Text::new("Giấy giới thiệu của tổ chức", "Letter of introduction"), false),
        };
        Some(Component { code: code.to_owned(), name, required, stored_as: None, not_scanned: None })
    }

    /// Why a well-formed answer cannot be: a grown-up child, the person's own number.
    pub fn refuses(self, question: &str, answer: &str, person: &Applicant, today: Date) -> Option<Text> {
        match (self, question) {
            (Self::Child, CHILD_BIRTH) if !is_minor(day(answer)?, today) => Some(Text::new(
                "Con đã đủ 18 tuổi. Người đó tự nộp, hoặc ủy quyền.",
                "That person is 18 or older. They file themselves or authorise somebody.",
            )),
            (Self::Authorised, NUMBER) | (Self::Child, CHILD_NUMBER) if answer == person.number.reveal() => Some(Text::new(
                "Đây là số của người đang nộp. Cần số của người kia.",
                "This is the number of who files. The other person's is needed.",
            )),
            (Self::Myself | Self::Child | Self::Authorised | Self::Organisation, _) => None,
        }
    }

    /// What the other one's card answers, question by question; none where no card is asked for.
    pub fn answers_of(self, card: &Applicant) -> Option<[(&'static str, String); 3]> {
        let birth = card.birth.strftime("%d/%m/%Y").to_string();
        let (number, name) = (card.number.reveal(), card.name.reveal().to_owned());
        match self {
            Self::Authorised => Some([(NUMBER, number), (NAME, name), (BIRTH, birth)]),
            Self::Child => Some([(CHILD_NAME, name), (CHILD_BIRTH, birth), (CHILD_NUMBER, number)]),
            Self::Myself | Self::Organisation => None,
        }
    }

    /// The owner of the dossier and what else is recorded: `particulars` is what the procedure's own answers said. The questions must
    /// all have been answered; what an answer does not say stays out.
    pub fn record(
        self,
        filer: Filer<'_>,
        answers: &[Answer],
        documents: &[Document],
        particulars: Particulars,
    ) -> (Applicant, Particulars) {
        let told = |id: &str| answers.iter().find(|answer| answer.question == id).map(|answer| &answer.value);
        let person = filer.person.clone();
        match self {
            Self::Myself => (person, particulars),
            Self::Child => {
                let child = told(CHILD_NAME).zip(told(CHILD_BIRTH).and_then(|birth| day(birth.reveal())));
                let represented = child.map(|(name, birth)| Represented {
                    name: name.clone(),
                    birth,
                    number: told(CHILD_NUMBER).and_then(|number| PersonNumber::parse(number.reveal()).ok()),
                });
                (person, Particulars { represented, ..particulars })
            }
            Self::Authorised => {
                let Some(owner) = owner(&told, filer.other) else { return (person, particulars) };
                let paper = self.paper().and_then(|proof| documents.iter().find(|d| d.component == proof.code)).map(|d| d.id);
                let authorised = Authorised { person, contact: particulars.contact.clone(), paper };
                (owner, Particulars { authorised: Some(Box::new(authorised)), ..particulars })
            }
            Self::Organisation => {
                let organisation = told(TAX_CODE)
                    .zip(told(ORGANISATION))
                    .map(|(tax_code, name)| Organisation { tax_code: tax_code.clone(), name: name.clone() });
                (person, Particulars { organisation, ..particulars })
            }
        }
    }
}

impl Procedure {
    /// As it is asked when it is filed for `whom`.
    #[must_use]
    pub fn filed_for(&self, whom: ForWhom) -> Self {
        let mut procedure = self.clone();
        procedure.questions.splice(0..0, whom.questions());
        procedure.components.extend(whom.paper().filter(|proof| self.components.iter().all(|c| c.code != proof.code)));
        procedure
    }
}

/// Whether an answer is one of this module and none of the procedure's form.
pub fn is_of_other(answer: &Answer) -> bool {
    answer.question.starts_with(PREFIX)
}

pub(crate) struct Hint(&'static str, &'static str);
const NAME_HINT: Hint = Hint("Như trong giấy tờ.", "As in the papers.");
pub(crate) const BIRTH_HINT: Hint = Hint("Ngày, tháng, năm.", "Day, month, year.");

impl From<Hint> for Text {
    fn from(hint: Hint) -> Self {
        Self::new(hint.0, hint.1)
    }
}

/// A question that must be answered.
pub(crate) fn ask(id: &str, ask: (&str, &str), hint: Text, kind: AnswerKind) -> Question {
    let ask = Text::new(ask.0, ask.1);
    Question { id: id.to_owned(), ask, hint, kind, required: true, asked_if: None, tells: None, read_from: Vec::new() }
}

/// Under 18 on this day (BLDS 2015 Đ.21). With a dead clock the officer judges.
fn is_minor(birth: Date, today: Date) -> bool {
    today < crate::EARLIEST_TODAY || birth.checked_add(18.years()).is_ok_and(|grown_up| today < grown_up)
}

/// `dd/MM/yyyy`, as answers store it.
pub(crate) fn day(answer: &str) -> Option<Date> {
    Date::strptime("%d/%m/%Y", answer).ok()
}

/// By the card where that says the same; otherwise as typed, which proves nothing.
fn owner<'a>(told: &impl Fn(&str) -> Option<&'a Private>, card: Option<&Applicant>) -> Option<Applicant> {
    let number = PersonNumber::parse(told(NUMBER)?.reveal()).ok()?;
    let (name, birth) = (told(NAME)?, day(told(BIRTH)?.reveal())?);
    if let Some(card) = card.filter(|card| card.number == number && card.name == *name && card.birth == birth) {
        return Some(card.clone());
    }
    Some(Applicant { confirmed: true, ..Applicant::typed(number, name.clone(), birth) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalogue::Catalogue, dossier::Proof};

    const TODAY: Date = jiff::civil::date(2026, 11, 28);

    fn applicant(number: &str, name: &str, birth: Date) -> Applicant {
        let number = PersonNumber::parse(number).unwrap();
        let (name, address) = (Private::new(name), Private::new("Thôn Thử"));
        Applicant { number, name, birth, sex: None, address, confirmed: true, number_agrees: true, proof: Proof::Claimed }
    }

    fn answers(told: &[(&str, &str)]) -> Vec<Answer> {
        told.iter().map(|(id, value)| Answer { question: (*id).into(), value: Private::new(*value), read_from: None }).collect()
    }

    #[test]
    fn the_account_is_the_one_of_who_authorised_and_both_are_recorded() {
        let present = applicant("001190000016", "Nguyễn Thị Mẫu", jiff::civil::date(1990, 1, 15));
        let told = answers(&[(NUMBER, "001050000018"), (NAME, "Trần Văn Thử"), (BIRTH, "02/03/1950")]);
        let filer = Filer { person: &present, other: None };
        let (owner, particulars) = ForWhom::Authorised.record(filer, &told, &[], Particulars::default());
        assert_eq!((owner.number.reveal().as_str(), owner.name.reveal()), ("001050000018", "Trần Văn Thử"));
        assert!(owner.number_agrees, "a man of 1950 in the number and in the answers");
        assert_eq!(owner.proof, Proof::Typed, "the officer is told that no card was there");
        assert_eq!(particulars.authorised.unwrap().person, present);

        let card = applicant("001050000018", "Trần Văn Thử", jiff::civil::date(1950, 3, 2));
        let filer = Filer { person: &present, other: Some(&card) };
        let (owner, _) = ForWhom::Authorised.record(filer, &told, &[], Particulars::default());
        assert_eq!(owner, card, "with the address on the card");
        let changed = answers(&[(NUMBER, "001050000018"), (NAME, "Trần Văn Khác"), (BIRTH, "02/03/1950")]);
        let (owner, _) = ForWhom::Authorised.record(filer, &changed, &[], Particulars::default());
        assert_eq!((owner.name.reveal(), owner.address.reveal()), ("Trần Văn Khác", ""), "what the person typed counts");
    }

    #[test]
    fn a_child_is_recorded_beside_the_parent_and_an_organisation_too() {
        let parent = applicant("001190000016", "Nguyễn Thị Mẫu", jiff::civil::date(1990, 1, 15));
        let filer = Filer { person: &parent, other: None };
        let told = answers(&[(CHILD_NAME, "Nguyễn Văn Bé"), (CHILD_BIRTH, "20/11/2020"), (CHILD_NUMBER, "")]);
        let (owner, particulars) = ForWhom::Child.record(filer, &told, &[], Particulars::default());
        assert_eq!(owner, parent);
        let child = particulars.represented.unwrap();
        assert_eq!((child.name.reveal(), child.birth, child.number), ("Nguyễn Văn Bé", jiff::civil::date(2020, 11, 20), None));
        let told = answers(&[(TAX_CODE, "0100109106"), (ORGANISATION, "Hợp tác xã Thử Nghiệm")]);
        let (owner, particulars) = ForWhom::Organisation.record(filer, &told, &[], Particulars::default());
        assert_eq!((owner, particulars.organisation.unwrap().tax_code.reveal()), (parent, "0100109106"));
    }

    #[test]
    fn a_grown_up_child_and_ones_own_number_are_refused() {
        let person = applicant("001190000016", "Nguyễn Thị Mẫu", jiff::civil::date(1990, 1, 15));
        let refused = |whom: ForWhom, id, answer| whom.refuses(id, answer, &person, TODAY).is_some();
        assert!(refused(ForWhom::Child, CHILD_BIRTH, "28/11/2008"), "18 today");
        assert!(!refused(ForWhom::Child, CHILD_BIRTH, "29/11/2008"));
        assert!(refused(ForWhom::Authorised, NUMBER, "001190000016") && !refused(ForWhom::Authorised, NUMBER, "001050000018"));
        let dead_clock = ForWhom::Child.refuses(CHILD_BIRTH, "29/11/1990", &person, jiff::civil::date(2003, 1, 1));
        assert_eq!(dead_clock, None);
    }

    #[test]
    fn its_words_are_plain_and_its_ids_its_own() {
        let catalogue = Catalogue::built_in().unwrap();
        for whom in ForWhom::ALL {
            let mut texts = vec![whom.words()];
            texts.extend(whom.questions().into_iter().flat_map(|q| [q.ask, q.hint]));
            texts.extend(whom.paper().map(|paper| paper.name));
            for words in texts.iter().flat_map(|text| [&text.vi, &text.en]) {
                assert!(words.split_whitespace().count() <= 12, "{words}");
            }
            for procedure in &catalogue.procedures {
                let asked = procedure.filed_for(whom);
                let ids: std::collections::BTreeSet<_> = asked.questions.iter().map(|q| &q.id).collect();
                assert_eq!(ids.len(), asked.questions.len());
                assert!(whom.questions().iter().all(|q| q.id.starts_with(PREFIX)));
            }
        }
    }
}
