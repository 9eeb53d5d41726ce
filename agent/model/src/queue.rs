//! Lấy số (C24): numbers of the queue. A number belongs to a day and a group of services and to nobody: no name, no card. Who is called
//! next is decided here, so that everybody can read the rule.

use crate::Text;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

/// Groups of services that one screen has room for.
pub const MOST_GROUPS: usize = 6;
/// Priority groups that one screen has room for, beside "none of these".
pub const MOST_PRIORITY: usize = 5;
/// Whoever was called so often and was not there is not called by itself any more; the desk can still do it by hand.
pub const MOST_ABSENT: u32 = 3;
/// After so many priority numbers in a row a usual one is called, where one waits.
const PRIORITY_IN_A_ROW: usize = 2;

/// Services for which people wait in one line, as the office's configuration has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// One capital letter: every number of the group begins with it.
    pub code: String,
    /// Words on the tile.
    pub name: Text,
}

/// Whom the law lets go first, as the office's configuration has it. The person chooses it, the desk sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityGroup {
    /// Short and constant: small letters, digits and `-`; statistics count by it.
    pub id: String,
    /// Words on the tile.
    pub name: Text,
}

/// The priority groups of an office that has set none.
pub fn usual_priority() -> Vec<PriorityGroup> {
    [
        ("age75", "Từ 75 tuổi trở lên", "75 years or older"),
        ("disabled", "Người khuyết tật", "Person with a disability"),
        ("pregnant", "Phụ nữ mang thai", "Pregnant woman"),
        ("child36", "Có con dưới 36 tháng đi cùng", "With a child under 36 months"),
        ("merit", "Người có công với cách mạng", "Person of merit to the revolution"),
    ]
    .map(|(id, vi, en)| PriorityGroup { id: id.to_owned(), name: Text::new(vi, en) })
    .into()
}

/// Why these groups cannot stand on the screen: what is wrong, and what to write instead.
pub fn wrong_groups(groups: &[Group]) -> Option<(String, &'static str)> {
    if groups.len() > MOST_GROUPS {
        return Some((format!("{} groups", groups.len()), "write at most 6 groups of services"));
    }
    groups.iter().enumerate().find_map(|(at, group)| {
        let letter = matches!(group.code.as_bytes(), [b'A'..=b'Z']);
        let again = groups[..at].iter().any(|other| other.code == group.code);
        let fix = "give each group a capital letter of its own (A to Z) and a name of at most 40 letters in both languages";
        (!letter || again || !is_named(&group.name)).then(|| (group.code.clone(), fix))
    })
}

/// Why these priority groups cannot stand on the screen.
pub fn wrong_priority(priority: &[PriorityGroup]) -> Option<(String, &'static str)> {
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if priority.len() > MOST_PRIORITY {
        return Some((format!("{} priority groups", priority.len()), "write at most 5 priority groups; one tile says that none applies"));
    }
    priority.iter().enumerate().find_map(|(at, group)| {
        let again = priority[..at].iter().any(|other| other.id == group.id);
        let fix = "give each priority group an id of its own (small letters, digits, -) and a name of at most 40 letters in both languages";
        (!is_id(&group.id) || again || !is_named(&group.name)).then(|| (group.id.clone(), fix))
    })
}

fn is_named(name: &Text) -> bool {
    [&name.vi, &name.en].iter().all(|name| (1..=40).contains(&name.trim().chars().count()))
}

/// What somebody at the screen asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Becomes [`Ticket::id`]: the same wish twice is one number.
    pub id: Uuid,
    /// [`Group::code`].
    pub group: String,
    /// [`PriorityGroup::id`]; none: usual.
    pub priority: Option<String>,
}

/// A number and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// UUIDv7.
    pub id: Uuid,
    /// [`Group::code`].
    pub group: String,
    /// Of its day and group, from 1.
    pub number: u32,
    /// [`PriorityGroup::id`]; none: usual.
    pub priority: Option<String>,
    /// Order in the line: whoever was called and not there stands behind those who wait by then. Rises whatever the clock says.
    pub place: i64,
    /// When it was given.
    pub taken: Timestamp,
    /// How far it is.
    pub standing: Standing,
    /// How often it was called and nobody came.
    pub absent: u32,
    /// Order of the last call; rises whatever the clock says.
    pub call: Option<i64>,
    /// When it was called for the first time.
    pub first_called: Option<Timestamp>,
    /// When it was called last.
    pub called: Option<Timestamp>,
    /// When the desk was done with it.
    pub done: Option<Timestamp>,
}

/// How far a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In the line.
    Waiting,
    /// Called to this desk, or there.
    Called {
        /// Quầy.
        desk: u8,
    },
    /// Done with at this desk.
    Served {
        /// Quầy.
        desk: u8,
    },
}

