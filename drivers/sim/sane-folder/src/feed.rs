//! What lies in the feeder, and one side of it as scan lines. Pure but for reading the files.

use image::DynamicImage;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A4 in millimetres.
pub(crate) const A4: (f64, f64) = (210.0, 297.0);

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Jam,
    Double,
    Cover,
    Lost,
    Stall,
    Hang,
    Crash,
}

/// One line of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    /// None for trouble before the side begins.
    pub(crate) file: Option<PathBuf>,
    /// For every read.
    pub(crate) pause: Duration,
    /// And after how many percent.
    pub(crate) trouble: Option<(Trouble, u8)>,
}

/// The sides in the folder's feeder; none when the script cannot be read.
pub(crate) fn load(folder: &Path) -> Option<Vec<Side>> {
    match fs::read_to_string(folder.join("feeder.txt")) {
        Ok(script) => script.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| side(folder, line)).collect(),
        Err(_) => {
            let names = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
            let mut files: Vec<PathBuf> = names.filter(|path| path.extension().is_some_and(|end| end == "jpg")).collect();
            files.sort();
            Some(files.into_iter().map(|file| Side { file: Some(file), pause: Duration::ZERO, trouble: None }).collect())
        }
    }
}

fn side(folder: &Path, line: &str) -> Option<Side> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let file = |name: &str| Some(folder.join(name));
    Some(match words.as_slice() {
        ["page", name] => Side { file: file(name), pause: Duration::ZERO, trouble: None },
        ["slow", pause, name] => Side { file: file(name), pause: Duration::from_millis(pause.parse().ok()?), trouble: None },
        [what] => Side { file: None, pause: Duration::ZERO, trouble: Some((trouble(what)?, 0)) },
        [what, name] => {
            let (what, percent) = what.split_once('@')?;
            Side { file: file(name), pause: Duration::ZERO, trouble: Some((trouble(what)?, percent.parse().ok()?)) }
        }
        _ => return None,
    })
}

fn trouble(word: &str) -> Option<Trouble> {
    Some(match word {
        "jam" => Trouble::Jam,
        "double" => Trouble::Double,
        "cover" => Trouble::Cover,
        "lost" => Trouble::Lost,
        "stall" => Trouble::Stall,
        "hang" => Trouble::Hang,
        "crash" => Trouble::Crash,
        _ => return None,
    })
}

/// The part of the page that is scanned, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Left, top, right, bottom in millimetres.
    pub(crate) area: [f64; 4],
    pub(crate) dpi: i32,
    pub(crate) colour: bool,
}

impl Window {
    /// Points a line.
    pub(crate) fn width(&self) -> usize {
        let [left, _, right, _] = self.area;
        self.points(right - left)
    }

    /// Lines.
    pub(crate) fn height(&self) -> usize {
        let [_, top, _, bottom] = self.area;
        self.points(bottom - top)
    }

    /// Bytes a line.
    pub(crate) fn stride(&self) -> usize {
        self.width() * if self.colour { 3 } else { 1 }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a page has few points, and the options keep it above zero"
    )]
    fn points(&self, millimetres: f64) -> usize {
        (millimetres / 25.4 * f64::from(self.dpi)).round().max(1.0) as usize
    }
}

/// All lines of the window, top to bottom. Beyond the page it is white.
pub(crate) fn scan(page: &DynamicImage, window: &Window) -> Vec<u8> {
    let [left, top, ..] = window.area;
    // Where on the page the middle of a point lies, in points of the file.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a page has few points")]
    let at = |index: usize, begin: f64, length: f64, points: u32| {
        ((begin + (index as f64 + 0.5) * 25.4 / f64::from(window.dpi)) / length * f64::from(points)) as u32
    };
    let columns: Vec<u32> = (0..window.width()).map(|x| at(x, left, A4.0, page.width())).collect();
    let rows = (0..window.height()).map(|y| at(y, top, A4.1, page.height()));
    let mut lines = Vec::with_capacity(window.stride() * window.height());
    if window.colour {
        let page = page.to_rgb8();
        rows.for_each(|y| columns.iter().for_each(|x| lines.extend(page.get_pixel_checked(*x, y).map_or([255; 3], |point| point.0))));
    } else {
        let page = page.to_luma8();
        rows.for_each(|y| columns.iter().for_each(|x| lines.extend(page.get_pixel_checked(*x, y).map_or([255; 1], |point| point.0))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    #[test]
    fn lines_of_the_script() {
        let read = |line| side(Path::new("f"), line);
        let file = Some(PathBuf::from("f/a.jpg"));
        assert_eq!(read("page a.jpg"), Some(Side { file: file.clone(), pause: Duration::ZERO, trouble: None }));
        assert_eq!(read("slow 5 a.jpg"), Some(Side { file: file.clone(), pause: Duration::from_millis(5), trouble: None }));
        assert_eq!(read("jam@50 a.jpg"), Some(Side { file, pause: Duration::ZERO, trouble: Some((Trouble::Jam, 50)) }));
        assert_eq!(read("cover"), Some(Side { file: None, pause: Duration::ZERO, trouble: Some((Trouble::Cover, 0)) }));
        for wrong in ["pages a.jpg", "jam a.jpg", "jam@x a.jpg", "jam@500 a.jpg", "slow a.jpg", "explode", "page a.jpg b.jpg"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_window_at_the_pages_own_resolution_is_the_page() {
        let page = RgbImage::from_fn(2480, 3508, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, 7]));
        let window = Window { area: [0.0, 0.0, A4.0, A4.1], dpi: 300, colour: true };
        assert_eq!((window.width(), window.height()), (2480, 3508));
        assert!(scan(&page.clone().into(), &window) == page.into_raw());
    }

    #[test]
    fn beyond_the_page_it_is_white() {
        let page = DynamicImage::new_luma8(210, 297);
        let window = Window { area: [200.0, 0.0, 220.0, 2.0], dpi: 254, colour: false };
        let lines = scan(&page, &window);
        assert_eq!(lines.len(), 200 * 20);
        assert_eq!((lines[99], lines[100], lines[199]), (0, 255, 255));
    }
}
