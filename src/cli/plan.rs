//! How the rules of each file are converted: targets, each with its chain of mappings, its table and its strictness.

use super::Stop;
use super::console::Console;
use super::input::Found;
use super::mapping::Mappings;
use super::settings::{Layers, View};
use crate::diagnostic::{Diagnostic, Severity, codes};
use crate::ir::{self, Rule};
use crate::mapping::{self, Chain, Mapped};
use crate::target::{self, Conversion, Layout, Session, Target, Templates};

/// The settings of all files, each distinct one once.
pub struct Views<'l> {
    views: Vec<View<'l>>,
    /// For each file which view it has.
    of: Vec<usize>,
}

/// The conversion of some rules.
pub struct Plan<'m> {
    /// A part a target.
    pub parts: Vec<Part<'m>>,
}

/// The conversion of rules to one target.
pub struct Part<'m> {
    /// The target, by its place in the list of all.
    pub target: usize,
    /// Its mapping.
    pub chain: Chain<'m>,
    /// What the mapping is given.
    pub mapping: mapping::Options,
    strict: bool,
    table: Option<String>,
}

/// What came of a rule.
pub struct Translation {
    /// The rule after its mapping; `None` where there is none.
    pub mapped: Option<Mapped>,
    /// The query, post-processed, and all that is to be said of mapping and conversion.
    pub conversion: Conversion,
}

impl<'l> Views<'l> {
    /// The settings of the files that were found.
    pub fn new(layers: &'l Layers, found: &Found) -> Self {
        let (views, of) = layers.views(found);
        Self { views, of }
    }

    /// Reads the mappings of all files.
    ///
    /// # Errors
    /// Where one cannot be read, or a file has no target.
    pub fn mappings(&self, console: &mut Console) -> Result<Mappings, Stop> {
        let mut out = Mappings::default();
        for view in &self.views {
            for name in view.all_pipelines()? {
                out.add(name, console)?;
            }
        }
        Ok(out)
    }

    /// Loads the targets of all files, in the order in which they are named.
    ///
    /// # Errors
    /// Where one is not known, or a file has none.
    pub fn targets(&self, templates: &Templates) -> Result<Vec<(String, Target)>, Diagnostic> {
        let mut names = Vec::new();
        for view in &self.views {
            names.extend(view.targets()?);
        }
        load_targets(&names, templates)
    }

    /// The distinct plans over these targets, and for each file which it has.
    ///
    /// # Errors
    /// Where a pipeline is for none of its targets.
    pub fn plans<'m>(&self, mappings: &'m Mappings, targets: &[&str]) -> Result<(Vec<Plan<'m>>, &[usize]), Diagnostic> {
        let mut plans = Vec::with_capacity(self.views.len());
        for view in &self.views {
            let names = view.targets()?;
            let mut parts = Vec::with_capacity(names.len());
            for name in &names {
                let Some(target) = targets.iter().position(|other| other == name) else { continue };
                parts.push(Part {
                    target,
                    chain: mappings.chain(&view.pipelines(name), name, &names)?,
                    mapping: mappings.options(view.unmapped(name)),
                    strict: view.is_strict(),
                    table: view.table(name),
                });
            }
            plans.push(Plan { parts });
        }
        Ok((plans, &self.of))
    }
}

/// The names of targets.
pub fn names(targets: &[(String, Target)]) -> Vec<&str> {
    targets.iter().map(|(name, _)| name.as_str()).collect()
}

/// Loads each target once, in the order of the names.
pub fn load_targets(names: &[String], templates: &Templates) -> Result<Vec<(String, Target)>, Diagnostic> {
    let mut targets: Vec<(String, Target)> = Vec::new();
    for name in names {
        if targets.iter().all(|(other, _)| other != name) {
            targets.push((name.clone(), Target::load(name, templates)?));
        }
    }
    Ok(targets)
}

/// The rule as back ends want it.
pub fn normalized(rule: &Rule) -> Rule {
    let Rule { meta, logsource, table, condition } = rule;
    let condition = ir::normalize(condition.clone());
    Rule { meta: meta.clone(), logsource: logsource.clone(), table: table.clone(), condition }
}

impl<'m> Part<'m> {
    /// What the settings say that queries name as their table.
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }

    /// The conversion to a target through a chain, with the table that the mapping or the target names.
    pub fn new(target: usize, chain: Chain<'m>, mapping: mapping::Options) -> Self {
        Self { target, chain, mapping, strict: false, table: None }
    }

    /// Converts a rule. `normal` gives the rule as back ends want it, for targets without a mapping.
    pub fn translate<'r>(
        &self,
        session: &mut Session<'_>,
        rule: &Rule,
        normal: impl FnOnce() -> &'r Rule,
        layout: Layout,
    ) -> Translation {
        let options = target::Options { layout, table: self.table.clone() };
        if self.chain.is_empty() {
            let conversion = self.judged(session.convert(normal(), &options));
            return Translation { mapped: None, conversion };
        }
        let mut mapped = self.chain.apply(rule.clone(), &self.mapping);
        let mut diagnostics = mapped.diagnostics.clone();
        let Some(rule) = &mut mapped.rule else {
            return Translation { mapped: Some(mapped), conversion: Conversion { query: None, diagnostics } };
        };
        // The rule is lent to the back end in normal form: a copy of all that it says of itself would be for nothing.
        let normal = ir::normalize(rule.condition.clone());
        let condition = std::mem::replace(&mut rule.condition, normal);
        let conversion = self.judged(session.convert(rule, &options));
        rule.condition = condition;
        diagnostics.extend(conversion.diagnostics);
        let query = match conversion.query.map(|query| self.chain.postprocess(query, &mapped)).transpose() {
            Ok(query) => query,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                None
            }
        };
        Translation { mapped: Some(mapped), conversion: Conversion { query, diagnostics } }
    }

    /// The conversion, refused where the settings are strict and it says that the query can differ from the rule.
    fn judged(&self, mut conversion: Conversion) -> Conversion {
        let differs = |diagnostic: &&mut Diagnostic| diagnostic.code.is_difference();
        for diagnostic in conversion.diagnostics.iter_mut().filter(|_| self.strict).filter(differs) {
            diagnostic.severity = Severity::Error;
            diagnostic.help.push("without `--strict` this is a warning, and there is a query".to_owned());
            conversion.query = None;
        }
        conversion
    }
}

/// Whether a template of the user's failed: no rule is to blame then.
pub fn template_failed(conversion: &Conversion) -> bool {
    conversion.diagnostics.iter().any(|d| d.code == codes::TEMPLATE_FAILED)
}
