//! The state's forms as the printer's blocks, and an invented person's values for them.

use motcua_drivers::printer::{Align, Block, Size};
use motcua_model::Private;
use motcua_model::form::{self, Field, Line, List, Values};

/// The lines of a filled form as blocks for the printer.
pub fn blocks(lines: &[Line]) -> Vec<Block> {
    lines.iter().flat_map(block).collect()
}

fn block(line: &Line) -> Vec<Block> {
    vec![match line {
        Line::Text { text, size, bold, align } => Block::Text {
            text: text.reveal().to_owned(),
            size: match size {
                form::Size::Small => Size::Small,
                form::Size::Normal => Size::Normal,
                form::Size::Large => Size::Large,
            },
            bold: *bold,
            align: match align {
                form::Align::Left => Align::Left,
                form::Align::Centre => Align::Centre,
                form::Align::Right => Align::Right,
            },
        },
        Line::Field { label, value } => Block::Field { label: label.clone(), value: value.reveal().to_owned() },
        Line::Item { mark, text } => Block::Item { mark: mark.clone(), text: text.reveal().to_owned() },
        Line::Pair { left, right, bold } => {
            let [left, right] = [left, right].map(|side| side.reveal().to_owned());
            Block::Pair { left, right, size: Size::Small, bold: *bold }
        }
        Line::Qr(text) => Block::Qr { text: text.reveal().to_owned() },
        Line::SignatureRoom => return vec![Block::Space; 5],
        Line::Rule => Block::Rule,
        Line::Space => Block::Space,
    }]
}

/// Values for every field of forms 01 to 03.
pub fn example() -> Values {
    let fields = [
        (Field::Agency, "ỦY BAN NHÂN DÂN XÃ VÍ DỤ"),
        (Field::Office, "Trung tâm Phục vụ hành chính công xã Ví Dụ"),
        (Field::Number, "125"),
        (Field::Place, "Ví Dụ"),
        (Field::Date, "ngày 23 tháng 11 năm 2026"),
        (Field::DossierCode, "H15.50.05-261123-0042"),
        (Field::Tracking, "https://tracuu.thunghiem.example/H15.50.05-261123-0042"),
        (Field::ApplicantName, "Nguyễn Thị Mẫu"),
        (Field::ApplicantId, "001190000016"),
        (Field::ApplicantAddress, "Số 12, ngõ 345 đường Thử Nghiệm, thôn Minh Họa, xã Ví Dụ, tỉnh Thử Nghiệm"),
        (Field::ApplicantPhone, "0900 000 016"),
        (Field::ApplicantEmail, "nguyen.thi.mau.minh.hoa.thu.nghiem@thunghiem.example"),
        (Field::ProxyName, "Trần Văn Thử"),
        (Field::ProxyAddress, "Phường Minh Họa, tỉnh Thử Nghiệm"),
        (Field::ProxyId, "001090000017"),
        (Field::ProxyPhone, "0900 000 017"),
        (Field::ProxyEmail, "thu@thunghiem.example"),
        (Field::ProxyPaper, "Giấy ủy quyền số 07/2026/UQ ngày 20 tháng 11 năm 2026"),
        (Field::Request, "Đăng ký khai sinh"),
        (Field::Sets, "01"),
        (Field::TimeLimit, "01 ngày làm việc"),
        (Field::ReceivedAt, "09 giờ 30 phút, ngày 23 tháng 11 năm 2026"),
        (Field::DueAt, "16 giờ 30 phút, ngày 23 tháng 11 năm 2026"),
        (Field::ResultAt, "Trung tâm Phục vụ hành chính công xã Ví Dụ"),
        (Field::Book, "03"),
        (Field::BookLine, "125"),
        (Field::Reason, "Giấy chứng sinh chưa có chữ ký và dấu của cơ sở y tế nơi trẻ em sinh ra."),
        (Field::Contact, "Bà Lê Thị Ví, điện thoại 0200 000 000"),
        (Field::Submitter, "Trần Văn Thử"),
        (Field::Officer, "Lê Thị Ví"),
    ];
    let components =
        ["Tờ khai đăng ký khai sinh (bản chính, 01 bản)", "Giấy chứng sinh (bản chính, 01 bản)", "Giấy ủy quyền (bản chứng thực)"];
    let demands = ["Giấy chứng sinh có chữ ký và dấu của cơ sở y tế", "Số định danh của người cha trên tờ khai"];
    let private = |texts: &[&str]| texts.iter().map(|text| Private::new(*text)).collect::<Vec<_>>();
    Values {
        fields: fields.map(|(field, text)| (field, Private::new(text))).into(),
        lists: [(List::Components, private(&components)), (List::Demands, private(&demands))].into(),
    }
}
