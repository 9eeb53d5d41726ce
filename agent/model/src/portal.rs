//! A dossier in the words of the national portal: what a hub sends to `DongBoHoSoMC` and `CapNhatTienDoHoSoMC`.
//!
//! Names and codes are those of domain.md 3; every value is a JSON string there, also the codes, and times are
//! `yyyyMMddHHmmss` in Asia/Ho_Chi_Minh. The device never calls the portal: the mapping stands here because it shows
//! that what the device sends is enough. What no device can know (fees, due dates, who processes) is absent: an
//! empty string would erase what the officer entered.

use crate::{Private, dossier::Status};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

/// TrichYeuHoSo, at most; longer text is cut.
const LONGEST_SUMMARY: usize = 1000;
/// NguoiXuLy, at most; longer text is cut.
const LONGEST_NAME: usize = 50;
/// Progress rows go in chunks of so many.
pub const PROGRESS_ROWS: usize = 10;

/// What the hub holds of a dossier: from the message, from itself, and from its clerks.
#[derive(Clone, Debug)]
pub struct Received<'a> {
    /// Mã hồ sơ.
    pub official_code: &'a str,
    /// Mã TTHC.
    pub procedure: &'a str,
    /// Tên thủ tục, Vietnamese.
    pub procedure_name: &'a str,
    /// Chủ hồ sơ: the number.
    pub owner: Owner<'a>,
    /// Chủ hồ sơ: the name.
    pub owner_name: &'a Private,
    /// TechID, where an account check told it.
    pub technical_id: Option<&'a Private>,
    /// Số điện thoại, where the form asks for it.
    pub phone: Option<&'a Private>,
    /// Email, where the form asks for it.
    pub email: Option<&'a Private>,
    /// KenhThucHien: 1 direct, 2 online, 3 BCCI.
    pub channel: u8,
    /// Mã định danh of the agency that processes; the receiving one where no other is known.
    pub agency: &'a str,
    /// When it was confirmed to the person.
    pub submitted: Timestamp,
    /// How the result goes back, where the person was asked: false direct, true by post.
    pub by_post: Option<bool>,
    /// Every status with its time and words, oldest first.
    pub course: &'a [Step<'a>],
    /// The scans.
    pub files: &'a [PortalFile<'a>],
}

