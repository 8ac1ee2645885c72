//! `sigmaglot_values`: a field of a few known values which the product keeps as other values. An extension of the format.
//!
//! A test becomes one of the product's values for exactly those of the rule's values that pass it, so that wildcards mean
//! what they meant. What cannot be decided by the list is refused.

use std::sync::Arc;

use indexmap::IndexMap;

use super::params::Params;
use super::shape;
use crate::ir::{Case, Pattern, Test};

/// The values of a field in the rule's terms, each with those of the product.
#[derive(Debug, Clone)]
pub(super) struct Closed(IndexMap<Arc<str>, Vec<Arc<str>>>);

impl Closed {
    /// Reads the list.
    pub fn parse(params: &mut Params<'_, '_, '_>) -> Option<Closed> {
        let names = params.names("values")?;
        Some(Closed(names.into_iter().filter_map(|(key, values)| Some((key?, values))).collect()))
    }

    /// The product's values for a test; `Ok(None)` where it speaks of no value.
    ///
    /// # Errors
    /// Where no value passes, or the test is of a kind that a list cannot answer.
    pub fn apply(&self, test: &Test) -> Result<Option<Vec<Test>>, String> {
        let pattern = match test {
            Test::Null | Test::Exists(_) | Test::Placeholder(_) => return Ok(None),
            Test::Pattern(pattern) => pattern.clone(),
            Test::Bool(b) => Pattern::literal(&b.to_string(), Case::Fold),
            Test::Number(number) => Pattern::literal(&number.to_string(), Case::Fold),
            _ => return Err("the product has other values here, and only text can be looked up in their list".into()),
        };
        let mut out: Vec<Test> = Vec::new();
        for value in self.0.iter().filter(|(key, _)| shape::can_match(&pattern, &shape::exactly(key))) {
            for text in value.1 {
                let test = Test::Pattern(Pattern::literal(text, pattern.case));
                if !out.contains(&test) {
                    out.push(test);
                }
            }
        }
        if out.is_empty() {
            let known: Vec<&str> = self.0.keys().map(AsRef::as_ref).collect();
            return Err(format!("no value of this field is like that; it has {}", known.join(", ")));
        }
        Ok(Some(out))
    }

    /// The list itself.
    pub fn pairs(&self) -> &IndexMap<Arc<str>, Vec<Arc<str>>> {
        &self.0
    }

    /// The product's values for one of the source's; none for other text, such as a value of the product that the list has only so
    /// that rules may write it.
    pub fn of(&self, text: &str) -> Option<&[Arc<str>]> {
        let one = Pattern::literal(text, Case::Fold);
        let (found, values) = self.0.iter().find(|(key, _)| shape::can_match(&one, &shape::exactly(key)))?;
        let elsewhere = self.0.iter().any(|(key, values)| key != found && values.contains(found));
        (!elsewhere || !values.contains(found)).then_some(values.as_slice())
    }
}
