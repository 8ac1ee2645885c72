//! `--pipeline` and `--unmapped`: the mappings of a conversion, read from the program or from files.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::Stop;
use super::console::Console;
use super::input::{unreadable, utf8};
use super::settings::Pipelines;
use crate::config::Settings;
use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::mapping::{self, Chain, Options, Pipeline, Unmapped, builtin};
use crate::source::Source;
use crate::target::NAMES;

/// Which mappings, and what of fields that they do not know.
#[derive(Debug, Clone, Args)]
pub struct MappingArguments {
    /// A mapping: a name that `sigmaglot mappings` lists, a pipeline file, or a directory of such; may be repeated. Of mappings
    /// with tables the first that has one for a rule's log source is for the rule
    #[arg(short, long = "pipeline", value_name = "NAME|FILE|DIR", value_parser = super::names::Names::MAPPINGS, hide_possible_values = true)]
    pipelines: Vec<String>,
    /// What becomes of a rule with a field that no mapping knows [default: warn; error with --strict]
    #[arg(long, value_enum)]
    unmapped: Option<UnmappedArgument>,
    /// Refuse what a warning says can differ from the rule, and rules with a field that no mapping knows
    #[arg(long)]
    strict: bool,
}

/// The words of `--unmapped`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnmappedArgument {
    /// It is refused
    Error,
    /// It is a missing field where the columns of the table are known; else the query has it as it stands in the rule; a warning says so
    Warn,
    /// It is a missing field, so that tests on it never hold, and a warning says so
    Missing,
    /// The query has the field as it stands in the rule
    Keep,
    /// As keep; and a rule whose log source has no table becomes a query in its own names, on no source in particular
    Pass,
}

/// Mappings that were read.
#[derive(Default)]
pub struct Mappings {
    pipelines: Vec<Pipeline>,
    /// Their texts.
    sources: Vec<Source>,
    /// The pipelines of each argument, by their places.
    arguments: HashMap<String, Vec<usize>>,
    /// The texts of the lists that pipelines name.
    files: BTreeMap<Arc<str>, Arc<str>>,
}

impl MappingArguments {
    /// What the flags say.
    pub fn settings(&self) -> Settings {
        Settings {
            pipelines: (!self.pipelines.is_empty()).then(|| self.pipelines.clone()),
            unmapped: self.unmapped.map(Unmapped::from),
            strict: self.strict.then_some(true),
            ..Settings::default()
        }
    }
}

impl From<UnmappedArgument> for Unmapped {
    fn from(word: UnmappedArgument) -> Self {
        match word {
            UnmappedArgument::Error => Unmapped::Error,
            UnmappedArgument::Warn => Unmapped::Warn,
            UnmappedArgument::Missing => Unmapped::Missing,
            UnmappedArgument::Keep => Unmapped::Keep,
            UnmappedArgument::Pass => Unmapped::Pass,
        }
    }
}

impl Mappings {
    /// Reads the pipelines of an argument, unless they were read; what is to be said of them goes to stderr.
    ///
    /// # Errors
    /// Where there is no such mapping, or it cannot be read.
    pub fn add(&mut self, argument: &str, console: &mut Console) -> Result<(), Stop> {
        if self.arguments.contains_key(argument) {
            return Ok(());
        }
        let before = self.pipelines.len();
        let aliased = alias(argument, console)?;
        let one = [aliased.unwrap_or_else(|| argument.to_owned())];
        let names = builtin::bundles().get(argument).map_or_else(|| one.to_vec(), |bundle| bundle.mappings.clone());
        for name in &names {
            match builtin::get(name) {
                Some(text) => self.read(&Source::new(format!("mappings/{name}.yml"), text), None, console)?,
                None => {
                    for path in files(name)? {
                        let text = read(&path)?;
                        self.read(&Source::new(path.display().to_string(), text), path.parent(), console)?;
                    }
                }
            }
        }
        self.arguments.insert(argument.to_owned(), (before..self.pipelines.len()).collect());
        Ok(())
    }

