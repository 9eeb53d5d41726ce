//! C20e: four digits, sent once, and typed anew after every word on them.

use crate::stage::{SIZES, Stage};
use motcua_kiosk::{samples, ui::Kiosk};
use motcua_model::{
    Language, Private,
    api::{Action, Snapshot},
};
use slint::ComponentHandle as _;

#[test]
fn four_digits_are_sent_once_and_the_next_try_begins_anew() {
    let stage = Stage::new(SIZES[0]);
    let shown = stage.show_sample("reprint", Language::Vi);
    let input = || stage.face.app().global::<Kiosk>().get_input();
    for digit in ["0", "4", "5"] {
        stage.tap(digit);
    }
    assert!(!input().complete, "three are too few");
    for digit in ["6", "7"] {
        stage.tap(digit);
    }
    assert_eq!((input().text.as_str(), input().complete), ("0456", true), "a fifth is not taken");
    stage.sent.borrow_mut().clear();
    stage.tap("Xong");
    assert_eq!(stage.actions(), [(shown.step, Action::EnterDigits { digits: Private::new("0456") })]);
    let wrong = samples::all(Language::Vi).into_iter().find(|s| s.name == "reprint-wrong").unwrap().snapshot;
    stage.show(Snapshot { step: shown.step + 1, ..wrong });
    assert!(input().empty);
    assert!(stage.labels().iter().any(|label| label == "Chưa đúng 4 số cuối. Còn 2 lần."), "{:?}", stage.labels());
    let locked = samples::all(Language::Vi).into_iter().find(|s| s.name == "reprint-locked").unwrap().snapshot;
    stage.show(Snapshot { step: shown.step + 2, ..locked });
    assert!(stage.labels().iter().any(|label| label == "Hỏi cán bộ ở quầy") && !stage.labels().iter().any(|label| label == "Xong"));
}
