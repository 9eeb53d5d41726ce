//! The picker of an address: by touch, by old names, there and back, and what goes to the agent in the end.

use crate::stage::{SIZES, Stage, check_targets};
use motcua_kiosk::{
    comfort::TextSize,
    samples,
    ui::{Contrast, Kiosk},
};
use motcua_model::{
    Language, Text,
    api::{Action, Screen, Snapshot},
};
use slint::ComponentHandle as _;

fn sample(name: &str) -> Snapshot {
    samples::all(Language::Vi).into_iter().find(|sample| sample.name == name).unwrap().snapshot
}

fn type_in(stage: &Stage, letters: &str) {
    for letter in letters.chars() {
        stage.tap(&if letter == ' ' { "Dấu cách".to_owned() } else { letter.to_string() });
    }
}

fn answered(stage: &Stage) -> Vec<(u64, String)> {
    let answers = stage.actions().into_iter();
    answers.filter_map(|(step, a)| if let Action::Answer { value } = a { Some((step, value.reveal().to_owned())) } else { None }).collect()
}

fn shows(stage: &Stage, words: &str) -> bool {
    stage.labels().iter().any(|label| label == words)
}

#[test]
fn an_address_is_picked_by_a_few_letters_of_old_names_and_read_back() {
    for size in SIZES {
        let stage = Stage::new(size);
        stage.show(Snapshot { step: 9, ..sample("address") });
        assert!(shows(&stage, "Tỉnh Tuyên Quang"), "the office's own comes first: {:?}", stage.labels());
        type_in(&stage, "ha giang");
        stage.tap("Tỉnh Tuyên Quang");
        assert!(shows(&stage, "Xã Lũng Cú"), "and its commune");
        type_in(&stage, "ngoc long yen m");
        stage.tap("Xã Ngọc Long");
        assert!(shows(&stage, "Xã Ngọc Long, Tỉnh Tuyên Quang"));
        assert!(!stage.face.app().global::<Kiosk>().get_input().complete, "a commune alone is not enough");
        for key in ["T", "h", "ô", "n", "Dấu cách", "1"] {
            if key == "1" {
                stage.tap("123");
            }
            stage.tap(key);
        }
        stage.tap("Xong");
        assert!(shows(&stage, "Thôn 1") && answered(&stage).is_empty(), "nothing is sent before it was read back");
        stage.tap("Đúng, tiếp tục");
        assert_eq!(answered(&stage), [(9, "Thôn 1, Xã Ngọc Long, Tỉnh Tuyên Quang".to_owned())]);
    }
}

#[test]
fn a_commune_that_was_says_what_it_is_today() {
    let stage = Stage::new(SIZES[0]);
    stage.show(Snapshot { step: 9, ..sample("address-commune") });
    type_in(&stage, "ma le");
    stage.tap("Xã Lũng Cú");
    stage.tap("Quay lại");
    stage.tap("Quay lại");
    assert!(shows(&stage, "Gõ tên tỉnh, thành phố, cũ hoặc mới.") && stage.actions().iter().all(|(_, a)| a != &Action::Back));
    stage.tap("Quay lại");
    assert!(stage.actions().contains(&(9, Action::Back)), "before the first step the agent goes back");

    let stage = Stage::new(SIZES[0]);
    stage.show(Snapshot { step: 9, ..sample("address-was") });
    assert!(shows(&stage, "Trước là Xã Má Lé, Huyện Đồng Văn"), "{:?}", stage.labels());
    stage.tap("Đúng, tiếp tục");
    assert_eq!(answered(&stage), [(9, "Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang".to_owned())]);

    let stage = Stage::new(SIZES[0]);
    stage.show(Snapshot { step: 9, ..sample("address-divided") });
    assert!(shows(&stage, "trước là Phường Điện Biên"), "those it was divided among come first: {:?}", stage.labels());
    stage.tap("Phường Ô Chợ Dừa");
    stage.tap("Đúng, tiếp tục");
    assert_eq!(answered(&stage), [(9, "Tổ 3, Phường Ô Chợ Dừa, Thành phố Hà Nội".to_owned())], "the person says which");
}

#[test]
fn the_address_on_a_card_is_confirmed_by_one_tap_or_chosen_anew() {
    for size in SIZES {
        let stage = Stage::new(size);
        stage.show(Snapshot { step: 9, ..sample("address-card") });
        assert!(shows(&stage, "Theo thẻ: Thôn Thử, Xã Má Lé, Huyện Đồng Văn, Tỉnh Hà Giang") && shows(&stage, "Nay là:"));
        stage.tap("Đúng, tiếp tục");
        assert_eq!(answered(&stage), [(9, "Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang".to_owned())]);

        let stage = Stage::new(size);
        stage.show(Snapshot { step: 9, ..sample("address-card-divided") });
        stage.tap("Phường Cửa Nam");
        assert!(stage.labels().iter().any(|label| label.starts_with("Theo thẻ: Số 5 ngõ 2, Phường Tràng Tiền")), "{:?}", stage.labels());
        stage.tap("Chọn lại tỉnh, xã");
        type_in(&stage, "lang son");
        stage.tap("Tỉnh Lạng Sơn");
        type_in(&stage, "dong dang");
        stage.tap("Xã Đồng Đăng");
        stage.tap("Xong");
        assert!(!stage.labels().iter().any(|label| label.starts_with("Theo thẻ")), "the card says nothing of it: {:?}", stage.labels());
        stage.tap("Đúng, tiếp tục");
        assert_eq!(answered(&stage), [(9, "Số 5 ngõ 2, Xã Đồng Đăng, Tỉnh Lạng Sơn".to_owned())]);
    }
}

