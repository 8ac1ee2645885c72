//! `sigmaglot_encoding`: text that the product keeps in the spelling of its source format, such as XML's entities. An extension of the format.
//!
//! A test is written in the same spelling: each literal character as the product has it, each place for any character as what it
//! may be. Nothing here looks at fields; which are encoded is the mapping's to say.

use std::sync::Arc;

use super::params::Params;
use crate::ir::regex::{Class, ClassItem, Tree};
use crate::ir::{Pattern, Piece, Regex, Test};

/// The characters that XML cannot hold as they are in text, with their entities. Quotation marks in text stay (seen in raw events).
const ENTITIES: [(char, &str); 3] = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;")];
/// How many one-character wildcards are written out, each as four alternatives.
const MAX_ANY_CHARS: usize = 3;
/// What stands around an attribute's value.
const QUOTE: char = '\'';

/// The spelling of a product's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Text of an XML element: `&amp;`, `&lt;`, `&gt;`.
    Xml,
    /// The same with the tags of its element around it, somewhere in the XML of a block.
    Element(Arc<str>),
    /// The value of an XML attribute with the apostrophes around it.
    Quoted,
}

impl Encoding {
    /// Reads the parameter.
    pub fn parse(params: &mut Params<'_, '_, '_>) -> Option<Encoding> {
        if params.node("encoding").is_none() {
            params.missing("encoding");
            return None;
        }
        let is_quoted = params.choice("encoding", &[("xml", false), ("quoted", true)], false);
        Some(match params.text("element") {
            Some(name) => Encoding::Element(name),
            None if is_quoted => Encoding::Quoted,
            None => Encoding::Xml,
        })
    }

    /// What a test becomes: alternatives; `Ok(None)` where it stays as it is.
    ///
    /// # Errors
    /// Where it cannot be said of the product's spelling, with the reason.
    pub fn apply(&self, test: &Test) -> Result<Option<Vec<Test>>, String> {
        match (self, test) {
            (_, Test::Null | Test::Exists(_) | Test::Placeholder(_)) => Ok(None),
            (Encoding::Xml, Test::Pattern(pattern)) => xml(pattern),
            (Encoding::Xml, Test::Regex(regex)) => {
                let tree = xml_tree(&regex.tree);
                Ok((tree != regex.tree).then(|| vec![Test::Regex(Regex { tree, ..regex.clone() })]))
            }
            (Encoding::Xml, _) => Ok(None),
            (Encoding::Element(name), Test::Pattern(pattern)) => {
                let tests = xml(pattern)?.unwrap_or_else(|| vec![test.clone()]);
                Ok(Some(tests.into_iter().map(|test| within(&test, name)).collect()))
            }
            (Encoding::Element(_), _) => {
                Err("the product keeps this in a block of XML, where only text can be found".into())
            }
            (Encoding::Quoted, Test::Pattern(pattern)) => Ok(Some(vec![Test::Pattern(quoted(pattern)?)])),
            (Encoding::Quoted, _) => {
                Err("the product keeps apostrophes around the value, and only text can be rewritten".into())
            }
        }
    }

    /// The product's spelling of a text.
    pub fn of(&self, text: &str) -> String {
        match self {
            Encoding::Xml => text.chars().map(|c| entity(c).map_or_else(|| c.to_string(), str::to_owned)).collect(),
            Encoding::Element(name) => format!("<{name}>{}</{name}>", Encoding::Xml.of(text)),
            Encoding::Quoted => format!("{QUOTE}{text}{QUOTE}"),
        }
    }

    /// A literal of the test that can begin within an entity, and so may find text that the event does not have.
    pub fn doubtful(&self, test: &Test) -> Option<String> {
        let Test::Pattern(pattern) = test else { return None };
        let open = |pair: &[Piece]| match pair {
            [Piece::AnyString, Piece::Literal(text)] => begins_within_an_entity(text).then(|| text.to_string()),
            _ => None,
        };
        if *self == Encoding::Xml { pattern.pieces().windows(2).find_map(open) } else { None }
    }
}

fn entity(c: char) -> Option<&'static str> {
    ENTITIES.iter().find(|(special, _)| *special == c).map(|(_, entity)| *entity)
}

fn begins_within_an_entity(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ENTITIES.iter().any(|(_, entity)| {
        (1..entity.len())
            .filter_map(|at| entity.get(at..))
            .any(|rest| rest.starts_with(&text) || text.starts_with(rest))
    })
}

