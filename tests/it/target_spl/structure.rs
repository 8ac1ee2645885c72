//! The Boolean structure of queries, read back by the precedence of each language.

use proptest::prelude::*;
use sigmaglot::ir::{Expr, Node, Subject};

use super::{all, any, cased, expr, fold, not, query};

/// Which operator binds tighter: `search` reads OR before AND, `where` AND before OR.
#[derive(Clone, Copy, PartialEq)]
enum Tighter {
    Or,
    And,
}

/// A reader of one part of a query whose leaves name the fields `v0`, `v1`, ...
struct Reader<'q> {
    words: Vec<&'q str>,
    at: usize,
    tighter: Tighter,
    truth: u32,
}

impl Reader<'_> {
    fn list(&mut self, operator: &str, tight: bool) -> bool {
        let mut values = vec![self.operand(tight)];
        while self.words.get(self.at) == Some(&operator) {
            self.at += 1;
            values.push(self.operand(tight));
        }
        if operator == "AND" { values.iter().all(|v| *v) } else { values.iter().any(|v| *v) }
    }

    fn loose(&mut self) -> bool {
        self.list(if self.tighter == Tighter::Or { "AND" } else { "OR" }, false)
    }

    fn operand(&mut self, tight: bool) -> bool {
        if tight { self.unary() } else { self.list(if self.tighter == Tighter::Or { "OR" } else { "AND" }, true) }
    }

    fn unary(&mut self) -> bool {
        let word = self.words[self.at];
        self.at += 1;
        match word {
            "NOT" => !self.unary(),
            "(" => {
                let value = self.loose();
                assert_eq!(self.words[self.at], ")");
                self.at += 1;
                value
            }
            "*" | "true()" => true,
            "false()" => false,
            leaf => match leaf[1..].parse::<u32>() {
                Ok(i) => self.truth >> i & 1 == 1,
                Err(_) => panic!("`{leaf}` is no leaf of {:?}", self.words),
            },
        }
    }
}

/// The verdict of a query of such leaves.
fn verdict(query: &str, truth: u32) -> bool {
    let leaf = regex::Regex::new(concat!(
        r#"isnotnull\(mvfilter\((?:match\((?<w>v\d), "(?:\(\?i\)\^y|\^Y)\\z"\)(?: OR )?)+\)\)"#,
        r#"|(?<s>v\d)(?:="y"| IN \((?:"y"(?:, )?)+\))"#,
    ));
    let text = leaf.expect("a regex").replace_all(query, "$w$s").replace('(', "( ").replace(')', " )");
    let text = text.replace("true(  )", "true()").replace("false(  )", "false()");
    let read = |part: &str, tighter| {
        let mut reader = Reader { words: part.split_whitespace().collect(), at: 0, tighter, truth };
        let value = reader.loose();
        assert_eq!(reader.at, reader.words.len(), "{part}");
        value
    };
    match text.split_once(" | where ") {
        Some((search, filter)) => read(search, Tighter::Or) && read(filter, Tighter::And),
        None => read(&text, Tighter::Or),
    }
}

/// The verdict of the condition itself.
fn meaning(expr: &Expr, truth: u32) -> bool {
    match &expr.node {
        Node::True => true,
        Node::False => false,
        Node::All(parts) => parts.iter().all(|part| meaning(part, truth)),
        Node::Any(parts) => parts.iter().any(|part| meaning(part, truth)),
        Node::Not(part) => !meaning(part, truth),
        Node::Test(predicate) => match &predicate.subject {
            Subject::Field(field) => truth >> field.name[1..].parse::<u32>().expect("a leaf") & 1 == 1,
            Subject::AnyValue => false,
        },
    }
}

fn conditions() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        20 => (0..3u8).prop_map(|i| fold(&format!("v{i}"), "y")),
        20 => (3..6u8).prop_map(|i| cased(&format!("v{i}"), "Y")),
        1 => Just(expr(Node::True)),
        1 => Just(expr(Node::False)),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(all),
            prop::collection::vec(inner.clone(), 0..4).prop_map(any),
            inner.prop_map(not),
        ]
    })
}

proptest! {
    #[test]
    fn the_query_has_the_structure_of_the_condition(condition in conditions()) {
        let text = query(condition.clone());
        for truth in 0..64 {
            prop_assert_eq!(verdict(&text, truth), meaning(&condition, truth), "{} at {:b}", text, truth);
        }
    }
}
