//! A dossier in the words of the national portal: what a hub sends to `DongBoHoSoMC` and `CapNhatTienDoHoSoMC`.
//!
//! Names and codes are those of domain.md 3; every value is a JSON string there, also the codes, and times are
//! `yyyyMMddHHmmss` in Asia/Ho_Chi_Minh. The device never calls the portal: the mapping stands here because it shows
//! that what the device sends is enough. What neither knows (fees, who processes) is absent: an empty string would erase
//! what the officer entered.

use crate::{
    Private,
    citizen::PersonNumber,
    dossier::{Document, Dossier, Origin, Status},
    hub::{NamedFile, PaperSource},
    particulars::ReturnBy,
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

/// TrichYeuHoSo, at most; longer text is cut.
const LONGEST_SUMMARY: usize = 1000;
/// NguoiXuLy, at most; longer text is cut.
const LONGEST_NAME: usize = 50;
/// Progress rows go in chunks of so many.
pub const PROGRESS_ROWS: usize = 10;

/// What the hub holds of a dossier: the message of the device, and what it has learned itself.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// As the device sent it.
    pub dossier: &'a Dossier,
    /// The files that came with it.
    pub files: &'a [NamedFile],
    /// Mã hồ sơ.
    pub official_code: &'a str,
    /// TechID, where the hub asked for it later than the device could.
    pub technical_id: Option<&'a Private>,
    /// Every status with its time and words, oldest first.
    pub course: &'a [Step<'a>],
    /// Ngày hẹn trả, once an officer has accepted it.
    pub due: Option<Timestamp>,
    /// What was added since, at an officer's request, with its files; oldest first.
    pub added: &'a [(Dossier, Vec<NamedFile>)],
    /// Address of the folder where the portal may fetch the files by their ids, without a slash at its end; the hub's business.
    pub files_at: Option<&'a str>,
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
    pub ngay_hen_tra: Option<String>,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub danh_sach_ho_so_bo_sung: Vec<BoSung>,
}

/// DanhSachHoSoBoSung: what a person added. Who asked, who took it and its state are the officer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are the portal's own; domain.md 3 explains them")]
pub struct BoSung {
    pub ho_so_bo_sung_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noi_dung_bo_sung: Option<Private>,
    pub ngay_bo_sung: String,
}

/// DinhDanhCHS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DinhDanh {
    /// 1 CCCD; 2 was the CMND of nine digits, which no card carries any more.
    pub loai_dinh_danh: &'static str,
    /// The number.
    pub so_dinh_danh: Private,
}

