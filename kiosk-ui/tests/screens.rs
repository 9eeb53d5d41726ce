//! The real Slint tree without a display: every screen, its words, its targets, its actions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests stand outside the test functions")]

#[path = "screens/address.rs"]
mod address;
#[path = "screens/courier.rs"]
mod courier;
#[path = "screens/feedback.rs"]
mod feedback;
#[path = "screens/reprint.rs"]
mod reprint;
mod stage;

use motcua_kiosk::{
    comfort::TextSize,
    face::{FromAgent, ToAgent},
    pictures::Detail,
    samples,
    ui::{Contrast, Kiosk},
};
use motcua_model::{
    Language, Private,
    api::{Action, ChangeTarget, Screen, Service, Snapshot},
    catalogue::NotScanned,
    dossier::Special,
    for_whom::ForWhom,
    handover::{Deviation, Direction},
    pages::PageFault,
};
use slint::{
    ComponentHandle as _, Model as _, Rgb8Pixel, SharedPixelBuffer,
    platform::{Key, PointerEventButton, WindowEvent},
};
use stage::{SIZES, Stage, check_targets, check_texts};
use std::time::Duration;

fn words_of_screen_code(snapshot: &Snapshot) -> String {
    let word = if snapshot.language == Language::En { "Screen code" } else { "Mã màn hình" };
    format!("{word}: {}", snapshot.screen.code())
}

#[test]
fn a_display_of_another_shape_than_was_said_holds_the_pages_of_its_own_shape() {
    let (said, display) = (Stage::new(SIZES[0]), Stage::new(SIZES[1]));
    let names: Vec<_> = samples::all(Language::Vi).into_iter().map(|s| s.name).collect();
    let pages = |stage: &Stage, name: &str| {
        stage.show_sample(name, Language::Vi);
        stage.pages()
    };
    let upright: Vec<i32> = names.iter().map(|name| pages(&said, name)).collect();
    said.face.app().window().set_size(slint::PhysicalSize::new(SIZES[1].0, SIZES[1].1));
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(50));
    let mut differ = 0;
    for (name, upright) in names.iter().zip(upright) {
        let now = pages(&said, name);
        assert_eq!(now, pages(&display, name), "{name}");
        differ += usize::from(now != upright);
    }
    assert!(differ > 0, "no list has other pages where the screen lies: this proves nothing");
}

/// X takes a scale from what the panel says of its size; a button has its millimetres all the same.
#[test]
fn a_display_with_a_scale_of_its_own_changes_no_size_on_the_glass() {
    let stage = Stage::new(SIZES[0]);
    stage.show_sample("waiting", Language::Vi);
    let largest = || stage.buttons().iter().map(|button| button.size().height).fold(0.0, f32::max);
    let before = largest();
    let window = stage.face.app().window();
    window.dispatch_event(WindowEvent::ScaleFactorChanged { scale_factor: 1.5 });
    window.dispatch_event(WindowEvent::Resized { size: slint::LogicalSize::new(SIZES[0].0 as f32 / 1.5, SIZES[0].1 as f32 / 1.5) });
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(50));
    assert!((largest() * 1.5 - before).abs() < 2.0, "{} pixels high, {before} before", largest() * 1.5);
}

#[test]
fn a_passport_is_typed_in_two_lines_and_a_wrong_line_stays_to_be_mended() {
    let stage = Stage::new(SIZES[0]);
    let shown = stage.show_sample("passport", Language::En);
    for key in ["P", "<", "U", "T", "O", "E", "<<<", "A"] {
        stage.tap(key);
    }
    stage.tap("Lower line");
    for key in "L898902C36UTO7408122F12041591".chars() {
        stage.tap(&key.to_string());
    }
    stage.tap("Done");
    let typed = || stage.actions().into_iter().rev().find_map(|(_, a)| if let Action::TypeZone { zone } = a { Some(zone) } else { None });
    assert_eq!(typed().unwrap().reveal(), "P<UTOE<<<A\nL898902C36UTO7408122F12041591");
    let wrong = samples::all(Language::En).into_iter().find(|s| s.name == "passport-wrong").unwrap().snapshot;
    stage.show(Snapshot { step: shown.step + 1, ..wrong });
    let labels = stage.labels();
    assert!(labels.iter().any(|l| l == "P<UTOE<<<A"), "{labels:?}");
    assert!(labels.iter().any(|l| l.contains("date of birth")), "{labels:?}");
}

