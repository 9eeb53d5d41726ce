//! What the glass sees of a picture: as fine and as colourful as the job asked for.

use image::codecs::jpeg::{JpegEncoder, PixelDensity};
use image::imageops::FilterType;
use image::{ExtendedColorType, GenericImageView};

/// Dots per inch of the pictures in the folder.
const PICTURE_DPI: u32 = 300;

/// How a job wants its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) dpi: u16,
    pub(crate) gray: bool,
}

impl Look {
    /// From the job's settings; colour in 300 dpi where they say nothing.
    pub(crate) fn of(settings: &str) -> Self {
        let dpi = settings.split_once("XResolution>").and_then(|(_, rest)| rest.split_once('<')?.0.trim().parse().ok());
        Self { dpi: dpi.filter(|dpi| (50..=600).contains(dpi)).unwrap_or(300), gray: settings.contains("Grayscale8") }
    }

    /// The picture as it is seen; untouched where nothing has to change, or it cannot be read.
    pub(crate) fn see(self, jpeg: Vec<u8>) -> Vec<u8> {
        let scale = u32::from(self.dpi);
        if scale == PICTURE_DPI && !self.gray {
            return jpeg;
        }
        let Ok(picture) = image::load_from_memory(&jpeg) else { return jpeg };
        let (width, height) = picture.dimensions();
        let size = |points: u32| (points * scale / PICTURE_DPI).max(1);
        let picture = picture.resize_exact(size(width), size(height), FilterType::Triangle);
        let (width, height) = picture.dimensions();
        let (points, kind) = match self.gray {
            true => (picture.into_luma8().into_raw(), ExtendedColorType::L8),
            false => (picture.into_rgb8().into_raw(), ExtendedColorType::Rgb8),
        };
        let mut seen = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut seen, 85);
        encoder.set_pixel_density(PixelDensity::dpi(self.dpi));
        if encoder.encode(&points, width, height, kind).is_ok() { seen } else { jpeg }
    }
}
