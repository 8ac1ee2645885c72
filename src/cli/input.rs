//! Finding and reading rule files: paths, directories, patterns, stdin.
//!
//! A directory means every `*.yml` and `*.yaml` below it, hidden ones too, but for what `--exclude` or a `.gitignore` names; how
//! many files a `.gitignore` costs is said, as a rule that is silently skipped is a detection that is silently lost. Symbolic links
//! are followed, wherever they lead; one that leads back to a directory above it is passed over with a warning, and so is what is
//! no file (a pipe, a socket, a device). Files come in the order of the arguments, within one argument sorted by path; a file that
//! two arguments name is read once.

use std::collections::{BTreeMap, HashSet};
use std::io::{IsTerminal, Read as _};
use std::path::{Component, Path, PathBuf};

use clap::Args;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;

use super::batch::Batch;
use super::console::Console;
use super::settings::View;
use super::{Exit, Stop};
use crate::diagnostic::{Code, Diagnostic, Severity, codes};
use crate::sigma;
use crate::source::{Source, Span};

/// The rules a command works on.
#[derive(Debug, Args)]
pub struct RuleArguments {
    /// Rule files, directories (searched for *.yml and *.yaml), quoted patterns such as 'rules/**/*.yml', or - for stdin
    #[arg(value_name = "PATH|GLOB|-")]
    pub paths: Vec<PathBuf>,
    /// Leave out files and directories of this name or path, such as deprecated or '**/wip-*.yml'; may be given again
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
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
    /// How it came to be read.
    origin: FileOrigin,
}

/// How a file came to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileOrigin {
    /// An argument names it.
    Named,
    /// It lies below a directory, or fits a pattern: it may be something else than a rule.
    Found,
}

/// What a document in a directory means that is no rule: a workflow, a pipeline, a file of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Foreign {
    /// It is noted.
    #[default]
    Note,
    /// It is an error (`--strict`).
    Error,
}

/// What becomes of faults of what describes a rule, which change no query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metadata {
    /// They are said once for the run, by code and number, and kept with their file for its records.
    #[default]
    Counted,
    /// They are messages like others.
    Said,
}

/// What the arguments led to.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, each once.
    pub files: Vec<RuleFile>,
    /// The gravest thing that happened on the way; it was said already.
    pub exit: Option<Exit>,
    /// What documents in directories mean that are no rules.
    pub foreign: Foreign,
    /// What becomes of findings about metadata.
    pub metadata: Metadata,
    /// How many files the arguments named, each as often as it was named.
    named: usize,
    seen: HashSet<PathBuf>,
    excluded: GlobSet,
}

/// Finds the files that the arguments name and do not exclude.
///
/// # Errors
/// Where nothing was found, or a pattern is none.
pub fn find_rules(arguments: &RuleArguments, view: &View<'_>, console: &mut Console) -> Result<Found, Stop> {
    find(&arguments.paths, &arguments.exclude, view, console)
}

/// Finds the files of paths, without those that a pattern of `exclude` names. No path means stdin where that is no terminal.
///
/// # Errors
/// Where nothing was found, or a pattern is none.
pub fn find(paths: &[PathBuf], exclude: &[String], view: &View<'_>, console: &mut Console) -> Result<Found, Stop> {
    let foreign = if view.is_strict() { Foreign::Error } else { Foreign::Note };
    search(paths, Found { excluded: excluded(exclude)?, foreign, ..Found::default() }, console)
}

/// The patterns of `--exclude`.
fn excluded(patterns: &[String]) -> Result<GlobSet, Diagnostic> {
    let mut globs = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern.trim_end_matches('/')).literal_separator(true).build().map_err(|e| {
            Diagnostic::new(codes::ARGUMENT_INVALID, format!("`{pattern}` is no pattern: {}", e.kind()))
        })?;
        globs.add(glob);
    }
    globs.build().map_err(|e| Diagnostic::new(codes::ARGUMENT_INVALID, format!("--exclude: {e}")))
}

