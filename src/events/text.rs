//! From the bytes of a file to UTF-8: gzip and zstd are unpacked as they are read, UTF-16 is decoded.
//!
//! Nothing here gives up on a wrong byte; what is no character goes on as a byte that is no UTF-8, for the readers to count.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// As many bytes as tell what a source is.
const HEAD: usize = 264;
/// How often a source may be compressed.
const LAYERS: usize = 3;
/// The byte that stands for half a character: no UTF-8 has it.
const NO_TEXT: u8 = 0xFF;

type Bytes<'a> = Box<dyn BufRead + 'a>;

/// The source without compression, with its first bytes.
///
/// # Errors
/// Where the first bytes cannot be read.
pub(super) fn plain(mut reader: Bytes<'_>) -> io::Result<(Vec<u8>, Bytes<'_>)> {
    for layer in 0.. {
        let head = head(&mut reader)?;
        let start = head.clone();
        reader = Box::new(Cursor::new(head).chain(reader));
        if layer < LAYERS && start.starts_with(b"\x1F\x8B") {
            reader = Box::new(BufReader::new(MultiGzDecoder::new(reader)));
        } else if layer < LAYERS && is_zstd(&start) {
            reader = Box::new(BufReader::new(Zstd::new(reader)));
        } else {
            return Ok((start, reader));
        }
    }
    Ok((Vec::new(), reader))
}

/// The first bytes of a reader. More than eight are taken only where they are there already: a sender may be waiting.
fn head(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while head.len() < 8 {
        let bytes = match reader.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if bytes.is_empty() {
            break;
        }
        let taken = bytes.len().min(HEAD - head.len());
        head.extend_from_slice(&bytes[..taken]);
        reader.consume(taken);
    }
    Ok(head)
}

/// A frame of zstd, or a frame to be skipped.
fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(b"\x28\xB5\x2F\xFD")
        || matches!(head, [first, 0x2A, 0x4D, 0x18, ..] if (0x50..=0x5F).contains(first))
}

/// Frames of zstd, one after the other.
struct Zstd<R> {
    reader: R,
    decoder: FrameDecoder,
    /// Whether a frame is being read.
    inside: bool,
}

/// How much is unpacked at once.
const UNPACKED: usize = 1 << 16;

impl<R: BufRead> Zstd<R> {
    fn new(reader: R) -> Self {
        Self { reader, decoder: FrameDecoder::new(), inside: false }
    }

    /// Begins the next frame; false at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.reader.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.reader) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut (&mut self.reader).take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error.to_string())),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(out);
            }
            if self.inside && self.decoder.is_finished() {
                self.inside = false;
            }
            if !self.inside {
                self.inside = self.next_frame()?;
                if !self.inside {
                    return Ok(0);
                }
            }
            self.decoder
                .decode_blocks(&mut self.reader, BlockDecodingStrategy::UptoBytes(UNPACKED))
                .map_err(|error| io::Error::other(error.to_string()))?;
        }
    }
}

/// The source as UTF-8, known by its first bytes; a byte-order mark is left to the readers.
pub(super) fn utf8<'a>(head: &[u8], reader: Bytes<'a>) -> Bytes<'a> {
    let order = match head {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        // Without a mark: the first two characters are ASCII, as those of events are.
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => u16::from_le_bytes,
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => u16::from_be_bytes,
        _ => return reader,
    };
    Box::new(BufReader::new(Utf16 { reader, order, half: None, high: None, out: Vec::new(), at: 0 }))
}

/// UTF-16 as UTF-8.
struct Utf16<R> {
    reader: R,
    order: fn([u8; 2]) -> u16,
    /// The first byte of a unit whose second one is not read yet.
    half: Option<u8>,
    /// The first half of a character whose second one is not read yet.
    high: Option<u16>,
    out: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Utf16<R> {
    fn unit(&mut self, unit: u16) {
        if let Some(high) = self.high.take() {
            if let Some(Ok(c)) = char::decode_utf16([high, unit]).next() {
                return self.push(c);
            }
            self.out.push(NO_TEXT);
        }
        match char::from_u32(unit.into()) {
            Some(c) => self.push(c),
            None if unit < 0xDC00 => self.high = Some(unit),
            None => self.out.push(NO_TEXT),
        }
    }

    fn push(&mut self, c: char) {
        self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Decodes what the reader has; false at its end.
    fn fill(&mut self) -> io::Result<bool> {
        self.out.clear();
        self.at = 0;
        let bytes = self.reader.fill_buf()?.to_vec();
        self.reader.consume(bytes.len());
        for byte in &bytes {
            match self.half.take() {
                None => self.half = Some(*byte),
                Some(first) => self.unit((self.order)([first, *byte])),
            }
        }
        if bytes.is_empty() {
            let rest = usize::from(self.half.take().is_some()) + usize::from(self.high.take().is_some());
            self.out.extend(std::iter::repeat_n(NO_TEXT, rest));
        }
        Ok(!bytes.is_empty() || !self.out.is_empty())
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.out.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let rest = self.out.get(self.at..).unwrap_or_default();
        let length = rest.len().min(out.len());
        out[..length].copy_from_slice(&rest[..length]);
        self.at += length;
        Ok(length)
    }
}
