//! Mutants of a macro's text.
//!
//! The body is seen as text of the language with opaque tags and opaque quoted texts in it; what is cut, unwrapped or exchanged
//! is found by parentheses, commas and the words `and` and `or`, which all languages here share.

use std::ops::Range;

use super::Kind;
use super::mistakes::Mistakes;
use super::source::{Macro, TagKind, mentions, tags, words};

/// A change of a file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub kind: Kind,
    pub what: String,
    pub range: Range<usize>,
    pub with: String,
}

/// What a byte of a body is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Byte {
    Plain,
    Tag,
    Quoted,
}

/// A body with what its bytes are.
struct Body<'t> {
    text: &'t str,
    bytes: Vec<Byte>,
    /// Where it begins in the file.
    offset: usize,
}

/// The parameters that say nothing of the query's meaning.
const LAYOUT: &[&str] = &["layout", "depth", "deeper"];

/// All edits of a macro; `siblings` are the macros of its file, `others` those of the room's other files with the same name.
pub(super) fn edits(
    text: &str,
    own: &Macro,
    siblings: &[Macro],
    others: &[(String, String)],
    mistakes: &Mistakes,
) -> Vec<Edit> {
    if !own.parameters.is_empty() && own.parameters.iter().all(|p| LAYOUT.contains(&p.as_str())) {
        return Vec::new();
    }
    let Some(body) = Body::new(text, own.body.clone()) else { return Vec::new() };
    let mut out = Vec::new();
    body.swaps(mistakes, &mut out);
    body.constants(text, own, siblings, &mut out);
    body.siblings(text, own, siblings, others, &mut out);
    body.calls(&mut out);
    body.groups(&mut out);
    body.connectives(&mut out);
    body.numbers(&mut out);
    body.relations(&mut out);
    body.anchors(&mut out);
    body.branches(&mut out);
    body.parameters(own, mistakes, &mut out);
    body.parts(own, &mut out);
    out
}

/// The edits of `query.j2`: a part of the query lost, or taken for every event or none.
pub(super) fn query_edits(text: &str) -> Vec<Edit> {
    let mut out = Vec::new();
    let Some(body) = Body::new(text, 0..text.len()) else { return out };
    for tag in tags(text).iter().filter(|tag| tag.kind == TagKind::Expression) {
        let name = text.get(tag.inner.clone()).unwrap_or("").trim();
        if ["condition", "search", "filter"].contains(&name) {
            let group = format!("NOT ({})", text.get(tag.range.clone()).unwrap_or(""));
            body.push(&mut out, Kind::Structure, "the whole negated", tag.range.clone(), group);
            let line_start =
                text.get(..tag.range.start).and_then(|before| before.rfind("| ")).unwrap_or(tag.range.start);
            body.push(&mut out, Kind::Statement, "statement dropped", line_start..tag.range.end, String::new());
        }
    }
    body.branches(&mut out);
    out
}

impl<'t> Body<'t> {
    fn new(text: &'t str, range: Range<usize>) -> Option<Self> {
        let offset = range.start;
        let text = text.get(range)?;
        let mut bytes = vec![Byte::Plain; text.len()];
        for tag in tags(text) {
            bytes.get_mut(tag.range)?.fill(Byte::Tag);
        }
        let mut open: Option<u8> = None;
        for (place, byte) in text.bytes().enumerate() {
            let own = bytes.get_mut(place)?;
            if *own == Byte::Tag {
                continue;
            }
            match open {
                Some(quote) => {
                    if byte == quote {
                        open = None;
                    }
                    *own = Byte::Quoted;
                }
                None if byte == b'"' || byte == b'\'' => {
                    open = Some(byte);
                    *own = Byte::Quoted;
                }
                None => {}
            }
        }
        Some(Self { text, bytes, offset })
    }

    fn push(&self, out: &mut Vec<Edit>, kind: Kind, what: impl Into<String>, range: Range<usize>, with: String) {
        if self.text.get(range.clone()).is_some_and(|before| before != with) {
            let range = range.start + self.offset..range.end + self.offset;
            out.push(Edit { kind, what: what.into(), range, with });
        }
    }