/// ux.md 7.6: the middle of a number is for the person's own eyes, and not for long.
#[test]
fn a_number_is_seen_whole_only_while_it_is_asked_for() {
    let stage = Stage::new(SIZES[0]);
    stage.show_sample("review", Language::Vi);
    let shows = |text: &str| stage.labels().iter().any(|label| label == text);
    let (masked, whole) = ("099••••••012", "099058000012");
    assert!(shows(masked) && !shows(whole));
    stage.tap("Xem đủ: Số căn cước");
    assert!(shows(whole) && !shows(masked));
    assert!(shows("090••••456"), "the other number stays as it was");
    i_slint_backend_testing::mock_elapsed_time(Duration::from_secs(6));
    assert!(shows(masked) && !shows(whole), "{:?}", stage.labels());
    // A finger that stays sees it as long as it stays.
    let eye = stage.buttons().into_iter().find(|button| button.accessible_label().as_deref() == Some("Xem đủ: Số căn cước")).unwrap();
    let (at, size) = (eye.absolute_position(), eye.size());
    let (position, button) = (slint::LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0), PointerEventButton::Left);
    stage.face.app().window().dispatch_event(WindowEvent::PointerPressed { position, button });
    i_slint_backend_testing::mock_elapsed_time(Duration::from_secs(6));
    assert!(shows(whole), "{:?}", stage.labels());
    stage.face.app().window().dispatch_event(WindowEvent::PointerReleased { position, button });
    i_slint_backend_testing::mock_elapsed_time(Duration::from_secs(6));
    assert!(shows(masked) && !shows(whole), "{:?}", stage.labels());
    stage.wait(Duration::from_millis(300));
    stage.tap("Xem đủ: Số căn cước");
    stage.tap("Trang sau");
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(50));
    assert!(shows("Tại trung tâm"), "what comes into its place is no number: {:?}", stage.labels());
    stage.tap("Trang trước");
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(50));
    assert!(!shows(whole), "coming back shows it covered");
    stage.tap("Xem đủ: Số căn cước");
    stage.show_sample("waiting", Language::Vi);
    stage.show_sample("review", Language::Vi);
    assert!(!shows(whole), "another picture begins covered");
}

#[test]
fn every_screen_has_its_code_and_the_way_to_help() {
    for size in SIZES {
        let stage = Stage::new(size);
        for language in [Language::Vi, Language::En] {
            for sample in samples::all(language) {
                let wanted = words_of_screen_code(&sample.snapshot);
                let office = sample.snapshot.office.get(language).to_owned();
                stage.show(sample.snapshot);
                let labels = stage.labels();
                let place = format!("{} {size:?} {language:?}", sample.name);
                for word in [wanted.as_str(), office.as_str(), if language == Language::En { "Help" } else { "Cần giúp" }] {
                    assert!(labels.iter().any(|l| l == word), "{place}: '{word}' is not shown");
                }
            }
        }
    }
}

