//! Flags over environment over configuration file: what holds for each rule file.
//!
//! The file is looked for upwards from the first rule path, and read once. What the settings mean is for the commands.

use std::path::{Component, Path, PathBuf};

use super::console::Console;
use super::input::{Found, unreadable, utf8};
use super::{Common, Stop};
use crate::config::{self, Config, Level, Settings};
use crate::diagnostic::{Diagnostic, codes};
use crate::mapping::Unmapped;
use crate::source::Source;

/// The variable that names the file.
const VARIABLE: &str = "SIGMAGLOT_CONFIG";

/// All that says something, by its weight.
pub struct Layers {
    flags: Level,
    environment: Level,
    file: Option<File>,
    /// What holds where nothing else is said.
    defaults: Level,
}

/// A configuration file that was read.
struct File {
    config: Config,
    /// The real directory that patterns are relative to.
    root: PathBuf,
}

/// What holds for some rules: the levels, the gravest first.
#[derive(Clone)]
pub struct View<'l> {
    levels: Vec<&'l Level>,
    /// How many of them come from flags and environment.
    said_now: usize,
}

/// A list of pipelines and how it was given.
pub struct Pipelines<'l> {
    /// Names of mappings in the program, or paths.
    pub names: &'l [String],
    /// Whether the list is for all targets of a file, so that one that is not for this target is for another.
    pub shared: bool,
}

impl Layers {
    /// Reads the environment and the configuration file of these rules.
    ///
    /// # Errors
    /// Where the file cannot be read or says what cannot be, or a variable does.
    pub fn load(
        common: &Common,
        rules: &[PathBuf],
        flags: Settings,
        defaults: Settings,
        console: &mut Console,
    ) -> Result<Layers, Stop> {
        let environment = config::environment(|name| std::env::var(name).ok())?;
        let named = common.config.clone().or_else(|| {
            let variable = std::env::var_os(VARIABLE).filter(|text| !text.is_empty() && !common.isolated);
            variable.map(PathBuf::from)
        });
        let path = match named {
            Some(path) => Some(path),
            None if common.isolated => None,
            None => find(rules),
        };
        let file = path.map(|path| File::read(&path, console)).transpose()?;
        Ok(Layers { flags: flags.into(), environment: environment.into(), file, defaults: defaults.into() })
    }

    /// What holds for every rule.
    pub fn general(&self) -> View<'_> {
        self.view(&[])
    }

    fn view(&self, overrides: &[usize]) -> View<'_> {
        let mut levels = vec![&self.flags, &self.environment];
        levels.extend(self.file.iter().flat_map(|file| file.config.levels(overrides)));
        levels.push(&self.defaults);
        View { levels, said_now: 2 }
    }

    /// The views of all files, each once, and for each file which it has.
    pub fn views(&self, found: &Found) -> (Vec<View<'_>>, Vec<usize>) {
        let mut distinct: Vec<Vec<usize>> = Vec::new();
        let mut of = Vec::with_capacity(found.files.len());
        for file in &found.files {
            let overrides = match (&self.file, file.path()) {
                (Some(config), Some(path)) => config.overrides_of(path),
                _ => Vec::new(),
            };
            of.push(distinct.iter().position(|other| *other == overrides).unwrap_or_else(|| {
                distinct.push(overrides);
                distinct.len() - 1
            }));
        }
        (distinct.iter().map(|overrides| self.view(overrides)).collect(), of)
    }
}

impl<'l> View<'l> {
    /// The first value that a level has.
    pub fn get<T: ?Sized>(&self, get: impl Fn(&'l Settings) -> Option<&'l T>) -> Option<&'l T> {
        self.levels.iter().find_map(|level| get(&level.settings))
    }

    /// The targets, each once, by our names of them.
    ///
    /// # Errors
    /// Where nothing names one.
    pub fn targets(&self) -> Result<Vec<String>, Diagnostic> {
        let mut out: Vec<String> = Vec::new();
        for name in self.get(|settings| settings.targets.as_ref()).into_iter().flatten() {
            let name = crate::target::canonical(name.trim());
            if out.iter().all(|other| other != name) {
                out.push(name.to_owned());
            }
        }
        if out.is_empty() {
            let help = "name one with `--target`, or as `targets` in `sigmaglot.toml`; `sigmaglot targets` lists them";
            return Err(Diagnostic::new(codes::TARGET_MISSING, "no target is named").help(help));
        }
        Ok(out)
    }