/// TaiLieuNop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the names are the portal's own; domain.md 3 explains them")]
pub struct TaiLieu {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tep_dinh_kem_id: Option<String>,
    pub ten_tep_dinh_kem: String,
    pub is_deleted: &'static str,
    pub ma_thanh_phan_ho_so: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duong_dan_tai_tep_tin: Option<String>,
    pub duoc_so_hoa: &'static str,
    pub duoc_tai_su_dung: &'static str,
    #[serde(rename = "DuocLayTuKhoDMQG")]
    pub duoc_lay_tu_kho_dmqg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ma_ket_qua_thay_the: Option<String>,
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
        let Dossier { applicant, particulars, .. } = self.dossier;
        let name = &self.dossier.procedure_name.vi;
        let person = Private::new(match &applicant.number {
            PersonNumber::Citizen(number) => number.reveal(),
            PersonNumber::Passport { number, .. } => number.reveal(),
        });
        let (owner, number, kind) = match &particulars.organisation {
            Some(organisation) => (&organisation.name, &organisation.tax_code, ORGANISATION),
            None => (&applicant.name, &person, CITIZEN),
        };
        // No LoaiDinhDanh of a passport or of an organisation is known: their number stands in SoGiayToChuHoSo alone.
        let citizen = applicant.number.citizen().filter(|_| particulars.organisation.is_none());
        let whole = [(self.dossier, self.files)].into_iter().chain(self.added.iter().map(|(added, files)| (added, files.as_slice())));
        HoSo {
            ma_ho_so: self.official_code.to_owned(),
            ma_tthc: self.dossier.procedure.clone(),
            ten_tthc: name.clone(),
            chu_ho_so: owner.clone(),
            so_giay_to_chu_ho_so: number.clone(),
            loai_doi_tuong: kind,
            ma_doi_tuong: particulars.technical_id.as_ref().or(self.technical_id).cloned(),
            dinh_danh_chs: citizen.map(|_| DinhDanh { loai_dinh_danh: CARD, so_dinh_danh: number.clone() }),
            so_dien_thoai: filled(particulars.contact.phone.as_ref()),
            email: filled(particulars.contact.email.as_ref()),
            kenh_thuc_hien: self.dossier.channel.to_string(),
            trich_yeu_ho_so: name.chars().take(LONGEST_SUMMARY).collect(),
            ngay_nop_ho_so: time(self.dossier.submitted),
            ngay_tiep_nhan: self.reached(Status::Accepted),
            ngay_hen_tra: self.due.map(time),
            ngay_tu_choi: self.reached(Status::Refused),
            ngay_ket_thuc_xu_ly: self.reached(Status::Finished),
            ngay_tra: self.reached(Status::Returned),
            trang_thai_ho_so: code(self.course.last().map_or(Status::Registered, |step| step.status)),
            hinh_thuc: particulars.return_by.as_ref().and_then(hinh_thuc),
            don_vi_xu_ly: self.agency().to_owned(),
            noi_nop_ho_so: LOCAL,
            ho_so_co_thanh_phan_so_hoa: flag(!self.files.is_empty()),
            tai_lieu_nop: whole
                .flat_map(|(dossier, files)| dossier.documents.iter().flat_map(|document| self.tai_lieu(document, files)))
                .collect(),
            danh_sach_ho_so_bo_sung: self.added.iter().map(|(added, _)| bo_sung(added)).collect(),
        }
    }

    /// The agency that processes; the receiving one where the catalogue names no other.
    fn agency(&self) -> &str {
        self.dossier.particulars.competent_agency.as_ref().unwrap_or(&self.dossier.agency)
    }

    /// One for each file of a paper that was scanned or brought as a PDF; one for a paper that a store has, or that comes to the desk.
    fn tai_lieu(&self, document: &Document, files: &[NamedFile]) -> Vec<TaiLieu> {
        let of = |file: Option<&NamedFile>, stored: Option<(PaperSource, &String)>| TaiLieu {
            tep_dinh_kem_id: file.map(|file| file.file.id.to_string()),
            ten_tep_dinh_kem: file.map_or_else(|| document.name.vi.clone(), |file| file.name.clone()),
            is_deleted: "False",
            ma_thanh_phan_ho_so: document.component.clone(),
            duong_dan_tai_tep_tin: file.and_then(|file| self.files_at.map(|folder| format!("{folder}/{}", file.file.id))),
            duoc_so_hoa: flag(file.is_some()),
            duoc_tai_su_dung: flag(stored.is_some()),
            duoc_lay_tu_kho_dmqg: flag(stored.is_some_and(|(source, _)| source == PaperSource::Kho)),
            ma_ket_qua_thay_the: stored.map(|(_, reference)| reference.clone()),
        };
        match &document.origin {
            Origin::Scanned | Origin::Pdf { .. } => {
                files.iter().filter(|file| file.document == document.id).map(|file| of(Some(file), None)).collect()
            }
            Origin::Stored { source, reference } => vec![of(None, Some((*source, reference)))],
            Origin::AtDesk { special: _ } => vec![of(None, None)],
        }
    }

    /// The course as progress rows, oldest first.
    pub fn progress(&self) -> Vec<Progress> {
        let row = |step: &Step<'_>| Progress {
            ma_ho_so: self.official_code.to_owned(),
            nguoi_xu_ly: step.clerk.map(|name| Private::new(name.reveal().chars().take(LONGEST_NAME).collect::<String>())),
            thoi_diem_xu_ly: time(step.at),
            phong_ban_xu_ly: self.agency().to_owned(),
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

/// The officer's words for each paper that came.
fn bo_sung(added: &Dossier) -> BoSung {
    let asked = |document: &Document| added.particulars.adds_to.as_ref()?.asked(&document.component).map(Private::reveal);
    let words: Vec<&str> = added.documents.iter().filter_map(asked).collect();
    BoSung {
        ho_so_bo_sung_id: added.id.to_string(),
        noi_dung_bo_sung: (!words.is_empty()).then(|| Private::new(words.join("; "))),
        ngay_bo_sung: time(added.submitted),
    }
}

/// LoaiDoiTuong 1: a person; the portal has no other for foreigners.
const CITIZEN: &str = "1";
/// LoaiDoiTuong 2; the portal's 3, agencies of the state, are told by no tax code.
const ORGANISATION: &str = "2";
/// LoaiDinhDanh 1: CCCD, 12 digits.
const CARD: &str = "1";
/// NoiNopHoSo 2: handed in at the province, not at the national portal.
const LOCAL: &str = "2";

/// HinhThuc 0 direct, 1 by post; the portal has no code for a file alone.
fn hinh_thuc(way: &ReturnBy) -> Option<&'static str> {
    match way {
        ReturnBy::Desk => Some(flag(false)),
        ReturnBy::Post { .. } => Some(flag(true)),
        ReturnBy::Electronic => None,
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
