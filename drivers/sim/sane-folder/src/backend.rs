//! The C interface of a backend (SANE Standard 1.06, chapter 4), as `libsane` loads it by the names `sane_folder_…`.

#![allow(unsafe_code, reason = "SANE is a C interface")]

use crate::feed::{self, Side, Trouble, Window};
use std::collections::VecDeque;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{ptr, thread};

const GOOD: c_int = 0;
const UNSUPPORTED: c_int = 1;
const CANCELLED: c_int = 2;
const INVAL: c_int = 4;
const EOF: c_int = 5;
const JAMMED: c_int = 6;
const NO_DOCS: c_int = 7;
const COVER_OPEN: c_int = 8;
const IO_ERROR: c_int = 9;

/// Longest piece of one read, as USB scanners give it.
const PIECE: usize = 32 << 10;

#[repr(C)]
struct Device {
    name: *const c_char,
    vendor: *const c_char,
    model: *const c_char,
    kind: *const c_char,
}

#[repr(C)]
struct Range {
    min: c_int,
    max: c_int,
    quant: c_int,
}

#[repr(C)]
struct Descriptor {
    name: *const c_char,
    title: *const c_char,
    description: *const c_char,
    kind: c_int,
    unit: c_int,
    size: c_int,
    capabilities: c_int,
    constraint_type: c_int,
    constraint: *const c_void,
}

#[repr(C)]
struct Parameters {
    format: c_int,
    last_frame: c_int,
    bytes_per_line: c_int,
    pixels_per_line: c_int,
    lines: c_int,
    depth: c_int,
}

/// Things that only hold pointers to constants.
struct Constant<T>(T);

// SAFETY: nobody writes what the pointers point to.
unsafe impl<T> Sync for Constant<T> {}

const fn listed(name: &'static CStr, model: &'static CStr) -> Device {
    Device { name: name.as_ptr(), vendor: c"Mot Cua".as_ptr(), model: model.as_ptr(), kind: c"virtual device".as_ptr() }
}

static DEVICES: Constant<[Device; 2]> = Constant([listed(c"0", c"Folder Scanner"), listed(c"1", c"Folder Switch")]);
static LIST: Constant<[*const Device; 3]> = Constant([&raw const DEVICES.0[0], &raw const DEVICES.0[1], ptr::null()]);

static RESOLUTIONS: Range = Range { min: 75, max: 600, quant: 1 };
static WIDTHS: Range = Range { min: 0, max: 216 << 16, quant: 0 };
static HEIGHTS: Range = Range { min: 0, max: 356 << 16, quant: 0 };

type Texts<const N: usize> = Constant<[*const c_char; N]>;
static SOURCES: Texts<4> = Constant([c"Flatbed".as_ptr(), c"ADF".as_ptr(), c"ADF Duplex".as_ptr(), ptr::null()]);
static TWO_SOURCES: Texts<3> = Constant([c"Flatbed".as_ptr(), c"Automatic Document Feeder".as_ptr(), ptr::null()]);
static MODES: Texts<3> = Constant([c"Gray".as_ptr(), c"Color".as_ptr(), ptr::null()]);
static ADF_MODES: Texts<3> = Constant([c"Simplex".as_ptr(), c"Duplex".as_ptr(), ptr::null()]);

const SOURCE: c_int = 1;
const ADF_MODE: c_int = 2;
const MODE: c_int = 3;
const RESOLUTION: c_int = 4;
/// Left, top, right, bottom.
const AREA: [c_int; 4] = [5, 6, 7, 8];
const DOUBLE_FEED: c_int = 9;
const OPTIONS: c_int = 10;

const BOOL: c_int = 0;
const INT: c_int = 1;
const FIXED: c_int = 2;
const TEXT: c_int = 3;
/// Longest value of a text option with its end.
const TEXT_SIZE: c_int = 32;
const SELECT_AND_DETECT: c_int = 1 | 4;
const DETECT: c_int = 4;
const INACTIVE: c_int = 32;
const RELOAD_OPTIONS: c_int = 2;
const RELOAD_PARAMETERS: c_int = 4;

/// An opened device.
struct Handle {
    /// Apart from the rest: a cancel comes while a read holds that.
    cancelled: AtomicBool,
    job: Mutex<Job>,
}

struct Job {
    switch: bool,
    values: [c_int; OPTIONS as usize],
    descriptors: Vec<Descriptor>,
    /// None until the first start.
    feeder: Option<VecDeque<Side>>,
    /// Sides taken so far: the next is a back when odd.
    taken: usize,
    page: Option<Page>,
}

