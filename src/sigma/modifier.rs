//! Modifiers, and what a chain of them asks for.
//!
//! A key's chain is brought into slots (encoding, expansion, operator, case, linking, negation), so that the order that
//! means nothing is gone and what does not fit together is refused. Nothing here looks at values.

use super::encoding::{Base64, Utf16};
use crate::diagnostic::{Code, Diagnostic, codes, did_you_mean};
use crate::ir::regex::Flags;
use crate::ir::{CompareOp, PatternOp, TimePart};
use crate::source::Span;

/// A modifier of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modifier {
    /// `contains`, `startswith`, `endswith`
    Text(PatternOp),
    /// `all`
    All,
    /// `cased`
    Cased,
    /// `exists`
    Exists,
    /// `neq`
    Neq,
    /// `re`
    Regex,
    /// `i`, `m`, `s` and their long names
    Flag(Flag),
    /// `cidr`
    Cidr,
    /// `gt`, `gte`, `lt`, `lte`
    Compare(CompareOp),
    /// `minute` to `year`
    Time(TimePart),
    /// `base64`, `base64offset`
    Base64(Base64),
    /// `wide`, `utf16le`, `utf16be`, `utf16`
    Utf16(Utf16),
    /// `windash`
    Windash,
    /// `expand`
    Expand,
    /// `fieldref`
    Fieldref,
}

/// A flag of a regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// `i`
    IgnoreCase,
    /// `m`
    MultiLine,
    /// `s`
    DotAll,
}

/// Every name with its modifier.
const NAMES: &[(&str, Modifier)] = &[
    ("contains", Modifier::Text(PatternOp::Contains)),
    ("startswith", Modifier::Text(PatternOp::StartsWith)),
    ("endswith", Modifier::Text(PatternOp::EndsWith)),
    ("all", Modifier::All),
    ("cased", Modifier::Cased),
    ("exists", Modifier::Exists),
    ("neq", Modifier::Neq),
    ("re", Modifier::Regex),
    ("i", Modifier::Flag(Flag::IgnoreCase)),
    ("ignorecase", Modifier::Flag(Flag::IgnoreCase)),
    ("m", Modifier::Flag(Flag::MultiLine)),
    ("multiline", Modifier::Flag(Flag::MultiLine)),
    ("s", Modifier::Flag(Flag::DotAll)),
    ("dotall", Modifier::Flag(Flag::DotAll)),
    ("cidr", Modifier::Cidr),
    ("gt", Modifier::Compare(CompareOp::Gt)),
    ("gte", Modifier::Compare(CompareOp::Ge)),
    ("lt", Modifier::Compare(CompareOp::Lt)),
    ("lte", Modifier::Compare(CompareOp::Le)),
    ("minute", Modifier::Time(TimePart::Minute)),
    ("hour", Modifier::Time(TimePart::Hour)),
    ("day", Modifier::Time(TimePart::Day)),
    ("week", Modifier::Time(TimePart::Week)),
    ("month", Modifier::Time(TimePart::Month)),
    ("year", Modifier::Time(TimePart::Year)),
    ("base64", Modifier::Base64(Base64::Whole)),
    ("base64offset", Modifier::Base64(Base64::Offset)),
    ("utf16le", Modifier::Utf16(Utf16::Little)),
    ("wide", Modifier::Utf16(Utf16::Little)),
    ("utf16be", Modifier::Utf16(Utf16::Big)),
    ("utf16", Modifier::Utf16(Utf16::Marked)),
    ("windash", Modifier::Windash),
    ("expand", Modifier::Expand),
    ("fieldref", Modifier::Fieldref),
];

impl Modifier {
    /// The modifier of this exact name.
    pub fn find(name: &str) -> Option<Modifier> {
        NAMES.iter().find(|(n, _)| *n == name).map(|(_, modifier)| *modifier)
    }
}

