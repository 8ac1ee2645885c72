//! One JSON value from its bytes, read as well as can be: RFC 8259, and beyond it whatever leaves no doubt what is meant.
//!
//! What is not quite right is noted as a [`Change`] and costs nothing else: bytes that are no text become U+FFFD, a number that
//! no double holds stays the text that it is, all values of a repeated key are kept. What is nested too deep, or lies
//! behind more values than are kept, is kept as its text.

use serde_json::{Map, Number, Value};

use crate::events::add;
use crate::events::changes::{Change, Changes};

/// The deepest nesting of values that are kept as such.
const DEPTH: usize = 127;
/// How much memory the values of an event may take, without their texts, by the depth of the object that they stand in: so a
/// field with millions of values does not cost those beside it. Fields stand as deep as in `Event`, `EventData`.
const MEMORY: [usize; 3] = [160 << 20, 144 << 20, 128 << 20];
/// The same for arrays, and for objects that are nested deeper.
const MEMORY_NESTED: usize = 112 << 20;

/// Memory of a value, and of an entry of an object beside its value.
const VALUE: usize = size_of::<Value>();
const ENTRY: usize = size_of::<String>() + 3 * size_of::<usize>();
/// For how many values more an array or object has room from the first one on.
const FIRST: usize = 3;

/// Why there is no value.
pub(super) enum Wrong {
    /// The text ends too early; more of it may make a value.
    Ends,
    /// The text is none, whatever follows.
    Syntax(&'static str),
}

/// Reads a value, with nothing but blanks around it.
pub(super) fn read(text: &[u8], changes: &mut Changes) -> Result<Value, Wrong> {
    let mut reader = Reader { text, at: 0, changes, memory: 0 };
    let value = reader.value(0)?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(Wrong::Syntax("something follows the value")),
    }
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    changes: &'t mut Changes,
    /// Memory of the values so far.
    memory: usize,
}

