//! Opinions, ratings and numbers of the queue at the screen: touches, typed words, and what is left of them.

use crate::stage::{SIZES, Stage};
use motcua_kiosk::{samples, ui::Kiosk};
use motcua_model::{
    Language, Private, Text,
    api::{Action, OpinionPage, Screen, Service, Snapshot},
    rating::{Reason, Score},
};
use slint::{ComponentHandle as _, Model as _};

fn sample(name: &str) -> Snapshot {
    samples::all(Language::Vi).into_iter().find(|sample| sample.name == name).unwrap().snapshot
}

#[test]
fn a_telephone_number_stands_masked_on_the_check_of_an_opinion() {
    let stage = Stage::new(SIZES[0]);
    stage.show_sample("opinion-check", Language::Vi);
    let words = stage.labels().join("\n");
    assert!(words.contains("090••••789") && !words.replace(' ', "").contains("0900000789"), "{words}");
}

#[test]
fn touches_on_opinions_ratings_and_numbers_send_their_actions() {
    let cases = [
        ("opinion", "Thời gian chờ", Action::ChooseTopic { topic: 2 }),
        ("opinion-phone", "Không cần trả lời", Action::LeaveContact { phone: None }),
        ("opinion-check", "Gửi góp ý", Action::Submit),
        ("opinion-given", "Đã lấy phiếu", Action::End),
        ("opinion-given-no-printer", "Đã chụp mã", Action::End),
        ("waiting-queue", "Lấy số", Action::Start { service: Service::Queue }),
        ("queue", "Việc khác", Action::ChooseGroup { group: 5 }),
        ("queue-priority", "Không thuộc diện nào", Action::ChoosePriority { priority: None }),
        ("queue-priority", "Từ 75 tuổi trở lên", Action::ChoosePriority { priority: Some(0) }),
        ("queue-priority", "Người có công với cách mạng", Action::ChoosePriority { priority: Some(4) }),
        ("queue-taken", "Đã lấy phiếu", Action::End),
        ("queue-taken-no-paper", "Đã nhớ số", Action::End),
        ("done", "Đánh giá lần nộp này", Action::Rate),
        ("look-up-ended", "Đánh giá việc giải quyết", Action::Rate),
        ("satisfaction", "Rất không hài lòng", Action::GiveScore { score: Score::VeryBad }),
        ("satisfaction", "Rất hài lòng", Action::GiveScore { score: Score::VeryGood }),
        ("satisfaction", "Bỏ qua", Action::Back),
        ("satisfaction-reasons", "Thời gian", Action::TurnReason { reason: Reason::Time }),
        ("satisfaction-reasons", "Gửi đánh giá", Action::Submit),
        ("quality", "Bình thường", Action::GiveScore { score: Score::Fair }),
        ("quality-second", "Câu tiếp theo", Action::Submit),
        ("quality-last", "Gửi đánh giá", Action::Submit),
    ];
    for size in SIZES {
        let stage = Stage::new(size);
        for (step, (name, label, action)) in (700..).zip(&cases) {
            stage.show(Snapshot { step, ..sample(name) });
            stage.sent.borrow_mut().clear();
            stage.tap(label);
            assert_eq!(stage.actions(), [(step, action.clone())], "{name}: {label} {size:?}");
        }
    }
}

#[test]
fn while_the_disk_works_and_before_a_face_is_chosen_nothing_is_sent() {
    let stage = Stage::new(SIZES[0]);
    for (step, (name, label)) in (800..).zip([
        ("opinion-storing", "Đang lưu…"),
        ("queue-storing", "Người khuyết tật"),
        ("satisfaction", "Gửi đánh giá"),
        ("satisfaction-storing", "Bỏ qua"),
        ("quality", "Câu tiếp theo"),
        ("quality-storing", "Hài lòng"),
    ]) {
        stage.show(Snapshot { step, ..sample(name) });
        stage.sent.borrow_mut().clear();
        stage.tap(label);
        assert!(stage.actions().iter().all(|(_, action)| *action == Action::Touch), "{name}: {:?}", stage.actions());
    }
}

#[test]
fn an_opinion_is_typed_and_stays_when_it_is_refused() {
    for size in SIZES {
        let stage = Stage::new(size);
        let empty = |error| {
            let page = OpinionPage::Text { topic: Text::new("Máy này", "This machine"), text: Private::new(""), error };
            samples::snapshot(Screen::Opinion { page }, Language::Vi)
        };
        stage.show(Snapshot { step: 5, ..empty(None) });
        for key in ["C", "h", "ơ", "Chờ", "Dấu cách", "l", "â", "u"] {
            stage.tap(key);
        }
        stage.tap("Xong");
        assert!(stage.actions().contains(&(5, Action::WriteOpinion { text: Private::new("Chờ lâu") })), "{:?}", stage.actions().len());
        stage.show(Snapshot { step: 6, ..empty(Some(Text::new("Viết vài chữ.", "Write a few words."))) });
        let labels = stage.labels();
        assert!(labels.iter().any(|label| label == "Chờ lâu") && labels.iter().any(|label| label.contains("Viết vài chữ.")), "{labels:?}");

        stage.show(Snapshot { step: 7, ..sample("opinion-phone") });
        for digit in "0900000789".chars() {
            stage.tap(&digit.to_string());
        }
        stage.tap("Xong");
        assert!(stage.actions().contains(&(7, Action::LeaveContact { phone: Some(Private::new("0900000789")) })));
    }
}

#[test]
fn no_word_of_an_opinion_stays_on_the_screen() {
    let stage = Stage::new(SIZES[0]);
    for name in ["opinion-text", "opinion-check", "opinion-given", "satisfaction-reasons", "quality-second", "queue-taken-no-paper"] {
        stage.show(sample(name));
    }
    stage.show(sample("waiting"));
    let kiosk = stage.face.app().global::<Kiosk>();
    let held = format!("{:?} {:?} {:?} {:?}", kiosk.get_opinion(), kiosk.get_rating(), kiosk.get_queue(), kiosk.get_input());
    for word in ["Ghế", "0900", "PAKN-", "H99.99", "A1012"] {
        assert!(!held.contains(word), "{held}");
    }
    assert_eq!(kiosk.get_faces().row_count(), 0);
}
