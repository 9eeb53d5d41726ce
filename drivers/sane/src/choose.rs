//! Which device, source, mode and resolution is meant: makers name them as they like. Pure.

use crate::ffi::Constraint;
use motcua_drivers::DeviceError;
use motcua_drivers::scanner::sane_wire::Listed;
use motcua_drivers::scanner::{Colour, Source};

/// The device that `wanted` names: by its SANE name, or by maker and model, which stay the same when it is plugged in again.
pub(crate) fn device<'a>(listed: &'a [Listed], wanted: &str) -> Result<&'a Listed, DeviceError> {
    if let Some(device) = listed.iter().find(|device| device.name == wanted) {
        return Ok(device);
    }
    let plain = words(wanted);
    let named: Vec<&Listed> = listed.iter().filter(|device| words(&make_and_model(device)) == plain).collect();
    let names = |devices: &[&Listed]| devices.iter().map(|device| device.name.clone()).collect::<Vec<_>>().join(", ");
    match named.as_slice() {
        [device] => Ok(device),
        [] if listed.is_empty() => {
            Err(DeviceError::Disconnected(format!("SANE finds no scanner, so not {wanted:?} either; check its power and cable")))
        }
        [] => {
            let others: Vec<String> = listed.iter().map(|device| format!("{:?}", make_and_model(device))).collect();
            let others = others.join(", ");
            Err(DeviceError::Disconnected(format!("SANE does not find {wanted:?}, only {others}; check its power and cable, or the name")))
        }
        several => Err(DeviceError::Rejected(format!("{wanted:?} is several scanners: {}; write one of these names", names(several)))),
    }
}

/// As the configuration and the technician know it.
pub(crate) fn make_and_model(device: &Listed) -> String {
    // Some backends repeat the maker in the model.
    let (vendor, model) = (device.vendor.trim(), device.model.trim());
    let repeated = model.get(..vendor.len()).is_some_and(|start| start.eq_ignore_ascii_case(vendor));
    if vendor.is_empty() || repeated { model.to_owned() } else { format!("{vendor} {model}") }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_lowercase).collect()
}

/// What a source of this name is; none for what no paper lies in, and for sources that the device chooses itself.
pub(crate) fn source(name: &str) -> Option<Source> {
    let name = name.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let word = |wanted: &str| name.split(|c: char| !c.is_alphanumeric()).any(|word| word == wanted);
    if has(&["transparency", "negative", "slide", "film", "card"]) || word("tpu") || word("tma") || word("back") {
        return None;
    }
    let both = has(&["duplex", "both sides", "two-sided", "two sided", "double-sided", "2-sided"]);
    if has(&["adf", "feeder", "document feed", "sheetfed"]) || word("dp") || both {
        return Some(Source::Feeder { duplex: both });
    }
    (has(&["flatbed", "platen", "glass", "document table"]) || word("normal")).then_some(Source::Flatbed)
}

/// The first of the offered texts that is this source; left-aligned and centred feeders come in the maker's order.
pub(crate) fn source_text(offered: &[String], wanted: Source) -> Option<&String> {
    offered.iter().find(|name| source(name) == Some(wanted))
}

/// The only source of a device without a choice.
pub(crate) fn only_source(kind: &str) -> Source {
    source(kind).unwrap_or(Source::Flatbed)
}

/// The mode for this colour, or else the nearest that loses nothing: grey for colour where there is none.
pub(crate) fn mode(offered: &[String], wanted: Colour) -> Option<&String> {
    let order = match wanted {
        Colour::Rgb24 => [Colour::Rgb24, Colour::Gray8],
        Colour::Gray8 => [Colour::Gray8, Colour::Rgb24],
    };
    order.into_iter().find_map(|colour| best_mode(offered, colour)).or(offered.first())
}

/// Whether one of the modes is colour.
pub(crate) fn has_colour(offered: &[String]) -> bool {
    best_mode(offered, Colour::Rgb24).is_some()
}

fn best_mode(offered: &[String], wanted: Colour) -> Option<&String> {
    let parts: &[&str] = match wanted {
        Colour::Rgb24 => &["color", "colour", "rgb"],
        Colour::Gray8 => &["gray", "grey"],
    };
    let fits = |mode: &&String| {
        let mode = mode.to_lowercase();
        let coarse = ["diffusion", "halftone", "dither", "infrared", "lineart", "16", "48"];
        parts.iter().any(|part| mode.contains(part)) && !coarse.iter().any(|part| mode.contains(part))
    };
    // "Gray" before "Gray (fast)", "Color" before "Color RGBI".
    offered.iter().filter(fits).min_by_key(|mode| mode.len())
}

/// Dots per inch as the device counts them (`unit` to one): the wanted, or the nearest finer that it offers, or its finest.
pub(crate) fn resolution(constraint: &Constraint, wanted: u16, unit: i32) -> i32 {
    let wanted = i32::from(wanted).saturating_mul(unit);
    match constraint {
        Constraint::Words(offered) => {
            offered.iter().copied().filter(|dpi| *dpi >= wanted).min().or(offered.iter().copied().max()).unwrap_or(wanted)
        }
        Constraint::Range { min, max, step } => on_step(*min, *max, *step, wanted),
        Constraint::None | Constraint::Texts(_) => wanted,
    }
}