fn search(paths: &[PathBuf], mut found: Found, console: &mut Console) -> Result<Found, Stop> {
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
    for path in paths {
        let before = found.named;
        if let Err(diagnostic) = found.argument(path, console) {
            console.say(&diagnostic);
            found.exit = Some(Exit::Usage);
        } else if found.named == before && paths.len() > 1 {
            let message = format!("no rule files in `{}`", path.display());
            let mut diagnostic = Diagnostic::new(codes::NOTHING_FOUND, message);
            diagnostic.severity = Severity::Warning;
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
                let (name, below) = ("<stdin>".into(), "stdin".into());
                self.files.push(RuleFile { name, below, path: None, origin: FileOrigin::Named });
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
                self.add(path, root, &real(root), FileOrigin::Named);
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
        let wanted = |path: &Path| wanted(path) && !self.is_excluded(path, root);
        let mut paths = Vec::new();
        let mut failed = false;
        for entry in walker(root).build() {
            match entry {
                Ok(entry) if entry.depth() > 0 && !wanted(entry.path()) => {}
                Ok(entry) => match entry.file_type() {
                    Some(kind) if kind.is_file() => paths.push(entry.into_path()),
                    Some(kind) if kind.is_dir() => {}
                    _ => console.say(&passed_over(entry.path(), "it is neither a file nor a directory")),
                },
                Err(error) => match looping(&error) {
                    Some(path) => console.say(&passed_over(path, "this link leads back to a directory above it")),
                    // A link to nothing that could not be a rule: editors lock files with such.
                    None if broken(&error).is_some_and(|path| !wanted(path)) => {}
                    None => {
                        console.say(&Diagnostic::new(codes::UNREADABLE, format!("cannot search: {error}")));
                        failed = true;
                    }
                },
            }
        }
        paths.sort();
        let ignored = ignored(root, &wanted, &paths);
        if let Some(first) = ignored.first() {
            let message = format!("{} left out by a .gitignore, such as `{}`", counted(ignored.len()), first.display());
            let mut diagnostic = Diagnostic::new(codes::NOTHING_FOUND, message).help("a file that is named is read");
            diagnostic.severity = Severity::Note;
            console.say(&diagnostic);
        }
        if failed {
            self.exit = Some(Exit::Usage);
        }
        let real = real(root);
        for path in &paths {
            self.add(path, root, &real, FileOrigin::Found);
        }
    }

    /// Whether a pattern of `--exclude` names the path, its name, or a directory above it within `root`.
    fn is_excluded(&self, path: &Path, root: &Path) -> bool {
        if self.excluded.is_empty() {
            return false;
        }
        let below = path.strip_prefix(root).unwrap_or(path);
        let within = below.ancestors().filter(|part| !part.as_os_str().is_empty());
        within.into_iter().any(|part| {
            let name = part.file_name().is_some_and(|name| self.excluded.is_match(name));
            name || self.excluded.is_match(part) || self.excluded.is_match(root.join(part))
        })
    }

    /// Adds a file below `root`, unless another argument named it, in whatever way: `real` is what `root` is when resolved.
    fn add(&mut self, path: &Path, root: &Path, real: &Path, origin: FileOrigin) {
        self.named += 1;
        let below = path.strip_prefix(root).unwrap_or(path).to_owned();
        if self.seen.insert(real.join(&below)) {
            let name = path.display().to_string();
            self.files.push(RuleFile { name, below, path: Some(path.to_owned()), origin });
        }
    }
}

/// The directory without links and `..`; as it stands where that cannot be known.
fn real(directory: &Path) -> PathBuf {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    directory.canonicalize().unwrap_or_else(|_| directory.to_owned())
}

/// The files below a directory; what a version control keeps for itself is none.
fn walker(root: &Path) -> WalkBuilder {
    let mut walker = WalkBuilder::new(root);
    walker.standard_filters(false).git_ignore(true).require_git(false).parents(true).follow_links(true);
    walker.filter_entry(|entry| entry.file_name() != ".git");
    walker
}

/// The wanted files below a directory that are not among those found, which only a `.gitignore` can have kept back.
fn ignored(root: &Path, wanted: &impl Fn(&Path) -> bool, found: &[PathBuf]) -> Vec<PathBuf> {
    let mut walker = walker(root);
    walker.git_ignore(false).parents(false);
    let files = walker.build().flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let missing = |path: &PathBuf| wanted(path) && found.binary_search(path).is_err();
    let mut out: Vec<PathBuf> = files.map(ignore::DirEntry::into_path).filter(missing).collect();
    out.sort();
    out
}

/// The link of an error that is about a loop of links.
fn looping(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => looping(err),
        _ => None,
    }
}

/// The link of an error that is about a link to nothing.
fn broken(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, err } => {
            let is_gone = err.io_error().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound);
            (is_gone && path.is_symlink()).then_some(path)
        }
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => broken(err),
        _ => None,
    }
}

fn passed_over(path: &Path, why: &str) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(codes::UNREADABLE, format!("`{}` is passed over: {why}", path.display()));
    diagnostic.severity = Severity::Warning;
    diagnostic
}