/// Number of the chủ hồ sơ, by its kind: nine digits are a passport's as often as a CMND's.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    /// CCCD, 12 digits.
    Citizen(&'a Private),
    /// CMND, 9 digits.
    OldCard(&'a Private),
    /// Passport or international travel document.
    Passport(&'a Private),
    /// MST or MSDN.
    Enterprise(&'a Private),
}

/// One step of a dossier's course.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// TrangThaiHoSo.
    pub status: Status,
    /// When.
    pub at: Timestamp,
    /// NguoiXuLy, where a clerk did it.
    pub clerk: Option<&'a Private>,
    /// NoiDungXuLy in the clerk's words; the portal's words of the status otherwise.
    pub words: Option<&'a Private>,
}

/// One scanned file.
#[derive(Clone, Copy, Debug)]
pub struct PortalFile<'a> {
    /// Its id at the hub.
    pub id: uuid::Uuid,
    /// Its name; holds no personal data.
    pub name: &'a str,
    /// Mã thành phần hồ sơ.
    pub component: &'a str,
    /// Where the portal may fetch it; the hub's business.
    pub address: Option<&'a str>,
    /// DuocTaiSuDung: it is a stored paper that was not scanned anew.
    pub reused: bool,
    /// DuocLayTuKhoDMQG: it came from the national store.
    pub from_kho: bool,
}

/// `DongBoHoSoMC`, without session and madonvi, which are the hub's secrets.
#[derive(Clone, Debug, Serialize)]
pub struct SyncRequest {
    service: &'static str,
    #[serde(rename = "isUpdating")]
    is_updating: &'static str,
    data: Vec<HoSo>,
}

impl SyncRequest {
    /// `known`: the portal has these dossiers already ("đã tồn tại").
    pub fn new(dossiers: Vec<HoSo>, known: bool) -> Self {
        Self { service: "DongBoHoSoMC", is_updating: if known { "True" } else { "False" }, data: dossiers }
    }
}

/// `CapNhatTienDoHoSoMC`, without session and madonvi.
#[derive(Clone, Debug, Serialize)]
pub struct ProgressRequest {
    service: &'static str,
    data: Vec<Progress>,
}

impl ProgressRequest {
    /// The rows in chunks of [`PROGRESS_ROWS`].
    pub fn chunks(rows: &[Progress]) -> Vec<Self> {
        rows.chunks(PROGRESS_ROWS).map(|rows| Self { service: "CapNhatTienDoHoSoMC", data: rows.to_vec() }).collect()
    }
}

/// HoSo of `DongBoHoSoMC`. Only fields that a device or the hub knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are the portal's own; domain.md 3 explains them")]
pub struct HoSo {
    pub ma_ho_so: String,
    #[serde(rename = "MaTTHC")]
    pub ma_tthc: String,
    #[serde(rename = "TenTTHC")]
    pub ten_tthc: String,
    pub chu_ho_so: Private,
    pub so_giay_to_chu_ho_so: Private,
    pub loai_doi_tuong: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ma_doi_tuong: Option<Private>,
    #[serde(rename = "DinhDanhCHS", skip_serializing_if = "Option::is_none")]
    pub dinh_danh_chs: Option<DinhDanh>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub so_dien_thoai: Option<Private>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Private>,
    pub kenh_thuc_hien: String,
    pub trich_yeu_ho_so: String,
    pub ngay_nop_ho_so: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ngay_tiep_nhan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ngay_tu_choi: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ngay_ket_thuc_xu_ly: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ngay_tra: Option<String>,
    pub trang_thai_ho_so: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hinh_thuc: Option<&'static str>,
    pub don_vi_xu_ly: String,
    pub noi_nop_ho_so: &'static str,
    pub ho_so_co_thanh_phan_so_hoa: &'static str,
    pub tai_lieu_nop: Vec<TaiLieu>,
}

/// DinhDanhCHS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DinhDanh {
    /// 1 CCCD, 2 CMND.
    pub loai_dinh_danh: &'static str,
    /// The number.
    pub so_dinh_danh: Private,
}

/// TaiLieuNop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are the portal's own; domain.md 3 explains them")]
pub struct TaiLieu {
    pub tep_dinh_kem_id: String,
    pub ten_tep_dinh_kem: String,
    pub is_deleted: &'static str,
    pub ma_thanh_phan_ho_so: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duong_dan_tai_tep_tin: Option<String>,
    pub duoc_so_hoa: &'static str,
    pub duoc_tai_su_dung: &'static str,
    #[serde(rename = "DuocLayTuKhoDMQG")]
    pub duoc_lay_tu_kho_dmqg: &'static str,
}

/// A row of `CapNhatTienDoHoSoMC`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are the portal's own; domain.md 3 explains them")]
pub struct Progress {
    pub ma_ho_so: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nguoi_xu_ly: Option<Private>,
    pub thoi_diem_xu_ly: String,
    pub phong_ban_xu_ly: String,
    pub noi_dung_xu_ly: Private,
    pub trang_thai: String,
    pub ngay_bat_dau: String,
}

