//! One open device: what it offers, and setting it up for a job.

use crate::choose;
use crate::ffi::{Constraint, Handle, Kind, Opt, Status, Unit};
use motcua_drivers::DeviceError;
use motcua_drivers::scanner::sane_wire::Listed;
use motcua_drivers::scanner::{About, Colour, ScanSettings, Source};

/// A4 in millimetres.
const A4: (f64, f64) = (210.0, 297.0);
/// `SANE_Fixed` counts in 1/65536.
const FIXED: i32 = 1 << 16;
/// Where nothing tells how fine the scan is.
const UNKNOWN_DPI: u16 = 300;

/// An open device with its options as they are now.
pub(crate) struct Device {
    pub(crate) handle: Handle,
    listed: Listed,
    options: Vec<Opt>,
}

impl Device {
    pub(crate) fn new(handle: Handle, listed: Listed) -> Self {
        let options = handle.options();
        Self { handle, listed, options }
    }

    /// What it is and can do.
    pub(crate) fn about(&self) -> About {
        let sources: Vec<Source> = match self.texts("source") {
            Some(offered) => offered.iter().filter_map(|name| choose::source(name)).collect(),
            None => vec![choose::only_source(&self.listed.kind)],
        };
        let feeder = sources.iter().any(|source| matches!(source, Source::Feeder { .. }));
        let (resolution, unit) = self.resolution_option().map_or((&Constraint::None, 1), |option| (&option.constraint, one(option)));
        About {
            make_and_model: choose::make_and_model(&self.listed),
            address: self.listed.name.clone(),
            flatbed: sources.contains(&Source::Flatbed),
            feeder,
            duplex: sources.contains(&Source::Feeder { duplex: true }) || (feeder && self.duplex_switch()),
            colour: self.texts("mode").is_some_and(choose::has_colour),
            resolutions: choose::resolutions(resolution, unit),
        }
    }

    /// Source, mode, resolution, area, in this order: each may change what the next offers. Gives the dots per inch that it took.
    pub(crate) fn set_up(&mut self, settings: &ScanSettings) -> Result<u16, DeviceError> {
        self.set_source(settings.source)?;
        self.set_mode(settings.colour)?;
        let dpi = self.set_resolution(settings.dpi)?;
        self.set_area(dpi);
        Ok(dpi)
    }

    /// A sensor that says yes or no.
    pub(crate) fn senses(&self, name: &str) -> bool {
        self.option(name).is_some_and(|option| option.kind == Kind::Bool && option.readable && self.handle.word(option.index) == Ok(1))
    }

    fn set_source(&mut self, wanted: Source) -> Result<(), DeviceError> {
        let refused = || {
            let what = match wanted {
                Source::Flatbed => "glass plate",
                Source::Feeder { duplex: false } => "feeder",
                Source::Feeder { duplex: true } => "feeder for both sides",
            };
            DeviceError::Rejected(format!("the scanner has no {what}; change the scan settings"))
        };
        let one_side = Source::Feeder { duplex: false };
        // Where both sides are no source of their own, a switch beside the source makes them.
        let (source, by_switch) = match self.texts("source") {
            Some(offered) => match choose::source_text(offered, wanted) {
                Some(name) => (Some(name.clone()), false),
                None => match choose::source_text(offered, one_side).filter(|_| wanted != Source::Flatbed) {
                    Some(name) => (Some(name.clone()), true),
                    None => return Err(refused()),
                },
            },
            None => match (choose::only_source(&self.listed.kind), wanted) {
                (only, wanted) if only == wanted => (None, false),
                (Source::Feeder { .. }, Source::Feeder { .. }) => (None, true),
                (Source::Flatbed | Source::Feeder { .. }, Source::Flatbed | Source::Feeder { .. }) => return Err(refused()),
            },
        };
        if let Some(name) = source {
            self.set_text("source", &name).map_err(|status| cannot_set("source", &name, status))?;
        }
        let duplex = wanted == Source::Feeder { duplex: true };
        if wanted != Source::Flatbed && !self.switch_duplex(duplex) && by_switch && duplex {
            return Err(refused());
        }
        // Without it HP's backend gives the feeder back after every page.
        let _ = self.set_flag("batch-scan", wanted != Source::Flatbed);
        Ok(())
    }

    /// Whether a switch for both sides stands beside the sources. It may be inactive until the feeder is chosen.
    fn duplex_switch(&self) -> bool {
        self.texts("adf-mode").is_some_and(|modes| modes.iter().any(|mode| is_duplex(mode)))
            || self.option("duplex").is_some_and(|option| option.kind == Kind::Bool)
    }

    /// False when no such switch took the value.
    fn switch_duplex(&mut self, duplex: bool) -> bool {
        let mode = self.texts("adf-mode").and_then(|modes| modes.iter().find(|mode| is_duplex(mode) == duplex)).cloned();
        let by_mode = mode.is_some_and(|mode| self.set_text("adf-mode", &mode).is_ok());
        by_mode | self.set_flag("duplex", duplex).is_ok()
    }

    fn set_mode(&mut self, colour: Colour) -> Result<(), DeviceError> {
        if let Some(mode) = self.texts("mode").and_then(|offered| choose::mode(offered, colour)).cloned() {
            self.set_text("mode", &mode).map_err(|status| cannot_set("mode", &mode, status))?;
        }
        // Neither of the two exists everywhere, and a page of another depth is read as well.
        let _ = self.set_number("depth", 8.0);
        let _ = self.set_text("compression", "None");
        Ok(())
    }

