//! The baseline: refusals that are known, by rule, target and code, so that only a new one fails a run.
//!
//! A file that people review: sorted, a refusal a line, with what tells the rule for a reader. What a refusal is good for is not
//! known here; [`super::convert`] asks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::input::unreadable;
use crate::diagnostic::{Code, Diagnostic, codes};

/// The name of the file where none is given.
pub const FILE_NAME: &str = "sigmaglot.baseline.json";

/// How many refusals that are gone are named.
const NAMED: usize = 5;

/// One reason for which a rule is not converted to a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Refusal {
    /// The rule's id, or its path where it has none.
    rule: String,
    target: String,
    code: String,
    /// The rule's file, for readers, and to see that it is gone.
    path: String,
}

type Key = (String, String, String);

#[derive(Debug, Serialize, Deserialize)]
struct File {
    version: u32,
    refusals: Vec<Refusal>,
}

/// The refusals that a file knows, and those of the run.
#[derive(Debug)]
pub struct Baseline {
    path: PathBuf,
    known: BTreeMap<Key, Refusal>,
    now: BTreeMap<Key, Refusal>,
    /// Rules with their targets that this run converted or refused.
    seen: BTreeSet<(String, String)>,
}

/// A rule of the run.
#[derive(Debug, Clone, Copy)]
pub struct RuleName<'a> {
    /// Its id.
    pub id: Option<&'a str>,
    /// Its file as the user named it.
    pub path: &'a str,
}

impl RuleName<'_> {
    fn key(self) -> String {
        self.id.unwrap_or(self.path).to_owned()
    }
}

impl Baseline {
    /// An empty one that will be written to this file.
    pub fn new(path: &Path) -> Baseline {
        Baseline { path: path.to_owned(), known: BTreeMap::new(), now: BTreeMap::new(), seen: BTreeSet::new() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read or is no baseline.
    pub fn read(path: &Path) -> Result<Baseline, Diagnostic> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| unreadable(&name, &error.to_string()))?;
        let wrong = |why: String| {
            Diagnostic::new(codes::BASELINE_INVALID, format!("`{name}` is no baseline: {why}"))
                .help("`--update-baseline` writes a new one")
        };
        let file: File = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if file.version != 1 {
            return Err(wrong(format!("it has version {}, not 1", file.version)));
        }
        let mut out = Baseline::new(path);
        out.known.extend(file.refusals.into_iter().map(|refusal| (refusal.key(), refusal)));
        Ok(out)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many refusals are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Notes what became of a rule; whether it was refused for reasons that are all known.
    pub fn note(&mut self, rule: RuleName<'_>, target: &str, codes: &BTreeSet<Code>) -> bool {
        self.seen.insert((rule.key(), target.to_owned()));
        let refusals: Vec<Refusal> = codes
            .iter()
            .map(|code| Refusal {
                rule: rule.key(),
                target: target.to_owned(),
                code: code.id().to_owned(),
                path: rule.path.to_owned(),
            })
            .collect();
        let known = !refusals.is_empty() && refusals.iter().all(|refusal| self.known.contains_key(&refusal.key()));
        self.now.extend(refusals.into_iter().map(|refusal| (refusal.key(), refusal)));
        known
    }

    /// The refusals of the file that are no more: their rule is converted, refused for another reason, or its file is gone.
    fn gone(&self) -> impl Iterator<Item = &Refusal> {
        self.known.values().filter(|refusal| {
            let seen = self.seen.contains(&(refusal.rule.clone(), refusal.target.clone()));
            !self.now.contains_key(&refusal.key()) && (seen || is_gone(&refusal.path))
        })
    }

    /// What is to be said of refusals that are gone.
    pub fn diagnostic(&self) -> Option<Diagnostic> {
        let gone: Vec<&Refusal> = self.gone().collect();
        let count = gone.len();
        let refusals = if count == 1 { "1 refusal is".to_owned() } else { format!("{count} refusals are") };
        let message = format!("{refusals} in the baseline and no more: `{}`", self.path.display());
        let mut diagnostic = Diagnostic::new(codes::BASELINE_GONE, message);
        for refusal in gone.iter().take(NAMED) {
            diagnostic = diagnostic.help(format!("{} {} {}", refusal.path, refusal.target, refusal.code));
        }
        if count > NAMED {
            diagnostic = diagnostic.help(format!("and {} more", count - NAMED));
        }
        (count > 0).then(|| diagnostic.help("`--update-baseline` takes them out of it"))
    }

    /// Writes the refusals of this run, and those of the file that are about other rules and targets; how many they are.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn update(&self) -> Result<usize, Diagnostic> {
        let gone: BTreeSet<Key> = self.gone().map(Refusal::key).collect();
        let mut all = self.known.clone();
        all.retain(|key, _| !gone.contains(key));
        all.extend(self.now.clone());
        let file = File { version: 1, refusals: all.into_values().collect() };
        let count = file.refusals.len();
        let failed = |error: std::io::Error| {
            Diagnostic::new(codes::UNWRITABLE, format!("cannot write `{}`: {error}", self.path.display()))
        };
        // Beside it first: a run that is cut off leaves the old one.
        let new = self.path.with_extension("json.new");
        std::fs::write(&new, file.text()).and_then(|()| std::fs::rename(&new, &self.path)).map_err(failed)?;
        Ok(count)
    }
}

/// Whether a rule's file is not there any more. Rules of stdin have none.
fn is_gone(path: &str) -> bool {
    !path.starts_with('<') && !Path::new(path).exists()
}

impl Refusal {
    fn key(&self) -> Key {
        (self.rule.clone(), self.target.clone(), self.code.clone())
    }
}

impl File {
    /// A refusal a line, so that a difference can be read.
    fn text(&self) -> String {
        let lines: Vec<String> = self
            .refusals
            .iter()
            .filter_map(|refusal| serde_json::to_string(refusal).ok())
            .map(|line| format!("    {line}"))
            .collect();
        let list = if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", lines.join(",\n")) };
        format!("{{\n  \"version\": {},\n  \"refusals\": {list}\n}}\n", self.version)
    }
}
