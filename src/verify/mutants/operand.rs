//! Mutants of operands: what a quoter or a plan could write wrongly, made of the finished values while a query is rendered.

use super::Kind;
use super::mistakes::{Mistakes, Wildcards};
use crate::target::call::{Argument, Call};

/// A change of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    FirstOnly,
    LastDropped,
    MiddleDropped,
    OtherField,
    ConstantForField,
    FirstCharacterDropped,
    LastCharacterDropped,
    StartOpened,
    EndOpened,
    StartShut,
    EndShut,
    EscapeForgotten,
    EscapeDoubled,
    ManyForOne,
    OneForMany,
    NetworkLonger,
    NetworkShorter,
    NumberUp,
    NumberDown,
    Unquoted,
    Quoted,
    AnchorsDropped,
    FlagsDropped,
    Lowered,
    Whole,
    LooserOrStricter,
    Flipped,
}

/// All edits, in the order in which they are tried.
const ALL: &[Edit] = &[
    Edit::FirstOnly,
    Edit::LastDropped,
    Edit::MiddleDropped,
    Edit::OtherField,
    Edit::ConstantForField,
    Edit::FirstCharacterDropped,
    Edit::LastCharacterDropped,
    Edit::StartOpened,
    Edit::EndOpened,
    Edit::StartShut,
    Edit::EndShut,
    Edit::EscapeForgotten,
    Edit::EscapeDoubled,
    Edit::ManyForOne,
    Edit::OneForMany,
    Edit::NetworkLonger,
    Edit::NetworkShorter,
    Edit::NumberUp,
    Edit::NumberDown,
    Edit::Unquoted,
    Edit::Quoted,
    Edit::AnchorsDropped,
    Edit::FlagsDropped,
    Edit::Lowered,
    Edit::Whole,
    Edit::LooserOrStricter,
    Edit::Flipped,
];

/// The edits that a parameter of a macro may have.
pub(super) fn edits_of(name: &str, parameter: &str, mistakes: &Mistakes) -> Vec<Edit> {
    let is_field = mistakes.fields.iter().any(|field| field == parameter);
    let fits = |edit: &Edit| match edit {
        Edit::OtherField | Edit::ConstantForField => is_field,
        Edit::ManyForOne => mistakes.wildcards_of(name).is_some_and(|w| w.one.is_some()),
        Edit::OneForMany => mistakes.wildcards_of(name).is_some_and(|w| w.one.is_some()),
        Edit::StartOpened | Edit::EndOpened | Edit::StartShut | Edit::EndShut => {
            !is_field && mistakes.wildcards_of(name).is_some()
        }
        Edit::AnchorsDropped | Edit::FlagsDropped | Edit::Lowered => !is_field && mistakes.is_regex(name),
        // Where regular expressions are of the whole text, what opens them is a wildcard.
        Edit::Whole => !is_field && mistakes.is_regex(name) && mistakes.wildcards_of(name).is_none(),
        _ => !is_field,
    };
    ALL.iter().copied().filter(fits).collect()
}

impl Edit {
    /// Of which kind the mistake is.
    pub fn kind(self) -> Kind {
        match self {
            Edit::FirstOnly | Edit::LastDropped | Edit::MiddleDropped => Kind::List,
            Edit::OtherField => Kind::Field,
            Edit::ConstantForField => Kind::Constant,
            Edit::FirstCharacterDropped | Edit::LastCharacterDropped => Kind::Literal,
            Edit::StartOpened | Edit::EndOpened => Kind::Widen,
            Edit::StartShut | Edit::EndShut => Kind::Narrow,
            Edit::EscapeForgotten | Edit::EscapeDoubled => Kind::Escape,
            Edit::ManyForOne | Edit::OneForMany => Kind::Wildcard,
            Edit::NetworkLonger | Edit::NetworkShorter => Kind::Network,
            Edit::NumberUp | Edit::NumberDown | Edit::LooserOrStricter => Kind::Bound,
            Edit::Unquoted | Edit::Quoted => Kind::Type,
            Edit::AnchorsDropped | Edit::FlagsDropped | Edit::Whole => Kind::Anchor,
            Edit::Lowered => Kind::Case,
            Edit::Flipped => Kind::Branch,
        }
    }

