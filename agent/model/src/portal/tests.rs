//! The mapping against the portal's names, one by one.

use super::*;
use crate::{
    Text,
    code::ProvisionalCode,
    dossier::{Applicant, FileRef, Proof, Retention, Special},
    hub::SupplementItem,
    particulars::{Authorised, Contact, Organisation, Particulars},
    supplement::AddsTo,
};
use jiff::civil::date;
use serde_json::json;
use uuid::Uuid;

/// Every HoSo field of domain.md 3 that is absent on purpose, with who knows it.
const ABSENT: [(&str, &str); 12] = [
    ("MaLinhVuc", "the hub's catalogue, by MaTTHC"),
    ("TenLinhVuc", "the hub's catalogue, by MaTTHC"),
    ("Fax", "nobody asks for it"),
    ("ThongTinKhac", "the officer"),
    ("ThongTinTra", "the officer, on handing over"),
    ("GhiChu", "the officer"),
    ("TaiKhoanDuocXacThucVoiVNeID", "the portal's login, which no device sees"),
    ("DuocThanhToanTrucTuyen", "the payment platform"),
    ("DSKetNoiCSDL", "the hub, which asks the national databases"),
    ("DanhSachLePhi", "the officer; fees are fixed on accepting"),
    ("DanhSachTepDinhKemKhac", "the officer; a device scans components alone"),
    ("DanhSachGiayToKetQua", "the officer, at the end"),
];

/// What is there where somebody told it.
const WHERE_TOLD: [(&str, &str); 6] = [
    ("HinhThuc", "the person, where the form asks"),
    ("MaDoiTuong", "the account check"),
    ("SoDienThoai", "the person, where the form asks"),
    ("Email", "the person, where the form asks"),
    ("NgayHenTra", "the officer, on accepting"),
    ("DanhSachHoSoBoSung", "the person, when an officer has asked"),
];

/// A dossier as a device sends it, with one scanned paper.
fn dossier() -> Dossier {
    Dossier {
        id: Uuid::nil(),
        code: ProvisionalCode::new("K07", date(2026, 11, 23), 42),
        agency: "H15.50.05".to_owned(),
        device: "K07".to_owned(),
        channel: 1,
        procedure: "1.001193".to_owned(),
        procedure_name: Text::new("Đăng ký khai sinh", "Birth registration"),
        catalogue_version: 1,
        applicant: Applicant {
            number: PersonNumber::parse("001190000001").unwrap(),
            name: Private::new("Nguyễn Thị Mẫu"),
            birth: date(1990, 1, 2),
            sex: None,
            address: Private::default(),
            confirmed: true,
            number_agrees: true,
            proof: Proof::Claimed,
        },
        particulars: Particulars::default(),
        answers: Vec::new(),
        documents: vec![document(SCANNED, Origin::Scanned)],
        submitted: "2026-11-23T17:30:00Z".parse().unwrap(),
        retention: Retention::Permanent,
    }
}

const SCANNED: Uuid = Uuid::from_u128(7);

fn document(id: Uuid, origin: Origin) -> Document {
    let name = Text::new("Giấy chứng sinh", "Certificate of live birth");
    Document { id, component: "KQ.G01.000012".to_owned(), name, sheets: 1, pages: Vec::new(), count_differs: false, origin }
}

fn file(id: u128, name: &str) -> NamedFile {
    let file = FileRef { id: Uuid::from_u128(id), sha256: "0".repeat(64), bytes: 1, media: "application/pdf".to_owned() };
    NamedFile { name: name.to_owned(), document: SCANNED, file, metadata: None }
}

fn received<'a>(dossier: &'a Dossier, files: &'a [NamedFile]) -> Received<'a> {
    Received {
        dossier,
        files,
        official_code: "H15.50.05-261123-0001",
        technical_id: None,
        course: &[],
        due: None,
        added: &[],
        files_at: None,
    }
}

fn written(dossier: &Dossier, files: &[NamedFile]) -> serde_json::Value {
    serde_json::to_value(received(dossier, files).ho_so()).unwrap()
}

fn step(status: Status, at: &str) -> Step<'static> {
    Step { status, at: at.parse().unwrap(), clerk: None, words: None }
}

#[test]
fn a_fresh_dossier_has_the_portals_names_codes_and_times() {
    let (dossier, files) = (dossier(), [file(8, "01-giay-chung-sinh.pdf")]);
    let request = SyncRequest::new(vec![received(&dossier, &files).ho_so()], false);
    let expected = json!({"service": "DongBoHoSoMC", "isUpdating": "False", "data": [{
        "MaHoSo": "H15.50.05-261123-0001", "MaTTHC": "1.001193", "TenTTHC": "Đăng ký khai sinh",
        "ChuHoSo": "Nguyễn Thị Mẫu", "SoGiayToChuHoSo": "001190000001", "LoaiDoiTuong": "1",
        "DinhDanhCHS": {"LoaiDinhDanh": "1", "SoDinhDanh": "001190000001"},
        "KenhThucHien": "1", "TrichYeuHoSo": "Đăng ký khai sinh", "NgayNopHoSo": "20261124003000", "TrangThaiHoSo": "1",
        "DonViXuLy": "H15.50.05", "NoiNopHoSo": "2", "HoSoCoThanhPhanSoHoa": "1",
        "TaiLieuNop": [{"TepDinhKemId": Uuid::from_u128(8).to_string(), "TenTepDinhKem": "01-giay-chung-sinh.pdf", "IsDeleted": "False",
            "MaThanhPhanHoSo": "KQ.G01.000012", "DuocSoHoa": "1", "DuocTaiSuDung": "0", "DuocLayTuKhoDMQG": "0"}],
    }]});
    assert_eq!(serde_json::to_value(&request).unwrap(), expected);
    assert!(!format!("{request:?}").contains("190000001"), "numbers never show");
}

