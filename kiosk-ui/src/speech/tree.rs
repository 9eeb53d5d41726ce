//! What the present screen says, read out of the Slint tree the way a screen reader reads it. A new page needs
//! nothing here: its texts and buttons carry their words already.

use crate::ui::App;
use i_slint_core::{
    accessibility::AccessibleStringProperty,
    input::FocusReason,
    item_tree::ParentItemTraversalMode,
    items::{AccessibleRole, Clip, FocusScope, ItemRc},
    window::WindowInner,
};
use slint::ComponentHandle as _;
use std::ops::ControlFlow;

/// Where a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Zone {
    /// The page of the screen, or what lies over it.
    Page,
    /// Back, help, end.
    Footer,
    /// Languages, sound, sizes, lamps.
    Header,
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Button,
    /// Shows what was typed.
    Field,
}

/// One text, button or field. `Debug` is left out: it may hold words of the person.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) zone: Zone,
    pub(crate) kind: Kind,
    pub(crate) label: String,
    /// A field's content, or why a choice cannot be chosen.
    pub(crate) value: String,
    pub(crate) note: String,
    pub(crate) enabled: bool,
    pub(crate) chosen: bool,
    /// The keys of a keyboard: its number among the groups of the screen, and its name.
    pub(crate) group: Option<(usize, String)>,
    item: ItemRc,
    focus: Option<ItemRc>,
}

impl Part {
    /// Whether the keys can reach it.
    pub(crate) fn can_focus(&self) -> bool {
        self.focus.is_some()
    }

    /// Leads the keys here.
    pub(crate) fn take_focus(&self, app: &App) {
        if let Some(focus) = &self.focus {
            WindowInner::from_pub(app.window()).set_focus_item(focus, true, FocusReason::TabNavigation);
        }
    }
}

/// Every part in the order of reading: page, footer, header. What lies over a page hides the page.
pub(crate) fn read(app: &App) -> Vec<Part> {
    let root = ItemRc::new_root(WindowInner::from_pub(app.window()).component());
    let mut parts: Vec<Part> = Vec::new();
    let mut over: Option<ItemRc> = None;
    let mut main: Option<ItemRc> = None;
    let mut groups: Vec<ItemRc> = Vec::new();
    root.visit_descendants(|item| {
        let role = item.accessible_role();
        if role == AccessibleRole::Region {
            // The last one lies on top.
            over = Some(item.clone());
        } else if role == AccessibleRole::Main {
            main = Some(item.clone());
        } else if role == AccessibleRole::Groupbox {
            groups.push(item.clone());
        } else if let Some(scope) = item.downcast::<FocusScope>() {
            // Not always the parent: what cuts its contents off stands between them.
            let owner = ancestors(item).into_iter().find(|item| item.accessible_role() == AccessibleRole::Button);
            if scope.as_pin_ref().enabled()
                && let Some(part) = parts.iter_mut().rev().find(|part| Some(&part.item) == owner.as_ref())
            {
                part.focus = Some(item.clone());
            }
        } else if let Some(kind) = kind_of(role) {
            parts.extend(part(item, kind, main.as_ref(), &groups));
        }
        ControlFlow::<()>::Continue(())
    });
    if let Some(over) = &over {
        parts.retain(|part| ancestors(&part.item).iter().any(|item| item == over));
        for part in &mut parts {
            let bar = ancestors(&part.item).iter().any(|item| item.accessible_role() == AccessibleRole::Navigation);
            part.zone = if bar { Zone::Header } else { Zone::Page };
        }
    }
    parts.sort_by_key(|part| part.zone);
    parts
}

/// The part that the keys have reached.
pub(crate) fn focused(app: &App, parts: &[Part]) -> Option<usize> {
    let present = WindowInner::from_pub(app.window()).focus_item.borrow().upgrade()?;
    parts.iter().position(|part| part.focus.as_ref() == Some(&present))
}

/// Whether something that is still shown has the keys.
pub(crate) fn has_keys(app: &App) -> bool {
    WindowInner::from_pub(app.window()).focus_item.borrow().upgrade().is_some_and(|item| item.is_visible())
}

fn kind_of(role: AccessibleRole) -> Option<Kind> {
    if role == AccessibleRole::Text || role == AccessibleRole::ProgressIndicator {
        Some(Kind::Text)
    } else if role == AccessibleRole::Button {
        Some(Kind::Button)
    } else if role == AccessibleRole::TextInput {
        Some(Kind::Field)
    } else {
        None
    }
}

fn part(item: &ItemRc, kind: Kind, main: Option<&ItemRc>, groups: &[ItemRc]) -> Option<Part> {
    let said = |what| item.accessible_string_property(what).map(String::from).unwrap_or_default();
    let label = said(AccessibleStringProperty::Label);
    let above = ancestors(item);
    // The words of a button are said by the button.
    if label.trim().is_empty() || above.iter().any(|item| is_hidden(item) || kind_of(item.accessible_role()).is_some()) {
        return None;
    }
    let zone = match main {
        None => Zone::Header,
        Some(main) if above.contains(main) => Zone::Page,
        Some(_) => Zone::Footer,
    };
    let group = groups.iter().position(|group| above.contains(group));
    let name = |at: usize| groups[at].accessible_string_property(AccessibleStringProperty::Label).map(String::from);
    Some(Part {
        zone,
        kind,
        label,
        value: if kind == Kind::Text { String::new() } else { said(AccessibleStringProperty::Value) },
        note: said(AccessibleStringProperty::Description),
        enabled: said(AccessibleStringProperty::Enabled) != "false",
        chosen: said(AccessibleStringProperty::Checked) == "true",
        group: group.map(|at| (at, name(at).unwrap_or_default())),
        item: item.clone(),
        focus: None,
    })
}

/// From the nearest to the window.
fn ancestors(item: &ItemRc) -> Vec<ItemRc> {
    let up = |item: &ItemRc| item.parent_item(ParentItemTraversalMode::FindAllParents);
    std::iter::successors(up(item), up).collect()
}

fn is_hidden(item: &ItemRc) -> bool {
    item.downcast::<Clip>().is_some_and(|clip| clip.as_pin_ref().is_visibility_clip() && clip.as_pin_ref().clip())
}