#[test]
fn an_answer_that_stands_can_be_mended_in_part_or_left_as_it_is() {
    let stage = Stage::new(SIZES[1]);
    stage.show(Snapshot { step: 9, ..sample("address-check") });
    stage.tap("Sửa thôn, đường, số nhà");
    stage.tap("Xoá một chữ");
    stage.tap("Xong");
    stage.tap("Quay lại");
    stage.tap("Quay lại");
    assert!(shows(&stage, "Số 5 ngõ 2, Thôn Th"), "what was mended stays: {:?}", stage.labels());
    stage.tap("Quay lại");
    assert!(stage.actions().contains(&(9, Action::Back)) && answered(&stage).is_empty());
    stage.tap("Chọn lại tỉnh, xã");
    type_in(&stage, "sai gon");
    assert!(shows(&stage, "Không thấy tên nào. Thử chữ khác, hoặc hỏi cán bộ."));
    stage.tap("Xoá hết");
    type_in(&stage, "tp hcm");
    stage.tap("Thành phố Hồ Chí Minh");
    type_in(&stage, "phuong ben nghe");
    stage.tap("Phường Sài Gòn");
    stage.tap("Xong");
    stage.tap("Đúng, tiếp tục");
    assert_eq!(answered(&stage), [(9, "Số 5 ngõ 2, Thôn Th, Phường Sài Gòn, Thành phố Hồ Chí Minh".to_owned())]);

    let mut refused = sample("address-check");
    if let Screen::Question { error, .. } = &mut refused.screen {
        *error = Some(Text::new("Dài quá.", "Too long."));
    }
    stage.show(Snapshot { step: 10, ..refused });
    assert!(shows(&stage, "Có chỗ cần sửa: Dài quá.") && shows(&stage, "Phường Sài Gòn, Thành phố Hồ Chí Minh"), "{:?}", stage.labels());
}

#[test]
fn an_address_abroad_is_free_and_no_answer_is_one_where_the_question_allows() {
    let stage = Stage::new(SIZES[0]);
    stage.show(Snapshot { step: 9, ..sample("address-anywhere") });
    stage.tap("Bỏ qua câu này");
    assert_eq!(answered(&stage), [(9, String::new())]);
    stage.tap("Ở nước ngoài");
    type_in(&stage, "L");
    stage.tap("Xong");
    stage.tap("Đúng, tiếp tục");
    assert_eq!(answered(&stage).last().unwrap().1, "Ở nước ngoài: L");
    stage.show(Snapshot { step: 10, ..sample("address") });
    assert!(!shows(&stage, "Ở nước ngoài") && !shows(&stage, "Bỏ qua câu này"));
}

/// The finger that trembles takes no second step.
#[test]
fn a_second_touch_at_the_same_place_is_none_on_the_next_step() {
    let stage = Stage::new(SIZES[0]);
    stage.show(Snapshot { step: 9, ..sample("address-street") });
    let kiosk = stage.face.app().global::<Kiosk>();
    kiosk.invoke_key("A".into());
    kiosk.invoke_submit_input();
    kiosk.invoke_act(motcua_kiosk::ui::Act::TakeAddress, 0);
    assert!(answered(&stage).is_empty(), "'Đúng' stands where 'Xong' stood");
    stage.wait(std::time::Duration::from_millis(300));
    stage.tap("Đúng, tiếp tục");
    assert_eq!(answered(&stage).len(), 1);
    stage.show(Snapshot { step: 10, ..sample("address") });
    stage.wait(std::time::Duration::from_millis(300));
    for _ in 0..2 {
        kiosk.invoke_act(motcua_kiosk::ui::Act::ChoosePlace, 0);
    }
    assert!(shows(&stage, "Tỉnh Tuyên Quang: gõ tên xã, phường, cũ hoặc mới."), "{:?}", stage.labels());
}

#[test]
fn every_list_of_places_has_room_for_fingers_in_every_size() {
    for size in SIZES {
        let stage = Stage::new(size);
        for text in TextSize::ALL {
            for (step, (name, typed)) in (20..).zip([("address", "a"), ("address-commune", "yen minh"), ("address", "qqq")]) {
                stage.show(Snapshot { step, ..sample(name) });
                stage.face.set_comfort(text, Contrast::Usual);
                type_in(&stage, typed);
                check_targets(&stage.buttons(), size, false, &format!("{name} '{typed}' {text:?} {size:?}"));
            }
        }
    }
}

#[test]
fn nothing_of_an_address_is_left_for_the_next_person() {
    let stage = Stage::new(SIZES[0]);
    stage.show(Snapshot { step: 9, ..sample("address-check") });
    stage.show_sample("waiting", Language::Vi);
    stage.show(Snapshot { step: 10, ..sample("address") });
    let kiosk = stage.face.app().global::<Kiosk>();
    let held = format!("{:?} {:?}", kiosk.get_address(), kiosk.get_input());
    assert!(!held.contains("ngõ 2") && !held.contains("Thử"), "{held}");
    assert_eq!(answered(&stage), Vec::<(u64, String)>::new());
}