    /// Reads a pipeline and the lists that it names, which lie beside it.
    fn read(&mut self, source: &Source, directory: Option<&Path>, console: &mut Console) -> Result<(), Stop> {
        let (pipeline, said) = Pipeline::parse(source);
        console.print(&console.voice().render(&said, source));
        let Some(pipeline) = pipeline else {
            let message = format!("the mapping `{}` cannot be used", source.name());
            return Err(Diagnostic::new(codes::ARGUMENT_INVALID, message).into());
        };
        for file in pipeline.files() {
            let path = directory.unwrap_or(Path::new("")).join(file.as_ref());
            self.files.insert(file, read(&path)?.into());
        }
        self.pipelines.push(pipeline);
        self.sources.push(Source::new(source.name().clone(), source.text()));
        Ok(())
    }

    /// The mappings for a target with one wrong fact each, with the names of their files.
    pub fn slips(&self, target: &str) -> Vec<(String, mapping::Slip)> {
        let own = self.pipelines.iter().zip(&self.sources).filter(|(pipeline, _)| pipeline.is_for(target));
        own.flat_map(|(_, source)| mapping::slips(source).into_iter().map(|slip| (source.name().to_string(), slip)))
            .collect()
    }

    /// What a mapping is given.
    pub fn options(&self, unmapped: Unmapped) -> Options {
        Options { unmapped, files: self.files.clone() }
    }

    /// The pipelines of arguments that were read, each once.
    fn of(&self, arguments: &[String]) -> Vec<&Pipeline> {
        let mut places: Vec<usize> = Vec::new();
        for place in arguments.iter().filter_map(|argument| self.arguments.get(argument)).flatten() {
            if !places.contains(place) {
                places.push(*place);
            }
        }
        places.iter().filter_map(|place| self.pipelines.get(*place)).collect()
    }

    /// The chain for one of several targets: those of the pipelines that are for it.
    ///
    /// # Errors
    /// Where a pipeline of a list for these targets is for none of them.
    pub fn chain(&self, list: &Pipelines<'_>, target: &str, targets: &[String]) -> Result<Chain<'_>, Diagnostic> {
        let pipelines = self.of(list.names);
        let stray = pipelines.iter().find(|pipeline| !targets.iter().any(|target| pipeline.is_for(target)));
        if let Some(pipeline) = stray.filter(|_| !list.shared) {
            mapping::resolve([*pipeline], target)?;
        }
        mapping::resolve(pipelines.into_iter().filter(|pipeline| pipeline.is_for(target)), target)
    }

    /// The targets in the program that every pipeline of arguments is for.
    pub fn targets_of(&self, arguments: &[String]) -> Vec<&'static str> {
        let pipelines = self.of(arguments);
        NAMES.iter().copied().filter(|target| pipelines.iter().all(|pipeline| pipeline.is_for(target))).collect()
    }
}

/// The mapping in the program for a name of pySigma's, unless a file has the name; says where the two differ.
fn alias(argument: &str, console: &mut Console) -> Result<Option<String>, Diagnostic> {
    let Some(alias) = builtin::aliases().swap_remove(argument).filter(|_| !Path::new(argument).exists()) else {
        return Ok(None);
    };
    let Some(mapping) = alias.mapping else {
        let message = format!("`{argument}` is not needed here: the mappings in the program know the logs of Windows");
        return Err(Diagnostic::new(codes::MAPPING_UNKNOWN, message)
            .help(format!("leave `{argument}` out, and name the mapping of your product")));
    };
    if let Some(note) = alias.note {
        let message = format!("`{argument}` stands for the mapping `{mapping}`, and {note}");
        console.say(&Diagnostic::new(codes::MAPPING_ALIAS, message));
    }
    Ok(Some(mapping))
}

/// The arguments of a list with commas.
pub fn list(text: &str) -> Vec<String> {
    text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// The complaint about a name that is no mapping.
pub fn unknown(name: &str) -> Diagnostic {
    let message = format!("`{name}` is neither a mapping in the program nor a file");
    let mut diagnostic = Diagnostic::new(codes::MAPPING_UNKNOWN, message);
    let bundles = builtin::bundles();
    let known = builtin::names().into_iter().chain(bundles.keys().map(String::as_str));
    if let Some(near) = did_you_mean(name, known) {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    }
    let together: Vec<&str> = bundles.keys().map(String::as_str).collect();
    diagnostic
        .help(format!("the mappings in the program are {}", builtin::names().join(", ")))
        .help(format!("names for several of them are {}", together.join(", ")))
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