/// The side that is being scanned.
struct Page {
    lines: Vec<u8>,
    at: usize,
    pause: Duration,
    /// And at which byte.
    trouble: Option<(Trouble, usize)>,
}

fn descriptor(name: &'static CStr, kind: c_int, unit: c_int, constraint_type: c_int, constraint: *const c_void) -> Descriptor {
    let size = if kind == TEXT { TEXT_SIZE } else { 4 };
    let (title, description) = (name.as_ptr(), name.as_ptr());
    Descriptor { name: name.as_ptr(), title, description, kind, unit, size, capabilities: SELECT_AND_DETECT, constraint_type, constraint }
}

impl Job {
    fn new(switch: bool) -> Self {
        let texts = |name, list: *const *const c_char| descriptor(name, TEXT, 0, 3, list.cast());
        let length = |name, range: &'static Range| descriptor(name, FIXED, 3, 1, (&raw const *range).cast());
        let descriptors = vec![
            Descriptor { capabilities: DETECT, ..descriptor(c"", INT, 0, 0, ptr::null()) },
            texts(c"source", if switch { TWO_SOURCES.0.as_ptr() } else { SOURCES.0.as_ptr() }),
            Descriptor { capabilities: SELECT_AND_DETECT | INACTIVE, ..texts(c"adf-mode", ADF_MODES.0.as_ptr()) },
            texts(c"mode", MODES.0.as_ptr()),
            descriptor(c"resolution", INT, 4, 1, (&raw const RESOLUTIONS).cast()),
            length(c"tl-x", &WIDTHS),
            length(c"tl-y", &HEIGHTS),
            length(c"br-x", &WIDTHS),
            length(c"br-y", &HEIGHTS),
            Descriptor { capabilities: DETECT, ..descriptor(c"double-feed", BOOL, 0, 0, ptr::null()) },
        ];
        let values = [OPTIONS, 0, 0, 0, 150, 0, 0, WIDTHS.max, HEIGHTS.max, 0];
        Self { switch, values, descriptors, feeder: None, taken: 0, page: None }
    }

    fn value(&self, option: c_int) -> c_int {
        usize::try_from(option).ok().and_then(|at| self.values.get(at)).copied().unwrap_or(0)
    }

    fn set(&mut self, option: c_int, value: c_int) {
        if let Some(place) = usize::try_from(option).ok().and_then(|at| self.values.get_mut(at)) {
            *place = value;
        }
        let inactive = if option == SOURCE && self.switch && value == 1 { 0 } else { INACTIVE };
        if let (SOURCE, Some(adf_mode)) = (option, self.descriptors.get_mut(ADF_MODE as usize)) {
            adf_mode.capabilities = SELECT_AND_DETECT | inactive;
        }
    }

    fn window(&self) -> Window {
        let mut area = AREA.map(|option| f64::from(self.value(option)) / 65536.0);
        area[2] = area[2].max(area[0] + 1.0);
        area[3] = area[3].max(area[1] + 1.0);
        Window { area, dpi: self.value(RESOLUTION), colour: self.value(MODE) == 1 }
    }

    fn both_sides(&self) -> bool {
        if self.switch { self.value(ADF_MODE) == 1 } else { self.value(SOURCE) == 2 }
    }

    /// The next side; the glass holds the first for ever.
    fn next_side(&mut self) -> Result<Side, c_int> {
        if self.feeder.is_none() {
            let folder = PathBuf::from(std::env::var_os("SANE_FOLDER_DIR").ok_or(IO_ERROR)?);
            self.feeder = Some(feed::load(&folder).ok_or(IO_ERROR)?.into());
        }
        let (glass, both_sides) = (self.value(SOURCE) == 0, self.both_sides());
        let feeder = self.feeder.as_mut().ok_or(IO_ERROR)?;
        if glass {
            return feeder.front().cloned().ok_or(IO_ERROR);
        }
        loop {
            let side = feeder.pop_front().ok_or(NO_DOCS)?;
            let back = self.taken % 2 == 1;
            self.taken += usize::from(side.file.is_some());
            if both_sides || !back || side.file.is_none() {
                return Ok(side);
            }
        }
    }

