//! Spoiled pages against good ones: what is found, what is wrongly told, and that no picture stops the measuring.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, Luma, RgbImage};
use motcua_digitise::{Fingerprint, Judged, PageError, judge, repeated};
use motcua_model::pages::{PageFault, PageLimits};

const DPI: u16 = 200;
const WRITTEN: [&str; 3] = ["to-khai-1.jpg", "chung-sinh-1.jpg", "ket-hon-1.jpg"];

fn page(name: &str) -> DynamicImage {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../drivers/sim/pages").join(name);
    let luma = DynamicImage::ImageLuma8(image::open(file).unwrap().into_luma8());
    luma.resize_exact(1654, 2339, FilterType::Triangle)
}

fn jpeg(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 85)).unwrap();
    bytes
}

fn judged(picture: &DynamicImage) -> Judged {
    judge(&jpeg(picture), DPI, &PageLimits::default()).unwrap()
}

/// Turned about the centre on white paper, down to the right.
fn askew(picture: &DynamicImage, degrees: f32) -> DynamicImage {
    let from = picture.as_luma8().unwrap();
    let (width, height) = from.dimensions();
    let (sin, cos) = degrees.to_radians().sin_cos();
    let middle = (width as f32 / 2.0, height as f32 / 2.0);
    let turned = GrayImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x as f32 - middle.0, y as f32 - middle.1);
        let at = (dx * cos + dy * sin + middle.0, dy * cos - dx * sin + middle.1);
        imageops::interpolate_bilinear(from, at.0, at.1).unwrap_or(Luma([250]))
    });
    DynamicImage::ImageLuma8(turned)
}

/// Moved on paper of one brightness.
fn moved(picture: &DynamicImage, (dx, dy): (i64, i64), paper: u8) -> DynamicImage {
    let mut whole = GrayImage::from_pixel(picture.width(), picture.height(), Luma([paper]));
    imageops::replace(&mut whole, picture.as_luma8().unwrap(), dx, dy);
    DynamicImage::ImageLuma8(whole)
}

/// Brightness in hundredths, and what is added to it.
fn levels(picture: &DynamicImage, hundredths: u32, added: u32) -> DynamicImage {
    let mut picture = picture.to_luma8();
    for pixel in picture.pixels_mut() {
        pixel.0[0] = (u32::from(pixel.0[0]) * hundredths / 100 + added).min(255) as u8;
    }
    DynamicImage::ImageLuma8(picture)
}

fn part(picture: &DynamicImage, width_percent: u32, height_percent: u32) -> DynamicImage {
    picture.crop_imm(0, 0, picture.width() * width_percent / 100, picture.height() * height_percent / 100)
}

fn enlarged(picture: &DynamicImage, from_dpi: u32, filter: FilterType) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    let small = picture.resize_exact(width * from_dpi / 200, height * from_dpi / 200, FilterType::Lanczos3);
    small.resize_exact(width, height, filter)
}

type Spoil = fn(&DynamicImage) -> DynamicImage;

/// What is done to a page, and what is then told of it.
const SPOILED: [(&str, Spoil, &[PageFault]); 17] = [
    ("as it is", Clone::clone, &[]),
    ("a little askew", |page| askew(page, 0.6), &[]),
    ("a little pale", |page| levels(page, 60, 100), &[]),
    ("moved by 3 mm", |page| moved(page, (24, -20), 250), &[]),
    ("upside down", DynamicImage::rotate180, &[PageFault::UpsideDown]),
    ("a quarter turn left", DynamicImage::rotate270, &[PageFault::Sideways]),
    ("a quarter turn right", DynamicImage::rotate90, &[PageFault::Sideways]),
    ("5 degrees askew", |page| askew(page, 5.0), &[PageFault::Crooked]),
    ("9 degrees askew", |page| askew(page, -9.0), &[PageFault::Crooked]),
    ("left edge out of the picture", |page| moved(page, (-230, 0), 250), &[PageFault::Cut]),
    ("a quarter of the height missing", |page| part(page, 100, 75), &[PageFault::Cut]),
    ("black border", |page| moved(page, (60, 40), 15), &[PageFault::DarkBorder]),
    ("pale", |page| levels(page, 25, 180), &[PageFault::Pale]),
    ("dark", |page| levels(page, 25, 0), &[PageFault::Pale]),
    ("out of focus", |page| page.fast_blur(3.0), &[PageFault::Blurred]),
    ("enlarged from 80 dpi", |page| enlarged(page, 80, FilterType::CatmullRom), &[PageFault::Coarse]),
    ("enlarged from 133 dpi", |page| enlarged(page, 133, FilterType::Triangle), &[PageFault::Coarse]),
];

