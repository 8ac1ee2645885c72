//! Tokens to syntax tree, after `grammar/Kql.g4` of microsoft/Kusto-Query-Language.
//!
//! From loose to tight: `or`; `and`; `== != in has_any between` (these do not chain); `< <= > >=` (nor do these); string
//! operators; a signed number; paths. Arithmetic is not modelled.

use serde_json::{Map, Value as Json};

use super::ast::{CompareOp, Expr, ExprKind, ListOp, Literal, Name, Query, Subject, TextOp, TextTest};
use super::lexer::{Kind, tokens};
use super::literal;
use crate::lang::Error;
use crate::lang::cursor::Cursor;
use crate::source::Span;

/// Parses a query: a table, then any number of `| extend` operators, then any number of `| where` operators.
///
/// # Errors
/// Everything that is not KQL, and all of KQL that the model does not know.
pub fn parse(text: &str) -> Result<Query, Error> {
    let mut parser = Parser::new(text, tokens(text)?);
    let table = parser.table()?;
    let (mut extends, mut filters) = (Vec::new(), Vec::new());
    while parser.take_mark("|") {
        let operator = parser.span();
        if parser.take_word("where") {
            filters.push(parser.or()?);
        } else if filters.is_empty() && parser.take_word("extend") {
            extends.push(parser.extensions()?);
        } else {
            return Err(Error::new("only `extend` operators and then `where` operators are modelled", operator));
        }
    }
    match parser.kind() {
        Kind::End => Ok(Query { table, extends, filters, text: text.into() }),
        _ => parser.unexpected("`|` or the end of the query"),
    }
}

/// Words that are no column name unless written `['word']`: those that Microsoft's own parser (the npm package
/// `@kusto/language-service-next`, 12.4.1) refuses; the grammar's file names fewer and others.
const RESERVED: &str = "__contextual_datatable __crossCluster __crossDB __executeAndCache __id __isFuzzy __noWithSource \
    __packedColumn __projectAway __sourceColumnIndex accumulate and anomalychart areachart as asc \
    bagexpansion barchart between bin_legacy boolean by byte cachingpolicy callout cancel card char \
    columnchart contains contains_cs containscs cycles dataexport datascope datatable date datetime decimal \
    decodeblocks desc double dynamic earliest encodingpolicy endswith endswith_cs expandoutput \
    extent_tags_retention external_data externaldata find first flags float force_remote harddelete \
    hardretention has has_all has_any has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs hotcache in int \
    int16 int32 int64 int8 invoke in~ isfuzzy journal ladderchart last latest like likecs linechart long \
    materialize mdm missing nooptimization notcontains notcontainscs notlike notlikecs of or others \
    pathformat piechart pivotchart print project queries query_results real relaxed restricted_view_access \
    row_level_security rowstore rowstore_references rowstore_sealinfo rowstorepolicy rowstores sample \
    scatterchart seal seals search set shards simple softdelete softretention sql stackedareachart \
    startswith startswith_cs statistics storedqueryresultcontainers string tablepurge time timechart \
    timeline timepivot timespan title to toscalar totable treemap uint uint16 uint32 uint64 uint8 ulong \
    union uniqueid unrestrictedviewers verbose viewers views where with_itemindex with_match_id \
    with_step_name writeaheadlog";

/// Whether the grammar keeps this word for itself.
fn is_reserved(word: &str) -> bool {
    word.starts_with('!') || RESERVED.split_ascii_whitespace().any(|reserved| reserved == word)
}

type Parser<'a> = Cursor<'a, Kind<'a>>;

impl<'a> Parser<'a> {
    fn table(&mut self) -> Result<Name, Error> {
        let name = match self.kind() {
            // A table may have any name that is no operator of the grammar's own.
            Kind::Name(word) if !is_reserved(word) => self.word_name(),
            Kind::Mark("[") => self.bracketed()?,
            _ => return self.unexpected("a table"),
        };
        if self.take_mark("(") {
            self.expect_mark(")")?;
        }
        Ok(name)
    }

    /// `name = expression, name = expression`: the columns of an `extend`.
    fn extensions(&mut self) -> Result<Vec<(Name, Expr)>, Error> {
        let mut columns: Vec<(Name, Expr)> = Vec::new();
        loop {
            let name = match self.kind() {
                Kind::Name(word) if !is_reserved(word) => self.word_name(),
                Kind::Mark("[") => self.bracketed()?,
                _ => return self.unexpected("the name of a column"),
            };
            self.expect_mark("=")?;
            if columns.iter().any(|(other, _)| other.text == name.text) {
                return Err(Error::new(format!("the column `{}` is computed twice", name.text), name.span));
            }
            columns.push((name, self.or()?));
            if !self.take_mark(",") {
                return Ok(columns);
            }
        }
    }

