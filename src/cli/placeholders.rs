//! `--placeholder` and `--placeholders`: the values of `expand`'s placeholders.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::input::{unreadable, utf8};
use super::settings::View;
use crate::diagnostic::{Diagnostic, codes};
use crate::sigma::{self, UnresolvedPlaceholders};

/// Where placeholders get their values.
#[derive(Debug, Args)]
pub struct PlaceholderArguments {
    /// Values of a placeholder; may be repeated, a name's values add up
    #[arg(long = "placeholder", value_name = "NAME=VALUE[,VALUE]")]
    values: Vec<String>,
    /// A YAML file of placeholders: a map of names to a value or a list of values
    #[arg(long = "placeholders", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl PlaceholderArguments {
    /// The files that the flags name.
    pub fn files(&self) -> Option<Vec<PathBuf>> {
        (!self.files.is_empty()).then(|| self.files.clone())
    }

    /// The options for the reading of rules: the values of the files in force, then those of the command line. `unresolved` says
    /// what becomes of a placeholder that none of them has.
    ///
    /// # Errors
    /// Where a file cannot be read or an argument has no `=`.
    pub fn resolve(&self, view: &View<'_>, unresolved: UnresolvedPlaceholders) -> Result<sigma::Options, Diagnostic> {
        self.read(view.get(|settings| settings.placeholders.as_ref()).map_or(&[][..], Vec::as_slice), unresolved)
    }

    fn read(&self, files: &[PathBuf], unresolved: UnresolvedPlaceholders) -> Result<sigma::Options, Diagnostic> {
        let mut options = sigma::Options { unresolved, ..Default::default() };
        for path in files {
            let name = path.display().to_string();
            let bytes = std::fs::read(path).map_err(|e| unreadable(&name, &e.to_string()))?;
            file(&utf8(bytes, &name)?, &mut options.placeholders)
                .map_err(|why| Diagnostic::new(codes::ARGUMENT_INVALID, format!("`{name}`: {why}")))?;
        }
        for argument in &self.values {
            let (name, values) = argument.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
                Diagnostic::new(codes::ARGUMENT_INVALID, format!("`--placeholder {argument}` names no value"))
                    .help("write --placeholder NAME=VALUE[,VALUE]")
            })?;
            let values = values.split(',').map(Arc::from);
            options.placeholders.entry(name.trim_matches('%').into()).or_default().extend(values);
        }
        Ok(options)
    }
}

fn file(text: &str, out: &mut BTreeMap<Arc<str>, Vec<Arc<str>>>) -> Result<(), String> {
    let map: BTreeMap<String, serde_yaml::Value> = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
    for (name, value) in map {
        let values = match value {
            serde_yaml::Value::Sequence(values) => values.iter().map(|value| scalar(&name, value)).collect(),
            value => scalar(&name, &value).map(|value| vec![value]),
        };
        out.entry(name.trim_matches('%').into()).or_default().extend(values?);
    }
    Ok(())
}

fn scalar(name: &str, value: &serde_yaml::Value) -> Result<Arc<str>, String> {
    match value {
        serde_yaml::Value::String(text) => Ok(text.as_str().into()),
        serde_yaml::Value::Number(number) => Ok(number.to_string().into()),
        serde_yaml::Value::Bool(bool) => Ok(bool.to_string().into()),
        _ => Err(format!("the values of `{name}` must be texts")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_arguments_add_up() {
        let arguments = PlaceholderArguments { values: vec!["a=x,y".into(), "%a%=z".into()], files: vec![] };
        let options = arguments.read(&[], UnresolvedPlaceholders::Keep).map_err(|d| d.to_string());
        let values: Vec<String> = options
            .map(|o| o.placeholders.values().flatten().map(|value| value.to_string()).collect())
            .unwrap_or_default();
        assert_eq!(values, ["x", "y", "z"]);
        let mut out = BTreeMap::new();
        assert_eq!(file("a: [x, 1]\nb: y\n", &mut out), Ok(()));
        assert_eq!(out.len(), 2);
        assert!(file("a: {b: c}", &mut out).is_err());
    }
}
