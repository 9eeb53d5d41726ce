//! The mapping against the portal's names, one by one.

use super::*;
use serde_json::json;

/// Every HoSo field of domain.md 3 that is absent on purpose, with who knows it.
const ABSENT: [(&str, &str); 18] = [
    ("MaLinhVuc", "the hub's catalogue, by MaTTHC"),
    ("TenLinhVuc", "the hub's catalogue, by MaTTHC"),
    ("Fax", "nobody asks for it"),
    ("ThongTinKhac", "the officer"),
    ("NgayHenTra", "the officer, on accepting"),
    ("ThongTinTra", "the officer, on handing over"),
    ("GhiChu", "the officer"),
    ("TaiKhoanDuocXacThucVoiVNeID", "the portal's login, which no device sees"),
    ("DuocThanhToanTrucTuyen", "the payment platform"),
    ("DSKetNoiCSDL", "the hub, which asks the national databases"),
    ("DanhSachLePhi", "the officer; fees are fixed on accepting"),
    ("DanhSachTepDinhKemKhac", "the officer; a device scans components alone"),
    ("DanhSachHoSoBoSung", "the officer, by form 02"),
    ("DanhSachGiayToKetQua", "the officer, at the end"),
    ("HinhThuc", "the person; no form asks for it yet"),
    ("MaDoiTuong", "the account check"),
    ("SoDienThoai", "the person, where the form asks"),
    ("Email", "the person, where the form asks"),
];

struct Record {
    name: Private,
    number: Private,
}

impl Record {
    fn new() -> Self {
        Self { name: Private::new("Nguyễn Thị Mẫu"), number: Private::new("001190000001") }
    }

    fn received<'a>(&'a self, course: &'a [Step<'a>], files: &'a [PortalFile<'a>]) -> Received<'a> {
        Received {
            official_code: "H15.50.05-261123-0001",
            procedure: "1.001193",
            procedure_name: "Đăng ký khai sinh",
            owner: Owner::Citizen(&self.number),
            owner_name: &self.name,
            technical_id: None,
            phone: None,
            email: None,
            channel: 1,
            agency: "H15.50.05",
            submitted: "2026-11-23T17:30:00Z".parse().unwrap(),
            by_post: None,
            course,
            files,
        }
    }
}

fn step(status: Status, at: &str) -> Step<'static> {
    Step { status, at: at.parse().unwrap(), clerk: None, words: None }
}

#[test]
fn a_fresh_dossier_has_the_portals_names_codes_and_times() {
    let record = Record::new();
    let id = uuid::Uuid::nil();
    let files =
        [PortalFile { id, name: "02-giay-chung-sinh.pdf", component: "KQ.G01.000012", address: None, reused: false, from_kho: false }];
    let request = SyncRequest::new(vec![record.received(&[], &files).ho_so()], false);
    let expected = json!({"service": "DongBoHoSoMC", "isUpdating": "False", "data": [{
        "MaHoSo": "H15.50.05-261123-0001", "MaTTHC": "1.001193", "TenTTHC": "Đăng ký khai sinh",
        "ChuHoSo": "Nguyễn Thị Mẫu", "SoGiayToChuHoSo": "001190000001", "LoaiDoiTuong": "1",
        "DinhDanhCHS": {"LoaiDinhDanh": "1", "SoDinhDanh": "001190000001"},
        "KenhThucHien": "1", "TrichYeuHoSo": "Đăng ký khai sinh", "NgayNopHoSo": "20261124003000", "TrangThaiHoSo": "1",
        "DonViXuLy": "H15.50.05", "NoiNopHoSo": "2", "HoSoCoThanhPhanSoHoa": "1",
        "TaiLieuNop": [{"TepDinhKemId": id.to_string(), "TenTepDinhKem": "02-giay-chung-sinh.pdf", "IsDeleted": "False",
            "MaThanhPhanHoSo": "KQ.G01.000012", "DuocSoHoa": "1", "DuocTaiSuDung": "0", "DuocLayTuKhoDMQG": "0"}],
    }]});
    assert_eq!(serde_json::to_value(&request).unwrap(), expected);
    assert!(!format!("{request:?}").contains("190000001"), "numbers never show");
}