impl Reader<'_> {
    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                byte => return Some(*byte),
            }
        }
        None
    }

    fn value(&mut self, depth: usize) -> Result<Value, Wrong> {
        self.memory += VALUE;
        match self.peek().ok_or(Wrong::Ends)? {
            b'{' | b'[' if depth >= DEPTH || self.is_full(depth + 1) => self.folded(0),
            b'{' => self.object(depth + 1),
            b'[' => self.array(depth + 1),
            b'"' => self.string().map(Value::String),
            _ => self.word(),
        }
    }

    /// Whether an object at this depth, from 1, keeps no more values.
    fn is_full(&self, depth: usize) -> bool {
        self.memory > MEMORY.get(depth - 1).copied().unwrap_or(MEMORY_NESTED)
    }

    fn object(&mut self, depth: usize) -> Result<Value, Wrong> {
        self.at += 1;
        self.memory += FIRST * (VALUE + ENTRY);
        let mut object = Map::new();
        loop {
            match self.peek().ok_or(Wrong::Ends)? {
                b'}' => break,
                _ if self.is_full(depth) => {
                    let rest = self.folded(1)?;
                    add(&mut object, String::new(), rest);
                    return Ok(Value::Object(object));
                }
                b'"' => {}
                _ => return Err(Wrong::Syntax("a key in quotes, or `}`, should be here")),
            }
            let key = self.string()?;
            self.memory += ENTRY;
            if self.peek().ok_or(Wrong::Ends)? != b':' {
                return Err(Wrong::Syntax("a colon should follow a key"));
            }
            self.at += 1;
            let value = self.value(depth)?;
            if add(&mut object, key, value) {
                self.changes.note(Change::Repeated);
            }
            self.comma(b'}', "a comma, or `}`, should be here")?;
        }
        self.at += 1;
        Ok(Value::Object(object))
    }

    fn array(&mut self, depth: usize) -> Result<Value, Wrong> {
        self.at += 1;
        self.memory += FIRST * VALUE;
        let mut items = Vec::new();
        loop {
            if self.peek().ok_or(Wrong::Ends)? == b']' {
                break;
            }
            if self.memory > MEMORY_NESTED {
                items.push(self.folded(1)?);
                return Ok(Value::Array(items));
            }
            items.push(self.value(depth)?);
            self.comma(b']', "a comma, or `]`, should be here")?;
        }
        self.at += 1;
        Ok(Value::Array(items))
    }

    /// Goes behind a comma, or to the closing bracket.
    fn comma(&mut self, close: u8, wanted: &'static str) -> Result<(), Wrong> {
        match self.peek().ok_or(Wrong::Ends)? {
            b',' => self.at += 1,
            byte if byte == close => return Ok(()),
            _ => return Err(Wrong::Syntax(wanted)),
        }
        if self.peek().ok_or(Wrong::Ends)? == close {
            self.changes.note(Change::Comma);
        }
        Ok(())
    }

    /// The text from here to the bracket that closes what is `open`, which is left behind: of what is not kept as values.
    fn folded(&mut self, open: usize) -> Result<Value, Wrong> {
        let start = self.at;
        let mut depth = open;
        let (mut in_string, mut escaped) = (false, false);
        for (i, byte) in self.text.iter().enumerate().skip(start) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                self.at = i + 1;
                self.changes.note(Change::Folded);
                // A closing bracket of what is around is no part of the text.
                let text = self.text.get(start..self.at - open.min(1)).unwrap_or_default();
                return Ok(Value::String(String::from_utf8_lossy(text).into_owned()));
            }
        }
        Err(Wrong::Ends)
    }

    fn string(&mut self) -> Result<String, Wrong> {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).ok_or(Wrong::Ends)?;
            let (part, rest) = rest.split_at(plain);
            if part.iter().any(|byte| *byte < 0x20) {
                self.changes.note(Change::Control);
            }
            bytes.extend_from_slice(part);
            self.at += plain + 1;
            if rest.first() == Some(&b'"') {
                break;
            }
            self.escape(&mut bytes)?;
        }
        bytes.shrink_to_fit();
        String::from_utf8(bytes).or_else(|error| {
            self.changes.note(Change::Bytes);
            Ok(String::from_utf8_lossy(error.as_bytes()).into_owned())
        })
    }

    /// What stands behind a backslash. An escape that JSON does not have is what it looks like, as in `"C:\Users"`.
    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Wrong> {
        let byte = *self.text.get(self.at).ok_or(Wrong::Ends)?;
        self.at += 1;
        let meant = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' if self.unit(self.at).is_some() => return self.character(out),
            other => {
                self.changes.note(Change::Escape);
                out.push(b'\\');
                other
            }
        };
        out.push(meant);
        Ok(())
    }

    /// The four hexadecimal digits of a `\u`, and of a second one where the first is half a character.
    fn character(&mut self, out: &mut Vec<u8>) -> Result<(), Wrong> {
        let Some(unit) = self.unit(self.at) else { return Ok(()) };
        self.at += 4;
        let second = match self.text.get(self.at..self.at + 2) {
            Some(b"\\u") => self.unit(self.at + 2),
            _ => None,
        };
        let c = match (char::from_u32(unit.into()), second.map(|second| char::decode_utf16([unit, second]).next())) {
            (Some(c), _) => c,
            (None, Some(Some(Ok(c)))) => {
                self.at += 6;
                c
            }
            (None, _) => {
                self.changes.note(Change::HalfCharacter);
                char::REPLACEMENT_CHARACTER
            }
        };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    /// `true`, `false`, `null`, a number, or what looks like one.
    fn word(&mut self) -> Result<Value, Wrong> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let ends =
            |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b':' | b'[' | b']' | b'{' | b'}' | b'"');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let word = std::str::from_utf8(rest.get(..length).unwrap_or_default()).unwrap_or("");
        let value = match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            word => match number(word) {
                Some(number) => Value::Number(number),
                None if is_like_number(word) => {
                    self.changes.note(Change::Number);
                    Value::String(word.to_owned())
                }
                None => return Err(Wrong::Syntax("a value should be here")),
            },
        };
        self.at += length;
        Ok(value)
    }
}

/// SEMANTICS.md, "Events": integers from -2^63 to 2^64-1 are exact, every other number is the nearest double. `None` for
/// what is no number of JSON, and for one beyond the range of doubles.
fn number(word: &str) -> Option<Number> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_json = digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits);
    if !is_json {
        return None;
    }
    let exact = || word.parse::<i64>().map(Number::from).or_else(|_| word.parse::<u64>().map(Number::from)).ok();
    let exact = if word == "-0" { None } else { exact() };
    exact.or_else(|| Number::from_f64(word.parse().ok()?))
}

/// What other programs write for numbers: those that JSON does not have, with signs or zeros in front, hexadecimal ones, and
/// those beyond the range of doubles.
fn is_like_number(word: &str) -> bool {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let begins = unsigned.strip_prefix('.').unwrap_or(unsigned).starts_with(|c: char| c.is_ascii_digit());
    let only = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
    matches!(unsigned, "NaN" | "nan" | "Infinity" | "inf" | "Inf") || begins && unsigned.chars().all(only)
}
