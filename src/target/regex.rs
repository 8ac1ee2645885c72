//! Regular expressions in the targets' dialects, printed from the IR's tree.
//!
//! A [`Dialect`] is data: how an engine of that family writes each construct, with `None` for what it cannot say. The
//! printer asks the dialect and never lets text through unread. Greediness is dropped (a rule asks only whether there is
//! a match), groups only group, and shorthands are used only where the engine's meaning is exactly the ASCII one.
//! Lucene's language is too different and has a printer of its own in the room of EQL. Quoting the result as a string
//! literal is the quoter's job.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use crate::ir::Regex;
use crate::ir::regex::{Class, ClassItem, Look, PerlKind, Tree};

/// How a family of engines writes regular expressions. All engines meant here *search*.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// What stands before an expression all of whose letters ignore case; `None`: letters become classes.
    pub fold_prefix: Option<&'static str>,
    /// What always stands first.
    pub prefix: &'static str,
    /// Any character but `\n`.
    pub dot: &'static str,
    /// Any character.
    pub dot_all: &'static str,
    /// The very start.
    pub start: &'static str,
    /// The very end, not before a final line break.
    pub end: &'static str,
    /// A line's start (after `\n` only).
    pub line_start: Option<&'static str>,
    /// A line's end (before `\n` only).
    pub line_end: Option<&'static str>,
    /// A word boundary between ASCII word characters and others.
    pub word_boundary: Option<&'static str>,
    /// No such boundary.
    pub not_word_boundary: Option<&'static str>,
    /// Shorthand for ASCII digits, with its complement.
    pub digit: Option<(&'static str, &'static str)>,
    /// Shorthand for `[\t\n\x0B\f\r ]`, with its complement.
    pub space: Option<(&'static str, &'static str)>,
    /// Shorthand for `[0-9A-Za-z_]`, with its complement.
    pub word: Option<(&'static str, &'static str)>,
    /// How a group opens.
    pub group: &'static str,
    /// How a character is written by its code point; `None` where the engine cannot hold it.
    pub code_point: fn(u32) -> Option<String>,
    /// The largest count of a repetition.
    pub max_repeat: u32,
}

fn braced_hex(code: u32) -> Option<String> {
    Some(format!("\\x{{{code:X}}}"))
}

fn postgres_hex(code: u32) -> Option<String> {
    match code {
        0 => None,
        1..=0xFFFF => Some(format!("\\u{code:04X}")),
        _ => Some(format!("\\U{code:08X}")),
    }
}

/// A boundary of ASCII words for engines with look-around whose own `\b` knows other letters.
const ASCII_BOUNDARY: &str = "(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))";
/// The complement of [`ASCII_BOUNDARY`].
const NOT_ASCII_BOUNDARY: &str = "(?:(?<![0-9A-Za-z_])(?![0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_]))";

/// RE2 with its defaults (DuckDB). `\s` of RE2 lacks the vertical tab.
pub const RE2: Dialect = Dialect {
    fold_prefix: Some("(?i)"),
    prefix: "",
    dot: ".",
    dot_all: "(?s:.)",
    start: "^",
    end: "$",
    line_start: Some("(?m:^)"),
    line_end: Some("(?m:$)"),
    word_boundary: Some("\\b"),
    not_word_boundary: Some("\\B"),
    digit: Some(("\\d", "\\D")),
    space: None,
    word: Some(("\\w", "\\W")),
    group: "(?:",
    code_point: braced_hex,
    max_repeat: 1000,
};

/// RE2 as ClickHouse calls it, where the dot matches `\n` by default.
pub const RE2_DOT_ALL: Dialect = Dialect { dot: "[^\\n]", dot_all: ".", ..RE2 };

/// The `regex` crate with Unicode classes on.
pub const RUST: Dialect = Dialect {
    word_boundary: Some("(?-u:\\b)"),
    not_word_boundary: Some("(?-u:\\B)"),
    digit: None,
    word: None,
    max_repeat: 100_000,
    ..RE2
};

/// PCRE2 without UCP (Splunk). Its `^` of lines does not match behind a line break that ends the text.
pub const PCRE2: Dialect =
    Dialect { end: "\\z", line_start: Some("(?<![^\\n])"), space: Some(("\\s", "\\S")), max_repeat: 65_535, ..RE2 };

/// java.util.regex (Spark): several line terminators, so the dot and the line anchors are written out.
pub const JAVA: Dialect = Dialect {
    fold_prefix: Some("(?iu)"),
    dot: "[^\\n]",
    dot_all: "(?s:.)",
    end: "\\z",
    line_start: Some("(?:^|(?<=\\n))"),
    line_end: Some("(?:\\z|(?=\\n))"),
    word_boundary: Some(ASCII_BOUNDARY),
    not_word_boundary: Some(NOT_ASCII_BOUNDARY),
    space: Some(("\\s", "\\S")),
    max_repeat: 65_535,
    ..RE2
};

