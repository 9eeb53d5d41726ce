//! Every screen as a picture, drawn by the software renderer without a display. For looking at.

use crate::{
    face::{Face, FromAgent, pages_of},
    samples::{self, Sample},
    ui::{Act, Kiosk},
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
use std::{path::Path, rc::Rc, time::Duration};

/// A screen of paper: no display, no input.
struct Paper;

impl Platform for Paper {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer))
    }
}

/// Writes `NN-<name>-<code>-<language>-<portrait|landscape>.png` for every sample whose name contains `only`.
///
/// # Errors
/// Where the folder cannot be written or Slint cannot draw.
pub fn write(folder: &Path, only: &str) -> anyhow::Result<usize> {
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} could not be made", folder.display()))?;
    slint::platform::set_platform(Box::new(Paper)).map_err(|e| anyhow::anyhow!("the software renderer could not be set up: {e}"))?;
    let mut written = 0;
    for (width, height, turn) in [(1080, 1920, "portrait"), (1920, 1080, "landscape")] {
        let face = Face::new(|_| {}, || Duration::ZERO)?;
        face.set_size(width, height, 4.0);
        face.set_clock("09:41");
        face.app().show()?;
        save(&face, &folder.join(format!("00-restarting-{turn}.png")))?;
        for language in [Language::Vi, Language::En] {
            let tongue = if language == Language::En { "en" } else { "vi" };
            for (at, Sample { name, mut snapshot }) in samples::all(language).into_iter().enumerate() {
                if !name.contains(only) {
                    continue;
                }
                snapshot.step = u64::try_from(at)? + 1;
                let code = snapshot.screen.code();
                show(&face, snapshot);
                save(&face, &folder.join(format!("{:02}-{name}-{code}-{tongue}-{turn}.png", at + 1)))?;
                written += 1;
                // Two views that a touch opens without the agent.
                let opened =
                    [("procedures", Act::Search), ("check", Act::Zoom), ("check-note", Act::Zoom)].into_iter().find(|(of, _)| *of == name);
                if let Some((_, act)) = opened {
                    face.app().global::<Kiosk>().invoke_act(act, 0);
                    save(&face, &folder.join(format!("{:02}-{name}-opened-{code}-{tongue}-{turn}.png", at + 1)))?;
                    written += 1;
                }
            }
        }
        face.app().hide()?;
    }
    Ok(written)
}

fn show(face: &Face, snapshot: Snapshot) {
    let pages: Vec<_> = pages_of(Some(&snapshot)).to_vec();
    face.receive(FromAgent::Lost);
    face.receive(FromAgent::Snapshot(Box::new(snapshot)));
    for (at, page) in pages.iter().enumerate() {
        face.receive(FromAgent::Page(page.id, invented_page(at)));
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
