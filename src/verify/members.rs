//! Long lists: whether a query holds exactly the members that the rule's lists have.
//!
//! Witnesses sample a long list. That the query has all the rest is shown by reading it: its constants, as the language's
//! own lexer unescapes them, are compared with the members. A member that no constant shows, and a constant that shows none,
//! is not yet a mistake, since a back end may write a member in another way: it gets an event, and the events decide.

use std::collections::{HashMap, HashSet};

use crate::interp::Event;
use crate::ir::regex::{Class, Flags, Look, Tree};
use crate::ir::{Number, Pattern, Piece, Predicate, Regex, Rule, Test};
use crate::lang::{self, eql, kql, spl, sql};

use super::witness;

/// Stand for `*` and `?` in a reading; no text of a rule holds these private characters on purpose.
const STAR: char = '\u{E000}';
const ONE: char = '\u{E001}';
/// The most texts that one member or constant stands for.
const READINGS: usize = 64;
/// The most members that get an event.
const TESTED: usize = 256;
/// The most constants that do.
const STRANGERS: usize = 32;

/// What became of the members of a rule's long lists that are not sampled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Members {
    /// Members that the query's text shows.
    pub read: usize,
    /// Members that got an event because it does not.
    pub tested: usize,
    /// Members with neither: too many of them.
    pub unread: usize,
    /// Constants of the query that are none of the rule's, which got an event.
    pub strangers: usize,
}

/// The predicates of a rule with long lists, by what a query's text must show of them.
pub(super) struct Listed<'r> {
    predicates: Vec<&'r Predicate>,
    /// How many readings each predicate must have in the query.
    needs: Vec<usize>,
    /// The predicates that a reading shows, by their places.
    places: HashMap<String, Vec<usize>>,
    /// Which of them are members of long lists.
    members: Vec<usize>,
}

impl<'r> Listed<'r> {
    /// Of a rule; `None` where it has no long list.
    pub(super) fn of(rule: &'r Rule) -> Option<Self> {
        let lists = witness::long_lists(rule);
        if lists.is_empty() {
            return None;
        }
        let listed: HashSet<*const Predicate> = lists.into_iter().flatten().map(std::ptr::from_ref).collect();
        let mut out = Self { predicates: Vec::new(), needs: Vec::new(), places: HashMap::new(), members: Vec::new() };
        rule.condition.for_each_predicate(&mut |predicate, _| {
            let place = out.predicates.len();
            let readings = of_test(&predicate.test).unwrap_or_default();
            out.needs.push(if readings.is_empty() { 1 } else { readings.len() });
            readings.into_iter().for_each(|reading| out.places.entry(reading).or_default().push(place));
            out.predicates.push(predicate);
            if listed.contains(&std::ptr::from_ref(predicate)) {
                out.members.push(place);
            }
        });
        Some(out)
    }
}

/// The members as read in the query, and events for what the reading leaves open.
pub(super) fn check(
    rule: &Rule,
    listed: Option<&Listed<'_>>,
    target: &str,
    query: &str,
    strangers: Strangers,
) -> (Members, Vec<Event>) {
    let Some(listed) = listed else { return (Members::default(), Vec::new()) };
    let constants = constants(target, query).unwrap_or_default();
    let mut needs = listed.needs.clone();
    let mut strange: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for constant in &constants {
        let readings = shown(constant, &listed.places);
        if readings.is_empty() && strangers == Strangers::Tested && strange.len() < STRANGERS {
            strange.push(constant.clone());
        }
        for reading in readings {
            if let Some((reading, members)) = listed.places.get_key_value(&reading)
                && seen.insert(reading)
            {
                let needs = |member: &usize| needs.get_mut(*member).into_iter().for_each(|n| *n = n.saturating_sub(1));
                members.iter().for_each(needs);
            }
        }
    }
    let is_open = |member: &&usize| needs.get(**member).is_none_or(|needs| *needs > 0);
    let predicate = |member: &usize| listed.predicates.get(*member).copied();
    let open: Vec<&Predicate> = listed.members.iter().filter(is_open).filter_map(predicate).collect();
    let read = listed.members.len() - open.len();
    let tested = &open[..open.len().min(TESTED)];
    let counts = Members { read, tested: tested.len(), unread: open.len() - tested.len(), strangers: strange.len() };
    (counts, witness::member_events(rule, tested, &strange))
}

