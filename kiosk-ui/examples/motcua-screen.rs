//! What drawing costs on this machine: touch to painted picture, change of the screen, repainted pixels. No display, the product's own
//! renderer at 1080 x 1920. `make bench-screen`.
#![allow(clippy::print_stdout, reason = "the figures are this program's output")]

use anyhow::Context as _;
use i_slint_backend_testing::ElementHandle;
use motcua_kiosk::{
    face::{Face, FromAgent},
    samples::{self, Sample},
};
use motcua_model::Language;
use slint::{
    ComponentHandle as _, LogicalPosition, PlatformError,
    platform::{
        Platform, PointerEventButton, WindowAdapter, WindowEvent,
        software_renderer::{MinimalSoftwareWindow, PremultipliedRgbaColor, RepaintBufferType},
    },
};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

const WIDTH: u32 = 1080;
const HEIGHT: u32 = 1920;
const ROUNDS: usize = 5;

struct Screen {
    window: Rc<MinimalSoftwareWindow>,
    begun: Instant,
}

impl Platform for Screen {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(self.window.clone())
    }

    fn duration_since_start(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// The window and what it is drawn into.
struct Canvas {
    window: Rc<MinimalSoftwareWindow>,
    pixels: Vec<PremultipliedRgbaColor>,
}

/// One picture: how long it took from its cause, and how many pixels were painted.
#[derive(Clone, Copy)]
struct Frame {
    took: Duration,
    painted: u64,
}

impl Canvas {
    fn after(&mut self, cause: impl FnOnce(&MinimalSoftwareWindow)) -> Frame {
        let begun = Instant::now();
        cause(&self.window);
        slint::platform::update_timers_and_animations();
        let mut painted = 0;
        self.window.draw_if_needed(|renderer| {
            let region = renderer.render(&mut self.pixels, WIDTH as usize);
            painted = region.iter().map(|(_, size)| u64::from(size.width) * u64::from(size.height)).sum();
        });
        Frame { took: begun.elapsed(), painted }
    }

    /// Lets what moves come to rest.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.after(|_| {});
        }
    }
}

fn main() -> anyhow::Result<()> {
    let window = MinimalSoftwareWindow::new(RepaintBufferType::ReusedBuffer);
    let screen = Screen { window: window.clone(), begun: Instant::now() };
    slint::platform::set_platform(Box::new(screen)).map_err(|e| anyhow::anyhow!("the software renderer could not be set up: {e}"))?;
    let begun = Instant::now();
    let face = Face::new(|_| {}, move || begun.elapsed())?;
    face.set_size(WIDTH, HEIGHT, 4.0);
    face.set_clock("09:41");
    face.app().show()?;
    let mut canvas = Canvas { window, pixels: vec![PremultipliedRgbaColor::default(); (WIDTH * HEIGHT) as usize] };
    println!("{:<52} {:>10} {:>10} {:>12}  limit", "figure", "median", "worst", "pixels");
    let first = canvas.after(|_| {});
    line("the first picture", &[first], "");
    changes(&face, &mut canvas);
    touches(&face, &mut canvas)?;
    rest(&face, &mut canvas);
    Ok(())
}

/// From the agent's word to the painted page, between all samples in turn.
fn changes(face: &Face, canvas: &mut Canvas) {
    let mut frames = Vec::new();
    let mut slowest = ("", Duration::ZERO);
    let mut step = 0;
    for _ in 0..ROUNDS {
        for Sample { name, mut snapshot } in samples::all(Language::Vi) {
            step += 1;
            snapshot.step = step;
            let frame = canvas.after(|_| face.receive(FromAgent::Snapshot(Box::new(snapshot))));
            if frame.took > slowest.1 {
                slowest = (name, frame.took);
            }
            frames.push(frame);
            canvas.settle();
        }
    }
    line("another screen", &frames, "300 ms");
    println!("  the slowest one is {}", slowest.0);
}

/// A button and a key of the keyboard: down, as the finger sees it, and up, with what follows.
fn touches(face: &Face, canvas: &mut Canvas) -> anyhow::Result<()> {
    let (mut down, mut up) = (Vec::new(), Vec::new());
    let (mut key_down, mut key_up) = (Vec::new(), Vec::new());
    show(face, canvas, "notice", 1_000_000);
    let at = place(face, "Đồng ý")?;
    for _ in 0..ROUNDS * 4 {
        press(canvas, at, &mut down, &mut up);
    }
    show(face, canvas, "ask-name", 1_000_001);
    for letter in ["h", "o", "a", "n", "g", "v", "i", "e"].iter().cycle().take(ROUNDS * 8) {
        let at = place(face, letter)?;
        press(canvas, at, &mut key_down, &mut key_up);
    }
    line("touch on a button to the painted button", &down, "100 ms");
    line("  and let go", &up, "100 ms");
    line("touch on a key to the painted key", &key_down, "100 ms");
    line("  and let go: the letter and its tone row", &key_up, "100 ms");
    Ok(())
}

/// A second passes, and nothing is touched.
fn rest(face: &Face, canvas: &mut Canvas) {
    show(face, canvas, "waiting", 1_000_002);
    let still: Vec<Frame> = (0..ROUNDS).map(|_| canvas.after(|_| face.pass_time())).collect();
    line("a second in which nothing changes", &still, "0 pixels");
    let mut minutes = Vec::new();
    for minute in ["09:42", "09:43", "09:44"] {
        minutes.push(canvas.after(|_| face.set_clock(minute)));
    }
    line("another minute on the clock", &minutes, "");
}

fn show(face: &Face, canvas: &mut Canvas, wanted: &str, step: u64) {
    for Sample { mut snapshot, .. } in samples::all(Language::Vi).into_iter().filter(|sample| sample.name == wanted) {
        snapshot.step = step;
        canvas.after(|_| face.receive(FromAgent::Snapshot(Box::new(snapshot))));
    }
    canvas.settle();
}

/// The middle of what a finger would look for.
fn place(face: &Face, label: &str) -> anyhow::Result<LogicalPosition> {
    let mut found = ElementHandle::find_by_accessible_label(face.app(), label);
    let element = found.next().with_context(|| format!("'{label}' is not on the screen"))?;
    let (at, size) = (element.absolute_position(), element.size());
    Ok(LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0))
}

fn press(canvas: &mut Canvas, position: LogicalPosition, down: &mut Vec<Frame>, up: &mut Vec<Frame>) {
    let button = PointerEventButton::Left;
    down.push(canvas.after(|window| window.window().dispatch_event(WindowEvent::PointerPressed { position, button })));
    canvas.settle();
    up.push(canvas.after(|window| window.window().dispatch_event(WindowEvent::PointerReleased { position, button })));
    canvas.settle();
    // A trembling finger's second touch is not taken.
    std::thread::sleep(Duration::from_millis(260));
}

fn line(what: &str, frames: &[Frame], limit: &str) {
    let mut took: Vec<Duration> = frames.iter().map(|frame| frame.took).collect();
    let mut painted: Vec<u64> = frames.iter().map(|frame| frame.painted).collect();
    took.sort();
    painted.sort_unstable();
    let ms = |took: Option<&Duration>| took.map_or(0.0, |took| took.as_secs_f64() * 1000.0);
    let (median, worst) = (ms(took.get(took.len() / 2)), ms(took.last()));
    let pixels = painted.get(painted.len() / 2).copied().unwrap_or_default();
    println!("{what:<52} {median:>7.1} ms {worst:>7.1} ms {pixels:>12}  {limit}");
}
