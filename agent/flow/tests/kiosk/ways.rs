//! One way to each kind of screen, overlays included.

use crate::common::*;
use motcua_flow::{ChipNews, Event, Unfinished};
use motcua_model::{
    Text,
    api::{Action, ChangeTarget, PrintState, Service},
    fault::Fault,
    for_whom::ForWhom,
};

/// The way to a screen.
pub(crate) type Way = fn(&mut Desk);

/// One desk at each kind of screen, overlays included.
pub(crate) fn every_screen() -> Vec<(&'static str, Desk)> {
    let arrive = |(name, way): (&'static str, Way)| {
        let mut desk = Desk::new();
        way(&mut desk);
        assert_eq!(desk.code(), name.split_whitespace().next().unwrap(), "{name}");
        (name, desk)
    };
    ways().into_iter().map(arrive).collect()
}

pub(crate) fn ways() -> Vec<(&'static str, Way)> {
    [
        filing_ways(),
        crate::fee::ways(),
        crate::officer::ways(),
        crate::opinion::ways(),
        crate::rating::ways(),
        crate::reprint::ways(),
        crate::queue::ways(),
        crate::courier::ways(),
    ]
    .concat()
}

fn filing_ways() -> Vec<(&'static str, Way)> {
    vec![
        ("C01", |_| {}),
        ("C01 with a fault", |d| {
            d.scan("8934563138165");
        }),
        ("C02", |d| {
            d.act(Action::Start { service: Service::File });
        }),
        ("C02 with a card", |d| {
            d.scan(CARD);
        }),
        ("C03", |d| {
            d.act(Action::Start { service: Service::File });
            d.act(Action::Agree);
        }),
        ("C03b", |d| {
            d.act(Action::Start { service: Service::File });
            d.act(Action::Agree);
            d.act(Action::ChooseProcedure { code: BIRTH.into() });
        }),
        ("C03b printing", |d| {
            d.act(Action::Start { service: Service::File });
            d.act(Action::Agree);
            d.act(Action::ChooseProcedure { code: BIRTH.into() });
            d.act(Action::PrintPapers);
        }),
        ("C05", |d| d.reach_identify()),
        ("C05 while the store looks", |d| {
            d.reach_identify();
            d.scan(CARD);
        }),
        ("C05 with a fault", |d| {
            d.reach_identify();
            d.send(Event::ReaderGarbage);
        }),
        ("C05c", |d| d.reach_passport()),
        ("C05c wrong", |d| {
            d.reach_passport();
            d.type_zone("P<UTO");
        }),
        ("C05d", |d| d.reach_typed()),
        ("C05d refused", |d| {
            d.reach_typed();
            d.answer("00119");
        }),
        ("C05d name", |d| {
            d.reach_typed();
            d.answer("001190000016");
        }),
        ("C05d birth doubted", |d| {
            d.reach_typed();
            d.type_card(["001190000016", "Nguyễn Thị Mẫu", "15/01/1991"]);
        }),
        ("C05b typed", |d| {
            d.reach_typed_chip();
        }),
        ("C05b typed stopped", |d| {
            let job = d.reach_typed_chip();
            d.chip(Some(job), ChipNews::Failed(Fault::CardUnreadable));
        }),
        ("C06 typed", |d| {
            d.reach_typed();
            d.type_card(["001190000016", "Nguyễn Thị Mẫu", "15/01/1990"]);
            d.send(Event::Unfinished(Unfinished::Nothing));
        }),
        ("C06 of a passport", |d| {
            d.reach_passport();
            d.type_zone(PASSPORT);
            d.send(Event::Unfinished(Unfinished::Nothing));
        }),
        ("C05b", |d| {
            d.reach_chip();
        }),
        ("C05b reading", |d| {
            let job = d.reach_chip();
            d.chip(Some(job), ChipNews::Reading { percent: 40 });
        }),
        ("C05b moved", |d| {
            let job = d.reach_chip();
            d.chip(Some(job), ChipNews::Failed(Fault::CardMoved));
        }),
        ("C05b stopped", |d| {
            let job = d.reach_chip();
            d.chip(Some(job), ChipNews::Failed(Fault::CardUnreadable));
        }),
        ("C05b without reader", |d| {
            let job = d.reach_chip();
            d.chip(Some(job), ChipNews::Failed(Fault::CardReaderGone));
        }),
        ("C06 of a chip", |d| {
            let job = d.reach_chip();
            d.chip(Some(job), ChipNews::Read(of_chip()));
        }),
        ("C06", |d| d.reach_person()),
        ("C91", |d| {
            let draft = draft_of(|d| d.reach_papers());
            d.scan(CARD);
            d.send(Event::Unfinished(Unfinished::Draft(Box::new(draft))));
        }),
        ("C07", |d| d.reach_questions()),
        ("C07 refused", |d| {
            d.reach_questions();
            d.answer("4nh");
        }),
        ("C07 the last", |d| {
            d.reach_papers();
            d.act(Action::Back);
        }),
        ("C04", |d| {
            d.reach_person();
            d.act(Action::ConfirmPerson { correct: true });
        }),
        ("C04 again", |d| {
            d.reach_questions();
            d.act(Action::Back);
        }),
        ("C06 again", |d| {
            d.reach_questions();
            d.act(Action::Back);
            d.act(Action::Back);
        }),
        ("C07 about who authorised", |d| d.reach_other()),
        ("C07 about who authorised, refused", |d| {
            d.reach_other();
            d.scan(CARD);
        }),
        ("C08", |d| d.reach_papers()),
        ("C08 with a fault of the disk", |d| {
            d.reach_papers();
            d.send(Event::StoreFailed);
        }),
        ("C08 with a stored paper", |d| d.reach_stored()),
        ("C08b", |d| {
            d.reach_stored();
            d.act(Action::ScanPaper { paper: 2 });
        }),
        ("C08 with a stored paper used", |d| {
            d.reach_stored();
            d.act(Action::ScanPaper { paper: 2 });
            d.act(Action::UseStored);
        }),
        ("C10", |d| {
            d.reach_papers();
            d.act(Action::ScanPaper { paper: 0 });
        }),
        ("C10b", |d| {
            d.reach_papers();
            d.act(Action::ScanPaper { paper: 0 });
            d.act(Action::CannotScan);
        }),
        ("C10c", |d| {
            d.reach_pdf(0);
        }),
        ("C10c with files", |d| {
            d.reach_pdf(0);
            d.send(Event::PdfsOffered(vec![offered(OFFERED)]));
        }),
        ("C10c checking", |d| {
            d.reach_pdf(0);
            d.take_pdf(OFFERED);
        }),
        ("C08 with a paper for the desk", |d| {
            d.reach_papers();
            d.bring_to_desk(0);
        }),
        ("C11", |d| d.reach_scan()),
        ("C11 running", |d| {
            d.reach_scan();
            let job = d.start_scan();
            d.page(job);
        }),
        ("C11 with a fault", |d| {
            d.reach_scan();
            let job = d.start_scan();
            d.page(job);
            d.fault(job, Fault::ScannerJam);
        }),
        ("C11b", |d| d.reach_check()),
        ("C11 for a page without its note", |d| {
            d.reach_check();
            let page = ids(d)[0];
            d.act(Action::ScanWithoutNote { page });
        }),
        ("C12", |d| d.reach_review()),
        ("C07 from C12", |d| {
            d.reach_review();
            d.act(Action::Change { target: ChangeTarget::Question(1) });
        }),
        ("C10 from C12", |d| {
            d.reach_review();
            d.act(Action::Change { target: ChangeTarget::Paper(1) });
        }),
        ("C04 from C12", |d| {
            d.reach_review();
            d.act(Action::Change { target: ChangeTarget::ForWhom });
        }),
        ("C07 about who authorised, from C12", |d| {
            d.reach_review();
            d.act(Action::Change { target: ChangeTarget::ForWhom });
            d.act(Action::FileFor { whom: ForWhom::Authorised });
        }),
        ("C12 asked whether to end", |d| {
            d.reach_review();
            d.act(Action::End);
        }),
        ("C12 with help", |d| {
            d.reach_review();
            d.act(Action::Help);
        }),
        ("C12 still there?", |d| {
            d.reach_review();
            d.wait(91);
        }),
        ("C14", |d| {
            d.reach_submitting();
        }),
        ("C17", |d| {
            d.reach_slip();
        }),
        ("C17 waits for paper", |d| {
            let job = d.reach_slip();
            d.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
        }),
        ("C18", |d| {
            d.reach_slip();
            d.act(Action::SlipTaken);
        }),
        ("C20", |d| {
            d.act(Action::Start { service: Service::LookUp });
        }),
        ("C20b", |d| {
            d.act(Action::Start { service: Service::LookUp });
            d.act(Action::LookUp { code: provisional().to_string() });
            let known = motcua_flow::Known { official_code: None, status: None, known_at: d.at().wall, can_reprint: true };
            d.send(Event::LookedUp { asked: provisional().to_string(), found: Some(known) });
        }),
        ("C05b of a look-up", |d| {
            d.reach_proving();
        }),
        ("C20c", |d| d.reach_own()),
        ("C20d", |d| {
            d.reach_own();
            d.act(Action::ShowDossier { dossier: 0 });
        }),
        ("C20d on paper", |d| {
            d.reach_own();
            d.act(Action::ShowDossier { dossier: 0 });
            d.act(Action::PrintDossier);
        }),
        ("C08 of added papers", |d| d.reach_adding()),
        ("C12 of added papers", |d| {
            d.reach_adding();
            d.scan_paper(0);
            d.act(Action::PapersDone);
        }),
        ("C17 of added papers", |d| {
            d.reach_adding();
            d.scan_paper(0);
            d.act(Action::PapersDone);
            let effects = d.act(Action::Submit);
            d.submitted(&effects);
        }),
        ("C08c", |d| {
            d.reach_papers();
            d.act(Action::PapersDone);
        }),
        ("C08d", |d| {
            d.reach_papers();
            d.act(Action::PapersDone);
            d.act(Action::KeepForLater);
        }),
        ("C99", |d| {
            d.send(Event::OutOfService(Text::new("Ổ đĩa đầy", "The disk is full")));
        }),
    ]
}
