//! C22: two ratings, two records, and none from whoever leaves them out.

use crate::common::*;
use motcua_flow::{Effect, Event, Known};
use motcua_model::{
    api::{Action, Health, Overlay, RatingOffer, RatingPage, Screen, Service},
    dossier::Status,
    fault::Fault,
    rating::{Criterion, Mark, Rating, Reason, Score},
};
use uuid::Uuid;

const OFFICIAL: &str = "H99.50-261123-0001";

impl Desk {
    fn reach_farewell(&mut self) -> Uuid {
        let id = self.reach_slip();
        self.act(Action::SlipTaken);
        assert_eq!(self.code(), "C18");
        id
    }

    fn reach_faces(&mut self) -> Uuid {
        let id = self.reach_farewell();
        self.act(Action::Rate);
        assert_eq!(self.code(), "C22a");
        id
    }

    fn reach_answer(&mut self, status: Option<Status>) {
        let asked = provisional().to_string();
        self.act(Action::Start { service: Service::LookUp });
        self.act(Action::LookUp { code: asked.clone() });
        let known = Known { official_code: status.map(|_| OFFICIAL.to_owned()), status, known_at: self.at().wall, can_reprint: true };
        self.send(Event::LookedUp { asked, found: Some(known) });
        assert_eq!(self.code(), "C20b");
    }

    fn reach_criteria(&mut self) {
        self.reach_answer(Some(Status::Returned));
        self.act(Action::Rate);
        assert_eq!(self.code(), "C22b");
    }

    fn give(&mut self, score: Score) -> Vec<Effect> {
        self.act(Action::GiveScore { score });
        self.act(Action::Submit)
    }

    fn give_all(&mut self) -> Rating {
        let mut effects = Vec::new();
        for _ in Criterion::ALL {
            assert!(effects.is_empty(), "{effects:?}");
            effects = self.give(Score::Good);
        }
        the_rating(&effects)
    }

    fn rating(&self) -> RatingPage {
        let Screen::Rating { page } = self.screen() else { panic!("{}", self.code()) };
        page
    }

    fn offered(&self) -> RatingOffer {
        let (Screen::Done { rating, .. } | Screen::LookUpResult { rating, .. }) = self.screen() else { panic!("{}", self.code()) };
        rating
    }
}

fn the_rating(effects: &[Effect]) -> Rating {
    let [Effect::StoreRating(rating)] = effects else { panic!("{effects:?}") };
    rating.clone()
}

pub(crate) fn ways() -> Vec<(&'static str, Way)> {
    vec![
        ("C22a", |d| {
            d.reach_faces();
        }),
        ("C22a with a face", |d| {
            d.reach_faces();
            d.act(Action::GiveScore { score: Score::Bad });
        }),
        ("C22a storing", |d| {
            d.reach_faces();
            d.give(Score::Bad);
        }),
        ("C18 with thanks", |d| {
            d.reach_faces();
            let id = the_rating(&d.give(Score::Bad)).id();
            d.send(Event::RatingStored { id });
        }),
        ("C20b of an ended dossier", |d| d.reach_answer(Some(Status::Returned))),
        ("C22b", |d| d.reach_criteria()),
        ("C22b the second", |d| {
            d.reach_criteria();
            d.give(Score::Fair);
        }),
        ("C22b storing", |d| {
            d.reach_criteria();
            d.give_all();
        }),
        ("C20b with thanks", |d| {
            d.reach_criteria();
            let id = d.give_all().id();
            d.send(Event::RatingStored { id });
        }),
    ]
}

#[test]
fn a_visit_is_rated_behind_its_receipt_with_a_face_and_reasons() {
    let mut desk = Desk::new();
    let dossier = desk.reach_faces();
    assert!(desk.act(Action::Submit).is_empty(), "no face, no rating");
    desk.act(Action::GiveScore { score: Score::VeryGood });
    for reason in [Reason::Staff, Reason::Time, Reason::Machine, Reason::Time] {
        desk.act(Action::TurnReason { reason });
    }
    desk.act(Action::GiveScore { score: Score::Good });
    let shown = RatingPage::Satisfaction { score: Some(Score::Good), reasons: vec![Reason::Machine, Reason::Staff], storing: false };
    assert_eq!(desk.rating(), shown);
    let Rating::Satisfaction(rating) = the_rating(&desk.act(Action::Submit)) else { panic!() };
    assert_eq!((rating.dossier, rating.code.as_str()), (dossier, provisional().as_str()));
    assert_eq!((rating.score, rating.reasons.as_slice()), (Score::Good, [Reason::Machine, Reason::Staff].as_slice()));
    let text = serde_json::to_string(&rating).unwrap();
    assert!(PERSONAL.iter().all(|word| !text.contains(word)), "{text}");
    assert!(desk.act(Action::Submit).is_empty() && desk.act(Action::Back).is_empty() && desk.act(Action::End).is_empty());
    desk.send(Event::RatingStored { id: rating.id });
    assert_eq!((desk.code(), desk.offered()), ("C18", RatingOffer::Given));
    assert!(desk.act(Action::Rate).is_empty(), "once is enough");
    assert_eq!(desk.code(), "C18");
}