#[test]
fn what_no_device_knows_is_absent_and_listed() {
    let record = Record::new();
    let written = serde_json::to_value(record.received(&[], &[]).ho_so()).unwrap();
    let present = written.as_object().unwrap();
    for (field, who) in ABSENT {
        assert!(!present.contains_key(field), "{field} is for {who}");
    }
    // Every field of domain.md 3 is in one of the two lists: 15 written, 18 absent, 4 dates of the course.
    let dates = ["NgayTiepNhan", "NgayTuChoi", "NgayKetThucXuLy", "NgayTra"];
    assert!(dates.iter().all(|date| !present.contains_key(*date)));
    assert_eq!(present.len(), 15, "{:?}", present.keys());
    assert!(!present.values().any(|value| value.as_str() == Some("")), "an empty string would erase what an officer wrote");
}

#[test]
fn the_course_gives_dates_status_and_progress_rows() {
    let record = Record::new();
    let (clerk, words) = (Private::new("Trần Văn Mẫu ".repeat(9)), Private::new("Đủ giấy tờ"));
    let accepted = Step { clerk: Some(&clerk), words: Some(&words), ..step(Status::Accepted, "2026-11-24T01:00:00Z") };
    let course = [
        step(Status::Registered, "2026-11-23T17:31:00Z"),
        accepted,
        step(Status::Finished, "2026-11-25T01:00:00Z"),
        step(Status::Returned, "2026-11-26T01:00:00Z"),
    ];
    let received = record.received(&course, &[]);
    let ho_so = received.ho_so();
    assert_eq!((ho_so.trang_thai_ho_so.as_str(), ho_so.ho_so_co_thanh_phan_so_hoa), ("10", "0"));
    let dates = [&ho_so.ngay_tiep_nhan, &ho_so.ngay_ket_thuc_xu_ly, &ho_so.ngay_tra].map(|date| date.as_deref().unwrap());
    assert_eq!(dates, ["20261124080000", "20261125080000", "20261126080000"]);
    assert_eq!(ho_so.ngay_tu_choi, None);

    let rows = received.progress();
    let first = serde_json::to_value(&rows[0]).unwrap();
    let expected = json!({"MaHoSo": "H15.50.05-261123-0001", "ThoiDiemXuLy": "20261124003100", "PhongBanXuLy": "H15.50.05",
        "NoiDungXuLy": "Mới đăng ký", "TrangThai": "1", "NgayBatDau": "20261124003100"});
    assert_eq!(first, expected, "ChucDanh and NgayKetThucTheoQuyDinh are the officer's");
    assert_eq!(rows[1].nguoi_xu_ly.as_ref().unwrap().reveal().chars().count(), 50);
    assert_eq!(rows[1].noi_dung_xu_ly, words);
    let many: Vec<Progress> = rows.iter().cycle().take(21).cloned().collect();
    assert_eq!(ProgressRequest::chunks(&many).iter().map(|chunk| chunk.data.len()).collect::<Vec<_>>(), [10, 10, 1]);
}

#[test]
fn the_owner_is_told_by_kind_not_by_digits() {
    let record = Record::new();
    let nine = Private::new("123456789");
    let of = |owner| {
        let ho_so = Received { owner, ..record.received(&[], &[]) }.ho_so();
        (ho_so.loai_doi_tuong, ho_so.dinh_danh_chs.map(|d| d.loai_dinh_danh))
    };
    assert_eq!(of(Owner::OldCard(&nine)), ("1", Some("2")));
    assert_eq!(of(Owner::Passport(&nine)), ("1", None));
    assert_eq!(of(Owner::Enterprise(&nine)), ("2", None));
}

#[test]
fn what_the_hub_learns_later_is_carried() {
    let record = Record::new();
    let (tech, phone, none) = (Private::new("tech-0001"), Private::new("0900000000"), Private::new(""));
    let late =
        Received { technical_id: Some(&tech), phone: Some(&phone), email: Some(&none), by_post: Some(true), ..record.received(&[], &[]) };
    let written = serde_json::to_value(late.ho_so()).unwrap();
    assert_eq!(
        (&written["MaDoiTuong"], &written["SoDienThoai"], &written["HinhThuc"]),
        (&json!("tech-0001"), &json!("0900000000"), &json!("1"))
    );
    assert_eq!(written.get("Email"), None);
}
