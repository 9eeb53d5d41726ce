//! Answers that are particulars of the dossier beside answers of its form: how the person is reached, where the result goes.

use super::{AnswerKind, Procedure, Question};
use crate::{
    Private,
    dossier::Answer,
    particulars::{AddressNow, Contact, Particulars, ReturnBy},
};
use serde::{Deserialize, Serialize};

/// A question whose answer the national portal has a field for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tells {
    /// [`Contact::phone`]; the question is of the kind [`AnswerKind::Phone`].
    Phone,
    /// [`Contact::email`]; of the kind [`AnswerKind::Text`].
    Email,
    /// [`Particulars::return_by`]; of the kind [`AnswerKind::Choice`] with the options `desk`, `post` (to the address on the card),
    /// `post_other`, `electronic` or some of them.
    ReturnBy,
    /// Where the post brings it after `post_other`; of the kind [`AnswerKind::Address`].
    ReturnAddress,
}

impl Procedure {
    /// What the answers say of contact and return. `home` is the address on the card.
    pub fn particulars(&self, answers: &[Answer], home: &Private) -> Particulars {
        let told = |what: Tells| {
            let question = self.questions.iter().find(|question| question.tells == Some(what))?;
            answers.iter().find(|answer| answer.question == question.id).map(|answer| &answer.value)
        };
        let filled = |what| told(what).filter(|value| !value.reveal().is_empty()).cloned();
        let other = filled(Tells::ReturnAddress).unwrap_or_default();
        // The post knows the communes of today.
        let home = match AddressNow::of(home).as_slice() {
            [now] => now.address.clone(),
            [] | [_, _, ..] => home.clone(),
        };
        Particulars {
            contact: Contact { phone: filled(Tells::Phone), email: filled(Tells::Email) },
            return_by: told(Tells::ReturnBy).and_then(|way| return_by(way.reveal(), &home, &other)),
            competent_agency: self.competent_agency.clone(),
            ..Particulars::default()
        }
    }
}

/// The way with this option's id.
fn return_by(option: &str, home: &Private, other: &Private) -> Option<ReturnBy> {
    match option {
        "desk" => Some(ReturnBy::Desk),
        "post" => Some(ReturnBy::Post { address: home.clone() }),
        OTHER_ADDRESS => Some(ReturnBy::Post { address: other.clone() }),
        "electronic" => Some(ReturnBy::Electronic),
        _ => None,
    }
}

/// Of the options of [`Tells::ReturnBy`] the one that needs [`Tells::ReturnAddress`].
pub(super) const OTHER_ADDRESS: &str = "post_other";

impl Question {
    pub(super) fn tells_wrongly(&self) -> Option<&'static str> {
        match (self.tells?, &self.kind) {
            (Tells::Phone, AnswerKind::Phone)
            | (Tells::Email, AnswerKind::Text { .. })
            | (Tells::ReturnAddress, AnswerKind::Address { .. }) => None,
            (Tells::ReturnBy, AnswerKind::Choice { options })
                if options.iter().all(|option| return_by(&option.id, &Private::default(), &Private::default()).is_some()) =>
            {
                None
            }
            (Tells::Phone, _) => Some("what tells the phone must be of type phone"),
            (Tells::Email, _) => Some("what tells the email must be of type text"),
            (Tells::ReturnBy, _) => Some("what tells return_by must be a choice of desk, post, post_other and electronic"),
            (Tells::ReturnAddress, _) => Some("what tells return_address must be of type address"),
        }
    }
}
