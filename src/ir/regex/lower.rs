//! Reading: the syntax tree of `regex-syntax` into ours, with the flags that are in force carried to the leaves.
//!
//! No engine is built here, and nothing is guessed: what the dialect does not have is an error with its place.

use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange, HirKind};

use super::{Class, ClassItem, Flags, Look, PerlKind, RegexError, Tree};

/// The tree of `ast`, which was parsed from `text`. Recursion is bounded by the parser's nest limit.
pub(super) fn lower(text: &str, flags: Flags, ast: &Ast) -> Result<Tree, RegexError> {
    Lowering { text, flags }.lower(ast)
}

struct Lowering<'t> {
    text: &'t str,
    flags: Flags,
}

impl Lowering<'_> {
    fn lower(&mut self, ast: &Ast) -> Result<Tree, RegexError> {
        Ok(match ast {
            Ast::Empty(_) => Tree::Empty,
            Ast::Flags(set) => {
                self.set_flags(&set.flags)?;
                Tree::Empty
            }
            Ast::Literal(literal) => Tree::Literal { c: literal.c, fold: self.flags.ignore_case },
            Ast::Dot(_) => Tree::Dot { newline: self.flags.dot_all },
            Ast::Assertion(assertion) => Tree::Look(self.look(assertion)?),
            Ast::ClassUnicode(class) => Tree::Class(listed(&self.resolve(&class.span)?)),
            Ast::ClassPerl(class) => Tree::Class(Class { negated: false, fold: false, items: vec![perl(class)] }),
            Ast::ClassBracketed(class) => Tree::Class(self.class(class)?),
            Ast::Repetition(repetition) => self.repetition(repetition)?,
            Ast::Group(group) => {
                let outer = self.flags;
                if let ast::GroupKind::NonCapturing(flags) = &group.kind {
                    self.set_flags(flags)?;
                }
                let inner = self.lower(&group.ast);
                self.flags = outer;
                Tree::Group(Box::new(inner?))
            }
            Ast::Alternation(alternation) => {
                // A flag set inside a branch holds to the end of the enclosing group, later branches included.
                Tree::Alternate(alternation.asts.iter().map(|a| self.lower(a)).collect::<Result<_, _>>()?)
            }
            Ast::Concat(concat) => Tree::Concat(concat.asts.iter().map(|a| self.lower(a)).collect::<Result<_, _>>()?),
        })
    }

    fn repetition(&mut self, repetition: &ast::Repetition) -> Result<Tree, RegexError> {
        use ast::{RepetitionKind as Kind, RepetitionRange as Range};
        let (min, max) = match &repetition.op.kind {
            Kind::ZeroOrOne => (0, Some(1)),
            Kind::ZeroOrMore => (0, None),
            Kind::OneOrMore => (1, None),
            Kind::Range(Range::Exactly(n)) => (*n, Some(*n)),
            Kind::Range(Range::AtLeast(n)) => (*n, None),
            Kind::Range(Range::Bounded(n, m)) => (*n, Some(*m)),
        };
        let mut tree = Box::new(self.lower(&repetition.ast)?);
        if matches!(*repetition.ast, Ast::Repetition(_)) {
            // `a++` means `(a+)+` to this parser and a possessive `a+` to most others: refuse rather than choose.
            if matches!(repetition.op.kind, Kind::OneOrMore) {
                return Err(unsupported("possessive quantifiers", &repetition.span));
            }
            tree = Box::new(Tree::Group(tree)); // other dialects do not read `a{2}{3}` without parentheses
        }
        Ok(Tree::Repeat { min, max, greedy: repetition.greedy, tree })
    }

    fn set_flags(&mut self, flags: &ast::Flags) -> Result<(), RegexError> {
        let mut on = true;
        for item in &flags.items {
            match &item.kind {
                ast::FlagsItemKind::Negation => on = false,
                ast::FlagsItemKind::Flag(ast::Flag::CaseInsensitive) => self.flags.ignore_case = on,
                ast::FlagsItemKind::Flag(ast::Flag::MultiLine) => self.flags.multi_line = on,
                ast::FlagsItemKind::Flag(ast::Flag::DotMatchesNewLine) => self.flags.dot_all = on,
                ast::FlagsItemKind::Flag(_) => {
                    return Err(unsupported("flags other than `i`, `m` and `s`", &item.span));
                }
            }
        }
        Ok(())
    }

    fn look(&self, assertion: &ast::Assertion) -> Result<Look, RegexError> {
        use ast::AssertionKind as Kind;
        Ok(match assertion.kind {
            Kind::StartLine if self.flags.multi_line => Look::LineStart,
            Kind::EndLine if self.flags.multi_line => Look::LineEnd,
            Kind::StartLine | Kind::StartText => Look::Start,
            Kind::EndLine | Kind::EndText => Look::End,
            Kind::WordBoundary => Look::WordBoundary,
            Kind::NotWordBoundary => Look::NotWordBoundary,
            _ => return Err(unsupported("half and directed word boundaries", &assertion.span)),
        })
    }

    /// A class as it is written where it only lists; by its ranges where it nests or calculates.
    fn class(&self, class: &ast::ClassBracketed) -> Result<Class, RegexError> {
        let mut items = Vec::new();
        if let ast::ClassSet::Item(item) = &class.kind
            && self.list(item, &mut items)?
        {
            return Ok(Class { negated: class.negated, fold: self.flags.ignore_case, items });
        }
        let set = listed(&self.set(&class.kind)?);
        Ok(Class { negated: class.negated, ..set })
    }

    /// Adds the items of a plain list to `out`; false where the list holds another class in brackets.
    fn list(&self, item: &ast::ClassSetItem, out: &mut Vec<ClassItem>) -> Result<bool, RegexError> {
        match item {
            ast::ClassSetItem::Empty(_) => {}
            ast::ClassSetItem::Literal(literal) => out.push(ClassItem::Range(literal.c, literal.c)),
            ast::ClassSetItem::Range(range) => out.push(ClassItem::Range(range.start.c, range.end.c)),
            ast::ClassSetItem::Perl(class) => out.push(perl(class)),
            ast::ClassSetItem::Ascii(class) => out.extend(listed(&self.resolve(&class.span)?).items),
            ast::ClassSetItem::Unicode(class) => out.extend(listed(&self.resolve(&class.span)?).items),
            ast::ClassSetItem::Bracketed(_) => return Ok(false),
            ast::ClassSetItem::Union(union) => {
                for item in &union.items {
                    if !self.list(item, out)? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// The characters of a class's inside, folding done.
    fn set(&self, set: &ast::ClassSet) -> Result<ClassUnicode, RegexError> {
        let operation = match set {
            ast::ClassSet::Item(item) => return self.set_of_item(item),
            ast::ClassSet::BinaryOp(operation) => operation,
        };
        let mut left = self.set(&operation.lhs)?;
        let right = self.set(&operation.rhs)?;
        match operation.kind {
            ast::ClassSetBinaryOpKind::Intersection => left.intersect(&right),
            ast::ClassSetBinaryOpKind::Difference => left.difference(&right),
            ast::ClassSetBinaryOpKind::SymmetricDifference => left.symmetric_difference(&right),
        }
        Ok(left)
    }

    fn set_of_item(&self, item: &ast::ClassSetItem) -> Result<ClassUnicode, RegexError> {
        match item {
            ast::ClassSetItem::Bracketed(class) => {
                let mut set = self.set(&class.kind)?;
                if class.negated {
                    set.negate();
                }
                Ok(set)
            }
            ast::ClassSetItem::Union(union) => {
                let mut set = ClassUnicode::empty();
                for item in &union.items {
                    set.union(&self.set_of_item(item)?);
                }
                Ok(set)
            }
            plain => {
                let mut items = Vec::new();
                self.list(plain, &mut items)?;
                Ok(Class { negated: false, fold: self.flags.ignore_case, items }.set())
            }
        }
    }

    /// A Unicode or POSIX class by name, through the translator of `regex-syntax` on the class's own text.
    fn resolve(&self, span: &ast::Span) -> Result<ClassUnicode, RegexError> {
        let name = self.text.get(span.start.offset..span.end.offset).unwrap_or("");
        let hir = regex_syntax::ParserBuilder::new()
            .case_insensitive(self.flags.ignore_case)
            .build()
            .parse(&format!("[{name}]"))
            .map_err(|_| unsupported(&format!("classes named `{name}`"), span))?;
        Ok(match hir.kind() {
            HirKind::Class(regex_syntax::hir::Class::Unicode(set)) => set.clone(),
            HirKind::Literal(literal) => ClassUnicode::new(
                std::str::from_utf8(&literal.0).unwrap_or("").chars().map(|c| ClassUnicodeRange::new(c, c)),
            ),
            _ => ClassUnicode::empty(),
        })
    }
}

/// A class that lists the ranges of a set.
fn listed(set: &ClassUnicode) -> Class {
    let items = set.iter().map(|range| ClassItem::Range(range.start(), range.end())).collect();
    Class { negated: false, fold: false, items }
}

fn perl(class: &ast::ClassPerl) -> ClassItem {
    let kind = match class.kind {
        ast::ClassPerlKind::Digit => PerlKind::Digit,
        ast::ClassPerlKind::Space => PerlKind::Space,
        ast::ClassPerlKind::Word => PerlKind::Word,
    };
    ClassItem::Perl { kind, negated: class.negated }
}

fn unsupported(what: &str, span: &ast::Span) -> RegexError {
    RegexError { message: format!("{what} are not supported"), range: span.start.offset..span.end.offset }
}
