//! Finding and reading rule files: paths, directories, patterns, stdin.
//!
//! A directory means every `*.yml` and `*.yaml` below it. Hidden files and files that a `.gitignore` names count too: a rule that
//! is silently skipped is a detection that is silently lost. Symbolic links are followed. Files come in the order of the
//! arguments, within one argument sorted by path; a file that two arguments name is read once.

use std::collections::HashSet;
use std::io::{IsTerminal, Read as _};
use std::path::{Component, Path, PathBuf};

use clap::Args;
use globset::GlobBuilder;
use ignore::WalkBuilder;

use super::batch::Batch;
use super::console::Console;
use super::{Exit, Stop};
use crate::diagnostic::{Diagnostic, codes};
use crate::sigma;
use crate::source::Source;

/// The rules a command works on.
#[derive(Debug, Args)]
pub struct RuleArguments {
    /// Rule files, directories (searched for *.yml and *.yaml), quoted patterns such as 'rules/**/*.yml', or - for stdin
    #[arg(value_name = "PATH|GLOB|-")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub placeholders: super::placeholders::PlaceholderArguments,
}

/// Where a text comes from.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// The name in messages and records: the path as the user wrote it, or `<stdin>`.
    name: String,
    /// The path below the argument that led to it, for files written beside each other.
    below: PathBuf,
    /// What to open; `None` is stdin.
    path: Option<PathBuf>,
}

/// What the arguments led to.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, each once.
    pub files: Vec<RuleFile>,
    /// The gravest thing that happened on the way; it was said already.
    pub exit: Option<Exit>,
    /// How many files the arguments named, each as often as it was named.
    named: usize,
    seen: HashSet<PathBuf>,
}

/// Finds the files of all arguments. No argument means stdin where that is no terminal.
///
/// # Errors
/// Where nothing was found.
pub fn find(paths: &[PathBuf], console: &mut Console) -> Result<Found, Stop> {
    let stdin = [PathBuf::from("-")];
    let paths = match paths {
        [] if std::io::stdin().is_terminal() => {
            let message = "no rules were given";
            return Err(Diagnostic::new(codes::NOTHING_FOUND, message)
                .help("name files, directories or patterns, or `-` for stdin")
                .into());
        }
        [] => &stdin,
        paths => paths,
    };
    let mut found = Found::default();
    for path in paths {
        let before = found.named;
        if let Err(diagnostic) = found.argument(path, console) {
            console.say(&diagnostic);
            found.exit = Some(Exit::Usage);
        } else if found.named == before && paths.len() > 1 {
            let message = format!("no rule files in `{}`", path.display());
            let mut diagnostic = Diagnostic::new(codes::NOTHING_FOUND, message);
            diagnostic.severity = crate::diagnostic::Severity::Warning;
            console.say(&diagnostic);
        }
    }
    match (found.files.is_empty(), found.exit) {
        (true, None) => Err(nothing(paths).into()),
        _ => Ok(found),
    }
}

/// The complaint about inputs without rules: no result is no success.
pub fn nothing(paths: &[PathBuf]) -> Diagnostic {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    let place = if names.is_empty() { "the standard input".to_owned() } else { names.join(", ") };
    Diagnostic::new(codes::NOTHING_FOUND, format!("no rules in {place}"))
        .help("rules are read from files, from *.yml and *.yaml below directories, and from stdin")
}

impl Found {
    fn argument(&mut self, path: &Path, console: &mut Console) -> Result<(), Diagnostic> {
        if path == Path::new("-") {
            self.named += 1;
            if self.seen.insert(path.to_owned()) {
                self.files.push(RuleFile { name: "<stdin>".into(), below: "stdin".into(), path: None });
            }
            return Ok(());
        }
        let metadata = std::fs::metadata(path);
        if metadata.as_ref().is_ok_and(std::fs::Metadata::is_dir) {
            self.walk(path, console, is_rule);
            return Ok(());
        }
        match path.to_str().filter(|text| metadata.is_err() && text.contains(['*', '?', '[', '{'])) {
            Some(pattern) => self.pattern(pattern, console),
            None => {
                // One that is not there is found out when it is read, so that it gets a record as any unreadable file does.
                let root = path.parent().unwrap_or(Path::new(""));
                self.add(path, root, &real(root));
                Ok(())
            }
        }
    }

