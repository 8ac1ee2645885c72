//! Tokens to syntax tree: the pipe and its `where` and `regex` stages; [`super::search`] reads the others.
//!
//! From loose to tight (page "Boolean expressions with logical operators", column "Eval and where commands"): `XOR`; `OR`;
//! `AND`; `NOT`; comparisons, which do not chain; `+ -` or `.`; `* / %`; the sign. The pages do not say how `.` binds beside
//! arithmetic, so the two do not mix without parentheses.

use super::ast::{ArithmeticOp, CompareOp, Expr, ExprKind, Name, Query, Stage, Text};
use super::lexer::{Kind, Lexer, Token};
use super::{search, tstats};
use crate::lang::cursor::Cursor;
use crate::lang::{Error, MAX_DEPTH};
use crate::source::Span;

/// Parses a search: terms or `| tstats`, then any number of `| search`, `| where`, `| regex` and `| rename`.
///
/// # Errors
/// Everything that is not SPL, and all of SPL that the model does not know.
pub fn parse(text: &str) -> Result<Query, Error> {
    let mut lexer = Lexer { text, at: 0 };
    lexer.skip_blank()?;
    let mut stages = vec![first(&mut lexer)?];
    while lexer.take_pipe() {
        lexer.skip_blank()?;
        let (command, span) = lexer.name();
        stages.push(match command {
            "search" => Stage::Search(search::parse(lexer.search_tokens()?)?),
            "where" => Stage::Where(predicate(text, lexer.where_tokens()?)?),
            "regex" => regex(lexer.where_tokens()?, span)?,
            "rename" => tstats::parse_rename(&lexer.search_tokens()?, span)?,
            "" => return lexer.error(1, "expected a command"),
            _ => return Err(Error::new(format!("the command `{command}` is not modelled"), span)),
        });
    }
    Ok(Query { stages, text: text.into() })
}

/// The stage that makes the events or rows: `| tstats`, or `search` with or without the word.
fn first(lexer: &mut Lexer<'_>) -> Result<Stage, Error> {
    if lexer.take_pipe() {
        lexer.skip_blank()?;
        return match lexer.name() {
            ("tstats", span) => tstats::parse(&lexer.search_tokens()?, span),
            (command, span) => Err(Error::new(format!("the command `{command}` is not modelled here"), span)),
        };
    }
    lexer.take_search();
    Ok(Stage::Search(search::parse(lexer.search_tokens()?)?))
}

fn predicate(text: &str, tokens: Vec<Token<'_>>) -> Result<Expr, Error> {
    let mut parser = Parser::new(text, tokens);
    let expr = parser.expr()?;
    match parser.kind() {
        Kind::End => Ok(expr),
        _ => parser.unexpected("an operator, `|` or the end of the search"),
    }
}

/// `regex field="pattern"`, `regex field!="pattern"`, `regex "pattern"` (page "regex").
fn regex(tokens: Vec<Token<'_>>, command: Span) -> Result<Stage, Error> {
    let text = |source: &str, span| Text { source: source.to_owned(), span };
    let parts: Vec<_> = tokens.iter().map(|token| (token.kind, token.span)).collect();
    match *parts.as_slice() {
        [(Kind::Quoted(source), span), _] => {
            let field = Name { text: "_raw".to_owned(), span };
            Ok(Stage::Regex { field, negated: false, pattern: text(source, span) })
        }
        [(Kind::Word(name), field), (Kind::Mark(mark @ ("=" | "!=")), _), (Kind::Quoted(source), span), _] => {
            let field = Name { text: name.to_owned(), span: field };
            Ok(Stage::Regex { field, negated: mark == "!=", pattern: text(source, span) })
        }
        _ => Err(Error::new("expected `regex field=\"pattern\"`, with `=` or `!=` and a plain field name", command)),
    }
}

type Parser<'a> = Cursor<'a, Kind<'a>>;

type Rule<'a> = fn(&mut Parser<'a>) -> Result<Expr, Error>;

impl<'a> Parser<'a> {
    fn expr(&mut self) -> Result<Expr, Error> {
        let xor = |parts, span| Expr { kind: ExprKind::Xor(parts), span };
        self.nested(|parser| parser.chain("XOR", xor, Self::or))
    }

    fn or(&mut self) -> Result<Expr, Error> {
        self.chain("OR", |parts, span| Expr { kind: ExprKind::Or(parts), span }, Self::and)
    }

    fn and(&mut self) -> Result<Expr, Error> {
        self.chain("AND", |parts, span| Expr { kind: ExprKind::And(parts), span }, Self::not)
    }

    fn not(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        if !self.take_word("NOT") {
            return self.comparison();
        }
        let inner = self.nested(Self::not)?;
        Ok(self.node(start, ExprKind::Not(Box::new(inner))))
    }

