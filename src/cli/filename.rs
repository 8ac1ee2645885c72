//! Names of files for queries: a template with words in braces, filled from the rule and made safe for file systems.
//!
//! A name depends on its rule alone, so a rule that is added or taken away renames no other. Where two queries come to the
//! same name, each of them gets its rule's id behind it. Nothing here touches a file.

use std::collections::HashMap;
use std::path::{Component, Path};

use crate::diagnostic::{Diagnostic, codes, did_you_mean};

/// The longest part of a name in bytes, well below what file systems take.
const NAME_BYTES: usize = 120;

/// Where nothing else is said: below the directories of the rule's file, named as it is.
pub const DEFAULT: &str = "{dir}/{stem}.{extension}";

/// What a query's name can be made of.
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    /// The rule's file below its argument.
    pub below: &'a Path,
    /// The rule's id.
    pub id: Option<&'a str>,
    /// The rule's title.
    pub title: &'a str,
    /// The rule's level.
    pub level: Option<&'a str>,
    /// The log source.
    pub product: Option<&'a str>,
    /// The log source.
    pub category: Option<&'a str>,
    /// The log source.
    pub service: Option<&'a str>,
    /// The target's name.
    pub target: &'a str,
    /// The extension of the target's files.
    pub extension: &'a str,
}

/// A template that was read: pieces of text and words.
#[derive(Debug, Clone)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Word(Word),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Dir,
    Stem,
    Id,
    Title,
    Level,
    Product,
    Category,
    Service,
    Target,
    Extension,
}

const WORDS: [(&str, Word); 10] = [
    ("dir", Word::Dir),
    ("stem", Word::Stem),
    ("id", Word::Id),
    ("title", Word::Title),
    ("level", Word::Level),
    ("product", Word::Product),
    ("category", Word::Category),
    ("service", Word::Service),
    ("target", Word::Target),
    ("extension", Word::Extension),
];

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Where it has an unknown word, a brace alone, or names no file.
    pub fn parse(text: &str) -> Result<Template, Diagnostic> {
        let wrong = |why: String| Diagnostic::new(codes::ARGUMENT_INVALID, format!("the file name `{text}` {why}"));
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            pieces.push(Piece::Text(rest[..at].to_owned()));
            let Some(end) = rest[at..].find('}').filter(|_| rest[at..].starts_with('{')) else {
                return Err(wrong("has a brace alone".to_owned()).help(known()));
            };
            let name = &rest[at + 1..at + end];
            let Some((_, word)) = WORDS.iter().find(|(known, _)| *known == name) else {
                let near = did_you_mean(name, WORDS.iter().map(|(name, _)| *name));
                let help = near.map_or_else(known, |near| format!("did you mean `{{{near}}}`?"));
                return Err(wrong(format!("has an unknown word `{{{name}}}`")).help(help));
            };
            pieces.push(Piece::Word(*word));
            rest = &rest[at + end + 1..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        if text.trim_matches(['/', ' ']).is_empty() || text.ends_with('/') {
            return Err(wrong("names no file".to_owned()).help(known()));
        }
        Ok(Template(pieces))
    }

    /// The name for a query, below the output directory, with `/`.
    pub fn name(&self, parts: &Parts<'_>) -> String {
        // `/` of the template and of `{dir}` part directories; one in a value does not.
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(piece) => text.push_str(&piece.replace('\\', "/")),
                Piece::Word(Word::Dir) => text.push_str(&directory(parts.below)),
                Piece::Word(word) => text.push_str(&parts.value(*word).replace(['/', '\\'], "_")),
            }
        }
        let names: Vec<String> = text.split('/').filter(|part| !part.is_empty()).map(safe).collect();
        names.join("/")
    }
}

fn known() -> String {
    let names: Vec<String> = WORDS.iter().map(|(name, _)| format!("{{{name}}}")).collect();
    format!("words are {}", names.join(", "))
}

