//! What the loop takes in: every source ends here.

use motcua_flow::Event;
use motcua_model::{
    api::{ActionRequest, AgentStatus, DeviceLine, LinkState},
    dossier::Handover,
    hub::AuditFlag,
};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// One thing that happened, from any source.
pub(crate) enum Input {
    /// For the flow as it is.
    Event(Event),
    /// A touch, with the way to answer whether it was still current.
    Action(ActionRequest, oneshot::Sender<bool>),
    /// May this page be shown now?
    MayShowPage(Uuid, oneshot::Sender<bool>),
    /// The technician's question. Outbox and counts are added by whoever asks.
    Status(oneshot::Sender<AgentStatus>),
    /// The watchdog's question: an answer shows that the loop gets on.
    AreYouThere(oneshot::Sender<()>),
    /// A device changed.
    Device(DeviceLine),
    /// The agent must be started anew.
    Fatal(anyhow::Error),
    /// The store cannot be written any more.
    StoreFailed(anyhow::Error),
    /// The desk wants this copy of a handover's slip once more.
    Reprint(Box<Handover>, u8),
    /// The hub told its time: its clock is ahead of ours by so many seconds.
    HubClock {
        /// Seconds.
        offset_s: i64,
        /// The hub remembers another audit trail.
        audit_flag: Option<AuditFlag>,
    },
    /// Share of its quota that the store takes.
    Disk(f64),
    /// The link to the hub changed; the text is cause and next step, empty when it is up.
    Link(LinkState, String),
}

/// Held by a task or thread that nobody watches otherwise, a device's first of all. When that panics, the agent ends with the reason
/// and is started anew: a device must not stay "ready" with nobody behind it. Drafts and dossiers are safe, and the person finds the
/// same step again.
pub(crate) struct Alarm {
    /// What is lost.
    pub(crate) device: &'static str,
    /// The way into the loop.
    pub(crate) inputs: Inputs,
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.inputs.try_send(Input::Fatal(anyhow::anyhow!("the task of the {} panicked", self.device)));
        }
    }
}

/// The way into the loop.
pub(crate) type Inputs = mpsc::Sender<Input>;

/// Sends an event; the loop being gone means that the agent is stopping.
pub(crate) async fn event(inputs: &Inputs, event: Event) {
    let _ = inputs.send(Input::Event(event)).await;
}