    fn is(&self, place: usize, what: Byte) -> bool {
        self.bytes.get(place) == Some(&what)
    }

    fn plain(&self, place: usize) -> Option<u8> {
        self.is(place, Byte::Plain).then(|| self.text.as_bytes().get(place).copied())?
    }

    /// The words of the language's own text with their places.
    fn words(&self) -> Vec<(usize, &'t str)> {
        words(self.text).filter(|(place, _)| self.is(*place, Byte::Plain)).collect()
    }

    fn swaps(&self, mistakes: &Mistakes, out: &mut Vec<Edit>) {
        for swap in &mistakes.swaps {
            for (place, _) in self.text.match_indices(swap.from.as_str()) {
                let (from, to) = (swap.from.trim(), swap.to.trim());
                let what = if to.is_empty() { format!("`{from}` dropped") } else { format!("`{to}` for `{from}`") };
                self.push(out, swap.kind, what, place..place + swap.from.len(), swap.to.clone());
            }
        }
    }

    /// The leaf as one that always or never holds.
    fn constants(&self, text: &str, own: &Macro, siblings: &[Macro], out: &mut Vec<Edit>) {
        for name in ["always", "never"].into_iter().filter(|name| *name != own.name) {
            let Some(constant) = siblings.iter().find(|other| other.name == name) else { continue };
            let with = text.get(constant.body.clone()).unwrap_or("").to_owned();
            self.push(out, Kind::Constant, format!("`{name}`"), 0..self.text.len(), with);
        }
    }

    /// The macro as another one of the same parameters, and as the one of its name in another file.
    fn siblings(&self, text: &str, own: &Macro, siblings: &[Macro], others: &[(String, String)], out: &mut Vec<Edit>) {
        let whole = own.head.start..own.body.end;
        let mut replace = |kind, what: String, head: String, body: &str| {
            let with = format!("{head}{body}");
            out.push(Edit { kind, what, range: whole.clone(), with });
        };
        let head = |parameters: &[String]| format!("{{%- macro {}({}) -%}}", own.name, parameters.join(", "));
        for other in siblings.iter().filter(|other| other.name != own.name && other.parameters == own.parameters) {
            let body = text.get(other.body.clone()).unwrap_or("");
            // One that calls the macro itself would not end.
            if own.parameters.is_empty() || mentions(body, [own.name.as_str()].into_iter()).contains(&own.name.as_str())
            {
                continue;
            }
            replace(kind_of(&own.name, &other.name), format!("as `{}`", other.name), head(&other.parameters), body);
        }
        for (path, body) in others {
            replace(Kind::SubLanguage, format!("as in `{path}`"), head(&own.parameters), body);
        }
    }

    /// Calls without their function: the first argument alone.
    fn calls(&self, out: &mut Vec<Edit>) {
        for (start, word) in self.words() {
            let open = start + word.len();
            if self.plain(open) != Some(b'(') || is_word(word) {
                continue;
            }
            let Some(close) = self.closing(open) else { continue };
            let Some(first) = self.split(open + 1..close, b',').into_iter().next() else { continue };
            let with = format!("({})", self.text.get(first).unwrap_or("").trim());
            self.push(out, Kind::Guard, format!("`{word}` dropped"), start..close + 1, with);
        }
    }