    fn or(&mut self) -> Result<Expr, Error> {
        let or = |parts, span| Expr { kind: ExprKind::Or(parts), span };
        self.nested(|parser| parser.chain("or", or, Self::and))
    }

    fn and(&mut self) -> Result<Expr, Error> {
        self.chain("and", |parts, span| Expr { kind: ExprKind::And(parts), span }, Self::equality)
    }

    fn equality(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        if matches!(self.kind(), Kind::Mark("*")) {
            return self.any_column(start);
        }
        let left = self.relational()?;
        let expr = match *self.kind() {
            Kind::Mark("==") => self.compare(start, CompareOp::Equal, left, Self::relational)?,
            Kind::Mark("!=" | "<>") => self.compare(start, CompareOp::NotEqual, left, Self::relational)?,
            Kind::Name(word @ ("in" | "!in" | "in~" | "!in~" | "has_any" | "has_all")) => {
                self.list(start, word, left)?
            }
            Kind::Name(word @ ("between" | "!between")) => self.between(start, word == "!between", left)?,
            _ => return Ok(left),
        };
        Ok(expr)
    }

    fn relational(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let left = self.string_operation()?;
        let op = match self.kind() {
            Kind::Mark("<") => CompareOp::Less,
            Kind::Mark("<=") => CompareOp::LessOrEqual,
            Kind::Mark(">") => CompareOp::Greater,
            Kind::Mark(">=") => CompareOp::GreaterOrEqual,
            _ => return Ok(left),
        };
        self.compare(start, op, left, Self::string_operation)
    }

    fn compare(
        &mut self,
        start: Span,
        op: CompareOp,
        left: Expr,
        right: fn(&mut Self) -> Result<Expr, Error>,
    ) -> Result<Expr, Error> {
        self.at += 1;
        let right = right(self)?;
        Ok(self.node(start, ExprKind::Compare(op, Box::new(left), Box::new(right))))
    }

    fn list(&mut self, start: Span, word: &str, left: Expr) -> Result<Expr, Error> {
        self.at += 1;
        let op = match word {
            "has_any" => ListOp::HasAny,
            "has_all" => ListOp::HasAll,
            _ => ListOp::In { fold: word.ends_with('~'), negated: word.starts_with('!') },
        };
        self.expect_mark("(")?;
        let mut items = vec![self.invocation()?];
        while self.take_mark(",") {
            items.push(self.invocation()?);
        }
        self.expect_mark(")")?;
        Ok(self.node(start, ExprKind::List(op, Box::new(left), items)))
    }

    fn between(&mut self, start: Span, negated: bool, left: Expr) -> Result<Expr, Error> {
        self.at += 1;
        self.expect_mark("(")?;
        let low = Box::new(self.invocation()?);
        self.expect_mark("..")?;
        let high = Box::new(self.invocation()?);
        self.expect_mark(")")?;
        Ok(self.node(start, ExprKind::Between { negated, subject: Box::new(left), low, high }))
    }

    fn string_operation(&mut self) -> Result<Expr, Error> {
        let (start, depth) = (self.span(), self.depth);
        let mut left = self.invocation()?;
        while let Some(op) = self.take_text_op() {
            self.deeper()?;
            let right = Box::new(self.invocation()?);
            left = self.node(start, ExprKind::Text(op, Subject::Expr(Box::new(left)), right));
        }
        self.depth = depth;
        match self.kind() {
            Kind::Mark("+" | "-" | "*" | "/" | "%") => Err(Error::new("arithmetic is not modelled", self.span())),
            _ => Ok(left),
        }
    }

    /// `* contains "x"` and `* == "x"`: the operator over every column.
    fn any_column(&mut self, start: Span) -> Result<Expr, Error> {
        self.at += 1;
        if self.take_mark("==") {
            let right = Box::new(self.relational()?);
            let op = TextOp { test: TextTest::Equal, fold: false, negated: false };
            return Ok(self.node(start, ExprKind::Text(op, Subject::AnyColumn, right)));
        }
        let Some(op) = self.take_text_op() else { return self.unexpected("a string operator after `*`") };
        let right = Box::new(self.invocation()?);
        Ok(self.node(start, ExprKind::Text(op, Subject::AnyColumn, right)))
    }