#[test]
fn what_no_device_knows_is_absent_and_listed() {
    let dossier = dossier();
    let written = written(&dossier, &[]);
    let present = written.as_object().unwrap();
    for (field, who) in ABSENT.into_iter().chain(WHERE_TOLD) {
        assert!(!present.contains_key(field), "{field} is for {who}");
    }
    // Every field of domain.md 3 is in one of the lists: 15 written, 12 absent, 6 where told, 4 dates of the course.
    let dates = ["NgayTiepNhan", "NgayTuChoi", "NgayKetThucXuLy", "NgayTra"];
    assert!(dates.iter().all(|date| !present.contains_key(*date)));
    assert_eq!(present.len(), 15, "{:?}", present.keys());
    assert!(!present.values().any(|value| value.as_str() == Some("")), "an empty string would erase what an officer wrote");
}

#[test]
fn all_that_a_person_tells_reaches_the_portal() {
    let mut full = dossier();
    full.particulars = Particulars {
        contact: Contact { phone: Some(Private::new("0900000000")), email: Some(Private::new("mau@vidu.vn")) },
        return_by: Some(ReturnBy::Post { address: Private::new("Thôn Thử, xã Mẫu") }),
        technical_id: Some(Private::new("tech-0001")),
        competent_agency: Some("H15.50".to_owned()),
        ..Particulars::default()
    };
    let sent: Dossier = serde_json::from_str(&serde_json::to_string(&full).unwrap()).unwrap();
    let written = written(&sent, &[]);
    for (field, value) in WHERE_TOLD.map(|(field, _)| field).into_iter().zip(["1", "tech-0001", "0900000000", "mau@vidu.vn"]) {
        assert_eq!(written[field], value, "{field}");
    }
    assert_eq!(written["DonViXuLy"], "H15.50");
    for (way, code) in [(ReturnBy::Desk, Some("0")), (ReturnBy::Electronic, None)] {
        full.particulars.return_by = Some(way);
        assert_eq!(received(&full, &[]).ho_so().hinh_thuc, code);
    }
    full.particulars = Particulars::default();
    let later = Private::new("tech-0002");
    let asked = Received { technical_id: Some(&later), ..received(&full, &[]) }.ho_so();
    assert_eq!(asked.ma_doi_tuong, Some(later), "the hub asks where the device could not");
}

#[test]
fn a_stored_paper_is_named_and_not_sent() {
    let mut mixed = dossier();
    let stored = |source| Origin::Stored { source, reference: "KHO-0001".to_owned() };
    mixed.documents.push(document(Uuid::from_u128(9), stored(PaperSource::Kho)));
    mixed.documents.push(document(Uuid::from_u128(10), stored(PaperSource::Hub)));
    let files = [file(8, "01.pdf"), file(11, "01-001.jpg")];
    let papers = Received { files_at: Some("https://hub.vidu.vn/tep"), ..received(&mixed, &files) }.ho_so().tai_lieu_nop;
    let flags: Vec<_> = papers.iter().map(|p| (p.duoc_so_hoa, p.duoc_tai_su_dung, p.duoc_lay_tu_kho_dmqg)).collect();
    assert_eq!(flags, [("1", "0", "0"), ("1", "0", "0"), ("0", "1", "1"), ("0", "1", "0")]);
    assert_eq!(papers[0].duong_dan_tai_tep_tin, Some(format!("https://hub.vidu.vn/tep/{}", Uuid::from_u128(8))));
    assert_eq!((&papers[2].tep_dinh_kem_id, papers[2].ma_ket_qua_thay_the.as_deref()), (&None, Some("KHO-0001")));
}

#[test]
fn a_paper_brought_as_a_pdf_is_named_with_its_file() {
    let mut mixed = dossier();
    let brought = file(12, "02.pdf").file;
    mixed.documents.push(document(Uuid::from_u128(9), Origin::Pdf { file: brought.clone(), pages: 3 }));
    let files = [file(8, "01.pdf"), NamedFile { document: Uuid::from_u128(9), file: brought, ..file(12, "02.pdf") }];
    let papers = received(&mixed, &files).ho_so().tai_lieu_nop;
    let told: Vec<_> = papers.iter().map(|p| (p.ten_tep_dinh_kem.as_str(), p.tep_dinh_kem_id.clone())).collect();
    assert_eq!(told, [("01.pdf", Some(Uuid::from_u128(8).to_string())), ("02.pdf", Some(Uuid::from_u128(12).to_string()))]);
}

