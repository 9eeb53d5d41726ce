//! Every screen as a picture, against the record of those that somebody has looked at.
//!
//! Drawn are all samples of the gallery (of a list its first page) in both languages and both ways up: the three sizes of letters in the
//! usual colours, the other two contrasts in the usual letters, as `make gallery` does. Left out are those two in larger letters: a
//! contrast changes colours and no places. The dots are larger than the real screen's: the pages are laid out in millimetres, so the
//! picture is the same one, coarser.
//! Thousands of pictures do not belong into the repository: `golden/*.txt` hold a fingerprint of each. Where one differs, the new picture
//! lies in `target/tmp/golden`; who has looked at it approves it with `make golden`. The clock stands still and nothing is animated.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]
#![allow(clippy::print_stdout, reason = "`make golden` says what it approves")]

use motcua_kiosk::{
    comfort::{CONTRASTS, TextSize, contrast_name},
    face::Face,
    gallery,
    ui::{Contrast, Kiosk},
};
use motcua_model::Language;
use sha2::{Digest as _, Sha256};
use slint::{
    ComponentHandle as _, PlatformError, Rgb8Pixel, SharedPixelBuffer,
    platform::{
        Platform, WindowAdapter,
        software_renderer::{MinimalSoftwareWindow, RepaintBufferType},
    },
};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, rc::Rc, time::Duration};

/// One file for each way up.
const RECORDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
/// Where pictures that differ are put; made by cargo for this test.
const CHANGED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/golden");
/// More pictures than this nobody looks at one by one: `make gallery` shows them beside each other.
const MOST_PNGS: usize = 100;
const PX_PER_MM: f32 = 1.5;
const PORTRAIT: (&str, (u32, u32)) = ("portrait", (405, 720));
const LANDSCAPE: (&str, (u32, u32)) = ("landscape", (720, 405));
/// What the letters are drawn with: with another version every picture is another one.
const FONTS: [&str; 2] = ["/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf"];
const HEAD: &str =
    "# Fingerprints of the kiosk's pictures (golden.rs). Not to be written by hand: look at the pictures, then `make golden`.
# screen, language; normal letters in usual, black, dark contrast; large and largest letters in usual contrast
";

/// Screen and language; the fingerprints of its looks.
type Record = BTreeMap<String, [String; LOOKS]>;
const LOOKS: usize = 5;

fn looks() -> impl Iterator<Item = (TextSize, Contrast)> {
    let all = TextSize::ALL.into_iter().flat_map(|size| CONTRASTS.map(|contrast| (size, contrast)));
    all.filter(|(size, contrast)| *size == TextSize::Normal || *contrast == Contrast::Usual)
}

fn code(language: Language) -> &'static str {
    match language {
        Language::Vi => "vi",
        Language::En => "en",
    }
}

/// No display, and no time that passes.
struct Still(Rc<MinimalSoftwareWindow>);

impl Platform for Still {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(self.0.clone())
    }

    fn duration_since_start(&self) -> Duration {
        Duration::ZERO
    }
}

/// The screen and what it is drawn into, by the product's renderer.
struct Easel {
    face: Rc<Face>,
    window: Rc<MinimalSoftwareWindow>,
    pixels: SharedPixelBuffer<Rgb8Pixel>,
}

impl Easel {
    fn new((width, height): (u32, u32)) -> Self {
        let window = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
        slint::platform::set_platform(Box::new(Still(window.clone()))).unwrap();
        let face = Face::new(|_| {}, || Duration::ZERO).unwrap();
        face.set_size(width, height, PX_PER_MM);
        face.set_clock("09:41");
        face.app().global::<Kiosk>().set_can_speak(true);
        face.app().show().unwrap();
        Self { face, window, pixels: SharedPixelBuffer::new(width, height) }
    }

    fn fingerprint(&mut self) -> String {
        slint::platform::update_timers_and_animations();
        self.window.request_redraw();
        self.window.draw_if_needed(|renderer| {
            let width = self.pixels.width() as usize;
            renderer.render(self.pixels.make_mut_slice(), width);
        });
        fingerprint(self.pixels.as_bytes())
    }

    fn save(&self, file: &str) {
        let (width, height) = (self.pixels.width(), self.pixels.height());
        image::save_buffer(Path::new(CHANGED).join(file), self.pixels.as_bytes(), width, height, image::ColorType::Rgb8).unwrap();
    }
}