/// PostgreSQL's advanced regular expressions without newline-sensitive flags: the dot matches `\n`.
pub const POSTGRES: Dialect = Dialect {
    dot: "[^\\n]",
    dot_all: ".",
    end: "$",
    line_start: Some("(?:^|(?<=\\n))"),
    line_end: Some("(?:$|(?=\\n))"),
    word_boundary: Some(ASCII_BOUNDARY),
    not_word_boundary: Some(NOT_ASCII_BOUNDARY),
    digit: None,
    word: None,
    code_point: postgres_hex,
    max_repeat: 255,
    ..RE2
};

/// Why a dialect cannot say an expression, in words that continue "… cannot say this regular expression: ".
pub type Refusal = String;

/// The expression in the dialect's syntax.
///
/// # Errors
/// Where the dialect has no form for a construct; the text says which.
pub fn print(regex: &Regex, dialect: &Dialect) -> Result<String, Refusal> {
    let mut letters = Letters::default();
    letters.visit(&regex.tree);
    let (prefix, fold) = match (letters, dialect.fold_prefix) {
        (Letters { folded: true, exact: false }, Some(prefix)) => (prefix, FoldForm::ByPrefix),
        _ => ("", FoldForm::ByClass),
    };
    let mut printer = Printer { dialect, fold, out: format!("{}{prefix}", dialect.prefix) };
    printer.tree(&regex.tree)?;
    Ok(printer.out)
}

/// All characters of the same simple case folding, the character among them, ascending.
pub fn fold_orbit(c: char) -> Vec<char> {
    match c {
        // Two signs beyond ASCII fold to these letters; the tables know them.
        'k' | 'K' | 's' | 'S' => {}
        _ if c.is_ascii_alphabetic() => return vec![c.to_ascii_uppercase(), c.to_ascii_lowercase()],
        _ if c.is_ascii() => return vec![c],
        _ => {}
    }
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
    class.case_fold_simple();
    class.iter().flat_map(|range| range.start()..=range.end()).collect()
}

/// Whether another character has the same simple case folding.
pub fn is_cased(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { fold_orbit(c).len() > 1 }
}

/// Which kinds of leaves with letters there are.
#[derive(Debug, Clone, Copy, Default)]
struct Letters {
    folded: bool,
    exact: bool,
}

impl Letters {
    fn visit(&mut self, tree: &Tree) {
        match tree {
            Tree::Literal { c, fold } => self.note(is_cased(*c), *fold),
            Tree::Class(class) => {
                self.note(ranges(&class.items) != folded(&class.items), class.fold);
            }
            Tree::Repeat { tree, .. } | Tree::Group(tree) => self.visit(tree),
            Tree::Concat(parts) | Tree::Alternate(parts) => parts.iter().for_each(|part| self.visit(part)),
            Tree::Empty | Tree::Dot { .. } | Tree::Look(_) => {}
        }
    }

    fn note(&mut self, cased: bool, fold: bool) {
        self.folded |= cased && fold;
        self.exact |= cased && !fold;
    }
}

/// How letters that ignore case are written.
#[derive(Clone, Copy, PartialEq)]
enum FoldForm {
    /// A flag at the start says it for all.
    ByPrefix,
    /// Each becomes a class.
    ByClass,
}

struct Printer<'d> {
    dialect: &'d Dialect,
    fold: FoldForm,
    out: String,
}

