//! Every screen as a picture, drawn by the software renderer without a display. For looking at.

use crate::{
    comfort::{self, CONTRASTS, TextSize},
    face::{Face, FromAgent, pages_of},
    pictures::Detail,
    samples::{self, Sample},
    ui::{Act, Contrast, Kiosk},
};
use anyhow::Context as _;
use motcua_model::{Language, api::Snapshot};
use slint::{
    ComponentHandle as _, PlatformError, Rgb8Pixel, SharedPixelBuffer,
    platform::{
        Platform, WindowAdapter,
        software_renderer::{MinimalSoftwareWindow, RepaintBufferType},
    },
};
use std::{collections::BTreeMap, fmt::Write as _, path::Path, rc::Rc, time::Duration};

/// A screen of paper: no display, no input.
struct Paper;

impl Platform for Paper {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer))
    }
}

/// Which pictures are wanted. Without a size or contrast: every size in the usual contrast, and the other
/// contrasts in the usual size.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only samples whose name contains this.
    pub only: String,
    /// Only this size of letters.
    pub size: Option<TextSize>,
    /// Only this contrast.
    pub contrast: Option<Contrast>,
}

impl Wanted {
    /// Sizes and contrasts to draw.
    fn looks(&self) -> Vec<(TextSize, Contrast)> {
        let wanted = |size, contrast| match (self.size, self.contrast) {
            (None, None) => size == TextSize::Normal || contrast == Contrast::Usual,
            (only_size, only_contrast) => only_size.is_none_or(|s| s == size) && only_contrast.is_none_or(|c| c == contrast),
        };
        let all = TextSize::ALL.into_iter().flat_map(|size| CONTRASTS.map(|contrast| (size, contrast)));
        all.filter(|(size, contrast)| wanted(*size, *contrast)).collect()
    }
}

/// One picture and what it shows.
struct Picture {
    screen: String,
    /// Language, way up, size, contrast.
    look: [&'static str; 4],
    file: String,
    /// What is said of it to one person alone, and to everybody.
    said: [Vec<String>; 2],
}

/// Writes `NN-<name>-<code>-<language>-<portrait|landscape>-<size>-<contrast>.png` for every wanted sample, and an
/// `index.html` that shows them all. Says how many pictures there are.
///
/// # Errors
/// Where the folder cannot be written or Slint cannot draw.
pub fn write(folder: &Path, wanted: &Wanted) -> anyhow::Result<usize> {
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} could not be made", folder.display()))?;
    slint::platform::set_platform(Box::new(Paper)).map_err(|e| anyhow::anyhow!("the software renderer could not be set up: {e}"))?;
    let mut pictures = Vec::new();
    for (width, height, turn) in [(1080, 1920, "portrait"), (1920, 1080, "landscape")] {
        let face = Face::new(|_| {}, || Duration::ZERO)?;
        face.set_size(width, height, 4.0);
        face.set_clock("09:41");
        face.app().global::<Kiosk>().set_can_speak(true);
        face.app().show()?;
        for (size, contrast) in wanted.looks() {
            for language in [Language::Vi, Language::En] {
                let tongue = if language == Language::En { "en" } else { "vi" };
                let look = [tongue, turn, size.name(), comfort::contrast_name(contrast)];
                draw_all(&face, folder, &wanted.only, (size, contrast, language), look, &mut pictures)?;
            }
        }
        face.app().hide()?;
    }
    let index = folder.join("index.html");
    std::fs::write(&index, page_of(&pictures)).with_context(|| format!("{} could not be written", index.display()))?;
    Ok(pictures.len())
}

/// A view that a touch opens without the agent: of which sample, by what touch, under which name.
const OPENED: [(&str, Act, &str); 4] = [
    ("procedures", Act::Search, "search"),
    ("check", Act::Zoom, "zoom"),
    ("check-note", Act::Zoom, "zoom-note"),
    ("review", Act::Cover, "covered"),
];