fn xml(pattern: &Pattern) -> Result<Option<Vec<Test>>, String> {
    let any_chars = pattern.pieces().iter().filter(|piece| **piece == Piece::AnyChar).count();
    if any_chars > MAX_ANY_CHARS {
        return Err(format!(
            "`?` may be an XML entity in the product, and more than {MAX_ANY_CHARS} of them are not written out"
        ));
    }
    let mut made: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pattern.pieces() {
        let choices: Vec<Piece> = match piece {
            Piece::Literal(text) => vec![Piece::Literal(Encoding::Xml.of(text).into())],
            Piece::AnyChar => {
                let entities = ENTITIES.iter().map(|(_, entity)| Piece::Literal((*entity).into()));
                std::iter::once(Piece::AnyChar).chain(entities).collect()
            }
            other => vec![other.clone()],
        };
        let grown = |so_far: &Vec<Piece>| -> Vec<Vec<Piece>> {
            choices.iter().map(|choice| so_far.iter().chain([choice]).cloned().collect()).collect()
        };
        made = made.iter().flat_map(grown).collect();
    }
    let tests: Vec<Test> = made.into_iter().map(|pieces| Test::Pattern(Pattern::new(pieces, pattern.case))).collect();
    Ok((tests != [Test::Pattern(pattern.clone())]).then_some(tests))
}

/// The pattern of an element's text in the XML around it: a closed end is the element's tag.
fn within(test: &Test, name: &str) -> Test {
    let Test::Pattern(pattern) = test else { return test.clone() };
    let pieces = pattern.pieces();
    let is_open = |end: Option<&Piece>| end == Some(&Piece::AnyString);
    let opening = (!is_open(pieces.first())).then(|| Piece::Literal(format!("<{name}>").into()));
    let closing = (!is_open(pieces.last())).then(|| Piece::Literal(format!("</{name}>").into()));
    let inner = opening.into_iter().chain(pieces.iter().cloned()).chain(closing);
    Test::Pattern(Pattern::new(inner, pattern.case).anywhere())
}

fn quoted(pattern: &Pattern) -> Result<Pattern, String> {
    let pieces = pattern.pieces();
    if pieces.iter().any(|piece| matches!(piece, Piece::Literal(text) if text.contains(QUOTE))) {
        return Err("the product keeps apostrophes around the value, which this would find".into());
    }
    let quote =
        |end: Option<&Piece>| (end != Some(&Piece::AnyString)).then(|| Piece::Literal(QUOTE.to_string().into()));
    let inner = pieces.iter().cloned();
    Ok(Pattern::new(quote(pieces.first()).into_iter().chain(inner).chain(quote(pieces.last())), pattern.case))
}

/// The expression over encoded text. What repeats any character finds an entity as well as what the entity stands for.
fn xml_tree(tree: &Tree) -> Tree {
    let all = |parts: &[Tree]| parts.iter().map(xml_tree).collect();
    match tree {
        // An entity begins and ends with a character of no word, as the character that it stands for.
        Tree::Empty | Tree::Look(_) => tree.clone(),
        Tree::Literal { c, .. } => entity(*c).map_or_else(|| tree.clone(), spelt),
        Tree::Dot { newline } => one_of(Class { negated: true, fold: false, items: dot_items(*newline) }, &ENTITIES),
        Tree::Class(class) => {
            let ranges = class.ranges();
            let has = |c: char| ranges.iter().any(|(first, last)| (*first..=*last).contains(&c));
            let found: Vec<(char, &str)> = ENTITIES.into_iter().filter(|(c, _)| has(*c)).collect();
            if found.is_empty() {
                return tree.clone();
            }
            let rest = ranges.iter().flat_map(|range| without_specials(*range)).collect();
            one_of(Class { negated: false, fold: false, items: rest }, &found)
        }
        Tree::Repeat { min: 0, max: None, tree: inner, .. } if matches!(**inner, Tree::Dot { .. }) => tree.clone(),
        Tree::Repeat { min, max, greedy, tree } => {
            Tree::Repeat { min: *min, max: *max, greedy: *greedy, tree: Box::new(xml_tree(tree)) }
        }
        Tree::Group(inner) => Tree::Group(Box::new(xml_tree(inner))),
        Tree::Concat(parts) => Tree::Concat(all(parts)),
        Tree::Alternate(parts) => Tree::Alternate(all(parts)),
    }
}

fn dot_items(newline: bool) -> Vec<ClassItem> {
    let line_break = (!newline).then_some(ClassItem::Range('\n', '\n'));
    ENTITIES.iter().map(|(c, _)| ClassItem::Range(*c, *c)).chain(line_break).collect()
}

/// A group, so that what repeats it repeats all of it.
fn spelt(text: &str) -> Tree {
    Tree::Group(Box::new(Tree::Concat(text.chars().map(|c| Tree::Literal { c, fold: false }).collect())))
}

fn one_of(class: Class, entities: &[(char, &str)]) -> Tree {
    let plain = (!class.items.is_empty() || class.negated).then_some(Tree::Class(class));
    let spelt = entities.iter().map(|(_, entity)| spelt(entity));
    Tree::Group(Box::new(Tree::Alternate(plain.into_iter().chain(spelt).collect())))
}

