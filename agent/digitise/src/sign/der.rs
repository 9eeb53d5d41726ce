//! The little of DER (ITU-T X.690) that a signature is made of.
//!
//! Written by hand so that the signer's certificate and name go in byte for byte: a library that reads and writes them anew
//! breaks signatures over certificates that are not strictly DER.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// Context-specific 0, constructed.
pub(super) const EXPLICIT_0: u8 = 0xA0;

/// One element around `parts`.
pub(super) fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut out = vec![tag];
    if let Some(short) = u8::try_from(length).ok().filter(|short| *short < 0x80) {
        out.push(short);
    } else {
        let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        // A length has at most eight bytes.
        out.push(0x80 | bytes.len() as u8);
        out.extend(bytes);
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// An INTEGER that is not negative.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let value = &bytes[start..];
    let lead: &[u8] = if value.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
    write(INTEGER, &[lead, value])
}

/// A SET OF, whose elements DER wants in the order of their bytes.
pub(super) fn set_of(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    write(SET, &elements.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// One element that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// With tag and length.
    pub(super) whole: &'a [u8],
}

/// Reads elements one after the other; everything stays borrowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next element; `None` at the end and where the bytes are no DER.
    pub(super) fn any(&mut self) -> Option<Element<'a>> {
        let (&tag, &first) = (self.0.first()?, self.0.get(1)?);
        let (length, at) = match first {
            0..=0x7F => (usize::from(first), 2),
            0x81..=0x84 => {
                let bytes = self.0.get(2..2 + usize::from(first & 0x7F))?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), 2 + bytes.len())
            }
            0x80 | 0x85..=0xFF => return None,
        };
        let end = at.checked_add(length)?;
        let element = Element { tag, content: self.0.get(at..end)?, whole: self.0.get(..end)? };
        self.0 = self.0.get(end..)?;
        Some(element)
    }

    /// The next element's content if it is of this kind; else nothing is read.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let element = ahead.any().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element.content)
    }

    /// A reader of the next element's content if it is of this kind.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_the_shortest() {
        assert_eq!(write(OCTET_STRING, &[&[7; 3]]), [4, 3, 7, 7, 7]);
        assert_eq!(write(OCTET_STRING, &[&[7; 100], &[7; 28]])[..3], [4, 0x81, 128]);
        assert_eq!(write(OCTET_STRING, &[&[7; 256]])[..4], [4, 0x82, 1, 0]);
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let bytes = write(SEQUENCE, &[&vec![9; length]]);
            let mut reader = Reader(&bytes);
            assert_eq!(reader.take(SET), None);
            assert_eq!(reader.take(SEQUENCE).map(<[u8]>::len), Some(length));
            assert_eq!(reader.any(), None);
        }
    }

    #[test]
    fn integers_stay_positive_and_short() {
        assert_eq!(unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0x7F]), [2, 1, 0x7F]);
        assert_eq!(unsigned(&[]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 0]), [2, 1, 0]);
    }

    #[test]
    fn sets_are_in_order() {
        assert_eq!(set_of(vec![vec![2, 1, 9], vec![2, 1, 1]]), [0x31, 6, 2, 1, 1, 2, 1, 9]);
    }

    #[test]
    fn what_is_cut_off_or_endless_is_no_element() {
        for bytes in [&[0x30][..], &[0x30, 5, 1], &[0x30, 0x80, 0, 0], &[0x30, 0x85, 0, 0, 0, 0, 0], &[0x30, 0x84, 255, 255, 255, 255]] {
            assert_eq!(Reader(bytes).any(), None, "{bytes:?}");
        }
    }
}
