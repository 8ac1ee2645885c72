//! `sigmaglot fields`: the inventory of the fields of rules, before or after a mapping.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;

use clap::Args;

use super::batch::Batch;
use super::console::Console;
use super::mapping::MappingArguments;
use super::{Exit, Stop, input};
use crate::ir::{Rule, Subject, Test};
use crate::sigma::UnresolvedPlaceholders;

/// List the fields that rules use, with the number of rules
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sigmaglot fields rules
  sigmaglot fields rules -t eql -p ecs-windows

The first column is the number of rules with the field. After a mapping, a field that no mapping knows has a mark `!`.
A rule that the mapping refuses is not counted; `convert` says why.")]
pub struct Arguments {
    #[command(flatten)]
    rules: input::RuleArguments,
    /// The target, for mappings that are not for every one
    #[arg(short, long, value_name = "TARGET", default_value = "eql")]
    target: String,
    #[command(flatten)]
    mapping: MappingArguments,
}

pub fn run(
    arguments: Arguments,
    threads: Option<NonZeroUsize>,
    console: &mut Console,
    stdout: &mut dyn Write,
) -> Result<Exit, Stop> {
    let mappings = arguments.mapping.load(console)?;
    let chains = mappings.chains(std::iter::once(arguments.target.as_str()))?;
    let reading = arguments.rules.placeholders.resolve(UnresolvedPlaceholders::Keep)?;
    let found = input::find(&arguments.rules.paths, console)?;
    let batch = Batch::new(threads)?;
    let loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let mut counts: BTreeMap<Arc<str>, (usize, bool)> = BTreeMap::new();
    for file in &loaded {
        exit = exit.max(file.exit);
        for rule in &file.read.rules {
            match chains.first().filter(|chain| !chain.is_empty()) {
                None => count(rule, &[], &mut counts),
                Some(chain) => {
                    let mapped = chain.apply(rule.clone(), &mappings.options);
                    if let Some(rule) = &mapped.rule {
                        count(rule, &mapped.record.unmapped, &mut counts);
                    }
                }
            }
        }
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    for (name, (rules, unmapped)) in rows {
        writeln!(stdout, "{rules:6} {} {name}", if unmapped { '!' } else { ' ' })?;
    }
    Ok(exit)
}

/// Counts each field of a rule once.
fn count(rule: &Rule, unmapped: &[Arc<str>], counts: &mut BTreeMap<Arc<str>, (usize, bool)>) {
    let mut names: Vec<Arc<str>> = Vec::new();
    rule.condition.for_each_predicate(&mut |predicate, _| {
        if let Subject::Field(field) = &predicate.subject {
            names.push(field.name.clone());
        }
        if let Test::FieldPattern { other, .. } = &predicate.test {
            names.push(other.name.clone());
        }
    });
    names.sort();
    names.dedup();
    for name in names {
        let is_unmapped = unmapped.contains(&name);
        let entry = counts.entry(name).or_default();
        entry.0 += 1;
        entry.1 |= is_unmapped;
    }
}