    /// In words.
    pub fn what(self) -> &'static str {
        match self {
            Edit::FirstOnly => "first only",
            Edit::LastDropped => "last dropped",
            Edit::MiddleDropped => "a middle one dropped",
            Edit::OtherField => "another field",
            Edit::ConstantForField => "a constant",
            Edit::FirstCharacterDropped => "first character dropped",
            Edit::LastCharacterDropped => "last character dropped",
            Edit::StartOpened => "opened at the start",
            Edit::EndOpened => "opened at the end",
            Edit::StartShut => "shut at the start",
            Edit::EndShut => "shut at the end",
            Edit::EscapeForgotten => "escape forgotten",
            Edit::EscapeDoubled => "escape doubled",
            Edit::ManyForOne => "many characters for one",
            Edit::OneForMany => "one character for many",
            Edit::NetworkLonger => "network one bit longer",
            Edit::NetworkShorter => "network one bit shorter",
            Edit::NumberUp => "one more",
            Edit::NumberDown => "one less",
            Edit::Unquoted => "number for text",
            Edit::Quoted => "text for number",
            Edit::AnchorsDropped => "anchors dropped",
            Edit::FlagsDropped => "flags dropped",
            Edit::Lowered => "lower-cased",
            Edit::Whole => "whole for search",
            Edit::LooserOrStricter => "loose for strict or strict for loose",
            Edit::Flipped => "the other way",
        }
    }

    /// Changes an argument of a call, where there is something to change.
    pub fn apply(self, call: &mut Call, place: usize, fields: &[String], mistakes: &Mistakes) {
        let name = call.name;
        let Some(argument) = call.arguments.get_mut(place) else { return };
        match (self, argument) {
            (Edit::FirstOnly, Argument::Many(list)) => list.truncate(1),
            (Edit::LastDropped, Argument::Many(list)) if list.len() > 1 => {
                list.pop();
            }
            (Edit::MiddleDropped, Argument::Many(list)) if list.len() > 2 => {
                list.remove(list.len() / 2);
            }
            (Edit::OtherField, Argument::One(text)) => {
                if let Some(other) = next(fields, text) {
                    *text = other.clone();
                }
            }
            (Edit::ConstantForField, Argument::One(text)) => {
                if let Some(constant) = &mistakes.constant {
                    text.clone_from(constant);
                }
            }
            (Edit::Flipped, Argument::Flag(flag)) => *flag = !*flag,
            (Edit::LooserOrStricter, Argument::Word(word)) => *word = relation(word),
            (_, Argument::One(text)) => self.change(name, text, mistakes),
            (_, Argument::Many(list)) => list.iter_mut().for_each(|text| self.change(name, text, mistakes)),
            _ => {}
        }
    }

    fn change(self, name: &str, text: &mut String, mistakes: &Mistakes) {
        let changed = match literal(text) {
            Some((open, inner, close)) => match self {
                Edit::Unquoted => inner.parse::<f64>().is_ok().then(|| inner.to_owned()),
                _ => self.inner(name, inner, close, mistakes).map(|inner| format!("{open}{inner}{close}")),
            },
            None => self.bare(text),
        };
        if let Some(changed) = changed {
            *text = changed;
        }
    }

    /// Of a bare number or network.
    fn bare(self, text: &str) -> Option<String> {
        match self {
            Edit::NumberUp => shifted(text, 1),
            Edit::NumberDown => shifted(text, -1),
            Edit::Quoted => text.parse::<f64>().is_ok().then(|| format!("\"{text}\"")),
            Edit::NetworkLonger => prefix(text, 1),
            Edit::NetworkShorter => prefix(text, -1),
            _ => None,
        }
    }

    /// Of what stands between the quotes.
    fn inner(self, name: &str, inner: &str, close: &str, mistakes: &Mistakes) -> Option<String> {
        let wildcards = mistakes.wildcards_of(name);
        let any = wildcards.map(|w| w.many.as_str());
        // Regular expressions have their own escape in every language.
        let escapes = if mistakes.is_regex(name) { &['\\'] } else { mistakes.escapes.as_slice() };
        match self {
            Edit::FirstCharacterDropped | Edit::LastCharacterDropped => {
                let end = if self == Edit::FirstCharacterDropped { End::First } else { End::Last };
                if !mistakes.is_regex(name) {
                    return dropped(inner, escapes, end, |_| true);
                }
                let (flags, rest) = flagged(inner);
                let outside = outside(rest);
                let is_outside = |place: usize| outside.get(place) == Some(&true);
                dropped(rest, escapes, end, is_outside).map(|rest| format!("{flags}{rest}"))
            }
            Edit::StartOpened => any.filter(|any| !inner.starts_with(any)).map(|any| format!("{any}{inner}")),
            Edit::EndOpened => any.filter(|any| !inner.ends_with(any)).map(|any| format!("{inner}{any}")),
            Edit::StartShut => {
                any.and_then(|any| inner.strip_prefix(any)).filter(|rest| !rest.is_empty()).map(str::to_owned)
            }
            Edit::EndShut => {
                any.and_then(|any| inner.strip_suffix(any)).filter(|rest| !rest.is_empty()).map(str::to_owned)
            }
            Edit::EscapeForgotten => Some(forgotten(inner, close, escapes)),
            Edit::EscapeDoubled => {
                Some(inner.chars().flat_map(|c| vec![c; 1 + usize::from(escapes.contains(&c))]).collect())
            }
            Edit::ManyForOne => wildcards.and_then(|w| exchanged(inner, mistakes, w, Way::ManyForOne)),
            Edit::OneForMany => wildcards.and_then(|w| exchanged(inner, mistakes, w, Way::OneForMany)),
            Edit::NetworkLonger => prefix(inner, 1),
            Edit::NetworkShorter => prefix(inner, -1),
            Edit::NumberUp => shifted(inner, 1),
            Edit::NumberDown => shifted(inner, -1),
            Edit::AnchorsDropped => Some(anchors_dropped(inner)),
            Edit::FlagsDropped => flags_dropped(inner),
            Edit::Lowered => lowered(inner),
            Edit::Whole => whole(inner),
            _ => None,
        }
    }
}