/// What is done about constants that are none of the rule's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strangers {
    /// They get events.
    Tested,
    /// They are a mapping's.
    Expected,
}

/// The constants of a query; nothing where its language's lexer does not read it.
fn constants(target: &str, query: &str) -> Option<Vec<String>> {
    let read: fn(&str) -> Result<Vec<String>, lang::Error> = match target.split_once(':').unwrap_or((target, "")).0 {
        "eql" => eql::constants,
        "kql" => kql::constants,
        "spl" => spl::constants,
        _ => sql::constants,
    };
    read(query).ok()
}

/// The readings of a constant that are a member's: the plainest that is one.
fn shown(constant: &str, places: &HashMap<String, Vec<usize>>) -> Vec<String> {
    let plain: [fn(&str) -> String; 5] =
        [str::to_owned, wildcards, |text| like(text, '\\'), |text| like(text, '!'), glob];
    let found = plain.iter().map(|read| normal(&read(constant))).find(|reading| places.contains_key(reading));
    if let Some(found) = found {
        return vec![found];
    }
    let Ok(regex) = Regex::parse(constant, Flags::default()) else { return Vec::new() };
    let readings = of_tree(&regex.tree).unwrap_or_default().into_iter().map(|text| normal(&text));
    readings.filter(|reading| places.contains_key(reading)).collect()
}

/// Letter case and open ends are what the sampled members test; here it is about the texts.
fn normal(reading: &str) -> String {
    reading.trim_matches(STAR).to_lowercase()
}

/// `*` and `?`, escaped by a backslash.
fn wildcards(text: &str) -> String {
    escaped(text, '\\', |c| match c {
        '*' => STAR,
        '?' => ONE,
        c => c,
    })
}

/// `%` and `_`, escaped by a character.
fn like(text: &str, escape: char) -> String {
    escaped(text, escape, |c| match c {
        '%' => STAR,
        '_' => ONE,
        c => c,
    })
}

fn escaped(text: &str, escape: char, special: impl Fn(char) -> char) -> String {
    let mut chars = text.chars();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        match c {
            c if c == escape => out.push(chars.next().unwrap_or(escape)),
            c => out.push(special(c)),
        }
    }
    out
}

/// `*`, `?` and sets of one in brackets.
fn glob(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        match (c, chars.get(at + 1), chars.get(at + 2)) {
            ('[', Some(only), Some(']')) => {
                out.push(*only);
                at += 2;
            }
            ('*', ..) => out.push(STAR),
            ('?', ..) => out.push(ONE),
            (c, ..) => out.push(*c),
        }
        at += 1;
    }
    out
}

/// The texts that a member stands for; all of them must be shown.
fn of_test(test: &Test) -> Option<HashSet<String>> {
    let texts = match test {
        Test::Pattern(pattern) => of_pattern(pattern)?,
        Test::Regex(regex) => of_tree(&regex.tree)?,
        Test::Number(number @ Number::Int(_)) => vec![number.to_string()],
        _ => return None,
    };
    Some(texts.iter().map(|text| normal(text)).filter(|text| !text.is_empty()).collect())
}

fn of_pattern(pattern: &Pattern) -> Option<Vec<String>> {
    let mut out = vec![String::new()];
    for piece in pattern.pieces() {
        let choices: Vec<String> = match piece {
            Piece::Literal(text) => vec![text.to_string()],
            Piece::AnyString => vec![STAR.to_string()],
            Piece::AnyChar => vec![ONE.to_string()],
            Piece::OneOf(set) => set.iter().map(char::to_string).collect(),
        };
        out = product(&out, &choices)?;
    }
    Some(out)
}

/// The texts of a tree of literals, small classes, alternatives and dots; nothing where it is more than that.
fn of_tree(tree: &Tree) -> Option<Vec<String>> {
    Some(match tree {
        Tree::Empty | Tree::Look(Look::Start | Look::End) => vec![String::new()],
        Tree::Look(_) => return None,
        Tree::Literal { c, .. } => vec![c.to_string()],
        Tree::Dot { .. } => vec![ONE.to_string()],
        Tree::Class(class) => of_class(class)?,
        Tree::Repeat { min: 0, max: None, tree, .. } if of_tree(tree)? == [ONE.to_string()] => vec![STAR.to_string()],
        Tree::Repeat { .. } => return None,
        Tree::Group(tree) => of_tree(tree)?,
        Tree::Concat(parts) => {
            let mut out = vec![String::new()];
            for part in parts {
                out = product(&out, &of_tree(part)?)?;
            }
            out
        }
        Tree::Alternate(parts) => {
            let mut out = Vec::new();
            for part in parts {
                out.extend(of_tree(part)?);
            }
            out
        }
    })
}

