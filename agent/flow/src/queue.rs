//! C24 Lấy số: a number of the queue. No card, no name, no link; the number is durable before it is shown, and nothing that the printer
//! does takes it away.

use crate::{
    Effect, Settings, Slip, SlipOf,
    idle::Patience,
    slip::{blank, hear, local_time, print},
    state::{Cx, FAREWELL_S, State},
};
use motcua_model::{
    Text,
    api::{Action, PrintState, QueuePage},
    config::Visit,
    fault::Fault,
    queue::{Group, Wanted},
};
use uuid::Uuid;

/// How far the person is.
pub(crate) enum Queue {
    /// Chooses for which services.
    Groups,
    /// Chooses whether a priority group applies.
    Priority { group: u8 },
    /// Being made durable: nothing can change any more.
    Storing { id: Uuid, chosen: Chosen },
    /// The number is the person's.
    Taken { slip: Box<Slip>, group: Text, priority: bool, ahead: u32, printing: PrintState },
}

/// What was chosen, as places in the office's lists.
#[derive(Clone, Copy)]
pub(crate) struct Chosen {
    group: u8,
    priority: Option<u8>,
}

impl Queue {
    /// Asks only what there is to choose; none where no numbers are given here.
    pub(crate) fn begin(cx: &mut Cx) -> Option<Self> {
        match cx.settings.queue.groups.as_slice() {
            [] => None,
            [_] => Some(Self::group_chosen(0, cx)),
            [_, _, ..] => Some(Self::Groups),
        }
    }

    fn group_chosen(group: u8, cx: &mut Cx) -> Self {
        match cx.settings.queue.priority.is_empty() {
            true => Self::take(Chosen { group, priority: None }, cx),
            false => Self::Priority { group },
        }
    }

    pub(crate) fn action(self, action: Action, cx: &mut Cx) -> State {
        let next = match (self, action) {
            (Self::Groups, Action::ChooseGroup { group }) if group_at(group, cx.settings).is_some() => Self::group_chosen(group, cx),
            (Self::Priority { group }, Action::ChoosePriority { priority: None }) => Self::take(Chosen { group, priority: None }, cx),
            (Self::Priority { group }, Action::ChoosePriority { priority: Some(priority) })
                if cx.settings.queue.priority.get(usize::from(priority)).is_some() =>
            {
                Self::take(Chosen { group, priority: Some(priority) }, cx)
            }
            (Self::Priority { .. }, Action::Back) if cx.settings.queue.groups.len() > 1 => Self::Groups,
            (kept, _) => kept,
        };
        State::Queue(Box::new(next))
    }

    fn take(chosen: Chosen, cx: &mut Cx) -> Self {
        let Some(group) = group_at(chosen.group, cx.settings) else { return Self::Groups };
        let priority = chosen.priority.and_then(|at| cx.settings.queue.priority.get(usize::from(at)));
        let id = cx.at.fresh;
        let wanted = Wanted { id, group: group.code.clone(), priority: priority.map(|priority| priority.id.clone()) };
        cx.emit(Effect::TakeNumber(wanted));
        Self::Storing { id, chosen }
    }

    pub(crate) fn taken(self, taken: Uuid, number: &str, ahead: u32, cx: &mut Cx) -> Self {
        match self {
            Self::Storing { id, chosen } if id == taken => {
                let group = group_at(chosen.group, cx.settings).map_or_else(|| Text::new("", ""), |group| group.name.clone());
                let priority = chosen.priority.is_some();
                let slip = Box::new(ticket(id, number, (&group, priority, ahead), cx));
                let printing = print(&slip, cx);
                Self::Taken { slip, group, priority, ahead, printing }
            }
            Self::Groups | Self::Priority { .. } | Self::Storing { .. } | Self::Taken { .. } => self,
        }
    }

