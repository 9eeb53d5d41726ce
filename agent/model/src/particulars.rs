//! What a dossier says beside the card of its owner: whom else it concerns, how they are reached, how the result goes back.

use crate::{
    Private,
    address::{self, Address},
    citizen::PersonNumber,
    dossier::Applicant,
    hub::PaperSource,
    supplement::AddsTo,
    units::units,
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All that the national portal asks for beside the person and the papers (domain.md 3). What nobody told is absent: an empty text would
/// erase what the officer knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Particulars {
    /// How the owner is reached.
    #[serde(default)]
    pub contact: Contact,
    /// How the result goes back; none where the person was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_by: Option<ReturnBy>,
    /// The owner of the dossier where that is no person: [`crate::dossier::Dossier::applicant`] files for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Organisation>,
    /// Who files for the owner; the account is the owner's all the same (R27).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorised: Option<Box<Authorised>>,
    /// Con chưa thành niên for whom the owner files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub represented: Option<Represented>,
    /// Stored papers that the person found wrong: the paper itself was taken, and the officer has it put right (R33).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputed: Vec<Disputed>,
    /// TechID of the owner's account, where an account check told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technical_id: Option<Private>,
    /// Mã định danh of the agency that decides, where it is not the receiving one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competent_agency: Option<String>,
    /// The address on the owner's card in the communes of today: one where that is clear, several where its commune was divided (the
    /// office asks which), none where nothing like it is known. [`Applicant::address`] says what the card says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address_now: Vec<AddressNow>,
    /// The dossier that this one only adds papers to, at an officer's request: the hub puts them there and gives no code of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adds_to: Option<Box<AddsTo>>,
}

/// An address in the communes since 01/7/2025.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddressNow {
    /// Mã xã: five digits.
    pub commune: String,
    /// All of it, as [`Address::written`].
    pub address: Private,
}

impl AddressNow {
    /// What an address on a card is today; none where more communes could be meant than any was divided among.
    pub fn of(card: &Private) -> Vec<Self> {
        let today = address::today(card.reveal());
        let now = |address: &Address| {
            let code = units().communes.get(address.commune)?.code;
            Some(Self { commune: code.to_owned(), address: Private::new(address.written()) })
        };
        if today.len() > address::DIVIDED { Vec::new() } else { today.iter().filter_map(now).collect() }
    }
}

/// So many last digits of the telephone number bring the proof of a filing again (ux.md 7.6).
pub const PHONE_END: usize = 4;

/// How somebody is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// Số điện thoại.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Private>,
    /// Thư điện tử.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Private>,
}

/// How the person wants the result (R59, R63).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum ReturnBy {
    /// HinhThuc 0: fetched at the receiving office.
    Desk,
    /// HinhThuc 1: brought by the public postal service (BCCI).
    Post {
        /// Where to, in the communes of today where that is clear; empty where no card told an address: the office asks.
        address: Private,
    },
    /// Only as a file, in "dịch vụ công của tôi".
    Electronic,
}

/// Tổ chức: an enterprise, a household business, an agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Organisation {
    /// MST or MSDN: 10 digits, or 13 with the branch's number.
    #[schemars(with = "String", regex(pattern = "^[0-9]{10}(-?[0-9]{3})?$"))]
    pub tax_code: Private,
    /// Its name.
    pub name: Private,
}

/// A child whom the owner of the dossier represents by law (BLDS 2015 Đ.136): it has no account of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Represented {
    /// Họ và tên.
    pub name: Private,
    /// Ngày sinh.
    pub birth: Date,
    /// Số định danh, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<PersonNumber>,
}

/// A stored paper that the person says does not agree with the true one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disputed {
    /// [`crate::catalogue::Component::code`] of the paper that it would have stood for.
    pub component: String,
    /// Where it is stored.
    pub source: PaperSource,
    /// [`crate::hub::StoredPaper::reference`].
    pub reference: String,
}

/// Người được ủy quyền (TT 03/2025 form 01, R27).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Authorised {
    /// Who they are.
    pub person: Applicant,
    /// How they are reached.
    #[serde(default)]
    pub contact: Contact,
    /// Giấy tờ ủy quyền: [`crate::dossier::Document::id`] of its scan; none where it was only shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<uuid::Uuid>,
}