fn directory(below: &Path) -> String {
    let parts = below.parent().into_iter().flat_map(Path::components).filter_map(|part| match part {
        Component::Normal(name) => Some(safe(&name.to_string_lossy())),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

impl Default for Parts<'_> {
    fn default() -> Self {
        Parts {
            below: Path::new(""),
            id: None,
            title: "",
            level: None,
            product: None,
            category: None,
            service: None,
            target: "",
            extension: "",
        }
    }
}

impl Parts<'_> {
    fn value(&self, word: Word) -> String {
        let or = |value: Option<&str>| value.unwrap_or("none").to_owned();
        match word {
            Word::Dir => directory(self.below),
            Word::Stem => self.below.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
            Word::Id => self.key().to_owned(),
            Word::Title => self.title.to_owned(),
            Word::Level => or(self.level),
            Word::Product => or(self.product),
            Word::Category => or(self.category),
            Word::Service => or(self.service),
            Word::Target => self.target.replace(':', "-"),
            // `sql` and `sql:duckdb` have one extension: the dialect stands before it.
            Word::Extension => match self.target.split_once(':') {
                Some((_, dialect)) => format!("{dialect}.{}", self.extension),
                None => self.extension.to_owned(),
            },
        }
    }

    /// The name of a file that is no rule's.
    pub fn named(&self, stem: &str) -> String {
        format!("{stem}.{}", self.value(Word::Extension))
    }

    /// What tells the rule from others, whatever file it is in.
    pub fn key(&self) -> &str {
        self.id.filter(|id| !id.is_empty()).unwrap_or(self.title)
    }
}

/// A query that wants a name.
#[derive(Debug)]
pub struct Wanted {
    /// The name by the template.
    pub name: String,
    /// What tells its rule from others.
    pub key: String,
    /// The target's name.
    pub target: String,
    /// The place of the rule: its file as the user named it, and its place in the file.
    pub source: (String, usize),
}

/// Gives each query a name of its own. Names that differ in letter case alone are the same, for file systems that do not tell
/// cases apart. Queries with the same name all get their rule's key behind it; where that is the same too, the target;
/// and only then a number, by the place of the rule.
pub fn distinct(wanted: &[Wanted]) -> Vec<String> {
    let mut names: Vec<String> = wanted.iter().map(|one| one.name.clone()).collect();
    let suffixes: [fn(&Wanted) -> String; 2] = [|one| one.key.clone(), |one| one.target.replace(':', "-")];
    for suffix in suffixes {
        for group in groups(&names) {
            if group.iter().any(|i| suffix(&wanted[*i]) != suffix(&wanted[group[0]])) {
                group.iter().for_each(|i| names[*i] = with_suffix(&names[*i], &suffix(&wanted[*i])));
            }
        }
    }
    // A number can come to a name that is taken, so until there are none.
    while let Some(mut group) = groups(&names).into_iter().next() {
        group.sort_by(|a, b| wanted[*a].source.cmp(&wanted[*b].source));
        group.iter().enumerate().skip(1).for_each(|(n, i)| names[*i] = with_suffix(&names[*i], &(n + 1).to_string()));
    }
    names
}

/// The places of names that are the same, for each such name, in the order of the first.
fn groups(names: &[String]) -> Vec<Vec<usize>> {
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (i, name) in names.iter().enumerate() {
        by_name.entry(name.to_lowercase()).or_default().push(i);
    }
    let mut groups: Vec<Vec<usize>> = by_name.into_values().filter(|group| group.len() > 1).collect();
    groups.sort();
    groups
}

/// The name with something before its extensions.
fn with_suffix(name: &str, suffix: &str) -> String {
    let (directory, file) = name.rsplit_once('/').map_or(("", name), |(directory, file)| (directory, file));
    let (stem, end) = match file.char_indices().skip(1).find(|(_, c)| *c == '.') {
        Some((at, _)) => file.split_at(at),
        None => (file, ""),
    };
    let slash = if directory.is_empty() { "" } else { "/" };
    format!("{directory}{slash}{}{end}", safe(&format!("{stem}~{}", suffix.replace('.', "_"))))
}

/// The name without what file systems or shells take for something else.
fn safe(name: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '~') { c } else { '_' };
    let out: String = name.chars().map(keep).collect();
    let mut out = shortened(&out);
    let device = out.split('.').next().unwrap_or("").to_ascii_uppercase();
    let numbered = device.len() == 4 && (device.starts_with("COM") || device.starts_with("LPT"));
    let reserved = numbered || matches!(device.as_str(), "CON" | "PRN" | "AUX" | "NUL");
    if out.is_empty() || out.starts_with('.') || reserved {
        out.insert(0, '_');
    }
    out
}

