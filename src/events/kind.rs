//! What a source seems to be that holds no events: told by its first bytes, so that a message can name it instead of
//! complaining about its bytes one by one.

use crate::diagnostic::{Diagnostic, codes};

/// The first bytes of a Windows event log.
pub(super) const EVENT_LOG: &[u8] = b"ElfFile\0";

/// Something that is not read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    magic: &'static [u8],
    at: usize,
    name: &'static str,
    help: &'static str,
}

const UNPACK: &str = "unpack it and name the files in it";
const TEXT: &str = "save it as UTF-8";
const CONVERT: &str = "export the events as JSON, one object a line, or as CSV";
const LOG: &str = "convert it to .evtx or to JSON first";
const WRONG: &str = "name a file of events: JSON, CSV or .evtx, also compressed as .gz or .zst";

const fn kind(magic: &'static [u8], at: usize, name: &'static str, help: &'static str) -> Kind {
    Kind { magic, at, name, help }
}

const KINDS: &[Kind] = &[
    kind(EVENT_LOG, 0, "a Windows event log", "read it with `--input evtx` or `--input auto`"),
    kind(b"\x30\0\0\0LfLe", 0, "a Windows event log of the old format (.evt)", LOG),
    kind(b"%PDF-", 0, "a PDF document", WRONG),
    kind(b"PK\x03\x04", 0, "a ZIP archive, or an Office document", UNPACK),
    kind(b"PK\x05\x06", 0, "an empty ZIP archive", UNPACK),
    kind(b"7z\xBC\xAF\x27\x1C", 0, "a 7z archive", UNPACK),
    kind(b"Rar!\x1A\x07", 0, "a RAR archive", UNPACK),
    kind(b"MSCF\0\0\0\0", 0, "a cabinet archive", UNPACK),
    kind(b"ustar", 257, "a tar archive", UNPACK),
    kind(b"BZh", 0, "bzip2 data", "unpack it, or compress it as .gz or .zst"),
    kind(b"\xFD7zXZ\0", 0, "xz data", "unpack it, or compress it as .gz or .zst"),
    kind(b"\x04\x22\x4D\x18", 0, "LZ4 data", "unpack it, or compress it as .gz or .zst"),
    kind(b"\x1F\x8B", 0, "compressed more often than is read", UNPACK),
    kind(b"\x28\xB5\x2F\xFD", 0, "compressed more often than is read", UNPACK),
    kind(b"\x7FELF", 0, "an ELF program", WRONG),
    kind(b"\xCF\xFA\xED\xFE", 0, "a Mach-O program", WRONG),
    kind(b"\xCA\xFE\xBA\xBE", 0, "a Java class or a Mach-O program", WRONG),
    kind(b"\x89PNG\r\n", 0, "a PNG image", WRONG),
    kind(b"\xFF\xD8\xFF", 0, "a JPEG image", WRONG),
    kind(b"GIF8", 0, "a GIF image", WRONG),
    kind(b"BM", 0, "a BMP image", WRONG),
    kind(b"WEBP", 8, "a WebP image", WRONG),
    kind(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 0, "an Office document of the old format", CONVERT),
    kind(b"SQLite format 3\0", 0, "an SQLite database", CONVERT),
    kind(b"PAR1", 0, "a Parquet file", CONVERT),
    kind(b"Obj\x01", 0, "an Avro file", CONVERT),
    kind(b"ARROW1", 0, "an Arrow file", CONVERT),
    kind(b"ORC", 0, "an ORC file", CONVERT),
    kind(b"regf", 0, "a registry hive", WRONG),
    kind(b"MDMP", 0, "a memory dump", WRONG),
    kind(b"\xD4\xC3\xB2\xA1", 0, "a packet capture", CONVERT),
    kind(b"\xA1\xB2\xC3\xD4", 0, "a packet capture", CONVERT),
    kind(b"\x0A\x0D\x0D\x0A", 0, "a packet capture (pcapng)", CONVERT),
    kind(b"\xFF\xFE\0\0", 0, "UTF-32 text", TEXT),
    kind(b"\0\0\xFE\xFF", 0, "UTF-32 text", TEXT),
    kind(b"<?xml", 0, "XML", "convert the events to JSON, or read the .evtx file that they come from"),
    kind(b"<Event", 0, "XML", "convert the events to JSON, or read the .evtx file that they come from"),
    kind(b"<!DOCTYPE", 0, "an HTML page", WRONG),
    kind(b"<html", 0, "an HTML page", WRONG),
    kind(b"#!", 0, "a script", WRONG),
    kind(b"MZ", 0, "a Windows program", WRONG),
];

/// What the first bytes say; `None` where they may be those of events. Two letters alone (`MZ`, `BM`) are too few to go by:
/// there have to be bytes that are no text behind them.
pub(super) fn seems(head: &[u8]) -> Option<&'static Kind> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let fits = |kind: &&Kind| {
        let start = text.get(kind.at..).unwrap_or_default();
        start.starts_with(kind.magic) && (kind.magic != b"MZ" && kind.magic != b"BM" || head.contains(&0))
    };
    KINDS.iter().find(fits)
}

impl Kind {
    /// The message about a source of this kind.
    pub(super) fn diagnostic(&self, name: &str) -> Diagnostic {
        let message = format!("{name}: there are no events in it; it seems to be {}", self.name);
        Diagnostic::new(codes::EVENTS_FORMAT, message).help(self.help)
    }
}