#[test]
fn each_fault_is_found_and_told_alone() {
    let told = |name: &str| {
        let page = page(name);
        SPOILED.map(|(_, spoil, _)| judged(&spoil(&page)))
    };
    let told: Vec<[Judged; SPOILED.len()]> = std::thread::scope(|scope| {
        let pages = WRITTEN.map(|name| scope.spawn(move || told(name)));
        pages.into_iter().map(|page| page.join().unwrap()).collect()
    });
    let mut wrong = Vec::new();
    for (at, (what, _, expected)) in SPOILED.iter().enumerate() {
        let (right, other): (Vec<&Judged>, Vec<&Judged>) = told.iter().map(|page| &page[at]).partition(|told| told.faults == *expected);
        println!("{what:32} {} of {}", right.len(), told.len());
        wrong.extend(other.iter().map(|told| format!("{what}: {:?} {:?}", told.faults, told.measures)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn numbers_have_their_units() {
    let page = page(WRITTEN[0]);
    let straight = judged(&page).measures;
    let skew = |picture: &DynamicImage| judged(picture).measures.skew_degrees.unwrap();
    let own = straight.skew_degrees.unwrap();
    for degrees in [-12.0, -4.0, 3.0] {
        let told = skew(&askew(&page, degrees));
        assert!((told - own - degrees).abs() < 0.15, "{told} of {degrees}");
    }
    assert_eq!((straight.dpi, straight.real_dpi, straight.border_per_mille), (200, 200, 0));
    assert!((0.2..0.4).contains(&straight.edge_mm.unwrap()), "{straight:?}");
    let border = judged(&moved(&page, (165, 0), 15)).measures.border_per_mille;
    assert!((90..=105).contains(&border), "{border} of 100");
    let pale = judged(&levels(&page, 50, 120)).measures.contrast_percent.unwrap() as f32;
    assert!((pale / straight.contrast_percent.unwrap() as f32 - 0.5).abs() < 0.1, "{pale}");
}

#[test]
fn blank_sides_have_no_faults_of_writing() {
    for name in ["to-khai-2.jpg", "chung-sinh-2.jpg", "ket-hon-2.jpg"] {
        let told = judged(&page(name));
        assert!(told.inspection.blank && told.faults.is_empty() && told.fingerprint.is_none(), "{name}: {told:?}");
        let border = judged(&moved(&page(name), (80, 0), 10));
        assert_eq!(border.faults, [PageFault::DarkBorder], "{name}");
    }
}

#[test]
fn a_side_scanned_twice_is_known_again_and_another_form_is_not() {
    let [form, other, third] = WRITTEN.map(page);
    let again = moved(&askew(&form, 0.8), (18, -14), 250);
    // The same form of another person: one word is written over with another one of the page.
    let mut filled = form.to_luma8();
    let word = imageops::crop_imm(&filled, 400, 300, 260, 40).to_image();
    imageops::replace(&mut filled, &word, 700, 900);
    let filled = DynamicImage::ImageLuma8(filled);
    let prints: Vec<Fingerprint> =
        [&form, &other, &again, &filled, &third].map(|page| judged(page).fingerprint.unwrap()).into_iter().collect();
    assert_eq!(repeated(&prints), [(0, 2)]);
    assert_eq!(format!("{:?}", prints[0]), "Fingerprint(275 x 389)");
}

#[test]
fn the_header_counts_where_it_can_be_true() {
    let with_density = |picture: &DynamicImage, dpi: u16| {
        let mut bytes = jpeg(picture);
        let [high, low] = dpi.to_be_bytes();
        bytes[13..18].copy_from_slice(&[1, high, low, high, low]);
        judge(&bytes, 300, &PageLimits::default()).unwrap()
    };
    let page = page(WRITTEN[1]);
    assert_eq!(with_density(&page, 200).measures.dpi, 200);
    assert_eq!(with_density(&page, 72).measures.dpi, 300, "A4 at 72 dots would be a poster");
    let small = page.resize_exact(827, 1169, FilterType::Triangle);
    let told = with_density(&small, 100);
    assert_eq!((told.measures.dpi, told.faults), (100, vec![PageFault::Coarse]));
}

#[test]
fn no_picture_stops_the_measuring() {
    let flat = |width, height, level| DynamicImage::ImageLuma8(GrayImage::from_pixel(width, height, Luma([level])));
    let noise = |width, height| {
        let mut random = 0x2545_F491_u32;
        DynamicImage::ImageLuma8(GrayImage::from_fn(width, height, |_, _| {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            Luma([random as u8])
        }))
    };
    let stripes = DynamicImage::ImageRgb8(RgbImage::from_fn(900, 700, |x, _| image::Rgb([if x % 8 < 4 { 0 } else { 255 }; 3])));
    let mut pictures = vec![flat(1, 1, 0), flat(400, 1, 255), flat(300, 500, 0), flat(900, 1200, 255), noise(700, 900), stripes];
    pictures.extend([flat(12_000, 3, 128), flat(3, 12_000, 0), flat(12_000, 300, 90), noise(64, 64), noise(1, 700)]);
    for picture in &pictures {
        for dpi in [0, 50, 200, 1200, u16::MAX] {
            // Narrow ones may be refused (see `inspect`), but nothing more.
            match judge(&jpeg(picture), dpi, &PageLimits::default()) {
                Ok(told) => assert_eq!(told.inspection.width, picture.width()),
                Err(error) => assert!(matches!(error, PageError::Damaged(_)), "{error}"),
            }
        }
    }
    assert!(matches!(judge(&jpeg(&flat(65_535, 1, 0)), 300, &PageLimits::default()), Err(PageError::Damaged(_))));
}

/// For looking at a folder of pictures: `PAGES=... cargo test --workspace --test quality -- --ignored --nocapture table`.
#[test]
#[ignore = "for reading, with a folder of pictures named by PAGES"]
fn table() {
    for (name, judged) in folder_of_pages() {
        let seen = judged.measures;
        let number = |value: Option<f32>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
        println!(
            "{name:40} dpi {:3}/{:3} skew {:>6} edge {:>4} cut {:2}{} border {:4} contrast {:2} upright {:>5} sideways {:>4} {}{:?}",
            seen.dpi,
            seen.real_dpi,
            number(seen.skew_degrees),
            number(seen.edge_mm),
            seen.cut_strokes,
            if seen.cut_paper { "+" } else { " " },
            seen.border_per_mille,
            seen.contrast_percent.unwrap_or(0),
            number(seen.upright),
            number(seen.sideways),
            if judged.inspection.blank { "blank " } else { "" },
            judged.faults
        );
    }
}

fn folder_of_pages() -> Vec<(String, Judged)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(std::env::var("PAGES").unwrap()).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let only = std::env::var("ONLY").unwrap_or_default();
    files.retain(|file| file.to_string_lossy().contains(&only));
    let name = |file: &Path| file.file_stem().unwrap().to_string_lossy().into_owned();
    let judged = |file: &Path| judge(&std::fs::read(file).unwrap(), 300, &PageLimits::default()).unwrap();
    files.iter().map(|file| (name(file), judged(file))).collect()
}

/// The pairs of a folder that are taken for one side scanned twice.
#[test]
#[ignore = "for reading, with a folder of pictures named by PAGES"]
fn pairs() {
    let (names, prints): (Vec<String>, Vec<Fingerprint>) =
        folder_of_pages().into_iter().filter_map(|(name, judged)| Some((name, judged.fingerprint?))).unzip();
    for (earlier, later) in repeated(&prints) {
        println!("{} {}", names[earlier], names[later]);
    }
}