/// What a desk does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskAct {
    /// Gọi số tiếp theo: whoever was there is done, the next one is called.
    Next {
        /// Only of this group.
        group: Option<String>,
    },
    /// As [`Self::Next`], but this number of the line: who was not there has come.
    This(Uuid),
    /// Gọi lại: the same number once more.
    Again,
    /// Vắng: back into the line.
    Absent,
    /// Xong.
    Done,
}

impl Ticket {
    /// As it is called: `A012`.
    pub fn label(&self) -> String {
        format!("{}{:03}", self.group, self.number)
    }

    /// Waits to be called by itself.
    pub fn is_in_line(&self) -> bool {
        self.standing == Standing::Waiting && self.absent < MOST_ABSENT
    }

    /// Seconds from the number to its first call; a clock that was set back between them counts as none.
    pub fn waited_s(&self) -> Option<i64> {
        Some((self.first_called?.as_second() - self.taken.as_second()).max(0))
    }
}

/// Who of the day's numbers is called next, of one group or of all.
///
/// The rule: whoever has priority goes first, but after two priority numbers in a row a usual one is called, so that every third call at
/// least is a usual one and nobody waits without end. Among equals the order of the line counts.
pub fn next<'a>(day: &'a [Ticket], group: Option<&str>) -> Option<&'a Ticket> {
    let in_group = |ticket: &&Ticket| group.is_none_or(|group| ticket.group == group);
    let first = |priority: bool| {
        let waiting = day.iter().filter(in_group).filter(|ticket| ticket.is_in_line() && ticket.priority.is_some() == priority);
        waiting.min_by_key(|ticket| ticket.place)
    };
    let mut called: Vec<&Ticket> = day.iter().filter(in_group).filter(|ticket| ticket.call.is_some()).collect();
    called.sort_unstable_by_key(|ticket| std::cmp::Reverse(ticket.call));
    let last = called.iter().take(PRIORITY_IN_A_ROW);
    let turn_of_the_usual = called.len() >= PRIORITY_IN_A_ROW && last.clone().all(|ticket| ticket.priority.is_some());
    first(!turn_of_the_usual).or_else(|| first(turn_of_the_usual))
}

/// How many of its group would be called before this one, by [`next`], if nobody else came.
pub fn ahead(day: &[Ticket], id: Uuid) -> u32 {
    let Some(own) = day.iter().find(|ticket| ticket.id == id) else { return 0 };
    let mut line: Vec<Ticket> = day.iter().filter(|ticket| ticket.group == own.group).cloned().collect();
    let mut call = line.iter().filter_map(|ticket| ticket.call).max().unwrap_or_default();
    let mut before = 0;
    while let Some(called) = next(&line, None).map(|ticket| ticket.id).filter(|called| *called != id) {
        call += 1;
        before += 1;
        for ticket in line.iter_mut().filter(|ticket| ticket.id == called) {
            (ticket.standing, ticket.call) = (Standing::Served { desk: 0 }, Some(call));
        }
    }
    before
}

/// How many of a group wait.
pub fn waiting(day: &[Ticket], group: &str) -> usize {
    day.iter().filter(|ticket| ticket.group == group && ticket.is_in_line()).count()
}

/// The last calls, newest first, with their desk; whoever was not there is none of them.
pub fn last_calls(day: &[Ticket]) -> Vec<(&Ticket, u8)> {
    let mut calls: Vec<(&Ticket, u8)> = day
        .iter()
        .filter(|ticket| ticket.call.is_some())
        .filter_map(|ticket| match ticket.standing {
            Standing::Called { desk } | Standing::Served { desk } => Some((ticket, desk)),
            Standing::Waiting => None,
        })
        .collect();
    calls.sort_unstable_by_key(|(ticket, _)| std::cmp::Reverse(ticket.call));
    calls
}