#[test]
fn buttons_send_the_action_of_the_step_that_was_seen() {
    let cases: Vec<(&str, &str, Action)> = vec![
        ("waiting", "Nộp hồ sơ", Action::Start { service: Service::File }),
        ("waiting", "Tra cứu hồ sơ", Action::Start { service: Service::LookUp }),
        ("waiting", "Góp ý, phản ánh", Action::Start { service: Service::Opinion }),
        ("waiting", "Bưu tá lấy, giao bưu gửi", Action::Start { service: Service::Courier }),
        ("waiting", "English", Action::SetLanguage { language: Language::En }),
        ("notice", "Đồng ý", Action::Agree),
        ("notice", "Quay lại", Action::Back),
        ("notice", "Cần giúp", Action::Help),
        ("notice", "Kết thúc", Action::End),
        ("details", "Tôi có đủ giấy", Action::HavePapers),
        ("chip", "Bỏ qua, tiếp tục", Action::SkipChip),
        ("chip-other", "Đọc lại", Action::ReadChip),
        ("chip-unreadable", "Bỏ qua, tiếp tục", Action::SkipChip),
        ("chip-unreadable", "Đọc lại", Action::ReadChip),
        ("person", "Đúng", Action::ConfirmPerson { correct: true }),
        ("person", "Không đúng", Action::ConfirmPerson { correct: false }),
        ("for-whom", "Cho tôi", Action::FileFor { whom: ForWhom::Myself }),
        ("for-whom-again", "Cho người đã ủy quyền cho tôi", Action::FileFor { whom: ForWhom::Authorised }),
        ("resume", "Làm tiếp", Action::Resume { go_on: true }),
        ("resume", "Bỏ, làm mới", Action::Resume { go_on: false }),
        ("ask-choice", "Bưu điện gửi về nhà", Action::Answer { value: Private::new("post") }),
        ("ask-text", "Bỏ qua câu này", Action::Answer { value: Private::new("") }),
        ("ask-number", "Xong", Action::Answer { value: Private::new("3") }),
        ("papers", "Quét: Tờ khai đăng ký khai sinh theo mẫu", Action::ScanPaper { paper: 3 }),
        ("papers", "Không có: Giấy chứng nhận kết hôn của cha mẹ", Action::LeavePaper { paper: 1 }),
        ("papers", "Tiếp tục", Action::PapersDone),
        ("count", "7 tờ", Action::DeclareSheets { sheets: 7 }),
        ("count", "Giấy này không quét được", Action::CannotScan),
        ("papers-pdf", "Đổi: Giấy chứng sinh", Action::ScanPaper { paper: 0 }),
        ("count-pdf", "Tôi có tệp PDF", Action::HavePdf),
        ("pdf", "scan0001.pdf", Action::TakePdf { file: uuid::Uuid::from_u128(1) }),
        ("papers-stored", "Xem: Giấy chứng nhận kết hôn của cha mẹ", Action::ScanPaper { paper: 1 }),
        ("papers-stored", "Đổi: Giấy chứng sinh", Action::ScanPaper { paper: 0 }),
        ("stored", "Đúng, đồng ý dùng bản này", Action::UseStored),
        ("stored", "Không đúng, tôi nộp giấy", Action::DisputeStored),
        ("own", "Đăng ký khai sinh", Action::ShowDossier { dossier: 1 }),
        ("own-unpaid", "Trả phí", Action::Pay),
        ("look-up-result-reprint", "In lại phiếu", Action::ReprintSlip),
        ("reprint-printed", "Đã lấy phiếu", Action::SlipTaken),
        ("special", "Đóng quyển, không tháo được", Action::BringToDesk { special: Special::Bound }),
        ("special", "Băng, đĩa hoặc hiện vật", Action::BringToDesk { special: Special::NotPaper }),
        ("papers-not-scanned", "Quét: Tờ khai đăng ký kết hôn", Action::ScanPaper { paper: 0 }),
        ("scan", "Bắt đầu quét", Action::StartScan),
        ("scanning", "Dừng quét", Action::CancelScan),
        ("check", "Đủ và rõ", Action::AcceptPages),
        ("check", "Quét lại từ đầu", Action::ScanAgain),
        ("check", "Quét thêm tờ", Action::ScanMore),
        ("review", "Đổi: Ngày sinh của trẻ", Action::Change { target: ChangeTarget::Question(1) }),
        ("review", "Gửi hồ sơ", Action::Submit),
        ("slip", "Đã lấy phiếu", Action::SlipTaken),
        ("slip-no-paper", "Đã chụp mã", Action::SlipTaken),
        ("parcels", "Đã đủ, ký nhận", Action::CloseHandover),
        ("parcels-doubt", "Đúng như nhãn", Action::ConfirmParcel { keep: true }),
        ("parcels-doubt", "Không đúng, bỏ", Action::ConfirmParcel { keep: false }),
        ("courier-today", "Lấy đi (9)", Action::ChooseDirection { direction: Direction::Fetch }),
        ("courier-today", "Giao đến (2)", Action::ChooseDirection { direction: Direction::Deliver }),
        ("parcels-announced", "Đóng lượt, còn thiếu 2", Action::CloseHandover),
        ("parcels-stranger", "Để ra ngoài, không nhận", Action::ConfirmParcel { keep: false }),
        ("parcels-other-way", "Vẫn bàn giao, ghi vào biên bản", Action::ConfirmParcel { keep: true }),
        ("parcel-missing", "Hỏng niêm phong", Action::GiveDeviation { deviation: Deviation::SealBroken, rest: false }),
        ("parcel-missing", "Tất cả còn lại đều thiếu", Action::GiveDeviation { deviation: Deviation::Missing, rest: true }),
        ("handover-end", "Không, làm tiếp", Action::Dismiss),
        ("handover-end", "Kết thúc, giữ lượt dở", Action::End),
        ("still-there", "Tôi cần thêm thời gian", Action::MoreTime),
        ("still-there", "Kết thúc ngay", Action::End),
        ("fault-jam", "Thử lại", Action::Retry),
        ("fault-jam", "Đóng", Action::Dismiss),
        ("help", "Đóng", Action::Dismiss),
        ("confirm-end", "Không, làm tiếp", Action::Dismiss),
        ("confirm-end", "Kết thúc và xoá", Action::End),
    ];
    for size in SIZES {
        let stage = Stage::new(size);
        for (at, (name, label, action)) in cases.iter().enumerate() {
            let step = 100 + u64::try_from(at).unwrap();
            let mut snapshot = samples::all(Language::Vi).into_iter().find(|s| s.name == *name).unwrap().snapshot;
            snapshot.step = step;
            stage.show(snapshot);
            stage.sent.borrow_mut().clear();
            stage.tap(label);
            assert_eq!(stage.actions(), [(step, action.clone())], "{name}: {label} {size:?}");
        }
    }
}