    /// Parentheses dropped.
    fn groups(&self, out: &mut Vec<Edit>) {
        for open in (0..self.text.len()).filter(|place| self.plain(*place) == Some(b'(')) {
            let glued = self.text.get(..open).unwrap_or("").chars().next_back();
            let called = glued.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '~' || c == '}');
            if let (false, Some(close)) = (called, self.closing(open)) {
                let with = self.text.get(open + 1..close).unwrap_or("").to_owned();
                self.push(out, Kind::Structure, "parentheses dropped", open..close + 1, with);
            }
        }
    }

    /// `and` for `or`, and either side of one dropped.
    fn connectives(&self, out: &mut Vec<Edit>) {
        let words = self.words();
        for (start, word) in words.iter().filter(|(_, word)| is_word(word)) {
            let (start, end) = (*start, start + word.len());
            let other = match *word {
                "and" => "or",
                "or" => "and",
                "AND" => "OR",
                "OR" => "AND",
                _ => continue,
            };
            let other = other.to_owned();
            self.push(out, Kind::Structure, format!("`{other}` for `{word}`"), start..end, other);
            let (from, to) = self.around(start, end);
            self.push(out, Kind::Guard, format!("what is before `{word}` dropped"), from..end, String::new());
            self.push(out, Kind::Guard, format!("what is after `{word}` dropped"), start..to, String::new());
        }
    }

    /// The operands of a connective: to the next one, comma or parenthesis on either side.
    fn around(&self, start: usize, end: usize) -> (usize, usize) {
        let bounds: Vec<Range<usize>> =
            self.words().into_iter().filter(|(_, word)| is_word(word)).map(|(at, word)| at..at + word.len()).collect();
        let is_bound = |place: usize| bounds.iter().find(|bound| bound.contains(&place));
        let (mut depth, mut from) = (0_i32, start);
        while let Some(place) = from.checked_sub(1) {
            match self.plain(place) {
                Some(b')') => depth += 1,
                Some(b'(') if depth == 0 => break,
                Some(b'(') => depth -= 1,
                Some(b',') if depth == 0 => break,
                Some(_) if depth == 0 && is_bound(place).is_some() => break,
                _ => {}
            }
            from = place;
        }
        let (mut depth, mut to) = (0_i32, end);
        while to < self.text.len() {
            match self.plain(to) {
                Some(b'(') => depth += 1,
                Some(b')') if depth == 0 => break,
                Some(b')') => depth -= 1,
                Some(b',') if depth == 0 => break,
                Some(_) if depth == 0 && is_bound(to).is_some() => break,
                _ => {}
            }
            to += 1;
        }
        (from, to)
    }

    /// Numbers one more and one less.
    fn numbers(&self, out: &mut Vec<Edit>) {
        for (start, word) in self.words() {
            let Ok(number) = word.parse::<i64>() else { continue };
            if number != 0 && word.starts_with('0') {
                continue;
            }
            for other in [number + 1, number - 1] {
                let range = start..start + word.len();
                self.push(out, Kind::Bound, format!("{other} for {number}"), range, other.to_string());
            }
        }
    }

    /// Strict relations loose and loose ones strict; equal as unequal.
    fn relations(&self, out: &mut Vec<Edit>) {
        let pairs = [(" < ", " <= "), (" <= ", " < "), (" > ", " >= "), (" >= ", " > "), (" == ", " != ")];
        for (from, to) in pairs {
            for (place, _) in self.text.match_indices(from).filter(|(place, _)| self.is(*place, Byte::Plain)) {
                let what = format!("`{}` for `{}`", to.trim(), from.trim());
                self.push(out, Kind::Bound, what, place..place + from.len(), to.to_owned());
            }
        }
    }

    /// Regular expressions within the macro without their anchors.
    fn anchors(&self, out: &mut Vec<Edit>) {
        for anchor in ["\"^", "$\"", "\\z\"", "'^", "$'"] {
            for (place, _) in self.text.match_indices(anchor).filter(|(place, _)| self.is(*place, Byte::Quoted)) {
                let with: String = anchor.chars().filter(|c| matches!(c, '"' | '\'')).collect();
                let what = format!("`{}` dropped", anchor.trim_matches(['"', '\'']));
                self.push(out, Kind::Anchor, what, place..place + anchor.len(), with);
            }
        }
    }

    /// Conditions of the template turned round, but for those of layout.
    fn branches(&self, out: &mut Vec<Edit>) {
        let is_layout = |condition: &str| ["layout", "loop.", "\\n"].iter().any(|word| condition.contains(word));
        for tag in tags(self.text) {
            let Some(inner) = self.text.get(tag.inner.clone()) else { continue };
            let condition = match tag.kind {
                TagKind::Statement => inner.trim_start().strip_prefix("if ").map(|rest| {
                    let start = tag.inner.end - rest.len();
                    start..start + rest.trim_end().len()
                }),
                TagKind::Expression => inner.find(" if ").and_then(|at| {
                    let start = tag.inner.start + at + 4;
                    let rest = self.text.get(start..tag.inner.end)?;
                    let end = rest.find(" else ").unwrap_or(rest.trim_end().len());
                    Some(start..start + end)
                }),
                TagKind::Comment => None,
            };
            let Some(range) = condition else { continue };
            let said = self.text.get(range.clone()).unwrap_or("");
            if !is_layout(said) {
                self.push(out, Kind::Branch, format!("not `{said}`"), range, format!("not ({said})"));
            }
        }
    }

    /// Two parameters in each other's place, and one in another's.
    fn parameters(&self, own: &Macro, mistakes: &Mistakes, out: &mut Vec<Edit>) {
        let meant: Vec<&String> = own.parameters.iter().filter(|p| !LAYOUT.contains(&p.as_str())).collect();
        let renamed = |rename: &dyn Fn(&str) -> Option<String>| {
            let mut text = String::new();
            let mut at = 0;
            for (place, word) in words(self.text).filter(|(place, _)| self.is(*place, Byte::Tag)) {
                if let Some(other) = rename(word) {
                    text.push_str(self.text.get(at..place).unwrap_or(""));
                    text.push_str(&other);
                    at = place + word.len();
                }
            }
            text.push_str(self.text.get(at..).unwrap_or(""));
            text
        };
        let is_symmetric = |first: &str, second: &str| {
            let between = |operator: &String| self.text == format!("{{{{ {first} }}}}{operator}{{{{ {second} }}}}");
            mistakes.symmetric.iter().any(between)
        };
        for (n, first) in meant.iter().enumerate() {
            for second in meant.iter().skip(n + 1).filter(|second| !is_symmetric(first, second)) {
                let swap = |word: &str| match word {
                    _ if word == first.as_str() => Some((*second).clone()),
                    _ if word == second.as_str() => Some((*first).clone()),
                    _ => None,
                };
                let what = format!("`{first}` and `{second}` exchanged");
                self.push(out, Kind::Argument, what, 0..self.text.len(), renamed(&swap));
            }
        }
    }

    /// Lists of parts cut.
    fn parts(&self, own: &Macro, out: &mut Vec<Edit>) {
        let Some(name) = own.parameters.iter().find(|name| name.as_str() == "parts") else { return };
        let found = words(self.text).find(|(place, word)| self.is(*place, Byte::Tag) && word == name);
        let Some((place, word)) = found else { return };
        let range = place..place + word.len();
        for (what, cut) in [
            ("first only", "parts[:1]"),
            ("last dropped", "parts[:-1]"),
            ("first dropped", "parts[1:]"),
            ("middle dropped", "(parts[:1] + parts[2:])"),
        ] {
            self.push(out, Kind::List, what, range.clone(), cut.to_owned());
        }
    }

    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for place in open..self.text.len() {
            match self.plain(place) {
                Some(b'(') => depth += 1,
                Some(b')') => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(place);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn split(&self, range: Range<usize>, at: u8) -> Vec<Range<usize>> {
        let (mut depth, mut start) = (0_usize, range.start);
        let mut out = Vec::new();
        for place in range.clone() {
            match self.plain(place) {
                Some(b'(') => depth += 1,
                Some(b')') => depth = depth.saturating_sub(1),
                Some(byte) if byte == at && depth == 0 => {
                    out.push(start..place);
                    start = place + 1;
                }
                _ => {}
            }
        }
        out.push(start..range.end);
        out
    }
}

fn is_word(word: &str) -> bool {
    matches!(
        word,
        "and" | "or" | "AND" | "OR" | "not" | "NOT" | "in" | "IN" | "IF" | "WHEN" | "THEN" | "FROM" | "SELECT"
    )
}

/// What tells two macros of the same parameters apart, by their names.
fn kind_of(name: &str, other: &str) -> Kind {
    const CASE: &[&str] = &["cased", "fold", "folded", "exact", "function"];
    let parts = |name: &str| -> (Vec<String>, Vec<String>) {
        let (folds, plain) = name.split('_').map(str::to_owned).partition(|word| CASE.contains(&word.as_str()));
        (plain, folds)
    };
    let ((plain, folds), (other_plain, other_folds)) = (parts(name), parts(other));
    let has = |name: &str, words: &[&str]| words.iter().any(|word| name.contains(word));
    if plain == other_plain && folds != other_folds {
        Kind::Case
    } else if has(name, &["empty", "null", "present", "missing", "absent"])
        && has(other, &["empty", "null", "present", "missing", "absent"])
    {
        Kind::Null
    } else if name == "not" || name == "all" || name == "any" {
        Kind::Structure
    } else if has(name, &["ipv4", "network4"]) || has(name, &["ipv6", "network6"]) {
        Kind::Family
    } else {
        Kind::Operator
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::macros;
    use super::*;

    fn made(text: &str) -> Vec<String> {
        let found = macros(text);
        let swaps = "swaps = [{ kind = 'case', from = ' =~ ', to = ' == ' }]";
        let mistakes: Mistakes = toml::from_str(swaps).expect("as it should be");
        let edits = edits(text, &found[0], &found, &[], &mistakes);
        let apply = |edit: &Edit| {
            let mut text = text.to_owned();
            text.replace_range(edit.range.clone(), &edit.with);
            let first = &macros(&text)[0];
            format!("{}: {}", edit.kind.as_str(), &text[first.body.clone()])
        };
        edits.iter().map(apply).collect()
    }

    #[test]
    fn kinds_that_fit_are_made_of_a_macro() {
        let text = "{% macro a(f, v) %}(isnotempty({{ v }}) and {{ f }} =~ {{ v }}){% endmacro %}{% macro never() %}false{% endmacro %}";
        let made = made(text);
        for wanted in [
            "case: (isnotempty({{ v }}) and {{ f }} == {{ v }})",
            "constant: false",
            "guard: (({{ v }}) and {{ f }} =~ {{ v }})",
            "structure: isnotempty({{ v }}) and {{ f }} =~ {{ v }}",
            "structure: (isnotempty({{ v }}) or {{ f }} =~ {{ v }})",
            "guard: ( {{ f }} =~ {{ v }})",
            "guard: (isnotempty({{ v }}) )",
            "argument: (isnotempty({{ f }}) and {{ v }} =~ {{ f }})",
        ] {
            assert!(made.iter().any(|made| made == wanted), "{wanted}\n{made:#?}");
        }
    }

    #[test]
    fn bounds_anchors_branches_and_lists_are_changed() {
        let text =
            "{% macro a(parts, w) %}{{ parts | join(' ') }} <= 15 \"^x$\" {{ 'l(' ~ w if w else w }}{% endmacro %}";
        let made = made(text);
        for wanted in [
            "list: {{ parts[:1] | join(' ') }} <= 15 \"^x$\" {{ 'l(' ~ w if w else w }}",
            "bound: {{ parts | join(' ') }} < 15 \"^x$\" {{ 'l(' ~ w if w else w }}",
            "bound: {{ parts | join(' ') }} <= 16 \"^x$\" {{ 'l(' ~ w if w else w }}",
            "anchor: {{ parts | join(' ') }} <= 15 \"x$\" {{ 'l(' ~ w if w else w }}",
            "branch: {{ parts | join(' ') }} <= 15 \"^x$\" {{ 'l(' ~ w if not (w) else w }}",
        ] {
            assert!(made.iter().any(|made| made == wanted), "{wanted}\n{made:#?}");
        }
    }
}