/// The value, or the next higher one that the range allows.
fn on_step(min: i32, max: i32, step: i32, value: i32) -> i32 {
    let (min, max, step, value) = (i64::from(min), i64::from(max), i64::from(step.max(1)), i64::from(value));
    let up = min + (value - min + step - 1).div_euclid(step) * step;
    i32::try_from(up.min(max).max(min)).unwrap_or(i32::MAX)
}

/// The resolutions that people ask for, of those that the device offers.
pub(crate) fn resolutions(constraint: &Constraint, unit: i32) -> Vec<u16> {
    const COMMON: [u16; 8] = [75, 100, 150, 200, 240, 300, 400, 600];
    match constraint {
        Constraint::Words(offered) => {
            let mut dpi: Vec<u16> = offered.iter().filter_map(|word| u16::try_from(word / unit.max(1)).ok()).collect();
            dpi.sort_unstable();
            dpi.dedup();
            dpi
        }
        Constraint::Range { min, max, .. } => {
            COMMON.into_iter().filter(|dpi| (*min..=*max).contains(&i32::from(*dpi).saturating_mul(unit))).collect()
        }
        Constraint::None | Constraint::Texts(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, vendor: &str, model: &str) -> Listed {
        Listed { name: name.to_owned(), vendor: vendor.to_owned(), model: model.to_owned(), kind: String::new() }
    }

    #[test]
    fn a_device_is_found_by_its_name_or_by_maker_and_model() {
        let devices = [
            listed("epson2:libusb:001:004", "Epson", "DS-1630"),
            listed("hp:1", "HP", "HP ScanJet  2000"),
            listed("t:0", "N", "x"),
            listed("t:1", "N", "x"),
        ];
        let found = |wanted: &str| device(&devices, wanted).map(|device| device.name.as_str());
        assert_eq!(found("epson2:libusb:001:004"), Ok("epson2:libusb:001:004"));
        assert_eq!(found("epson ds-1630"), Ok("epson2:libusb:001:004"));
        assert_eq!(found("HP ScanJet 2000"), Ok("hp:1"));
        assert_eq!(found("t:1"), Ok("t:1"));
        match found("N x") {
            Err(DeviceError::Rejected(text)) => assert!(text.contains("t:0, t:1"), "{text}"),
            other => panic!("{other:?}"),
        }
        for missing in ["Epson", "epson2:libusb:001:005", ""] {
            assert!(matches!(found(missing), Err(DeviceError::Disconnected(_))), "{missing}");
        }
    }

    #[test]
    fn sources_of_many_makers() {
        let (glass, one, both) = (Some(Source::Flatbed), Some(Source::Feeder { duplex: false }), Some(Source::Feeder { duplex: true }));
        for (name, meant) in [
            ("Flatbed", glass),
            ("FlatBed", glass),
            ("Document Table", glass),
            ("Platen", glass),
            ("flatbed scanner", glass),
            ("ADF", one),
            ("ADF Front", one),
            ("Automatic Document Feeder", one),
            ("Automatic Document Feeder(left aligned)", one),
            ("Automatic Document Feeder(centrally aligned)", one),
            ("DP", one),
            ("sheetfed scanner", one),
            ("ADF Duplex", both),
            ("Duplex", both),
            ("ADF - Both Sides", both),
            ("Automatic Document Feeder(left aligned,Duplex)", both),
            ("Auto", None),
            ("Automatic", None),
            ("Automatically Selected", None),
            ("ADF Back", None),
            ("Card Duplex", None),
            ("Transparency Unit", None),
            ("TPU8x10", None),
        ] {
            assert_eq!(source(name), meant, "{name}");
        }
    }

    #[test]
    fn modes_of_many_makers() {
        let pick = |offered: &[&str], colour| {
            let offered: Vec<String> = offered.iter().map(|mode| (*mode).to_owned()).collect();
            mode(&offered, colour).cloned().unwrap_or_default()
        };
        let brother = ["Black & White", "Gray[Error Diffusion]", "True Gray", "24bit Color", "24bit Color[Fast]"];
        assert_eq!(pick(&brother, Colour::Rgb24), "24bit Color");
        assert_eq!(pick(&brother, Colour::Gray8), "True Gray");
        assert_eq!(pick(&["Lineart", "Halftone", "Gray", "Color"], Colour::Gray8), "Gray");
        assert_eq!(pick(&["Lineart", "Gray"], Colour::Rgb24), "Gray");
        assert_eq!(pick(&["Lineart"], Colour::Rgb24), "Lineart");
        assert_eq!(pick(&["48 bits color", "24 bits colour", "16 bits gray"], Colour::Rgb24), "24 bits colour");
        assert_eq!(pick(&[], Colour::Rgb24), "");
    }

    #[test]
    fn resolution_is_the_nearest_finer() {
        let words = Constraint::Words(vec![600, 75, 150, 300]);
        assert_eq!([200, 300, 1200].map(|dpi| resolution(&words, dpi, 1)), [300, 300, 600]);
        assert_eq!(resolutions(&words, 1), [75, 150, 300, 600]);
        let fixed = Constraint::Range { min: 50 << 16, max: 400 << 16, step: 100 << 16 };
        assert_eq!([10, 50, 200, 300, 600].map(|dpi| resolution(&fixed, dpi, 1 << 16) >> 16), [50, 50, 250, 350, 400]);
        assert_eq!(resolutions(&fixed, 1 << 16), [75, 100, 150, 200, 240, 300, 400]);
        assert_eq!(resolution(&Constraint::Range { min: i32::MIN, max: i32::MAX, step: i32::MAX }, 300, 1 << 16), i32::MAX - 1);
    }
}
