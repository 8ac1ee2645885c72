//! Long lists of patterns as few expressions: a value of a list is a clause of Lucene's query, an expression is one for many.
//!
//! Patterns with the same open ends stand between them together: `.*(a|b|c).*`. No operator is chosen here.

use super::{Edge, Line, Printer, Refusal, fit, tree};
use crate::ir::regex::Tree;
use crate::ir::{Case, Pattern, Piece};

/// Patterns that go into one expression.
struct Group {
    case: Case,
    prefix: Edge,
    suffix: Edge,
    trees: Vec<Tree>,
}

/// Expressions of at most `limit` characters, of which one matches where one of the patterns does.
///
/// # Errors
/// Where one of the patterns is too large for itself.
pub(in crate::target::eql) fn pack(patterns: &[&Pattern], limit: usize) -> Result<Vec<(String, Case)>, Refusal> {
    let mut groups: Vec<Group> = Vec::new();
    for pattern in patterns {
        let (prefix, inner, suffix) = ends(pattern);
        let tree = tree(&Pattern::new(inner, pattern.case));
        match groups.iter_mut().find(|g| (g.case, g.prefix, g.suffix) == (pattern.case, prefix, suffix)) {
            Some(group) => group.trees.push(tree),
            None => groups.push(Group { case: pattern.case, prefix, suffix, trees: vec![tree] }),
        }
    }
    let mut out = Vec::new();
    for group in groups {
        let printer = Printer { case: group.case };
        for trees in chunks(&group.trees, &printer, limit) {
            let body = vec![Tree::Group(Box::new(Tree::Alternate(trees.to_vec())))];
            let line = Line { prefix: group.prefix, body, suffix: group.suffix };
            out.extend(fit::pieces(line, &printer, limit)?.into_iter().map(|text| (text, group.case)));
        }
    }
    Ok(out)
}

/// The pattern without its open ends.
fn ends(pattern: &Pattern) -> (Edge, Vec<Piece>, Edge) {
    let edge = |open: bool| if open { Edge::Free } else { Edge::Text };
    let mut pieces = pattern.pieces();
    let mut open = (false, false);
    if let [Piece::AnyString, rest @ ..] = pieces {
        (pieces, open.0) = (rest, true);
    }
    if let [rest @ .., Piece::AnyString] = pieces {
        (pieces, open.1) = (rest, true);
    }
    (edge(open.0), pieces.to_vec(), edge(open.1))
}

/// Runs of trees whose texts fit into one expression.
fn chunks<'t>(trees: &'t [Tree], printer: &Printer, limit: usize) -> Vec<&'t [Tree]> {
    /// For the ends and parentheses: `.*(` and `).*`.
    const AROUND: usize = 6;
    let (mut out, mut start, mut length) = (Vec::new(), 0, AROUND);
    for (place, tree) in trees.iter().enumerate() {
        let own = printer.tree(tree, super::Level::Alternate).encode_utf16().count() + 1;
        if length + own > limit && place > start {
            out.extend(trees.get(start..place));
            (start, length) = (place, AROUND);
        }
        length += own;
    }
    out.extend(trees.get(start..));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_one_shape_share_an_expression() {
        let literal = |text: String| Pattern::literal(&text, Case::Fold);
        let contains = |n: usize| {
            let pieces = vec![Piece::AnyString, Piece::Literal(format!("x.{n}").into()), Piece::AnyString];
            Pattern::new(pieces, Case::Fold)
        };
        let patterns: Vec<Pattern> = (0..3).flat_map(|n| [literal(format!("v{n}")), contains(n)]).collect();
        let packed = pack(&patterns.iter().collect::<Vec<_>>(), 1000).expect("expressions");
        let texts: Vec<&str> = packed.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["(v0|v1|v2)", ".*(x\\.0|x\\.1|x\\.2).*"]);
    }

    #[test]
    fn an_expression_is_no_longer_than_the_limit() {
        let patterns: Vec<Pattern> = (0..20_000).map(|n| Pattern::literal(&format!("{n:064x}"), Case::Fold)).collect();
        let packed = pack(&patterns.iter().collect::<Vec<_>>(), 1000).expect("expressions");
        assert!(packed.len() < 1400 && packed.iter().all(|(text, _)| text.len() <= 1000), "{}", packed.len());
        assert_eq!(packed.iter().map(|(text, _)| text.matches('|').count() + 1).sum::<usize>(), 20_000);
    }
}