/// The field after this one in a rule's query.
fn next<'f>(fields: &'f [String], field: &str) -> Option<&'f String> {
    let place = fields.iter().position(|other| other == field)?;
    fields.get((place + 1) % fields.len()).filter(|other| *other != field)
}

fn relation(word: &'static str) -> &'static str {
    match word {
        "<" => "<=",
        "<=" => "<",
        ">" => ">=",
        ">=" => ">",
        "lt" => "le",
        "le" => "lt",
        "gt" => "ge",
        "ge" => "gt",
        "eq" => "ge",
        "==" => ">=",
        "hour" => "minute",
        "minute" => "hour",
        "day" => "month",
        "month" => "day",
        "week" | "week_of_year" => "month",
        "year" => "day",
        other => other,
    }
}

/// Opening quotes, text and closing quotes of a literal.
fn literal(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find(['"', '\''])?;
    if start > 1 {
        return None;
    }
    let rest = text.get(start..)?;
    for quote in ["\"\"\"", "\"", "'"] {
        let inner = rest.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            let open = text.get(..start + quote.len())?;
            return Some((open, inner, text.get(text.len() - quote.len()..)?));
        }
    }
    None
}

enum End {
    First,
    Last,
}

/// Without the first or last character; none that escapes or is escaped, so that the literal stays one.
fn dropped(inner: &str, escapes: &[char], end: End, fits: impl Fn(usize) -> bool) -> Option<String> {
    let chars: Vec<char> = inner.chars().collect();
    let is_plain = |place: &usize| chars.get(*place).is_some_and(|c| c.is_alphanumeric()) && fits(*place);
    let escaped = |n: usize| n > 0 && chars.get(n - 1).is_some_and(|c| escapes.contains(c));
    let mut places = 0..chars.len();
    let place = match end {
        End::First => places.find(is_plain),
        End::Last => places.rfind(is_plain),
    }?;
    if escaped(place) || chars.len() < 2 {
        return None;
    }
    Some(chars.iter().enumerate().filter(|(n, _)| *n != place).map(|(_, c)| c).collect())
}

