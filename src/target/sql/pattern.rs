//! Patterns, equality and lists of values: which operator says which pattern exactly.

use super::Leaves;
use super::dialect::{Folding, Patterns, Values};
use super::quote::Letters;
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::regex::{Class, ClassItem, Flags, Look, Tree};
use crate::ir::{Case, Field, FieldType, Number, Origin, Pattern, Piece, Regex, Shape, Test};
use crate::target::plan::{Context, Plan};
use crate::target::quote::{Operand, Quoted};
use crate::target::regex::{fold_orbit, is_cased};

/// A pattern as an operator's right side. The variants stand in the order of the `keyword` macro's lists.
pub(super) enum Form {
    /// `LIKE` or `ILIKE`: letters fold.
    Like { pattern: Quoted, clause: bool },
    /// `GLOB` or `LIKE`: letters are exact.
    LikeExact { pattern: Quoted, clause: bool },
    /// `GLOB` over the text in lower case.
    GlobFolded(Quoted),
    /// The product's own function.
    Function(Quoted),
    /// A regular expression.
    Regex(Quoted),
}

/// An equality as `operand = value` or `operand IN (values)`: the macro, its operand, the values of this test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Equality {
    pub name: &'static str,
    pub operand: Quoted,
    pub values: Vec<Quoted>,
}

impl Equality {
    /// The leaf.
    pub fn plan(self) -> Plan {
        Plan::leaf(self.name, [Operand::One(self.operand), Operand::Many(self.values)])
    }
}