    /// Adds the files that a pattern names; the walk starts at the pattern's directories without wildcards.
    fn pattern(&mut self, pattern: &str, console: &mut Console) -> Result<(), Diagnostic> {
        let matcher = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|e| {
                let message = format!("`{pattern}` is neither a file nor a pattern: {}", e.kind());
                Diagnostic::new(codes::ARGUMENT_INVALID, message)
            })?
            .compile_matcher();
        let root: PathBuf = Path::new(pattern)
            .components()
            .take_while(|part| {
                !matches!(part, Component::Normal(name) if name.to_string_lossy().contains(['*', '?', '[', '{', '\\']))
            })
            .collect();
        let start = if root.as_os_str().is_empty() { Path::new(".") } else { root.as_path() };
        if !start.is_dir() {
            return Err(unreadable(&start.display().to_string(), "there is no such directory"));
        }
        self.walk(start, console, |file| {
            matcher.is_match(file) || file.strip_prefix(".").is_ok_and(|file| matcher.is_match(file))
        });
        Ok(())
    }

    /// Adds the wanted files below a directory, sorted. What cannot be read is said and passed over.
    fn walk(&mut self, root: &Path, console: &mut Console, wanted: impl Fn(&Path) -> bool) {
        let mut paths = Vec::new();
        for entry in WalkBuilder::new(root).standard_filters(false).follow_links(true).build() {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) && wanted(entry.path()) => {
                    paths.push(entry.into_path());
                }
                Ok(_) => {}
                Err(error) => {
                    console.say(&Diagnostic::new(codes::UNREADABLE, format!("cannot search: {error}")));
                    self.exit = Some(Exit::Usage);
                }
            }
        }
        paths.sort();
        let real = real(root);
        for path in &paths {
            self.add(path, root, &real);
        }
    }

    /// Adds a file below `root`, unless another argument named it, in whatever way: `real` is what `root` is when resolved.
    fn add(&mut self, path: &Path, root: &Path, real: &Path) {
        self.named += 1;
        let below = path.strip_prefix(root).unwrap_or(path).to_owned();
        if self.seen.insert(real.join(&below)) {
            self.files.push(RuleFile { name: path.display().to_string(), below, path: Some(path.to_owned()) });
        }
    }
}

/// The directory without links and `..`; as it stands where that cannot be known.
fn real(directory: &Path) -> PathBuf {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    directory.canonicalize().unwrap_or_else(|_| directory.to_owned())
}

fn is_rule(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("yml") || ext.eq_ignore_ascii_case("yaml"))
}

/// The complaint about a file or directory.
pub fn unreadable(name: &str, why: &str) -> Diagnostic {
    Diagnostic::new(codes::UNREADABLE, format!("cannot read `{name}`: {why}"))
}

/// A file that was read, or could not be.
pub struct Loaded {
    /// The path below the argument that led to the file.
    pub below: PathBuf,
    /// The text; empty where it could not be read.
    pub source: Source,
    /// Its rules and what is to be said.
    pub read: sigma::Read,
    /// How the command ends for this file alone.
    pub exit: Exit,
}

/// Reads all files, in order, and applies the filters of each to the rules of the others.
///
/// # Errors
/// Where there is no rule in any file, and nothing to say why.
pub fn load(
    arguments: &[PathBuf],
    found: &Found,
    options: &sigma::Options,
    batch: &Batch,
    console: &mut Console,
) -> Result<Vec<Loaded>, Stop> {
    let mut loaded = Vec::with_capacity(found.files.len());
    console.start(found.files.len());
    batch.run(
        &found.files,
        || (),
        |(), file| file.load(options),
        |file| {
            loaded.push(file);
            console.step();
            Ok(())
        },
    )?;
    console.finish();
    let silent = found.exit.is_none() && loaded.iter().all(|file| file.exit == Exit::Success);
    if silent && loaded.iter().all(|file| file.read.rules.is_empty()) {
        return Err(nothing(arguments).into());
    }
    for i in 0..loaded.len() {
        let filters = std::mem::take(&mut loaded[i].read.filters);
        if !filters.is_empty() {
            let others = loaded.iter_mut().enumerate().filter(|(j, _)| *j != i);
            others.for_each(|(_, file)| {
                sigma::apply_filters(&mut file.read.rules, &filters);
            });
        }
    }
    Ok(loaded)
}

impl RuleFile {
    /// What is opened; `None` is stdin.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Reads the file and its rules.
    fn load(&self, options: &sigma::Options) -> Loaded {
        let text = self.bytes().map_err(|error| (Exit::Usage, unreadable(&self.name, &error.to_string())));
        let text = text.and_then(|bytes| utf8(bytes, &self.name).map_err(|diagnostic| (Exit::Rules, diagnostic)));
        let (text, failure) = match text {
            Ok(text) => (text, None),
            Err(failure) => (String::new(), Some(failure)),
        };
        let source = Source::new(self.name.as_str(), text);
        let (read, exit) = match failure {
            None => {
                let mut read = sigma::read(&source, options);
                read.diagnostics.sort_by_key(|diagnostic| diagnostic.span.map(|span| span.start));
                let bad = read.diagnostics.iter().any(Diagnostic::is_error);
                (read, if bad { Exit::Rules } else { Exit::Success })
            }
            Some((exit, diagnostic)) => (sigma::Read { diagnostics: vec![diagnostic], ..Default::default() }, exit),
        };
        Loaded { below: self.below.clone(), source, read, exit }
    }

    fn bytes(&self) -> std::io::Result<Vec<u8>> {
        match &self.path {
            Some(path) => std::fs::read(path),
            None => {
                let mut bytes = Vec::new();
                std::io::stdin().lock().read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}

/// The bytes as text.
pub fn utf8(bytes: Vec<u8>, name: &str) -> Result<String, Diagnostic> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        Diagnostic::new(codes::NOT_UTF8, format!("`{name}` is not UTF-8 text: line {line} has a byte that is not"))
            .help("save the file as UTF-8")
    })
}