#[test]
fn a_paper_that_comes_to_the_desk_is_named_as_not_digitised() {
    let mut mixed = dossier();
    mixed.documents.push(document(Uuid::from_u128(9), Origin::AtDesk { special: Special::Bound }));
    let papers = received(&mixed, &[file(8, "01.pdf")]).ho_so().tai_lieu_nop;
    let told: Vec<_> = papers.iter().map(|p| (p.duoc_so_hoa, p.duoc_tai_su_dung, p.tep_dinh_kem_id.is_some())).collect();
    assert_eq!(told, [("1", "0", true), ("0", "0", false)]);
    assert_eq!((papers[1].ten_tep_dinh_kem.as_str(), papers[1].ma_ket_qua_thay_the.as_deref()), ("Giấy chứng sinh", None));
}

#[test]
fn papers_added_later_stand_with_the_others_and_the_due_date_is_told() {
    let (first, mut later) = (dossier(), dossier());
    let asked = [SupplementItem { component: None, what: Private::new("Giấy chứng sinh rõ hơn") }];
    let adds = AddsTo::new(first.id, "H15.50.05-261123-0001", ("1.001193", &first.procedure_name), 3, &asked);
    later.id = Uuid::from_u128(2);
    later.submitted = "2026-11-30T01:00:00Z".parse().unwrap();
    later.documents = vec![Document { component: "bo-sung-1".to_owned(), ..document(Uuid::from_u128(20), Origin::Scanned) }];
    later.particulars.adds_to = Some(Box::new(adds));
    let file_of_later = NamedFile { document: Uuid::from_u128(20), ..file(21, "01-giay-bo-sung-1.pdf") };
    let (files, added) = ([file(8, "01.pdf")], [(later, vec![file_of_later])]);
    let due = Some("2026-12-05T09:00:00Z".parse().unwrap());
    let ho_so = serde_json::to_value(Received { added: &added, due, ..received(&first, &files) }.ho_so()).unwrap();
    let names: Vec<_> = ho_so["TaiLieuNop"].as_array().unwrap().iter().map(|paper| paper["TenTepDinhKem"].as_str().unwrap()).collect();
    assert_eq!(names, ["01.pdf", "01-giay-bo-sung-1.pdf"]);
    let expected = json!([{"HoSoBoSungId": Uuid::from_u128(2).to_string(), "NoiDungBoSung": "Giấy chứng sinh rõ hơn", "NgayBoSung": "20261130080000"}]);
    assert_eq!((&ho_so["DanhSachHoSoBoSung"], &ho_so["NgayHenTra"]), (&expected, &json!("20261205160000")));
    assert_eq!(ho_so["MaHoSo"], "H15.50.05-261123-0001");
}

#[test]
fn the_course_gives_dates_status_and_progress_rows() {
    let (clerk, words) = (Private::new("Trần Văn Mẫu ".repeat(9)), Private::new("Đủ giấy tờ"));
    let accepted = Step { clerk: Some(&clerk), words: Some(&words), ..step(Status::Accepted, "2026-11-24T01:00:00Z") };
    let course = [
        step(Status::Registered, "2026-11-23T17:31:00Z"),
        accepted,
        step(Status::Finished, "2026-11-25T01:00:00Z"),
        step(Status::Returned, "2026-11-26T01:00:00Z"),
    ];
    let fresh = dossier();
    let received = Received { course: &course, ..received(&fresh, &[]) };
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
    let told = |dossier: &Dossier| {
        let ho_so = received(dossier, &[]).ho_so();
        (ho_so.loai_doi_tuong, ho_so.so_giay_to_chu_ho_so.reveal().to_owned(), ho_so.dinh_danh_chs.is_some())
    };
    let mut foreigner = dossier();
    foreigner.applicant.number = PersonNumber::parse("UTO 123456789").unwrap();
    assert_eq!(told(&foreigner), ("1", "123456789".to_owned(), false));
    let mut organisation = dossier();
    let (tax_code, name) = (Private::new("0100000001"), Private::new("Hợp tác xã Mẫu"));
    organisation.particulars.organisation = Some(Organisation { tax_code, name: name.clone() });
    assert_eq!(told(&organisation), ("2", "0100000001".to_owned(), false));
    assert_eq!(received(&organisation, &[]).ho_so().chu_ho_so, name);
}

#[test]
fn the_authorised_person_is_kept_and_the_account_is_the_owners() {
    let mut filed = dossier();
    let person = Applicant { name: Private::new("Trần Văn Mẫu"), ..filed.applicant.clone() };
    let authorised = Authorised { person, contact: Contact::default(), paper: Some(SCANNED) };
    filed.particulars.authorised = Some(Box::new(authorised.clone()));
    let sent: Dossier = serde_json::from_str(&serde_json::to_string(&filed).unwrap()).unwrap();
    assert_eq!(sent.particulars.authorised.as_deref(), Some(&authorised));
    // The portal has no field for them: form 01 names them, at the hub.
    assert_eq!(received(&sent, &[]).ho_so().chu_ho_so, filed.applicant.name);
}
