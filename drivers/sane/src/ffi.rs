//! SANE's C interface (SANE Standard 1.06, chapter 4), and the only unsafe code of the worker.
//!
//! Everything that SANE hands out is copied at once, so that no pointer of a backend outlives the call that gave it.

#![allow(unsafe_code, reason = "SANE is a C library")]

use motcua_drivers::scanner::sane_wire::Listed;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

/// A status word (SANE Standard 1.06, 4.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) c_int);

impl Status {
    pub(crate) const GOOD: Self = Self(0);
    pub(crate) const UNSUPPORTED: Self = Self(1);
    pub(crate) const CANCELLED: Self = Self(2);
    pub(crate) const DEVICE_BUSY: Self = Self(3);
    pub(crate) const INVAL: Self = Self(4);
    pub(crate) const EOF: Self = Self(5);
    pub(crate) const JAMMED: Self = Self(6);
    pub(crate) const NO_DOCS: Self = Self(7);
    pub(crate) const COVER_OPEN: Self = Self(8);
    pub(crate) const IO_ERROR: Self = Self(9);
    pub(crate) const NO_MEM: Self = Self(10);
    pub(crate) const ACCESS_DENIED: Self = Self(11);
    /// Not in the standard, but sent by backends.
    pub(crate) const WARMING_UP: Self = Self(12);
    /// Not in the standard, but sent by backends.
    pub(crate) const HW_LOCKED: Self = Self(13);

    fn check(self) -> Result<(), Self> {
        if self == Self::GOOD { Ok(()) } else { Err(self) }
    }
}

/// Type of an option's value (4.2.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int,
    /// In 1/65536.
    Fixed,
    Text,
    /// A button or the title of a group.
    Other,
}

/// Unit of an option's value (4.2.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millimetre,
    Pixel,
    Other,
}

/// What values an option takes (4.2.9); numbers as the backend counts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Constraint {
    None,
    Range {
        min: c_int,
        max: c_int,
        /// Step; 0 for none.
        step: c_int,
    },
    Words(Vec<c_int>),
    Texts(Vec<String>),
}

/// An option of a device (4.2.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opt {
    pub(crate) index: c_int,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    /// Bytes of the value.
    pub(crate) size: usize,
    pub(crate) active: bool,
    pub(crate) settable: bool,
    pub(crate) readable: bool,
    pub(crate) constraint: Constraint,
}

/// Format of a frame (4.3.8). A number, because backends send more kinds than the standard knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format(pub(crate) c_int);

impl Format {
    pub(crate) const GRAY: Self = Self(0);
    pub(crate) const RGB: Self = Self(1);
    pub(crate) const RED: Self = Self(2);
    pub(crate) const GREEN: Self = Self(3);
    pub(crate) const BLUE: Self = Self(4);
}

/// `SANE_Parameters` (4.3.8).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters {
    format: c_int,
    last_frame: c_int,
    pub(crate) bytes_per_line: c_int,
    pub(crate) pixels_per_line: c_int,
    /// -1 when the device cannot know.
    pub(crate) lines: c_int,
    pub(crate) depth: c_int,
}

impl Parameters {
    pub(crate) fn format(&self) -> Format {
        Format(self.format)
    }

    pub(crate) fn last_frame(&self) -> bool {
        self.last_frame != 0
    }

    #[cfg(test)]
    pub(crate) fn of(format: Format, depth: c_int, pixels_per_line: c_int, bytes_per_line: c_int) -> Self {
        Self { format: format.0, last_frame: 1, bytes_per_line, pixels_per_line, lines: -1, depth }
    }
}

#[repr(C)]
struct RawDevice {
    name: *const c_char,
    vendor: *const c_char,
    model: *const c_char,
    kind: *const c_char,
}

#[repr(C)]
struct RawRange {
    min: c_int,
    max: c_int,
    quant: c_int,
}

#[repr(C)]
struct RawOption {
    name: *const c_char,
    title: *const c_char,
    description: *const c_char,
    kind: c_int,
    unit: c_int,
    size: c_int,
    capabilities: c_int,
    constraint_type: c_int,
    /// A union of three pointers; `constraint_type` tells which.
    constraint: *const c_void,
}

type RawHandle = *mut c_void;

const GET: c_int = 0;
const SET: c_int = 1;
/// `SANE_INFO_RELOAD_OPTIONS`.
const RELOAD_OPTIONS: c_int = 2;