/// Each escaped character without its escape.
fn forgotten(inner: &str, close: &str, escapes: &[char]) -> String {
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if escapes.contains(&c) {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    if close == "'" { out.replace("''", "'") } else { out }
}

enum Way {
    ManyForOne,
    OneForMany,
}

fn exchanged(inner: &str, mistakes: &Mistakes, wildcards: &Wildcards, way: Way) -> Option<String> {
    let one = wildcards.one.as_deref()?;
    let (from, to) = match way {
        Way::ManyForOne => (one, wildcards.many.as_str()),
        Way::OneForMany => (wildcards.many.as_str(), one),
    };
    let mut out = String::new();
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(from) {
            out.push_str(to);
            rest = after;
        } else {
            let escaped = mistakes.escapes.contains(&c);
            let length = rest.char_indices().nth(1 + usize::from(escaped)).map_or(rest.len(), |(place, _)| place);
            out.push_str(rest.get(..length)?);
            rest = rest.get(length..)?;
        }
    }
    Some(out)
}

/// A network with a longer or shorter prefix.
fn prefix(text: &str, by: i32) -> Option<String> {
    let (address, bits) = text.rsplit_once('/')?;
    address.parse::<std::net::IpAddr>().ok()?;
    let longer = bits.parse::<i32>().ok()? + by;
    let most = if address.contains(':') { 128 } else { 32 };
    (0..=most).contains(&longer).then(|| format!("{address}/{longer}"))
}

fn shifted(text: &str, by: i64) -> Option<String> {
    match text.parse::<i64>() {
        Ok(number) => number.checked_add(by).map(|number| number.to_string()),
        Err(_) => {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && text.contains('.'))?;
            Some((number + by as f64).to_string())
        }
    }
}

/// The groups of flags that a regex begins with, and the rest.
fn flagged(inner: &str) -> (&str, &str) {
    let mut rest = inner;
    while let Some((flags, after)) = rest.strip_prefix("(?").and_then(|rest| rest.split_once(')')) {
        if flags.is_empty() || !flags.chars().all(|c| c.is_ascii_alphabetic()) {
            break;
        }
        rest = after;
    }
    inner.split_at(inner.len() - rest.len())
}

fn anchors_dropped(inner: &str) -> String {
    let (flags, rest) = flagged(inner);
    let rest = rest.trim_start_matches('^');
    let rest = rest.strip_suffix("\\z").unwrap_or_else(|| rest.trim_end_matches('$'));
    format!("{flags}{rest}")
}

/// For each character of a regex whether it is outside of classes, counts, groups and escapes.
fn outside(regex: &str) -> Vec<bool> {
    let (mut depth, mut class, mut escaped) = (0_usize, false, false);
    regex
        .chars()
        .map(|c| {
            let before = depth == 0 && !class && !escaped;
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                ']' => class = false,
                _ if class => {}
                '[' => class = true,
                '(' | '{' => depth += 1,
                ')' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            before
        })
        .collect()
}

/// Anchored at both ends; nothing where it is already.
fn whole(inner: &str) -> Option<String> {
    let (flags, rest) = flagged(inner);
    let divided = rest.chars().zip(outside(rest)).any(|(c, outside)| c == '|' && outside);
    let anchored = rest.starts_with('^') && (rest.ends_with('$') || rest.ends_with("\\z")) && !divided;
    (!anchored).then(|| format!("{flags}^(?:{rest})$"))
}

/// In lower case; nothing where letters are folded and there is no more than letters.
fn lowered(inner: &str) -> Option<String> {
    let (flags, rest) = flagged(inner);
    let folded = flags.contains('i') && !rest.contains('\\');
    (!folded).then(|| format!("{flags}{}", rest.to_lowercase()))
}