/// Mean seconds from a number to its first call, of all that were called.
pub fn mean_wait_s(day: &[Ticket]) -> Option<i64> {
    let waits: Vec<i64> = day.iter().filter_map(Ticket::waited_s).collect();
    let count = i64::try_from(waits.len()).unwrap_or(i64::MAX);
    (count > 0).then(|| waits.iter().sum::<i64>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One number for each letter, in this order: `p` has priority.
    fn day(letters: &str) -> Vec<Ticket> {
        let ticket = |(at, letter): (u32, char)| Ticket {
            id: Uuid::from_u128(u128::from(at) + 1),
            group: if letter.is_uppercase() { "B" } else { "A" }.to_owned(),
            number: at + 1,
            priority: letter.eq_ignore_ascii_case(&'p').then(|| "age75".to_owned()),
            place: i64::from(at),
            taken: Timestamp::UNIX_EPOCH,
            standing: Standing::Waiting,
            absent: 0,
            call: None,
            first_called: None,
            called: None,
            done: None,
        };
        (0..).zip(letters.chars()).map(ticket).collect()
    }

    /// Calls until nobody waits; the numbers in order.
    fn call_all(mut day: Vec<Ticket>, group: Option<&str>) -> Vec<u32> {
        let mut order = Vec::new();
        while let Some(id) = next(&day, group).map(|ticket| ticket.id) {
            let ticket = day.iter_mut().find(|ticket| ticket.id == id).unwrap();
            order.push(ticket.number);
            (ticket.standing, ticket.call) = (Standing::Served { desk: 1 }, Some(i64::try_from(order.len()).unwrap()));
        }
        order
    }

    #[test]
    fn priority_goes_first_and_every_third_call_is_a_usual_one() {
        assert_eq!(call_all(day("uuu"), None), [1, 2, 3]);
        assert_eq!(call_all(day("uup"), None), [3, 1, 2]);
        assert_eq!(call_all(day("uuppppp"), None), [3, 4, 1, 5, 6, 2, 7]);
        assert_eq!(call_all(day("ppppp"), None), [1, 2, 3, 4, 5], "where no usual one waits, nobody is kept");
        assert_eq!(call_all(day("uUpP"), Some("A")), [3, 1]);
        assert_eq!(call_all(day("uUpP"), Some("C")), [0_u32; 0]);
    }

    #[test]
    fn nobody_starves_however_many_come_with_priority() {
        let mut day = day("u");
        for call in 1..=3_i64 {
            let mut new = super::tests::day("p").remove(0);
            (new.id, new.place) = (Uuid::from_u128(100 + u128::from(call.unsigned_abs())), call);
            day.push(new);
            let id = next(&day, None).unwrap().id;
            let called = day.iter_mut().find(|ticket| ticket.id == id).unwrap();
            (called.standing, called.call) = (Standing::Called { desk: 1 }, Some(call));
            assert_eq!(called.priority.is_none(), call == 3, "call {call}");
        }
    }

    #[test]
    fn people_are_told_how_many_are_called_before_them() {
        let line = day("uuppppuU");
        let told: Vec<u32> = line.iter().map(|ticket| ahead(&line, ticket.id)).collect();
        assert_eq!(told, [2, 5, 0, 1, 3, 4, 6, 0]);
        assert_eq!(ahead(&line, Uuid::nil()), 0);
    }

    #[test]
    fn whoever_was_not_there_three_times_is_called_by_hand_alone() {
        let mut line = day("uu");
        (line[0].absent, line[0].place) = (1, 9);
        assert_eq!(next(&line, None).unwrap().number, 2, "behind those who wait by then");
        line[1].absent = MOST_ABSENT;
        assert_eq!(next(&line, None).unwrap().number, 1);
        line[0].absent = MOST_ABSENT;
        assert_eq!(next(&line, None), None);
        assert_eq!(waiting(&line, "A"), 0);
    }

    #[test]
    fn the_last_calls_come_newest_first_and_without_whoever_did_not_come() {
        let mut line = day("uuuu");
        for (at, call, standing) in [(0, 1, Standing::Served { desk: 2 }), (1, 4, Standing::Called { desk: 1 }), (2, 3, Standing::Waiting)]
        {
            (line[at].call, line[at].standing) = (Some(call), standing);
        }
        let calls: Vec<_> = last_calls(&line).into_iter().map(|(ticket, desk)| (ticket.label(), desk)).collect();
        assert_eq!(calls, [("A002".to_owned(), 1), ("A001".to_owned(), 2)]);
    }

    #[test]
    fn the_mean_wait_counts_the_first_call() {
        let mut line = day("uuu");
        assert_eq!(mean_wait_s(&line), None);
        line[0].first_called = Timestamp::from_second(60).ok();
        line[1].first_called = Timestamp::from_second(120).ok();
        (line[2].taken, line[2].first_called) = (Timestamp::from_second(500).unwrap(), Timestamp::from_second(20).ok());
        assert_eq!(mean_wait_s(&line), Some(60), "a clock set back gives no minus");
    }

    #[test]
    fn groups_fit_the_screen_and_can_be_told_apart() {
        let group = |code: &str, vi: &str| Group { code: code.to_owned(), name: Text::new(vi, "x") };
        let many: Vec<Group> = "ABCDEFG".chars().map(|code| group(&code.to_string(), "x")).collect();
        assert_eq!(wrong_groups(&[]), None, "no number is given");
        assert_eq!(wrong_groups(&many[..6]), None);
        for wrong in [many, vec![group("a", "x")], vec![group("AB", "x")], vec![group("A", " ")], vec![group("A", "x"), group("A", "y")]] {
            assert!(wrong_groups(&wrong).is_some(), "{wrong:?}");
        }
        assert_eq!(wrong_priority(&usual_priority()), None);
        assert_eq!(wrong_priority(&[]), None, "nobody is asked");
        let named = |id: &str| PriorityGroup { id: id.to_owned(), name: Text::new("x", "x") };
        for wrong in [vec![named("A")], vec![named("")], vec![named("a"), named("a")], vec![named("a"); 6]] {
            assert!(wrong_priority(&wrong).is_some(), "{wrong:?}");
        }
    }
}