#[test]
fn every_fault_of_a_page_has_room_under_it_and_one_tap_scans_the_page_again() {
    for size in SIZES {
        let stage = Stage::new(size);
        for language in [Language::Vi, Language::En] {
            for (at, faults) in PageFault::ALL.chunks(6).enumerate() {
                let mut snapshot = samples::all(language).into_iter().find(|s| s.name == "check-faults").unwrap().snapshot;
                snapshot.step = 300 + u64::try_from(at).unwrap();
                let Screen::PageCheck { pages, .. } = &mut snapshot.screen else { panic!() };
                pages.iter_mut().zip(faults).for_each(|(page, fault)| page.fault = Some(*fault));
                let (step, third) = (snapshot.step, pages[2].id);
                stage.show(snapshot);
                let place = format!("{faults:?} {size:?} {language:?}");
                let labels = stage.labels();
                assert!(faults.iter().all(|fault| labels.contains(&fault.words().get(language).to_owned())), "{place}");
                check_targets(&stage.buttons(), size, false, &place);
                check_texts(&stage, size, false, &place);
                stage.sent.borrow_mut().clear();
                stage.tap(if language == Language::En { "Scan page 3 again" } else { "Quét lại trang 3" });
                assert_eq!(stage.actions(), [(step, Action::RescanPage { page: third })], "{place}");
            }
        }
    }
}