fn fingerprint(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(4).fold(String::new(), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}

/// All pictures this way up. The first of those that differ from the record are written as PNG.
fn draw((way, size): (&str, (u32, u32)), known: &Record, approve: bool) -> Record {
    let mut easel = Easel::new(size);
    let face = Rc::clone(&easel.face);
    let mut drawn = Record::new();
    let mut written = 0;
    for language in [Language::Vi, Language::En] {
        for (at, (letters, contrast)) in looks().enumerate() {
            gallery::walk(&face, "", (letters, contrast, language), &mut |_, name, _| {
                let print = easel.fingerprint();
                let key = format!("{name} {}", code(language));
                if !approve && written < MOST_PNGS && known.get(&key).is_none_or(|prints| prints[at] != print) {
                    easel.save(&format!("{way}/{}-{}-{}.png", key.replace(' ', "-"), letters.name(), contrast_name(contrast)));
                    written += 1;
                }
                let prints = drawn.entry(key).or_default();
                // Two samples of one name would hide each other.
                anyhow::ensure!(prints[at].is_empty(), "{name} is drawn twice");
                prints[at] = print;
                Ok(())
            })
            .unwrap();
        }
    }
    drawn
}

fn font() -> String {
    let all: Vec<u8> = FONTS.iter().flat_map(|path| fs::read(path).expect("fonts-noto-core is installed")).collect();
    format!("font {}", fingerprint(&all))
}

/// The font it was made with, and the fingerprints. One that is not there yet knows nothing.
fn read(text: &str) -> (String, Record) {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let font = lines.next().unwrap_or_default().to_owned();
    let record = lines.filter_map(|line| {
        let (key, prints) = line.split_once(':')?;
        let prints: Vec<String> = prints.split_whitespace().map(str::to_owned).collect();
        Some((key.to_owned(), prints.try_into().ok()?))
    });
    (font, record.collect())
}

fn write(font: &str, record: &Record) -> String {
    let mut text = format!("{HEAD}{font}\n");
    for (key, prints) in record {
        let _infallible = writeln!(text, "{key}: {}", prints.join(" "));
    }
    text
}

/// What is new, gone or another one, by name.
fn differences(known: &Record, drawn: &Record) -> Vec<String> {
    let mut found: Vec<String> = known.keys().filter(|key| !drawn.contains_key(*key)).map(|key| format!("{key}: gone")).collect();
    for (key, prints) in drawn {
        let Some(old) = known.get(key) else {
            found.push(format!("{key}: new"));
            continue;
        };
        let changed = looks().zip(old.iter().zip(prints)).filter(|(_, (old, new))| old != new);
        found.extend(changed.map(|((size, contrast), _)| format!("{key} {} {}: changed", size.name(), contrast_name(contrast))));
    }
    found
}

fn look_at((way, size): (&str, (u32, u32))) {
    let file = Path::new(RECORDS).join(format!("{way}.txt"));
    let approve = std::env::var("GOLDEN").as_deref() == Ok("approve");
    let (known_font, known) = read(&fs::read_to_string(&file).unwrap_or_default());
    let folder = Path::new(CHANGED).join(way);
    let _not_there = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let drawn = draw((way, size), &known, approve);
    let found = differences(&known, &drawn);
    if approve {
        fs::write(file, write(&font(), &drawn)).unwrap();
        println!("{way}: {} pictures are approved that were not:\n{}", found.len(), found.join("\n"));
        return;
    }
    assert!(
        found.is_empty() || known_font == font(),
        "this machine has another version of Noto Sans than the pictures were approved with; nothing can be said of {} pictures",
        found.len()
    );
    assert!(
        found.is_empty(),
        "{} pictures are not those of {}:\n{}\nLook at them in {} (the first {MOST_PNGS}); if they are right: make golden",
        found.len(),
        file.display(),
        found.join("\n"),
        folder.display()
    );
    assert!(drawn.len() > 300, "only {} screens were drawn", drawn.len());
}

#[test]
fn every_picture_upright_is_one_that_was_looked_at() {
    look_at(PORTRAIT);
}

#[test]
fn every_picture_lying_is_one_that_was_looked_at() {
    look_at(LANDSCAPE);
}

#[test]
fn the_same_screen_has_the_same_fingerprint_and_the_smallest_change_another() {
    let mut easel = Easel::new(PORTRAIT.1);
    let face = Rc::clone(&easel.face);
    let mut print = |clock: &str| {
        face.set_clock(clock);
        let mut print = String::new();
        gallery::walk(&face, "notice", (TextSize::Normal, Contrast::Usual, Language::Vi), &mut |_, _, _| {
            print = easel.fingerprint();
            Ok(())
        })
        .unwrap();
        print
    };
    let first = print("09:41");
    assert_ne!(print("09:47"), first);
    assert_eq!(print("09:41"), first);
}

#[test]
fn a_record_is_read_as_it_was_written_and_differences_are_named() {
    assert_eq!(looks().count(), LOOKS);
    let looks = |print: &str| std::array::from_fn(|_| print.to_owned());
    let known = Record::from([("a vi".to_owned(), looks("0a")), ("b vi".to_owned(), looks("0b"))]);
    assert_eq!(read(&write("font 1", &known)), ("font 1".to_owned(), known.clone()));
    assert_eq!(differences(&known, &known), Vec::<String>::new());
    let mut drawn = Record::from([("a vi".to_owned(), looks("0a")), ("c vi".to_owned(), looks("0c"))]);
    drawn.get_mut("a vi").unwrap()[3] = "ff".to_owned();
    assert_eq!(differences(&known, &drawn), ["b vi: gone", "a vi large usual: changed", "c vi: new"]);
}
