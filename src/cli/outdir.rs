//! `--out-dir`: a file a query, inside the directory and nowhere else, written as a whole.
//!
//! Queries are kept in a staging directory until all is converted; then they are moved to their names, and files that an earlier
//! run wrote for the same targets and this one did not are removed. Which files those are stands in a manifest; no other
//! file is ever removed. A run that fails changes nothing.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Stop;
use super::filename::{self, Parts, Template, Wanted};
use crate::diagnostic::{Diagnostic, codes};

/// What earlier runs wrote.
const MANIFEST: &str = ".sigmaglot-files.json";
/// Where queries are until all are there.
const STAGING: &str = ".sigmaglot-new";
const LOCK: &str = "lock";

/// A directory that queries are written to.
pub struct OutDir {
    root: PathBuf,
    template: Template,
    /// Names and rules of the queries in the staging directory, by their number.
    staged: Vec<Wanted>,
    /// The targets whose files of earlier runs are replaced.
    targets: Vec<String>,
    /// Held while queries are staged: another run must not use the same directory.
    _lock: File,
}

/// The files that runs wrote.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Manifest {
    version: u32,
    /// By path below the directory, with `/`, the target that the file is for.
    files: BTreeMap<String, String>,
}

/// What writing did.
#[derive(Debug, Default)]
pub struct Written {
    /// How many files hold queries now.
    pub files: usize,
    /// How many files of earlier runs are gone.
    pub removed: usize,
    /// Notes on names.
    pub notes: Vec<Diagnostic>,
}

impl OutDir {
    /// Opens the directory, made where there is none, for queries of these targets.
    ///
    /// # Errors
    /// Where it cannot be written to, another run writes to it, or its manifest cannot be read.
    pub fn new(root: &Path, template: Template, targets: &[String]) -> Result<Self, Stop> {
        fs::create_dir_all(root).map_err(|e| unwritable(root, &e))?;
        let root = root.canonicalize().map_err(|e| unwritable(root, &e))?;
        let staging = root.join(STAGING);
        refuse_link(&staging)?;
        fs::create_dir_all(&staging).map_err(|e| unwritable(&staging, &e))?;
        let lock = File::create(staging.join(LOCK)).map_err(|e| unwritable(&staging, &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another run writes to `{}`", root.display());
                return Err(Diagnostic::new(codes::UNWRITABLE, message)
                    .help("wait for it, or choose another --out-dir")
                    .into());
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(&staging, &error).into()),
        }
        Ok(Self { root, template, staged: Vec::new(), targets: targets.to_vec(), _lock: lock })
    }

    /// Keeps a query until [`OutDir::finish`].
    pub fn add(&mut self, parts: &Parts<'_>, source: (&str, usize), text: &str) -> Result<(), Stop> {
        let name = self.template.name(parts);
        self.stage(name, parts.key().to_owned(), parts.target, source, text)
    }

    /// Keeps a text under a name that is no rule's.
    pub fn add_named(&mut self, name: &str, target: &str, text: &str) -> Result<(), Stop> {
        self.stage(name.to_owned(), target.to_owned(), target, ("", 0), text)
    }

    fn stage(
        &mut self,
        name: String,
        key: String,
        target: &str,
        source: (&str, usize),
        text: &str,
    ) -> Result<(), Stop> {
        let path = self.staging(self.staged.len());
        fs::write(&path, text).map_err(|e| unwritable(&path, &e))?;
        self.staged.push(Wanted { name, key, target: target.to_owned(), source: (source.0.to_owned(), source.1) });
        Ok(())
    }

    fn staging(&self, number: usize) -> PathBuf {
        self.root.join(STAGING).join(number.to_string())
    }

    /// Moves all queries to their names, and removes what earlier runs wrote for these targets and is not among them.
    ///
    /// # Errors
    /// Where a name cannot be written to; a link out of the directory is found before anything was changed.
    pub fn finish(self) -> Result<Written, Stop> {
        let names = filename::distinct(&self.staged);
        let mut manifest = self.manifest()?;
        for name in &names {
            self.check(name)?;
        }
        let mut written = Written { files: names.len(), notes: self.notes(&names), ..Written::default() };
        // What a run that is cut off here leaves behind is in the manifest already.
        let (old, now): (Vec<String>, BTreeMap<&String, &String>) = (
            manifest.files.keys().cloned().collect(),
            names.iter().zip(self.staged.iter().map(|one| &one.target)).collect(),
        );
        manifest.files.extend(now.iter().map(|(name, target)| ((*name).clone(), (*target).clone())));
        self.write_manifest(&manifest)?;
        for (number, name) in names.iter().enumerate() {
            let path = self.root.join(name);
            let parent = path.parent().unwrap_or(&self.root);
            fs::create_dir_all(parent).map_err(|e| unwritable(parent, &e))?;
            fs::rename(self.staging(number), &path).map_err(|e| unwritable(&path, &e))?;
        }
        for name in old {
            let is_ours = manifest.files.get(&name).is_some_and(|target| self.targets.contains(target));
            if !now.contains_key(&name) && is_ours {
                written.removed += usize::from(self.remove(&name)?);
                manifest.files.remove(&name);
            }
        }
        self.write_manifest(&manifest)?;
        Ok(written)
    }

