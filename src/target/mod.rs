//! BACK ENDS: from the IR to query text.
//!
//! A target is a manifest (what the language can say), templates (operators, layout), and a room of its own here with a
//! typed quoter and the plan of its leaves. [`Target::convert`] promises equality: for every event the query selects it
//! exactly when the interpreter does; what cannot be said is a diagnostic. Nothing here reads files (override
//! templates come in as texts) and nothing evaluates events. No `if target == ..`: a peculiarity lives in its room.

pub(crate) mod call;
mod eql;
mod kql;
mod manifest;
pub(crate) mod plan;
pub(crate) mod quote;
pub mod regex;
mod render;
mod spl;
mod sql;
pub mod store;
mod templates;

use minijinja::Environment;
use serde::Serialize;

pub use eql::Types as EqlTypes;
pub use manifest::{Capability, Limits, Manifest};
pub(crate) use sql::written_point;
pub use store::StoreModel;
pub use templates::Templates;

use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::ir;
use plan::{Context, Query};

/// The layout of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One line.
    #[default]
    Compact,
    /// Broken and indented for people.
    Pretty,
}

/// What the caller may choose about a conversion.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Layout of the query.
    pub layout: Layout,
    /// Table, index or source; the manifest's default where absent.
    pub table: Option<String>,
}

/// The result of converting one rule to one target. `query` is `None` exactly when a diagnostic is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The query's text.
    pub query: Option<String>,
    /// What is to be said about it; spans are in the rule's source.
    pub diagnostics: Vec<Diagnostic>,
}

/// The Boolean tree of a part of a query as it was planned, over the texts of its leaves.
///
/// Whoever reads a query's text must find this tree in it: that proves the templates' parentheses and their order of operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outline {
    /// All parts hold.
    All(Vec<Outline>),
    /// Some part holds.
    Any(Vec<Outline>),
    /// The part does not hold.
    Not(Box<Outline>),
    /// A condition as it is written when it stands alone; a constant, too.
    Leaf(String),
}

/// What a target's room provides.
trait Backend: Send + Sync {
    /// Legalizes the rule and plans its query. Refusals go into `cx`.
    fn plan(&self, rule: &ir::Rule, cx: &mut Context<'_>) -> Query;
}

/// A target that is ready to convert.
pub struct Target {
    room: &'static str,
    manifest: Manifest,
    environment: Environment<'static>,
    backend: Box<dyn Backend>,
}

/// The names of all targets in the order in which they are listed.
pub const NAMES: &[&str] = &["eql", "kql", "spl", "sql", "sql:duckdb", "sql:postgres", "sql:clickhouse", "sql:spark"];

/// What other programs call some of them.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("sql:sqlite", "sql"),
    ("sqlite", "sql"),
    ("splunk", "spl"),
    ("kusto", "kql"),
    ("duckdb", "sql:duckdb"),
    ("postgres", "sql:postgres"),
    ("postgresql", "sql:postgres"),
    ("clickhouse", "sql:clickhouse"),
    ("databricks", "sql:spark"),
    ("spark", "sql:spark"),
];

/// Our name of a target that may be called as another program calls it.
pub fn canonical(name: &str) -> &str {
    OTHER_NAMES.iter().find(|(other, _)| *other == name).map_or(name, |(_, own)| own)
}

impl Target {
    /// Loads the target called `name` (`sql` is `sql:sqlite`) with these templates. `sql:NAME` is a target too where they have
    /// a file `sql/dialects/NAME.toml` of the user's.
    ///
    /// # Errors
    /// Where there is no such target, or its manifest or a template is broken.
    pub fn load(name: &str, templates: &Templates) -> Result<Target, Diagnostic> {
        let name = canonical(name);
        let (room, dialect) = name.split_once(':').map_or((name, None), |(room, dialect)| (room, Some(dialect)));
        if !NAMES.contains(&name) && !is_own_dialect(name, templates) {
            let mut diagnostic = Diagnostic::new(codes::TARGET_UNKNOWN, format!("there is no target `{name}`"));
            if let Some(near) = did_you_mean(name, NAMES.iter().copied()) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            return Err(diagnostic.help(format!("the targets are {}", NAMES.join(", "))));
        }
        let manifest = Manifest::load(room, dialect, templates)?;
        let environment = templates.environment(room)?;
        let (room, backend): (_, Box<dyn Backend>) = match room {
            "eql" => ("eql", Box::new(eql::Eql)),
            "kql" => ("kql", Box::new(kql::Kql)),
            "spl" => ("spl", Box::new(spl::Spl)),
            _ => ("sql", Box::new(sql::Sql::new(&manifest)?)),
        };
        Ok(Target { room, manifest, environment, backend })
    }