    fn set_resolution(&mut self, wanted: u16) -> Result<u16, DeviceError> {
        let Some(option) = self.resolution_option().cloned() else { return Ok(UNKNOWN_DPI) };
        let value = choose::resolution(&option.constraint, wanted, one(&option));
        self.set_word(&option, value).map_err(|status| cannot_set("resolution", &(value / one(&option)).to_string(), status))?;
        let _ = self.set_number("y-resolution", f64::from(value) / f64::from(one(&option)));
        let taken = self.handle.word(option.index).unwrap_or(value) / one(&option);
        Ok(u16::try_from(taken).ok().filter(|dpi| *dpi > 0).unwrap_or(UNKNOWN_DPI))
    }

    /// A4 from the corner, as far as the device reaches. Devices without an area scan what they scan.
    fn set_area(&mut self, dpi: u16) {
        // Feeders that centre the sheet need its size first.
        let _ = self.set_length("page-width", A4.0, dpi);
        let _ = self.set_length("page-height", A4.1, dpi);
        for (near, far, length) in [("tl-x", "br-x", A4.0), ("tl-y", "br-y", A4.1)] {
            let _ = self.set_length(near, 0.0, dpi);
            let _ = self.set_length(far, length, dpi);
        }
    }

    fn set_length(&mut self, name: &str, millimetres: f64, dpi: u16) -> Result<(), Status> {
        match self.usable(name)?.unit {
            Unit::Pixel => self.set_number(name, millimetres / 25.4 * f64::from(dpi)),
            Unit::Millimetre | Unit::Other => self.set_number(name, millimetres),
        }
    }

    /// Sets the nearest value that the option allows.
    fn set_number(&mut self, name: &str, value: f64) -> Result<(), Status> {
        let option = self.usable(name)?.clone();
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let word = (value * f64::from(one(&option))).round() as i32;
        let word = match &option.constraint {
            Constraint::Range { min, max, .. } => word.min(*max).max(*min),
            Constraint::Words(words) if !words.contains(&word) => return Err(Status::INVAL),
            Constraint::Words(_) | Constraint::None | Constraint::Texts(_) => word,
        };
        self.set_word(&option, word)
    }

    fn set_flag(&mut self, name: &str, value: bool) -> Result<(), Status> {
        let option = self.usable(name)?.clone();
        if option.kind == Kind::Bool { self.set_word(&option, i32::from(value)) } else { Err(Status::INVAL) }
    }

    fn set_word(&mut self, option: &Opt, value: i32) -> Result<(), Status> {
        if !matches!(option.kind, Kind::Bool | Kind::Int | Kind::Fixed) {
            return Err(Status::INVAL);
        }
        let changed = self.handle.set_word(option, value)?;
        self.reload_if(changed);
        Ok(())
    }

    fn set_text(&mut self, name: &str, value: &str) -> Result<(), Status> {
        let option = self.usable(name)?.clone();
        match &option.constraint {
            Constraint::Texts(offered) if option.kind == Kind::Text && offered.iter().any(|text| text == value) => {}
            Constraint::Texts(_) | Constraint::None | Constraint::Range { .. } | Constraint::Words(_) => return Err(Status::INVAL),
        }
        let changed = self.handle.set_text(&option, value)?;
        self.reload_if(changed);
        Ok(())
    }

    fn reload_if(&mut self, changed: bool) {
        if changed {
            self.options = self.handle.options();
        }
    }

    fn resolution_option(&self) -> Option<&Opt> {
        let numeric = |option: &&Opt| matches!(option.kind, Kind::Int | Kind::Fixed);
        ["resolution", "x-resolution"].into_iter().find_map(|name| self.option(name).filter(numeric))
    }

    fn option(&self, name: &str) -> Option<&Opt> {
        self.options.iter().find(|option| option.name == name)
    }

    fn usable(&self, name: &str) -> Result<&Opt, Status> {
        self.option(name).filter(|option| option.active && option.settable).ok_or(Status::UNSUPPORTED)
    }

    fn texts(&self, name: &str) -> Option<&[String]> {
        match &self.option(name)?.constraint {
            Constraint::Texts(offered) => Some(offered),
            Constraint::None | Constraint::Range { .. } | Constraint::Words(_) => None,
        }
    }
}

fn is_duplex(mode: &str) -> bool {
    mode.to_lowercase().contains("duplex")
}

/// What the option counts as one.
fn one(option: &Opt) -> i32 {
    if option.kind == Kind::Fixed { FIXED } else { 1 }
}

fn cannot_set(option: &str, value: &str, status: Status) -> DeviceError {
    let fault = crate::fault::of(status, &format!("setting {option} to {value:?}"));
    match fault {
        // The device was there when it was opened: it is the value that it does not take.
        DeviceError::Disconnected(text) => DeviceError::Rejected(text),
        DeviceError::Busy(_)
        | DeviceError::NeedsHuman(_)
        | DeviceError::Rejected(_)
        | DeviceError::Protocol(_)
        | DeviceError::Timeout(_) => fault,
    }
}
