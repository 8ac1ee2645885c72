//! Manifests: what a target is called and what it can say, as data (`templates/<target>/manifest.toml`).

use indexmap::IndexMap;
use serde::Deserialize;

use super::Templates;
use super::store::StoreModel;
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Kind, Table, TableShape};

/// A target's manifest. A dialect's file (`templates/<room>/dialects/<dialect>.toml`) is laid over the room's: its tables are
/// merged key by key, its other values replace.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name for people.
    pub name: String,
    /// What it is, in a line.
    pub summary: String,
    /// Extension of query files, without dot.
    pub extension: String,
    /// How a comment line begins in query files.
    pub comment: String,
    /// Table, index or source where the user names none.
    pub default_table: String,
    /// Shapes of tables that it can ask, by their words.
    #[serde(default = "flat")]
    pub shapes: Vec<String>,
    /// What the target can say: a key for each predicate kind; what is not listed is exact.
    #[serde(default)]
    pub capabilities: IndexMap<String, Capability>,
    /// Sizes.
    #[serde(default)]
    pub limits: Limits,
    /// Words for the target's own room (function names and the like that differ by dialect).
    #[serde(default)]
    pub words: IndexMap<String, toml::Value>,
    /// What the target's store does to an event; none where the manifest does not say, or a dialect leaves it to others.
    #[serde(default)]
    pub store: Option<StoreModel>,
    /// What the target's store cannot hold or tell apart, a line each, for `targets` and the README.
    #[serde(default)]
    pub data_model: Vec<String>,
}

/// Whether a target can say a kind of predicate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "support")]
pub enum Capability {
    /// Yes, exactly (by an operator or an equal rewrite).
    Exact,
    /// No.
    Unsupported {
        /// Why not.
        reason: String,
        /// What the user can do.
        help: String,
    },
}

/// Sizes that a target bears.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The widest flat AND or OR.
    pub flat_terms: Option<usize>,
    /// The longest query in bytes.
    pub query_bytes: Option<usize>,
    /// The longest list of values of one operator.
    pub list_values: Option<usize>,
    /// The longest regular expression in characters.
    pub regex_chars: Option<usize>,
    /// The most clauses of a whole query.
    pub clauses: Option<usize>,
}

fn flat() -> Vec<String> {
    vec![TableShape::Flat.word().to_owned()]
}

impl Manifest {
    /// Reads the manifest of a room, with a dialect's laid over it.
    ///
    /// # Errors
    /// Where a file is missing, is not TOML, or says something unknown.
    pub fn load(room: &str, dialect: Option<&str>, templates: &Templates) -> Result<Manifest, Diagnostic> {
        let read = |path: &str| -> Result<toml::Table, Diagnostic> {
            let text = templates.get(path).ok_or_else(|| invalid(path, "there is no such file"))?;
            text.parse::<toml::Table>().map_err(|e| invalid(path, &e.to_string()))
        };
        let path = format!("{room}/manifest.toml");
        let mut table = read(&path)?;
        let mut last = path;
        if let Some(dialect) = dialect {
            last = format!("{room}/dialects/{dialect}.toml");
            let over = read(&last)?;
            // Another dialect's store is another store.
            if !over.contains_key("store") {
                table.remove("store");
            }
            overlay(&mut table, over);
        }
        let manifest: Manifest = table.try_into().map_err(|e: toml::de::Error| invalid(&last, &e.to_string()))?;
        match manifest.capabilities.keys().find(|key| Kind::find(key).is_none()) {
            Some(key) => Err(invalid(&last, &format!("`{key}` is no kind of predicate"))),
            None => Ok(manifest),
        }
    }

    /// What the target can say of this kind.
    pub fn capability(&self, kind: Kind) -> &Capability {
        self.capabilities.get(kind.as_str()).unwrap_or(&Capability::Exact)
    }

    /// Refuses a table of a shape that the target does not know.
    pub(super) fn shape(&self, table: Option<&Table>) -> Result<(), Diagnostic> {
        let Some(word) = table.map(|table| table.shape.word()).filter(|word| !self.shapes.iter().any(|s| s == word))
        else {
            return Ok(());
        };
        let message = format!("{} has no tables of the shape `{word}` that the mapping gives the rule", self.name);
        let help = format!("it has: {}", self.shapes.join(", "));
        Err(Diagnostic::new(codes::MAPPING_TARGET, message).help(help))
    }

    /// A text word of the manifest.
    pub fn word(&self, key: &str) -> Option<&str> {
        self.words.get(key).and_then(toml::Value::as_str)
    }
}

fn overlay(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(base)), toml::Value::Table(over)) => overlay(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn invalid(path: &str, why: &str) -> Diagnostic {
    Diagnostic::new(codes::MANIFEST_INVALID, format!("templates/{path}: {why}"))
}