    fn manifest(&self) -> Result<Manifest, Stop> {
        let path = self.root.join(MANIFEST);
        let wrong = |why: &str| {
            let message = format!("cannot read `{}`, which says what earlier runs wrote: {why}", path.display());
            Diagnostic::new(codes::UNWRITABLE, message)
                .help("remove it: its files are then taken for your own and kept")
        };
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Manifest { version: 1, ..Manifest::default() }),
            Err(error) => Err(wrong(&error.to_string()).into()),
            Ok(text) => match serde_json::from_str::<Manifest>(&text) {
                Ok(manifest) if manifest.version == 1 => Ok(manifest),
                Ok(manifest) => Err(wrong(&format!("it has version {}, not 1", manifest.version)).into()),
                Err(error) => Err(wrong(&error.to_string()).into()),
            },
        }
    }

    fn write_manifest(&self, manifest: &Manifest) -> Result<(), Stop> {
        let (path, staged) = (self.root.join(MANIFEST), self.root.join(STAGING).join("manifest"));
        let text = serde_json::to_string_pretty(manifest).map_err(io::Error::from)? + "\n";
        fs::write(&staged, text).and_then(|()| fs::rename(&staged, &path)).map_err(|e| unwritable(&path, &e))?;
        Ok(())
    }

    /// Refuses a name that leads through a link out of the directory, or that is a link or a directory itself.
    fn check(&self, name: &str) -> Result<(), Stop> {
        let path = self.root.join(name);
        refuse_link(&path)?;
        if path.is_dir() {
            let message = format!("cannot write `{}`: there is a directory of this name", path.display());
            return Err(Diagnostic::new(codes::UNWRITABLE, message).into());
        }
        let existing = path.ancestors().skip(1).find(|directory| fs::symlink_metadata(directory).is_ok());
        let real = existing.unwrap_or(&self.root).canonicalize().map_err(|e| unwritable(&path, &e))?;
        if real.starts_with(&self.root) { Ok(()) } else { Err(through_link(&path).into()) }
    }

    /// Removes a file of an earlier run with the directories that are empty then; whether it was there. The manifest may have
    /// been changed: what it names is looked at again.
    fn remove(&self, name: &str) -> Result<bool, Stop> {
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        let path = self.root.join(name);
        let Some(parent) = path.parent().filter(|_| inside) else { return Ok(false) };
        let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
        if !is_file || !parent.canonicalize().is_ok_and(|real| real.starts_with(&self.root)) {
            return Ok(false);
        }
        fs::remove_file(&path).map_err(|e| unwritable(&path, &e))?;
        for directory in parent.ancestors().take_while(|directory| *directory != self.root) {
            if fs::remove_dir(directory).is_err() {
                break; // something else is in it
            }
        }
        Ok(true)
    }

    /// Notes on rules of different files that came to the same name.
    fn notes(&self, names: &[String]) -> Vec<Diagnostic> {
        let mut first: BTreeMap<String, &str> = BTreeMap::new();
        let mut notes = Vec::new();
        for (wanted, name) in self.staged.iter().zip(names) {
            let source = wanted.source.0.as_str();
            let other = *first.entry(wanted.name.to_lowercase()).or_insert(source);
            if other != source {
                let message = format!(
                    "`{source}` and `{other}` have the same file name `{}`; the former is `{name}`",
                    wanted.name
                );
                notes.push(Diagnostic::new(codes::FILE_NAME_TAKEN, message));
            }
        }
        notes
    }
}

impl Drop for OutDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.root.join(STAGING)); // what cannot be removed is used again by the next run
    }
}

fn refuse_link(path: &Path) -> Result<(), Stop> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(through_link(path).into());
    }
    Ok(())
}

fn through_link(path: &Path) -> Diagnostic {
    let message = format!("refusing to write through a link: {}", path.display());
    Diagnostic::new(codes::UNWRITABLE, message).help("remove the link, or choose another --out-dir")
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    let name = path.display().to_string();
    Diagnostic::new(codes::UNWRITABLE, format!("cannot write `{}`: {error}", name.replace('\0', "\\0")))
}
