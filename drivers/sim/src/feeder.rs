//! The scanner without its wire: sheets, jobs, faults. Time passes outside.

use crate::optics::Look;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, GrayImage, ImageEncoder};
use serde::Serialize;
use std::collections::VecDeque;
use std::path::PathBuf;

/// One side as it will be sent.
#[derive(Clone, Debug)]
pub(crate) enum Side {
    Picture(String),
    Blank,
}

/// What lies in the feeder.
enum Slot {
    Picture(String),
    /// The next pictures of the folder, one or two as the job wants.
    Any,
    /// A sheet that was in the path already.
    Sheet(Vec<Side>),
}

/// The feeder's word in `AdfState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trouble {
    Jam,
    CoverOpen,
    DoubleFeed,
}

/// What happens at a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    Jam,
    Jam409,
    DoubleFeed,
    Truncate,
    Stall,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum JobState {
    Processing,
    Completed,
    Canceled,
    Aborted,
}

pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) state: JobState,
    /// Sides asked for so far; faults are planned by this number.
    pub(crate) side: u32,
    pub(crate) images_completed: u32,
    pub(crate) reason: &'static str,
    pub(crate) look: Look,
    feeder: bool,
    duplex: bool,
    /// Sides of the sheet in the path.
    path: VecDeque<Side>,
    /// The same sheet whole, for when it jams.
    sheet: Vec<Side>,
}

/// Answer to the request for a side.
pub(crate) enum Next {
    Whole(Vec<u8>),
    Truncated(Vec<u8>),
    Stalled(Vec<u8>),
    /// 200 with nothing in it.
    Nothing,
    Conflict,
    NotReady,
    NoMore,
}

pub(crate) struct Scanner {
    folder: PathBuf,
    slots: VecDeque<Slot>,
    platen: Option<String>,
    next_picture: usize,
    pub(crate) trouble: Option<Trouble>,
    pub(crate) busy: bool,
    pub(crate) not_ready: u32,
    pub(crate) plan: Option<(u32, Fault)>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) deleted: u32,
    pub(crate) delay_ms: u64,
    pub(crate) capacity: u32,
    pub(crate) chunked: bool,
}

impl Scanner {
    pub(crate) fn new(folder: PathBuf, delay_ms: u64) -> Self {
        Self {
            folder,
            slots: VecDeque::new(),
            platen: None,
            next_picture: 0,
            trouble: None,
            busy: false,
            not_ready: 0,
            plan: None,
            jobs: Vec::new(),
            deleted: 0,
            delay_ms,
            capacity: 50,
            chunked: false,
        }
    }

