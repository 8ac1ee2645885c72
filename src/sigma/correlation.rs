//! Correlation rules as written. What they mean is not built yet, so reading one ends with a diagnostic.

use super::attributes;
use super::detection::Text;
use super::messages::Messages;
use super::scalar::{self, Kind, Style};
use super::slips;
use super::yaml::{Entry, Node, Value};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::ir::{Meta, Number};
use crate::source::Span;

/// A correlation rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// What it says of itself.
    pub meta: Meta,
    /// What is computed.
    pub kind: Option<CorrelationKind>,
    /// The referenced rules, by id or name.
    pub rules: Vec<Text>,
    /// The fields or aliases that make groups.
    pub group_by: Vec<Text>,
    /// The length of the window in seconds.
    pub timespan: Option<u64>,
    /// The comparisons; all must hold.
    pub condition: Vec<Comparison>,
    /// The fields whose values are counted or computed with.
    pub fields: Vec<Text>,
    /// The percentile of `value_percentile`.
    pub percentile: Option<Number>,
    /// Alias, then rule and field.
    pub aliases: Vec<Alias>,
    /// Whether the referenced rules give results of their own.
    pub generate: bool,
    /// Where the section stands.
    pub span: Span,
}

/// A comparison of the computed value.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The operator.
    pub op: ComparisonOp,
    /// The number.
    pub number: Number,
    /// From the operator to the number.
    pub span: Span,
}

/// Operators of a correlation's condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of the specification")]
pub enum ComparisonOp {
    Gt,
    Gte,
    Lt,
    Lte,
    Eq,
    Neq,
}

/// A name for fields that are called differently in different rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// The alias.
    pub name: Text,
    /// Rule and field.
    pub fields: Vec<(Text, Text)>,
}

/// What a correlation computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of the specification")]
pub enum CorrelationKind {
    EventCount,
    ValueCount,
    Temporal,
    TemporalOrdered,
    ValueSum,
    ValueAvg,
    ValuePercentile,
    ValueMedian,
}

const KINDS: &[(&str, CorrelationKind)] = &[
    ("event_count", CorrelationKind::EventCount),
    ("value_count", CorrelationKind::ValueCount),
    ("temporal", CorrelationKind::Temporal),
    ("temporal_ordered", CorrelationKind::TemporalOrdered),
    ("value_sum", CorrelationKind::ValueSum),
    ("value_avg", CorrelationKind::ValueAvg),
    ("value_percentile", CorrelationKind::ValuePercentile),
    ("value_median", CorrelationKind::ValueMedian),
];

const OPS: &[(&str, ComparisonOp)] = &[
    ("gt", ComparisonOp::Gt),
    ("gte", ComparisonOp::Gte),
    ("lt", ComparisonOp::Lt),
    ("lte", ComparisonOp::Lte),
    ("eq", ComparisonOp::Eq),
    ("neq", ComparisonOp::Neq),
];

const KEYS: [&str; 7] = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"];

impl CorrelationKind {
    /// Whether a field is needed whose values are looked at.
    fn needs_field(self) -> bool {
        !matches!(self, Self::EventCount | Self::Temporal | Self::TemporalOrdered)
    }

    /// Whether the condition may be left out.
    fn has_default_condition(self) -> bool {
        matches!(self, Self::Temporal | Self::TemporalOrdered)
    }
}

/// Reads the section `correlation`.
pub(super) fn parse(
    section: &Entry<'_>,
    generate: Option<&Entry<'_>>,
    meta: Meta,
    messages: &mut Messages,
) -> Correlation {
    let before = messages.errors();
    let mut out = Correlation {
        meta,
        kind: None,
        rules: Vec::new(),
        group_by: Vec::new(),
        timespan: None,
        condition: Vec::new(),
        fields: Vec::new(),
        percentile: None,
        aliases: Vec::new(),
        generate: generate.is_some_and(|entry| flag(entry, messages)),
        span: section.span(),
    };
    let Value::Map(entries) = &section.value.value else {
        attributes::wrong_type("correlation", "a map", &section.value, messages);
        return out;
    };
    for entry in entries {
        out.read(entry, messages);
    }
    let has = |key: &str| entries.iter().any(|entry| entry.key.text == key);
    out.check(section.key_span, has, messages);
    if messages.errors() == before {
        let message = "correlation rules are not supported yet";
        messages.push(Diagnostic::new(codes::NOT_YET, message).at(section.key_span));
    }
    out
}

fn invalid(message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::new(codes::CORRELATION_INVALID, message).at(span)
}

fn flag(entry: &Entry<'_>, messages: &mut Messages) -> bool {
    match &entry.value.value {
        Value::Scalar(scalar) if scalar.kind == Kind::Bool(true) => true,
        Value::Scalar(scalar) if matches!(scalar.kind, Kind::Bool(false) | Kind::Null) => false,
        Value::Scalar(scalar) if scalar.style == Style::Plain && scalar::yaml11_bool(&scalar.text).is_some() => {
            let value = scalar::yaml11_bool(&scalar.text) == Some(true);
            messages.push(slips::yaml11_bool(&scalar.text, value, entry.value.span));
            value
        }
        _ => {
            attributes::wrong_type("generate", "true or false", &entry.value, messages);
            false
        }
    }
}

fn names(entry: &Entry<'_>, messages: &mut Messages) -> Vec<Text> {
    attributes::texts_or_one(entry, messages).into_iter().map(|(text, span)| Text { text, span }).collect()
}

