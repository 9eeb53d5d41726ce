//! Raw frames of SANE (SANE Standard 1.06, 3.2) to one picture, and that to its files. Pure.

use crate::ffi::{Format, Parameters};
use jpeg_encoder::{ColorType, Encoder, PixelDensity};
use motcua_drivers::scanner::sane_wire::MASTER_LIMIT;

/// Written once and never changed again: text stays sharp for reading, stamps keep their colour.
const QUALITY: u8 = 92;

/// One frame: a whole page, or one colour of it.
pub(crate) struct Pass {
    pub(crate) parameters: Parameters,
    pub(crate) data: Vec<u8>,
}

/// The whole picture of a side at 8 bits a sample.
pub(crate) struct Picture {
    columns: u16,
    rows: u16,
    dpi: u16,
    planes: Planes,
}

impl Picture {
    /// Puts the frames of one page together: one of grey or colour, or one each of red, green and blue in any order.
    pub(crate) fn of(passes: Vec<Pass>, dpi: u16) -> Result<Self, String> {
        let (width, mut planes) = planes(passes)?;
        let (line, samples) = match &mut planes {
            Planes::Gray(samples) => (width, samples),
            Planes::Rgb(samples) => (width * 3, samples),
        };
        let height = samples.len() / line;
        samples.truncate(line * height);
        let (Ok(columns @ 1..), Ok(rows @ 1..)) = (u16::try_from(width), u16::try_from(height)) else {
            return Err(format!("{width} x {height} points fit into no JPEG"));
        };
        Ok(Self { columns, rows, dpi, planes })
    }

    /// The file that the agent checks, reads and puts into PDFs.
    pub(crate) fn jpeg(&self) -> Result<Vec<u8>, String> {
        let (colour, samples) = match &self.planes {
            Planes::Gray(samples) => (ColorType::Luma, samples),
            Planes::Rgb(samples) => (ColorType::Rgb, samples),
        };
        let mut jpeg = Vec::with_capacity(samples.len() / 4);
        let mut encoder = Encoder::new(&mut jpeg, QUALITY);
        encoder.set_density(PixelDensity::dpi(self.dpi));
        encoder.encode(samples, self.columns, self.rows, colour).map_err(|error| error.to_string())?;
        Ok(jpeg)
    }

    /// The same pixels, none changed.
    pub(crate) fn png(&self) -> Result<Vec<u8>, String> {
        let (colour, samples) = match &self.planes {
            Planes::Gray(samples) => (png::ColorType::Grayscale, samples),
            Planes::Rgb(samples) => (png::ColorType::Rgb, samples),
        };
        let mut file = Vec::with_capacity(samples.len() / 2);
        let mut encoder = png::Encoder::new(&mut file, self.columns.into(), self.rows.into());
        encoder.set_color(colour);
        encoder.set_depth(png::BitDepth::Eight);
        // With a sensor's grain slower settings take thirty times as long and make nothing smaller.
        encoder.set_compression(png::Compression::Fast);
        let metre = (f64::from(self.dpi) / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: metre, yppu: metre, unit: png::Unit::Meter }));
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(samples)?;
            writer.finish()
        });
        written.map_err(|error| format!("no lossless file: {error}"))?;
        match file.len() {
            ..=MASTER_LIMIT => Ok(file),
            bytes => Err(format!("a lossless file of {bytes} bytes is too long; scan with fewer dots per inch")),
        }
    }
}

enum Planes {
    Gray(Vec<u8>),
    /// Interleaved.
    Rgb(Vec<u8>),
}