#[link(name = "sane")]
unsafe extern "C" {
    fn sane_init(version: *mut c_int, authorise: *const c_void) -> c_int;
    fn sane_exit();
    fn sane_get_devices(list: *mut *const *const RawDevice, local_only: c_int) -> c_int;
    fn sane_open(name: *const c_char, handle: *mut RawHandle) -> c_int;
    fn sane_close(handle: RawHandle);
    fn sane_get_option_descriptor(handle: RawHandle, option: c_int) -> *const RawOption;
    fn sane_control_option(handle: RawHandle, option: c_int, action: c_int, value: *mut c_void, info: *mut c_int) -> c_int;
    fn sane_get_parameters(handle: RawHandle, parameters: *mut Parameters) -> c_int;
    fn sane_start(handle: RawHandle) -> c_int;
    fn sane_read(handle: RawHandle, data: *mut u8, most: c_int, length: *mut c_int) -> c_int;
    fn sane_cancel(handle: RawHandle);
}

/// The initialised library. One a process: SANE reads its configuration once.
pub(crate) struct Library(());

impl Library {
    pub(crate) fn open() -> Result<Self, Status> {
        let mut version = 0;
        // SAFETY: `version` outlives the call; a null pointer for the callback is allowed (4.3.1).
        Status(unsafe { sane_init(&raw mut version, ptr::null()) }).check()?;
        Ok(Self(()))
    }

    /// Asks every backend. Takes seconds where many are configured.
    pub(crate) fn devices(&self, local_only: bool) -> Result<Vec<Listed>, Status> {
        let mut list: *const *const RawDevice = ptr::null();
        // SAFETY: the library is initialised; `list` outlives the call.
        Status(unsafe { sane_get_devices(&raw mut list, c_int::from(local_only)) }).check()?;
        let mut devices = Vec::new();
        let mut at = list;
        // SAFETY: the list ends with a null pointer and is valid until the next call (4.3.3); nothing else calls SANE meanwhile.
        while let Some(device) = unsafe { at.as_ref().and_then(|entry| entry.as_ref()) } {
            // SAFETY: each of the four is null or a C string that lives as long as the list.
            let [name, vendor, model, kind] = [device.name, device.vendor, device.model, device.kind].map(|raw| unsafe { text(raw) });
            devices.push(Listed { name, vendor, model, kind });
            // SAFETY: the entry was not the null pointer, so the list goes on.
            at = unsafe { at.add(1) };
        }
        Ok(devices)
    }

    pub(crate) fn open_device(&self, name: &str) -> Result<Handle, Status> {
        let name = CString::new(name).map_err(|_| Status::INVAL)?;
        let mut raw: RawHandle = ptr::null_mut();
        // SAFETY: the library is initialised; both pointers outlive the call.
        Status(unsafe { sane_open(name.as_ptr(), &raw mut raw) }).check()?;
        Ok(Handle { raw, shared: Canceller(Arc::new(Mutex::new(Open(Some(raw))))) })
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: initialised once, and every handle borrows nothing from here on: handles are dropped before (see `main`).
        unsafe { sane_exit() }
    }
}

/// An open device.
pub(crate) struct Handle {
    raw: RawHandle,
    shared: Canceller,
}

impl Handle {
    pub(crate) fn canceller(&self) -> Canceller {
        self.shared.clone()
    }

    /// Every option, numbered as the backend does. Also what the `net` backend needs before it takes values again.
    pub(crate) fn options(&self) -> Vec<Opt> {
        // Option 0 holds the number of options; its descriptor must be asked for first.
        let _ = self.option(0);
        let count = self.word(0).unwrap_or(0);
        (1..count).filter_map(|index| self.option(index)).collect()
    }

    fn option(&self, index: c_int) -> Option<Opt> {
        // SAFETY: the handle is open; the descriptor is null or valid until the handle is closed (4.3.6).
        let raw = unsafe { sane_get_option_descriptor(self.raw, index).as_ref() }?;
        let kind = match raw.kind {
            0 => Kind::Bool,
            1 => Kind::Int,
            2 => Kind::Fixed,
            3 => Kind::Text,
            _ => Kind::Other,
        };
        let unit = match raw.unit {
            1 => Unit::Pixel,
            3 => Unit::Millimetre,
            _ => Unit::Other,
        };
        Some(Opt {
            index,
            // SAFETY: null or a C string that lives as long as the descriptor.
            name: unsafe { text(raw.name) },
            kind,
            unit,
            size: usize::try_from(raw.size).unwrap_or(0),
            active: raw.capabilities & 0x20 == 0,
            settable: raw.capabilities & 1 != 0,
            readable: raw.capabilities & 4 != 0,
            // SAFETY: `raw` is a descriptor of the backend, whose constraint is of the type that it says.
            constraint: unsafe { constraint(raw) },
        })
    }

    /// A number or truth value.
    pub(crate) fn word(&self, option: c_int) -> Result<c_int, Status> {
        // Room for a longer value than expected: SANE writes as many bytes as the descriptor says.
        let mut words = vec![0_i32; self.option(option).map_or(1, |option| option.size / 4 + 1)];
        self.control(option, GET, words.as_mut_ptr().cast())?;
        Ok(words.first().copied().unwrap_or(0))
    }

