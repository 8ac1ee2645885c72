//! `sigmaglot fields`: the inventory of the fields of rules, before or after a mapping.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use clap::Args;

use super::batch::Batch;
use super::console::Console;
use super::mapping::MappingArguments;
use super::plan::Views;
use super::settings::Layers;
use super::{Common, Exit, Stop, input, plan};
use crate::config::Settings;
use crate::ir::{Rule, Subject, Test};
use crate::sigma::UnresolvedPlaceholders;
use crate::target::Templates;

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
    /// The target, for mappings that are not for every one [default: the first of the configuration, else eql]
    #[arg(short, long, value_name = "TARGET")]
    target: Option<String>,
    #[command(flatten)]
    mapping: MappingArguments,
}

pub fn run(arguments: Arguments, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let flags = Settings {
        targets: arguments.target.map(|target| vec![target]),
        placeholders: arguments.rules.placeholders.files(),
        ..arguments.mapping.settings()
    };
    let defaults = Settings { targets: Some(vec!["eql".to_owned()]), ..Settings::default() };
    let layers = Layers::load(common, &arguments.rules.paths, flags, defaults, console)?;
    let reading = arguments.rules.placeholders.resolve(&layers.general(), UnresolvedPlaceholders::Keep)?;
    let found = input::find_rules(&arguments.rules, &layers.general(), console)?;
    let views = Views::new(&layers, &found);
    let targets = views.targets(&Templates::embedded())?;
    let mappings = views.mappings(console)?;
    let (plans, of) = views.plans(&mappings, &plan::names(&targets))?;
    let batch = Batch::new(common.threads)?;
    let loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let mut counts: BTreeMap<Arc<str>, (usize, bool)> = BTreeMap::new();
    for (file, place) in loaded.iter().zip(of) {
        console.print(&console.voice().render(file.grave(), &file.source));
        exit = exit.max(file.exit);
        let part = plans.get(*place).and_then(|plan| plan.parts.first());
        for rule in &file.read.rules {
            match part.filter(|part| !part.chain.is_empty()) {
                None => count(rule, &[], &mut counts),
                Some(part) => {
                    let mapped = part.chain.apply(rule.clone(), &part.mapping);
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
