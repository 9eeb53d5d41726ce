//! Every text of the tree as Slint lays it out: the room it needs, the room it has, what would cut it, and the
//! ground it stands on. Asked of Slint's own items, because a handle knows the size of a box and not of its words.

use i_slint_core::{
    Brush, Color,
    item_rendering::RenderText,
    item_tree::ParentItemTraversalMode,
    items::{
        BasicBorderRectangle, BorderRectangle, Clip, ComplexText, ItemRc, Orientation, Rectangle, SimpleText, TextHorizontalAlignment,
        TextVerticalAlignment, TextWrap,
    },
    lengths::LogicalRect,
    window::WindowInner,
};
use slint::ComponentHandle as _;
use std::{ops::ControlFlow, pin::Pin};

/// Left, top, right, bottom, in pixels of the window.
pub type Edges = [f32; 4];

pub struct Seen {
    pub words: String,
    /// Where its letters stand.
    pub ink: Edges,
    /// Size of its letters, in pixels.
    pub size: f32,
    /// The components that it stands in.
    pub inside: Vec<String>,
    /// Why it cannot be read whole; empty where it can.
    pub faults: Vec<String>,
    pub color: Color,
    /// The nearest filled rectangle around it.
    pub ground: Option<Color>,
    /// Which child of the window's root it stands in: the frame, or what lies over it.
    pub layer: Option<ItemRc>,
}

/// All texts that are shown, with what is wrong with each.
pub fn seen(app: &motcua_kiosk::ui::App) -> Vec<Seen> {
    let window = WindowInner::from_pub(app.window());
    let root = ItemRc::new_root(window.component());
    let mut all = Vec::new();
    root.visit_descendants(|item| {
        all.extend(look_at(item, window));
        ControlFlow::<()>::Continue(())
    });
    all
}

fn look_at(item: &ItemRc, window: &WindowInner) -> Option<Seen> {
    let (simple, complex) = (item.downcast::<SimpleText>(), item.downcast::<ComplexText>());
    let text: Pin<&dyn RenderText> = match (&simple, &complex) {
        (Some(text), _) => text.as_pin_ref(),
        (None, Some(text)) => text.as_pin_ref(),
        (None, None) => return None,
    };
    let words = simple.as_ref().map(|t| t.as_pin_ref().text()).or(complex.as_ref().map(|t| t.as_pin_ref().text()))?.to_string();
    let parents = parents(item);
    if words.trim().is_empty() || parents.iter().any(is_hidden) {
        return None;
    }
    let adapter = window.window_adapter();
    let need = |way, across| item.borrow().as_ref().layout_info(way, across, &adapter, item);
    let room = edges(item);
    let (width, height) = (room[2] - room[0], room[3] - room[1]);
    let across = need(Orientation::Horizontal, -1.0);
    let wide = if text.wrap() == TextWrap::NoWrap { across.preferred } else { across.preferred.min(width) };
    let high = need(Orientation::Vertical, width).preferred;
    let mut faults = Vec::new();
    let least = if text.wrap() == TextWrap::NoWrap { across.preferred } else { across.min };
    if least > width + 1.0 {
        faults.push(format!("needs {least} px across and has {width}"));
    }
    if high > height + 1.0 {
        faults.push(format!("needs {high} px down and has {height}"));
    }
    let ink = ink_of(text, room, wide, high);
    // A line that is being typed keeps its end in sight and lets its beginning go.
    let typed = parents.iter().any(is_tail);
    for parent in &parents {
        let outer = edges(parent);
        let inside =
            outer[1] <= ink[1] + 1.5 && ink[2] <= outer[2] + 1.5 && ink[3] <= outer[3] + 1.5 && (typed || outer[0] <= ink[0] + 1.5);
        if !inside && outer != [outer[0], outer[1], outer[0], outer[1]] {
            faults.push(format!("{ink:?} leaves {} {outer:?}", name_of(parent)));
            break;
        }
    }
    faults.extend(ground_cut(&parents));
    let layer = parents.iter().rev().nth(2).cloned();
    let size = simple.as_ref().map(|t| t.as_pin_ref().font_size()).or(complex.as_ref().map(|t| t.as_pin_ref().font_size()))?.get();
    let names = |item: &ItemRc| item.element_type_names_and_ids(0).unwrap_or_default();
    let inside = std::iter::once(item).chain(&parents).flat_map(names).map(|(kind, _)| kind.to_string()).collect();
    Some(Seen { words, ink, size, inside, faults, color: text.color().color(), ground: parents.iter().find_map(filled), layer })
}