    fn start(&mut self, cancelled: &AtomicBool) -> Result<(), c_int> {
        self.page = None;
        let side = self.next_side()?;
        let Some(file) = side.file else {
            return side.trouble.map_or(Err(IO_ERROR), |(trouble, _)| self.suffer(trouble, cancelled));
        };
        let image = image::open(file).map_err(|_| IO_ERROR)?;
        let lines = feed::scan(&image, &self.window());
        let trouble = side.trouble.map(|(trouble, percent)| (trouble, lines.len() / 100 * usize::from(percent)));
        self.page = Some(Page { lines, at: 0, pause: side.pause, trouble });
        Ok(())
    }

    /// How many bytes were written.
    fn read(&mut self, into: &mut [u8], cancelled: &AtomicBool) -> Result<usize, c_int> {
        let page = self.page.as_mut().ok_or(INVAL)?;
        let end = page.trouble.map_or(page.lines.len(), |(_, at)| at);
        if let (Some((trouble, _)), true) = (page.trouble, page.at >= end) {
            self.suffer(trouble, cancelled)?;
            return Err(IO_ERROR);
        }
        if page.at >= page.lines.len() {
            return Err(EOF);
        }
        thread::sleep(page.pause);
        let piece = page.lines.get(page.at..end).map_or(&[][..], |rest| rest.get(..rest.len().min(PIECE).min(into.len())).unwrap_or(rest));
        into.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
        page.at += piece.len();
        Ok(piece.len())
    }

    fn suffer(&mut self, trouble: Trouble, cancelled: &AtomicBool) -> Result<(), c_int> {
        match trouble {
            Trouble::Jam => Err(JAMMED),
            Trouble::Double => {
                self.set(DOUBLE_FEED, 1);
                Err(JAMMED)
            }
            Trouble::Cover => Err(COVER_OPEN),
            Trouble::Lost => Err(IO_ERROR),
            Trouble::Stall => {
                while !cancelled.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(CANCELLED)
            }
            Trouble::Hang => loop {
                thread::sleep(Duration::from_secs(60));
            },
            Trouble::Crash => std::process::abort(),
        }
    }
}

fn status(result: Result<(), c_int>) -> c_int {
    result.err().unwrap_or(GOOD)
}

/// # Safety
/// `handle` comes from [`sane_folder_open`] and is not closed yet.
unsafe fn handle<'a>(handle: *mut c_void) -> &'a Handle {
    // SAFETY: see above; it is only ever shared.
    unsafe { &*handle.cast::<Handle>() }
}

impl Handle {
    fn job(&self) -> std::sync::MutexGuard<'_, Job> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sane_folder_init(version: *mut c_int, _authorise: *const c_void) -> c_int {
    if !version.is_null() {
        // SAFETY: not null, so the place for the version: 1.0.
        unsafe { *version = 1 << 24 }
    }
    GOOD
}

#[unsafe(no_mangle)]
extern "C" fn sane_folder_exit() {}