impl Leaves<'_> {
    /// A pattern that is no equality.
    pub(super) fn pattern(
        &self,
        field: &Field,
        pattern: &Pattern,
        origin: &Origin,
        cx: &mut Context<'_>,
    ) -> Result<Plan, Diagnostic> {
        if pattern.shape() == Shape::Anything {
            return Ok(Plan::leaf("present", [self.quoter.column(field)?.into()]));
        }
        let text = Operand::One(self.quoter.text_of(field)?);
        Ok(match self.form(pattern, origin, cx)? {
            Form::Like { pattern, clause } => Plan::leaf("like", [text, pattern.into(), Operand::Flag(clause)]),
            Form::LikeExact { pattern, clause } => {
                Plan::leaf("like_exact", [text, pattern.into(), Operand::Flag(clause)])
            }
            Form::GlobFolded(pattern) => Plan::leaf("glob_folded", [text, pattern.into()]),
            Form::Function(pattern) => Plan::leaf("like_function", [text, pattern.into()]),
            Form::Regex(pattern) => Plan::leaf("matches", [text, pattern.into()]),
        })
    }

    /// The operator that says the pattern.
    pub(super) fn form(&self, pattern: &Pattern, origin: &Origin, cx: &mut Context<'_>) -> Result<Form, Diagnostic> {
        match self.dialect.patterns {
            Patterns::Glob => self.form_glob(pattern),
            Patterns::Ilike => {
                if pattern.case == Case::Fold {
                    self.note_folding(pattern.chars(), origin, cx);
                }
                match (self.quoter.like(pattern)?, pattern.case) {
                    (None, _) => self.form_regex(pattern),
                    (Some(like), Case::Fold) => Ok(Form::Like { pattern: like.pattern, clause: like.clause }),
                    (Some(like), Case::Exact) => Ok(Form::LikeExact { pattern: like.pattern, clause: like.clause }),
                }
            }
        }
    }

    fn form_glob(&self, pattern: &Pattern) -> Result<Form, Diagnostic> {
        let sets = pattern.pieces().iter().any(|piece| matches!(piece, Piece::OneOf(_)));
        let bytes: usize = pattern.chars().map(char::len_utf8).sum();
        let fits = |limit: usize| bytes.saturating_mul(3).saturating_add(pattern.pieces().len()) <= limit;
        // LIKE and GLOB read the noncharacters U+FFFE and U+FFFF as U+FFFD.
        let read_right = !pattern.chars().any(|c| matches!(c, '\u{FFFD}'..='\u{FFFF}'));
        let plain = read_right && self.dialect.pattern_bytes.is_none_or(fits);
        match pattern.case {
            Case::Exact if plain => {
                Ok(Form::LikeExact { pattern: self.quoter.glob(pattern, Letters::AsWritten)?, clause: false })
            }
            Case::Exact => self.form_regex(pattern),
            Case::Fold if plain && !pattern.chars().any(folds_beyond_ascii) => match self.quoter.like(pattern)? {
                Some(like) => Ok(Form::Like { pattern: like.pattern, clause: like.clause }),
                None => Ok(Form::GlobFolded(self.quoter.glob(pattern, Letters::Lower)?)),
            },
            Case::Fold if sets => self.form_regex(pattern),
            Case::Fold => match self.quoter.like_function(pattern)? {
                Some(pattern) => Ok(Form::Function(pattern)),
                None => self.form_regex(pattern),
            },
        }
    }

    fn form_regex(&self, pattern: &Pattern) -> Result<Form, Diagnostic> {
        Ok(Form::Regex(self.regex(&as_regex(pattern))?))
    }

    /// The test as an equality, where it is one.
    pub(super) fn equality(
        &self,
        field: &Field,
        test: &Test,
        origin: &Origin,
        cx: &mut Context<'_>,
    ) -> Result<Option<Equality>, Diagnostic> {
        match test {
            Test::Pattern(pattern) => match pattern.shape() {
                Shape::Equals(text) => self.equals_text(field, text, pattern.case, origin, cx),
                _ => Ok(None),
            },
            Test::Number(number) => self.equals_number(field, *number).map(Some),
            Test::Bool(value)
                if self.quoter.kind(field) == FieldType::Boolean && self.quoter.values() == Values::Text =>
            {
                let operand = self.quoter.column(field)?;
                Ok(Some(Equality { name: "equals", operand, values: vec![self.quoter.boolean(*value)] }))
            }
            Test::Bool(value) => self.equals_text(field, if *value { "true" } else { "false" }, Case::Fold, origin, cx),
            _ => Ok(None),
        }
    }

    fn equals_text(
        &self,
        field: &Field,
        text: &str,
        case: Case,
        origin: &Origin,
        cx: &mut Context<'_>,
    ) -> Result<Option<Equality>, Diagnostic> {
        let folds = case == Case::Fold && text.chars().any(is_cased);
        let make = |name, operand, value| Ok(Some(Equality { name, operand, values: vec![value] }));
        match self.dialect.patterns {
            Patterns::Glob => {
                if let (true, Ok(number)) = (!folds, text.parse::<i64>())
                    && number.to_string() == text
                {
                    return self.equals_number(field, Number::Int(number.into())).map(Some);
                }
                // A numeric column would turn a literal that looks like a number into one.
                let numeric = text.trim().parse::<f64>().is_ok();
                let operand = if numeric { self.quoter.cast(field)? } else { self.quoter.text_of(field)? };
                if !folds {
                    make("equals", operand, self.quoter.string(text)?)
                } else if text.chars().any(folds_beyond_ascii) {
                    make("equals_function", operand, self.quoter.string(&fold(text))?)
                } else {
                    make("equals_folded", operand, self.quoter.string(text)?)
                }
            }
            Patterns::Ilike if !folds => make("equals", self.quoter.text_of(field)?, self.quoter.string(text)?),
            Patterns::Ilike if text.is_ascii() => {
                let lower = self.quoter.string(&text.to_ascii_lowercase())?;
                make("equals_folded", self.quoter.text_of(field)?, lower)
            }
            Patterns::Ilike => {
                self.note_folding(text.chars(), origin, cx);
                Ok(None)
            }
        }
    }

    /// Number and text of a number: both where a column may hold either.
    fn equals_number(&self, field: &Field, number: Number) -> Result<Equality, Diagnostic> {
        let canonical = number.to_string();
        let text = self.quoter.string(&canonical)?;
        let typed = matches!(self.quoter.kind(field), FieldType::Integer | FieldType::Real);
        match self.quoter.values() {
            Values::Mixed if canonical.parse::<i64>().is_ok() => {
                let values = vec![self.quoter.number(number), text];
                Ok(Equality { name: "equals", operand: self.quoter.column(field)?, values })
            }
            Values::Mixed => Ok(Equality { name: "equals", operand: self.quoter.cast(field)?, values: vec![text] }),
            Values::Text if typed => {
                let values = vec![self.quoter.number(number)];
                Ok(Equality { name: "equals", operand: self.quoter.column(field)?, values })
            }
            Values::Text => Ok(Equality { name: "equals", operand: self.quoter.text_of(field)?, values: vec![text] }),
        }
    }

    /// Warns where the engine's lower case may not fold a letter as the interpreter does.
    pub(super) fn note_folding(&self, chars: impl Iterator<Item = char>, origin: &Origin, cx: &mut Context<'_>) {
        let doubtful: fn(char) -> bool = match self.dialect.folding {
            Folding::Function => return,
            Folding::Locale => |c| is_cased(c) || lower_case_differs(c),
            Folding::LowerCase => lower_case_differs,
        };
        let mut letters: Vec<char> = chars.filter(|c| !c.is_ascii() && doubtful(*c)).collect();
        letters.sort_unstable();
        letters.dedup();
        if letters.is_empty() {
            return;
        }
        let list = letters.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
        let how = match self.dialect.folding {
            Folding::Locale => "by the locale of the database",
            _ => "by their lower case only",
        };
        cx.say(
            Diagnostic::new(codes::FOLDING_LIMITED, format!("{} folds {list} {how}", self.quoter.target))
                .at(origin.span)
                .help("list the forms that occur as values of their own"),
        );
    }
}