    /// Takes a string operator where one stands here.
    fn take_text_op(&mut self) -> Option<TextOp> {
        let op = match *self.kind() {
            Kind::Mark("=~") => TextOp { test: TextTest::Equal, fold: true, negated: false },
            Kind::Mark("!~") => TextOp { test: TextTest::Equal, fold: true, negated: true },
            Kind::Name("matches") => {
                let regex = matches!(self.ahead(1), Kind::Name("regex"));
                self.at += usize::from(regex);
                regex.then_some(TextOp { test: TextTest::MatchesRegex, fold: false, negated: false })?
            }
            Kind::Name(word) => named_text_op(word)?,
            _ => return None,
        };
        self.at += 1;
        Some(op)
    }

    /// A signed number, or a path.
    fn invocation(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let negative = match self.kind() {
            Kind::Mark("-") => true,
            Kind::Mark("+") => false,
            _ => return self.path(),
        };
        self.at += 1;
        let number = match *self.kind() {
            Kind::Long(value) => literal::signed(value, negative),
            Kind::Real(value) => Some(Literal::Real(Some(if negative { -value } else { value }))),
            _ => return Err(Error::new("a sign is modelled before a number only", start)),
        };
        self.at += 1;
        match number {
            Some(number) => Ok(self.node(start, ExprKind::Literal(number))),
            None => Err(Error::new("the number does not fit a long", start.to(self.last_span()))),
        }
    }

    fn path(&mut self) -> Result<Expr, Error> {
        let (start, depth) = (self.span(), self.depth);
        let mut expr = self.primary()?;
        loop {
            if self.take_mark(".") {
                let key = match self.kind() {
                    Kind::Name(word) if !is_reserved(word) => self.word_name(),
                    Kind::Mark("[") => self.bracketed()?,
                    _ => return self.unexpected("the name of a property"),
                };
                expr = self.node(start, ExprKind::Key(Box::new(expr), key.text));
            } else if self.take_mark("[") {
                expr = self.subscript(start, expr)?;
            } else {
                self.depth = depth;
                return Ok(expr);
            }
            self.deeper()?;
        }
    }

    fn subscript(&mut self, start: Span, base: Expr) -> Result<Expr, Error> {
        let negative = self.take_mark("-");
        let kind = match *self.kind() {
            Kind::Text(ref key) if !negative => ExprKind::Key(Box::new(base), key.clone()),
            Kind::Long(index) => match literal::signed(index, negative) {
                Some(Literal::Long(Some(index))) => ExprKind::Element(Box::new(base), index),
                _ => return Err(Error::new("the index does not fit a long", self.span())),
            },
            _ => return self.unexpected("a constant subscript (others are not modelled)"),
        };
        self.at += 1;
        self.expect_mark("]")?;
        Ok(self.node(start, kind))
    }

    fn primary(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        match self.kind().clone() {
            Kind::Text(text) => {
                self.at += 1;
                Ok(self.spliced(start, text))
            }
            Kind::Long(value) => match literal::signed(value, false) {
                Some(number) => Ok(self.literal(start, number)),
                None => Err(Error::new("the number does not fit a long", start)),
            },
            Kind::Real(value) => Ok(self.literal(start, Literal::Real(Some(value)))),
            Kind::Typed(kind, body) => {
                let value = literal::typed(kind, body).map_err(|message| Error::new(message, start))?;
                Ok(self.literal(start, value))
            }
            Kind::Mark("(") => self.parenthesized(),
            Kind::Mark("[") => {
                let name = self.bracketed()?;
                self.named(start, name)
            }
            Kind::Name("true" | "TRUE" | "True") => Ok(self.literal(start, Literal::Bool(Some(true)))),
            Kind::Name("false" | "FALSE" | "False") => Ok(self.literal(start, Literal::Bool(Some(false)))),
            Kind::Name("dynamic") => self.dynamic(start),
            Kind::Name(word) if is_reserved(word) => {
                let message = format!("`{word}` is a keyword; a column of that name is written `['{word}']`");
                Err(Error::new(message, start))
            }
            Kind::Name(_) => {
                let name = self.word_name();
                self.named(start, name)
            }
            _ => self.unexpected("an expression"),
        }
    }

    fn parenthesized(&mut self) -> Result<Expr, Error> {
        self.at += 1;
        let inner = self.or()?;
        self.expect_mark(")")?;
        Ok(inner)
    }

    /// A column, or a call where a parenthesis follows.
    fn named(&mut self, start: Span, name: Name) -> Result<Expr, Error> {
        if !self.take_mark("(") {
            return Ok(self.node(start, ExprKind::Column(name.text)));
        }
        let mut args = Vec::new();
        if !self.take_mark(")") {
            args.push(self.or()?);
            while self.take_mark(",") {
                args.push(self.or()?);
            }
            self.expect_mark(")")?;
        }
        Ok(self.node(start, ExprKind::Call(name, args)))
    }

