//! The EQL back end through the public API: what each predicate becomes, and that it means the same.

mod corpus;
mod language;
mod lucene;
mod predicates;
mod properties;
mod regressions;

use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::ir::{
    Case, Expr, Field, FieldType, Logsource, Meta, Node, Origin, Pattern, Piece, Predicate, Rule, Subject, Test,
    regex::{Flags, Regex},
};
use sigmaglot::target::{Conversion, Options, Target, Templates};

/// A node without a place.
pub fn node(node: Node) -> Expr {
    Expr::new(node, Origin::default())
}

/// All of the parts.
pub fn all(parts: impl IntoIterator<Item = Expr>) -> Expr {
    node(Node::All(parts.into_iter().collect()))
}

/// Any of the parts.
pub fn any(parts: impl IntoIterator<Item = Expr>) -> Expr {
    node(Node::Any(parts.into_iter().collect()))
}

/// A test on a field of unknown type.
pub fn test(field: &str, test: Test) -> Expr {
    node(Node::Test(Predicate { subject: Subject::Field(Field::new(field)), test }))
}

/// A test on a field of this type.
pub fn typed(field: &str, kind: FieldType, test: Test) -> Expr {
    let field = Field { name: field.into(), kind };
    node(Node::Test(Predicate { subject: Subject::Field(field), test }))
}

/// A pattern in Sigma's writing, without its escapes: `*` and `?` are wildcards, `<*>` and `<?>` are literal.
pub fn pattern(text: &str, case: Case) -> Pattern {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (piece, length) = match c {
            '*' => (Piece::AnyString, 1),
            '?' => (Piece::AnyChar, 1),
            '<' if rest.starts_with("<*>") => (Piece::Literal("*".into()), 3),
            '<' if rest.starts_with("<?>") => (Piece::Literal("?".into()), 3),
            c => (Piece::Literal(c.to_string().into()), c.len_utf8()),
        };
        pieces.push(piece);
        rest = &rest[length..];
    }
    Pattern::new(pieces, case)
}

/// A test of a folding pattern.
pub fn fold(text: &str) -> Test {
    Test::Pattern(pattern(text, Case::Fold))
}

/// A test of an exact pattern.
pub fn exact(text: &str) -> Test {
    Test::Pattern(pattern(text, Case::Exact))
}

/// A test of a regular expression.
pub fn regex(text: &str) -> Test {
    Test::Regex(Regex::parse(text, Flags::default()).expect("the test's expression is valid"))
}

/// A rule with this condition.
pub fn rule(condition: Expr) -> Rule {
    let meta = Meta { title: "A test".into(), ..Meta::default() };
    Rule { meta, logsource: Logsource::default(), table: None, condition }
}

/// The target with its own templates.
pub fn target() -> Target {
    Target::load("eql", &Templates::embedded()).expect("the embedded templates are sound")
}

/// The conversion of a condition.
pub fn convert_with(condition: Expr, options: &Options) -> Conversion {
    target().convert(&rule(condition), options)
}

/// The query's condition, of a conversion without errors.
pub fn eql(condition: Expr) -> String {
    let conversion = convert_with(condition, &Options::default());
    let query = conversion.query.unwrap_or_else(|| panic!("refused: {:?}", conversion.diagnostics));
    query.strip_prefix("any where ").expect("the default category").to_owned()
}

/// The codes of what was said, and whether there is a query.
pub fn codes(condition: Expr) -> (bool, Vec<String>) {
    let conversion = convert_with(condition, &Options::default());
    let code = |diagnostic: &Diagnostic| diagnostic.code.to_string();
    (conversion.query.is_some(), conversion.diagnostics.iter().map(code).collect())
}
