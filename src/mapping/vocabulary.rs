//! The names of fields that the built-in mappings know, for whoever asks whether a rule's field is spelled well.
//!
//! Nothing here maps a rule.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use super::pipeline::{Item, Pipeline};
use super::transformation::{Renaming, Transformation};
use super::{builtin, sources};
use crate::ir::{Rule, Subject, Test};
use crate::source::Source;

/// The names of all fields that some built-in mapping gives another name.
pub fn all() -> &'static BTreeSet<Arc<str>> {
    static ALL: OnceLock<BTreeSet<Arc<str>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut out = BTreeSet::new();
        for name in builtin::names() {
            let source = Source::new(name, builtin::get(name).unwrap_or_default());
            if let (Some(pipeline), _) = Pipeline::parse(&source) {
                collect(&pipeline.items, &mut out);
            }
        }
        out
    })
}

fn collect(items: &[Item], out: &mut BTreeSet<Arc<str>>) {
    for item in items {
        match &item.transformation {
            Transformation::Names(Renaming::Map(names) | Renaming::Function { mapping: names, .. }) => {
                out.extend(names.keys().flatten().cloned());
            }
            Transformation::Nest(items) => collect(items, out),
            _ => {}
        }
    }
}

/// The fields of a rule that no built-in mapping knows, where the mappings know the log sources of the rule's product.
pub fn unknown(rule: &Rule) -> Vec<Arc<str>> {
    let product = rule.logsource.product.as_ref();
    if !product.is_some_and(|product| sources::all().iter().any(|source| source.product == *product)) {
        return Vec::new();
    }
    let mut out = BTreeSet::new();
    rule.condition.for_each_predicate(&mut |predicate, _| {
        if let Subject::Field(field) = &predicate.subject {
            out.insert(field.name.clone());
        }
        if let Test::FieldPattern { other, .. } = &predicate.test {
            out.insert(other.name.clone());
        }
    });
    out.retain(|name| !all().contains(name));
    out.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_fields_of_rules_and_not_their_misspellings() {
        for name in ["Image", "CommandLine", "EventID", "TargetFilename"] {
            assert!(all().contains(name), "{name}");
        }
        assert!(!all().contains("Imagee"));
    }
}
