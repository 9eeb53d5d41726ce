//! Recorded prompts: a folder of WAV files named by their words. None are shipped; `--prompts` lists what to record.

use super::{neutral, script::own, voice};
use anyhow::{Context as _, bail};
use motcua_model::{Language, Text};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// Where recordings are looked for.
#[derive(Clone, Debug, Default)]
pub struct Clips {
    folder: Option<PathBuf>,
}

/// One text to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The words.
    pub words: String,
    /// Their language.
    pub language: Language,
    /// The file, below the folder of recordings.
    pub file: String,
}

/// Every text that never changes, in both languages.
pub fn prompts() -> Vec<Prompt> {
    let pages = neutral::phrases().iter().filter(|(vi, _)| !vi.contains("{}")).map(|(vi, en)| Text::new(vi.as_str(), en.as_str()));
    let texts: Vec<Text> = pages.chain(neutral::words_of_the_model()).chain(own::all()).collect();
    let mut prompts: Vec<Prompt> = Vec::new();
    for language in [Language::Vi, Language::En] {
        for text in &texts {
            let words = text.get(language).to_owned();
            let prompt = Prompt { file: file_of(&words, language), words, language };
            if !prompts.contains(&prompt) {
                prompts.push(prompt);
            }
        }
    }
    prompts
}

/// `vi/0123456789abcdef.wav`: the words themselves would make poor file names.
fn file_of(words: &str, language: Language) -> String {
    let digest = Sha256::digest(words.as_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}/{name}.wav", code(language))
}

/// The language's own code.
pub fn code(language: Language) -> &'static str {
    match language {
        Language::Vi => "vi",
        Language::En => "en",
    }
}

impl Clips {
    /// Recordings from this folder; none for the voice alone.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The samples of one phrase: recorded where there is a recording, spoken by the voice where there is none.
    ///
    /// # Errors
    /// Where the voice fails.
    pub fn samples(&self, phrase: &str, language: Language) -> anyhow::Result<Vec<i16>> {
        if let Some(samples) = self.recorded(phrase, language) {
            return Ok(samples);
        }
        // "3: Tra cứu": the number by the voice, the words as recorded.
        if let Some((number, words)) = phrase.split_once(": ")
            && number.bytes().all(|b| b.is_ascii_digit())
            && let Some(recorded) = self.recorded(words, language)
        {
            let mut samples = voice::synthesise(number, language)?;
            samples.extend(recorded);
            return Ok(samples);
        }
        voice::synthesise(phrase, language)
    }

    fn recorded(&self, words: &str, language: Language) -> Option<Vec<i16>> {
        let path = self.folder.as_ref()?.join(file_of(words, language));
        let wave = std::fs::read(&path).ok()?;
        match samples_of(&wave) {
            Ok(samples) => Some(samples),
            Err(e) => {
                tracing::warn!("{} is not played: {e:#}", path.display());
                None
            }
        }
    }
}

/// The samples of a WAV file: 16 bits, one channel, 22,050 in a second. A length that the writer did not know is
/// taken as all that is there.
pub(crate) fn samples_of(wave: &[u8]) -> anyhow::Result<Vec<i16>> {
    if wave.len() < 12 || &wave[..4] != b"RIFF" || &wave[8..12] != b"WAVE" {
        bail!("it is no WAV file");
    }
    let mut rest = &wave[12..];
    while rest.len() >= 8 {
        let (head, body) = rest.split_at(8);
        let size = usize::try_from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]))?.min(body.len());
        let chunk = &body[..size];
        if &head[..4] == b"fmt " {
            let expected = [1, 0, 1, 0];
            let rate = chunk.get(4..8).context("its format is cut off")?;
            let bits = chunk.get(14..16).context("its format is cut off")?;
            if !chunk.starts_with(&expected) || rate != voice::RATE.to_le_bytes() || bits != 16_u16.to_le_bytes() {
                bail!("record it as PCM, 16 bits, mono, {} Hz", voice::RATE);
            }
        } else if &head[..4] == b"data" {
            return Ok(chunk.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect());
        }
        rest = &body[(size + size % 2).min(body.len())..];
    }
    bail!("it holds no samples")
}

/// Writes samples as a WAV file.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_wave(path: &Path, samples: &[i16]) -> anyhow::Result<()> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let size = u32::try_from(data.len()).context("the sound is too long for a WAV file")?;
    let mut wave = Vec::with_capacity(data.len() + 44);
    wave.extend(b"RIFF");
    wave.extend((size + 36).to_le_bytes());
    wave.extend(b"WAVEfmt ");
    wave.extend(16_u32.to_le_bytes());
    wave.extend([1, 0, 1, 0]);
    wave.extend(voice::RATE.to_le_bytes());
    wave.extend((voice::RATE * 2).to_le_bytes());
    wave.extend([2, 0, 16, 0]);
    wave.extend(b"data");
    wave.extend(size.to_le_bytes());
    wave.extend(data);
    std::fs::write(path, wave).with_context(|| format!("{} could not be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_played_in_place_of_the_voice_and_one_of_another_kind_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let prompt = prompts().into_iter().find(|prompt| prompt.words == "Quay lại").unwrap();
        let path = folder.path().join(&prompt.file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let beep: Vec<i16> = (0..4410).map(|at| if at % 50 < 25 { 9000 } else { -9000 }).collect();
        write_wave(&path, &beep).unwrap();
        let clips = Clips::new(Some(folder.path().to_owned()));
        assert_eq!(clips.recorded("Quay lại", Language::Vi), Some(beep.clone()));
        assert_eq!(clips.recorded("Quay lại", Language::En), None);
        assert_eq!(clips.recorded("Cần giúp", Language::Vi), None);
        let mut stereo = std::fs::read(&path).unwrap();
        stereo[22] = 2;
        std::fs::write(&path, &stereo).unwrap();
        assert_eq!(clips.recorded("Quay lại", Language::Vi), None);
        std::fs::write(&path, &stereo[..30]).unwrap();
        assert_eq!(clips.recorded("Quay lại", Language::Vi), None);
    }

    #[test]
    fn every_prompt_has_its_own_file() {
        let prompts = prompts();
        assert!(prompts.len() > 400, "{}", prompts.len());
        let mut files: Vec<&str> = prompts.iter().map(|prompt| prompt.file.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        assert_eq!(files.len(), prompts.len());
        assert!(prompts.iter().all(|prompt| !prompt.words.contains("{}")));
    }
}
