//! The rules together use every modifier, every form of a condition and every form of a search.

use std::collections::BTreeSet;

use sigmaglot::ir::Piece;
use sigmaglot::sigma::condition::{Expr, ExprKind, Quantifier, Target};
use sigmaglot::sigma::detection::{Body, BodyKind, Detection, Form, Item, Value};
use sigmaglot::sigma::modifier::Operator;
use sigmaglot::sigma::scalar::Kind;
use sigmaglot::sigma::{self, Document};
use sigmaglot::source::Source;

use super::files;

/// The modifiers of the specification.
const MODIFIERS: &str = "contains startswith endswith all cased exists neq re i m s cidr gt gte lt lte minute hour day week \
    month year base64 base64offset utf16 utf16le utf16be wide windash expand fieldref";

/// Chains whose parts mean something else together.
const CHAINS: &[&str] = &[
    "contains|all",
    "contains|windash",
    "contains|neq",
    "fieldref|neq",
    "fieldref|contains",
    "fieldref|startswith",
    "fieldref|endswith|neq",
    "re|i",
    "re|m",
    "re|i|s",
    "hour|lt",
    "wide|base64offset|contains|cased",
    "utf16|base64|startswith|cased",
    "startswith|expand",
];

/// The forms of conditions.
const CONDITIONS: &[&str] = &[
    "and",
    "or",
    "not",
    "not of a selector",
    "not of parentheses",
    "parentheses",
    "1 of them",
    "1 of a pattern",
    "1 of a name",
    "any of",
    "all of them",
    "all of a pattern",
    "a list",
    "a search that begins with _",
];

/// The forms of searches, values and documents.
const FORMS: &[&str] = &[
    "a list of maps",
    "a list of keywords",
    "all of several keywords",
    "a keyword with a modifier",
    "more than 20 values",
    "null",
    "the empty text",
    "the empty text in a list",
    "a whole number",
    "a number with a fraction",
    "a boolean",
    "an escaped star",
    "an escaped question mark",
    "a wildcard for one character",
    "a wildcard inside",
    "only a star",
    "a backslash at the end",
    "a character beyond ASCII",
    "a quote",
    "a field with dots",
    "a field with a dash",
    "a collection",
    "a filter",
];

#[test]
fn the_rules_use_every_modifier() {
    let used = used();
    missing("modifier", MODIFIERS.split_whitespace(), &used.modifiers);
    missing("chain", CHAINS.iter().copied(), &used.chains);
}

#[test]
fn the_rules_use_every_form_of_a_condition() {
    missing("condition", CONDITIONS.iter().copied(), &used().conditions);
}

#[test]
fn the_rules_use_every_form_of_a_search() {
    missing("form", FORMS.iter().copied(), &used().forms);
}

fn missing<'w>(what: &str, wanted: impl Iterator<Item = &'w str>, used: &BTreeSet<String>) {
    let missing: Vec<&str> = wanted.filter(|name| !used.contains(*name)).collect();
    assert!(missing.is_empty(), "no rule has this {what}: {}", missing.join(", "));
}

/// What was seen in the rules.
#[derive(Default)]
struct Used {
    modifiers: BTreeSet<String>,
    chains: BTreeSet<String>,
    conditions: BTreeSet<String>,
    forms: BTreeSet<String>,
}

fn used() -> Used {
    let mut used = Used::default();
    for example in files::examples() {
        if example.source.text().starts_with("action: global") {
            used.form("a collection");
        }
        for document in sigma::parse(&example.source).documents {
            match document {
                Document::Rule(rule) => used.detection(&rule.detection, &example.source),
                Document::Filter(filter) => {
                    used.form("a filter");
                    used.detection(&filter.detection, &example.source);
                }
                Document::Correlation(_) => {}
            }
        }
    }
    used
}

impl Used {
    fn form(&mut self, name: &str) {
        self.forms.insert(name.into());
    }

    fn detection(&mut self, detection: &Detection, source: &Source) {
        if detection.conditions.len() > 1 {
            self.conditions.insert("a list".into());
        }
        for condition in &detection.conditions {
            self.condition(&condition.expr, source);
        }
        for search in &detection.searches {
            if search.name.text.starts_with('_') {
                self.conditions.insert("a search that begins with _".into());
            }
            self.body(&search.body, source);
        }
    }

