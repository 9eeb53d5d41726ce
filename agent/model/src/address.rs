//! An address as text: "Số 5 ngõ 2, Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang". Its end is a commune and a province of today; what stands
//! before is the person's own. One abroad begins with [`ABROAD`] and is free.

use crate::{
    Private, Text,
    units::{Told, units},
};
use std::fmt;
use unicode_normalization::UnicodeNormalization as _;

/// In [`Question::read_from`](crate::catalogue::Question::read_from): the address on the card of the dossier's owner.
pub const ON_CARD: &str = "card.address";

/// A commune was divided among at most this many; where more would fit, too little is told.
pub const DIVIDED: usize = 5;

/// How an address abroad begins.
pub const ABROAD: &str = "Ở nước ngoài: ";

/// Letters of what stands before the commune, and of an address abroad.
pub const LONGEST: usize = 160;

/// A place in Viet Nam.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Hamlet, street, number; may be empty.
    pub rest: Private,
    /// In [`Units::communes`](crate::units::Units::communes).
    pub commune: usize,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(‹private›)")
    }
}

impl Address {
    /// Reads an address from its end; none where that names no commune and province of today.
    pub fn parse(text: &str) -> Option<Self> {
        let parts = parts(text);
        let [rest @ .., commune, province] = parts.as_slice() else { return None };
        let commune = units().commune_called(units().province_called(province)?, commune)?;
        Some(Self { rest: Private::new(rest.join(", ")), commune })
    }

    /// As it is written in a dossier.
    pub fn written(&self) -> String {
        let rest = parts(self.rest.reveal()).join(", ");
        let place = units().place(self.commune);
        if rest.is_empty() { place } else { format!("{rest}, {place}") }
    }
}

/// What an address is today that may still name a province, district or commune of before 01/7/2025, as most cards do: one where it is
/// clear, several where a commune was divided, none where nothing like it is known. Kinds of units, and commas where that leaves no doubt,
/// may be left out.
pub fn today(text: &str) -> Vec<Address> {
    if abroad(text).is_some() {
        return Vec::new();
    }
    let text: String = text.nfc().collect();
    let address = |told: Told| Address { rest: Private::new(parts(&text[..told.rest]).join(", ")), commune: told.commune };
    units().told(&text).into_iter().map(address).collect()
}

/// As [`today`]; none where the address says so itself.
pub fn renamed(text: &str) -> Vec<Address> {
    let today = today(text);
    if today.len() == 1 && Address::parse(text).as_ref() == today.first() { Vec::new() } else { today }
}

/// Where they lie, without what stands before: "Phường Hoàn Kiếm / Phường Cửa Nam, Thành phố Hà Nội".
pub fn places(addresses: &[Address]) -> String {
    let known = |address: &Address| units().communes.get(address.commune);
    let names: Vec<&str> = addresses.iter().filter_map(known).map(|commune| commune.name).collect();
    let province = addresses.iter().find_map(known).map(|commune| units().provinces[commune.province].name);
    province.map(|province| format!("{}, {province}", names.join(" / "))).unwrap_or_default()
}

/// The address as it is written, or what to do instead. `whole`: a commune alone is not enough.
pub(crate) fn check(answer: &str, whole: bool, abroad: bool) -> Result<String, Text> {
    let outside = self::abroad(answer);
    let (own, written) = match outside {
        Some(own) if abroad => (own.to_owned(), format!("{ABROAD}{own}")),
        Some(_) | None => {
            let address = Address::parse(answer).ok_or_else(|| {
                Text::new("Chọn tỉnh, rồi chọn xã trong danh sách.", "Choose the province, then the commune from the list.")
            })?;
            (address.rest.reveal().to_owned(), address.written())
        }
    };
    let told = own.chars().any(char::is_alphanumeric);
    if !told && (whole || outside.is_some()) {
        return Err(Text::new("Điền thôn, xóm, đường hoặc số nhà.", "Enter the hamlet, the street or the house number."));
    }
    if own.chars().count() > LONGEST {
        return Err(Text::new(
            format!("Dài quá. Viết không quá {LONGEST} chữ cái."),
            format!("Too long. Use at most {LONGEST} characters."),
        ));
    }
    Ok(written)
}

