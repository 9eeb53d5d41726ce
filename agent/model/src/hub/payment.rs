//! Lệ phí paid online through the national platform (R15): the hub speaks with it, the device with the hub alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How does the payment of this dossier stand? The first question opens it; asking again changes nothing, and is how a device waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRequest {
    /// [`crate::dossier::Dossier::id`]. Its record may arrive at the hub later than this.
    pub dossier: Uuid,
    /// Provisional code, for the platform's note to the payer.
    #[schemars(length(min = 1, max = 40))]
    pub code: String,
    /// Mã TTHC.
    #[schemars(length(min = 1, max = 20))]
    pub procedure: String,
    /// Lệ phí in đồng, by the catalogue that the dossier was received under.
    #[schemars(range(min = 1))]
    pub amount_vnd: u32,
}

/// How it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentAnswer {
    /// The platform's word.
    pub state: PaymentState,
    /// What is to be paid, or was: the hub's amount counts.
    pub amount_vnd: u32,
    /// Text of the code that the payer's telephone reads; where the payment is open.
    #[serde(default)]
    pub qr: Option<String>,
    /// The platform's number of the transaction; where it is paid.
    #[serde(default)]
    pub transaction: Option<String>,
}

/// What the platform says of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// It can be paid, and is not.
    Open,
    /// The money has come.
    Paid,
    /// The platform cannot be asked now, or takes no money for this: paid at the desk.
    Away,
}