    fn condition(&mut self, expr: &Expr, source: &Source) {
        let mut see = |name: &str| {
            self.conditions.insert(name.into());
        };
        match &expr.kind {
            ExprKind::Identifier(_) => {}
            ExprKind::Selector { quantifier, target } => {
                let any = source.slice(expr.span).starts_with("any");
                match (quantifier, target) {
                    (Quantifier::Any, _) if any => see("any of"),
                    (Quantifier::Any, Target::Them) => see("1 of them"),
                    (Quantifier::Any, Target::Pattern(name)) if !name.contains('*') => see("1 of a name"),
                    (Quantifier::Any, Target::Pattern(_)) => see("1 of a pattern"),
                    (Quantifier::All, Target::Them) => see("all of them"),
                    (Quantifier::All, Target::Pattern(_)) => see("all of a pattern"),
                }
            }
            ExprKind::Not(part) => {
                match &part.kind {
                    ExprKind::Selector { .. } => see("not of a selector"),
                    ExprKind::And(_) | ExprKind::Or(_) => see("not of parentheses"),
                    _ => see("not"),
                }
                self.condition(part, source);
            }
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let and = matches!(expr.kind, ExprKind::And(_));
                see(if and { "and" } else { "or" });
                if and && parts.iter().any(|part| matches!(part.kind, ExprKind::Or(_))) {
                    see("parentheses");
                }
                parts.iter().for_each(|part| self.condition(part, source));
            }
        }
    }

    fn body(&mut self, body: &Body, source: &Source) {
        match &body.kind {
            BodyKind::Items(items) => items.iter().for_each(|item| self.item(item, source)),
            BodyKind::AnyOf(bodies) => {
                let maps = bodies.iter().any(|body| matches!(body.kind, BodyKind::Items(_)));
                self.form(if maps { "a list of maps" } else { "a list of keywords" });
                bodies.iter().for_each(|body| self.body(body, source));
            }
            BodyKind::Keyword(value) => self.value(value),
        }
    }

    fn item(&mut self, item: &Item, source: &Source) {
        let names: Vec<&str> = item.modifiers.iter().map(|modifier| source.slice(modifier.span)).collect();
        self.modifiers.extend(names.iter().map(|name| (*name).to_owned()));
        self.chains.insert(names.join("|"));
        match &item.field {
            Some(field) if field.text.contains('.') => self.form("a field with dots"),
            Some(field) if field.text.contains('-') => self.form("a field with a dash"),
            Some(_) => {}
            None if item.chain.all => self.form("all of several keywords"),
            None => self.form("a keyword with a modifier"),
        }
        if item.values.len() > 20 {
            self.form("more than 20 values");
        }
        for value in &item.values {
            if item.form == Form::List && value.kind == Kind::Text && value.text.is_empty() {
                self.form("the empty text in a list");
            }
            if !matches!(item.chain.operator, Operator::Regex(_)) {
                self.value(value);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value.kind {
            Kind::Null => self.form("null"),
            Kind::Bool(_) => self.form("a boolean"),
            Kind::Int(_) => self.form("a whole number"),
            Kind::Float(_) => self.form("a number with a fraction"),
            Kind::Unbounded => {}
            Kind::Text => self.text(&value.text),
        }
    }

    fn text(&mut self, text: &str) {
        let pieces = sigma::pattern::parse(text);
        if pieces.is_empty() {
            self.form("the empty text");
        }
        if pieces == [Piece::AnyString] {
            self.form("only a star");
        }
        for (index, piece) in pieces.iter().enumerate() {
            let inner = index > 0 && index + 1 < pieces.len();
            match piece {
                Piece::AnyChar => self.form("a wildcard for one character"),
                Piece::AnyString if inner => self.form("a wildcard inside"),
                Piece::AnyString | Piece::OneOf(_) => {}
                Piece::Literal(literal) => self.literal(literal),
            }
        }
        if text.ends_with('\\') {
            self.form("a backslash at the end");
        }
    }

    fn literal(&mut self, text: &str) {
        for (wanted, name) in
            [('*', "an escaped star"), ('?', "an escaped question mark"), ('\'', "a quote"), ('"', "a quote")]
        {
            if text.contains(wanted) {
                self.form(name);
            }
        }
        if !text.is_ascii() {
            self.form("a character beyond ASCII");
        }
    }
}
