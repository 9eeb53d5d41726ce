//! The rules for a batch of paper: notes stuck on pages (R49), what must not be scanned, and special originals (R45).

use crate::common::*;
use motcua_flow::{Draft, Effect, Event, Unfinished};
use motcua_model::{
    api::{Action, ChangeTarget, Overlay, PaperState, ReviewValue, Screen, Service},
    catalogue::{Catalogue, Component, NotScanned},
    dossier::{Origin, Page, Special},
    fault::Fault,
};
use uuid::Uuid;

fn number(id: u128) -> Uuid {
    Uuid::from_u128(id)
}

/// Says of a page that a note is stuck on it, and starts the scan: its job and the pages that it is compared with.
fn without_note(desk: &mut Desk, page: Uuid) -> (Uuid, Vec<Uuid>) {
    assert!(desk.act(Action::ScanWithoutNote { page }).is_empty(), "the note is taken off first");
    assert!(matches!(desk.screen(), Screen::Scan { without_note: true, running: false, .. }));
    let effects = desk.act(Action::StartScan);
    let [Effect::StartScan { job, sheets: 1, beside, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    (*job, beside.clone())
}

fn stored(desk: &mut Desk, job: Uuid, id: u128) -> Vec<Effect> {
    desk.send(Event::PageStored { job, page: side(id) })
}

fn dropped(effects: &[Effect]) -> Vec<Uuid> {
    effects.iter().flat_map(|effect| if let Effect::DropPages { pages, .. } = effect { pages.clone() } else { Vec::new() }).collect()
}

/// Ids of the pages that are scans without a note.
fn noteless(desk: &Desk) -> Vec<Uuid> {
    let Screen::PageCheck { pages, .. } = desk.screen() else { panic!("{}", desk.code()) };
    pages.iter().filter(|page| page.without_note).map(|page| page.id).collect()
}

#[test]
fn a_page_with_a_note_is_scanned_twice_and_both_pictures_stay() {
    let (mut desk, old) = desk_with_two_sheets();
    let (job, beside) = without_note(&mut desk, old[0]);
    assert_eq!(beside, old[2..], "the sheet without its note is no repetition of itself");
    let effects = stored(&mut desk, job, 911);
    let [Effect::SaveDraft(draft)] = effects.as_slice() else { panic!("nothing goes: {effects:?}") };
    let kept = &draft.scanning.as_ref().unwrap().pages;
    assert_eq!((&kept[0], &kept[1]), (&side(901), &Page { without_note: true, ..side(911) }), "right behind the one with the note");
    let effects = stored(&mut desk, job, 912);
    assert!(matches!(effects.as_slice(), [Effect::DropPages { pages, .. }] if *pages == [number(912)]), "the back is there: {effects:?}");
    let surplus = stored(&mut desk, job, 913);
    assert!(matches!(surplus.as_slice(), [Effect::DropPages { .. }, Effect::CancelScan { .. }]), "another sheet lay in the feeder");
    desk.send(Event::ScanEnded { job, fault: None });
    assert_eq!((desk.code(), ids(&desk)), ("C11b", [901, 911, 902, 903, 904].map(number).to_vec()));
    assert_eq!(noteless(&desk), [number(911)]);
    assert!(matches!(desk.screen(), Screen::PageCheck { expected: 5, .. }), "two sides of two sheets and one page without its note");
    let effects = desk.act(Action::AcceptPages);
    let document = &saved(&effects).unwrap().documents[0];
    assert!(!document.count_differs);
    assert_eq!(document.pages.iter().map(|page| page.without_note).collect::<Vec<_>>(), [false, true, false, false, false]);
}

#[test]
fn a_note_on_the_back_waits_for_the_back() {
    let (mut desk, old) = desk_with_two_sheets();
    let (job, beside) = without_note(&mut desk, old[3]);
    assert_eq!(beside, old[..2]);
    let effects = stored(&mut desk, job, 911);
    assert!(matches!(effects.as_slice(), [Effect::DropPages { pages, .. }] if *pages == [number(911)]), "the scan goes on: {effects:?}");
    assert!(saved(&stored(&mut desk, job, 912)).is_some());
    desk.send(Event::ScanEnded { job, fault: None });
    assert_eq!(ids(&desk), [901, 902, 903, 904, 912].map(number));
    // Both sides of one sheet may bear one.
    let (job, _) = without_note(&mut desk, old[2]);
    stored(&mut desk, job, 921);
    desk.send(Event::ScanEnded { job, fault: None });
    assert_eq!(ids(&desk), [901, 902, 903, 921, 904, 912].map(number));
    let (_, beside) = without_note(&mut desk, old[0]);
    assert_eq!(beside, [903, 921, 904, 912].map(number));
}

#[test]
fn said_twice_the_scan_without_the_note_replaces_the_one_before() {
    let (mut desk, old) = desk_with_two_sheets();
    let (job, _) = without_note(&mut desk, old[0]);
    stored(&mut desk, job, 911);
    desk.send(Event::ScanEnded { job, fault: None });
    // Of the page with the note, and of the picture without it.
    for (said_of, new, before) in [(901, 913, 911), (913, 915, 913)] {
        let (job, _) = without_note(&mut desk, number(said_of));
        assert_eq!(ids(&desk), [901, before, 902, 903, 904].map(number), "nothing goes before something comes");
        assert_eq!(dropped(&stored(&mut desk, job, new)), [number(before)]);
        desk.send(Event::ScanEnded { job, fault: None });
        assert_eq!((ids(&desk), noteless(&desk)), ([901, new, 902, 903, 904].map(number).to_vec(), vec![number(new)]));
    }
    // "Quét lại" under the picture without the note means that picture.
    let effects = desk.act(Action::RescanPage { page: number(915) });
    let [Effect::StartScan { job, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let job = *job;
    assert_eq!(dropped(&stored(&mut desk, job, 917)), [number(915)]);
    assert_eq!(dropped(&stored(&mut desk, job, 918)), [number(918)]);
    desk.send(Event::ScanEnded { job, fault: None });
    assert_eq!((ids(&desk), noteless(&desk)), ([901, 917, 902, 903, 904].map(number).to_vec(), vec![number(917)]));
}

#[test]
fn a_sheet_that_is_scanned_again_keeps_the_picture_without_its_note() {
    let (mut desk, old) = desk_with_two_sheets();
    let (job, _) = without_note(&mut desk, old[0]);
    stored(&mut desk, job, 911);
    desk.send(Event::ScanEnded { job, fault: None });
    let effects = desk.act(Action::RescanPage { page: old[1] });
    let [Effect::StartScan { job, beside, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let job = *job;
    assert_eq!(*beside, old[2..], "neither with the note nor without");
    for id in [921, 922] {
        stored(&mut desk, job, id);
    }
    desk.send(Event::ScanEnded { job, fault: None });
    assert_eq!((ids(&desk), noteless(&desk)), ([921, 911, 922, 903, 904].map(number).to_vec(), vec![number(911)]));
}

#[test]
fn whatever_stops_the_scan_without_a_note_nothing_is_lost() {
    let (mut desk, old) = desk_with_two_sheets();
    desk.act(Action::ScanWithoutNote { page: old[0] });
    desk.act(Action::Back);
    assert_eq!((desk.code(), ids(&desk)), ("C11b", old.clone()), "thought better of it");

    let (job, _) = without_note(&mut desk, old[0]);
    desk.fault(job, Fault::ScannerEmpty);
    assert_eq!(ids(&desk), old);
    let effects = desk.act(Action::Retry);
    let [Effect::StartScan { job, sheets: 1, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let job = *job;
    stored(&mut desk, job, 911);
    desk.fault(job, Fault::ScannerJam);
    let effects = desk.act(Action::Retry);
    let [Effect::StartScan { job, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let job = *job;
    assert_eq!(dropped(&stored(&mut desk, job, 913)), [number(911)], "the sheet goes through anew");
    desk.fault(job, Fault::ScannerGone);
    desk.act(Action::Dismiss);
    assert_eq!((desk.code(), ids(&desk)), ("C11b", [901, 913, 902, 903, 904].map(number).to_vec()));
    assert!(desk.act(Action::ScanWithoutNote { page: number(911) }).is_empty() && desk.code() == "C11b", "a page that is no longer there");

    desk.act(Action::ScanMore);
    assert!(matches!(desk.screen(), Screen::Scan { without_note: false, .. }));
    let effects = desk.act(Action::StartScan);
    let [Effect::StartScan { job, beside, sheets: 1, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let job = *job;
    assert_eq!(beside.len(), 5, "a further sheet may repeat any of them");
    stored(&mut desk, job, 931);
    assert_eq!(ids(&desk).last(), Some(&number(931)), "what was left is over");
}

#[test]
fn pages_without_a_note_are_no_sheets() {
    let (mut desk, old) = desk_with_two_sheets();
    for page in [old[0], old[1]] {
        let (job, _) = without_note(&mut desk, page);
        for id in [911, 912] {
            stored(&mut desk, job, id + u128::from(page == old[1]) * 10);
        }
        desk.send(Event::ScanEnded { job, fault: None });
    }
    assert_eq!(ids(&desk), [901, 911, 902, 922, 903, 904].map(number));
    desk.act(Action::Back);
    desk.act(Action::DeclareSheets { sheets: 4 });
    assert!(matches!(desk.screen(), Screen::PageCheck { expected: 10, .. }));
    desk.act(Action::ScanMore);
    let effects = desk.act(Action::StartScan);
    assert!(matches!(effects.as_slice(), [Effect::StartScan { sheets: 2, .. }]), "two of four sheets are scanned: {effects:?}");
}

/// The birth registration, of which the third paper must not be scanned for this reason.
fn desk_with(reason: NotScanned) -> Desk {
    let mut catalogue = Catalogue::built_in().unwrap();
    let birth = catalogue.procedures.iter_mut().find(|procedure| procedure.code == BIRTH).unwrap();
    birth.questions.iter_mut().for_each(|question| question.read_from.clear());
    birth.components[2] = Component { required: true, not_scanned: Some(reason), ..birth.components[2].clone() };
    Desk::with(catalogue)
}

fn states(desk: &Desk) -> Vec<PaperState> {
    let (Screen::Papers { papers } | Screen::ProcedureDetails { papers, .. }) = desk.screen() else { panic!("{}", desk.code()) };
    papers.iter().map(|paper| paper.state).collect()
}

/// The row of C12 on this paper: what it says in Vietnamese, and whether it can be changed.
fn row(desk: &Desk, paper: usize) -> (String, bool) {
    let Screen::Review { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
    let row = &rows[rows.len() - 3 + paper];
    let ReviewValue::Words(words) = &row.value else { panic!("{row:?}") };
    (words.vi.clone(), row.change.is_some())
}

#[test]
fn a_paper_that_must_not_be_scanned_says_why_and_is_never_missing() {
    for reason in NotScanned::ALL {
        let mut desk = desk_with(reason);
        desk.act(Action::Start { service: Service::File });
        desk.act(Action::Agree);
        desk.act(Action::ChooseProcedure { code: BIRTH.into() });
        assert_eq!(states(&desk)[2], PaperState::NotScanned(reason), "said before the person begins");
        desk.act(Action::End);

        desk.reach_papers();
        let told = vec![PaperState::ToScan, PaperState::ToScan, PaperState::NotScanned(reason)];
        assert_eq!(states(&desk), told);
        for action in [Action::ScanPaper { paper: 2 }, Action::LeavePaper { paper: 2 }] {
            assert!(desk.act(action).is_empty());
            assert_eq!((desk.code(), states(&desk)), ("C08", told.clone()));
        }
        desk.scan_paper(0);
        desk.act(Action::PapersDone);
        assert_eq!(desk.code(), "C08c", "a paper that is scanned is still missing");
        desk.act(Action::Back);
        desk.scan_paper(1);
        let effects = desk.act(Action::PapersDone);
        assert!(saved(&effects).unwrap().left.is_empty(), "nobody goes without it");
        assert_eq!((desk.code(), row(&desk, 2)), ("C12", (reason.words().vi, false)));
        assert!(desk.act(Action::Change { target: ChangeTarget::Paper(2) }).is_empty());
        desk.act(Action::Back);
        desk.act(Action::ScanPaper { paper: 0 });
        desk.act(Action::Back);
        assert_eq!(desk.code(), "C08", "nothing of the refused change is left");
        desk.act(Action::PapersDone);
        let submission = desk.submit();
        assert_eq!(submission.documents.len(), 2);
    }
}

#[test]
fn pages_of_a_paper_that_may_not_be_scanned_any_more_go_when_the_filing_is_resumed() {
    let draft = draft_of(|desk| {
        desk.reach_papers();
        desk.scan_paper(0);
        desk.scan_paper(2);
    });
    let pages: Vec<Uuid> = draft.documents[1].pages.iter().map(|page| page.image.id).collect();
    let mut desk = desk_with(NotScanned::Secret);
    desk.ids = 1_000;
    desk.reach_identify();
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft))));
    let effects = desk.act(Action::Resume { go_on: true });
    assert_eq!((saved(&effects).unwrap().documents.len(), dropped(&effects)), (1, pages));
}

fn secret(desk: &mut Desk, page: Uuid) -> Vec<Effect> {
    desk.send(Event::PageRead { page, fields: Vec::new(), secret: true })
}

fn shows_the_secret(desk: &Desk) -> bool {
    desk.overlay() == Some(Overlay::Fault { fault: Fault::SecretPaper, retry: false })
}

/// The pages of the paper at this place among those accepted.
fn accepted(desk: &mut Desk, at: usize) -> Vec<Uuid> {
    let language = desk.snapshot().language;
    let effects = desk.act(Action::SetLanguage { language });
    saved(&effects).unwrap().documents[at].pages.iter().map(|page| page.image.id).collect()
}

#[test]
fn a_secrecy_mark_on_an_accepted_paper_erases_the_whole_paper() {
    let mut desk = Desk::new();
    desk.reach_review();
    let (first, second) = (accepted(&mut desk, 0), accepted(&mut desk, 1));
    let effects = secret(&mut desk, second[1]);
    let [Effect::SaveDraft(draft), Effect::DropPages { pages, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((draft.documents.len(), pages), (1, &second), "erased after the save that no longer names them");
    assert!(shows_the_secret(&desk) && desk.kiosk.page_of_visit(first[0]) && !desk.kiosk.page_of_visit(second[0]));
    desk.act(Action::Dismiss);
    assert_eq!(desk.code(), "C08");
    assert_eq!(states(&desk), [PaperState::Scanned(2), PaperState::ToScan, PaperState::Left]);
    assert!(secret(&mut desk, second[0]).is_empty() && desk.overlay().is_none(), "its other page tells nothing new");
    desk.scan_paper(1);
    assert_eq!(desk.code(), "C08", "not by a change of the review any more");
}

#[test]
fn a_secrecy_mark_stops_the_scan_of_its_paper() {
    let mut desk = Desk::new();
    desk.reach_scan();
    let job = desk.start_scan();
    desk.page(job);
    let page = ids(&desk)[0];
    let effects = secret(&mut desk, page);
    let [Effect::CancelScan { job: cancelled }, Effect::SaveDraft(draft), Effect::DropPages { pages, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert!(*cancelled == job && draft.scanning.is_none() && *pages == [page]);
    assert!(desk.code() == "C08" && shows_the_secret(&desk));
    assert_eq!(dropped(&desk.page(job)).len(), 1, "what the scanner still sends goes too");
    desk.send(Event::ScanEnded { job, fault: None });
    assert!(desk.code() == "C08" && shows_the_secret(&desk), "the end of that scan moves nothing");

    // At the page check, in the middle of a change.
    let mut desk = Desk::new();
    desk.reach_review();
    desk.act(Action::Change { target: ChangeTarget::Paper(0) });
    desk.act(Action::DeclareSheets { sheets: 1 });
    desk.scan_pages(2);
    let pages = ids(&desk);
    let effects = secret(&mut desk, pages[0]);
    assert_eq!((dropped(&effects), saved(&effects).unwrap().documents.len()), (pages, 2), "the paper accepted before is another");
    desk.act(Action::Dismiss);
    desk.act(Action::ScanPaper { paper: 0 });
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C08");
}

#[test]
fn another_paper_that_is_being_scanned_goes_on() {
    let mut desk = Desk::new();
    desk.reach_papers();
    desk.scan_paper(0);
    let marked = accepted(&mut desk, 0);
    desk.act(Action::ScanPaper { paper: 1 });
    desk.act(Action::DeclareSheets { sheets: 1 });
    let job = desk.start_scan();
    let effects = secret(&mut desk, marked[0]);
    assert!(matches!(effects.as_slice(), [Effect::SaveDraft(_), Effect::DropPages { .. }]), "{effects:?}");
    assert!(shows_the_secret(&desk));
    for _ in 0..2 {
        assert!(saved(&desk.page(job)).is_some());
    }
    desk.send(Event::ScanEnded { job, fault: None });
    desk.act(Action::Dismiss);
    assert_eq!((desk.code(), ids(&desk).len()), ("C11b", 2));
}

#[test]
fn a_mark_on_a_page_of_nobody_here_means_nothing() {
    for (name, mut desk) in every_screen() {
        let before = desk.seen();
        assert!(secret(&mut desk, number(7)).is_empty(), "{name}");
        assert_eq!(desk.seen(), before, "{name}");
    }
}

#[test]
fn a_paper_that_cannot_be_scanned_is_brought_to_the_desk() {
    for special in Special::ALL {
        let mut desk = Desk::new();
        desk.reach_papers();
        desk.act(Action::ScanPaper { paper: 0 });
        assert!(desk.act(Action::CannotScan).is_empty());
        assert!(matches!(desk.screen(), Screen::SpecialPaper { .. }));
        desk.act(Action::Back);
        assert_eq!(desk.code(), "C10", "thought better of it");
        desk.act(Action::CannotScan);
        let effects = desk.act(Action::BringToDesk { special });
        let [Effect::SaveDraft(draft)] = effects.as_slice() else { panic!("{effects:?}") };
        let document = &draft.documents[0];
        assert!(document.origin == Origin::AtDesk { special } && document.pages.is_empty() && !document.origin.is_scanned());
        assert_eq!((desk.code(), states(&desk)), ("C08", vec![PaperState::AtDesk, PaperState::ToScan, PaperState::ToScan]));

        desk.scan_paper(1);
        desk.act(Action::PapersDone);
        assert_eq!((desk.code(), row(&desk, 0)), ("C12", ("Mang đến quầy".to_owned(), true)), "it is not missing");
        let submission = desk.submit();
        assert_eq!(submission.documents[0].origin, Origin::AtDesk { special });
        let id = submission.id;
        let effects = desk.send(Event::Submitted { id, code: provisional() });
        let [Effect::KeepProof { .. }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
        let value = |label: &str| slip.rows.iter().find(|(of, _)| of.vi == label).map(|(_, value)| value.vi.as_str());
        assert_eq!(value("Mang đến quầy"), Some("Tờ khai đăng ký khai sinh"));
        assert_eq!(value("Giấy tờ đã nhận"), Some("1 giấy, 2 trang"));
    }
}

#[test]
fn what_is_special_is_said_in_a_few_plain_words() {
    let secret = Fault::SecretPaper.words();
    let mut texts: Vec<String> = Special::ALL.into_iter().flat_map(|special| [special.words().vi, special.words().en]).collect();
    texts.extend([secret.title.vi, secret.title.en, secret.advice.vi, secret.advice.en]);
    for text in texts {
        let longest = text.split('.').map(|sentence| sentence.split_whitespace().count()).max();
        assert!(longest <= Some(12), "{text}");
        for avoided in ["xác thực", "định danh", "thành phần hồ sơ", "hệ thống", "thao tác"] {
            assert!(!text.to_lowercase().contains(avoided), "{text}");
        }
    }
}

#[test]
fn a_slip_without_such_a_paper_says_nothing_of_the_desk() {
    let mut desk = Desk::new();
    let id = desk.reach_submitting().id;
    let effects = desk.send(Event::Submitted { id, code: provisional() });
    let [Effect::KeepProof { .. }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(slip.rows.iter().all(|(label, _)| label.vi != "Mang đến quầy"));
}

#[test]
fn a_paper_for_the_desk_can_be_scanned_after_all_and_the_other_way_round() {
    let mut desk = Desk::new();
    desk.reach_papers();
    desk.bring_to_desk(0);
    desk.scan_paper(0);
    assert_eq!(states(&desk)[0], PaperState::Scanned(2));
    let pages = accepted(&mut desk, 0);
    let effects = desk.bring_to_desk(0);
    assert_eq!((dropped(&effects), saved(&effects).unwrap().documents.len()), (pages, 1), "its pages go");
    assert_eq!(states(&desk)[0], PaperState::AtDesk);

    // Half-scanned: what is there goes too.
    desk.act(Action::ScanPaper { paper: 1 });
    desk.act(Action::DeclareSheets { sheets: 1 });
    desk.scan_pages(2);
    let pages = ids(&desk);
    desk.act(Action::Back);
    desk.act(Action::CannotScan);
    let effects = desk.act(Action::BringToDesk { special: Special::Fragile });
    let draft = saved(&effects).unwrap();
    assert!(dropped(&effects) == pages && draft.scanning.is_none());

    // An optional one that was left is given after all, and left again.
    desk.act(Action::LeavePaper { paper: 2 });
    let effects = desk.bring_to_desk(2);
    assert!(saved(&effects).unwrap().left.is_empty());
    desk.act(Action::LeavePaper { paper: 2 });
    assert_eq!(states(&desk), [PaperState::AtDesk, PaperState::AtDesk, PaperState::Left]);
}

#[test]
fn changed_from_the_review_it_leads_back_there() {
    let mut desk = Desk::new();
    desk.reach_review();
    let pages = accepted(&mut desk, 1);
    desk.act(Action::Change { target: ChangeTarget::Paper(1) });
    desk.act(Action::CannotScan);
    let effects = desk.act(Action::BringToDesk { special: Special::Surface });
    assert_eq!((desk.code(), dropped(&effects)), ("C12", pages));
    assert_eq!(row(&desk, 1).0, "Mang đến quầy");
}

#[test]
fn an_unfinished_filing_knows_the_paper_for_the_desk() {
    let draft = draft_of(|desk| {
        desk.reach_papers();
        desk.bring_to_desk(0);
    });
    let mut desk = Desk::new();
    desk.ids = 1_000;
    desk.reach_identify();
    desk.scan(CARD);
    let kept: Draft = serde_json::from_str(&serde_json::to_string(&draft).unwrap()).unwrap();
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(kept))));
    desk.act(Action::Resume { go_on: true });
    assert_eq!(states(&desk)[0], PaperState::AtDesk);
}
