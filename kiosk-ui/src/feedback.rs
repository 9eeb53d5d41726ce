//! What the pages of opinions (C21) and ratings (C22) read, and what a touch on them means.

use crate::{
    ui::{OpinionView, RateOffer, RatingView, ScreenKind, Tile},
    view,
};
use motcua_model::{
    Language, Private, Text,
    api::{Action, OpinionPage, RatingOffer, RatingPage},
    catalogue::AnswerKind,
    rating::{Reason, Score},
};
use slint::SharedString;

/// The view of C21, and its tiles.
pub(crate) fn opinion(page: &OpinionPage, language: Language) -> (OpinionView, Vec<Tile>) {
    let words = |text: &Text| SharedString::from(text.get(language));
    let error = |error: &Option<Text>| error.as_ref().map(words).unwrap_or_default();
    match page {
        OpinionPage::Topics { topics } => {
            let tile = |topic: &Text| Tile { title: words(topic), enabled: true, ..Tile::default() };
            (OpinionView::default(), topics.iter().map(tile).collect())
        }
        OpinionPage::Text { topic, text: _, error: wrong } => {
            (OpinionView { topic: words(topic), error: error(wrong), ..OpinionView::default() }, Vec::new())
        }
        OpinionPage::Contact { phone: _, error: wrong } => (OpinionView { error: error(wrong), ..OpinionView::default() }, Vec::new()),
        OpinionPage::Check { topic, text, phone, storing } => {
            let phone = phone.as_ref().and_then(|phone| AnswerKind::Phone.masked(phone.reveal())).unwrap_or_default().into();
            let text = text.reveal().into();
            (OpinionView { topic: words(topic), text, phone, storing: *storing, ..OpinionView::default() }, Vec::new())
        }
        OpinionPage::Given { code, offline, printing } => {
            let (print, fault_title, fault_advice) = view::print_words(*printing, language);
            let code = code.as_str().into();
            (OpinionView { code, offline: *offline, print, fault_title, fault_advice, ..OpinionView::default() }, Vec::new())
        }
    }
}

/// The view of C22, and its tiles.
pub(crate) fn rating(page: &RatingPage, language: Language) -> (RatingView, Vec<Tile>) {
    let words = |text: &Text| SharedString::from(text.get(language));
    match page {
        RatingPage::Satisfaction { score, reasons, storing } => {
            let tile = |reason: Reason| Tile {
                title: words(&reason.words()),
                enabled: !storing,
                chosen: reasons.contains(&reason),
                ..Tile::default()
            };
            (RatingView { score: place(*score), storing: *storing, ..RatingView::default() }, Reason::ALL.map(tile).into())
        }
        RatingPage::Quality { code, ask, score, at, of, storing } => (
            RatingView {
                code: code.as_str().into(),
                ask: words(ask),
                score: place(*score),
                at: i32::from(*at),
                of: i32::from(*of),
                storing: *storing,
            },
            Vec::new(),
        ),
    }
}

/// The words under the faces.
pub(crate) fn faces(language: Language) -> Vec<SharedString> {
    Score::ALL.map(|score| score.words().get(language).into()).into()
}

/// The page of C21.
pub(crate) fn opinion_kind(page: &OpinionPage) -> ScreenKind {
    match page {
        OpinionPage::Topics { .. } => ScreenKind::OpinionTopics,
        OpinionPage::Text { .. } => ScreenKind::OpinionText,
        OpinionPage::Contact { .. } => ScreenKind::OpinionContact,
        OpinionPage::Check { .. } => ScreenKind::OpinionCheck,
        OpinionPage::Given { .. } => ScreenKind::OpinionGiven,
    }
}

/// The page of C22.
pub(crate) fn rating_kind(page: &RatingPage) -> ScreenKind {
    match page {
        RatingPage::Satisfaction { .. } => ScreenKind::Satisfaction,
        RatingPage::Quality { .. } => ScreenKind::Quality,
    }
}

/// Whether C18 or C20b asks for a rating.
pub(crate) fn offer(offer: RatingOffer) -> RateOffer {
    match offer {
        RatingOffer::None => RateOffer::None,
        RatingOffer::Open => RateOffer::Open,
        RatingOffer::Given => RateOffer::Given,
    }
}

/// A touch on a face.
pub(crate) fn score(at: usize) -> Option<Action> {
    Some(Action::GiveScore { score: *Score::ALL.get(at)? })
}

/// A touch on a reason.
pub(crate) fn reason(at: usize) -> Option<Action> {
    Some(Action::TurnReason { reason: *Reason::ALL.get(at)? })
}

/// What was typed on a page of C21.
pub(crate) fn typed(page: &OpinionPage, value: String) -> Option<Action> {
    match page {
        OpinionPage::Text { .. } => Some(Action::WriteOpinion { text: Private::new(value) }),
        OpinionPage::Contact { .. } => Some(Action::LeaveContact { phone: Some(Private::new(value)) }),
        OpinionPage::Topics { .. } | OpinionPage::Check { .. } | OpinionPage::Given { .. } => None,
    }
}

/// Whether `new` is the page `old` with a word on what is wrong: what was typed stays, to be mended.
pub(crate) fn asks_again(old: &OpinionPage, new: &OpinionPage) -> bool {
    match new {
        OpinionPage::Text { error: Some(_), .. } | OpinionPage::Contact { error: Some(_), .. } => old.code() == new.code(),
        OpinionPage::Text { error: None, .. }
        | OpinionPage::Contact { error: None, .. }
        | OpinionPage::Topics { .. }
        | OpinionPage::Check { .. }
        | OpinionPage::Given { .. } => false,
    }
}

/// None is 0, the worst 1, the best 5.
fn place(score: Option<Score>) -> i32 {
    score.and_then(|score| Score::ALL.iter().position(|one| *one == score)).map_or(0, |at| i32::try_from(at + 1).unwrap_or(0))
}