    /// The manifest in force.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its folder in the templates.
    pub(crate) fn room(&self) -> &'static str {
        self.room
    }

    /// The files of its macros.
    pub(crate) fn macro_files(&self, templates: &Templates) -> Vec<String> {
        let own = self.manifest.word("macros");
        let mut files = templates.files_of(self.room);
        let query = format!("{}/query.j2", self.room);
        files.retain(|path| *path != query && (!path.contains("/dialects/") || Some(path.as_str()) == own));
        files
    }

    /// A session: the templates' macros, evaluated once, for any number of conversions on one thread.
    pub fn session(&self) -> Session<'_> {
        Session { target: self, renderer: render::Renderer::new(&self.environment, self.room) }
    }

    /// Converts one rule. For many rules, keep a [`Target::session`] a thread.
    pub fn convert(&self, rule: &ir::Rule, options: &Options) -> Conversion {
        self.session().convert(rule, options)
    }
}

/// Whether the templates hold a dialect of SQL of this name. Names go into file names, so they are plain words.
fn is_own_dialect(name: &str, templates: &Templates) -> bool {
    name.strip_prefix("sql:").is_some_and(|dialect| {
        dialect.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            && templates.get(&format!("sql/dialects/{dialect}.toml")).is_some()
    })
}

/// A target with its macros evaluated; see [`Target::session`].
pub struct Session<'t> {
    target: &'t Target,
    renderer: render::Renderer<'t>,
}

impl Session<'_> {
    /// The manifest in force.
    pub fn manifest(&self) -> &Manifest {
        &self.target.manifest
    }

    /// The trees of the query's parts as they were planned, each with its name in `query.j2`; the query selects what all
    /// parts hold of.
    ///
    /// # Errors
    /// What [`Session::convert`] has to say where it gives no query.
    pub fn outline(
        &mut self,
        rule: &ir::Rule,
        options: &Options,
    ) -> Result<Vec<(&'static str, Outline)>, Vec<Diagnostic>> {
        self.target.manifest.shape(rule.table.as_ref()).map_err(|refusal| vec![refusal])?;
        let mut cx = Context::new(&self.target.manifest, options);
        let query = self.target.backend.plan(rule, &mut cx);
        let diagnostics = cx.into_diagnostics();
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(diagnostics);
        }
        let renderer = &mut self.renderer;
        let outline = |part: &plan::Part| Ok((part.name, renderer.outline(part).map_err(|said| vec![said])?));
        query.parts.iter().map(outline).collect()
    }

    /// Converts one rule.
    pub fn convert(&mut self, rule: &ir::Rule, options: &Options) -> Conversion {
        self.convert_altered(rule, options, &mut |_| {})
    }

    /// As [`Session::convert`], with the plan changed before it is rendered: a query that is wrong on purpose.
    pub(crate) fn convert_altered(
        &mut self,
        rule: &ir::Rule,
        options: &Options,
        alter: &mut dyn FnMut(&mut Query),
    ) -> Conversion {
        if let Err(refusal) = self.target.manifest.shape(rule.table.as_ref()) {
            return Conversion { query: None, diagnostics: vec![refusal] };
        }
        let mut cx = Context::new(&self.target.manifest, options);
        let mut query = self.target.backend.plan(rule, &mut cx);
        alter(&mut query);
        let mut diagnostics = cx.into_diagnostics();
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Conversion { query: None, diagnostics };
        }
        match self.renderer.query(rule, &query, options.layout) {
            Ok(text) => match self.target.manifest.limits.query_bytes {
                Some(limit) if text.len() > limit => {
                    diagnostics.push(plan::too_large(&self.target.manifest, text.len(), limit));
                    Conversion { query: None, diagnostics }
                }
                _ => Conversion { query: Some(text), diagnostics },
            },
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                Conversion { query: None, diagnostics }
            }
        }
    }
}
