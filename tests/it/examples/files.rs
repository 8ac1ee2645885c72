//! Finding and reading the rules and their events.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use sigmaglot::interp::Event;
use sigmaglot::sigma::{self, Options, Read};
use sigmaglot::source::Source;

/// A rule file.
pub struct Example {
    /// The path below `rules` without its extension, with `/` on every system.
    pub name: String,
    /// The text.
    pub source: Source,
    /// What it holds.
    pub read: Read,
}

/// The events beside a rule.
pub struct Events {
    /// Those for which a rule of the file must hold.
    pub matching: Vec<Event>,
    /// Those for which none may.
    pub near_misses: Vec<Event>,
}

impl Example {
    /// The events beside the file.
    pub fn events(&self) -> Events {
        let mut object = object(&root().join(format!("{}.events.json", self.name)));
        let mut take = |key: &str| match object.remove(key) {
            Some(Value::Array(events)) => events.into_iter().map(|event| self.event(event)).collect(),
            _ => panic!("{}: the events have no list `{key}`", self.name),
        };
        let events = Events { matching: take("match"), near_misses: take("no_match") };
        assert!(object.is_empty(), "{}: unknown keys beside the events: {object:?}", self.name);
        events
    }

    fn event(&self, value: Value) -> Event {
        match value {
            Value::Object(fields) => Event(fields),
            other => panic!("{}: {other} is no event", self.name),
        }
    }
}

/// All rule files, sorted by path.
pub fn examples() -> Vec<Example> {
    let (root, options) = (root(), options());
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.iter().map(|path| example(&root, path, &options)).collect()
}

fn example(root: &Path, path: &Path, options: &Options) -> Example {
    let below = path.strip_prefix(root).expect("a path below rules").with_extension("");
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    let name = parts.join("/");
    let source = Source::new(format!("rules/{name}.yml"), fs::read_to_string(path).expect("a rule file is text"));
    let read = sigma::read(&source, options);
    Example { name, source, read }
}

/// The values of placeholders.
fn options() -> Options {
    let mut options = Options::default();
    for (name, values) in object(&root().join("placeholders.json")) {
        let values = values.as_array().expect("a list of values").iter();
        let values = values.map(|value| value.as_str().expect("a value is text").into()).collect();
        options.placeholders.insert(name.into(), values);
    }
    options
}

fn object(path: &Path) -> Map<String, Value> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

fn walk(directory: &Path, out: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).expect("a directory of rules");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry of rules").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            out.push(path);
        }
    }
}
