//! Opinions and ratings of a whole office: kept without a link, lost by no kill, and at the hub as records of their own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a scenario that cannot go on has failed")]

use motcua_model::{
    Private,
    api::{Action, OpinionPage, PrintState, RatingOffer, Screen, Service, Snapshot},
    code::OpinionCode,
    dossier::Status,
    hub::{Message, MessageBody},
    opinion::Opinion,
    rating::{Criterion, Reason, Score},
};
use motcua_tests::{
    rig::{self, OTHER_CARD, Options, Rig},
    visit::Citizen,
};
use std::{fs, time::Instant};
use tempfile::TempDir;

const WORDS: &str = "Ghế ngồi chờ bị gãy, xin sửa giúp.";
const PHONE: &str = "0900000789";

/// Writes an opinion up to the last look.
async fn write(rig: &Rig, phone: Option<&str>) {
    rig.act(Action::Start { service: Service::Opinion }).await.unwrap();
    rig.screen("C21").await.unwrap();
    rig.act(Action::ChooseTopic { topic: 4 }).await.unwrap();
    rig.screen("C21c").await.unwrap();
    rig.act(Action::WriteOpinion { text: Private::new(WORDS) }).await.unwrap();
    rig.screen("C21d").await.unwrap();
    rig.act(Action::LeaveContact { phone: phone.map(Private::new) }).await.unwrap();
    rig.screen("C21e").await.unwrap();
}

/// Sends it, and answers the code that is shown.
async fn give(rig: &Rig, phone: Option<&str>) -> String {
    write(rig, phone).await;
    rig.act(Action::Submit).await.unwrap();
    let shown = rig.screen("C21b").await.unwrap();
    code_on(&shown).to_owned()
}

fn code_on(shown: &Snapshot) -> &str {
    let Screen::Opinion { page: OpinionPage::Given { code, .. } } = &shown.screen else { panic!("the code should be shown") };
    code
}

/// Every message at the hub in the device's order; each has a receipt.
fn at_the_hub(rig: &Rig) -> Vec<Message> {
    let copies = rig.hub_copies().unwrap();
    let mut messages: Vec<Message> = copies
        .iter()
        .map(|copy| {
            rig::receipt(copy).unwrap();
            rig::message(copy).unwrap()
        })
        .collect();
    messages.sort_by_key(|message| message.sequence);
    messages
}