/// What is told behind [`ABROAD`]; none of an address in Viet Nam.
pub fn abroad(text: &str) -> Option<&str> {
    text.strip_prefix(ABROAD.trim_end()).map(str::trim)
}

/// What stands between its commas, without the empty ones.
pub fn parts(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        today(text).iter().map(Address::written).collect()
    }

    /// NQ 1656/NQ-UBTVQH15 (Hà Nội), 1685 (TP.HCM), 1684 (Tuyên Quang), 1654 (An Giang), 1677 (Quảng Ngãi), all of 16/6/2025.
    #[test]
    fn an_address_of_before_july_2025_is_known_today() {
        for (before, now) in [
            ("Số 1, Phường Hàng Bạc, Quận Hoàn Kiếm, Thành phố Hà Nội", "Số 1, Phường Hoàn Kiếm, Thành phố Hà Nội"),
            ("P. Bến Nghé, Q.1, TP.HCM", "Phường Sài Gòn, Thành phố Hồ Chí Minh"),
            ("Thôn Thử, Má Lé, Đồng Văn, Hà Giang", "Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang"),
            ("Tổ 3, Phường Dương Đông, Thành phố Phú Quốc, Kiên Giang", "Tổ 3, Đặc khu Phú Quốc, Tỉnh An Giang"),
            ("Thôn Thử, Huyện Lý Sơn, Tỉnh Quảng Ngãi", "Thôn Thử, Đặc khu Lý Sơn, Tỉnh Quảng Ngãi"),
            ("Xã Lũng Cú, Tỉnh Tuyên Quang", "Xã Lũng Cú, Tỉnh Tuyên Quang"),
            ("thôn thử - xã má lé - huyện đồng văn - tỉnh hà giang.", "thôn thử, Xã Lũng Cú, Tỉnh Tuyên Quang"),
            ("Số 3 (tầng 2), X. Má Lé, H. Đồng Văn, T. Hà Giang, Việt Nam", "Số 3 (tầng 2), Xã Lũng Cú, Tỉnh Tuyên Quang"),
            ("Thôn Thử Xã Má Lé Huyện Đồng Văn Tỉnh Hà Giang", "Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang"),
            ("Má Lé Đồng Văn Hà Giang", "Xã Lũng Cú, Tỉnh Tuyên Quang"),
            ("Xã Má Lé, Thị xã Đồng Văn, Hà Giang", "Xã Lũng Cú, Tỉnh Tuyên Quang"),
        ] {
            assert_eq!(told(before), [now], "{before}");
            assert_eq!(renamed(before).is_empty(), before == now, "{before}");
        }
        for unknown in [
            "",
            ",",
            "Hà Nội",
            "Thôn Thử, Xã Minh Họa, Thử Nghiệm",
            "Paris",
            "Ở nước ngoài: Xã Lũng Cú, Tuyên Quang",
            "Xã Má Lé",
            "12, Quận 3, TP.HCM",
            "Thôn Đông Má Lé, Đồng Văn, Hà Giang",
        ] {
            assert!(told(unknown).is_empty(), "{unknown}");
        }
    }

    /// Cards of before often leave the kinds out, and the commune of today has the district's name.
    #[test]
    fn the_name_of_a_district_is_not_taken_for_its_commune() {
        assert_eq!(told("Phù Lỗ, Sóc Sơn, Hà Nội"), told("Xã Phù Lỗ, Huyện Sóc Sơn, Thành phố Hà Nội"));
        assert_ne!(told("Phù Lỗ, Sóc Sơn, Hà Nội"), ["Phù Lỗ, Xã Sóc Sơn, Thành phố Hà Nội"]);
        assert!(told("Thôn Thử, Sóc Sơn, Hà Nội").is_empty() && told("Xã Không Có, Huyện Sóc Sơn, Hà Nội").is_empty());
        assert_eq!(told("Thôn Thử, Xã Sóc Sơn, Hà Nội"), ["Thôn Thử, Xã Sóc Sơn, Thành phố Hà Nội"]);
    }

    /// Huế was no city of its own before 2025, and Quận 9 went into Thủ Đức in 2021.
    #[test]
    fn districts_and_provinces_of_earlier_cards_are_known() {
        for before in ["Phường Thuỷ Vân, TP. Huế, Thừa Thiên Huế", "Thuỷ Vân, Huế, Thừa Thiên - Huế", "P. Thủy Vân, Q. Thuận Hoá, TP Huế"]
        {
            assert_eq!(told(before), told("Phường Thủy Vân, Quận Thuận Hóa, Thành phố Huế"), "{before}");
            assert_eq!(told(before).len(), 1, "{before}");
        }
        assert_eq!(told("Phường Hiệp Phú, Quận 9, TP.HCM"), told("Phường Hiệp Phú, Thành phố Thủ Đức, Thành phố Hồ Chí Minh"));
    }

    /// NQ 1656: parts of the ward Tràng Tiền went to Hoàn Kiếm and to Cửa Nam.
    #[test]
    fn what_was_divided_is_left_to_the_person() {
        let now = told("5 Phố Thử, Phường Tràng Tiền, Quận Hoàn Kiếm, Hà Nội");
        assert_eq!(now, ["5 Phố Thử, Phường Hoàn Kiếm, Thành phố Hà Nội", "5 Phố Thử, Phường Cửa Nam, Thành phố Hà Nội"]);
        assert_eq!(places(&today("Tràng Tiền, Hoàn Kiếm, Hà Nội")), "Phường Hoàn Kiếm / Phường Cửa Nam, Thành phố Hà Nội");
        assert!(told("Phường 1, Thành phố Hồ Chí Minh").len() > DIVIDED, "without a district any of them");
        assert_eq!(told("Phường 01, Quận 3, Thành phố Hồ Chí Minh"), ["Phường Bàn Cờ, Thành phố Hồ Chí Minh"]);
    }

    #[test]
    fn an_answer_ends_with_a_commune_and_a_province_of_today() {
        let good = |text: &str| check(text, true, false);
        assert_eq!(
            good("Số 5 ngõ 2,, thôn Thử , xã lũng cú, tuyên quang"),
            Ok("Số 5 ngõ 2, thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang".into())
        );
        for wrong in [
            "Thôn Thử",
            "Xã Lũng Cú, Tỉnh Tuyên Quang",
            "Thôn Thử, Xã Lũng Cú, Tỉnh Hà Giang",
            "Ở nước ngoài: Paris",
            "-, Xã Lũng Cú, Tuyên Quang",
        ] {
            assert!(good(wrong).is_err(), "{wrong}");
        }
        assert!(good(&format!("{}, Xã Lũng Cú, Tỉnh Tuyên Quang", "x".repeat(LONGEST + 1))).is_err());
        assert_eq!(check("Xã Lũng Cú, Tuyên Quang", false, false), Ok("Xã Lũng Cú, Tỉnh Tuyên Quang".into()));
        assert_eq!(check("Ở nước ngoài:  Paris, Pháp", true, true), Ok("Ở nước ngoài: Paris, Pháp".into()));
        assert!(check("Ở nước ngoài: ", false, true).is_err());
    }

    /// Xã Tân Thành and Xã Tân Thạnh both lie in Tây Ninh.
    #[test]
    fn names_that_differ_by_accents_alone_are_not_mixed_up() {
        for name in ["Xã Tân Thành", "Xã Tân Thạnh"] {
            assert_eq!(Address::parse(&format!("{name}, Tỉnh Tây Ninh")).unwrap().written(), format!("{name}, Tỉnh Tây Ninh"));
        }
        assert_eq!(Address::parse("Xa Tan Thanh, Tay Ninh"), None, "nobody knows which");
    }

    #[test]
    fn every_commune_is_read_back_from_how_it_is_written() {
        for commune in 0..units().communes.len() {
            let address = Address { rest: Private::new("Thôn 1"), commune };
            assert_eq!(Address::parse(&address.written()).as_ref(), Some(&address), "{}", address.written());
        }
    }
}
