//! The template files: those in the program and those a user lays over them.

use std::collections::BTreeMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use crate::diagnostic::{Diagnostic, codes};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// How many template instructions one evaluation may take: far more than any query needs, an end to a loop without one.
const FUEL: u64 = 200_000_000;

/// A set of template files: paths relative to `templates/` with `/`, and their texts.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    overrides: BTreeMap<String, Arc<str>>,
}

impl Templates {
    /// The files in the program.
    pub fn embedded() -> Self {
        Self::default()
    }

    /// Lays a file over the embedded one of the same path, or beside them.
    pub fn with_override(mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        self.overrides.insert(path.into(), text.into());
        self
    }

    /// The paths of the embedded files, in order.
    pub fn embedded_paths() -> Vec<&'static str> {
        fn walk(dir: &'static Dir<'static>, out: &mut Vec<&'static str>) {
            out.extend(dir.files().filter_map(|file| file.path().to_str()));
            dir.dirs().for_each(|dir| walk(dir, out));
        }
        let mut out = Vec::new();
        walk(&EMBEDDED, &mut out);
        out.sort_unstable();
        out
    }

    /// The text of a file.
    pub fn get(&self, path: &str) -> Option<&str> {
        match self.overrides.get(path) {
            Some(text) => Some(text),
            None => EMBEDDED.get_file(path).and_then(|file| file.contents_utf8()),
        }
    }

    /// The paths of all `.j2` files of a room, the user's own among them.
    pub(crate) fn files_of(&self, room: &str) -> Vec<String> {
        let own = self.overrides.keys().cloned();
        let mut paths: Vec<String> = Self::embedded_paths().into_iter().map(String::from).chain(own).collect();
        paths.retain(|path| path.starts_with(&format!("{room}/")) && path.ends_with(".j2"));
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// An environment with all `.j2` files of a room.
    pub(super) fn environment(&self, room: &str) -> Result<Environment<'static>, Diagnostic> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_function("here", super::render::here);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|e| failed(&e))?);
        for path in self.files_of(room) {
            let text = self.get(&path).unwrap_or_default().to_owned();
            environment.add_template_owned(path, text).map_err(|e| failed(&e))?;
        }
        Ok(environment)
    }
}

/// The diagnostic of an error of the template engine: its own words, with file and line.
pub(super) fn failed(error: &minijinja::Error) -> Diagnostic {
    let place = match (error.name(), error.line()) {
        (Some(name), Some(line)) => format!("templates/{name}:{line}: "),
        (Some(name), None) => format!("templates/{name}: "),
        _ => String::new(),
    };
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    Diagnostic::new(codes::TEMPLATE_FAILED, format!("{place}{}{detail}", error.kind()))
}
