//! What the hub knows of a person: the account at the national portal (R26-R30) and papers that are stored already
//! (R31, R37).

use crate::{
    Private,
    citizen::{CitizenNumber, Sex},
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who is meant: the keys of R26.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum PersonKey {
    /// CCCD + HOVATEN.
    Citizen {
        /// Số định danh cá nhân.
        number: CitizenNumber,
        /// Họ và tên; compared without accents and case.
        name: Private,
    },
    /// HOCHIEU + HOVATEN: passport or international travel document of a foreigner.
    Passport {
        /// Its number.
        #[schemars(with = "String", length(min = 1, max = 20))]
        number: Private,
        /// Name as in the machine-readable zone or on the page; compared without accents and case.
        name: Private,
    },
    /// MST or MSDN: an enterprise, a household business, an agency with a tax code.
    Organisation {
        /// 10 digits, or 13 with the branch's number.
        #[schemars(with = "String", regex(pattern = "^[0-9]{10}(-?[0-9]{3})?$"))]
        tax_code: Private,
    },
}

/// The button "Xác nhận tài khoản".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountCheck {
    /// The owner of the dossier; for an authorised person, the one who authorised them (R27).
    pub person: PersonKey,
}

/// What is known of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountAnswer {
    /// Whether there is one.
    pub state: AccountState,
    /// TechID (MaDoiTuong) at the national portal.
    #[serde(default)]
    pub technical_id: Option<Private>,
    /// To fill in the rest of the form (R30).
    #[serde(default)]
    pub person: Option<AccountPerson>,
}

/// Whether a person has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// There is one.
    Exists,
    /// There is none, or not under this name: staff guides the person to an e-ID.
    Absent,
    /// Could not be asked now: the desk goes on and asks later.
    Unverified,
}

/// What the account says of its owner. Every field may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountPerson {
    /// Họ và tên, or the name of the organisation, with accents.
    #[serde(default)]
    pub name: Option<Private>,
    /// Ngày sinh.
    #[serde(default)]
    pub birth: Option<Date>,
    /// Giới tính.
    #[serde(default)]
    pub sex: Option<Sex>,
    /// Địa chỉ.
    #[serde(default)]
    pub address: Option<Private>,
    /// Số điện thoại.
    #[serde(default)]
    pub phone: Option<Private>,
    /// Thư điện tử.
    #[serde(default)]
    pub email: Option<Private>,
}

/// Which stored papers of a person there are: the hub asks its own store first, the national one then (R37).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaperSearch {
    /// The owner.
    pub owner: PersonKey,
    /// Mã TTHC that they are wanted for: the national store wants to know.
    pub procedure: String,
    /// Mã loại giấy tờ, 1 to 50.
    #[schemars(length(min = 1, max = 50))]
    pub types: Vec<String>,
}

/// One line per asked type, in the order asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaperAnswer {
    /// What was found.
    pub lines: Vec<PaperLine>,
    /// Sources that could not be asked: a type that was not found may be there.
    #[serde(default)]
    pub unasked: Vec<PaperSource>,
}

/// What was found of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaperLine {
    /// Mã loại giấy tờ, as asked.
    #[serde(rename = "type")]
    pub type_code: String,
    /// Newest first, all from the first source that has any; empty where none was found.
    pub found: Vec<StoredPaper>,
}

/// Where papers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaperSource {
    /// The province's own store.
    Hub,
    /// Kho dữ liệu điện tử at the national portal.
    Kho,
}

/// A paper that need not be brought again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredPaper {
    /// Where it is.
    pub source: PaperSource,
    /// How to name it when the dossier reuses it (DuocTaiSuDung, MaKetQuaThayThe). Holds no personal data.
    pub reference: String,
    /// TenGiayTo.
    pub name: String,
    /// SoKyHieu.
    pub number: Private,
    /// CoQuanBanHanh.
    pub issuer: String,
    /// NgayBanHanh.
    #[serde(default)]
    pub issued: Option<Date>,
    /// ThoiHanHieuLuc; none where it has no end.
    #[serde(default)]
    pub valid_until: Option<Date>,
    /// Its file; none where only the data are stored.
    #[serde(default)]
    pub file: Option<PaperFile>,
}

/// How to know a stored file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaperFile {
    /// SHA-256 of its bytes, lower-case hex.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_as_the_contract_writes_them_and_never_show() {
        let text = r#"{"by":"citizen","number":"001190000001","name":"Nguyễn Thị Mẫu"}"#;
        let key: PersonKey = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&key).unwrap(), text);
        let shown = format!("{key:?}{:?}", PersonKey::Passport { number: Private::new("C0000000"), name: Private::new("SAMPLE") });
        assert!(!shown.contains("0011") && !shown.contains("Mẫu") && !shown.contains("C000") && !shown.contains("SAMPLE"), "{shown}");
        assert!(serde_json::from_str::<PersonKey>(r#"{"by":"citizen","number":"1","name":"x"}"#).is_err());
    }

    #[test]
    fn an_answer_that_says_little_still_reads() {
        let little: AccountAnswer = serde_json::from_str(r#"{"state":"unverified"}"#).unwrap();
        assert_eq!((little.technical_id, little.person), (None, None));
    }
}
