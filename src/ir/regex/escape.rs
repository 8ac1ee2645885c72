//! Escapes: what a backslash and the characters after it stand for, inside and outside of brackets.

use super::read::Reader;
use super::{Class, ClassItem, Look, PerlKind, RegexError, Tree, names};

/// `\h`: the blanks of a line.
const HORIZONTAL: &[(char, char)] = &[
    ('\t', '\t'),
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
];

/// `\v`: the ends of lines.
const VERTICAL: &[(char, char)] = &[('\n', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')];

/// What an escape stands for wherever it is.
pub(super) enum Escape {
    /// A character.
    Char(char),
    /// A shorthand, which folding leaves as it is.
    Perl(ClassItem),
    /// A set of characters, which folding leaves as it is.
    Set(Vec<(char, char)>),
    /// Something with another meaning inside of brackets than outside, or none there.
    Other(char),
}

impl Reader<'_> {
    /// An escape outside of brackets; the backslash at `start` was taken.
    pub fn escape(&mut self, start: usize) -> Result<Tree, RegexError> {
        Ok(match self.common_escape(start)? {
            Escape::Char(c) => self.literal(c),
            Escape::Perl(item) => Tree::Class(Class { negated: false, fold: false, items: vec![item] }),
            Escape::Set(ranges) => Tree::Class(listed(&ranges)),
            Escape::Other('b') => Tree::Look(Look::WordBoundary),
            Escape::Other('B') => Tree::Look(Look::NotWordBoundary),
            // A search begins at the start of the text, and only once.
            Escape::Other('A' | 'G') => Tree::Look(Look::Start),
            Escape::Other('z') => Tree::Look(Look::End),
            Escape::Other('K') => Tree::Empty, // where the match is said to begin: the answer is yes or no
            Escape::Other('N') => Tree::Dot { newline: false },
            Escape::Other('R') => line_break(),
            Escape::Other('Z') => {
                let error = self.error(start..self.at, r"`\Z`, the end or before a last line break, is not supported");
                return Err(error.help(r"write `\z` for the end, or `\n?\z` where nothing follows"));
            }
            Escape::Other('X') => return Err(self.unsupported(start..self.at, "grapheme clusters (`\\X`)")),
            Escape::Other('C') => return Err(self.unsupported(start..self.at, "single bytes (`\\C`)")),
            Escape::Other('k' | 'g') => {
                let end = self.at + self.rest().find(['}', '>', '\'']).map_or(self.rest().len().min(1), |i| i + 1);
                return Err(self.unsupported(start..end, "back-references"));
            }
            Escape::Other(digit) => {
                debug_assert!(digit.is_ascii_digit());
                return Err(self.unsupported(start..self.at, "back-references"));
            }
        })
    }

    /// What means the same inside and outside of brackets; a digit that may refer is left to the caller.
    pub fn common_escape(&mut self, start: usize) -> Result<Escape, RegexError> {
        let Some(c) = self.next() else {
            let error = self.error(start..self.at, r"the expression ends in a `\`");
            return Err(error.help(r"write `\\` for a backslash"));
        };
        Ok(match c {
            c if !c.is_ascii_alphanumeric() => Escape::Char(c),
            'a' => Escape::Char('\u{7}'),
            'e' => Escape::Char('\u{1b}'),
            'f' => Escape::Char('\u{c}'),
            'n' => Escape::Char('\n'),
            'r' => Escape::Char('\r'),
            't' => Escape::Char('\t'),
            'c' => Escape::Char(self.control(start)?),
            'x' => Escape::Char(self.hex(start)?),
            'o' => Escape::Char(self.octal_braces(start)?),
            'u' => Escape::Char(self.unicode(start)?),
            'N' if self.rest().starts_with('{') && !self.at_braces()? => Escape::Char(self.named(start)?),
            'd' => perl(PerlKind::Digit, false),
            'D' => perl(PerlKind::Digit, true),
            's' => perl(PerlKind::Space, false),
            'S' => perl(PerlKind::Space, true),
            'w' => perl(PerlKind::Word, false),
            'W' => perl(PerlKind::Word, true),
            'h' => Escape::Set(HORIZONTAL.to_vec()),
            'H' => Escape::Set(names::complement(HORIZONTAL)),
            'v' => Escape::Set(VERTICAL.to_vec()),
            'V' => Escape::Set(names::complement(VERTICAL)),
            'p' | 'P' => Escape::Set(self.property(start, c == 'P')?),
            '0' => {
                self.at -= 1;
                Escape::Char(self.octal(start, 3)?)
            }
            '1'..='9' => self.digits(start)?,
            'A' | 'B' | 'b' | 'C' | 'G' | 'g' | 'K' | 'k' | 'N' | 'R' | 'X' | 'Z' | 'z' => Escape::Other(c),
            c => {
                let error = self.error(start..self.at, format!("PCRE knows no `\\{c}`"));
                return Err(error.help(format!("write `{c}` for the letter, or `\\\\{c}` for a backslash before it")));
            }
        })
    }

    /// `\1` to `\9`, and more digits: a reference where so many groups were opened, else octal.
    fn digits(&mut self, start: usize) -> Result<Escape, RegexError> {
        self.at -= 1;
        let digits: String = self.rest().chars().take_while(char::is_ascii_digit).collect();
        let first = digits.chars().next().unwrap_or('0');
        let refers = digits.len() == 1 || first >= '8' || digits.parse::<u32>().is_ok_and(|n| n <= self.captures);
        if refers {
            self.at += digits.len();
            return Ok(Escape::Other(first));
        }
        Ok(Escape::Char(self.octal(start, 3)?))
    }

    /// Up to `most` octal digits.
    pub fn octal(&mut self, start: usize, most: usize) -> Result<char, RegexError> {
        let mut number = 0;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
            number = number * 8 + digit;
            self.at += 1;
        }
        self.scalar(start, number)
    }

    fn control(&mut self, start: usize) -> Result<char, RegexError> {
        match self.next() {
            Some(c @ ' '..='~') => Ok(char::from(c.to_ascii_uppercase() as u8 ^ 0x40)),
            _ => Err(self.error(start..self.at, r"`\c` needs a printable ASCII character after it")),
        }
    }

    fn hex(&mut self, start: usize) -> Result<char, RegexError> {
        if self.take("{") {
            let number = self.braced(start, 16)?;
            return self.scalar(start, number);
        }
        let mut number = 0;
        let mut count = 0;
        while count < 2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else { break };
            number = number * 16 + digit;
            self.at += 1;
            count += 1;
        }
        if count == 0 {
            return Err(self.error(start..self.at, r"`\x` needs hexadecimal digits, as in `\x41` or `\x{1F600}`"));
        }
        self.scalar(start, number)
    }

    /// `\uHHHH` and `\u{H...}`, which PCRE takes in its ECMAScript mode only; they can mean nothing else.
    fn unicode(&mut self, start: usize) -> Result<char, RegexError> {
        if self.take("{") {
            let number = self.braced(start, 16)?;
            return self.scalar(start, number);
        }
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(number) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return Err(self.error(start..self.at, r"`\u` needs four hexadecimal digits, as in `\u0041`"));
        };
        self.at += 4;
        self.scalar(start, number)
    }

    /// `\N{U+61}`; names of characters are not known to PCRE either.
    fn named(&mut self, start: usize) -> Result<char, RegexError> {
        let inside = self.rest().get(1..).unwrap_or("");
        let blanks = inside.len() - inside.trim_start_matches([' ', '\t']).len();
        if !inside.get(blanks..).is_some_and(|inside| inside.starts_with("U+")) {
            let error = self.error(start..self.at + 1, r"PCRE knows characters by number only, as in `\N{U+61}`");
            return Err(error.help(r"write `\N(?:{)` for a brace after any character but `\n`"));
        }
        self.at += 1 + blanks + 2;
        let number = self.braced(start, 16)?;
        self.scalar(start, number)
    }

    fn octal_braces(&mut self, start: usize) -> Result<char, RegexError> {
        if !self.take("{") {
            return Err(self.error(start..self.at, r"`\o` needs octal digits in braces, as in `\o{101}`"));
        }
        let number = self.braced(start, 8)?;
        self.scalar(start, number)
    }

    /// The number up to a closing brace; blanks around it do not count.
    fn braced(&mut self, start: usize, radix: u32) -> Result<u32, RegexError> {
        let inside = self.rest().split_once('}').map(|(inside, _)| inside);
        let digits = inside.map(|inside| inside.trim_matches([' ', '\t'])).filter(|digits| {
            !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix)) // no sign
        });
        let end = self.at + inside.map_or(0, |inside| inside.len() + 1);
        match digits {
            Some(digits) => {
                self.at = end;
                Ok(u32::from_str_radix(digits, radix).unwrap_or(u32::MAX))
            }
            None => {
                let digits = if radix == 8 { "octal" } else { "hexadecimal" };
                Err(self.error(start..end.max(self.at), format!("the braces need {digits} digits and a closing `}}`")))
            }
        }
    }

    fn scalar(&self, start: usize, number: u32) -> Result<char, RegexError> {
        char::from_u32(number).ok_or_else(|| self.error(start..self.at, "there is no character of this number"))
    }

    /// `\pL`, `\p{Greek}`, `\p{^Lu}`.
    fn property(&mut self, start: usize, negated: bool) -> Result<Vec<(char, char)>, RegexError> {
        let (name, end) = match self.rest().strip_prefix('{') {
            Some(rest) => rest.split_once('}').map_or(("", self.at + 1), |(name, _)| (name, self.at + name.len() + 2)),
            None => {
                let end = self.peek().map_or(0, char::len_utf8);
                (self.rest().get(..end).unwrap_or(""), self.at + end)
            }
        };
        self.at = end;
        let (name, inverse) = match name.trim().strip_prefix('^') {
            Some(name) => (name.trim(), true),
            None => (name.trim(), false),
        };
        match names::property(name, self.modes.flags.ignore_case) {
            Some(ranges) if negated != inverse => Ok(names::complement(&ranges)),
            Some(ranges) => Ok(ranges),
            None => Err(self.error(start..end, format!("there is no Unicode class named `{name}`"))),
        }
    }
}

fn perl(kind: PerlKind, negated: bool) -> Escape {
    Escape::Perl(ClassItem::Perl { kind, negated })
}

/// A class that lists ranges.
pub(super) fn listed(ranges: &[(char, char)]) -> Class {
    let items = ranges.iter().map(|(from, to)| ClassItem::Range(*from, *to)).collect();
    Class { negated: false, fold: false, items }
}

/// `\R`: a line break of any kind, `\r\n` as one or as two.
fn line_break() -> Tree {
    let c = |c| Tree::Literal { c, fold: false };
    let pair = Tree::Concat(vec![c('\r'), c('\n')]);
    Tree::Group(Box::new(Tree::Alternate(vec![pair, Tree::Class(listed(VERTICAL))])))
}
