//! Questions that are asked only after a certain answer.

use super::{AnswerKind, Procedure, Question, Tells, tells::OTHER_ADDRESS};
use crate::dossier::Answer;
use serde::{Deserialize, Serialize};

/// The answer after which a question is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedIf {
    /// [`Question::id`] of an earlier question, of the kind [`AnswerKind::Choice`].
    pub question: String,
    /// The option.
    pub answer: String,
}

impl Procedure {
    /// With the questions that are asked after these answers.
    pub fn asked(mut self, answers: &[Answer]) -> Self {
        let given = |wanted: &AskedIf| answers.iter().any(|a| a.question == wanted.question && a.value.reveal() == wanted.answer);
        self.questions.retain(|question| question.asked_if.as_ref().is_none_or(given));
        self
    }

    /// Whether the post can be asked to bring it to another address, and nobody asks to which.
    pub(super) fn lacks_return_address(&self) -> bool {
        let offers = |question: &Question| {
            question.tells == Some(Tells::ReturnBy)
                && matches!(&question.kind, AnswerKind::Choice { options } if options.iter().any(|o| o.id == OTHER_ADDRESS))
        };
        self.questions.iter().any(offers) && self.questions.iter().all(|question| question.tells != Some(Tells::ReturnAddress))
    }

    /// Whether other questions depend on the answer to this one.
    pub fn decides(&self, question: &str) -> bool {
        self.questions.iter().any(|other| other.asked_if.as_ref().is_some_and(|asked| asked.question == question))
    }
}

impl Question {
    /// What is wrong with its place behind these.
    pub(super) fn asked_wrongly(&self, earlier: &[Self]) -> Option<&'static str> {
        let to_another = self.tells == Some(Tells::ReturnAddress);
        let Some(asked) = &self.asked_if else {
            return to_another.then_some("what tells return_address must be asked_if of post_other");
        };
        let decider = earlier.iter().find(|question| question.id == asked.question && question.asked_if.is_none());
        let known = decider.is_some_and(
            |question| matches!(&question.kind, AnswerKind::Choice { options } if options.iter().any(|o| o.id == asked.answer)),
        );
        let fits = decider.is_some_and(|question| question.tells == Some(Tells::ReturnBy)) && asked.answer == OTHER_ADDRESS;
        match (known, to_another && !fits) {
            (false, _) => Some("asked_if must name an earlier choice, which is always asked, and one of its options"),
            (true, true) => Some("what tells return_address must be asked_if of post_other"),
            (true, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::*;
    use crate::Private;

    #[test]
    fn another_address_is_asked_for_only_by_post_to_another_address() {
        let procedure = Catalogue::built_in().unwrap().procedures.remove(0);
        let after = |way: &str| {
            let answer = Answer { question: "return_by".into(), value: Private::new(way), read_from: None };
            procedure.clone().asked(&[answer]).questions.iter().any(|question| question.id == "return_address")
        };
        assert_eq!(["desk", "post", "post_other", "electronic", ""].map(after), [false, false, true, false, false]);
        assert!(procedure.decides("return_by") && !procedure.decides("phone"));
    }

    #[test]
    fn a_condition_that_can_never_be_met_is_refused() {
        let catalogue = include_str!("../../catalogue.json");
        let problems = |from: &str, to: &str| Catalogue::from_json(&catalogue.replacen(from, to, 1)).unwrap_err().join("\n");
        let condition = "\"asked_if\": {\"question\": \"return_by\", \"answer\": \"post_other\"}";
        let earlier = "asked_if must name an earlier choice";
        assert!(problems(condition, "\"asked_if\": {\"question\": \"phone\", \"answer\": \"post_other\"}").contains(earlier));
        assert!(problems(condition, "\"asked_if\": {\"question\": \"return_by\", \"answer\": \"pigeon\"}").contains(earlier));
        assert!(
            problems(condition, "\"asked_if\": {\"question\": \"return_by\", \"answer\": \"desk\"}").contains("asked_if of post_other")
        );
        assert!(problems(&format!("{condition}, "), "").contains("asked_if of post_other"));
        let untold = format!("{condition}, \"tells\": \"return_address\"");
        assert!(problems(&untold, condition).contains("offers post_other and asks for no address"));
    }
}