/// The pictures that were asked for since the last look.
fn fetched(stage: &Stage) -> Vec<(uuid::Uuid, Detail, u32)> {
    let sent = stage.sent.borrow_mut().split_off(0);
    sent.into_iter().filter_map(|wish| if let ToAgent::Page(id, detail, width) = wish { Some((id, detail, width)) } else { None }).collect()
}

#[test]
fn pages_are_fetched_small_and_in_the_width_of_the_screen_only_while_they_are_seen_large() {
    let stage = Stage::new(SIZES[0]);
    let shown = stage.show_sample("check", Language::Vi);
    let Screen::PageCheck { pages, .. } = &shown.screen else { panic!() };
    let small: Vec<_> = pages.iter().map(|page| (page.id, Detail::Small, 405)).collect();
    assert_eq!(fetched(&stage), small);
    let second = pages[1].id;
    let width = |width: u32| SharedPixelBuffer::<Rgb8Pixel>::new(width, width);
    let shown_width = || stage.face.app().global::<Kiosk>().get_zoom().picture.size().width;
    stage.face.receive(FromAgent::Page(second, Detail::Small, width(405)));
    for _ in 0..2 {
        stage.tap("Trang 2");
        assert_eq!(fetched(&stage), [(second, Detail::Large, 1080)], "each time anew: it was not kept");
        assert_eq!(shown_width(), 405, "the small one meanwhile");
        stage.face.receive(FromAgent::Page(second, Detail::Large, width(1080)));
        assert_eq!(shown_width(), 1080);
        stage.show(shown.clone());
        assert_eq!((fetched(&stage), shown_width()), (Vec::new(), 1080), "the same screen again asks for nothing");
        stage.tap("Đóng trang 2");
        // It comes late.
        stage.face.receive(FromAgent::Page(second, Detail::Large, width(1080)));
    }
    assert!(fetched(&stage).is_empty());
    stage.tap("Trang 2");
    assert_eq!(shown_width(), 405, "what came late was not kept");
}

#[test]
fn a_page_seen_large_can_be_scanned_again_too() {
    let stage = Stage::new(SIZES[0]);
    let shown = stage.show_sample("check", Language::Vi);
    stage.tap("Trang 2");
    stage.sent.borrow_mut().clear();
    stage.tap("Quét lại trang 2");
    let Screen::PageCheck { pages, .. } = shown.screen else { panic!() };
    assert!(stage.actions().iter().any(|(_, action)| *action == Action::RescanPage { page: pages[1].id }), "{:?}", stage.actions());
}

#[test]
fn a_page_seen_large_can_be_scanned_without_its_note() {
    for size in SIZES {
        let stage = Stage::new(size);
        let shown = stage.show_sample("check-note", Language::Vi);
        let Screen::PageCheck { pages, .. } = shown.screen else { panic!() };
        assert!(stage.labels().iter().any(|label| label == "Trang 2, đã bóc giấy dán"), "{:?}", stage.labels());
        stage.tap("Trang 1");
        stage.sent.borrow_mut().clear();
        stage.tap("Trang này có giấy dán");
        assert!(stage.actions().contains(&(shown.step, Action::ScanWithoutNote { page: pages[0].id })), "{:?}", stage.actions());
        stage.tap("Đóng trang 1");
        stage.tap("Trang 2, đã bóc giấy dán");
        assert!(!stage.labels().iter().any(|label| label == "Trang này có giấy dán"), "this one has none any more");
        stage.show_sample("scan-without-note", Language::Vi);
        assert!(stage.labels().iter().any(|label| label.starts_with("Bóc giấy dán ra")));
    }
}

