//! `--out-dir`: a file a query, named after the rule's file, inside the directory and nowhere else.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::Stop;
use crate::diagnostic::{Diagnostic, codes};

/// The longest part of a name in bytes, well below what file systems take.
const NAME_BYTES: usize = 120;

/// A directory that queries are written to.
pub struct OutDir {
    root: PathBuf,
    /// The names given out, in lower case, for file systems that do not tell cases apart, with their rules' files.
    taken: HashMap<String, String>,
}

/// A query that wants a file.
pub struct Query<'a> {
    /// The rule's file as the user named it.
    pub source: &'a str,
    /// The rule's file below its argument.
    pub below: &'a Path,
    /// Which rule of its file, from 0.
    pub index: usize,
    /// The target's name.
    pub target: &'a str,
    /// The extension of the target's files.
    pub extension: &'a str,
    /// What to write.
    pub text: &'a str,
}

impl OutDir {
    /// Makes the directory where there is none.
    pub fn new(root: &Path) -> Result<Self, Stop> {
        std::fs::create_dir_all(root).map_err(|e| unwritable(root, &e))?;
        let root = root.canonicalize().map_err(|e| unwritable(root, &e))?;
        Ok(Self { root, taken: HashMap::new() })
    }

    /// Writes a query. Where another rule's query has the name already, this one gets a number, and a note says so.
    pub fn write(&mut self, query: &Query<'_>) -> Result<Option<Diagnostic>, Stop> {
        let (mut name, note) = self.name(query);
        let path = self.root.join(&name);
        let directory = path.parent().unwrap_or(&self.root).to_owned();
        std::fs::create_dir_all(&directory).map_err(|e| unwritable(&directory, &e))?;
        let real = directory.canonicalize().map_err(|e| unwritable(&directory, &e))?;
        let link = std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
        if link || !real.starts_with(&self.root) {
            name.insert_str(0, "refusing to write through a link: ");
            return Err(Diagnostic::new(codes::UNWRITABLE, name)
                .help("remove the link, or choose another --out-dir")
                .into());
        }
        std::fs::write(&path, query.text).map_err(|e| unwritable(&path, &e))?;
        Ok(note)
    }

    /// The name of the file, below the root, with `/`.
    fn name(&mut self, query: &Query<'_>) -> (String, Option<Diagnostic>) {
        let directory: String = match query.below.parent() {
            Some(parent) => parent
                .components()
                .filter_map(|part| match part {
                    Component::Normal(name) => Some(format!("{}/", safe(&name.to_string_lossy()))),
                    _ => None,
                })
                .collect(),
            None => String::new(),
        };
        let stem = query.below.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        let number = if query.index == 0 { String::new() } else { format!("-{}", query.index + 1) };
        let dialect = query.target.split_once(':').map(|(_, dialect)| format!(".{dialect}")).unwrap_or_default();
        let wanted = format!("{directory}{}{number}", safe(&stem));
        let end = format!("{dialect}.{}", safe(query.extension));
        let mut name = format!("{wanted}{end}");
        let mut note = None;
        let mut n = 2;
        while let Some(other) = self.taken.get(&name.to_lowercase()) {
            let message = format!("`{}` and `{other}` have the same file name `{wanted}{end}`", query.source);
            name = format!("{wanted}~{n}{end}");
            note = Some(Diagnostic::new(codes::FILE_NAME_TAKEN, format!("{message}; the former is `{name}`")));
            n += 1;
        }
        self.taken.insert(name.to_lowercase(), query.source.to_owned());
        (name, note)
    }
}

/// The name without what file systems or shells take for something else.
fn safe(name: &str) -> String {
    let mut out: String =
        name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' }).collect();
    let mut end = out.len().min(NAME_BYTES);
    while !out.is_char_boundary(end) {
        end -= 1;
    }
    out.truncate(end);
    let device = out.split('.').next().unwrap_or("").to_ascii_uppercase();
    let numbered = device.len() == 4 && (device.starts_with("COM") || device.starts_with("LPT"));
    let reserved = numbered || matches!(device.as_str(), "CON" | "PRN" | "AUX" | "NUL");
    if out.is_empty() || out.starts_with('.') || reserved {
        out.insert(0, '_');
    }
    out
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(codes::UNWRITABLE, format!("cannot write `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query<'a>(below: &'a str, index: usize, target: &'a str) -> Query<'a> {
        Query { source: below, below: Path::new(below), index, target, extension: "sql", text: "" }
    }

    #[test]
    fn names_stay_inside_and_apart() {
        let mut dir = OutDir { root: PathBuf::new(), taken: HashMap::new() };
        let mut name = |below, index, target| {
            let (name, note) = dir.name(&query(below, index, target));
            (name, note.is_some())
        };
        assert_eq!(name("windows/a b.yml", 0, "sql"), ("windows/a_b.sql".into(), false));
        assert_eq!(name("windows/a b.yml", 1, "sql"), ("windows/a_b-2.sql".into(), false));
        assert_eq!(name("windows/A?b.yml", 0, "sql"), ("windows/A_b~2.sql".into(), true));
        assert_eq!(name("windows/a b.yml", 0, "sql:duckdb"), ("windows/a_b.duckdb.sql".into(), false));
        assert_eq!(name("../../etc/.x.yml", 0, "sql"), ("etc/_.x.sql".into(), false));
        assert_eq!(name("con.yml", 0, "sql"), ("_con.sql".into(), false));
    }

    #[test]
    fn long_names_are_cut_at_a_character() {
        assert!(safe(&"é".repeat(500)).len() <= NAME_BYTES);
    }
}