impl Received<'_> {
    /// The dossier as the portal wants it.
    pub fn ho_so(&self) -> HoSo {
        let (number, kind, identity) = match self.owner {
            Owner::Citizen(number) => (number, CITIZEN, Some("1")),
            Owner::OldCard(number) => (number, CITIZEN, Some("2")),
            // No LoaiDinhDanh of a passport is known: the number stands in SoGiayToChuHoSo alone.
            Owner::Passport(number) => (number, CITIZEN, None),
            Owner::Enterprise(number) => (number, ENTERPRISE, None),
        };
        HoSo {
            ma_ho_so: self.official_code.to_owned(),
            ma_tthc: self.procedure.to_owned(),
            ten_tthc: self.procedure_name.to_owned(),
            chu_ho_so: self.owner_name.clone(),
            so_giay_to_chu_ho_so: number.clone(),
            loai_doi_tuong: kind,
            ma_doi_tuong: self.technical_id.cloned(),
            dinh_danh_chs: identity.map(|kind| DinhDanh { loai_dinh_danh: kind, so_dinh_danh: number.clone() }),
            so_dien_thoai: filled(self.phone),
            email: filled(self.email),
            kenh_thuc_hien: self.channel.to_string(),
            trich_yeu_ho_so: self.procedure_name.chars().take(LONGEST_SUMMARY).collect(),
            ngay_nop_ho_so: time(self.submitted),
            ngay_tiep_nhan: self.reached(Status::Accepted),
            ngay_tu_choi: self.reached(Status::Refused),
            ngay_ket_thuc_xu_ly: self.reached(Status::Finished),
            ngay_tra: self.reached(Status::Returned),
            trang_thai_ho_so: code(self.course.last().map_or(Status::Registered, |step| step.status)),
            hinh_thuc: self.by_post.map(flag),
            don_vi_xu_ly: self.agency.to_owned(),
            noi_nop_ho_so: LOCAL,
            ho_so_co_thanh_phan_so_hoa: flag(!self.files.is_empty()),
            tai_lieu_nop: self.files.iter().map(tai_lieu).collect(),
        }
    }

    /// The course as progress rows, oldest first.
    pub fn progress(&self) -> Vec<Progress> {
        let row = |step: &Step<'_>| Progress {
            ma_ho_so: self.official_code.to_owned(),
            nguoi_xu_ly: step.clerk.map(|name| Private::new(name.reveal().chars().take(LONGEST_NAME).collect::<String>())),
            thoi_diem_xu_ly: time(step.at),
            phong_ban_xu_ly: self.agency.to_owned(),
            noi_dung_xu_ly: step.words.cloned().unwrap_or_else(|| Private::new(step.status.words().vi)),
            trang_thai: code(step.status),
            ngay_bat_dau: time(step.at),
        };
        self.course.iter().map(row).collect()
    }

    /// When it came to a status first.
    fn reached(&self, status: Status) -> Option<String> {
        self.course.iter().find(|step| step.status == status).map(|step| time(step.at))
    }
}

/// LoaiDoiTuong 1: a person; the portal has no other for foreigners.
const CITIZEN: &str = "1";
/// LoaiDoiTuong 2.
const ENTERPRISE: &str = "2";
/// NoiNopHoSo 2: handed in at the province, not at the national portal.
const LOCAL: &str = "2";

fn tai_lieu(file: &PortalFile<'_>) -> TaiLieu {
    TaiLieu {
        tep_dinh_kem_id: file.id.to_string(),
        ten_tep_dinh_kem: file.name.to_owned(),
        is_deleted: "False",
        ma_thanh_phan_ho_so: file.component.to_owned(),
        duong_dan_tai_tep_tin: file.address.map(str::to_owned),
        duoc_so_hoa: "1",
        duoc_tai_su_dung: flag(file.reused),
        duoc_lay_tu_kho_dmqg: flag(file.from_kho),
    }
}

fn code(status: Status) -> String {
    u8::from(status).to_string()
}

fn flag(yes: bool) -> &'static str {
    if yes { "1" } else { "0" }
}

fn filled(text: Option<&Private>) -> Option<Private> {
    text.filter(|text| !text.reveal().is_empty()).cloned()
}

/// `yyyyMMddHHmmss`; Vietnam keeps +07:00 all year, which is what is left should the zone be unknown.
fn time(at: Timestamp) -> String {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(7)));
    at.to_zoned(zone).strftime("%Y%m%d%H%M%S").to_string()
}

#[cfg(test)]
mod tests;
