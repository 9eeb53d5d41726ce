//! How a fee can be paid at the kiosk.

use serde::Deserialize;
use std::fmt;

/// Lệ phí: `[payment]`. Left out: fees are paid at the desk alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Payment {
    /// The hub is asked for a code of the national payment platform (R15), and whether the money has come.
    pub online: bool,
    /// Where the platform cannot be asked: a transfer to this account, which the machine never sees arrive.
    pub transfer: Option<TransferAccount>,
}

/// The office's account at a bank: `[payment.transfer]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferAccount {
    /// BIN of the bank (NAPAS), six digits.
    pub bank: String,
    /// Number of the account.
    pub account: String,
    /// In whose name it is, as the payer's bank will show it.
    pub holder: String,
}

impl Payment {
    /// Tells `need` what must be changed.
    pub(crate) fn check(&self, need: &mut dyn FnMut(bool, &str, &dyn fmt::Display, &str)) {
        let Some(transfer) = &self.transfer else { return };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let bank = &transfer.bank;
        need(bank.len() == 6 && digits(bank), "payment.transfer.bank", bank, "write the bank's BIN, six digits, for example 970403");
        let account = &transfer.account;
        let good = (6..=19).contains(&account.len()) && account.bytes().all(|b| b.is_ascii_alphanumeric());
        need(good, "payment.transfer.account", account, "write the account's number without spaces, 6 to 19 letters or digits");
        need(
            !transfer.holder.trim().is_empty(),
            "payment.transfer.holder",
            &transfer.holder,
            "write in whose name the account is: the payer compares it",
        );
    }
}