    /// The pipelines for a target.
    pub fn pipelines(&self, target: &str) -> Pipelines<'l> {
        for (place, level) in self.levels.iter().enumerate() {
            let own = level.targets.get(target).and_then(|settings| settings.pipelines.as_deref());
            if let Some(names) = own.or(level.settings.pipelines.as_deref()) {
                return Pipelines { names, shared: own.is_none() && place >= self.said_now };
            }
        }
        Pipelines { names: &[], shared: true }
    }

    /// Every list of pipelines that any target of this view uses.
    pub fn all_pipelines(&self) -> Result<Vec<&'l String>, Diagnostic> {
        Ok(self.targets()?.iter().flat_map(|target| self.pipelines(target).names).collect())
    }

    /// Whether warnings that a query can differ are errors.
    pub fn is_strict(&self) -> bool {
        self.get(|settings| settings.strict.as_ref()).copied().unwrap_or(false)
    }

    /// What is to be said of a field that no mapping knows.
    pub fn unmapped(&self, target: &str) -> Unmapped {
        let default = if self.is_strict() { Unmapped::Error } else { Unmapped::Warn };
        self.of_target(target, |settings| settings.unmapped.as_ref()).copied().unwrap_or(default)
    }

    /// The table that queries read.
    pub fn table(&self, target: &str) -> Option<String> {
        self.of_target(target, |settings| settings.table.as_ref()).cloned()
    }

    fn of_target<T>(&self, target: &str, get: impl Fn(&'l Settings) -> Option<&'l T>) -> Option<&'l T> {
        self.levels.iter().find_map(|level| level.find(target, &get))
    }
}

impl File {
    fn read(path: &Path, console: &mut Console) -> Result<File, Stop> {
        let name = shown(path);
        let bytes = std::fs::read(path).map_err(|error| unreadable(&name, &error.to_string()))?;
        let source = Source::new(name.as_str(), utf8(bytes, &name)?);
        let shown = Path::new(&name).parent().map(Path::to_owned).unwrap_or_default();
        let (config, said) = Config::parse(&source, &shown);
        console.print(&console.voice().render(&said, &source));
        if said.iter().any(Diagnostic::is_error) {
            let message = format!("the configuration `{name}` cannot be used");
            let help = "`--isolated` works without a configuration file";
            return Err(Diagnostic::new(codes::ARGUMENT_INVALID, message).help(help).into());
        }
        console.summary(&format!("configuration: {name}"));
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let root = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
        Ok(File { config, root })
    }

    /// The overrides for a rule's file, which has to lie below the directory of the configuration.
    fn overrides_of(&self, path: &Path) -> Vec<usize> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let real = directory.canonicalize().ok().zip(path.file_name()).map(|(directory, name)| directory.join(name));
        let Some(real) = real else { return Vec::new() };
        let Ok(below) = real.strip_prefix(&self.root) else { return Vec::new() };
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        self.config.overrides_of(&parts.join("/"))
    }
}

/// The file that is nearest above the first rule path; of stdin, above the current directory.
fn find(rules: &[PathBuf]) -> Option<PathBuf> {
    let first = rules.first().filter(|path| path.as_path() != Path::new("-"));
    let start = match first {
        None => PathBuf::from("."),
        Some(path) if path.is_dir() => path.clone(),
        // The directories of a file, or of a pattern those without wildcards.
        Some(path) => {
            let parent = path.parent().unwrap_or(Path::new(""));
            let plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
            parent.components().take_while(plain).collect()
        }
    };
    let start = std::env::current_dir().ok()?.join(start);
    let start = start.canonicalize().unwrap_or(start);
    start.ancestors().map(|directory| directory.join(config::FILE_NAME)).find(|path| path.is_file())
}

/// The path as it is seen from the current directory.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok());
    below.unwrap_or(path).display().to_string()
}