#[test]
fn a_paper_that_must_not_be_scanned_says_why_and_has_no_button() {
    for size in SIZES {
        let stage = Stage::new(size);
        for language in [Language::Vi, Language::En] {
            let shown = stage.show_sample("papers-not-scanned", language);
            let Screen::Papers { papers } = shown.screen else { panic!() };
            let (labels, scan) = (stage.labels(), if language == Language::En { "Scan: " } else { "Quét: " });
            let desk = if language == Language::En { "Bring to the desk" } else { "Mang đến quầy" };
            assert!(labels.iter().any(|label| label == desk), "it is said, and can be scanned after all");
            for reason in NotScanned::ALL {
                assert!(labels.iter().any(|label| label == reason.words().get(language)), "{labels:?}");
            }
            let buttons: Vec<String> = labels.into_iter().filter(|label| label.starts_with(scan)).collect();
            assert!(
                !buttons.is_empty() && buttons.iter().all(|label| *label == format!("{scan}{}", papers[0].name.get(language))),
                "{buttons:?}"
            );
        }
    }
}

#[test]
fn a_tile_that_cannot_be_started_says_why_and_sends_nothing() {
    let stage = Stage::new(SIZES[0]);
    stage.show_sample("devices-lost", Language::Vi);
    stage.tap("Nộp hồ sơ");
    assert!(stage.actions().iter().all(|(_, a)| *a == Action::Touch), "{:?}", stage.actions());
    let described = stage.buttons().iter().any(|b| b.accessible_description().is_some_and(|d| d.contains("Máy in hết giấy")));
    assert!(described);
}

#[test]
fn a_vietnamese_name_typed_with_the_keys_is_sent_letter_for_letter() {
    for size in SIZES {
        let stage = Stage::new(size);
        let mut snapshot = stage.show_sample("ask-name", Language::Vi);
        if let Screen::Question { answer, .. } = &mut snapshot.screen {
            *answer = Private::new("");
        }
        snapshot.step = 9;
        stage.show(snapshot);
        for key in ["N", "g", "u", "y", "ê", "n", "Nguyễn", "Dấu cách", "T", "h", "i", "Thị", "Dấu cách", "M", "â", "u", "Mẫu"]
        {
            stage.tap(key);
        }
        stage.tap("Xong");
        let sent = stage.actions();
        let Some((9, Action::Answer { value })) = sent.last() else { panic!("{sent:?}") };
        assert_eq!(value.reveal(), "Nguyễn Thị Mẫu");
    }
}

/// Whether the screen says that the machine has read the answer.
fn told_as_read(stage: &Stage) -> bool {
    stage.labels().iter().any(|label| label.starts_with("Máy đọc trên giấy: Tờ khai đăng ký khai sinh"))
}

#[test]
fn an_answer_read_on_a_paper_says_so_until_something_else_is_typed() {
    for size in SIZES {
        let stage = Stage::new(size);
        let shown = stage.show_sample("ask-name-read", Language::Vi);
        assert!(told_as_read(&stage), "{:?}", stage.labels());
        stage.tap("Xong");
        assert!(stage.actions().contains(&(shown.step, Action::Answer { value: Private::new("Trần Nguyễn Minh Thử") })));
        stage.tap("Xoá một chữ");
        assert!(!told_as_read(&stage), "these are the person's own words now");
        stage.show_sample("ask-name", Language::Vi);
        assert!(!told_as_read(&stage));
        stage.show_sample("ask-choice-read", Language::Vi);
        assert!(told_as_read(&stage));
    }
}

#[test]
fn an_answer_that_is_read_while_the_question_stands_is_filled_in_only_where_nothing_is_typed() {
    let stage = Stage::new(SIZES[0]);
    let read = samples::all(Language::Vi).into_iter().find(|sample| sample.name == "ask-name-read").unwrap().snapshot;
    let mut before = read.clone();
    if let Screen::Question { answer, read_from, .. } = &mut before.screen {
        (*answer, *read_from) = (Private::new(""), None);
    }
    let said = |stage: &Stage| {
        stage.sent.borrow_mut().clear();
        stage.tap("Xong");
        let sent = stage.actions().into_iter().rev();
        let answers =
            sent.filter_map(|(_, action)| if let Action::Answer { value } = action { Some(value.reveal().to_owned()) } else { None });
        answers.take(1).collect::<String>()
    };
    stage.show(before.clone());
    stage.show(read.clone());
    assert!(told_as_read(&stage));
    assert_eq!(said(&stage), "Trần Nguyễn Minh Thử");

    stage.show(Snapshot { step: read.step + 1, ..before });
    ["A", "n", "h"].iter().for_each(|key| stage.tap(key));
    stage.show(Snapshot { step: read.step + 1, ..read });
    assert!(!told_as_read(&stage));
    assert_eq!(said(&stage), "Anh", "what is typed is not taken away");
}