fn counted(files: usize) -> String {
    if files == 1 { "1 file is".into() } else { format!("{files} files are") }
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
    /// What was said once for all files: faults of metadata.
    pub findings: Vec<Diagnostic>,
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
        |(), file| file.load(options, found.foreign),
        |file| {
            loaded.push(file);
            console.step();
            Ok(())
        },
    )?;
    console.finish();
    if found.metadata == Metadata::Counted {
        count_findings(&mut loaded, console);
    }
    let silent = found.exit.is_none() && loaded.iter().all(|file| file.exit == Exit::Success);
    if silent && loaded.iter().all(|file| file.read.rules.is_empty()) {
        return Err(nothing(arguments).into());
    }
    for i in 0..loaded.len() {
        let correlated = std::mem::take(&mut loaded[i].read.correlated);
        if !correlated.is_empty() {
            for (j, file) in loaded.iter_mut().enumerate() {
                if j != i && sigma::withhold(&mut file.read, &correlated) {
                    file.exit = file.exit.max(Exit::Rules);
                }
            }
        }
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

/// Takes the findings about metadata out of what is said of each file, and says them once.
fn count_findings(loaded: &mut [Loaded], console: &mut Console) {
    let mut counts: BTreeMap<Code, (usize, String)> = BTreeMap::new();
    for file in loaded {
        // A word of the log source is about what describes a rule, too, but mappings choose the table by it.
        let is_counted = |d: &Diagnostic| d.is_finding() && d.code != codes::LOGSOURCE_SLIP;
        let (findings, rest) = std::mem::take(&mut file.read.diagnostics).into_iter().partition(is_counted);
        (file.findings, file.read.diagnostics) = (findings, rest);
        for finding in &file.findings {
            let entry = counts.entry(finding.code).or_insert_with(|| {
                let line = finding.span.map(|span| file.source.position(span.start as usize).line);
                (0, line.map_or(file.source.name().to_string(), |line| format!("{}:{line}", file.source.name())))
            });
            entry.0 += 1;
        }
    }
    for (code, (count, first)) in counts {
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        let mut diagnostic = Diagnostic::new(code, format!("{}: {times}, first at {first}", code.title()));
        diagnostic.severity = Severity::Warning;
        console.say(&diagnostic.help("no query depends on it; `sigmaglot check` shows each place"));
    }
}

impl Loaded {
    /// What no command may keep to itself: errors, what of the file is no rule, and slips in log sources.
    pub fn grave(&self) -> impl Iterator<Item = &Diagnostic> {
        const SAID: [Code; 3] = [codes::NOT_A_RULE, codes::SOURCE_EMPTY, codes::LOGSOURCE_SLIP];
        self.read.diagnostics.iter().filter(move |d| d.is_error() || SAID.contains(&d.code))
    }

    /// All that there is to say about the file, for its records.
    pub fn about(&self) -> impl Iterator<Item = &Diagnostic> {
        self.findings.iter().chain(&self.read.diagnostics)
    }
}

impl RuleFile {
    /// What is opened; `None` is stdin.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Reads the file and its rules.
    fn load(&self, options: &sigma::Options, foreign: Foreign) -> Loaded {
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
                if self.origin == FileOrigin::Found && foreign == Foreign::Note {
                    pass_over(&mut read);
                }
                read.diagnostics.sort_by_key(|diagnostic| diagnostic.span.map(|span| span.start));
                let bad = read.diagnostics.iter().any(Diagnostic::is_error);
                (read, if bad { Exit::Rules } else { Exit::Success })
            }
            Some((exit, diagnostic)) => (sigma::Read { diagnostics: vec![diagnostic], ..Default::default() }, exit),
        };
        Loaded { below: self.below.clone(), source, read, findings: Vec::new(), exit }
    }

    fn bytes(&self) -> std::io::Result<Vec<u8>> {
        match &self.path {
            Some(path) => {
                let metadata = std::fs::metadata(path)?;
                // Nobody may ever write to a named pipe; one that a shell opened has a writer.
                let shells = path.starts_with("/dev") || path.starts_with("/proc");
                if !metadata.is_file() && !metadata.is_dir() && !shells {
                    return Err(std::io::Error::other("it is no file; read it through the standard input"));
                }
                bounded(&mut std::fs::File::open(path)?)
            }
            None => bounded(&mut std::io::stdin().lock()),
        }
    }
}

/// All bytes, or a few more than are read of any source.
fn bounded(reader: &mut dyn std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(sigma::yaml::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Makes a note of the error about a document that is no rule, and no document of it. What else there is to say about it is not
/// said: it would be about a rule.
fn pass_over(read: &mut sigma::Read) {
    let mut places = Vec::new();
    for diagnostic in read.diagnostics.iter_mut().filter(|d| d.code == codes::NOT_A_RULE) {
        diagnostic.severity = Severity::Note;
        places.extend(diagnostic.span.map(|span| span.start));
    }
    let holds = |span: Span, at: u32| span.start <= at && at <= span.end;
    let is_foreign = |document: &sigma::Unread| places.iter().any(|at| holds(document.span, *at));
    let (foreign, unread): (Vec<_>, _) = std::mem::take(&mut read.unread).into_iter().partition(is_foreign);
    read.unread = unread;
    let is_about_one =
        |d: &Diagnostic| d.span.is_some_and(|at| foreign.iter().any(|document| holds(document.span, at.start)));
    read.diagnostics.retain(|d| d.code == codes::NOT_A_RULE || !is_about_one(d));
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