fn draw_all(
    face: &Face,
    folder: &Path,
    only: &str,
    chosen: (TextSize, Contrast, Language),
    look: [&'static str; 4],
    pictures: &mut Vec<Picture>,
) -> anyhow::Result<()> {
    walk(face, only, chosen, &mut |at, name, code| {
        let screen = format!("{at:02}-{name}");
        let file = format!("{screen}-{code}-{}.png", look.join("-"));
        save(face, &folder.join(&file))?;
        pictures.push(Picture { screen, look, file, said: [face.script(true), face.script(false)] });
        Ok(())
    })
}

/// Shows every sample whose name contains `only` and the views that a touch opens, in this size, contrast and language, and hands each to
/// `keep`: its place among the samples, its name, its code.
///
/// # Errors
/// Those of `keep`.
pub fn walk(
    face: &Face,
    only: &str,
    (size, contrast, language): (TextSize, Contrast, Language),
    keep: &mut dyn FnMut(usize, &'static str, &'static str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for (at, Sample { name, mut snapshot }) in samples::all(language).into_iter().enumerate() {
        let opened = OPENED.iter().filter(|(of, _, _)| *of == name);
        if !name.contains(only) && !opened.clone().any(|(_, _, view)| view.contains(only)) {
            continue;
        }
        snapshot.step = u64::try_from(at)? + 1;
        let code = snapshot.screen.code();
        show(face, snapshot.clone());
        face.set_comfort(size, contrast);
        if name.contains(only) {
            keep(at + 1, name, code)?;
        }
        for (_, act, view) in opened.filter(|(_, _, view)| view.contains(only)) {
            face.app().global::<Kiosk>().invoke_act(*act, 0);
            keep(at + 1, view, if *act == Act::Cover { "C98" } else { code })?;
            face.app().global::<Kiosk>().invoke_act(Act::Uncover, 0);
        }
    }
    if "restarting".contains(only) {
        face.receive(FromAgent::Lost);
        keep(0, "restarting", "C00")?;
    }
    Ok(())
}

/// A page with every picture, by screen; the boxes at the top leave out what is not looked for.
fn page_of(pictures: &[Picture]) -> String {
    let mut screens: BTreeMap<&str, Vec<&Picture>> = BTreeMap::new();
    for picture in pictures {
        screens.entry(&picture.screen).or_default().push(picture);
    }
    let mut page = include_str!("gallery.html").to_owned();
    let mut rows = String::new();
    for (screen, pictures) in screens {
        let _infallible = write!(rows, "<h2>{screen}</h2>\n<div>\n");
        for Picture { look, file, .. } in &pictures {
            let words = look.join(" ");
            let _infallible = writeln!(
                rows,
                "<a class=\"{words}\" data-look=\"{words}\" href=\"{file}\"><img loading=\"lazy\" src=\"{file}\" alt=\"{screen}, {words}\"><br>{words}</a>"
            );
        }
        rows.push_str("</div>\n");
        for tongue in ["vi", "en"] {
            let Some(picture) = pictures.iter().find(|picture| picture.look[0] == tongue) else { continue };
            for (to, said) in ["headphones", "loudspeaker"].into_iter().zip(&picture.said) {
                let said: Vec<String> = said.iter().map(|phrase| escaped(phrase)).collect();
                let _infallible = writeln!(rows, "<details><summary>spoken, {tongue}, {to}</summary>{}</details>", said.join("<br>"));
            }
        }
    }
    if let Some(at) = page.find("<!-- pictures -->") {
        page.insert_str(at, &rows);
    }
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn show(face: &Face, snapshot: Snapshot) {
    let pages: Vec<_> = pages_of(Some(&snapshot)).to_vec();
    face.receive(FromAgent::Lost);
    face.receive(FromAgent::Snapshot(Box::new(snapshot)));
    for (at, page) in pages.iter().enumerate() {
        face.receive(FromAgent::Page(page.id, Detail::Small, invented_page(at)));
    }
}

/// Grey lines on white, in place of a scanned paper.
fn invented_page(number: usize) -> SharedPixelBuffer<Rgb8Pixel> {
    const WIDTH: usize = 210;
    let mut buffer = SharedPixelBuffer::<Rgb8Pixel>::new(210, 297);
    for (at, pixel) in buffer.make_mut_slice().iter_mut().enumerate() {
        let (x, y) = (at % WIDTH, at / WIDTH);
        let line = number != 3 && (40..260).contains(&y) && y % 12 < 4 && (20..190 - (y * (number + 3)) % 60).contains(&x);
        let tone = if line { 90 } else { 252 };
        *pixel = Rgb8Pixel::new(tone, tone, tone);
    }
    buffer
}

/// Writes what the window shows as a PNG.
///
/// # Errors
/// Where the window cannot be drawn or the file not be written.
pub fn save(face: &Face, path: &Path) -> anyhow::Result<()> {
    slint::platform::update_timers_and_animations();
    let picture = face.app().window().take_snapshot().context("the window could not be drawn")?;
    image::save_buffer(path, picture.as_bytes(), picture.width(), picture.height(), image::ColorType::Rgba8)
        .with_context(|| format!("{} could not be written", path.display()))
}
