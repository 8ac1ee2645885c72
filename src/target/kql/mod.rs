//! The room of KQL, the language of Microsoft Sentinel, Defender XDR and Azure Data Explorer.
//!
//! The query is `Table | where ..` with Sigma's field names as columns. Nothing here writes text: `quote` makes operands,
//! the templates own operators and functions, `column` and `keyword` choose among them.
//!
//! # The event as the table holds it
//!
//! Equality with the interpreter is promised on the *projected* event. In a `string` column (any column whose type no
//! schema tells) a missing field, null and `""` are all the empty text; the projection makes all three missing. Numbers
//! are their shortest decimal text, booleans `true` and `false`, arrays and objects JSON text. Columns of other types
//! hold their value or null.
//!
//! On projected events `f: ''` could never hold, and rules mean by it what they mean by `f: null`: nothing is there. So
//! KQL takes both as one test. Where the stored event could have told the difference, a warning (SG0504) says so.
//!
//! | predicate | query, `string` column | where a warning stands |
//! |---|---|---|
//! | `f: null`, `f: ''`, `exists: false` | `isempty(f)` | always: the three are one |
//! | `exists: true`, `f: '*'` | `isnotempty(f)` | always: `""` is not there |
//! | regular expression that matches the empty text | guarded by `isnotempty(f)` | always: `""` is not there |
//! | any other pattern, regular expression, number, network, time | false on the empty text by itself | never |
//! | `f|fieldref: g` | guarded by `isnotempty(g)`; then `f` is not empty either | never |
//!
//! # Null
//!
//! Only columns of other types are ever null. `==` and `in` are false on null; the leaves that would be null (order,
//! conversions, networks, time parts) stand in `coalesce(.., false)`. So every leaf is true or false, and NOT is plain.
//!
//! # Numbers
//!
//! A number in a `string` column is compared after `todouble()`, behind a regular expression of the number's grammar,
//! since the function also reads other spellings. Rounding to a double keeps the order, and a bound below 2^53 has
//! representable neighbours, so no rounding can carry a value across it; a larger bound is refused.
//!
//! # Letters
//!
//! `=~`, `contains` and their kin are documented for ASCII letters. A literal with another cased letter is matched by a
//! `(?i)` regular expression, whose folding is Sigma's. `has` and its kin match terms, not text, and are never used.

mod column;
mod keyword;
mod quote;
mod reserved;

use super::Backend;
use super::plan::{self, Context, Leaves, Part, Plan, Query};
use super::quote::Operand;
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{self, Field, Origin, Predicate, Subject, Test};

/// The back end.
pub(super) struct Kql;

impl Backend for Kql {
    fn plan(&self, rule: &ir::Rule, cx: &mut Context<'_>) -> Query {
        let plan = plan::build(&rule.condition, self, cx);
        let plan = plan.balance(cx.manifest.limits.flat_terms.unwrap_or(usize::MAX));
        let mapped = rule.table.as_ref().map(|table| table.name.as_ref());
        let table = cx.options.table.as_deref().or(mapped).unwrap_or(&cx.manifest.default_table);
        Query {
            parts: vec![Part { name: "condition", macros: vec!["kql/predicates.j2".into()], plan }],
            operands: vec![("table", Operand::One(quote::name(table)))],
        }
    }
}

impl Leaves for Kql {
    fn leaf(&self, predicate: &Predicate, origin: &Origin, cx: &mut Context<'_>) -> Result<Plan, Diagnostic> {
        match &predicate.subject {
            Subject::Field(field) => Ok(column::any(field, &[(&predicate.test, origin)], cx)),
            Subject::AnyValue => keyword::plan(&predicate.test, cx),
        }
    }

    fn alternatives(
        &self,
        field: &Field,
        tests: &[(&Test, &Origin)],
        cx: &mut Context<'_>,
    ) -> Result<Plan, Diagnostic> {
        Ok(column::any(field, tests, cx))
    }
}

/// The refusal of a regular expression.
fn regex_refused(reason: &str, cx: &Context<'_>) -> Diagnostic {
    Diagnostic::new(
        codes::REGEX_UNSUPPORTED,
        format!("{} cannot say this regular expression: {reason}", cx.manifest.name),
    )
    .help("write it another way, or use contains, startswith or endswith")
}

/// Whether letter case makes a difference that Kusto's case-insensitive operators do not promise to overlook: a cased
/// letter outside ASCII.
fn folds_beyond_ascii(text: &str) -> bool {
    text.chars().any(|c| !c.is_ascii() && super::regex::is_cased(c))
}