    fn comparison(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let left = self.sum()?;
        let op = match *self.kind() {
            Kind::Mark("=" | "==") => CompareOp::Equal,
            Kind::Mark("!=") => CompareOp::NotEqual,
            Kind::Mark("<") => CompareOp::Less,
            Kind::Mark("<=") => CompareOp::LessOrEqual,
            Kind::Mark(">") => CompareOp::Greater,
            Kind::Mark(">=") => CompareOp::GreaterOrEqual,
            Kind::Word("LIKE") => {
                self.at += 1;
                let right = self.sum()?;
                return Ok(self.node(start, ExprKind::Like(Box::new(left), Box::new(right))));
            }
            // "field in(value, ...)" (page "Comparison and Conditional functions").
            Kind::Word("IN" | "in") => {
                self.at += 1;
                self.expect_mark("(")?;
                let items = self.arguments()?;
                return Ok(self.node(start, ExprKind::In(Box::new(left), items)));
            }
            _ => return Ok(left),
        };
        self.at += 1;
        let right = self.sum()?;
        Ok(self.node(start, ExprKind::Compare(op, Box::new(left), Box::new(right))))
    }

    /// `a + b - c`, or `a . b . c`.
    fn sum(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let first = self.product()?;
        if !matches!(self.kind(), Kind::Mark(".")) {
            return self.arithmetic(
                start,
                first,
                &[("+", ArithmeticOp::Add), ("-", ArithmeticOp::Subtract)],
                Self::product,
            );
        }
        let mut parts = vec![first];
        while self.take_mark(".") {
            parts.push(self.sign()?);
        }
        // Operands are primaries: arithmetic among them stands in parentheses.
        if matches!(self.kind(), Kind::Mark("+" | "-" | "*" | "/" | "%")) {
            let message = "how `.` binds beside arithmetic is not documented; write parentheses";
            return Err(Error::new(message, start.to(self.span())));
        }
        Ok(self.node(start, ExprKind::Concat(parts)))
    }

    fn product(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let first = self.sign()?;
        let ops = [("*", ArithmeticOp::Multiply), ("/", ArithmeticOp::Divide), ("%", ArithmeticOp::Remainder)];
        self.arithmetic(start, first, &ops, Self::sign)
    }

    /// Operators of one level, read from left to right; their number is bounded because each one nests the tree.
    fn arithmetic(
        &mut self,
        start: Span,
        first: Expr,
        ops: &[(&str, ArithmeticOp)],
        operand: Rule<'a>,
    ) -> Result<Expr, Error> {
        let mut expr = first;
        let mut count = 0;
        while let Some((_, op)) = ops.iter().find(|(mark, _)| matches!(self.kind(), Kind::Mark(found) if found == mark))
        {
            count += 1;
            if count > MAX_DEPTH {
                return Err(Error::new(format!("more than {MAX_DEPTH} arithmetic operators in a row"), self.span()));
            }
            self.at += 1;
            let right = operand(self)?;
            expr = self.node(start, ExprKind::Arithmetic(*op, Box::new(expr), Box::new(right)));
        }
        if matches!(self.kind(), Kind::Mark(".")) && count > 0 {
            let message = "how `.` binds beside arithmetic is not documented; write parentheses";
            return Err(Error::new(message, self.span()));
        }
        Ok(expr)
    }

    fn sign(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        if !self.take_mark("-") {
            return self.primary();
        }
        let inner = self.nested(Self::sign)?;
        Ok(self.node(start, ExprKind::Negate(Box::new(inner))))
    }

    fn primary(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let kind = match *self.kind() {
            Kind::Quoted(source) => ExprKind::Text(Text { source: source.to_owned(), span: start }),
            Kind::Number(number) => ExprKind::Number(number),
            Kind::Field(field) => ExprKind::Field(field.to_owned()),
            Kind::Mark("(") => {
                self.at += 1;
                let inner = self.expr()?;
                self.expect_mark(")")?;
                return Ok(inner);
            }
            // "The operators must be capitalized" (page "Boolean expressions with logical operators").
            Kind::Word(word) if is_keyword(word) => return self.unexpected("a value"),
            Kind::Word(word) => {
                self.at += 1;
                if !self.take_mark("(") {
                    return Ok(self.node(start, ExprKind::Field(word.to_owned())));
                }
                let name = Name { text: word.to_owned(), span: start };
                let args = if self.take_mark(")") { Vec::new() } else { self.arguments()? };
                return Ok(self.node(start, ExprKind::Call(name, args)));
            }
            _ => return self.unexpected("a value"),
        };
        self.at += 1;
        Ok(self.node(start, kind))
    }

    /// `a, b)`
    fn arguments(&mut self) -> Result<Vec<Expr>, Error> {
        let mut args = vec![self.expr()?];
        while self.take_mark(",") {
            args.push(self.expr()?);
        }
        self.expect_mark(")")?;
        Ok(args)
    }

    /// A node that reaches from `start` to the token before the current one.
    fn node(&self, start: Span, kind: ExprKind) -> Expr {
        Expr { kind, span: start.to(self.last_span()) }
    }
}

/// Operators that look like names, also where their case is wrong; `in` and `like` are functions too.
fn is_keyword(word: &str) -> bool {
    let operator = ["AND", "OR", "NOT", "XOR", "LIKE", "IN"].iter().any(|keyword| keyword.eq_ignore_ascii_case(word));
    operator && word != "in" && word != "like"
}
