//! What `motcua digitise --fields` writes: type, fields, codes and metadata of the paper, as JSON.

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use motcua_digitise::{RecognisedPage, confidence, read_paper};
use motcua_model::document_types::DocumentTypes;
use motcua_model::metadata::{Area, PaperMetadata, ReadField, ReadPaper};
use motcua_model::{Private, Text};
use serde::Serialize;
use std::{fs, path::Path};

/// The types of paper of a file; left out: those that come with the product.
pub(crate) fn document_types(file: Option<&Path>) -> anyhow::Result<DocumentTypes> {
    let Some(file) = file else {
        return DocumentTypes::built_in().map_err(|problems| anyhow!("the built-in types of paper are faulty: {}", problems.join("; ")));
    };
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    DocumentTypes::from_json(&text).map_err(|problems| anyhow!("{}:\n{}", file.display(), problems.join("\n")))
}

/// Reads the paper and puts what it says into JSON: personal data. Beside it the metadata, for the PDF.
pub(crate) fn read(
    pages: &[RecognisedPage<'_>],
    types: &DocumentTypes,
    tessdata: Option<&Path>,
    now: Timestamp,
) -> anyhow::Result<(Vec<u8>, PaperMetadata)> {
    let today = now.in_tz("Asia/Ho_Chi_Minh")?.date();
    let paper = read_paper(pages, types, tessdata, today)?;
    let told = told(pages, paper.as_ref(), types);
    let mut json = serde_json::to_vec_pretty(&told)?;
    json.push(b'\n');
    Ok((json, told.metadata))
}

/// All of it; names as they are in the file.
#[derive(Serialize)]
struct Told<'a> {
    /// None where no page tells it.
    #[serde(rename = "type")]
    kind: Option<Kind<'a>>,
    fields: Vec<Field<'a>>,
    codes: Vec<Code<'a>>,
    /// Of the fields that need no yes alone (R53).
    metadata: PaperMetadata,
    /// R54.
    storage_code: Option<Private>,
    /// What the metadata lack before the file may be stored, a sentence each.
    lacks: Vec<String>,
    pages: Vec<Page>,
}

#[derive(Serialize)]
struct Kind<'a> {
    id: &'a str,
    code: &'a str,
    name: &'a Text,
}

#[derive(Serialize)]
struct Field<'a> {
    name: Option<&'a Text>,
    #[serde(flatten)]
    read: &'a ReadField,
}

#[derive(Serialize)]
struct Code<'a> {
    page: usize,
    text: &'a Private,
    area: Area,
}

#[derive(Serialize)]
struct Page {
    page: usize,
    words: usize,
    /// Of its words, 0 to 1; none where there is none.
    mean_confidence: Option<f32>,
}

fn told<'a>(pages: &[RecognisedPage<'a>], paper: Option<&'a ReadPaper>, types: &'a DocumentTypes) -> Told<'a> {
    let kind = paper.and_then(|read| types.document_type(&read.kind));
    let name = |key: &str| kind?.fields.iter().find(|rule| rule.key == key).map(|rule| &rule.name);
    let fields = paper.iter().flat_map(|read| &read.fields);
    let none = ReadPaper { kind: String::new(), fields: Vec::new() };
    let (code, title) = kind.map_or(("", ""), |kind| (&kind.code, &kind.name.vi));
    let metadata = PaperMetadata {
        text_confidence: confidence(pages.iter().map(|page| page.text)),
        ..PaperMetadata::from_read(code, title, paper.unwrap_or(&none), |_| false)
    };
    let codes = pages
        .iter()
        .enumerate()
        .flat_map(|(place, page)| page.codes.iter().map(move |code| Code { page: place + 1, text: &code.text, area: code.area }));
    let page = |(place, page): (usize, &RecognisedPage<'_>)| Page {
        page: place + 1,
        words: page.text.words.len(),
        mean_confidence: confidence([page.text]),
    };
    Told {
        kind: kind.map(|kind| Kind { id: &kind.id, code: &kind.code, name: &kind.name }),
        fields: fields.map(|read| Field { name: name(&read.key), read }).collect(),
        codes: codes.collect(),
        storage_code: metadata.storage_code(),
        lacks: metadata.lacks().iter().map(ToString::to_string).collect(),
        metadata,
        pages: pages.iter().enumerate().map(page).collect(),
    }
}
