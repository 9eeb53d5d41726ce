//! An address as text: "Số 5 ngõ 2, Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang". Its end is a commune and a province of today; what stands
//! before is the person's own. One abroad begins with [`ABROAD`] and is free.

use crate::{Private, Text, units::units};
use std::fmt;

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
/// clear, several where a commune was divided, none where nothing like it is known. The kind of a unit may be left out.
pub fn today(text: &str) -> Vec<Address> {
    if let Some(address) = Address::parse(text) {
        return vec![address];
    }
    let parts = parts(text);
    let [before @ .., province] = parts.as_slice() else { return Vec::new() };
    let of = |communes: Vec<usize>, rest: &[&str]| -> Vec<Address> {
        communes.into_iter().map(|commune| Address { rest: Private::new(rest.join(", ")), commune }).collect()
    };
    if let [rest @ .., commune, district] = before {
        let held = of(units().holders(province, Some(district), commune), rest);
        if !held.is_empty() {
            return held;
        }
    }
    match before {
        [rest @ .., last] => of(units().holders(province, None, last), rest),
        [] => Vec::new(),
    }
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
        ] {
            assert_eq!(told(before), [now], "{before}");
        }
        for unknown in ["", "Hà Nội", "Thôn Thử, Xã Minh Họa, Thử Nghiệm", "Paris"] {
            assert!(told(unknown).is_empty(), "{unknown}");
        }
    }

    /// NQ 1656: parts of the ward Tràng Tiền went to Hoàn Kiếm and to Cửa Nam.
    #[test]
    fn what_was_divided_is_left_to_the_person() {
        let now = told("5 Phố Thử, Phường Tràng Tiền, Quận Hoàn Kiếm, Hà Nội");
        assert_eq!(now, ["5 Phố Thử, Phường Hoàn Kiếm, Thành phố Hà Nội", "5 Phố Thử, Phường Cửa Nam, Thành phố Hà Nội"]);
        assert!(told("Phường 1, Thành phố Hồ Chí Minh").len() > 3, "without a district any of them");
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
