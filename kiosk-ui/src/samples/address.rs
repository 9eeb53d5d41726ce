//! Invented steps of an address (C07). What is picked belongs to the screen alone: an answer that stops being clear opens the step.

use super::question;
use motcua_model::{Private, Text, api::Screen, catalogue::AnswerKind};

pub(super) fn screens() -> Vec<(&'static str, Screen)> {
    let ask = |answer: &str| question(AnswerKind::Address { commune_enough: false, abroad: false }, answer);
    let wide = |answer: &str, skipped: bool| {
        let mut asked = question(AnswerKind::Address { commune_enough: true, abroad: true }, answer);
        if let Screen::Question { required, .. } = &mut asked {
            *required = !skipped;
        }
        asked
    };
    let mut wrong = ask("Số 5 ngõ 2, Phường Văn Miếu - Quốc Tử Giám, Thành phố Hà Nội");
    if let Screen::Question { error, answer, .. } = &mut wrong {
        let long = "Nhà số 5 ngõ 2 ngách 14, sau trường học Thử Nghiệm, ".repeat(3);
        *answer = Private::new(format!("{long}Phường Văn Miếu - Quốc Tử Giám, Thành phố Hà Nội"));
        *error = Some(Text::new("Dài quá. Viết không quá 160 chữ cái.", "Too long. Use at most 160 characters."));
    }
    let card = |answer: &str| {
        let mut asked = ask(answer);
        if let Screen::Question { ask, read_from, .. } = &mut asked {
            *ask = Text::new("Người cần giấy hiện ở đâu?", "Where does this person live now?");
            *read_from = Some(Text::new("thẻ", "the card"));
        }
        asked
    };
    vec![
        ("address", ask("")),
        ("address-card", card("Thôn Thử, Xã Má Lé, Huyện Đồng Văn, Tỉnh Hà Giang")),
        ("address-card-divided", card("Số 5 ngõ 2, Phường Tràng Tiền, Quận Hoàn Kiếm, Thành phố Hà Nội")),
        ("address-anywhere", wide("", true)),
        ("address-commune", ask("Tỉnh Tuyên Quang")),
        ("address-divided", ask("Tổ 3, Phường Điện Biên, Quận Ba Đình, Thành phố Hà Nội")),
        ("address-street", ask("Phường Văn Miếu - Quốc Tử Giám, Thành phố Hà Nội")),
        ("address-check", ask("Số 5 ngõ 2, Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang")),
        ("address-was", ask("Thôn Thử, Xã Má Lé, Huyện Đồng Văn, Tỉnh Hà Giang")),
        ("address-wrong", wrong),
        ("address-abroad", wide("Ở nước ngoài: 12 phố Thử Nghiệm, Viêng Chăn, Lào", false)),
    ]
}
