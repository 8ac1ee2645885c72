//! The table of keys: one row a key, with what it holds, where it may stand and how it is kept. Reader, environment and schema go
//! by it, so that none of them knows a key that the others do not.

use std::path::PathBuf;

use super::{Format, Settings};
use crate::mapping::Unmapped;

/// Where a key may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the top of the file.
    Top,
    /// In `[target.NAME]`, at the top or in an override.
    Target,
    /// In `[[override]]`.
    Override,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A path, relative to the file.
    Path,
    /// A list of paths, relative to the file.
    Paths,
    /// A list of mappings: names of those in the program, or paths relative to the file.
    Pipelines,
}

/// A value of the kind of its key, with paths joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Flag(bool),
    Text(String),
    Texts(Vec<String>),
}

/// A key.
#[derive(Debug)]
pub struct Key {
    /// As it stands in the file.
    pub name: &'static str,
    /// The flag of the command line, without its dashes; the variable of the environment is `SIGMAGLOT_` and the flag.
    pub flag: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Where it may stand.
    pub places: &'static [Place],
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Keeps a value.
    pub(super) set: fn(&mut Settings, Value),
}

use Place::{Override, Target, Top};

/// All keys.
pub const KEYS: &[Key] = &[
    Key {
        name: "targets",
        flag: "target",
        kind: Kind::Texts,
        places: &[Top, Override],
        about: "The targets, as `sigmaglot targets` lists them.",
        set: |settings, value| settings.targets = value.texts(),
    },
    Key {
        name: "pipelines",
        flag: "pipeline",
        kind: Kind::Pipelines,
        places: &[Top, Target, Override],
        about: "The mappings: names that `sigmaglot mappings` lists, pipeline files, or directories of such.",
        set: |settings, value| settings.pipelines = value.texts(),
    },
    Key {
        name: "unmapped",
        flag: "unmapped",
        kind: Kind::Word(&["error", "warn", "missing", "keep", "pass"]),
        places: &[Top, Target, Override],
        about: "What becomes of a rule with a field that no mapping knows.",
        set: |settings, value| settings.unmapped = value.text().and_then(|word| unmapped(&word)),
    },
    Key {
        name: "strict",
        flag: "strict",
        kind: Kind::Flag,
        places: &[Top, Override],
        about: "Whether a warning that a query can differ from its rule is an error, and `unmapped` is `error` by default.",
        set: |settings, value| settings.strict = value.flag(),
    },
    Key {
        name: "table",
        flag: "table",
        kind: Kind::Text,
        places: &[Top, Target, Override],
        about: "Table, index or source that queries read, whatever the mapping chooses.",
        set: |settings, value| settings.table = value.text(),
    },
    Key {
        name: "out-dir",
        flag: "out-dir",
        kind: Kind::Path,
        places: &[Top],
        about: "The directory that `convert` writes a file a query to.",
        set: |settings, value| settings.out_dir = value.text().map(PathBuf::from),
    },
    Key {
        name: "filename",
        flag: "filename",
        kind: Kind::Text,
        places: &[Top],
        about: "The template of names of files in `out-dir`, such as `{product}/{id}.{extension}`.",
        set: |settings, value| settings.filename = value.text(),
    },
    Key {
        name: "skip-unsupported",
        flag: "skip-unsupported",
        kind: Kind::Flag,
        places: &[Top],
        about: "Whether a rule that a target does not support is no failure of `convert`.",
        set: |settings, value| settings.skip_unsupported = value.flag(),
    },
    Key {
        name: "baseline",
        flag: "baseline",
        kind: Kind::Path,
        places: &[Top],
        about: "The file of refusals that are known and no failure, as `convert --update-baseline` writes it.",
        set: |settings, value| settings.baseline = value.text().map(PathBuf::from),
    },
    Key {
        name: "format",
        flag: "format",
        kind: Kind::Word(&["text", "jsonl"]),
        places: &[Top],
        about: "What `convert` prints.",
        set: |settings, value| settings.format = value.text().and_then(|word| format(&word)),
    },
    Key {
        name: "pretty",
        flag: "pretty",
        kind: Kind::Flag,
        places: &[Top],
        about: "Whether queries are broken and indented.",
        set: |settings, value| settings.pretty = value.flag(),
    },
    Key {
        name: "templates",
        flag: "templates",
        kind: Kind::Path,
        places: &[Top],
        about: "A directory of files that replace the templates and manifests in the program.",
        set: |settings, value| settings.templates = value.text().map(PathBuf::from),
    },
    Key {
        name: "placeholders",
        flag: "placeholders",
        kind: Kind::Paths,
        places: &[Top],
        about: "YAML files of values of placeholders.",
        set: |settings, value| {
            settings.placeholders = value.texts().map(|t| t.into_iter().map(PathBuf::from).collect())
        },
    },
];

impl Key {
    /// The variable of the environment.
    pub fn variable(&self) -> String {
        format!("SIGMAGLOT_{}", self.flag.to_ascii_uppercase().replace('-', "_"))
    }

    /// Whether it may stand there.
    pub fn is_at(&self, place: Place) -> bool {
        self.places.contains(&place)
    }
}

impl Kind {
    /// What a value should be, for messages.
    pub fn words(self) -> String {
        match self {
            Kind::Flag => "true or false".to_owned(),
            Kind::Text => "a text".to_owned(),
            Kind::Texts => "a list of texts".to_owned(),
            Kind::Word(words) => format!("one of {}", words.join(", ")),
            Kind::Path => "a path".to_owned(),
            Kind::Paths => "a list of paths".to_owned(),
            Kind::Pipelines => "a list of names or paths".to_owned(),
        }
    }
}

impl Value {
    fn flag(self) -> Option<bool> {
        if let Value::Flag(flag) = self { Some(flag) } else { None }
    }

    fn text(self) -> Option<String> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    fn texts(self) -> Option<Vec<String>> {
        if let Value::Texts(texts) = self { Some(texts) } else { None }
    }
}

fn unmapped(word: &str) -> Option<Unmapped> {
    let words = [Unmapped::Error, Unmapped::Warn, Unmapped::Missing, Unmapped::Keep, Unmapped::Pass];
    ["error", "warn", "missing", "keep", "pass"]
        .into_iter()
        .zip(words)
        .find_map(|(name, value)| (name == word).then_some(value))
}

fn format(word: &str) -> Option<Format> {
    [("text", Format::Text), ("jsonl", Format::Jsonl)]
        .into_iter()
        .find_map(|(name, value)| (name == word).then_some(value))
}
