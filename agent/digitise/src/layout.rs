//! The order in which the words of a Vietnamese administrative paper are read (NĐ 30/2020/NĐ-CP, annex I).
//!
//! Lines go from top to bottom, so that a row of a table stays one line whatever stands between its cells. Two blocks stand side by side
//! in such papers and are read one after the other: the agency's name beside the national heading, and the receivers ("Nơi nhận")
//! beside the signature.

use crate::ocr::Word;
use std::ops::Range;

/// The national heading and the motto below it, without marks. OCR may miss a letter.
pub(crate) const HEADING: [&str; 2] = ["cong hoa xa hoi chu nghia viet nam", "doc lap - tu do - hanh phuc"];
const RECEIVERS: &str = "noi nhan";

/// Puts the words into the order of reading and numbers their lines anew. The boxes must be of a levelled page.
pub(crate) fn in_reading_order(words: Vec<Word>) -> Vec<Word> {
    let mut rows = rows(words);
    let heading = heading(&rows);
    let mut lines: Vec<Vec<Word>> = Vec::new();
    if let Some((block, column)) = heading {
        lines.extend(rows.drain(..block.start));
        lines.extend(side_by_side(rows.drain(..block.len()), column));
    }
    match receivers(&rows) {
        Some((block, column)) => {
            lines.extend(rows.drain(..block.start));
            lines.extend(side_by_side(rows.drain(..block.len()), column));
            lines.extend(rows);
        }
        None => lines.extend(rows),
    }
    let numbered = lines.into_iter().filter(|line| !line.is_empty()).enumerate();
    numbered.flat_map(|(number, line)| line.into_iter().map(move |word| Word { line: number as u32, ..word })).collect()
}

/// Words that stand at one height, from left to right; the rows from top to bottom.
fn rows(words: Vec<Word>) -> Vec<Vec<Word>> {
    // What the engine took for one line stays together: its words overlap less where letters reach up or down.
    let mut pieces: Vec<Vec<Word>> = Vec::new();
    for word in words {
        match pieces.last_mut() {
            Some(piece) if piece.last().is_some_and(|last| last.line == word.line) => piece.push(word),
            Some(_) | None => pieces.push(vec![word]),
        }
    }
    pieces.sort_by_key(|piece| middle(piece));
    let mut rows: Vec<Vec<Word>> = Vec::new();
    for piece in pieces {
        match rows.last_mut() {
            Some(row) if beside(row, &piece) => row.extend(piece),
            Some(_) | None => rows.push(piece),
        }
    }
    for row in &mut rows {
        row.sort_by_key(|word| word.left);
    }
    rows
}

/// Twice the height of the middle: of the usual word, so that one tall speck moves nothing.
fn middle(piece: &[Word]) -> u32 {
    let mut middles: Vec<u32> = piece.iter().map(|word| word.top + word.bottom).collect();
    middles.sort_unstable();
    middles.get(middles.len() / 2).copied().unwrap_or(0)
}

fn height(piece: &[Word]) -> u32 {
    let mut heights: Vec<u32> = piece.iter().map(|word| word.bottom.saturating_sub(word.top)).collect();
    heights.sort_unstable();
    heights.get(heights.len() / 2).copied().unwrap_or(0)
}

/// At one height, and not one over the other.
fn beside(row: &[Word], piece: &[Word]) -> bool {
    let apart = middle(row).abs_diff(middle(piece)) / 2;
    let overlaps = |word: &Word| piece.iter().any(|other| word.left < other.right && other.left < word.right);
    apart * 2 < height(row).min(height(piece)) && !row.iter().any(overlaps)
}

/// The rows of the heading and its left edge.
fn heading(rows: &[Vec<Word>]) -> Option<(Range<usize>, u32)> {
    let first = rows.iter().position(|row| ends_like(row, HEADING[0]).is_some())?;
    let column = ends_like(rows.get(first)?, HEADING[0])?;
    // Alone in the middle of the page it has nobody beside it.
    let second = rows.iter().enumerate().skip(first + 1).take(3).find(|(_, row)| ends_like(row, HEADING[1]).is_some());
    let last = second.map_or(first, |(at, _)| at);
    let block = first..last + 1;
    let left = |row: &Vec<Word>| row.iter().any(|word| word.right <= column);
    rows.get(block.clone())?.iter().any(left).then_some((block, column))
}

/// The left edge of the words at the row's end that are `wanted`, give or take a fifth of its letters.
fn ends_like(row: &[Word], wanted: &str) -> Option<u32> {
    let letters = wanted.chars().count();
    let ends = (0..row.len()).map(|from| (distance(&plain(&row[from..]), wanted), from));
    let (wrong, from) = ends.min()?;
    row.get(from).filter(|_| wrong * 5 <= letters).map(|word| word.left)
}

/// The rows from "Nơi nhận" on, and the left edge of what stands beside it.
fn receivers(rows: &[Vec<Word>]) -> Option<(Range<usize>, u32)> {
    let first = rows.iter().position(|row| plain(row).starts_with(RECEIVERS))?;
    let usual = height(rows.get(first)?).max(1);
    let wide = |one: &Word, next: &Word| next.left.saturating_sub(one.right) > 3 * usual;
    let (ends, beside) = rows.iter().skip(first).find_map(|row| {
        let pair = row.windows(2).find(|pair| wide(&pair[0], &pair[1]))?;
        Some((pair[0].right, pair[1].left))
    })?;
    // A long name is centred below a short title: it begins further left.
    let runs = rows.iter().skip(first).flat_map(|row| row.chunk_by(|one, next| !wide(one, next)));
    let reaching = runs.filter_map(|run| Some((run.first()?.left, run.last()?.right)));
    let column = reaching.filter(|(left, right)| *left > ends && *right > beside).map(|(left, _)| left).min().unwrap_or(beside);
    Some((first..rows.len(), column.saturating_sub(usual)))
}

