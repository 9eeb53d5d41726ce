//! The voice itself: real sound of the real programs, into a sink that keeps it.

use motcua_kiosk::speech::{
    clips::Clips,
    voice::{self, Order, Sink, Status, Utterance, Voice, Volume},
};
use motcua_model::Language;
use std::{
    io,
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Duration, Instant},
};

/// Keeps what it was given.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    samples: Vec<i16>,
    stopped: Option<Instant>,
    ended: usize,
    /// Samples that came after the last stop.
    after: usize,
}

impl Sink for Kept {
    fn play(&mut self, samples: &[i16]) -> io::Result<()> {
        let mut heard = self.0.lock().unwrap();
        heard.samples.extend(samples);
        heard.after += samples.len();
        Ok(())
    }

    fn stop(&mut self) {
        let mut heard = self.0.lock().unwrap();
        heard.stopped = Some(Instant::now());
        heard.after = 0;
    }

    fn end(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().ended += 1;
        Ok(())
    }
}

fn speaking() -> (Voice, Kept, Arc<Status>) {
    let (kept, status) = (Kept::default(), Arc::new(Status::default()));
    let voice = voice::start(kept.clone(), Clips::default(), Arc::clone(&status)).unwrap();
    (voice, kept, status)
}

fn words(text: &str, volume: Volume, private: bool) -> Order {
    Order::Say(Utterance { phrases: vec![text.to_owned()], language: Language::Vi, volume, private })
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn loudness(samples: &[i16]) -> f64 {
    (samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len().max(1) as f64).sqrt()
}

#[test]
fn the_voice_gives_sound_in_both_languages_and_the_tones_differ() {
    for (language, text) in [(Language::Vi, "Đặt thẻ lên đầu đọc thẻ."), (Language::En, "Place the card on the card reader.")]
    {
        let samples = voice::synthesise(text, language).unwrap();
        assert!(voice::length(samples.len()) > Duration::from_millis(500), "{} samples", samples.len());
        assert!(loudness(&samples) > 500.0, "{}", loudness(&samples));
    }
    let syllables = ["ma", "má", "mà", "mả", "mã", "mạ"].map(|syllable| voice::synthesise(syllable, Language::Vi).unwrap());
    for (at, one) in syllables.iter().enumerate() {
        assert!(syllables[at + 1..].iter().all(|other| other != one), "two tones sound the same");
    }
    let code = voice::synthesise("TAM-K001-260720-0012-7", Language::Vi).unwrap();
    assert!(voice::length(code.len()) > Duration::from_secs(4), "a code is said sign by sign");
}

#[test]
fn a_touch_ends_the_sound_within_one_buffer_and_nothing_follows() {
    let (voice, kept, status) = speaking();
    (voice.send)(words(&"Vui lòng đặt thẻ căn cước lên đầu đọc. ".repeat(6), Volume::Usual, false));
    until("sound", || !kept.0.lock().unwrap().samples.is_empty());
    assert!(status.playing.load(Ordering::Relaxed));
    std::thread::sleep(Duration::from_millis(300));
    let before = kept.0.lock().unwrap().samples.len();
    let touched = Instant::now();
    (voice.send)(Order::Stop);
    until("silence", || kept.0.lock().unwrap().stopped.is_some());
    let stopped = kept.0.lock().unwrap().stopped.unwrap();
    assert!(stopped.duration_since(touched) < Duration::from_millis(200), "{:?}", stopped.duration_since(touched));
    let given = kept.0.lock().unwrap().samples.len() - before;
    assert!(given <= 2 * 1102, "{given} samples after the touch");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(kept.0.lock().unwrap().after, 0);
    until("the flag", || !status.playing.load(Ordering::Relaxed));
    assert_eq!(kept.0.lock().unwrap().ended, 0);
}

#[test]
fn another_utterance_takes_the_place_of_the_present_one() {
    let (voice, kept, _) = speaking();
    (voice.send)(words(&"Một câu dài. ".repeat(20), Volume::Usual, false));
    until("sound", || !kept.0.lock().unwrap().samples.is_empty());
    (voice.send)(words("Hai.", Volume::Usual, false));
    until("the end", || kept.0.lock().unwrap().ended == 1);
    assert!(voice::length(kept.0.lock().unwrap().samples.len()) < Duration::from_secs(4));
}

#[test]
fn the_steps_of_loudness_are_heard() {
    let said: Vec<f64> = [Volume::Off, Volume::Soft, Volume::Usual, Volume::Loud]
        .into_iter()
        .map(|volume| {
            let (voice, kept, _) = speaking();
            (voice.send)(words("Xin chào.", volume, false));
            until("the end", || kept.0.lock().unwrap().ended == 1);
            let heard = kept.0.lock().unwrap();
            loudness(&heard.samples)
        })
        .collect();
    assert!(said[0] < 0.1 && said[1] > 100.0, "{said:?}");
    assert!((1.9..2.1).contains(&(said[2] / said[1])) && (1.9..2.1).contains(&(said[3] / said[2])), "{said:?}");
}

#[test]
fn what_is_private_ends_with_the_plug() {
    let (voice, kept, status) = speaking();
    (voice.send)(words("Nguyễn Thị Mẫu.", Volume::Usual, true));
    until("nothing", || kept.0.lock().unwrap().stopped.is_some());
    assert!(kept.0.lock().unwrap().samples.is_empty(), "no headphones are in");
    status.headphones.store(true, Ordering::Relaxed);
    (voice.send)(words(&"Nguyễn Thị Mẫu. ".repeat(10), Volume::Usual, true));
    until("sound", || !kept.0.lock().unwrap().samples.is_empty());
    status.headphones.store(false, Ordering::Relaxed);
    until("the flag", || !status.playing.load(Ordering::Relaxed));
    assert!(voice::length(kept.0.lock().unwrap().samples.len()) < Duration::from_secs(5));
}

#[test]
fn aplay_plays_what_the_voice_gives_and_without_a_device_nothing_worse_than_silence_comes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("heard.raw");
    // ALSA's own device that writes a file.
    let device = format!("file:'{}',raw", file.display());
    let status = Arc::new(Status::default());
    let voice = voice::start(voice::Aplay::new(Some(device)), Clips::default(), Arc::clone(&status)).unwrap();
    (voice.send)(words("Xin chào.", Volume::Loud, false));
    until("the voice", || status.playing.load(Ordering::Relaxed));
    until("the end", || !status.playing.load(Ordering::Relaxed));
    let heard = std::fs::read(&file).unwrap();
    let samples: Vec<i16> = heard.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
    let wanted = voice::synthesise("Xin chào.", Language::Vi).unwrap();
    assert!(samples.len() >= wanted.len() && samples[..wanted.len()] == wanted, "{} of {} samples", samples.len(), wanted.len());

    let status = Arc::new(Status::default());
    let voice = voice::start(voice::Aplay::new(Some("no-such-device".to_owned())), Clips::default(), Arc::clone(&status)).unwrap();
    for _ in 0..2 {
        (voice.send)(words("Xin chào.", Volume::Loud, false));
        until("the voice", || status.playing.load(Ordering::Relaxed));
        until("the end", || !status.playing.load(Ordering::Relaxed));
    }
}