/// Words of other languages, and of people who guess, with what Sigma has instead.
const OTHERS: &[(&[&str], &str)] = &[
    (
        &["any", "in", "or", "oneof", "anyof", "list"],
        "remove it: one of several values is enough unless there is `all`",
    ),
    (&["and", "every"], "write `all` where every value is needed"),
    (
        &["eq", "equals", "equal", "is", "exact", "=", "=="],
        "remove it: a value is compared as a whole unless a modifier says otherwise",
    ),
    (&["not", "ne", "isnot", "!=", "notequals", "nin", "notin"], "write `neq`, or negate the search in the condition"),
    (&["like", "wildcard", "glob"], "remove it: `*` and `?` in a value are wildcards"),
    (&["regex", "regexp", "rx", "match", "matches", "pcre"], "write `re`"),
    (&["subnet", "ip", "network", "cidrmatch"], "write `cidr`"),
    (&["has", "includes", "substring"], "write `contains`"),
    (&["prefix", "beginswith", "begins", "starts"], "write `startswith`"),
    (&["suffix", "ends"], "write `endswith`"),
    (&["ge", ">="], "write `gte`"),
    (&["le", "<="], "write `lte`"),
    (&[">", "greater", "greaterthan"], "write `gt`"),
    (&["<", "less", "lessthan"], "write `lt`"),
    (
        &["nocase", "lower", "upper", "caseinsensitive", "ci"],
        "remove it: letter case does not count unless there is `cased`",
    ),
    (&["casesensitive", "case", "cs"], "write `cased`"),
    (&["null", "isnull", "empty", "missing"], "remove it and write the value `null`, or `exists: false`"),
    (&["b64", "base64_encode"], "write `base64`"),
    (&["b64offset", "base64_offset"], "write `base64offset`"),
    (&["utf16_le", "unicode"], "write `utf16le`"),
    (&["count", "min", "max", "avg", "sum"], "counting belongs into a correlation rule"),
];

/// The diagnostic for a name that is no modifier.
pub(super) fn unknown(name: &str, span: Span) -> Diagnostic {
    if name.is_empty() {
        let diagnostic = Diagnostic::new(codes::MODIFIER_UNKNOWN, "a modifier is missing after `|`").at(span);
        return diagnostic.help("remove the `|` or name a modifier");
    }
    let diagnostic = Diagnostic::new(codes::MODIFIER_UNKNOWN, format!("unknown modifier `{name}`")).at(span);
    if let Some((_, help)) = OTHERS.iter().find(|(words, _)| words.iter().any(|w| w.eq_ignore_ascii_case(name))) {
        return diagnostic.help(*help);
    }
    match did_you_mean(name, NAMES.iter().map(|(n, _)| *n)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// A modifier as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The modifier.
    pub modifier: Modifier,
    /// Its name in the key.
    pub span: Span,
}

/// What an item does with its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Operator {
    /// Compares with the whole value.
    #[default]
    Equals,
    /// Compares with a part of the value; never [`PatternOp::Equals`].
    Text(PatternOp),
    /// Searches a regular expression.
    Regex(Flags),
    /// Asks whether an address lies in a network.
    Network,
    /// Compares numbers.
    Compare(CompareOp),
    /// Asks whether the field is there.
    Exists,
    /// Compares with another field.
    Fieldref(PatternOp),
    /// Compares a part of a timestamp.
    Time(TimePart, CompareOp),
}

/// A chain in slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain {
    /// The byte encoding before Base64.
    pub utf16: Option<Utf16>,
    /// The Base64 encoding.
    pub base64: Option<Base64>,
    /// Whether dashes are varied.
    pub windash: bool,
    /// Whether placeholders are expanded.
    pub expand: bool,
    /// The operator.
    pub operator: Operator,
    /// Whether letters compare exactly.
    pub cased: bool,
    /// Whether all values are needed instead of one.
    pub all: bool,
    /// Whether the item is negated.
    pub neq: bool,
}

/// What kind of key the chain stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Field,
    Keyword,
}

impl Chain {
    /// Brings the modifiers of a key into slots.
    pub(super) fn build(written: &[Written], subject: Subject, key: Span) -> Result<Chain, Box<Diagnostic>> {
        let mut chain = Chain::default();
        for (i, w) in written.iter().enumerate() {
            if let Some(first) = written[..i].iter().find(|earlier| earlier.modifier == w.modifier) {
                return Err(Box::new(refuse("the modifier stands twice", w.span).label(first.span, "first here")));
            }
            chain.add(w.modifier).map_err(|reason| Box::new(refuse(reason, w.span)))?;
        }
        let last = written.last().map_or(key, |w| w.span);
        chain.check().map_err(|reason| Box::new(refuse(reason, last)))?;
        if subject == Subject::Keyword {
            chain.check_keyword().map_err(|(code, reason)| Box::new(Diagnostic::new(code, reason).at(key)))?;
        }
        Ok(chain)
    }