    /// Sets a number or truth value of an option with one word; says whether the options have changed.
    pub(crate) fn set_word(&self, option: &Opt, value: c_int) -> Result<bool, Status> {
        let mut words = vec![0_i32; option.size / 4 + 1];
        words.fill(value);
        self.control(option.index, SET, words.as_mut_ptr().cast())
    }

    /// Sets a text; says whether the options have changed.
    pub(crate) fn set_text(&self, option: &Opt, value: &str) -> Result<bool, Status> {
        let mut bytes = value.as_bytes().to_vec();
        if bytes.contains(&0) {
            return Err(Status::INVAL);
        }
        // A backend may write the text that it took into the same place.
        bytes.resize(option.size.max(value.len()) + 1, 0);
        self.control(option.index, SET, bytes.as_mut_ptr().cast())
    }

    fn control(&self, option: c_int, action: c_int, value: *mut c_void) -> Result<bool, Status> {
        let mut info = 0;
        // SAFETY: the handle is open; `value` points to at least as many bytes as the option's descriptor says.
        Status(unsafe { sane_control_option(self.raw, option, action, value, &raw mut info) }).check()?;
        Ok(info & RELOAD_OPTIONS != 0)
    }

    pub(crate) fn start(&self) -> Result<(), Status> {
        // SAFETY: the handle is open.
        Status(unsafe { sane_start(self.raw) }).check()
    }

    pub(crate) fn parameters(&self) -> Result<Parameters, Status> {
        let mut parameters = Parameters { format: 0, last_frame: 1, bytes_per_line: 0, pixels_per_line: 0, lines: 0, depth: 0 };
        // SAFETY: the handle is open; `parameters` outlives the call.
        Status(unsafe { sane_get_parameters(self.raw, &raw mut parameters) }).check()?;
        Ok(parameters)
    }

    /// Waits for bytes of the page and says how many came.
    pub(crate) fn read(&self, into: &mut [u8]) -> Result<usize, Status> {
        let (most, mut length) = (c_int::try_from(into.len()).unwrap_or(c_int::MAX), 0);
        // SAFETY: the handle is open; the backend writes at most `most` bytes, and so many are there.
        Status(unsafe { sane_read(self.raw, into.as_mut_ptr(), most, &raw mut length) }).check()?;
        Ok(usize::try_from(length).unwrap_or(0).min(into.len()))
    }

    /// Ends the job, whatever its state.
    pub(crate) fn cancel(&self) {
        self.shared.cancel();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Waits for a cancel under way in another thread, and takes the handle from the next.
        if let Some(raw) = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner).0.take() {
            // SAFETY: the handle is open, and nobody else can reach it any more.
            unsafe { sane_close(raw) }
        }
    }
}

/// Cancels the job of an open device, also from another thread: the one call for which SANE allows that (4.3.11).
#[derive(Clone)]
pub(crate) struct Canceller(Arc<Mutex<Open>>);

/// The handle until it is closed.
struct Open(Option<RawHandle>);

// SAFETY: the pointer is only given back to SANE, under the lock, and only to a function that may run in any thread.
unsafe impl Send for Open {}

impl Canceller {
    pub(crate) fn cancel(&self) {
        if let Some(raw) = self.0.lock().unwrap_or_else(PoisonError::into_inner).0 {
            // SAFETY: the handle is open: closing takes it out under the same lock.
            unsafe { sane_cancel(raw) }
        }
    }
}

/// # Safety
/// `raw` is null or a C string.
unsafe fn text(raw: *const c_char) -> String {
    if raw.is_null() {
        return String::new();
    }
    // SAFETY: not null, so a C string.
    unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned()
}

/// # Safety
/// The constraint is of the type that the descriptor says (4.2.9).
unsafe fn constraint(raw: &RawOption) -> Constraint {
    if raw.constraint.is_null() {
        return Constraint::None;
    }
    match raw.constraint_type {
        1 => {
            // SAFETY: type 1 is a pointer to a range.
            let range = unsafe { &*raw.constraint.cast::<RawRange>() };
            Constraint::Range { min: range.min, max: range.max, step: range.quant }
        }
        2 => {
            let words = raw.constraint.cast::<c_int>();
            // SAFETY: type 2 is a pointer to words, of which the first is the number of the others.
            let count = usize::try_from(unsafe { *words }).unwrap_or(0);
            // SAFETY: so many words follow.
            Constraint::Words(unsafe { std::slice::from_raw_parts(words.add(1), count) }.to_vec())
        }
        3 => {
            let mut texts = Vec::new();
            let mut at = raw.constraint.cast::<*const c_char>();
            // SAFETY: type 3 is a pointer to C strings, ended by a null pointer.
            while !unsafe { *at }.is_null() {
                // SAFETY: not the end, so a C string.
                texts.push(unsafe { text(*at) });
                // SAFETY: not the end, so another entry follows.
                at = unsafe { at.add(1) };
            }
            Constraint::Texts(texts)
        }
        _ => Constraint::None,
    }
}