#[test]
fn a_date_and_a_code_are_typed_too() {
    let stage = Stage::new(SIZES[0]);
    let mut snapshot = stage.show_sample("ask-date", Language::En);
    if let Screen::Question { answer, .. } = &mut snapshot.screen {
        *answer = Private::new("");
    }
    snapshot.step = 2;
    stage.show(snapshot);
    for key in ["5", "9", "2", "0", "2", "6", "Done"] {
        stage.tap(key);
    }
    assert!(stage.actions().contains(&(2, Action::Answer { value: Private::new("05/09/2026") })), "{:?}", stage.actions().len());

    let mut snapshot = stage.show_sample("look-up", Language::En);
    snapshot.step = 3;
    stage.show(snapshot);
    for key in ["T", "-", "K", "0", "1", "Done"] {
        stage.tap(key);
    }
    assert!(stage.actions().contains(&(3, Action::LookUp { code: "T-K01".to_owned() })));
}

#[test]
fn procedures_are_found_by_life_event_by_page_and_by_search_without_diacritics() {
    let stage = Stage::new(SIZES[0]);
    stage.show_sample("procedures", Language::Vi);
    stage.tap("Trang sau");
    stage.tap("Người thân qua đời");
    stage.tap("Đăng ký khai tử");
    assert!(stage.actions().contains(&(1, Action::ChooseProcedure { code: "1.000656".to_owned() })));
    stage.sent.borrow_mut().clear();
    stage.tap("Quay lại");
    assert!(stage.actions().iter().all(|(_, a)| *a == Action::Touch), "back inside the list is no action");
    stage.tap("Tìm theo tên");
    for key in ["k", "e", "t", "Dấu cách", "h", "o"] {
        stage.tap(key);
    }
    stage.tap("Đăng ký kết hôn");
    assert!(stage.actions().contains(&(1, Action::ChooseProcedure { code: "1.000894".to_owned() })));
}

#[test]
fn the_search_fits_the_screen_both_ways_up() {
    for size in SIZES {
        let stage = Stage::new(size);
        stage.show_sample("procedures", Language::Vi);
        stage.tap("Tìm theo tên");
        for key in ["d", "a", "n", "g"] {
            stage.tap(key);
        }
        assert!(stage.labels().iter().any(|l| l == "Đăng ký khai sinh"));
        check_targets(&stage.buttons(), size, false, "search");
        check_texts(&stage, size, false, "search");
    }
}

#[test]
fn a_trembling_finger_sends_once_and_a_present_person_is_announced_now_and_then() {
    let stage = Stage::new(SIZES[0]);
    stage.show_sample("notice", Language::Vi);
    let agree = stage.buttons().into_iter().find(|b| b.accessible_label().as_deref() == Some("Đồng ý")).unwrap();
    agree.mock_single_click(PointerEventButton::Left);
    stage.wait(Duration::from_millis(120));
    agree.mock_single_click(PointerEventButton::Left);
    assert_eq!(stage.actions().len(), 1);

    stage.show_sample("ask-phone", Language::Vi);
    stage.sent.borrow_mut().clear();
    stage.wait(Duration::from_secs(6));
    for digit in ["1", "2", "3", "4", "5"] {
        stage.tap(digit);
        stage.wait(Duration::from_secs(1));
    }
    let touches = stage.actions().iter().filter(|(_, a)| *a == Action::Touch).count();
    assert_eq!(touches, 2, "five touches in seven seconds");
}