    /// No number was given: the person may try once more.
    pub(crate) fn not_taken(self, failed: Uuid, cx: &mut Cx) -> Self {
        match self {
            Self::Storing { id, chosen } if id == failed => {
                cx.show(Fault::StoreFailed, false);
                match cx.settings.queue.priority.is_empty() {
                    true => Self::Groups,
                    false => Self::Priority { group: chosen.group },
                }
            }
            Self::Groups | Self::Priority { .. } | Self::Storing { .. } | Self::Taken { .. } => self,
        }
    }

    pub(crate) fn printing(mut self, job: Uuid, state: PrintState) -> Self {
        if let Self::Taken { slip, printing, .. } = &mut self {
            hear(printing, slip.job, job, state);
        }
        self
    }

    /// Whether this is the ticket that the person waits for.
    pub(crate) fn waits_for(&self, job: Uuid) -> bool {
        matches!(self, Self::Taken { slip, printing, .. } if slip.job == job && *printing != PrintState::Printed)
    }

    /// The ticket of one person must not come out in front of the next.
    pub(crate) fn end(&self) -> Vec<Effect> {
        match self {
            Self::Taken { slip, .. } => vec![Effect::DropPrint { job: slip.job }],
            Self::Groups | Self::Priority { .. } | Self::Storing { .. } => Vec::new(),
        }
    }

    pub(crate) fn can_end(&self) -> bool {
        !matches!(self, Self::Storing { .. })
    }

    pub(crate) fn can_back(&self, settings: &Settings) -> bool {
        matches!(self, Self::Priority { .. }) && settings.queue.groups.len() > 1
    }

    /// With the ticket in hand nobody waits; without it, the number must be read or photographed.
    pub(crate) fn patience(&self, visit: &Visit) -> Patience {
        match self {
            Self::Groups | Self::Priority { .. } => Patience::Seconds(visit.reading_s),
            Self::Storing { .. } => Patience::Busy(visit.waiting_s),
            Self::Taken { printing: PrintState::Printed, .. } => Patience::Farewell(FAREWELL_S),
            Self::Taken { .. } => Patience::Seconds(visit.reading_s),
        }
    }

    /// A page whose choice is being kept is another picture.
    pub(crate) fn part(&self) -> usize {
        usize::from(matches!(self, Self::Storing { .. }))
    }

    pub(crate) fn screen(&self, settings: &Settings) -> QueuePage {
        let queue = &settings.queue;
        let groups = |storing| QueuePage::Groups { groups: queue.groups.iter().map(|group| group.name.clone()).collect(), storing };
        let priority = |storing| QueuePage::Priority { groups: queue.priority.iter().map(|group| group.name.clone()).collect(), storing };
        match self {
            Self::Groups => groups(false),
            Self::Priority { .. } => priority(false),
            Self::Storing { .. } if queue.priority.is_empty() => groups(true),
            Self::Storing { .. } => priority(true),
            Self::Taken { slip, group, priority, ahead, printing } => QueuePage::Taken {
                number: slip.code.clone(),
                group: group.clone(),
                priority: *priority,
                ahead: *ahead,
                printing: *printing,
            },
        }
    }
}

fn group_at(at: u8, settings: &Settings) -> Option<&Group> {
    settings.queue.groups.get(usize::from(at))
}

/// The number and nothing of the person; which priority group it was stays out as well.
fn ticket(job: Uuid, number: &str, (group, priority, ahead): (&Text, bool, u32), cx: &Cx) -> Slip {
    let before = Text::new(format!("{ahead} người"), ahead.to_string());
    let title = if priority { Text::new("SỐ ƯU TIÊN", "PRIORITY NUMBER") } else { Text::new("SỐ THỨ TỰ", "YOUR NUMBER") };
    Slip {
        code: number.to_owned(),
        rows: vec![
            (Text::new("Việc", "For"), group.clone()),
            (Text::new("Người chờ trước", "People before you"), before),
            (Text::new("Lấy lúc", "Taken"), Text::same(&local_time(cx.at.wall))),
        ],
        note: Text::new("Chờ gọi số này. Số chỉ dùng trong ngày.", "Wait for this number. It holds for today."),
        ..blank(job, SlipOf::Ticket, title, cx)
    }
}
