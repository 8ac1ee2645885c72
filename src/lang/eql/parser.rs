//! Tokens to syntax tree, after the grammar of Elasticsearch (`EqlBase.g4`).
//!
//! From loose to tight: `or`, `and`, `not`, comparisons (which do not chain), then `in : like regex` right behind an
//! operand. Arithmetic, sequences, samples and joins are not modelled.

use super::ast::{CompareOp, Expr, ExprKind, Literal, MatchOp, Pipe, PipeKind, Query};
use super::lexer::{Kind, tokens};
use crate::lang::Error;
use crate::lang::cursor::Cursor;
use crate::source::Span;

/// Words that are no field name unless written in backticks.
const KEYWORDS: [&str; 24] = [
    "and", "any", "by", "false", "in", "in~", "join", "like", "like~", "maxspan", "not", "null", "of", "or", "regex",
    "regex~", "sample", "sequence", "true", "until", "where", "with", "head", "tail",
];

/// Parses an event query.
///
/// # Errors
/// Everything that is not EQL, and all of EQL that the model does not know.
pub fn parse(text: &str) -> Result<Query, Error> {
    let mut parser = Parser::new(text, tokens(text)?);
    let category_span = parser.span();
    let category = parser.category()?;
    if !parser.take_word("where") {
        return parser.unexpected("`where`");
    }
    let condition = parser.or()?;
    let mut pipes = Vec::new();
    while parser.take_mark("|") {
        pipes.push(parser.pipe()?);
    }
    match parser.kind() {
        Kind::End => Ok(Query { category, category_span, condition, pipes, text: text.into() }),
        _ => parser.unexpected("`|` or the end of the query"),
    }
}

type Parser<'a> = Cursor<'a, Kind<'a>>;

impl<'a> Parser<'a> {
    fn category(&mut self) -> Result<Option<String>, Error> {
        let category = match self.kind() {
            Kind::Word("any") => None,
            Kind::Word(word @ ("sequence" | "sample" | "join")) => {
                return Err(Error::new(format!("`{word}` queries are not modelled"), self.span()));
            }
            Kind::Word(word) if !KEYWORDS.contains(word) && !word.ends_with('~') => Some((*word).to_owned()),
            Kind::Text(text) => Some(text.clone()),
            _ => return self.unexpected("an event category"),
        };
        self.at += 1;
        Ok(category)
    }

    fn pipe(&mut self) -> Result<Pipe, Error> {
        let start = self.span();
        let kind = match self.kind() {
            Kind::Word("head") => PipeKind::Head,
            Kind::Word("tail") => PipeKind::Tail,
            _ => return self.unexpected("`head` or `tail` (Elasticsearch has no other pipes)"),
        };
        self.at += 1;
        let Kind::Integer(count) = *self.kind() else { return self.unexpected("the number of events") };
        self.at += 1;
        Ok(Pipe { kind, count: count.unsigned_abs(), span: start.to(self.last_span()) })
    }

    fn or(&mut self) -> Result<Expr, Error> {
        let or = |parts, span| Expr { kind: ExprKind::Or(parts), span };
        self.nested(|parser| parser.chain("or", or, Self::and))
    }

    fn and(&mut self) -> Result<Expr, Error> {
        self.chain("and", |parts, span| Expr { kind: ExprKind::And(parts), span }, Self::negation)
    }

    fn negation(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        if !self.take_word("not") {
            return self.comparison();
        }
        let inner = Box::new(self.nested(Self::negation)?);
        Ok(self.node(start, ExprKind::Not(inner)))
    }

    fn comparison(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let left = self.operand()?;
        let op = match self.kind() {
            Kind::Mark("==") => CompareOp::Equal,
            Kind::Mark("!=") => CompareOp::NotEqual,
            Kind::Mark("<") => CompareOp::Less,
            Kind::Mark("<=") => CompareOp::LessOrEqual,
            Kind::Mark(">") => CompareOp::Greater,
            Kind::Mark(">=") => CompareOp::GreaterOrEqual,
            Kind::Mark("=") => return self.unexpected("`==` or `:` (`=` is not supported as an equal operator)"),
            _ => return Ok(left),
        };
        self.at += 1;
        let right = self.operand()?;
        Ok(self.node(start, ExprKind::Compare(op, Box::new(left), Box::new(right))))
    }

