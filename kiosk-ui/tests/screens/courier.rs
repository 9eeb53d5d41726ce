//! The courier's pages: a PIN is never shown, what is missing is seen at once.

use crate::stage::{SIZES, Stage};
use motcua_kiosk::{samples, ui::Kiosk};
use motcua_model::{
    Language, Private,
    api::{Action, Snapshot},
};
use slint::{ComponentHandle as _, Model as _};

#[test]
fn a_pin_is_shown_as_points_sent_once_and_gone() {
    let stage = Stage::new(SIZES[0]);
    let shown = stage.show_sample("courier-pin", Language::Vi);
    let input = || stage.face.app().global::<Kiosk>().get_input();
    for digit in ["2", "4", "6"] {
        stage.tap(digit);
    }
    assert!(!input().complete, "too short for a PIN");
    stage.tap("8");
    assert_eq!(input().text, "••••");
    assert!(!stage.labels().iter().any(|label| label.contains("2468")));
    stage.sent.borrow_mut().clear();
    stage.tap("Xong");
    assert_eq!(stage.actions(), [(shown.step, Action::EnterPin { pin: Private::new("2468") })]);
    let wrong = samples::all(Language::Vi).into_iter().find(|s| s.name == "courier-pin-wrong").unwrap().snapshot;
    stage.show(Snapshot { step: shown.step + 1, ..wrong });
    assert!(input().empty, "the next try begins anew");
}

#[test]
fn what_is_missing_stands_right_behind_the_newest_parcel() {
    let stage = Stage::new(SIZES[0]);
    stage.show_sample("parcels-announced", Language::Vi);
    let kiosk = stage.face.app().global::<Kiosk>();
    let rows: Vec<(bool, String)> = kiosk.get_parcels().iter().map(|row| (row.missing, row.code.to_string())).collect();
    assert_eq!(kiosk.get_parcel_list().counter, "7/9");
    assert_eq!(rows[..3], [(false, "EA123456787VN".into()), (true, "EA123456788VN".into()), (true, "EA123456789VN".into())]);
}