impl Printer<'_> {
    fn tree(&mut self, tree: &Tree) -> Result<(), Refusal> {
        match tree {
            Tree::Empty => {}
            Tree::Literal { c, fold } if *fold && self.fold == FoldForm::ByClass && is_cased(*c) => {
                self.class(&Class { negated: false, fold: true, items: vec![ClassItem::Range(*c, *c)] })?;
            }
            Tree::Literal { c, .. } => self.character(*c, "\\.+*?()|[]{}^$#&~")?,
            Tree::Dot { newline: true } => self.out.push_str(self.dialect.dot_all),
            Tree::Dot { newline: false } => self.out.push_str(self.dialect.dot),
            Tree::Class(class) => self.class(class)?,
            Tree::Look(look) => self.look(*look)?,
            Tree::Repeat { min, max, tree, .. } => self.repeat(*min, *max, tree)?,
            Tree::Group(tree) => self.group(tree)?,
            Tree::Concat(parts) => {
                for part in parts {
                    match part {
                        Tree::Alternate(_) => self.group(part)?,
                        _ => self.tree(part)?,
                    }
                }
            }
            Tree::Alternate(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        self.out.push('|');
                    }
                    self.tree(part)?;
                }
            }
        }
        Ok(())
    }

    fn group(&mut self, tree: &Tree) -> Result<(), Refusal> {
        self.out.push_str(self.dialect.group);
        self.tree(tree)?;
        self.out.push(')');
        Ok(())
    }

    fn repeat(&mut self, min: u32, max: Option<u32>, tree: &Tree) -> Result<(), Refusal> {
        if max.unwrap_or(min).max(min) > self.dialect.max_repeat {
            return Err(format!("it repeats at most {} times", self.dialect.max_repeat));
        }
        match tree {
            Tree::Literal { .. } | Tree::Dot { .. } | Tree::Class(_) | Tree::Group(_) => self.tree(tree)?,
            _ => self.group(tree)?,
        }
        match (min, max) {
            (0, Some(1)) => self.out.push('?'),
            (0, None) => self.out.push('*'),
            (1, None) => self.out.push('+'),
            (n, None) => self.out.push_str(&format!("{{{n},}}")),
            (n, Some(m)) if n == m => self.out.push_str(&format!("{{{n}}}")),
            (n, Some(m)) => self.out.push_str(&format!("{{{n},{m}}}")),
        }
        Ok(())
    }

    fn look(&mut self, look: Look) -> Result<(), Refusal> {
        let dialect = self.dialect;
        let (text, what) = match look {
            Look::Start => (Some(dialect.start), "the start of the text"),
            Look::End => (Some(dialect.end), "the end of the text"),
            Look::LineStart => (dialect.line_start, "the start of a line"),
            Look::LineEnd => (dialect.line_end, "the end of a line"),
            Look::WordBoundary => (dialect.word_boundary, "a word boundary"),
            Look::NotWordBoundary => (dialect.not_word_boundary, "the absence of a word boundary"),
        };
        self.out.push_str(text.ok_or_else(|| format!("it has no form for {what}"))?);
        Ok(())
    }

    fn class(&mut self, class: &Class) -> Result<(), Refusal> {
        if let [ClassItem::Perl { kind, negated }] = class.items.as_slice()
            && let Some(text) = self.shorthand(*kind, negated ^ class.negated)
        {
            self.out.push_str(text);
            return Ok(());
        }
        if class.items.is_empty() {
            return Err("it has no form for an empty class".into());
        }
        self.out.push_str(if class.negated { "[^" } else { "[" });
        if class.fold && self.fold == FoldForm::ByClass {
            for (first, last) in folded(&class.items) {
                self.range(first, last)?;
            }
        } else {
            for item in &class.items {
                self.item(item)?;
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn item(&mut self, item: &ClassItem) -> Result<(), Refusal> {
        match item {
            ClassItem::Range(first, last) => self.range(*first, *last),
            ClassItem::Perl { kind, negated } => match self.shorthand(*kind, *negated) {
                Some(text) => {
                    self.out.push_str(text);
                    Ok(())
                }
                None => ranges(std::slice::from_ref(item)).into_iter().try_for_each(|(a, b)| self.range(a, b)),
            },
        }
    }

    fn shorthand(&self, kind: PerlKind, negated: bool) -> Option<&'static str> {
        let pair = match kind {
            PerlKind::Digit => self.dialect.digit,
            PerlKind::Space => self.dialect.space,
            PerlKind::Word => self.dialect.word,
        };
        pair.map(|(is, is_not)| if negated { is_not } else { is })
    }

    fn range(&mut self, first: char, last: char) -> Result<(), Refusal> {
        const META: &str = "\\[]^-&~";
        self.character(first, META)?;
        if last > first {
            if last as u32 > first as u32 + 1 {
                self.out.push('-');
            }
            self.character(last, META)?;
        }
        Ok(())
    }

    fn character(&mut self, c: char, meta: &str) -> Result<(), Refusal> {
        match c {
            '\n' => self.out.push_str("\\n"),
            '\t' => self.out.push_str("\\t"),
            '\r' => self.out.push_str("\\r"),
            c if c.is_control() || c as u32 >= 0xE000 && (c as u32) < 0xF900 || c == char::MAX => {
                let code = (self.dialect.code_point)(c as u32);
                self.out.push_str(&code.ok_or_else(|| format!("it cannot hold the character U+{:04X}", c as u32))?);
            }
            c => {
                if meta.contains(c) {
                    self.out.push('\\');
                }
                self.out.push(c);
            }
        }
        Ok(())
    }
}

/// The characters that class items list (before negation and folding), as ascending ranges.
pub fn ranges(items: &[ClassItem]) -> Vec<(char, char)> {
    pairs(&union(items, |_| {}))
}

/// The characters that class items list with every case variant of those listed as ranges; shorthands do not fold.
pub fn folded(items: &[ClassItem]) -> Vec<(char, char)> {
    pairs(&union(items, ClassUnicode::case_fold_simple))
}

fn union(items: &[ClassItem], variants: impl Fn(&mut ClassUnicode)) -> ClassUnicode {
    let mut all = ClassUnicode::empty();
    for item in items {
        all.union(&match item {
            ClassItem::Range(first, last) => {
                let mut class = ClassUnicode::new([ClassUnicodeRange::new(*first, *last)]);
                variants(&mut class);
                class
            }
            ClassItem::Perl { kind, negated } => {
                let mut class = ClassUnicode::new(kind.ranges().iter().map(|(a, b)| ClassUnicodeRange::new(*a, *b)));
                if *negated {
                    class.negate();
                }
                class
            }
        });
    }
    all
}

fn pairs(class: &ClassUnicode) -> Vec<(char, char)> {
    class.iter().map(|range| (range.start(), range.end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::regex::Flags;

    fn show(text: &str, dialect: &Dialect) -> String {
        let regex = Regex::parse(text, Flags::default()).expect(text);
        print(&regex, dialect).unwrap_or_else(|refusal| format!("refused: {refusal}"))
    }

    #[test]
    fn the_same_expression_in_each_dialect() {
        let text = r"(?i)^net1?\s+(user|grp)\d{2,}.*?x$";
        assert_eq!(show(text, &RE2), r"(?i)^net1?[\t-\r ]+(?:user|grp)\d{2,}.*x$");
        assert_eq!(show(text, &RE2_DOT_ALL), r"(?i)^net1?[\t-\r ]+(?:user|grp)\d{2,}[^\n]*x$");
        assert_eq!(show(text, &RUST), r"(?i)^net1?[\t-\r ]+(?:user|grp)[0-9]{2,}.*x$");
        assert_eq!(show(text, &PCRE2), r"(?i)^net1?\s+(?:user|grp)\d{2,}.*x\z");
        assert_eq!(show(text, &JAVA), r"(?iu)^net1?\s+(?:user|grp)\d{2,}[^\n]*x\z");
        assert_eq!(show(text, &POSTGRES), r"(?i)^net1?[\t-\r ]+(?:user|grp)[0-9]{2,}[^\n]*x$");
        let lines = r"(?m)^a$";
        assert_eq!(show(lines, &RE2), r"(?m:^)a(?m:$)");
        assert_eq!(show(lines, &PCRE2), r"(?<![^\n])a(?m:$)");
        assert_eq!(show(lines, &JAVA), r"(?:^|(?<=\n))a(?:\z|(?=\n))");
    }

    #[test]
    fn flags_in_the_middle_become_classes() {
        assert_eq!(show("a(?i)b", &RE2), "a[Bb]");
        assert_eq!(show("(?i:k)A", &RE2), "(?:[Kk\u{212A}])A");
        assert_eq!(show("(?i)1k", &RE2), "(?i)1k");
    }

    #[test]
    fn metacharacters_and_controls_are_escaped() {
        assert_eq!(show(r"a\.b\\c\[\$\x00\n", &RE2), r"a\.b\\c\[\$\x{0}\n");
        assert_eq!(show(r"\x00", &POSTGRES), "refused: it cannot hold the character U+0000");
        assert_eq!(show(r"[\]\-\^a]", &RE2), r"[\]\-\^a]");
        assert_eq!(show(r"[^\S\n]", &RE2), r"[^\x{0}-\x{8}\x{E}-\x{1F}!-\x{10FFFF}\n]");
        assert_eq!(show(r"x{2000}", &RE2), "refused: it repeats at most 1000 times");
    }

    #[test]
    fn printing_to_the_rust_dialect_keeps_the_meaning() {
        let hay = ["", "net user", "NET1  USERx", "a\nb", "k\u{212A}K", "\u{17F}s", "x\u{B}y", "0\u{660}"];
        for text in [r"(?m)^b$", r"a.b", r"(?s)a.b", r"(?i)k+", r"\bnet\b", r"x\sy", r"\d\D", r"(|a)b", r"[^\d\s]\w*"] {
            let ours = regex::Regex::new(&show(text, &RUST)).expect(text);
            let ascii = text.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]").replace(r"\D", "[^0-9]");
            let ascii = ascii
                .replace(r"\s", r"[\t-\r ]")
                .replace(r"\w", "[0-9A-Za-z_]")
                .replace("[^[0-9][\\t-\\r ]]", r"[^0-9\t-\r ]");
            let theirs = regex::Regex::new(&ascii).expect(&ascii);
            for h in hay {
                assert_eq!(ours.is_match(h), theirs.is_match(h), "{text} on {h:?}");
            }
        }
    }
}