    /// A primary with perhaps one predicate behind it.
    fn operand(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let primary = self.signed_primary()?;
        let negated = matches!(self.kind(), Kind::Word("not")) && matches!(self.ahead(1), Kind::Word("in" | "in~"));
        self.at += usize::from(negated);
        let op = match *self.kind() {
            Kind::Word(word @ ("in" | "in~")) => {
                self.at += 1;
                self.expect_mark("(")?;
                let items = self.arguments()?;
                if items.is_empty() {
                    return Err(Error::new("the list is empty", self.last_span()));
                }
                let subject = Box::new(primary);
                return Ok(self.node(start, ExprKind::In { fold: word == "in~", negated, subject, items }));
            }
            Kind::Mark(":") => MatchOp::Equal,
            Kind::Word("like") => MatchOp::Like,
            Kind::Word("like~") => MatchOp::LikeFold,
            Kind::Word("regex") => MatchOp::Regex,
            Kind::Word("regex~") => MatchOp::RegexFold,
            Kind::Mark("+" | "-" | "*" | "/" | "%") => {
                return Err(Error::new("arithmetic is not modelled", self.span()));
            }
            _ => return Ok(primary),
        };
        self.at += 1;
        let patterns = self.patterns()?;
        Ok(self.node(start, ExprKind::Match(op, Box::new(primary), patterns)))
    }

    fn patterns(&mut self) -> Result<Vec<String>, Error> {
        if !self.take_mark("(") {
            return Ok(vec![self.pattern()?]);
        }
        let mut patterns = vec![self.pattern()?];
        while self.take_mark(",") {
            patterns.push(self.pattern()?);
        }
        self.expect_mark(")")?;
        Ok(patterns)
    }

    fn pattern(&mut self) -> Result<String, Error> {
        let Kind::Text(text) = self.kind().clone() else { return self.unexpected("a string") };
        self.at += 1;
        Ok(text)
    }

    fn signed_primary(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let negative = match self.kind() {
            Kind::Mark("-") => true,
            Kind::Mark("+") => false,
            _ => return self.primary(),
        };
        self.at += 1;
        let number = match *self.kind() {
            Kind::Integer(value) => Literal::Integer(if negative { -value } else { value }),
            Kind::Decimal(value) => Literal::Decimal(if negative { -value } else { value }),
            _ => return Err(Error::new("a sign is modelled before a number only", start)),
        };
        self.at += 1;
        Ok(self.node(start, ExprKind::Literal(number)))
    }

    fn primary(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let literal = match self.kind().clone() {
            Kind::Text(text) => Literal::String(text),
            Kind::Integer(value) => Literal::Integer(value),
            Kind::Decimal(value) => Literal::Decimal(value),
            Kind::Word("null") => Literal::Null,
            Kind::Word("true") => Literal::Bool(true),
            Kind::Word("false") => Literal::Bool(false),
            Kind::Mark("(") => {
                self.at += 1;
                let inner = self.or()?;
                self.expect_mark(")")?;
                return Ok(inner);
            }
            Kind::Word(word) if self.next_is_parenthesis() && !KEYWORDS.contains(&word) => {
                return self.call(start, word);
            }
            Kind::Word(_) | Kind::Quoted(_) | Kind::Mark("?") => return self.field(start),
            _ => return self.unexpected("an expression"),
        };
        self.at += 1;
        Ok(self.node(start, ExprKind::Literal(literal)))
    }

    fn next_is_parenthesis(&self) -> bool {
        matches!(self.ahead(1), Kind::Mark("("))
    }

    fn call(&mut self, start: Span, word: &str) -> Result<Expr, Error> {
        self.at += 2;
        let args = self.arguments()?;
        let (name, fold) = word.strip_suffix('~').map_or((word, false), |name| (name, true));
        Ok(self.node(start, ExprKind::Call { name: name.to_owned(), fold, args }))
    }

    /// The rest of a list in parentheses.
    fn arguments(&mut self) -> Result<Vec<Expr>, Error> {
        let mut args = Vec::new();
        if self.take_mark(")") {
            return Ok(args);
        }
        args.push(self.or()?);
        while self.take_mark(",") {
            args.push(self.or()?);
        }
        self.expect_mark(")")?;
        Ok(args)
    }

    fn field(&mut self, start: Span) -> Result<Expr, Error> {
        let optional = self.take_mark("?");
        let mut name = self.identifier()?;
        while self.take_mark(".") {
            name.push('.');
            name.push_str(&self.identifier()?);
        }
        match self.kind() {
            Kind::Mark("[") => Err(Error::new("array indexes are not supported", self.span())),
            _ => Ok(self.node(start, ExprKind::Field { name, optional })),
        }
    }

    fn identifier(&mut self) -> Result<String, Error> {
        let name = match self.kind() {
            Kind::Word(word) if KEYWORDS.contains(word) => {
                return Err(Error::new(
                    format!("`{word}` is a keyword; a field of that name needs backticks"),
                    self.span(),
                ));
            }
            Kind::Word(word) if !word.ends_with('~') => (*word).to_owned(),
            Kind::Quoted(name) => name.clone(),
            _ => return self.unexpected("a field name"),
        };
        self.at += 1;
        Ok(name)
    }

    fn node(&self, start: Span, kind: ExprKind) -> Expr {
        Expr { kind, span: start.to(self.last_span()) }
    }
}