/// A long name without its middle, so that its extension and what tells it from others stay.
fn shortened(name: &str) -> String {
    if name.len() <= NAME_BYTES {
        return name.to_owned();
    }
    let border = |mut at: usize| {
        while !name.is_char_boundary(at) {
            at += 1;
        }
        at
    };
    let (start, end) = (border(NAME_BYTES / 2 - 4), border(name.len() - (NAME_BYTES / 2 - 4)));
    format!("{}_{}", &name[..start], &name[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(template: &str, below: &str, target: &str) -> String {
        let parts = Parts {
            below: Path::new(below),
            id: Some("4f6d"),
            title: "A/B: \"c\"",
            product: Some("windows"),
            target,
            extension: "sql",
            ..Parts::default()
        };
        Template::parse(template).map(|template| template.name(&parts)).unwrap_or_else(|d| d.to_string())
    }

    #[test]
    fn names_stay_inside_and_are_safe() {
        assert_eq!(name(DEFAULT, "windows/a b.yml", "sql"), "windows/a_b.sql");
        assert_eq!(name(DEFAULT, "windows/a b.yml", "sql:duckdb"), "windows/a_b.duckdb.sql");
        assert_eq!(name(DEFAULT, "../../etc/.x.yml", "sql"), "etc/_.x.sql");
        assert_eq!(name(DEFAULT, "con.yml", "sql"), "_con.sql");
        assert_eq!(
            name("{target}/{title}-{id}.{extension}", "a.yml", "sql:spark"),
            "sql-spark/A_B___c_-4f6d.spark.sql"
        );
        assert_eq!(name("/../{product}/{service}/../{id}", "a.yml", "sql"), "_../windows/none/_../4f6d");
        assert!(name(DEFAULT, &"é".repeat(500), "sql").len() <= NAME_BYTES + 4);
    }

    #[test]
    fn templates_that_cannot_be() {
        for (template, why) in [
            ("{nme}", "unknown word `{nme}`"),
            ("{stem", "a brace alone"),
            ("stem}", "a brace alone"),
            ("", "names no file"),
            ("{dir}/", "names no file"),
        ] {
            let said = Template::parse(template).expect_err("it cannot be");
            assert!(said.message.contains(why), "{said}");
        }
        assert_eq!(Template::parse("{titel}").expect_err("unknown").help, ["did you mean `{title}`?"]);
    }

    fn wanted(name: &str, key: &str, target: &str, source: &str) -> Wanted {
        Wanted { name: name.into(), key: key.into(), target: target.into(), source: (source.into(), 0) }
    }

    #[test]
    fn queries_with_one_name_are_told_apart_by_id_and_not_by_order() {
        let all = [
            wanted("a/x.kql", "id1", "kql", "1"),
            wanted("a/X.kql", "id2", "kql", "2"),
            wanted("b/x.kql", "id3", "kql", "3"),
        ];
        assert_eq!(distinct(&all), ["a/x~id1.kql", "a/X~id2.kql", "b/x.kql"]);
        let one = [
            wanted("x", "id", "kql", "b"),
            wanted("x", "id", "eql", "b"),
            wanted("y.sql", "t", "sql", "b"),
            wanted("y.sql", "t", "sql", "a"),
        ];
        assert_eq!(distinct(&one), ["x~kql", "x~eql", "y~2.sql", "y.sql"]);
    }
}
