//! Regular expressions: those of PCRE2 that the `regex` crate answers alike, with the few differences written away.
//!
//! `\d \w \s \b` are ASCII in PCRE2 without UCP; `$` also matches before a line break that ends the text. What cannot be
//! made equal is refused: look-around and the like (no syntax of the crate), `\p{}`, possessive repetitions, set
//! operations in brackets, `\B`, `^` under the flag `m` (it does not match behind a line break that ends the text: page
//! "pcre2pattern", "Circumflex and dollar"), `$` before something. Under the flag `i` a `\w` in brackets also takes the two
//! letters outside ASCII that fold into it (U+017F, U+212A). One look-behind is known: `(?<![^\n])`, the start of a line, is
//! the crate's `(?m:^)`.

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::{
    self, Assertion, AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSet, ClassSetItem, Flag, FlagsItemKind,
    HexLiteralKind, Literal, LiteralKind, RepetitionKind, RepetitionRange, SpecialLiteralKind,
};

use super::ast::Text;
use crate::lang::{Error, MAX_DEPTH};

/// Compiles a pattern that is asked only whether it finds a match.
pub(super) fn compile(text: &Text) -> Result<Regex, Error> {
    build(text, EndOfLine::Allowed)
}

/// Compiles a pattern whose matches are replaced: an end of the text must not take the line break with it.
pub(super) fn compile_for_replace(text: &Text) -> Result<Regex, Error> {
    build(text, EndOfLine::Refused)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndOfLine {
    Allowed,
    Refused,
}

fn build(text: &Text, end: EndOfLine) -> Result<Regex, Error> {
    let fail = |message: String| Error::new(message, text.span);
    let (source, line_starts) = mark_line_starts(&text.regex()?);
    let depth = u32::try_from(MAX_DEPTH).unwrap_or(u32::MAX);
    let parsed = ast::parse::ParserBuilder::new().nest_limit(depth).build().parse(&source);
    let parsed = parsed.map_err(|error| fail(format!("the regex is not valid or not modelled: {}", error.kind())))?;
    let mut rewrite = Rewrite { source: &source, out: String::new(), copied: 0, multi_line: false, line_starts };
    rewrite.visit(&parsed, end).map_err(|what| fail(format!("{what} in a regex is not modelled")))?;
    rewrite.copy_to(source.len());
    RegexBuilder::new(&rewrite.out).build().map_err(|_| fail("the regex is too large".to_owned()))
}

/// "Before it no character but a line break."
const LINE_START: &str = "(?<![^\\n])";
/// The same in the syntax of the crate, in two parts.
const LINE_START_HERE: (&str, &str) = ("(?m:", "^)");

/// The pattern with every [`LINE_START`] as the crate writes it, and the places of those `^`.
fn mark_line_starts(pattern: &str) -> (String, Vec<usize>) {
    let (mut out, mut places) = (String::with_capacity(pattern.len()), Vec::new());
    let mut rest = pattern;
    // Where a set begins; a `]` there does not end it.
    let mut set: Option<usize> = None;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match (c, set) {
            ('(', None) if rest.starts_with(LINE_START) => {
                out.push_str(LINE_START_HERE.0);
                places.push(out.len());
                out.push_str(LINE_START_HERE.1);
                rest = rest.get(LINE_START.len()..).unwrap_or("");
                continue;
            }
            ('\\', _) => taken += rest.chars().nth(1).map_or(0, char::len_utf8),
            ('[', None) => {
                taken += usize::from(rest.starts_with("[^"));
                set = Some(out.len() + taken);
            }
            (']', Some(start)) if out.len() > start => set = None,
            _ => {}
        }
        let (now, later) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        out.push_str(now);
        rest = later;
    }
    (out, places)
}

/// Copies a pattern, replacing what PCRE2 reads in another way.
struct Rewrite<'a> {
    source: &'a str,
    out: String,
    copied: usize,
    multi_line: bool,
    /// Where a `^` stands for a look-behind.
    line_starts: Vec<usize>,
}

type Refusal = &'static str;

