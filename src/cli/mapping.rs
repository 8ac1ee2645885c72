//! `--pipeline` and `--unmapped`: the mappings of a conversion, read from the program or from files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::Stop;
use super::console::Console;
use super::input::{unreadable, utf8};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::mapping::{self, Chain, Options, Pipeline, Unmapped, builtin};
use crate::source::Source;

/// Which mappings, and what of fields that they do not know.
#[derive(Debug, Clone, Args)]
pub struct MappingArguments {
    /// A mapping: a name that `sigmaglot mappings` lists, a pipeline file, or a directory of such; may be repeated
    #[arg(short, long = "pipeline", value_name = "NAME|FILE|DIR")]
    pipelines: Vec<String>,
    /// What becomes of a rule with a field that no mapping knows
    #[arg(long, value_enum, default_value_t = UnmappedArgument::Warn)]
    unmapped: UnmappedArgument,
}

/// The words of `--unmapped`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UnmappedArgument {
    /// It is refused
    Error,
    /// The query has the field as it stands in the rule, and a warning says so
    Warn,
    /// The query has the field as it stands in the rule
    Keep,
}

/// Mappings that were read.
pub struct Mappings {
    pipelines: Vec<Pipeline>,
    /// What the caller supplies to them.
    pub options: Options,
}

impl MappingArguments {
    /// Reads the mappings; what is to be said of them goes to stderr.
    ///
    /// # Errors
    /// Where there is no such mapping, or it cannot be read.
    pub fn load(&self, console: &mut Console) -> Result<Mappings, Stop> {
        let unmapped = match self.unmapped {
            UnmappedArgument::Error => Unmapped::Error,
            UnmappedArgument::Warn => Unmapped::Warn,
            UnmappedArgument::Keep => Unmapped::Keep,
        };
        let mut out = Mappings { pipelines: Vec::new(), options: Options { unmapped, ..Options::default() } };
        for argument in &self.pipelines {
            match builtin::get(argument) {
                Some(text) => out.add(&Source::new(format!("mappings/{argument}.yml"), text), None, console)?,
                None => {
                    for path in files(argument)? {
                        let name = path.display().to_string();
                        let text = read(&path)?;
                        out.add(&Source::new(name, text), path.parent(), console)?;
                    }
                }
            }
        }
        Ok(out)
    }
}

impl Mappings {
    /// Adds a pipeline and reads the lists that it names, which lie beside it.
    fn add(&mut self, source: &Source, directory: Option<&Path>, console: &mut Console) -> Result<(), Stop> {
        let (pipeline, said) = Pipeline::parse(source);
        console.print(&console.voice().render(&said, source));
        let Some(pipeline) = pipeline else {
            let message = format!("the mapping `{}` cannot be used", source.name());
            return Err(Diagnostic::new(codes::ARGUMENT_INVALID, message).into());
        };
        for file in pipeline.files() {
            let path = directory.unwrap_or(Path::new("")).join(file.as_ref());
            self.options.files.insert(file, read(&path)?.into());
        }
        self.pipelines.push(pipeline);
        Ok(())
    }

    /// The mapping of each target. Of several targets each has the pipelines that are for it.
    ///
    /// # Errors
    /// Where a pipeline is for none of the targets.
    pub fn chains<'t>(&self, targets: impl Iterator<Item = &'t str> + Clone) -> Result<Vec<Chain<'_>>, Diagnostic> {
        for pipeline in &self.pipelines {
            if !targets.clone().any(|target| pipeline.is_for(target)) {
                let target = targets.clone().next().unwrap_or("");
                mapping::resolve([pipeline], target)?;
            }
        }
        targets
            .map(|target| mapping::resolve(self.pipelines.iter().filter(|pipeline| pipeline.is_for(target)), target))
            .collect()
    }
}

/// The complaint about a name that is no mapping.
pub fn unknown(name: &str) -> Diagnostic {
    let message = format!("`{name}` is neither a mapping in the program nor a file");
    let mut diagnostic = Diagnostic::new(codes::MAPPING_UNKNOWN, message);
    if let Some(near) = did_you_mean(name, builtin::names()) {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    }
    diagnostic.help(format!("the mappings in the program are {}", builtin::names().join(", ")))
}

/// The pipeline files of an argument.
fn files(argument: &str) -> Result<Vec<PathBuf>, Diagnostic> {
    let path = PathBuf::from(argument);
    if path.is_file() {
        return Ok(vec![path]);
    }
    if !path.is_dir() {
        return Err(unknown(argument));
    }
    let entries = std::fs::read_dir(&path).map_err(|error| unreadable(argument, &error.to_string()))?;
    let mut out: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    out.retain(|path| path.extension().is_some_and(|ext| ext == "yml" || ext == "yaml"));
    out.sort();
    if out.is_empty() {
        let message = format!("no pipelines in `{argument}`");
        return Err(Diagnostic::new(codes::NOTHING_FOUND, message).help("pipelines are read from *.yml and *.yaml"));
    }
    Ok(out)
}

fn read(path: &Path) -> Result<String, Diagnostic> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| unreadable(&name, &error.to_string()))?;
    utf8(bytes, &name)
}

/// The names that a record gives a field.
pub fn names(names: &[Arc<str>]) -> String {
    names.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ")
}
