//! The configuration: what a `sigmaglot.toml` and the environment say, as typed settings.
//!
//! Texts come in, settings and diagnostics come out; finding and reading the file is the command line's. The keys stand in one
//! table ([`keys`]), by which the file is read, the environment is read and the schema is made. What a setting does to a
//! conversion is not known here.
//!
//! ```text
//! text --read--> Config { top, overrides }  --levels(path)-->  Levels, the most specific first
//! ```

mod environment;
pub mod keys;
mod read;
mod schema;

use std::path::PathBuf;

use indexmap::IndexMap;

pub use environment::environment;
pub use schema::schema;

use crate::mapping::Unmapped;

/// The name of the file.
pub const FILE_NAME: &str = "sigmaglot.toml";

/// What to print of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Each query under a comment with title and id.
    Text,
    /// A JSON record a rule and target.
    Jsonl,
}

/// What one place says: flags, the environment, the top of the file, a target's table, an override. What it does not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The targets.
    pub targets: Option<Vec<String>>,
    /// The pipelines: names of mappings in the program, or paths.
    pub pipelines: Option<Vec<String>>,
    /// What is to be said of a field that no mapping knows.
    pub unmapped: Option<Unmapped>,
    /// Whether warnings that a query can differ from its rule are errors.
    pub strict: Option<bool>,
    /// Table, index or source that queries read.
    pub table: Option<String>,
    /// The directory for a file a query.
    pub out_dir: Option<PathBuf>,
    /// The template of the names of these files.
    pub filename: Option<String>,
    /// Whether rules that a target does not support are no failure.
    pub skip_unsupported: Option<bool>,
    /// The file of refusals that are known and no failure.
    pub baseline: Option<PathBuf>,
    /// What to print of a conversion.
    pub format: Option<Format>,
    /// Whether queries are broken and indented.
    pub pretty: Option<bool>,
    /// The directory of templates that replace those in the program.
    pub templates: Option<PathBuf>,
    /// Files of values of placeholders.
    pub placeholders: Option<Vec<PathBuf>>,
}

/// Settings with those of single targets, which go before them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Level {
    /// For every target.
    pub settings: Settings,
    /// By target.
    pub targets: IndexMap<String, Settings>,
}

/// Settings for some rules.
#[derive(Debug, Clone)]
struct Override {
    globs: globset::GlobSet,
    level: Level,
}

/// A configuration file.
#[derive(Debug, Clone, Default)]
pub struct Config {
    top: Level,
    overrides: Vec<Override>,
}

impl Config {
    /// What is said for every rule.
    pub fn top(&self) -> &Level {
        &self.top
    }

    /// The overrides for a rule by their place in the file; the path is relative to the file, with `/`. A pattern that fits a
    /// directory is for all below it.
    pub fn overrides_of(&self, path: &str) -> Vec<usize> {
        let parts = || path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let fits = |one: &Override| parts().any(|end| path.get(..end).is_some_and(|part| one.globs.is_match(part)));
        self.overrides.iter().enumerate().filter(|(_, one)| fits(one)).map(|(i, _)| i).collect()
    }

    /// What these overrides and the top say, the most specific first: of two overrides the later one.
    pub fn levels(&self, overrides: &[usize]) -> Vec<&Level> {
        let chosen = overrides.iter().rev().filter_map(|i| self.overrides.get(*i)).map(|one| &one.level);
        chosen.chain([&self.top]).collect()
    }
}

impl Level {
    /// Finds a setting for a target, or for every one where there is none for it.
    pub fn find<'l, T: ?Sized>(&'l self, target: &str, get: impl Fn(&'l Settings) -> Option<&'l T>) -> Option<&'l T> {
        self.targets.get(target).and_then(&get).or_else(|| get(&self.settings))
    }
}

impl From<Settings> for Level {
    fn from(settings: Settings) -> Self {
        Level { settings, targets: IndexMap::new() }
    }
}
