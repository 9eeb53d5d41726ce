//! What a JPEG says about itself, and decoding that refuses what is not all there.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Larger than A3 at 600 dpi; anything beyond is no page and would only eat memory.
pub(crate) const MAX_SIDE: usize = 12_000;

/// Why a scanned side cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The bytes do not start like a JPEG.
    #[error("the scanned page is not a JPEG; set the scanner's format to image/jpeg and scan the page again")]
    NotJpeg,
    /// Neither JPEG nor PNG.
    #[error("this is no picture of a page; give JPEG or PNG files, a PDF is kept as it is")]
    NotPicture,
    /// The bytes end before the picture does.
    #[error("the scanned page stops after {0} bytes, before the picture's end; scan the page again")]
    Truncated(usize),
    /// The decoder found the picture damaged.
    #[error("the scanned page is damaged ({0}); scan the page again")]
    Damaged(String),
    /// A JPEG, but none of the kinds that scanners make.
    #[error("the scanned page is a JPEG with {0}; set the scanner to 8-bit colour or grey and scan the page again")]
    Unsupported(String),
    /// The smaller picture could not be encoded.
    #[error("the page could not be encoded again ({0}); leave out --quality")]
    Encoding(String),
    /// The thumbnail could not be encoded.
    #[error("no thumbnail could be made of the page ({0}); show the page by its number")]
    Thumbnail(String),
}

/// What the JPEG's frame header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// 1 (grey) or 3 (colour).
    pub(crate) components: u8,
    /// Sent in one pass from top to bottom, as scanners do.
    sequential: bool,
    /// Where the picture's end marker stands.
    end: usize,
}

impl Frame {
    pub(crate) fn points(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Walks the JPEG's segments from its first to its last marker.
///
/// # Errors
/// When it is no JPEG, ends early, or is of a kind that a PDF page cannot carry as it is.
pub(crate) fn frame(jpeg: &[u8]) -> Result<Frame, PageError> {
    if !jpeg.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Err(PageError::NotJpeg);
    }
    let truncated = PageError::Truncated(jpeg.len());
    let mut found: Option<Frame> = None;
    let mut at = 2;
    loop {
        let (marker, after) = next_marker(jpeg, at).ok_or(truncated.clone())?;
        match marker {
            0xD9 => {
                let frame = found.ok_or(PageError::Damaged("no frame header".into()))?;
                return Ok(Frame { end: after - 2, ..frame });
            }
            0x01 | 0xD0..=0xD7 => at = after,
            _ => {
                let body = segment(jpeg, after).ok_or(truncated.clone())?;
                if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
                    found = Some(frame_header(body, marker)?);
                }
                at = after + 2 + body.len();
            }
        }
    }
}

/// The next marker at or after `at` and the position behind it. Entropy-coded bytes are stepped over: inside them FF is
/// always followed by 00.
fn next_marker(jpeg: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += jpeg.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        match *jpeg.get(at + 1)? {
            0x00 => at += 2,
            0xFF => at += 1,
            marker => return Some((marker, at + 2)),
        }
    }
}

fn segment(jpeg: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes([*jpeg.get(at)?, *jpeg.get(at + 1)?]));
    jpeg.get(at + 2..at + length.max(2))
}

fn frame_header(body: &[u8], marker: u8) -> Result<Frame, PageError> {
    let [precision, h1, h0, w1, w0, components, ..] = *body else {
        return Err(PageError::Damaged("short frame header".into()));
    };
    if precision != 8 {
        return Err(PageError::Unsupported(format!("{precision} bits a sample")));
    }
    if components != 1 && components != 3 {
        return Err(PageError::Unsupported(format!("{components} colour components")));
    }
    let (width, height) = (u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0])));
    if width == 0 || height == 0 {
        return Err(PageError::Unsupported(format!("{width} x {height} pixels")));
    }
    Ok(Frame { width, height, components, sequential: matches!(marker, 0xC0 | 0xC1), end: 0 })
}

/// Unit (0 none, 1 dots an inch, 2 dots a centimetre) and density from left to right, as the header has them (ITU-T T.871 10.1).
pub(crate) fn density(jpeg: &[u8]) -> Option<(u8, u16)> {
    let [0xFF, 0xD8, 0xFF, 0xE0, _, _, b'J', b'F', b'I', b'F', 0, _, _, unit, high, low, ..] = *jpeg else { return None };
    Some((unit, u16::from_be_bytes([high, low])))
}

/// The whole picture as rows of red, green, blue (colour) or of grey, and its frame.
pub(crate) fn decode(jpeg: &[u8]) -> Result<(Frame, Vec<u8>), PageError> {
    let frame = frame(jpeg)?;
    let colour = if frame.components == 1 { ColorSpace::Luma } else { ColorSpace::RGB };
    Ok((frame, decode_as(jpeg, frame, colour)?))
}

/// The whole picture's brightness.
pub(crate) fn decode_luma(jpeg: &[u8]) -> Result<(Frame, Vec<u8>), PageError> {
    let frame = frame(jpeg)?;
    Ok((frame, decode_as(jpeg, frame, ColorSpace::Luma)?))
}

fn decode_as(jpeg: &[u8], frame: Frame, colour: ColorSpace) -> Result<Vec<u8>, PageError> {
    // At an end marker that comes too early the decoder pads what is missing with grey and says nothing; at the end of the bytes
    // it complains. So it does not get to see the marker. As it reads eight bytes ahead, it then also refuses a whole picture whose
    // last row of blocks takes fewer: one under 256 pixels wide with an even lower edge, which is no page.
    let jpeg = if frame.sequential { &jpeg[..frame.end] } else { jpeg };
    let options =
        DecoderOptions::default().set_strict_mode(true).set_max_width(MAX_SIDE).set_max_height(MAX_SIDE).jpeg_set_out_colorspace(colour);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
    let pixels = decoder.decode().map_err(|error| PageError::Damaged(error.to_string()))?;
    // A damaged segment length can make the decoder find another frame header than `frame` did.
    if decoder.dimensions() == Some((frame.width as usize, frame.height as usize)) {
        Ok(pixels)
    } else {
        Err(PageError::Damaged("it tells two different sizes".into()))
    }
}