fn planes(mut passes: Vec<Pass>) -> Result<(usize, Planes), String> {
    if passes.len() > 1 {
        passes.sort_by_key(|pass| pass.parameters.format().0);
        let formats: Vec<Format> = passes.iter().map(|pass| pass.parameters.format()).collect();
        if formats != [Format::RED, Format::GREEN, Format::BLUE] {
            return Err(format!("frames of the formats {formats:?} make no page"));
        }
        let planes: Vec<(usize, Vec<u8>)> = passes.into_iter().map(|pass| samples(pass, 1)).collect::<Result<_, _>>()?;
        let [(width, red), (green_width, green), (blue_width, blue)] = planes.as_slice() else {
            return Err("a colour is missing".to_owned());
        };
        if width != green_width || width != blue_width || red.len() != green.len() || red.len() != blue.len() {
            return Err("the three colours differ in size".to_owned());
        }
        let pixels = red.iter().zip(green).zip(blue).flat_map(|((red, green), blue)| [*red, *green, *blue]).collect();
        return Ok((*width, Planes::Rgb(pixels)));
    }
    let pass = passes.pop().ok_or("a page without a frame")?;
    match pass.parameters.format() {
        Format::GRAY => samples(pass, 1).map(|(width, pixels)| (width, Planes::Gray(pixels))),
        Format::RGB => samples(pass, 3).map(|(width, pixels)| (width, Planes::Rgb(pixels))),
        Format(other) => Err(format!("a frame of format {other}, neither grey nor colour")),
    }
}

/// Width in points, and the samples at 8 bits without padding; a line that did not come whole is left out.
fn samples(pass: Pass, channels: usize) -> Result<(usize, Vec<u8>), String> {
    let Pass { parameters, mut data } = pass;
    let size = |number: i32| usize::try_from(number).ok().filter(|size| *size > 0 && *size <= 1 << 20);
    let (Some(width), Some(stride)) = (size(parameters.pixels_per_line), size(parameters.bytes_per_line)) else {
        return Err(format!("lines of {} points in {} bytes", parameters.pixels_per_line, parameters.bytes_per_line));
    };
    let line = width * channels;
    let needed = match parameters.depth {
        1 => line.div_ceil(8),
        8 => line,
        16 => line * 2,
        depth => return Err(format!("{depth} bits a sample")),
    };
    if needed > stride {
        return Err(format!("lines of {width} points in {stride} bytes"));
    }
    data.truncate(data.len() / stride * stride);
    if data.is_empty() {
        return Err("not one whole line came".to_owned());
    }
    if parameters.depth == 8 && stride == line {
        return Ok((width, data));
    }
    // In line art a set bit is black, in a colour it is light (3.2.1).
    let set = if parameters.format() == Format::GRAY { [255, 0] } else { [0, 255] };
    let lines = data.chunks_exact(stride).filter_map(|line| line.get(..needed));
    let samples = match parameters.depth {
        1 => lines
            .flat_map(|bits| (0..line).filter_map(move |at| Some(if bits.get(at / 8)? >> (7 - at % 8) & 1 == 1 { set[1] } else { set[0] })))
            .collect(),
        16 => lines.flat_map(|line| line.chunks_exact(2).map(high_byte)).collect(),
        _ => lines.flatten().copied().collect(),
    };
    Ok((width, samples))
}

