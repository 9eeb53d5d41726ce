//! What the pages of C24 (Lấy số) read, and what a touch on them means.

use crate::{
    ui::{QueueView, ScreenKind, Tile},
    view,
};
use motcua_model::{
    Language, Text,
    api::{Action, QueuePage, Screen},
};

/// The view of C24, and its tiles.
pub(crate) fn queue(page: &QueuePage, language: Language) -> (QueueView, Vec<Tile>) {
    let tile = |title: &Text, enabled| Tile { title: title.get(language).into(), enabled, ..Tile::default() };
    let tiles = |groups: &[Text], storing: bool| groups.iter().map(|group| tile(group, !storing)).collect::<Vec<_>>();
    match page {
        QueuePage::Groups { groups, storing } => (QueueView::default(), tiles(groups, *storing)),
        QueuePage::Priority { groups, storing } => {
            // First, as most people touch it.
            let none = tile(&Text::new("Không thuộc diện nào", "None of these"), !storing);
            (QueueView::default(), [vec![none], tiles(groups, *storing)].concat())
        }
        QueuePage::Taken { number, group, priority, ahead, printing } => {
            let (print, fault_title, fault_advice) = view::print_words(*printing, language);
            let (number, group) = (number.as_str().into(), group.get(language).into());
            let ahead = i32::try_from(*ahead).unwrap_or(i32::MAX);
            (QueueView { number, group, priority: *priority, ahead, print, fault_title, fault_advice }, Vec::new())
        }
    }
}

/// The page of C24.
pub(crate) fn kind(page: &QueuePage) -> ScreenKind {
    match page {
        QueuePage::Groups { .. } => ScreenKind::QueueGroups,
        QueuePage::Priority { .. } => ScreenKind::QueuePriority,
        QueuePage::Taken { .. } => ScreenKind::QueueTaken,
    }
}

/// A touch on a tile.
pub(crate) fn chosen(screen: &Screen, at: usize) -> Option<Action> {
    let Screen::Queue { page } = screen else { return None };
    match page {
        QueuePage::Groups { .. } => Some(Action::ChooseGroup { group: u8::try_from(at).ok()? }),
        QueuePage::Priority { .. } => Some(Action::ChoosePriority { priority: at.checked_sub(1).and_then(|at| u8::try_from(at).ok()) }),
        QueuePage::Taken { .. } => None,
    }
}
