//! BER-TLV as chip cards use it (ISO/IEC 7816-4 5.2.2.2): tags of one to three bytes, definite lengths of up to four bytes.
//!
//! A length may be longer than needed (`82 00 10`): some chips write it so.

/// One data object. Copies nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Tag bytes as one number: `7F49`, `6D`.
    pub tag: u32,
    /// Value.
    pub value: &'a [u8],
    /// Tag, length and value.
    pub whole: &'a [u8],
}

/// Shows the tag and the size only: values are personal data.
impl std::fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tlv({:X}, {} bytes)", self.tag, self.value.len())
    }
}

/// Why bytes are no data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// The bytes end before the data object does.
    #[error("a data object is cut off")]
    Truncated,
    /// A tag byte 00 or FF, or a tag of more than three bytes.
    #[error("a data object has no valid tag")]
    Tag,
    /// Indefinite length, or a length of more than four bytes.
    #[error("a data object has no valid length")]
    Length,
}

/// Reads the first data object; returns it and the bytes behind it.
///
/// # Errors
/// When the bytes do not begin with a whole data object.
pub fn read(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8]), TlvError> {
    let (tag, header, length) = head(bytes)?;
    let total = header.checked_add(length).ok_or(TlvError::Length)?;
    let (whole, rest) = bytes.split_at_checked(total).ok_or(TlvError::Truncated)?;
    let value = whole.get(header..).ok_or(TlvError::Truncated)?;
    Ok((Tlv { tag, value, whole }, rest))
}

/// Reads data objects up to the end of the bytes.
///
/// # Errors
/// When any of them is broken or bytes are left over.
pub fn all(mut bytes: &[u8]) -> Result<Vec<Tlv<'_>>, TlvError> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (tlv, rest) = read(bytes)?;
        found.push(tlv);
        bytes = rest;
    }
    Ok(found)
}

/// The first data object on a path of tags, outermost first. None when a step is missing or what lies before it is broken.
#[must_use]
pub fn find<'a>(bytes: &'a [u8], path: &[u32]) -> Option<Tlv<'a>> {
    let (wanted, inner) = path.split_first()?;
    let mut rest = bytes;
    let found = loop {
        let (tlv, behind) = read(rest).ok()?;
        if tlv.tag == *wanted {
            break tlv;
        }
        rest = behind;
    };
    if inner.is_empty() { Some(found) } else { find(found.value, inner) }
}

/// Writes a data object with the shortest length. A tag of more than one byte is given as it is written: `0x7F49`.
#[must_use]
pub fn write(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(value.len() + 8);
    push_number(&mut whole, u64::from(tag));
    if value.len() >= 0x80 {
        let mut length = Vec::new();
        push_number(&mut length, value.len() as u64);
        whole.push(0x80 | length.len() as u8);
        whole.extend(length);
    } else {
        whole.push(value.len() as u8);
    }
    whole.extend_from_slice(value);
    whole
}

/// From the first bytes of a file, the length of its tag and length field, and of the whole file. None when they are too few, or no
/// data object.
#[must_use]
pub fn header_len_and_total(first: &[u8]) -> Option<(usize, usize)> {
    let (_, header, length) = head(first).ok()?;
    Some((header, header.checked_add(length)?))
}

/// Tag, length of tag and length field, length of the value.
fn head(bytes: &[u8]) -> Result<(u32, usize, usize), TlvError> {
    let mut rest = bytes.iter().copied();
    let mut next = || rest.next().ok_or(TlvError::Truncated);
    let first = next()?;
    if first == 0 || first == 0xFF {
        return Err(TlvError::Tag);
    }
    let mut tag = u32::from(first);
    let mut header = 1;
    if first & 0x1F == 0x1F {
        loop {
            let byte = next()?;
            header += 1;
            tag = tag << 8 | u32::from(byte);
            if byte & 0x80 == 0 {
                break;
            }
            if header == 3 {
                return Err(TlvError::Tag);
            }
        }
    }
    let byte = next()?;
    header += 1;
    if byte < 0x80 {
        return Ok((tag, header, usize::from(byte)));
    }
    let count = byte & 0x7F;
    if !(1..=4).contains(&count) {
        return Err(TlvError::Length);
    }
    let mut length: u32 = 0;
    for _ in 0..count {
        length = length << 8 | u32::from(next()?);
        header += 1;
    }
    let length = usize::try_from(length).map_err(|_too_large| TlvError::Length)?;
    Ok((tag, header, length))
}

/// Appends a number without its leading zero bytes; zero is one byte.
fn push_number(to: &mut Vec<u8>, number: u64) {
    let bytes = number.to_be_bytes();
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    to.extend(bytes.iter().skip(start));
}