    /// Fills a slot; the reason where that is not possible.
    fn add(&mut self, modifier: Modifier) -> Result<(), &'static str> {
        let plain = self.operator == Operator::Equals;
        // Linking and negation may stand anywhere, even before a type.
        let first =
            plain && !(self.windash || self.expand || self.cased || self.utf16.is_some() || self.base64.is_some());
        match modifier {
            Modifier::All => self.all = true,
            Modifier::Neq => self.neq = true,
            Modifier::Cased => self.cased = true,
            Modifier::Windash | Modifier::Expand if self.base64.is_some() || self.utf16.is_some() => {
                return Err("`windash` and `expand` change the text, so they stand before an encoding");
            }
            Modifier::Windash => self.windash = true,
            Modifier::Expand => self.expand = true,
            Modifier::Utf16(_) if self.base64.is_some() => return Err("UTF-16 encodings stand before Base64"),
            Modifier::Utf16(_) | Modifier::Base64(_) if !plain => {
                return Err("a value is encoded before an operator is applied to it");
            }
            Modifier::Utf16(_) if self.utf16.is_some() => return Err("only one UTF-16 encoding is possible"),
            Modifier::Utf16(encoding) => self.utf16 = Some(encoding),
            Modifier::Base64(_) if self.base64.is_some() => return Err("only one Base64 encoding is possible"),
            Modifier::Base64(encoding) => self.base64 = Some(encoding),
            Modifier::Flag(flag) => return self.add_flag(flag),
            Modifier::Text(op) => {
                self.operator = match self.operator {
                    Operator::Equals => Operator::Text(op),
                    Operator::Fieldref(PatternOp::Equals) => Operator::Fieldref(op),
                    Operator::Regex(_) => return Err("a regular expression is searched anywhere in the value already"),
                    _ => return Err("this operator cannot be combined with the one before it"),
                }
            }
            Modifier::Compare(op) => {
                self.operator = match self.operator {
                    Operator::Equals if first => Operator::Compare(op),
                    Operator::Time(part, CompareOp::Eq) => Operator::Time(part, op),
                    _ => return Err("a comparison can follow a time part only"),
                }
            }
            Modifier::Regex if first => self.operator = Operator::Regex(Flags::default()),
            Modifier::Cidr if first => self.operator = Operator::Network,
            Modifier::Exists if first => self.operator = Operator::Exists,
            Modifier::Time(part) if first => self.operator = Operator::Time(part, CompareOp::Eq),
            Modifier::Fieldref if plain => self.operator = Operator::Fieldref(PatternOp::Equals),
            Modifier::Regex | Modifier::Cidr => {
                return Err("this modifier says what the value is, so it must stand first");
            }
            Modifier::Exists => return Err("`exists` stands alone"),
            Modifier::Time(_) | Modifier::Fieldref => return Err("this modifier cannot follow another operator"),
        }
        Ok(())
    }

    fn add_flag(&mut self, flag: Flag) -> Result<(), &'static str> {
        let Operator::Regex(flags) = &mut self.operator else {
            return Err("flags of regular expressions need `re` before them");
        };
        let slot = match flag {
            Flag::IgnoreCase => &mut flags.ignore_case,
            Flag::MultiLine => &mut flags.multi_line,
            Flag::DotAll => &mut flags.dot_all,
        };
        *slot = true;
        Ok(())
    }

    /// What the slots demand of each other.
    fn check(&self) -> Result<(), &'static str> {
        let text = matches!(self.operator, Operator::Equals | Operator::Text(_));
        if self.utf16.is_some() && self.base64.is_none() {
            return Err("a byte encoding means something only before `base64` or `base64offset`");
        }
        if (self.windash || self.expand || self.base64.is_some()) && !text {
            return Err("encodings, `windash` and `expand` need an operator on text");
        }
        if self.cased && matches!(self.operator, Operator::Regex(_)) {
            return Err("a regular expression respects case already; `cased` does not apply");
        }
        if self.cased && !text && !matches!(self.operator, Operator::Fieldref(_)) {
            return Err("`cased` needs an operator on text");
        }
        if self.all && self.operator == Operator::Exists {
            return Err("`exists` takes one value; `all` does not apply");
        }
        Ok(())
    }

    /// What a key without a field cannot have.
    fn check_keyword(&self) -> Result<(), (Code, &'static str)> {
        if self.neq {
            return Err((codes::FIELD_NEEDED, "`neq` needs a field"));
        }
        match self.operator {
            Operator::Equals | Operator::Text(_) | Operator::Regex(_) => Ok(()),
            Operator::Exists => Err((codes::FIELD_NEEDED, "`exists` needs a field")),
            Operator::Fieldref(_) => Err((codes::FIELD_NEEDED, "`fieldref` needs a field to compare")),
            Operator::Network | Operator::Compare(_) | Operator::Time(..) => {
                Err((codes::FIELD_NEEDED, "this modifier needs a field; keywords are text"))
            }
        }
    }
}