fn of_class(class: &Class) -> Option<Vec<String>> {
    let ranges = class.ranges();
    if ranges.iter().any(|(a, b)| *a == '\0' && *b == char::MAX)
        || ranges.iter().map(|(a, b)| u32::from(*b) - u32::from(*a)).sum::<u32>() > 0x10_0000
    {
        return Some(vec![ONE.to_string()]);
    }
    let size: u32 = ranges.iter().map(|(a, b)| u32::from(*b) - u32::from(*a) + 1).sum();
    if size as usize > READINGS {
        return None;
    }
    let mut out: Vec<String> = ranges.iter().flat_map(|(a, b)| *a..=*b).map(|c| c.to_lowercase().to_string()).collect();
    out.sort();
    out.dedup();
    Some(out)
}

/// Each of the one followed by each of the other; nothing where that is too much.
fn product(fronts: &[String], backs: &[String]) -> Option<Vec<String>> {
    if fronts.len() * backs.len() > READINGS {
        return None;
    }
    Some(fronts.iter().flat_map(|front| backs.iter().map(move |back| format!("{front}{back}"))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Case, Expr, Field, Node, Origin, Subject};

    fn rule(texts: &[&str]) -> Rule {
        let test = |text: &&str| {
            let test = Test::Pattern(Pattern::literal(text, Case::Fold).anywhere());
            Expr::new(Node::Test(Predicate { subject: Subject::Field(Field::new("a")), test }), Origin::default())
        };
        let condition = Expr::new(Node::Any(texts.iter().map(test).collect()), Origin::default());
        Rule { meta: Default::default(), logsource: Default::default(), table: None, condition }
    }

    fn checked(rule: &Rule, query: &str, strangers: Strangers) -> (Members, Vec<Event>) {
        check(rule, Listed::of(rule).as_ref(), "sql", query, strangers)
    }

    fn texts() -> Vec<String> {
        (0..40).map(|n| format!("a_{n}*\\%[x]'\"é")).collect()
    }

    #[test]
    fn every_way_to_write_a_member_is_read() {
        let texts = texts();
        let rule = rule(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let quoted = |escape: fn(&str) -> String| texts.iter().map(|text| escape(text)).collect::<Vec<_>>().join(", ");
        let plain = quoted(|text| format!("'{}'", text.replace('\'', "''")));
        let like = quoted(|text| {
            let text = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            format!("'%{}%'", text.replace('\'', "''"))
        });
        let glob = quoted(|text| format!("'*{}*'", text.replace('[', "[[]").replace('*', "[*]").replace('\'', "''")));
        let regex = quoted(|text| format!("'(?is){}'", regex_syntax::escape(text).replace('\'', "''")));
        for query in [plain, like, glob, regex] {
            let (members, events) = checked(&rule, &format!("SELECT * FROM t WHERE a IN ({query})"), Strangers::Tested);
            assert_eq!(members, Members { read: 40, ..Members::default() }, "{query}");
            assert!(events.is_empty());
        }
    }

    #[test]
    fn a_member_that_is_not_there_gets_an_event_and_so_does_a_stranger() {
        let texts = texts();
        let rule = rule(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let rest: Vec<String> = texts.iter().skip(1).map(|text| format!("'{}'", text.replace('\'', "''"))).collect();
        let query = format!("a IN ({}, 'stranger')", rest.join(", "));
        let (members, events) = checked(&rule, &query, Strangers::Tested);
        assert_eq!(members, Members { read: 39, tested: 1, unread: 0, strangers: 1 });
        let values: Vec<&str> = events.iter().filter_map(|event| event.0.get("a")?.as_str()).collect();
        assert_eq!(values, [texts[0].as_str(), "stranger"]);
        // A member that another one holds is not shown by that one.
        let (members, _) = checked(&rule, &query, Strangers::Expected);
        assert_eq!(members.strangers, 0);
    }
}