fn opinions(rig: &Rig) -> Vec<Opinion> {
    let opinion = |message: Message| if let MessageBody::Opinion(opinion) = message.body { Some(*opinion) } else { None };
    at_the_hub(rig).into_iter().filter_map(opinion).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opinion_given_without_a_link_reaches_the_hub_under_the_code_on_its_slip() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    rig.kill_hub().await.unwrap();

    let code = give(&rig, Some(PHONE)).await;
    assert!(OpinionCode::parse(&code).is_ok(), "{code}");
    rig.until("the slip", |s| matches!(&s.screen, Screen::Opinion { page: OpinionPage::Given { printing: PrintState::Printed, .. } }))
        .await
        .unwrap();
    let slips = rig.slips().unwrap();
    assert_eq!(slips.len(), 1);
    assert_eq!(rig::qr_of(&slips[0]).unwrap(), code, "nothing else is in the slip's square code");
    rig.act(Action::End).await.unwrap();
    let after = serde_json::to_string(&rig.screen("C01").await.unwrap()).unwrap();
    assert!(!after.contains("Ghế") && !after.contains(PHONE));

    let status = rig.status().await.unwrap();
    let waits: Vec<_> = status.outbox.iter().map(|line| (line.kind.as_str(), line.code.as_str())).collect();
    assert_eq!(waits, [("opinion", code.as_str())]);
    let log = fs::read_to_string(rig.dir.join("logs/agent.log")).unwrap();
    assert!(!log.contains("Ghế") && !log.contains(PHONE), "no word of it is in the log");

    rig.start_hub().await.unwrap();
    rig.technician(&["outbox", "retry"]).await.unwrap();
    rig.until_status("delivery", |s| s.outbox.is_empty()).await.unwrap();
    let [opinion] = opinions(&rig).try_into().unwrap();
    assert_eq!((opinion.code.as_str(), opinion.text.reveal(), opinion.topic.id.as_str()), (code.as_str(), WORDS, "place"));
    assert_eq!(opinion.phone.as_ref().map(Private::reveal), Some(PHONE));
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_right_after_the_code_was_shown_loses_nothing_and_no_code_is_given_twice() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    let mut shown = Vec::new();
    for round in 0..3 {
        shown.push(give(&rig, None).await);
        rig.restart_agent().await.unwrap();
        rig.until_devices().await.unwrap();
        let screen = rig.screen("C01").await.unwrap();
        assert!(matches!(screen.screen, Screen::Waiting { unfinished: false, .. }), "round {round}: an opinion leaves nothing undone");
    }
    // What was never confirmed is not kept either.
    write(&rig, Some(PHONE)).await;
    rig.restart_agent().await.unwrap();
    rig.until_status("delivery", |s| s.outbox.is_empty()).await.unwrap();
    let codes: Vec<String> = opinions(&rig).into_iter().map(|opinion| opinion.code.to_string()).collect();
    assert_eq!(codes, shown);
    assert!(shown.windows(2).all(|two| two[0] != two[1]));
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_and_later_its_dossier_are_rated_and_the_hub_has_two_records() {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    let mut citizen = Citizen::new(OTHER_CARD);
    citizen.go_until(&rig, |s| matches!(s.screen, Screen::Done { rating: RatingOffer::Open, .. })).await.unwrap();
    rig.act(Action::Rate).await.unwrap();
    rig.screen("C22a").await.unwrap();
    rig.act(Action::GiveScore { score: Score::Good }).await.unwrap();
    rig.act(Action::TurnReason { reason: Reason::Guidance }).await.unwrap();
    rig.act(Action::Submit).await.unwrap();
    rig.until("thanks", |s| matches!(s.screen, Screen::Done { rating: RatingOffer::Given, .. })).await.unwrap();
    rig.act(Action::End).await.unwrap();
    rig.until_status("delivery", |s| s.outbox.is_empty()).await.unwrap();

    let messages = at_the_hub(&rig);
    let dossier = messages.iter().find_map(|m| if let MessageBody::Dossier(dossier) = &m.body { Some(dossier) } else { None }).unwrap();
    let satisfaction =
        messages.iter().find_map(|m| if let MessageBody::Satisfaction(rating) = &m.body { Some(rating) } else { None }).unwrap();
    assert_eq!((satisfaction.dossier, satisfaction.code.as_str()), (dossier.id, dossier.code.as_str()));
    assert_eq!((satisfaction.score, satisfaction.reasons.as_slice()), (Score::Good, [Reason::Guidance].as_slice()));

    let copies = rig.hub_copies().unwrap();
    let official = copies.iter().find_map(|copy| rig::receipt(copy).unwrap().official_code).unwrap();
    rig.at_hub("status", &["--dossier", &official, "--status", &u8::from(Status::Returned).to_string()]).await.unwrap();
    reach_ended(&rig, &citizen.codes[0]).await;
    rig.act(Action::Rate).await.unwrap();
    for _ in Criterion::ALL {
        rig.screen("C22b").await.unwrap();
        rig.act(Action::GiveScore { score: Score::VeryGood }).await.unwrap();
        rig.act(Action::Submit).await.unwrap();
    }
    rig.until("thanks", |s| matches!(s.screen, Screen::LookUpResult { rating: RatingOffer::Given, .. })).await.unwrap();
    rig.act(Action::End).await.unwrap();
    rig.until_status("delivery", |s| s.outbox.is_empty()).await.unwrap();
    let messages = at_the_hub(&rig);
    let quality = messages.iter().find_map(|m| if let MessageBody::Quality(quality) = &m.body { Some(quality) } else { None }).unwrap();
    assert_eq!((quality.code.as_str(), quality.marks.len()), (official.as_str(), Criterion::ALL.len()));
    assert_eq!(messages.len(), 3, "a dossier and two ratings, each a record of its own");
    rig.stop().await.unwrap();
}

/// Looks the code up until the hub's word on the end has come.
async fn reach_ended(rig: &Rig, code: &str) {
    let started = Instant::now();
    loop {
        assert!(started.elapsed().as_secs() < 60, "the clerk's decision did not come back");
        rig.screen("C01").await.unwrap();
        rig.act(Action::Start { service: Service::LookUp }).await.unwrap();
        rig.screen("C20").await.unwrap();
        rig.act(Action::LookUp { code: code.to_owned() }).await.unwrap();
        let found = rig.screen("C20b").await.unwrap();
        if matches!(found.screen, Screen::LookUpResult { rating: RatingOffer::Open, .. }) {
            return;
        }
        rig.act(Action::End).await.unwrap();
    }
}
