//! The conditions of `search`: tokens to syntax tree.
//!
//! From loose to tight (page "Boolean expressions with logical operators", column "Search command"): `AND`, written or
//! implied between two terms; `OR`; `NOT`, which "only applies to the term immediately following". The operators are in
//! upper case; `and` is a word to look for.

use super::ast::{CompareOp, Name, Pattern, SearchExpr, SearchKind};
use super::lexer::{Kind, Token};
use crate::lang::{Error, MAX_DEPTH};
use crate::source::Span;

/// Names before `=` that choose events in other ways than by a field (page "search": time options, search modifiers).
const MODIFIERS: [&str; 14] = [
    "earliest",
    "latest",
    "_index_earliest",
    "_index_latest",
    "starttime",
    "endtime",
    "timeformat",
    "eventtype",
    "hosttag",
    "sourcetypetag",
    "eventtypetag",
    "savedsearch",
    "savedsplunk",
    "_time",
];

/// Parses the tokens of one `search`.
pub(super) fn parse(tokens: Vec<Token<'_>>) -> Result<SearchExpr, Error> {
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let expr = parser.and()?;
    match parser.kind() {
        Kind::End => Ok(expr),
        _ => parser.unexpected(),
    }
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn and(&mut self) -> Result<SearchExpr, Error> {
        let start = self.span();
        self.deeper()?;
        let mut parts = vec![self.or()?];
        loop {
            let written = self.take_word("AND");
            if !written && matches!(self.kind(), Kind::End | Kind::Mark(")")) {
                break;
            }
            parts.push(self.or()?);
        }
        self.depth -= 1;
        Ok(self.join(start, parts, SearchKind::And))
    }

    fn or(&mut self) -> Result<SearchExpr, Error> {
        let start = self.span();
        let mut parts = vec![self.not()?];
        while self.take_word("OR") {
            parts.push(self.not()?);
        }
        Ok(self.join(start, parts, SearchKind::Or))
    }

    fn not(&mut self) -> Result<SearchExpr, Error> {
        let start = self.span();
        if !self.take_word("NOT") {
            return self.term();
        }
        self.deeper()?;
        let inner = self.not()?;
        self.depth -= 1;
        Ok(self.node(start, SearchKind::Not(Box::new(inner))))
    }

    fn term(&mut self) -> Result<SearchExpr, Error> {
        let start = self.span();
        if self.take_mark("(") {
            let inner = self.and()?;
            return if self.take_mark(")") { Ok(inner) } else { self.unexpected() };
        }
        let kind = self.kind();
        let (Kind::Word(source) | Kind::Quoted(source)) = kind else { return self.unexpected() };
        if matches!(kind, Kind::Word("AND" | "OR" | "NOT" | "XOR" | "IN")) {
            return self.unexpected();
        }
        self.at += 1;
        let op = match self.kind() {
            Kind::Mark("=") => CompareOp::Equal,
            Kind::Mark("!=") => CompareOp::NotEqual,
            Kind::Mark("<") => CompareOp::Less,
            Kind::Mark("<=") => CompareOp::LessOrEqual,
            Kind::Mark(">") => CompareOp::Greater,
            Kind::Mark(">=") => CompareOp::GreaterOrEqual,
            Kind::Word("IN") => {
                let field = field(kind, source, start)?;
                self.at += 1;
                let values = self.list()?;
                return Ok(self.node(start, SearchKind::In(field, values)));
            }
            Kind::Mark("(") if matches!(source, "CASE" | "TERM") && kind == Kind::Word(source) => {
                return Err(Error::new(format!("`{source}()` is not modelled"), start));
            }
            _ => return self.phrase(source, start),
        };
        let field = field(kind, source, start)?;
        self.at += 1;
        let value = self.value()?;
        Ok(self.node(start, SearchKind::Compare(field, op, value)))
    }

    /// A word or phrase; "avoid using wildcards in the middle of a string" (page "Wildcards"): what they find depends on
    /// how the event was cut into segments.
    fn phrase(&self, source: &str, span: Span) -> Result<SearchExpr, Error> {
        let pattern = Pattern::read(source, span)?;
        let texts = pattern.pieces.iter().filter(|piece| matches!(piece, super::ast::Piece::Text(_))).count();
        if texts > 1 {
            return Err(Error::new("a wildcard in the middle of a term gives results that are not documented", span));
        }
        if pattern.pieces.is_empty() {
            return Err(Error::new("an empty phrase is not modelled", span));
        }
        Ok(self.node(span, SearchKind::Term(pattern)))
    }

    fn list(&mut self) -> Result<Vec<Pattern>, Error> {
        if !self.take_mark("(") {
            return self.unexpected();
        }
        let mut values = vec![self.value()?];
        while self.take_mark(",") {
            values.push(self.value()?);
        }
        if self.take_mark(")") { Ok(values) } else { self.unexpected() }
    }

    fn value(&mut self) -> Result<Pattern, Error> {
        let span = self.span();
        let kind = self.kind();
        let (Kind::Word(source) | Kind::Quoted(source)) = kind else { return self.unexpected() };
        self.at += 1;
        if matches!(self.kind(), Kind::Mark("(")) && matches!(kind, Kind::Word("CASE" | "TERM")) {
            return Err(Error::new("`CASE()` and `TERM()` are not modelled", span));
        }
        Pattern::read(source, span)
    }

    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::new(format!("conditions nest deeper than {MAX_DEPTH}"), self.span()));
        }
        Ok(())
    }

    fn kind(&self) -> Kind<'a> {
        self.tokens.get(self.at).map_or(Kind::End, |token| token.kind)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(Span::new(0, 0), |token| token.span)
    }

    fn take_mark(&mut self, mark: &str) -> bool {
        let found = matches!(self.kind(), Kind::Mark(found) if found == mark);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.kind(), Kind::Word(found) if found == word);
        self.at += usize::from(found);
        found
    }

    fn unexpected<T>(&self) -> Result<T, Error> {
        let found = match self.kind() {
            Kind::Word(text) | Kind::Quoted(text) => format!("`{text}`"),
            Kind::Mark(mark) => format!("`{mark}`"),
            _ => "the end of the search".to_owned(),
        };
        Err(Error::new(format!("unexpected {found}"), self.span()))
    }

    fn join(&self, start: Span, mut parts: Vec<SearchExpr>, join: fn(Vec<SearchExpr>) -> SearchKind) -> SearchExpr {
        match (parts.len(), parts.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                parts.extend(last);
                self.node(start, join(parts))
            }
        }
    }

    /// A node that reaches from `start` to the token before the current one.
    fn node(&self, start: Span, kind: SearchKind) -> SearchExpr {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(start, |token| token.span);
        SearchExpr { kind, span: start.to(last) }
    }
}

/// A field's name, in double quotes or without.
fn field(kind: Kind<'_>, source: &str, span: Span) -> Result<Name, Error> {
    let quoted = matches!(kind, Kind::Quoted(_));
    if source.is_empty() || source.contains(['*', '\\']) || (!quoted && source.contains("::")) {
        return Err(Error::new("a field name that is empty or holds `*`, `\\` or `::` is not modelled", span));
    }
    if MODIFIERS.contains(&source) {
        return Err(Error::new(format!("`{source}` chooses events by more than a field; it is not modelled"), span));
    }
    Ok(Name { text: source.to_owned(), span })
}
