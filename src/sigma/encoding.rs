//! The encodings of values: UTF-16 and Base64, as bytes.
//!
//! Pure functions. Which value may be encoded is decided where items are lowered.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A byte encoding that comes before Base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Utf16 {
    /// Little endian (`wide`, `utf16le`).
    Little,
    /// Big endian (`utf16be`).
    Big,
    /// Little endian after a byte order mark (`utf16`).
    Marked,
}

/// A text encoding of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base64 {
    /// The whole value with padding (`base64`).
    Whole,
    /// The value at any of the three offsets within other data (`base64offset`).
    Offset,
}

/// The bytes of a text: UTF-8 without a byte encoding.
pub fn bytes(text: &str, encoding: Option<Utf16>) -> Vec<u8> {
    match encoding {
        None => text.as_bytes().to_vec(),
        Some(Utf16::Little) => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Some(Utf16::Big) => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Some(Utf16::Marked) => [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
    }
}

/// Standard Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What is left of the bytes' Base64 at each of the three offsets once the characters are cut that neighbours or
/// padding decide. A part may be empty when there are fewer than two bytes.
pub fn base64_offsets(bytes: &[u8]) -> [String; 3] {
    [0_usize, 1, 2].map(|offset| {
        let padded = [&[b' '; 2][..offset], bytes].concat();
        let encoded = STANDARD.encode(&padded);
        let start = [0, 2, 3][offset];
        let drop = [0, 3, 2][padded.len() % 3];
        encoded.get(start..encoded.len().saturating_sub(drop)).unwrap_or("").to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_cut_what_neighbours_decide() {
        assert_eq!(base64_offsets(b"foobar"), ["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"]);
        assert_eq!(base64_offsets(b"a")[1], "");
        assert_eq!(base64_offsets(b"").concat(), "");
    }

    #[test]
    fn every_offset_occurs_in_any_surrounding_data() {
        for text in ["ab", "abc", "abcd", "préwhoamié"] {
            for before in 0..3 {
                for after in 0..3 {
                    let data = ["xyz".as_bytes().get(..before).unwrap_or(b""), text.as_bytes(), &b"\xff\xff"[..after]]
                        .concat();
                    assert!(
                        base64(&data).contains(&base64_offsets(text.as_bytes())[before]),
                        "{text} {before} {after}"
                    );
                }
            }
        }
    }

    #[test]
    fn utf16_kinds() {
        assert_eq!(bytes("aé", Some(Utf16::Little)), [0x61, 0, 0xE9, 0]);
        assert_eq!(bytes("a", Some(Utf16::Big)), [0, 0x61]);
        assert_eq!(bytes("a", Some(Utf16::Marked)), [0xFF, 0xFE, 0x61, 0]);
        assert_eq!(bytes("é", None), [0xC3, 0xA9]);
    }
}
