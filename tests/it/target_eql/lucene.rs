//! A slow matcher of Lucene's regular expressions, after the documented grammar: the test's own opinion of what the
//! back end prints. It knows nothing of the back end. Operators that the back end has no use for are errors.

use std::collections::BTreeSet;

/// A parsed expression.
pub enum Node {
    Nothing,
    Empty,
    Any,
    Char(char),
    Set { negated: bool, items: Vec<(char, char)> },
    Repeat { min: usize, max: Option<usize>, node: Box<Node> },
    Concat(Vec<Node>),
    Union(Vec<Node>),
}

/// Reads an expression.
pub fn parse(text: &str) -> Result<Node, String> {
    let mut parser = Parser { chars: text.chars().collect(), at: 0 };
    if parser.chars.is_empty() {
        return Ok(Node::Empty);
    }
    let node = parser.union()?;
    if parser.at < parser.chars.len() { Err(format!("end of string expected at {}", parser.at)) } else { Ok(node) }
}

/// Whether the expression matches the whole text. `fold`: single characters fold as letters of ASCII, ranges never do.
pub fn matches(node: &Node, text: &str, fold: bool) -> bool {
    let chars: Vec<char> = text.chars().collect();
    ends(node, &chars, 0, fold).contains(&chars.len())
}

struct Parser {
    chars: Vec<char>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        self.at += usize::from(there);
        there
    }

    fn next(&mut self) -> Result<char, String> {
        let c = self.peek().ok_or("unexpected end of string")?;
        self.at += 1;
        Ok(c)
    }

    fn union(&mut self) -> Result<Node, String> {
        let mut parts = vec![self.concat()?];
        while self.take('|') {
            parts.push(self.concat()?);
        }
        Ok(Node::Union(parts))
    }

    fn concat(&mut self) -> Result<Node, String> {
        let mut parts = vec![self.repeat()?];
        while self.peek().is_some_and(|c| !")|&".contains(c)) {
            parts.push(self.repeat()?);
        }
        match self.peek() {
            Some('&') => Err("an intersection".into()),
            _ => Ok(Node::Concat(parts)),
        }
    }

    fn repeat(&mut self) -> Result<Node, String> {
        let mut node = self.atom()?;
        loop {
            let (min, max) = match self.peek() {
                Some('?') => (0, Some(1)),
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('{') => {
                    self.at += 1;
                    let min = self.integer()?;
                    let max = match self.take(',') {
                        false => Some(min),
                        true if self.peek() == Some('}') => None,
                        true => Some(self.integer()?),
                    };
                    if self.peek() != Some('}') {
                        return Err("expected '}'".into());
                    }
                    (min, max)
                }
                _ => return Ok(node),
            };
            self.at += 1;
            node = Node::Repeat { min, max, node: Box::new(node) };
        }
    }

    fn integer(&mut self) -> Result<usize, String> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect::<String>().parse().map_err(|_| "integer expected".into())
    }

    fn atom(&mut self) -> Result<Node, String> {
        match self.next()? {
            '.' => Ok(Node::Any),
            '#' => Ok(Node::Nothing),
            '(' if self.take(')') => Ok(Node::Empty),
            '(' => {
                let node = self.union()?;
                if self.take(')') { Ok(node) } else { Err("expected ')'".into()) }
            }
            '[' => self.set(),
            '\\' => Ok(Node::Char(self.escaped()?)),
            c @ ('@' | '"' | '<' | '>' | '~' | '&' | '|' | '*' | '+' | '?' | '{' | '}' | ']' | ')') => {
                Err(format!("a bare {c}"))
            }
            c @ ('^' | '$') => Err(format!("a bare {c}, which is no anchor")),
            c => Ok(Node::Char(c)),
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        match self.next()? {
            c if c.is_ascii_alphanumeric() => Err(format!("the escape \\{c}")),
            c => Ok(c),
        }
    }

    fn set(&mut self) -> Result<Node, String> {
        let negated = self.take('^');
        let mut items = Vec::new();
        loop {
            let from = self.member()?;
            let to = if self.take('-') { self.member()? } else { from };
            if from > to {
                return Err("an invalid range".into());
            }
            items.push((from, to));
            if self.take(']') {
                return Ok(Node::Set { negated, items });
            }
        }
    }

    fn member(&mut self) -> Result<char, String> {
        match self.next()? {
            '\\' => self.escaped(),
            c @ ('[' | ']' | '^' | '-') => Err(format!("a bare {c} in a set")),
            c => Ok(c),
        }
    }
}

fn ends(node: &Node, text: &[char], from: usize, fold: bool) -> BTreeSet<usize> {
    let same = |a: char, b: char| a == b || (fold && a.eq_ignore_ascii_case(&b));
    let one =
        |test: &dyn Fn(char) -> bool| text.get(from).filter(|c| test(**c)).map(|_| from + 1).into_iter().collect();
    match node {
        Node::Nothing => BTreeSet::new(),
        Node::Empty => BTreeSet::from([from]),
        Node::Any => one(&|_| true),
        Node::Char(c) => one(&|other| same(*c, other)),
        Node::Set { negated, items } => one(&|c| {
            let inside = items.iter().any(|(a, b)| if a == b { same(*a, c) } else { (*a..=*b).contains(&c) });
            inside != *negated
        }),
        Node::Union(parts) => parts.iter().flat_map(|part| ends(part, text, from, fold)).collect(),
        Node::Concat(parts) => parts.iter().fold(BTreeSet::from([from]), |starts, part| {
            starts.into_iter().flat_map(|start| ends(part, text, start, fold)).collect()
        }),
        Node::Repeat { min, max, node } => {
            let mut now = BTreeSet::from([from]);
            let mut out = if *min == 0 { now.clone() } else { BTreeSet::new() };
            // Further rounds than characters reach nothing new.
            for round in 1..=max.unwrap_or(min + text.len() + 1).min(min + text.len() + 1) {
                now = now.into_iter().flat_map(|start| ends(node, text, start, fold)).collect();
                if round >= *min {
                    out.extend(now.iter().copied());
                }
            }
            out
        }
    }
}
