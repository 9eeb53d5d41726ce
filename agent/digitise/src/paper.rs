//! A whole paper: its pages read on as many engines as there are cores, in any order, and given in theirs.

use std::{
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    jpeg::frame,
    ocr::{OcrError, PageText, Recognizer},
};

/// How the engines are to be.
#[derive(Clone, Debug)]
pub struct Engines {
    /// Tesseract's name of the language.
    pub language: String,
    /// Where its model is; none: where the Debian package puts it.
    pub tessdata: Option<PathBuf>,
    /// How many work at once; one per core is best. Each takes some 60 MB and its page. Of a paper with a page finer or larger than A3
    /// at 300 dpi all pages are read on one: of A3 at 600 dpi that one takes 250 MB.
    pub count: usize,
}

/// Why a paper was not read.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// A page.
    #[error("page {number}: {source}")]
    Page {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        source: OcrError,
    },
    /// It was asked to stop.
    #[error("stopped before the last page was read; nothing was written")]
    Stopped,
}

/// Points of the largest page that is read beside others: A3 at 300 dpi, and a margin.
const BESIDE_EACH_OTHER: u64 = 20_000_000;

/// Reads all pages, JPEG and dots per inch each. `read` hears of every page that is done, by its place, as it is done; once `stop` is
/// true no further page is begun.
///
/// # Errors
/// [`PaperError`] with the first page, in the paper's order, that failed; the others are read all the same.
pub fn recognise_paper(
    engines: &Engines,
    pages: &[(&[u8], u16)],
    read: &(dyn Fn(usize, &PageText) + Sync),
    stop: &AtomicBool,
) -> Result<Vec<PageText>, PaperError> {
    let large = pages.iter().any(|(jpeg, _)| frame(jpeg).is_ok_and(|frame| frame.points() > BESIDE_EACH_OTHER));
    let count = if large { 1 } else { engines.count };
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<Result<PageText, OcrError>>>> = Mutex::new(pages.iter().map(|_| None).collect());
    let keep = |place: usize, result: Result<PageText, OcrError>| {
        if let Ok(text) = &result {
            read(place, text);
        }
        if let Some(slot) = done.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
            *slot = Some(result);
        }
    };
    let work = || {
        // Made on the thread that uses it: an engine cannot be moved.
        let mut engine = Recognizer::new(&engines.language, engines.tessdata.as_deref());
        while !stop.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some((jpeg, dpi)) = pages.get(place) else { return };
            match &mut engine {
                Ok(engine) => keep(place, engine.recognise(jpeg, *dpi)),
                Err(error) => keep(place, Err(error.clone())),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..count.min(pages.len()) {
            scope.spawn(work);
        }
        work();
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut texts = Vec::with_capacity(done.len());
    for (place, result) in done.into_iter().enumerate() {
        match result {
            Some(Ok(text)) => texts.push(text),
            Some(Err(source)) => return Err(PaperError::Page { number: place + 1, source }),
            None => return Err(PaperError::Stopped),
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, codecs::jpeg::JpegEncoder};

    fn engines(language: &str) -> Engines {
        Engines { language: language.to_owned(), tessdata: None, count: 1 }
    }

    fn blank() -> Vec<u8> {
        let mut jpeg = Vec::new();
        let page = image::RgbImage::from_pixel(600, 800, image::Rgb([250, 250, 250]));
        DynamicImage::from(page).write_with_encoder(JpegEncoder::new(&mut jpeg)).unwrap();
        jpeg
    }

    #[test]
    fn no_page_is_begun_once_it_is_stopped() {
        let page = blank();
        let (stop, read) = (AtomicBool::new(false), AtomicUsize::new(0));
        let after_one = |place: usize, _: &PageText| {
            assert_eq!(place, read.fetch_add(1, Ordering::Relaxed));
            stop.store(true, Ordering::Relaxed);
        };
        let result = recognise_paper(&engines("vie"), &[(page.as_slice(), 72); 3], &after_one, &stop);
        assert!(matches!(result, Err(PaperError::Stopped)), "{result:?}");
        assert_eq!(read.into_inner(), 1);
    }

    #[test]
    fn the_first_page_that_fails_is_named_with_its_cause() {
        let (page, go_on) = (blank(), AtomicBool::new(false));
        let pages: [(&[u8], u16); 3] = [(&page, 72), (b"no picture", 72), (b"nor this", 72)];
        let result = recognise_paper(&engines("vie"), &pages, &|_, _| (), &go_on);
        assert!(matches!(result, Err(PaperError::Page { number: 2, source: OcrError::Page(_) })), "{result:?}");
        let no_model = recognise_paper(&engines("xyz"), &pages, &|_, _| (), &go_on);
        assert!(matches!(no_model, Err(PaperError::Page { number: 1, source: OcrError::NoModel { .. } })), "{no_model:?}");
    }
}