impl Rewrite<'_> {
    fn copy_to(&mut self, end: usize) {
        self.out += self.source.get(self.copied..end).unwrap_or("");
        self.copied = end;
    }

    fn replace(&mut self, span: &ast::Span, by: &str) {
        self.copy_to(span.start.offset);
        self.out += by;
        self.copied = span.end.offset;
    }

    /// `end` tells whether `$` may stand here: nothing may follow it.
    fn visit(&mut self, node: &Ast, end: EndOfLine) -> Result<(), Refusal> {
        match node {
            Ast::Empty(_) | Ast::Dot(_) => Ok(()),
            Ast::Flags(flags) => self.flags(&flags.flags),
            Ast::Literal(literal) => check_literal(literal),
            Ast::Assertion(assertion) => self.assertion(assertion, end),
            Ast::ClassUnicode(_) => Err("`\\p`"),
            Ast::ClassPerl(class) => {
                let set = perl(class);
                self.replace(&class.span, &format!("(?-i:{set})"));
                Ok(())
            }
            Ast::ClassBracketed(class) => self.set(&class.kind),
            Ast::Repetition(repetition) => {
                check_repetition(repetition, self.source)?;
                self.visit(&repetition.ast, EndOfLine::Refused)
            }
            Ast::Group(group) => {
                let outer = self.multi_line;
                match &group.kind {
                    ast::GroupKind::NonCapturing(flags) => self.flags(flags)?,
                    ast::GroupKind::CaptureName { name, .. } if !is_group_name(&name.name) => {
                        return Err("a group's name that is not of at most 32 ASCII letters, digits and `_`");
                    }
                    _ => {}
                }
                self.visit(&group.ast, end)?;
                self.multi_line = outer;
                Ok(())
            }
            Ast::Alternation(alternation) => alternation.asts.iter().try_for_each(|branch| self.visit(branch, end)),
            Ast::Concat(concat) => {
                let last = concat.asts.len().saturating_sub(1);
                concat
                    .asts
                    .iter()
                    .enumerate()
                    .try_for_each(|(at, part)| self.visit(part, if at == last { end } else { EndOfLine::Refused }))
            }
        }
    }

    fn flags(&mut self, flags: &ast::Flags) -> Result<(), Refusal> {
        let mut on = true;
        for item in &flags.items {
            match item.kind {
                FlagsItemKind::Negation => on = false,
                FlagsItemKind::Flag(Flag::MultiLine) => self.multi_line = on,
                FlagsItemKind::Flag(Flag::CaseInsensitive | Flag::DotMatchesNewLine) => {}
                FlagsItemKind::Flag(_) => return Err("a flag other than `i`, `m` and `s`"),
            }
        }
        Ok(())
    }

    fn assertion(&mut self, assertion: &Assertion, end: EndOfLine) -> Result<(), Refusal> {
        let span = &assertion.span;
        match assertion.kind {
            AssertionKind::StartText | AssertionKind::EndText => Ok(()),
            AssertionKind::StartLine if self.line_starts.contains(&span.start.offset) => Ok(()),
            AssertionKind::StartLine if self.multi_line => Err("`^` under the flag `m`"),
            AssertionKind::StartLine => Ok(()),
            AssertionKind::EndLine if self.multi_line => Ok(()),
            AssertionKind::EndLine if end == EndOfLine::Refused => Err("`$` before the end"),
            AssertionKind::EndLine => {
                self.replace(span, "(?:\\n?\\z)");
                Ok(())
            }
            AssertionKind::WordBoundary => {
                self.replace(span, "(?-u:\\b)");
                Ok(())
            }
            // In PCRE2 an escaped sign is the sign.
            AssertionKind::WordBoundaryStartAngle => {
                self.replace(span, "<");
                Ok(())
            }
            AssertionKind::WordBoundaryEndAngle => {
                self.replace(span, ">");
                Ok(())
            }
            _ => Err("`\\B` or a special word boundary"),
        }
    }

    fn set(&mut self, set: &ClassSet) -> Result<(), Refusal> {
        match set {
            ClassSet::Item(item) => self.set_item(item),
            ClassSet::BinaryOp(_) => Err("a set operation"),
        }
    }

    fn set_item(&mut self, item: &ClassSetItem) -> Result<(), Refusal> {
        match item {
            ClassSetItem::Empty(_) | ClassSetItem::Ascii(_) => Ok(()),
            ClassSetItem::Literal(literal) => check_literal(literal),
            ClassSetItem::Range(range) => check_literal(&range.start).and(check_literal(&range.end)),
            ClassSetItem::Unicode(_) => Err("`\\p`"),
            ClassSetItem::Perl(class) => {
                self.replace(&class.span, perl(class));
                Ok(())
            }
            ClassSetItem::Bracketed(_) => Err("a set within a set"),
            ClassSetItem::Union(union) => union.items.iter().try_for_each(|item| self.set_item(item)),
        }
    }
}

/// Whether PCRE2 takes the name: its rules are narrower than the crate's.
fn is_group_name(name: &str) -> bool {
    name.len() <= 32 && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
}

/// The ASCII meaning of `\d`, `\s` and `\w`; `\s` has the vertical tab.
fn perl(class: &ClassPerl) -> &'static str {
    match (&class.kind, class.negated) {
        (ClassPerlKind::Digit, false) => "[0-9]",
        (ClassPerlKind::Digit, true) => "[^0-9]",
        (ClassPerlKind::Space, false) => r"[\t\n\x0B\x0C\r\x20]",
        (ClassPerlKind::Space, true) => r"[^\t\n\x0B\x0C\r\x20]",
        (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
        (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
    }
}

fn check_literal(literal: &Literal) -> Result<(), Refusal> {
    match literal.kind {
        LiteralKind::Special(SpecialLiteralKind::VerticalTab) => Err("`\\v`, a class in PCRE2,"),
        LiteralKind::HexFixed(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) => Err("`\\u`"),
        LiteralKind::HexBrace(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) => Err("`\\u`"),
        _ => Ok(()),
    }
}

fn check_repetition(repetition: &ast::Repetition, source: &str) -> Result<(), Refusal> {
    if matches!(*repetition.ast, Ast::Repetition(_)) {
        return Err("a possessive repetition");
    }
    let span = &repetition.op.span;
    let written = source.get(span.start.offset..span.end.offset).unwrap_or("");
    match &repetition.op.kind {
        // PCRE2 before 10.43 reads it as text.
        _ if written.starts_with("{,") => Err("`{,n}`"),
        RepetitionKind::Range(_) if written.contains(' ') => Err("a space in a repetition"),
        RepetitionKind::Range(
            RepetitionRange::Exactly(most) | RepetitionRange::AtLeast(most) | RepetitionRange::Bounded(_, most),
        ) if *most > 65_535 => Err("a repetition above 65535"),
        _ => Ok(()),
    }
}