/// Whether comparing lower case may say otherwise than folding: the variants have several lower cases, or one that is no
/// variant, or differ in length as UTF-8 (search in the bytes of the text does not find those).
fn lower_case_differs(c: char) -> bool {
    let orbit = fold_orbit(c);
    let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
    let first = lower(c);
    !orbit.contains(&first) || orbit.iter().any(|other| lower(*other) != first || other.len_utf8() != c.len_utf8())
}

/// Whether a character has a case variant that an ASCII-only comparison would miss. `k` and `s` count as ASCII letters:
/// that U+212A and U+017F fold to them is a limit of the data model (see the manifest).
fn folds_beyond_ascii(c: char) -> bool {
    !c.is_ascii() && is_cased(c)
}

/// The text with each character folded.
fn fold(text: &str) -> String {
    let one = |c: char| unicode_case_mapping::case_folded(c).and_then(|n| char::from_u32(n.get())).unwrap_or(c);
    text.chars().map(one).collect()
}

/// The pattern as a regular expression over the whole text.
fn as_regex(pattern: &Pattern) -> Regex {
    let fold = pattern.case == Case::Fold;
    let mut trees = Vec::new();
    let pieces = pattern.pieces();
    let (open, close) = (pieces.first() == Some(&Piece::AnyString), pieces.last() == Some(&Piece::AnyString));
    let inner = pieces.get(usize::from(open)..pieces.len().saturating_sub(usize::from(close))).unwrap_or_default();
    if !open {
        trees.push(Tree::Look(Look::Start));
    }
    for piece in inner {
        match piece {
            Piece::Literal(text) => trees.extend(text.chars().map(|c| Tree::Literal { c, fold })),
            Piece::AnyChar => trees.push(Tree::Dot { newline: true }),
            Piece::AnyString => trees.push(Tree::Repeat {
                min: 0,
                max: None,
                greedy: true,
                tree: Box::new(Tree::Dot { newline: true }),
            }),
            Piece::OneOf(set) => trees.push(Tree::Class(Class {
                negated: false,
                fold,
                items: set.iter().map(|c| ClassItem::Range(*c, *c)).collect(),
            })),
        }
    }
    if !close {
        trees.push(Tree::Look(Look::End));
    }
    Regex { text: "".into(), flags: Flags::default(), tree: Tree::Concat(trees) }
}