/// The range without the characters that have entities.
fn without_specials((first, last): (char, char)) -> Vec<ClassItem> {
    let mut out = Vec::new();
    let mut from = first;
    for (special, _) in ENTITIES {
        if !(from..=last).contains(&special) {
            continue;
        }
        let (before, after) = (u32::from(special) - 1, u32::from(special) + 1);
        if let Some(before) = char::from_u32(before).filter(|before| from <= *before) {
            out.push(ClassItem::Range(from, before));
        }
        from = char::from_u32(after).unwrap_or(special);
    }
    if from <= last {
        out.push(ClassItem::Range(from, last));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Case;
    use crate::ir::regex::Flags;
    use crate::sigma::pattern;

    fn made(encoding: &Encoding, text: &str) -> Vec<String> {
        let test = Test::Pattern(Pattern::new(pattern::parse(text), Case::Fold));
        let out = encoding.apply(&test).expect("it can be said").unwrap_or_else(|| vec![test]);
        let text = |test: &Test| match test {
            Test::Pattern(pattern) => pattern::escape(pattern.pieces()),
            other => format!("{other:?}"),
        };
        out.iter().map(text).collect()
    }

    #[test]
    fn literals_are_spelt_as_xml_has_them() {
        assert_eq!(made(&Encoding::Xml, "*2>&1*"), ["*2&gt;&amp;1*"]);
        assert_eq!(made(&Encoding::Xml, "plain*"), ["plain*"]);
        assert_eq!(made(&Encoding::Xml, "a?b"), ["a?b", "a&amp;b", "a&lt;b", "a&gt;b"]);
        assert!(Encoding::Xml.apply(&Test::Pattern(Pattern::new(pattern::parse("????"), Case::Fold))).is_err());
    }

    #[test]
    fn a_text_without_a_field_is_looked_for_between_its_tags() {
        let element = Encoding::Element("Data".into());
        assert_eq!(made(&element, "a>b"), ["*<Data>a&gt;b</Data>*"]);
        assert_eq!(made(&element, "*HostVersion=3*"), ["*HostVersion=3*"]);
        assert_eq!(made(&element, "x*"), ["*<Data>x*"]);
        assert_eq!(element.of("a&b"), "<Data>a&amp;b</Data>");
    }

    #[test]
    fn attributes_keep_their_apostrophes() {
        assert_eq!(made(&Encoding::Quoted, "Service Control Manager"), ["'Service Control Manager'"]);
        assert_eq!(made(&Encoding::Quoted, "*Manager"), ["*Manager'"]);
        assert_eq!(made(&Encoding::Quoted, "Ser*"), ["'Ser*"]);
        assert_eq!(made(&Encoding::Quoted, "*"), ["*"]);
        assert_eq!(Encoding::Quoted.of("a"), "'a'");
        assert!(Encoding::Quoted.apply(&Test::Pattern(Pattern::new(pattern::parse("it's"), Case::Fold))).is_err());
    }

    #[test]
    fn what_can_begin_within_an_entity_is_doubtful() {
        let doubtful = |text| Encoding::Xml.doubtful(&Test::Pattern(Pattern::new(pattern::parse(text), Case::Fold)));
        for text in ["*;SY*", "*t;*", "*amp*", "*p*", "*AMP;x"] {
            assert!(doubtful(text).is_some(), "{text}");
        }
        for text in ["*&*", "*ampere*", ";SY*", "*x;*", "*a;*"] {
            assert_eq!(doubtful(text), None, "{text}");
        }
    }

    /// Every expression finds in the encoded text what it finds in the text.
    #[test]
    fn expressions_find_in_encoded_text_what_they_find_in_the_text() {
        let expressions = [
            "^.{3}$",
            "^a.b$",
            "x>+y",
            "^[^;]{2}$",
            "^[&-~]z$",
            "^[<&]{2}$",
            r"^\W$",
            r"\d>\s*&",
            "^.*<.*$",
            "^a[^b]c",
            "(&|x)y",
        ];
        let texts = [
            "a&b", "axb", "a<>", "<&", "&", "x>>y", ">y", "1>  &", "p<q", "abc", "a&c", "&y", "xy", ";;", "zz", "<z",
            "&z", "", "\n",
        ];
        for expression in expressions {
            let regex = Regex::parse(expression, Flags::default()).expect("an expression");
            let encoded = match Encoding::Xml.apply(&Test::Regex(regex.clone())).expect("it can be said").as_deref() {
                Some([Test::Regex(encoded)]) => encoded.clone(),
                _ => regex.clone(),
            };
            let (plain, encoded) =
                (regex.tree.compile().expect("an engine"), encoded.tree.compile().expect("an engine"));
            for text in texts {
                assert_eq!(plain.is_match(text), encoded.is_match(&Encoding::Xml.of(text)), "{expression} on {text:?}");
            }
        }
    }
}