    /// Names of the pictures, in order.
    pub(crate) fn pictures(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".jpg") || name.ends_with(".jpeg"))
            .collect();
        names.sort();
        names
    }

    pub(crate) fn load(&mut self, names: Vec<String>) -> anyhow::Result<()> {
        let known = self.pictures();
        if let Some(name) = names.iter().find(|name| !known.contains(name)) {
            anyhow::bail!("no picture {name:?} in {}; there are {}", self.folder.display(), known.join(", "));
        }
        self.slots.extend(names.into_iter().map(Slot::Picture));
        Ok(())
    }

    pub(crate) fn load_sheets(&mut self, count: u32) -> anyhow::Result<()> {
        anyhow::ensure!(!self.pictures().is_empty(), "no .jpg in {}", self.folder.display());
        self.slots.extend((0..count).map(|_| Slot::Any));
        Ok(())
    }

    pub(crate) fn lay_on_platen(&mut self, name: String) -> anyhow::Result<()> {
        anyhow::ensure!(self.pictures().contains(&name), "no picture {name:?} in {}", self.folder.display());
        self.platen = Some(name);
        Ok(())
    }

    pub(crate) fn empty(&mut self) {
        self.slots.clear();
    }

    pub(crate) fn loaded(&self) -> usize {
        self.slots.len()
    }

    /// A person puts it right: sheets in the path of a broken job go back on top.
    pub(crate) fn clear(&mut self) {
        self.trouble = None;
        self.busy = false;
        self.not_ready = 0;
        self.plan = None;
        for job in &mut self.jobs {
            if job.state == JobState::Aborted && !job.sheet.is_empty() {
                self.slots.push_front(Slot::Sheet(std::mem::take(&mut job.sheet)));
            }
        }
    }

    /// Without power the scanner forgets its jobs; the paper stays where it is.
    pub(crate) fn power_off(&mut self) {
        for job in &mut self.jobs {
            if job.state == JobState::Processing {
                job.state = JobState::Aborted;
                job.reason = "AbortedBySystem";
            }
        }
    }

    pub(crate) fn is_working(&self) -> bool {
        self.jobs.iter().any(|job| job.state == JobState::Processing)
    }

    pub(crate) fn adf_word(&self) -> &'static str {
        match self.trouble {
            Some(Trouble::Jam) => "ScannerAdfJam",
            Some(Trouble::CoverOpen) => "ScannerAdfHatchOpen",
            Some(Trouble::DoubleFeed) => "ScannerAdfMultipickDetected",
            None if self.slots.is_empty() => "ScannerAdfEmpty",
            None => "ScannerAdfLoaded",
        }
    }

    /// Opens a job; none while another one is open.
    pub(crate) fn open(&mut self, id: String, feeder: bool, duplex: bool, look: Look) -> Option<()> {
        if self.busy || self.is_working() {
            return None;
        }
        let state = JobState::Processing;
        let (path, sheet) = (VecDeque::new(), Vec::new());
        self.jobs.push(Job { id, state, side: 0, images_completed: 0, reason: "None", look, feeder, duplex, path, sheet });
        Some(())
    }

    pub(crate) fn delete(&mut self, id: &str) -> bool {
        let Some(job) = self.jobs.iter_mut().find(|job| job.id == id) else { return false };
        self.deleted += 1;
        if job.state == JobState::Processing {
            job.state = JobState::Canceled;
            job.reason = "JobCanceledByUser";
            job.sheet.clear();
        }
        true
    }

    pub(crate) fn next(&mut self, id: &str) -> Next {
        let Some(index) = self.jobs.iter().position(|job| job.id == id) else { return Next::NoMore };
        if self.jobs[index].state != JobState::Processing {
            return Next::NoMore;
        }
        if self.not_ready > 0 {
            self.not_ready -= 1;
            return Next::NotReady;
        }
        if self.jobs[index].feeder && self.trouble.is_some() {
            return self.abort(index, "ErrorsDetected", Next::Nothing);
        }
        if self.jobs[index].path.is_empty() && !self.draw_in(index) {
            // The feeder was emptied by hand in the middle.
            self.jobs[index].state = JobState::Completed;
            return Next::NoMore;
        }
        self.jobs[index].side += 1;
        let fault = self.plan.filter(|(side, _)| *side == self.jobs[index].side).map(|(_, fault)| fault);
        if fault.is_some() {
            self.plan = None;
        }
        match fault {
            Some(Fault::Jam) => {
                self.trouble = Some(Trouble::Jam);
                // AirSane counts the side that never came.
                self.jobs[index].images_completed += 1;
                self.abort(index, "ErrorsDetected", Next::Nothing)
            }
            Some(Fault::Jam409) => {
                self.trouble = Some(Trouble::Jam);
                self.abort(index, "ErrorsDetected", Next::Conflict)
            }
            Some(Fault::DoubleFeed) => {
                self.trouble = Some(Trouble::DoubleFeed);
                self.abort(index, "ErrorsDetected", Next::Conflict)
            }
            Some(Fault::Truncate) => self.deliver(index, Next::Truncated),
            Some(Fault::Stall) => self.deliver(index, Next::Stalled),
            None => self.deliver(index, Next::Whole),
        }
    }

    fn abort(&mut self, index: usize, reason: &'static str, answer: Next) -> Next {
        self.jobs[index].state = JobState::Aborted;
        self.jobs[index].reason = reason;
        answer
    }

    fn deliver(&mut self, index: usize, how: fn(Vec<u8>) -> Next) -> Next {
        let Some(side) = self.jobs[index].path.pop_front() else { return Next::NoMore };
        let jpeg = match side {
            Side::Picture(name) => std::fs::read(self.folder.join(name)).unwrap_or_default(),
            Side::Blank => blank_page(),
        };
        let more = self.jobs[index].feeder && !self.slots.is_empty() && self.capacity != 1;
        let job = &mut self.jobs[index];
        job.images_completed += 1;
        if job.path.is_empty() {
            job.sheet.clear();
            if !more {
                job.state = JobState::Completed;
                job.reason = "JobCompletedSuccessfully";
            }
        }
        how(jpeg)
    }

    /// Draws the next sheet in; false when there is none.
    fn draw_in(&mut self, index: usize) -> bool {
        let (feeder, duplex) = (self.jobs[index].feeder, self.jobs[index].duplex);
        let sheet = if feeder { self.next_sheet(duplex) } else { self.glass() };
        let Some(sheet) = sheet else { return false };
        self.jobs[index].path = sheet.iter().cloned().collect();
        self.jobs[index].sheet = sheet;
        true
    }

    fn next_sheet(&mut self, duplex: bool) -> Option<Vec<Side>> {
        match self.slots.pop_front()? {
            Slot::Sheet(sides) => Some(sides),
            Slot::Any => Some((0..if duplex { 2 } else { 1 }).map(|_| self.any_picture()).collect()),
            Slot::Picture(front) if !duplex => Some(vec![Side::Picture(front)]),
            Slot::Picture(front) => {
                let back = match self.slots.pop_front() {
                    Some(Slot::Picture(back)) => Side::Picture(back),
                    Some(other) => {
                        self.slots.push_front(other);
                        Side::Blank
                    }
                    None => Side::Blank,
                };
                Some(vec![Side::Picture(front), back])
            }
        }
    }

    fn glass(&self) -> Option<Vec<Side>> {
        self.platen.clone().or_else(|| self.pictures().into_iter().next()).map(|name| vec![Side::Picture(name)])
    }

    fn any_picture(&mut self) -> Side {
        let pictures = self.pictures();
        let Some(name) = pictures.get(self.next_picture % pictures.len().max(1)) else { return Side::Blank };
        self.next_picture += 1;
        Side::Picture(name.clone())
    }
}

/// The empty back of a sheet: A4 at 100 dpi.
fn blank_page() -> Vec<u8> {
    let (width, height) = (827, 1169);
    let paper = GrayImage::from_pixel(width, height, image::Luma([250]));
    let mut jpeg = Vec::new();
    // Into memory, of a valid size: cannot fail.
    let _ = JpegEncoder::new_with_quality(&mut jpeg, 80).write_image(paper.as_raw(), width, height, ExtendedColorType::L8);
    jpeg
}
