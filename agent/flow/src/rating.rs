//! C22: two ratings (R17), each a record of its own, each left out by whoever wants to leave it out. Of the visit, from C18, behind the
//! receipt; and of how a dossier was dealt with, from C20b, when it has ended.

use crate::{
    Effect, Known,
    idle::Patience,
    lookup::LookUp,
    state::{Cx, State},
};
use motcua_model::{
    Text,
    api::{Action, RatingOffer, RatingPage},
    config::Visit,
    fault::Fault,
    rating::{self, Criterion, Mark, Reason, Score},
};
use uuid::Uuid;

/// C18: what stays of a visit when the slip is out, and what may be rated of it.
pub(crate) struct Farewell {
    pub(crate) dossier: Uuid,
    pub(crate) code: String,
    pub(crate) time_limit: Text,
    /// Lệ phí of which nobody has said that it is paid.
    pub(crate) unpaid_vnd: u32,
    /// A code to pay it with was shown.
    pub(crate) unconfirmed: bool,
    pub(crate) rating: RatingOffer,
}

/// What is rated, and where the way back leads.
pub(crate) enum Rating {
    Visit { of: Farewell, score: Option<Score>, reasons: Vec<Reason>, storing: Option<Uuid> },
    Dossier { asked: String, known: Known, marks: Vec<Score>, at: usize, storing: Option<Uuid> },
}

impl Farewell {
    pub(crate) fn action(self, action: Action) -> State {
        if action == Action::Rate && self.rating == RatingOffer::Open {
            return State::Rating(Box::new(Rating::Visit { of: self, score: None, reasons: Vec::new(), storing: None }));
        }
        State::Done(self)
    }
}

/// Whether a dossier can be judged.
pub(crate) fn offer(known: &Known) -> RatingOffer {
    match known.status {
        Some(status) if status.is_done() => RatingOffer::Open,
        Some(_) | None => RatingOffer::None,
    }
}

impl Rating {
    /// Of the dossier that a look-up has found, if it can be judged.
    pub(crate) fn begin(look_up: LookUp) -> State {
        if let LookUp::Result { asked, known, rating: RatingOffer::Open, .. } = look_up {
            return State::Rating(Box::new(Self::Dossier { asked, known, marks: Vec::new(), at: 0, storing: None }));
        }
        State::LookUp(look_up)
    }

    pub(crate) fn action(self, action: Action, cx: &mut Cx) -> State {
        if self.storing().is_some() {
            return State::Rating(Box::new(self));
        }
        let next = match (self, action) {
            (Self::Visit { of, .. }, Action::Back) => return State::Done(of),
            (Self::Visit { of, reasons, storing, .. }, Action::GiveScore { score }) => {
                Self::Visit { of, score: Some(score), reasons, storing }
            }
            (Self::Visit { of, score, reasons, storing }, Action::TurnReason { reason }) => {
                Self::Visit { of, score, reasons: turned(reasons, reason), storing }
            }
            (Self::Visit { of, score: Some(score), reasons, .. }, Action::Submit) => send_visit(of, score, reasons, cx),
            (Self::Dossier { asked, known, at: 0, .. }, Action::Back) => {
                return State::LookUp(LookUp::answer(asked, known, RatingOffer::Open));
            }
            (Self::Dossier { asked, known, marks, at, storing }, Action::Back) => {
                Self::Dossier { asked, known, marks, at: at - 1, storing }
            }
            (Self::Dossier { asked, known, mut marks, at, storing }, Action::GiveScore { score }) => {
                marks.truncate(at);
                marks.push(score);
                Self::Dossier { asked, known, marks, at, storing }
            }
            (Self::Dossier { asked, known, marks, at, .. }, Action::Submit) if marks.len() > at => go_on(asked, known, marks, at, cx),
            (kept, _) => kept,
        };
        State::Rating(Box::new(next))
    }