/// The filled rectangle behind the words, where the edge of the page cuts it off.
fn ground_cut(parents: &[ItemRc]) -> Option<String> {
    let at = parents.iter().position(|parent| filled(parent).is_some())?;
    let ground = edges(&parents[at]);
    let cut = |clip: &&ItemRc| {
        let outer = edges(clip);
        let cuts = clip.downcast::<Clip>().is_some_and(|c| c.as_pin_ref().clip() && !c.as_pin_ref().is_visibility_clip());
        cuts && (outer[1] > ground[1] + 1.5 || outer[3] < ground[3] - 1.5)
    };
    let clip = parents[at + 1..].iter().find(cut)?;
    Some(format!("stands on {} {ground:?}, which is cut by {:?}", name_of(&parents[at]), edges(clip)))
}

/// From the nearest to the window.
fn parents(item: &ItemRc) -> Vec<ItemRc> {
    std::iter::successors(item.parent_item(ParentItemTraversalMode::FindAllParents), |i| {
        i.parent_item(ParentItemTraversalMode::FindAllParents)
    })
    .collect()
}

fn is_hidden(item: &ItemRc) -> bool {
    item.downcast::<Clip>().is_some_and(|clip| clip.as_pin_ref().is_visibility_clip() && clip.as_pin_ref().clip())
}

fn is_tail(item: &ItemRc) -> bool {
    name_of(item).ends_with("::tail")
}

fn name_of(item: &ItemRc) -> String {
    item.element_type_names_and_ids(0)
        .and_then(|names| names.first().map(|(kind, id)| if id.is_empty() { kind.to_string() } else { id.to_string() }))
        .unwrap_or_default()
}

fn edges(item: &ItemRc) -> Edges {
    let LogicalRect { origin, size } = item.geometry();
    let at = item.map_to_window(origin);
    [at.x, at.y, at.x + size.width, at.y + size.height]
}

fn ink_of(text: Pin<&dyn RenderText>, room: Edges, wide: f32, high: f32) -> Edges {
    let (across, down) = text.alignment();
    let (spare_across, spare_down) = (room[2] - room[0] - wide, room[3] - room[1] - high);
    let share = |middle: bool, end: bool| if middle { 0.5 } else { f32::from(u8::from(end)) };
    let end = [TextHorizontalAlignment::End, TextHorizontalAlignment::Right].contains(&across);
    let left = room[0] + spare_across * share(across == TextHorizontalAlignment::Center, end);
    let top = room[1] + spare_down * share(down == TextVerticalAlignment::Center, down == TextVerticalAlignment::Bottom);
    [left, top, left + wide, top + high]
}

/// The colour that covers what is behind this item.
fn filled(item: &ItemRc) -> Option<Color> {
    let brush = item
        .downcast::<Rectangle>()
        .map(|r| r.as_pin_ref().background())
        .or_else(|| item.downcast::<BasicBorderRectangle>().map(|r| r.as_pin_ref().background()))
        .or_else(|| item.downcast::<BorderRectangle>().map(|r| r.as_pin_ref().background()))
        .or_else(|| item.downcast::<i_slint_core::items::WindowItem>().map(|w| w.as_pin_ref().background()));
    match brush {
        Some(Brush::SolidColor(color)) if color.alpha() == 255 => Some(color),
        Some(_) | None => None,
    }
}

/// Relative luminance and contrast of WCAG 2.
pub fn contrast(a: Color, b: Color) -> f64 {
    let luminance = |color: Color| {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(color.red()) + 0.7152 * part(color.green()) + 0.0722 * part(color.blue())
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}