fn number(node: &Node<'_>) -> Option<Number> {
    match &node.value {
        Value::Scalar(scalar) => match scalar.kind {
            Kind::Int(n) => Some(Number::Int(n)),
            Kind::Float(x) => Some(Number::Float(x)),
            _ => None,
        },
        _ => None,
    }
}

impl Correlation {
    fn read(&mut self, entry: &Entry<'_>, messages: &mut Messages) {
        match entry.key.text.as_ref() {
            "type" => self.read_kind(entry, messages),
            "rules" => self.rules = names(entry, messages),
            "group-by" => self.group_by = names(entry, messages),
            "timespan" => self.read_timespan(entry, messages),
            "condition" => self.read_condition(entry, messages),
            "aliases" => self.read_aliases(entry, messages),
            "generate" => self.generate |= flag(entry, messages),
            key => {
                let diagnostic = invalid(format!("a correlation has no `{key}`"), entry.key_span);
                messages.push(match did_you_mean(key, KEYS) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic,
                });
            }
        }
    }

    fn read_kind(&mut self, entry: &Entry<'_>, messages: &mut Messages) {
        let Some(text) = attributes::name(entry, usize::MAX, messages) else { return };
        self.kind = KINDS.iter().find(|(name, _)| *name == text.as_ref()).map(|(_, kind)| *kind);
        if self.kind.is_none() {
            let diagnostic = invalid(format!("`{text}` is no type of correlation"), entry.value.span);
            let near = did_you_mean(&text, KINDS.iter().map(|(name, _)| *name)).unwrap_or("event_count");
            messages.push(diagnostic.help(format!("did you mean `{near}`?")));
        }
    }

    fn read_timespan(&mut self, entry: &Entry<'_>, messages: &mut Messages) {
        let Some(text) = attributes::name(entry, 64, messages) else { return };
        self.timespan = seconds(&text);
        if self.timespan.is_none() {
            let diagnostic = invalid(format!("`{text}` is no time span"), entry.value.span);
            messages.push(diagnostic.help("write a positive whole number and `s`, `m`, `h` or `d`, such as `90m`"));
        }
    }

    fn read_condition(&mut self, entry: &Entry<'_>, messages: &mut Messages) {
        let Value::Map(entries) = &entry.value.value else {
            attributes::wrong_type("condition", "a map such as `gte: 10`", &entry.value, messages);
            return;
        };
        for part in entries {
            let key = part.key.text.as_ref();
            match (key, OPS.iter().find(|(name, _)| *name == key), number(&part.value)) {
                ("field", ..) => self.fields = names(part, messages),
                ("percentile", _, Some(n)) => self.percentile = Some(n),
                (_, Some((_, op)), Some(number)) => {
                    self.condition.push(Comparison { op: *op, number, span: part.span() });
                }
                ("percentile", ..) | (_, Some(_), None) => {
                    attributes::wrong_type(key, "a number", &part.value, messages);
                }
                _ => messages.push(invalid(format!("the condition of a correlation has no `{key}`"), part.key_span)),
            }
        }
    }

    fn read_aliases(&mut self, entry: &Entry<'_>, messages: &mut Messages) {
        let Value::Map(entries) = &entry.value.value else {
            attributes::wrong_type("aliases", "a map", &entry.value, messages);
            return;
        };
        for alias in entries {
            let Value::Map(fields) = &alias.value.value else {
                attributes::wrong_type("aliases", "a map of rules and fields", &alias.value, messages);
                continue;
            };
            let key = |e: &Entry<'_>| Text { text: e.key.text.as_ref().into(), span: e.key_span };
            let fields = fields.iter().filter_map(|e| {
                let field = attributes::name(e, usize::MAX, messages)?;
                Some((key(e), Text { text: field, span: e.value.span }))
            });
            let fields = fields.collect();
            self.aliases.push(Alias { name: key(alias), fields });
        }
    }

    /// What the parts demand of each other.
    fn check(&self, at: Span, has: impl Fn(&str) -> bool, messages: &mut Messages) {
        for key in ["type", "rules", "timespan"].into_iter().filter(|key| !has(key)) {
            messages.push(invalid(format!("the correlation has no `{key}`"), at));
        }
        if has("rules") && self.rules.is_empty() {
            messages.push(invalid("the correlation names no rules", at));
        }
        let Some(kind) = self.kind else { return };
        if self.condition.is_empty() && !kind.has_default_condition() {
            messages.push(invalid("the correlation has no condition such as `gte: 10`", at));
        }
        if self.fields.is_empty() && kind.needs_field() {
            messages.push(invalid("this type of correlation needs `field` in its condition", at));
        }
        if kind == CorrelationKind::ValuePercentile && self.percentile.is_none() {
            messages.push(invalid("`value_percentile` needs `percentile` in its condition", at));
        }
    }
}

/// The seconds of `<positive integer><unit>`.
fn seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match text.get(digits.len()..)? {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        "M" => 2_630_016, // 30.44 days
        "y" => 31_557_600,
        _ => return None,
    };
    let count = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u64>().ok()).flatten()?;
    count.checked_mul(unit).filter(|&n| n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans() {
        assert_eq!(seconds("90m"), Some(5_400));
        assert_eq!(seconds("1d"), Some(86_400));
        for wrong in
            ["", "m", "0s", "1h30m", "-5m", "+5m", "1.5h", "5", "5min", "99999999999999999999s", "9999999999999999y"]
        {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
