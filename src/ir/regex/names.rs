//! Sets of characters by name: Unicode properties and POSIX classes.

use regex_syntax::hir::{self, ClassUnicode, ClassUnicodeRange, HirKind};

/// The ranges of a Unicode class. Under folding, the classes of upper, lower and title case are that of all letters
/// with case, and the others stay what they are.
pub(super) fn property(name: &str, fold: bool) -> Option<Vec<(char, char)>> {
    // Names are letters, digits and a few signs; anything else could be read as more than a name.
    if name.is_empty()
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ' | '&' | '=' | ':'))
    {
        return None;
    }
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let name = match plain.as_str() {
        "l" if name.ends_with('&') => "LC",
        "lc" => "LC",
        "lu" | "ll" | "lt" if fold => "LC",
        "xan" => return union(&["L", "N"], &[]),
        "xwd" => return union(&["L", "N", "Mn", "Pc"], &[]),
        "xsp" | "xps" => return union(&["Z"], &[('\t', '\r'), ('\u{85}', '\u{85}')]),
        _ => name,
    };
    if name == "LC" {
        return union(&["Lu", "Ll", "Lt"], &[]);
    }
    by_name(name).map(|set| pairs(&set))
}

fn union(names: &[&str], more: &[(char, char)]) -> Option<Vec<(char, char)>> {
    let mut set = ClassUnicode::new(more.iter().map(|(from, to)| ClassUnicodeRange::new(*from, *to)));
    for name in names {
        set.union(&by_name(name)?);
    }
    Some(pairs(&set))
}

/// A class by a name that `regex-syntax` knows.
fn by_name(name: &str) -> Option<ClassUnicode> {
    let hir = regex_syntax::ParserBuilder::new().build().parse(&format!(r"[\p{{{name}}}]")).ok()?;
    Some(match hir.kind() {
        HirKind::Class(hir::Class::Unicode(set)) => set.clone(),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).unwrap_or("");
            ClassUnicode::new(text.chars().map(|c| ClassUnicodeRange::new(c, c)))
        }
        _ => ClassUnicode::empty(),
    })
}

/// The ranges of a POSIX class, which are ASCII. Under folding, `upper` and `lower` are all letters.
pub(super) fn posix(name: &str, fold: bool) -> Option<&'static [(char, char)]> {
    Some(match name {
        "upper" | "lower" if fold => &[('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "lower" => &[('a', 'z')],
        "upper" => &[('A', 'Z')],
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\u{7f}')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

/// All other characters.
pub(super) fn complement(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut set = ClassUnicode::new(ranges.iter().map(|(from, to)| ClassUnicodeRange::new(*from, *to)));
    set.negate();
    pairs(&set)
}

fn pairs(set: &ClassUnicode) -> Vec<(char, char)> {
    set.iter().map(|range| (range.start(), range.end())).collect()
}