fn refuse(reason: &str, span: Span) -> Diagnostic {
    Diagnostic::new(codes::MODIFIER_COMBINATION, reason).at(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chain of a key such as `f|contains|all`; on refusal the code and the modifier that is pointed at.
    fn build(key: &str) -> Result<Chain, (String, String)> {
        let mut at = key.find('|').unwrap_or(key.len());
        let mut written = Vec::new();
        for name in key.split('|').skip(1) {
            let span = Span::new(at + 1, at + 1 + name.len());
            at = span.end as usize;
            let modifier = Modifier::find(name).ok_or_else(|| ("unknown".to_owned(), name.to_owned()))?;
            written.push(Written { modifier, span });
        }
        let subject = if key.starts_with('|') { Subject::Keyword } else { Subject::Field };
        Chain::build(&written, subject, Span::new(0, key.len()))
            .map_err(|d| (d.code.id().to_owned(), key.get(d.span.unwrap_or_default().range()).unwrap_or("").to_owned()))
    }

    #[test]
    fn order_that_means_nothing_is_gone() {
        for (a, b) in [
            ("f|contains|all", "f|all|contains"),
            ("f|windash|contains", "f|contains|windash"),
            ("f|expand|endswith", "f|endswith|expand"),
            ("f|cased|startswith", "f|startswith|cased"),
            ("f|neq|re", "f|re|neq"),
            ("f|re|i|m", "f|re|m|i"),
            ("f|wide|base64", "f|utf16le|base64"),
            ("f|re|ignorecase", "f|re|i"),
            ("f|all|cidr", "f|cidr|all"),
            ("f|windash|base64|contains", "f|windash|base64|contains"),
        ] {
            assert_eq!(build(a), build(b), "{a}");
            assert!(build(a).is_ok(), "{a}");
        }
    }

    #[test]
    fn accepted_combinations() {
        for key in [
            "f",
            "f|utf16|base64offset|contains|cased|all",
            "f|fieldref|endswith|cased|neq",
            "f|hour|gte|neq",
            "f|exists",
            "f|exists|neq",
            "f|gt|all",
            "f|re|i|m|s|all",
            "|all",
            "|contains",
            "|re|i",
            "|cased|all",
            "|base64offset|contains",
            "f|cased|fieldref",
        ] {
            assert!(build(key).is_ok(), "{key}: {:?}", build(key));
        }
    }

    #[test]
    fn refused_combinations_point_at_the_modifier() {
        for (key, code, at) in [
            ("f|contains|re", "SG0202", "re"),
            ("f|re|contains", "SG0202", "contains"),
            ("f|i", "SG0202", "i"),
            ("f|re|cased", "SG0202", "cased"),
            ("f|re|expand", "SG0202", "expand"),
            ("f|cidr|contains", "SG0202", "contains"),
            ("f|contains|cidr", "SG0202", "cidr"),
            ("f|contains|exists", "SG0202", "exists"),
            ("f|exists|all", "SG0202", "all"),
            ("f|contains|base64", "SG0202", "base64"),
            ("f|utf16be", "SG0202", "utf16be"),
            ("f|base64|wide", "SG0202", "wide"),
            ("f|base64|base64offset", "SG0202", "base64offset"),
            ("f|base64|windash", "SG0202", "windash"),
            ("f|wide|utf16|base64", "SG0202", "utf16"),
            ("f|contains|startswith", "SG0202", "startswith"),
            ("f|contains|contains", "SG0202", "contains"),
            ("f|contains|fieldref", "SG0202", "fieldref"),
            ("f|gt|lt", "SG0202", "lt"),
            ("f|gte|hour", "SG0202", "hour"),
            ("f|contains|gt", "SG0202", "gt"),
            ("f|gt|windash", "SG0202", "windash"),
            ("f|gt|cased", "SG0202", "cased"),
            ("|exists", "SG0211", "|exists"),
            ("|neq", "SG0211", "|neq"),
            ("|cidr", "SG0211", "|cidr"),
            ("|fieldref", "SG0211", "|fieldref"),
        ] {
            assert_eq!(build(key), Err((code.into(), at.into())), "{key}");
        }
    }

    #[test]
    fn names_are_exact_and_suggested() {
        assert_eq!(Modifier::find("Contains"), None);
        assert_eq!(unknown("containz", Span::default()).help, ["did you mean `contains`?"]);
        assert_eq!(unknown("Contains", Span::default()).help, ["did you mean `contains`?"]);
        assert_eq!(unknown("", Span::default()).message, "a modifier is missing after `|`");
    }
}