#[test]
fn nothing_of_the_person_stays_after_the_end() {
    let private = ["Nguyễn Thị Mẫu", "Trần Nguyễn Minh Thử", "099•••••0012", "Tổ 3", "05/09", "0900", "TAM-K001", "Trần Văn Thử"];
    let ends: [fn(&Stage); 2] = [|s| drop(s.show_sample("waiting", Language::Vi)), |s| s.face.receive(FromAgent::Lost)];
    for end in ends {
        let stage = Stage::new(SIZES[0]);
        for sample in samples::all(Language::Vi) {
            stage.show(sample.snapshot);
        }
        for name in ["person", "ask-name", "ask-phone", "review", "slip", "check"] {
            let shown = stage.show_sample(name, Language::Vi);
            assert!(stage.labels().iter().any(|l| l.contains(shown.screen.code())));
        }
        end(&stage);
        let left: Vec<_> = stage.labels().into_iter().filter(|l| private.iter().any(|p| l.contains(p))).collect();
        assert!(left.is_empty(), "{left:?}");
        let kiosk = stage.face.app().global::<Kiosk>();
        let held = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {}",
            kiosk.get_person(),
            kiosk.get_question(),
            kiosk.get_slip().code,
            kiosk.get_look_up(),
            kiosk.get_resume(),
            kiosk.get_input(),
            kiosk.get_procedure(),
        );
        assert!(private.iter().all(|p| !held.contains(p)), "{held}");
        assert_eq!(
            kiosk.get_rows().row_count() + kiosk.get_pages().row_count() + kiosk.get_papers().row_count() + kiosk.get_parcels().row_count(),
            0
        );
        assert_eq!(kiosk.get_slip().qr.size(), slint::Image::default().size());
        assert_eq!(kiosk.get_input().text, "");
    }
}

#[test]
fn the_whole_screen_can_be_worked_by_keys() {
    let mut actions = Vec::new();
    let mut looks = Vec::new();
    for tabs in 1..=12 {
        let stage = Stage::new(SIZES[0]);
        stage.show_sample("notice", Language::Vi);
        let press = |key: Key| {
            let window = stage.face.app().window();
            window.dispatch_event(WindowEvent::KeyPressed { text: key.into() });
            window.dispatch_event(WindowEvent::KeyReleased { text: key.into() });
            stage.wait(Duration::from_millis(300));
        };
        (0..tabs).for_each(|_| press(Key::Tab));
        press(Key::Return);
        actions.extend(stage.actions().into_iter().map(|(_, action)| action));
        let chosen = stage.face.comfort();
        looks.push((chosen.size, chosen.contrast, chosen.covered));
    }
    for action in [Action::SetLanguage { language: Language::En }, Action::Agree, Action::Back, Action::Help, Action::End] {
        assert!(actions.contains(&action), "{action:?} is not reached by Tab and Enter: {actions:?}");
    }
    for (size, contrast, covered) in [
        (TextSize::Large, Contrast::Usual, false),
        (TextSize::Normal, Contrast::BlackOnWhite, false),
        (TextSize::Normal, Contrast::Usual, true),
    ] {
        assert!(looks.contains(&(size, contrast, covered)), "{size:?} {contrast:?} {covered} is not reached: {looks:?}");
    }
}

#[test]
fn the_agent_gone_shows_a_calm_screen_and_its_return_the_same_step() {
    let stage = Stage::new(SIZES[0]);
    let before = stage.show_sample("person", Language::Vi);
    stage.face.receive(FromAgent::Lost);
    assert!(stage.labels().iter().any(|l| l == "Restarting…"));
    stage.show(before);
    assert!(stage.labels().iter().any(|l| l == "Nguyễn Thị Mẫu"));
    assert!(!stage.labels().iter().any(|l| l == "Restarting…"));
}