/// SANE sends samples of two bytes in the order of the machine.
fn high_byte(sample: &[u8]) -> u8 {
    let [first, second] = sample else { return 0 };
    u16::from_ne_bytes([*first, *second]).to_be_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::GenericImageView;

    fn pass(format: Format, depth: i32, width: i32, stride: i32, data: &[u8]) -> Pass {
        Pass { parameters: Parameters::of(format, depth, width, stride), data: data.to_vec() }
    }

    fn points(passes: Vec<Pass>) -> Vec<u8> {
        match planes(passes).unwrap().1 {
            Planes::Gray(pixels) | Planes::Rgb(pixels) => pixels,
        }
    }

    #[test]
    fn every_depth_becomes_eight_bits_without_padding() {
        assert_eq!(points(vec![pass(Format::GRAY, 8, 2, 2, &[1, 2, 3, 4])]), [1, 2, 3, 4]);
        assert_eq!(points(vec![pass(Format::GRAY, 8, 2, 3, &[1, 2, 9, 3, 4, 9])]), [1, 2, 3, 4]);
        assert_eq!(points(vec![pass(Format::GRAY, 1, 10, 2, &[0b1010_0000, 0b0111_1111])]), [0, 255, 0, 255, 255, 255, 255, 255, 255, 0]);
        let wide: Vec<u8> = [0x1234_u16, 0xfedc].iter().flat_map(|sample| sample.to_ne_bytes()).collect();
        assert_eq!(points(vec![pass(Format::GRAY, 16, 2, 4, &wide)]), [0x12, 0xfe]);
        assert_eq!(points(vec![pass(Format::RGB, 8, 1, 4, &[1, 2, 3, 0])]), [1, 2, 3]);
    }

    #[test]
    fn three_passes_in_any_order_are_one_colour_page() {
        let passes = vec![pass(Format::BLUE, 8, 2, 2, &[5, 6]), pass(Format::RED, 8, 2, 2, &[1, 2]), pass(Format::GREEN, 8, 2, 2, &[3, 4])];
        assert_eq!(points(passes), [1, 3, 5, 2, 4, 6]);
    }

    #[test]
    fn a_cut_last_line_is_left_out() {
        assert_eq!(points(vec![pass(Format::GRAY, 8, 2, 2, &[1, 2, 3])]), [1, 2]);
    }

    #[test]
    fn what_makes_no_page_is_refused() {
        for (what, passes) in [
            ("nothing", vec![]),
            ("no line", vec![pass(Format::GRAY, 8, 2, 2, &[1])]),
            ("two colours", vec![pass(Format::RED, 8, 1, 1, &[1]), pass(Format::GREEN, 8, 1, 1, &[1])]),
            ("one colour alone", vec![pass(Format::RED, 8, 1, 1, &[1])]),
            (
                "colours of two sizes",
                vec![pass(Format::RED, 8, 1, 1, &[1]), pass(Format::GREEN, 8, 1, 1, &[1]), pass(Format::BLUE, 8, 1, 1, &[1, 2])],
            ),
            ("a JPEG frame", vec![pass(Format(11), 8, 1, 1, &[1])]),
            ("short lines", vec![pass(Format::RGB, 8, 2, 3, &[1, 2, 3])]),
            ("no points", vec![pass(Format::GRAY, 8, 0, 1, &[1])]),
            ("seven bits", vec![pass(Format::GRAY, 7, 1, 1, &[1])]),
            ("too wide", vec![pass(Format::GRAY, 8, 70_000, 70_000, &[0; 70_000])]),
        ] {
            assert!(Picture::of(passes, 300).is_err(), "{what}");
        }
    }

    #[test]
    fn the_file_has_the_size_and_the_dots_per_inch() {
        let file = Picture::of(vec![pass(Format::RGB, 8, 16, 48, &[200; 48 * 8])], 300).unwrap().jpeg().unwrap();
        assert_eq!(file.get(13..18), Some([1, 1, 44, 1, 44].as_slice()));
        let image = image::load_from_memory(&file).unwrap();
        assert_eq!(image.dimensions(), (16, 8));
        assert!(image.to_rgb8().pixels().all(|pixel| pixel.0.iter().all(|sample| sample.abs_diff(200) <= 2)));
    }

    #[test]
    fn the_lossless_file_has_the_very_samples_and_the_dots_per_inch() {
        let noise: Vec<u8> = (0..48 * 8_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for (passes, colour, samples) in [
            (vec![pass(Format::RGB, 8, 16, 48, &noise)], png::ColorType::Rgb, noise.as_slice()),
            (vec![pass(Format::GRAY, 8, 16, 16, &noise)], png::ColorType::Grayscale, noise.as_slice()),
            // A line that did not come whole is left out here as well.
            (vec![pass(Format::RGB, 8, 16, 48, &noise[..100])], png::ColorType::Rgb, &noise[..96]),
        ] {
            let file = Picture::of(passes, 300).unwrap().png().unwrap();
            let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
            let mut got = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut got).unwrap();
            let info = reader.info();
            assert_eq!((info.color_type, info.bit_depth, got.as_slice()), (colour, png::BitDepth::Eight, samples));
            let dots = info.pixel_dims.unwrap();
            assert_eq!((dots.xppu, dots.yppu, dots.unit), (11_811, 11_811, png::Unit::Meter));
        }
    }
}