/// Without the groups of flags at its start, else without the first one; nothing where they are about dots and there is none.
fn flags_dropped(inner: &str) -> Option<String> {
    let (flags, rest) = flagged(inner);
    if !flags.is_empty() {
        return (flags.contains('i') || rest.contains('.')).then(|| rest.to_owned());
    }
    let start = inner.find("(?")?;
    let rest = inner.get(start + 2..)?;
    let end = rest.find([')', ':'])?;
    let flags = rest.get(..end)?;
    if flags.is_empty() || !flags.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    let after = rest.get(end..)?;
    let after = if after.starts_with(')') { after.get(1..)?.to_owned() } else { format!("(?{after}") };
    Some(format!("{}{after}", inner.get(..start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(edit: Edit, name: &'static str, argument: Argument) -> Argument {
        let text = "escapes = ['!']\nconstant = \"'k'\"\nregexes = ['re']\nwildcards = [{ macros = ['like'], one = '_', many = '%' }]";
        let mistakes: Mistakes = toml::from_str(text).expect("as it should be");
        let mut call = Call { name, arguments: vec![argument] };
        edit.apply(&mut call, 0, &["a".to_owned(), "b".to_owned()], &mistakes);
        call.arguments.remove(0)
    }

    #[test]
    fn operands_become_wrong_ones() {
        let one = |text: &str| Argument::One(text.to_owned());
        let many = |texts: &[&str]| Argument::Many(texts.iter().map(|&text| text.to_owned()).collect());
        for (edit, name, before, after) in [
            (Edit::FirstOnly, "in", many(&["1", "2", "3"]), many(&["1"])),
            (Edit::MiddleDropped, "in", many(&["1", "2", "3"]), many(&["1", "3"])),
            (Edit::OtherField, "in", one("b"), one("a")),
            (Edit::ConstantForField, "in", one("b"), one("'k'")),
            (Edit::EscapeForgotten, "like", one("'a!%%'"), one("'a%%'")),
            (Edit::EscapeForgotten, "like", one("'a''b'"), one("'a'b'")),
            (Edit::ManyForOne, "like", one("'a!__'"), one("'a!_%'")),
            (Edit::OneForMany, "like", one("'a%'"), one("'a_'")),
            (Edit::StartShut, "like", one("'%a%'"), one("'a%'")),
            (Edit::EndOpened, "like", one("'a'"), one("'a%'")),
            (Edit::NetworkLonger, "net", one("'10.0.0.0/8'"), one("'10.0.0.0/9'")),
            (Edit::NumberDown, "cmp", one("5"), one("4")),
            (Edit::Unquoted, "cmp", one("\"5\""), one("5")),
            (Edit::FlagsDropped, "re", one("'(?i)ab'"), one("'ab'")),
            (Edit::FlagsDropped, "re", one("'(?s)(?i)ab'"), one("'ab'")),
            (Edit::FlagsDropped, "re", one("'(?s)ab'"), one("'(?s)ab'")),
            (Edit::FirstCharacterDropped, "re", one("'(?i)ab'"), one("'(?i)b'")),
            (Edit::AnchorsDropped, "re", one("'(?i)^ab\\z'"), one("'(?i)ab'")),
            (Edit::Whole, "re", one("'(?i)ab'"), one("'(?i)^(?:ab)$'")),
            (Edit::Whole, "re", one("'(?i)^ab$'"), one("'(?i)^ab$'")),
            (Edit::Whole, "re", one("'^a|b$'"), one("'^(?:^a|b$)$'")),
            (Edit::Whole, "re", one("'^(a|b)$'"), one("'^(a|b)$'")),
            (Edit::FirstCharacterDropped, "re", one("'[ab]c{2}d'"), one("'[ab]{2}d'")),
            (Edit::EscapeForgotten, "re", one("'a\\.b!'"), one("'a.b!'")),
            (Edit::Lowered, "re", one("'(?i)AB'"), one("'(?i)AB'")),
            (Edit::Lowered, "re", one("'(?i)A\\S'"), one("'(?i)a\\s'")),
            (Edit::FlagsDropped, "re", one("'(?s:.)b'"), one("'(?:.)b'")),
            (Edit::Flipped, "like", Argument::Flag(true), Argument::Flag(false)),
            (Edit::LooserOrStricter, "cmp", Argument::Word("lt"), Argument::Word("le")),
            (Edit::FirstCharacterDropped, "eq", one("\"\"\"*ab\"\"\""), one("\"\"\"*b\"\"\"")),
        ] {
            assert_eq!(changed(edit, name, before.clone()), after, "{edit:?} of {before:?}");
        }
    }
}