    /// Durable: thanks, where the person came from.
    pub(crate) fn stored(self, id: Uuid) -> State {
        if self.storing() != Some(id) {
            return State::Rating(Box::new(self));
        }
        match self {
            Self::Visit { of, .. } => State::Done(Farewell { rating: RatingOffer::Given, ..of }),
            Self::Dossier { asked, known, .. } => State::LookUp(LookUp::answer(asked, known, RatingOffer::Given)),
        }
    }

    pub(crate) fn not_stored(mut self, id: Uuid, cx: &mut Cx) -> Self {
        let (Self::Visit { storing, .. } | Self::Dossier { storing, .. }) = &mut self;
        if storing.take_if(|storing| *storing == id).is_some() {
            cx.show(Fault::StoreFailed, false);
        }
        self
    }

    fn storing(&self) -> Option<Uuid> {
        let (Self::Visit { storing, .. } | Self::Dossier { storing, .. }) = self;
        *storing
    }

    /// While the disk works, there is nothing to touch.
    pub(crate) fn is_idle(&self) -> bool {
        self.storing().is_none()
    }

    pub(crate) fn patience(&self, visit: &Visit) -> Patience {
        match self.storing() {
            Some(_) => Patience::Busy(visit.waiting_s),
            None => Patience::Seconds(visit.reading_s),
        }
    }

    /// Questions are other pictures; a face that was touched is not, so that a quick second touch counts as well.
    pub(crate) fn part(&self) -> usize {
        let at = match self {
            Self::Visit { .. } => 0,
            Self::Dossier { at, .. } => *at,
        };
        at * 2 + usize::from(self.storing().is_some())
    }

    pub(crate) fn screen(&self) -> RatingPage {
        match self {
            Self::Visit { score, reasons, storing, .. } => {
                RatingPage::Satisfaction { score: *score, reasons: reasons.clone(), storing: storing.is_some() }
            }
            Self::Dossier { asked, known, marks, at, storing } => RatingPage::Quality {
                code: code_of(asked, known),
                ask: Criterion::ALL.get(*at).map_or_else(|| Text::new("", ""), |criterion| criterion.words()),
                score: marks.get(*at).copied(),
                at: u8::try_from(at + 1).unwrap_or(u8::MAX),
                of: u8::try_from(Criterion::ALL.len()).unwrap_or(u8::MAX),
                storing: storing.is_some(),
            },
        }
    }
}

/// Reasons stay in the order of the tiles.
fn turned(reasons: Vec<Reason>, reason: Reason) -> Vec<Reason> {
    Reason::ALL.into_iter().filter(|one| reasons.contains(one) != (*one == reason)).collect()
}

fn send_visit(of: Farewell, score: Score, reasons: Vec<Reason>, cx: &mut Cx) -> Rating {
    let id = cx.at.fresh;
    cx.emit(Effect::StoreRating(rating::Rating::Satisfaction(rating::Satisfaction {
        id,
        device: cx.settings.device.clone(),
        agency: cx.settings.agency.clone(),
        dossier: of.dossier,
        code: of.code.clone(),
        score,
        reasons: reasons.clone(),
        given: cx.at.wall,
    })));
    Rating::Visit { of, score: Some(score), reasons, storing: Some(id) }
}

/// To the next question, or away with the whole.
fn go_on(asked: String, known: Known, marks: Vec<Score>, at: usize, cx: &mut Cx) -> Rating {
    if at + 1 < Criterion::ALL.len() {
        return Rating::Dossier { asked, known, marks, at: at + 1, storing: None };
    }
    let id = cx.at.fresh;
    cx.emit(Effect::StoreRating(rating::Rating::Quality(rating::Quality {
        id,
        device: cx.settings.device.clone(),
        agency: cx.settings.agency.clone(),
        code: code_of(&asked, &known),
        marks: Criterion::ALL.into_iter().zip(&marks).map(|(criterion, score)| Mark { criterion, score: *score }).collect(),
        given: cx.at.wall,
    })));
    Rating::Dossier { asked, known, marks, at, storing: Some(id) }
}

fn code_of(asked: &str, known: &Known) -> String {
    known.official_code.clone().unwrap_or_else(|| asked.to_owned())
}