    /// String literals with nothing but blanks between them are one string.
    fn spliced(&mut self, start: Span, mut text: String) -> Expr {
        while let Kind::Text(more) = self.kind() {
            text.push_str(more);
            self.at += 1;
        }
        self.node(start, ExprKind::Literal(Literal::String(text)))
    }

    fn dynamic(&mut self, start: Span) -> Result<Expr, Error> {
        self.at += 1;
        self.expect_mark("(")?;
        let value = self.json()?;
        self.expect_mark(")")?;
        Ok(self.node(start, ExprKind::Literal(Literal::Dynamic(value))))
    }

    fn json(&mut self) -> Result<Json, Error> {
        self.deeper()?;
        let value = self.json_value()?;
        self.depth -= 1;
        Ok(value)
    }

    fn json_value(&mut self) -> Result<Json, Error> {
        let start = self.span();
        let negative = self.take_mark("-");
        let value = match self.kind().clone() {
            Kind::Long(value) => match literal::signed(value, negative) {
                Some(Literal::Long(Some(value))) => Json::from(value),
                _ => return Err(Error::new("the number does not fit a long", start)),
            },
            Kind::Real(value) => Json::from(if negative { -value } else { value }),
            _ if negative => return self.unexpected("a number after `-`"),
            Kind::Text(text) => {
                self.at += 1;
                return match self.spliced(start, text).kind {
                    ExprKind::Literal(Literal::String(text)) => Ok(Json::String(text)),
                    _ => Ok(Json::Null),
                };
            }
            Kind::Name("true" | "TRUE" | "True") => Json::Bool(true),
            Kind::Name("false" | "FALSE" | "False") => Json::Bool(false),
            Kind::Name("null") => Json::Null,
            Kind::Mark("[") => return self.json_array(),
            Kind::Mark("{") => return self.json_object(),
            _ => return self.unexpected("a JSON value (others are not modelled in `dynamic`)"),
        };
        self.at += 1;
        Ok(value)
    }

    fn json_array(&mut self) -> Result<Json, Error> {
        self.at += 1;
        let mut items = Vec::new();
        if !self.take_mark("]") {
            items.push(self.json()?);
            while self.take_mark(",") {
                items.push(self.json()?);
            }
            self.expect_mark("]")?;
        }
        Ok(Json::Array(items))
    }

    fn json_object(&mut self) -> Result<Json, Error> {
        self.at += 1;
        let mut slots = Map::new();
        while !self.take_mark("}") {
            if !slots.is_empty() {
                self.expect_mark(",")?;
            }
            let Kind::Text(key) = self.kind().clone() else { return self.unexpected("a quoted key") };
            self.at += 1;
            self.expect_mark(":")?;
            slots.insert(key, self.json()?);
        }
        Ok(Json::Object(slots))
    }

    /// `['any text']` as a name.
    fn bracketed(&mut self) -> Result<Name, Error> {
        let start = self.span();
        self.expect_mark("[")?;
        let Kind::Text(text) = self.kind().clone() else { return self.unexpected("a quoted name after `[`") };
        self.at += 1;
        self.expect_mark("]")?;
        Ok(Name { text, span: start.to(self.last_span()) })
    }

    fn word_name(&mut self) -> Name {
        let text = match self.kind() {
            Kind::Name(word) => (*word).to_owned(),
            _ => String::new(),
        };
        let span = self.span();
        self.at += 1;
        Name { text, span }
    }

    fn literal(&mut self, start: Span, value: Literal) -> Expr {
        self.at += 1;
        self.node(start, ExprKind::Literal(value))
    }

    fn node(&self, start: Span, kind: ExprKind) -> Expr {
        Expr { kind, span: start.to(self.last_span()) }
    }
}

/// The string operators that are words; `_cs` marks the case-sensitive ones, `!` the negated ones.
fn named_text_op(word: &str) -> Option<TextOp> {
    let (negated, plain) = word.strip_prefix('!').map_or((false, word), |plain| (true, plain));
    let (fold, plain) = plain.strip_suffix("_cs").map_or((true, plain), |plain| (false, plain));
    let test = match plain {
        "contains" => TextTest::Contains,
        "startswith" => TextTest::StartsWith,
        "endswith" => TextTest::EndsWith,
        "has" => TextTest::Has,
        "hasprefix" => TextTest::HasPrefix,
        "hassuffix" => TextTest::HasSuffix,
        _ => return None,
    };
    Some(TextOp { test, fold, negated })
}