#[test]
fn whoever_leaves_it_out_leaves_no_record() {
    let mut desk = Desk::new();
    desk.reach_faces();
    desk.act(Action::GiveScore { score: Score::Bad });
    assert!(desk.act(Action::Back).is_empty());
    assert_eq!((desk.code(), desk.offered()), ("C18", RatingOffer::Open));
    assert!(desk.wait(15).is_empty());
    assert_eq!(desk.seen(), Desk::new().seen());
    let ways: [Way; 2] = [
        |d| {
            d.reach_faces();
        },
        |d| d.reach_criteria(),
    ];
    for way in ways {
        let mut silent = Desk::new();
        way(&mut silent);
        silent.act(Action::GiveScore { score: Score::Bad });
        assert!(silent.wait(600).is_empty());
        assert_eq!(silent.seen(), Desk::new().seen());
        let mut ended = Desk::new();
        way(&mut ended);
        assert!(ended.act(Action::End).is_empty());
        assert_eq!(ended.seen(), Desk::new().seen());
    }
}

#[test]
fn only_an_ended_dossier_can_be_judged() {
    let statuses = (1..=10).map(|number| Some(Status::try_from(number).unwrap())).chain([None]);
    for status in statuses {
        let mut desk = Desk::new();
        desk.reach_answer(status);
        let open = matches!(status, Some(Status::Finished | Status::Returned));
        assert_eq!(desk.offered() == RatingOffer::Open, open, "{status:?}");
        desk.act(Action::Rate);
        assert_eq!(desk.code() == "C22b", open, "{status:?}");
    }
    let mut desk = Desk::new();
    desk.send(Event::Health(Health { disk_full: true, ..READY }));
    desk.reach_answer(Some(Status::Returned));
    assert_eq!(desk.offered(), RatingOffer::None, "there is no room to keep it");
}

#[test]
fn a_dossier_is_judged_by_every_criterion_and_by_code_alone() {
    let mut desk = Desk::new();
    desk.reach_criteria();
    assert!(desk.act(Action::Submit).is_empty());
    assert!(matches!(desk.rating(), RatingPage::Quality { at: 1, of: 4, score: None, .. }));
    desk.give(Score::VeryBad);
    desk.give(Score::Fair);
    desk.act(Action::Back);
    desk.act(Action::Back);
    assert!(matches!(desk.rating(), RatingPage::Quality { at: 1, score: Some(Score::VeryBad), .. }));
    for score in [Score::Bad, Score::Good, Score::VeryGood] {
        assert!(desk.give(score).is_empty());
    }
    let Rating::Quality(quality) = the_rating(&desk.give(Score::Fair)) else { panic!() };
    assert_eq!(quality.code, OFFICIAL);
    let scores = [Score::Bad, Score::Good, Score::VeryGood, Score::Fair];
    let marks: Vec<Mark> = Criterion::ALL.into_iter().zip(scores).map(|(criterion, score)| Mark { criterion, score }).collect();
    assert_eq!(quality.marks, marks);
    desk.send(Event::RatingStored { id: quality.id });
    assert_eq!((desk.code(), desk.offered()), ("C20b", RatingOffer::Given));

    let mut back = Desk::new();
    back.reach_criteria();
    back.act(Action::Back);
    assert_eq!((back.code(), back.offered()), ("C20b", RatingOffer::Open));
}

#[test]
fn a_disk_that_fails_is_told_and_the_faces_stay() {
    for way in [
        |d: &mut Desk| {
            the_rating(&{
                d.reach_faces();
                d.give(Score::Good)
            })
        },
        |d: &mut Desk| {
            d.reach_criteria();
            d.give_all()
        },
    ] {
        let mut desk = Desk::new();
        let id = way(&mut desk).id();
        desk.send(Event::RatingFailed { id: Uuid::nil() });
        assert_eq!(desk.overlay(), None);
        desk.wait(3600);
        assert!(desk.code().starts_with("C22"), "the disk is never interrupted");
        desk.send(Event::RatingFailed { id });
        assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::StoreFailed, retry: false }));
        desk.act(Action::Dismiss);
        assert_ne!(the_rating(&desk.act(Action::Submit)).id(), id, "sent once more");
    }
}
