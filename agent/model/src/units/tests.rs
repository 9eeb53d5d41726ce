use super::*;

fn province(name: &str) -> usize {
    units().province_called(name).unwrap()
}

fn provinces(typed: &str) -> Vec<&'static str> {
    units().find_provinces(typed).iter().map(|found| units().provinces[found.province].name).collect()
}

/// Name, and what it was.
fn communes(of: &str, typed: &str) -> Vec<(&'static str, String)> {
    let found = units().find_communes(province(of), typed);
    found.into_iter().map(|found| (units().communes[found.commune].name, found.was.unwrap_or_default())).collect()
}

#[test]
fn all_of_them_are_there() {
    let units = units();
    assert_eq!((units.provinces.len(), units.communes.len(), units.former.len()), (34, 3321, 10_040));
    assert_eq!(units.provinces.iter().map(|p| p.former.len()).sum::<usize>(), 63 - 34);
    let kinds = ["Xã ", "Phường ", "Đặc khu "].map(|kind| units.communes.iter().filter(|c| c.name.starts_with(kind)).count());
    assert_eq!(kinds, [2621, 687, 13]);
    let held = |former: &Former| former.now.split(' ').map(|code| units.commune(code).unwrap()).collect::<Vec<_>>();
    let mut reached: Vec<usize> = units.former.iter().flat_map(held).collect();
    assert!(
        units
            .former
            .iter()
            .all(|former| held(former).iter().all(|at| units.communes[*at].province == units.districts[former.district].province))
    );
    assert_eq!(units.former.iter().filter(|former| held(former).len() == 1).count(), 9569);
    reached.sort_unstable();
    reached.dedup();
    assert_eq!(reached.len(), 3321);
    let digits = |code: &str, count| code.len() == count && code.bytes().all(|b| b.is_ascii_digit());
    assert!(units.provinces.iter().all(|p| digits(p.code, 2)) && units.communes.iter().all(|c| digits(c.code, 5)));
    assert_eq!(units.by_code.len(), 3321, "a code stands twice");
}

#[test]
fn a_province_is_found_as_people_write_it() {
    for typed in ["TP.HCM", "tphcm", "tp ho chi minh", "Hồ Chí Minh", "ho chi m", "TP. Hồ Chí Minh"] {
        assert_eq!(provinces(typed)[0], "Thành phố Hồ Chí Minh", "{typed}");
    }
    assert_eq!(provinces("đ")[0], "Thành phố Đà Nẵng");
    assert!(provinces("d").contains(&"Tỉnh Đắk Lắk") && provinces("dak lak") == ["Tỉnh Đắk Lắk"]);
    assert_eq!(provinces("").len(), 34);
    assert!(provinces("xyz").is_empty());
    let found = units().find_provinces("hà giang");
    assert_eq!(found[0], FoundProvince { province: province("Tuyên Quang"), was: Some("Tỉnh Hà Giang") }, "before Hậu Giang");
    assert_eq!(units().find_provinces("vung tau")[0].was, Some("Tỉnh Bà Rịa - Vũng Tàu"));
}

#[test]
fn a_commune_is_found_by_its_own_name_first_and_by_what_it_was() {
    assert_eq!(communes("Tuyên Quang", "lung cu"), [("Xã Lũng Cú", String::new())]);
    assert_eq!(communes("Tuyên Quang", "má lé"), [("Xã Lũng Cú", "Xã Má Lé, Huyện Đồng Văn".to_owned())]);
    let yen_minh = communes("Tuyên Quang", "yen minh");
    assert_eq!(yen_minh[0].0, "Xã Yên Minh");
    assert!(
        yen_minh.iter().skip(1).all(|(_, was)| was.contains("Yên Minh")) && yen_minh.len() > 2,
        "and all of the district that was: {yen_minh:?}"
    );
    assert_eq!(communes("Đắk Lắk", "ea hleo")[0].0, "Xã Ea H'Leo");
    assert_eq!(communes("Đắk Lắk", "")[..2].iter().map(|(_, was)| was.as_str()).collect::<String>(), "");
    assert_eq!(communes("Cao Bằng", "").len(), units().provinces[province("Cao Bằng")].communes.len());
    assert_eq!(communes("Hồ Chí Minh", "con dao")[0].0, "Đặc khu Côn Đảo");
}

/// Most districts of the city had a Phường 1.
#[test]
fn one_name_in_many_districts_is_told_apart() {
    let all = communes("Hồ Chí Minh", "phường 1");
    let exact: Vec<_> = all.iter().filter(|(_, was)| was.starts_with("Phường 1,")).collect();
    assert!(exact.len() > 3 && all[..exact.len()].iter().all(|(_, was)| was.starts_with("Phường 1,")), "{all:?}");
    for typed in ["phường 1 quận 3", "P.1 Q.3", "p1 q3", "1 quan 3", "Phường 01, Quận 3"] {
        assert_eq!(communes("Hồ Chí Minh", typed)[0], ("Phường Bàn Cờ", "Phường 1, Quận 3".to_owned()), "{typed}");
    }
}

#[test]
fn names_are_compared_without_what_people_leave_out() {
    assert_eq!(key("Thị trấn  Ea T’ling"), key("thi tran ea t'ling"));
    assert_eq!(key("Kỳ Sơn"), key("Kì sơn"));
    assert_eq!((key("P.05"), key("Q1"), key("x. Thử"), key("h")), ("phuong 5".into(), "quan 1".into(), "xa thu".into(), "h".into()));
    assert_eq!(key("Văn Miếu - Quốc Tử Giám"), "van mieu quoc tu giam");
    assert_eq!(Word::new("Xã Xuân Giang").short(), "xuan giang");
}

proptest::proptest! {
    #[test]
    fn whatever_is_typed_is_borne(typed in proptest::prelude::any::<String>()) {
        units().find_provinces(&typed);
        units().find_communes(0, &typed);
    }
}
