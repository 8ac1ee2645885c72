//! The constants of a search: its values and strings, read as each place reads them.

use super::ast::{Expr, ExprKind, Pattern, Piece, SearchExpr, SearchKind, Stage, Text};
use super::parser;
use crate::lang::Error;

/// The values of `search` (with `*` for the wildcard, which no text of it can hold), the strings of `where` as texts and as
/// regular expressions, and numbers, in order.
///
/// # Errors
/// What the parser does not read.
pub fn constants(text: &str) -> Result<Vec<String>, Error> {
    let mut out = Vec::new();
    for stage in &parser::parse(text)?.stages {
        match stage {
            Stage::Tstats { condition, .. } => condition.iter().for_each(|condition| of_search(condition, &mut out)),
            Stage::Search(expr) => of_search(expr, &mut out),
            Stage::Where(expr) => of_expr(expr, &mut out),
            Stage::Regex { pattern, .. } => of_text(pattern, &mut out),
            Stage::Rename { .. } => {}
        }
    }
    Ok(out)
}

fn of_search(expr: &SearchExpr, out: &mut Vec<String>) {
    match &expr.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().for_each(|part| of_search(part, out)),
        SearchKind::Not(part) => of_search(part, out),
        SearchKind::Compare(_, _, pattern) | SearchKind::Term(pattern) => out.push(of_pattern(pattern)),
        SearchKind::In(_, patterns) => out.extend(patterns.iter().map(of_pattern)),
    }
}

fn of_pattern(pattern: &Pattern) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::AnyString => "*".to_owned(),
    };
    pattern.pieces.iter().map(piece).collect()
}

fn of_expr(expr: &Expr, out: &mut Vec<String>) {
    match &expr.kind {
        ExprKind::Text(text) => of_text(text, out),
        ExprKind::Number(number) => out.push(number.to_string()),
        ExprKind::Field(_) => {}
        ExprKind::And(parts)
        | ExprKind::Or(parts)
        | ExprKind::Xor(parts)
        | ExprKind::Concat(parts)
        | ExprKind::Call(_, parts) => parts.iter().for_each(|part| of_expr(part, out)),
        ExprKind::Not(part) | ExprKind::Negate(part) => of_expr(part, out),
        ExprKind::Compare(_, a, b) | ExprKind::Like(a, b) | ExprKind::Arithmetic(_, a, b) => {
            of_expr(a, out);
            of_expr(b, out);
        }
        ExprKind::In(subject, items) => {
            of_expr(subject, out);
            items.iter().for_each(|item| of_expr(item, out));
        }
    }
}

fn of_text(text: &Text, out: &mut Vec<String>) {
    out.extend(text.value());
    out.extend(text.regex());
}