/// What lies left of the column, row by row, then the rest.
fn side_by_side(rows: impl Iterator<Item = Vec<Word>>, column: u32) -> Vec<Vec<Word>> {
    let mut right = Vec::new();
    let mut lines: Vec<Vec<Word>> = Vec::new();
    for row in rows {
        let (left, beside): (Vec<Word>, Vec<Word>) = row.into_iter().partition(|word| word.left < column);
        lines.push(left);
        right.push(beside);
    }
    lines.extend(right);
    lines
}

/// As for comparing: small letters without marks, single spaces.
fn plain(words: &[Word]) -> String {
    motcua_model::fold(&words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "))
}

/// How many letters to add, drop or change (Levenshtein).
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = at;
        row[0] = at + 1;
        for (column, wanted) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *wanted);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of one line, each letter ten pixels wide and thirty high.
    fn line(number: u32, top: u32, words: &[(&str, u32)]) -> Vec<Word> {
        let word = |(text, left): &(&str, u32)| Word {
            text: (*text).to_owned(),
            left: *left,
            top,
            right: left + 10 * text.chars().count() as u32,
            bottom: top + 30,
            confidence: 90.0,
            line: number,
        };
        words.iter().map(word).collect()
    }

    fn read(lines: Vec<Vec<Word>>) -> Vec<String> {
        let words = in_reading_order(lines.concat());
        words
            .chunk_by(|one, next| one.line == next.line)
            .map(|line| line.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn the_agency_is_read_before_the_national_heading() {
        let page = vec![
            line(0, 100, &[("UBND XÃ", 100), ("VÍ DỤ", 180), ("CỘNG HÒA XÃ HỘI", 600), ("CHỦ NGHĨA VIỆT NAM", 780)]),
            line(1, 150, &[("BỘ PHẬN MỘT CỬA", 90), ("Độc lập - Tự do - Hạnh phúc", 640)]),
            line(2, 250, &[("GIẤY TIẾP NHẬN", 400)]),
        ];
        let read = read(page);
        let wanted =
            ["UBND XÃ VÍ DỤ", "BỘ PHẬN MỘT CỬA", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "GIẤY TIẾP NHẬN"];
        assert_eq!(read, wanted);
    }

    #[test]
    fn a_heading_in_the_middle_stays_a_line_and_a_misread_letter_is_forgiven() {
        let alone =
            vec![line(0, 100, &[("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 300)]), line(1, 150, &[("Độc lập - Tự do - Hạnh phúc", 330)])];
        assert_eq!(read(alone).len(), 2);
        let misread = vec![line(0, 100, &[("SỞ TƯ PHÁP", 100), ("CỘNG HOA XẢ HÔI CHÙ NGHĨA VIỆT NAH", 600)])];
        assert_eq!(read(misread), ["SỞ TƯ PHÁP", "CỘNG HOA XẢ HÔI CHÙ NGHĨA VIỆT NAH"]);
    }

    #[test]
    fn a_row_of_a_table_is_one_line_in_whatever_blocks_the_engine_read_it() {
        let page = vec![
            line(0, 100, &[("1", 50)]),
            line(1, 150, &[("2", 50)]),
            line(2, 103, &[("Nguyễn Bảo Ví", 120), ("1980", 400)]),
            line(3, 152, &[("Huỳnh Đức Khuyến", 120), ("1977", 400)]),
        ];
        assert_eq!(read(page), ["1 Nguyễn Bảo Ví 1980", "2 Huỳnh Đức Khuyến 1977"]);
    }

    #[test]
    fn receivers_are_read_before_the_signature_beside_them() {
        let page = vec![
            line(0, 100, &[("Nơi nhận:", 50), ("GIÁM ĐỐC", 700)]),
            line(1, 140, &[("- Như Điều 3;", 50)]),
            line(2, 180, &[("- Lưu: VT.", 50), ("Phạm Văn Mẫu", 690)]),
        ];
        assert_eq!(read(page), ["Nơi nhận:", "- Như Điều 3;", "- Lưu: VT.", "GIÁM ĐỐC", "Phạm Văn Mẫu"]);
    }

    #[test]
    fn a_long_name_below_a_short_title_stays_whole() {
        let page = vec![
            line(0, 100, &[("Nơi nhận:", 50), ("GIÁM ĐỐC", 700)]),
            line(1, 140, &[("- Như Điều 3;", 50)]),
            line(2, 180, &[("- Lưu: VT.", 50)]),
            line(3, 260, &[("Phạm", 620), ("Quỳnh Ước Lệ", 670)]),
        ];
        assert_eq!(read(page), ["Nơi nhận:", "- Như Điều 3;", "- Lưu: VT.", "GIÁM ĐỐC", "Phạm Quỳnh Ước Lệ"]);
    }

    #[test]
    fn no_word_is_lost_or_doubled() {
        assert!(in_reading_order(Vec::new()).is_empty());
        let page: Vec<Vec<Word>> = (0..40).map(|n| line(n, n * 17 % 300, &[("Nơi nhận", n * 31 % 500), ("x", 600)])).collect();
        assert_eq!(in_reading_order(page.concat()).len(), 80);
    }
}