#[unsafe(no_mangle)]
unsafe extern "C" fn sane_folder_get_devices(list: *mut *const *const Device, _local_only: c_int) -> c_int {
    // SAFETY: the caller gives the place for the list, which lives for ever.
    unsafe { *list = LIST.0.as_ptr() }
    GOOD
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sane_folder_open(name: *const c_char, opened: *mut *mut c_void) -> c_int {
    // SAFETY: the caller gives a C string; an empty one means any device.
    let switch = match unsafe { CStr::from_ptr(name) }.to_bytes() {
        b"" | b"0" => false,
        b"1" => true,
        _ => return INVAL,
    };
    let handle = Box::new(Handle { cancelled: AtomicBool::new(false), job: Mutex::new(Job::new(switch)) });
    // SAFETY: the caller gives the place for the handle.
    unsafe { *opened = Box::into_raw(handle).cast() }
    GOOD
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sane_folder_close(raw: *mut c_void) {
    // SAFETY: comes from `sane_folder_open` and is closed once.
    drop(unsafe { Box::from_raw(raw.cast::<Handle>()) });
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sane_folder_get_option_descriptor(raw: *mut c_void, option: c_int) -> *const Descriptor {
    // SAFETY: an open handle.
    let job = unsafe { handle(raw) }.job();
    usize::try_from(option).ok().and_then(|at| job.descriptors.get(at)).map_or(ptr::null(), ptr::from_ref)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sane_folder_control_option(
    raw: *mut c_void,
    option: c_int,
    action: c_int,
    value: *mut c_void,
    info: *mut c_int,
) -> c_int {
    // SAFETY: an open handle.
    let mut job = unsafe { handle(raw) }.job();
    let texts: &[*const c_char] = match option {
        SOURCE if job.switch => &TWO_SOURCES.0,
        SOURCE => &SOURCES.0,
        ADF_MODE => &ADF_MODES.0,
        MODE => &MODES.0,
        _ => &[],
    };
    let texts = texts.split_last().map_or(&[][..], |(_, texts)| texts);
    let known = usize::try_from(option).ok().and_then(|at| job.descriptors.get(at)).map(|descriptor| descriptor.capabilities);
    let Some(capabilities) = known.filter(|capabilities| capabilities & INACTIVE == 0) else { return INVAL };
    match action {
        0 if texts.is_empty() => {
            // SAFETY: the place for one word.
            unsafe { *value.cast::<c_int>() = job.value(option) }
        }
        0 => {
            let Some(text) = usize::try_from(job.value(option)).ok().and_then(|at| texts.get(at)) else { return INVAL };
            // SAFETY: the constant is a C string shorter than TEXT_SIZE, for which the caller has room.
            unsafe { ptr::copy_nonoverlapping(*text, value.cast::<c_char>(), CStr::from_ptr(*text).count_bytes() + 1) }
        }
        1 if capabilities & SELECT_AND_DETECT != SELECT_AND_DETECT => return UNSUPPORTED,
        1 if texts.is_empty() => {
            // SAFETY: one word.
            job.set(option, unsafe { *value.cast::<c_int>() });
        }
        1 => {
            // SAFETY: the value and the constants are C strings.
            let found = texts.iter().position(|text| unsafe { CStr::from_ptr(*text) == CStr::from_ptr(value.cast::<c_char>()) });
            let Some(at) = found.and_then(|at| c_int::try_from(at).ok()) else { return INVAL };
            job.set(option, at);
        }
        _ => return UNSUPPORTED,
    }
    if !info.is_null() {
        let changed = if option == SOURCE { RELOAD_OPTIONS } else { 0 };
        // SAFETY: not null, so the place for the flags.
        unsafe { *info = if action == 1 { changed | RELOAD_PARAMETERS } else { 0 } }
    }
    GOOD
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sane_folder_get_parameters(raw: *mut c_void, parameters: *mut Parameters) -> c_int {
    // SAFETY: an open handle.
    let window = unsafe { handle(raw) }.job().window();
    let size = |size: usize| c_int::try_from(size).unwrap_or(c_int::MAX);
    let answer = Parameters {
        format: c_int::from(window.colour),
        last_frame: 1,
        bytes_per_line: size(window.stride()),
        pixels_per_line: size(window.width()),
        lines: size(window.height()),
        depth: 8,
    };
    // SAFETY: the caller gives the place for the parameters.
    unsafe { *parameters = answer }
    GOOD
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sane_folder_start(raw: *mut c_void) -> c_int {
    // SAFETY: an open handle.
    let handle = unsafe { handle(raw) };
    handle.cancelled.store(false, Ordering::SeqCst);
    status(handle.job().start(&handle.cancelled))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sane_folder_read(raw: *mut c_void, data: *mut u8, most: c_int, length: *mut c_int) -> c_int {
    // SAFETY: an open handle.
    let handle = unsafe { handle(raw) };
    // SAFETY: the caller has room for `most` bytes.
    let into = unsafe { std::slice::from_raw_parts_mut(data, usize::try_from(most).unwrap_or(0)) };
    let read = if handle.cancelled.load(Ordering::SeqCst) { Err(CANCELLED) } else { handle.job().read(into, &handle.cancelled) };
    // SAFETY: the place for the number of bytes.
    unsafe { *length = c_int::try_from(read.unwrap_or(0)).unwrap_or(0) }
    status(read.map(|_| ()))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sane_folder_cancel(raw: *mut c_void) {
    // SAFETY: an open handle.
    unsafe { handle(raw) }.cancelled.store(true, Ordering::SeqCst);
}

#[unsafe(no_mangle)]
extern "C" fn sane_folder_set_io_mode(_raw: *mut c_void, non_blocking: c_int) -> c_int {
    if non_blocking == 0 { GOOD } else { UNSUPPORTED }
}

#[unsafe(no_mangle)]
extern "C" fn sane_folder_get_select_fd(_raw: *mut c_void, _descriptor: *mut c_int) -> c_int {
    UNSUPPORTED
}
