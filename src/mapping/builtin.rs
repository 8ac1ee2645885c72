//! The mappings in the program: the files of `mappings/`, and the names that several of them have together.

use include_dir::{Dir, include_dir};
use indexmap::IndexMap;
use serde::Deserialize;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/mappings");

/// Mappings of one product that are given together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What it is, in a line.
    pub title: String,
    /// The mappings, in the order of their work.
    pub mappings: Vec<String>,
}

/// The names of the mappings in the program, sorted; the file of each is `mappings/NAME.yml`.
pub fn names() -> Vec<&'static str> {
    let mut out: Vec<&str> =
        EMBEDDED.files().filter_map(|file| file.path().file_name()?.to_str()?.strip_suffix(".yml")).collect();
    out.sort_unstable();
    out
}

/// The text of a mapping in the program.
pub fn get(name: &str) -> Option<&'static str> {
    EMBEDDED.get_file(format!("{name}.yml")).and_then(|file| file.contents_utf8())
}

/// The bundles by name, in the order of `mappings/bundles.toml`.
pub fn bundles() -> IndexMap<String, Bundle> {
    let text = EMBEDDED.get_file("bundles.toml").and_then(|file| file.contents_utf8()).unwrap_or_default();
    toml::from_str(text).unwrap_or_default() // a test reads it
}

/// What a name of pySigma's stands for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// The mapping in the program; none where every mapping does what the pipeline is for.
    pub mapping: Option<String>,
    /// Where the two differ.
    pub note: Option<String>,
}

/// The names that pySigma has for its pipelines, with the mappings in the program that are for the same products.
pub fn aliases() -> IndexMap<String, Alias> {
    let text = EMBEDDED.get_file("aliases.toml").and_then(|file| file.contents_utf8()).unwrap_or_default();
    toml::from_str(text).unwrap_or_default() // a test reads it
}

/// Whether a mapping in the program or a bundle has this name.
pub fn is_name(name: &str) -> bool {
    get(name).is_some() || bundles().contains_key(name) || aliases().contains_key(name)
}

/// The files of the table of log sources with their texts, by name.
pub(super) fn sources() -> Vec<(&'static str, &'static str)> {
    let files = EMBEDDED.get_dir("sources").into_iter().flat_map(Dir::files);
    let mut out: Vec<_> = files.filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?))).collect();
    out.sort_unstable();
    out
}

/// The names of the schemas in the program, sorted.
pub(super) fn schemas() -> Vec<&'static str> {
    let files = EMBEDDED.get_dir("schemas").into_iter().flat_map(Dir::files);
    let mut out: Vec<_> = files.filter_map(|file| file.path().file_name()?.to_str()?.strip_suffix(".yml")).collect();
    out.sort_unstable();
    out
}

/// The text of a schema in the program.
pub(super) fn schema(name: &str) -> Option<&'static str> {
    EMBEDDED.get_file(format!("schemas/{name}.yml")).and_then(|file| file.contents_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_of_mappings_and_have_names_of_their_own() {
        let aliases = aliases();
        assert!(!aliases.is_empty());
        for (name, alias) in aliases {
            assert!(get(&name).is_none() && !bundles().contains_key(&name), "{name}");
            assert!(alias.mapping.is_none_or(|mapping| get(&mapping).is_some()), "{name}");
        }
    }

    #[test]
    fn bundles_are_of_mappings_and_have_names_of_their_own() {
        let bundles = bundles();
        assert!(!bundles.is_empty());
        for (name, bundle) in bundles {
            assert!(get(&name).is_none(), "{name} is a mapping too");
            assert!(bundle.mappings.iter().all(|name| get(name).is_some()), "{name}: {bundle:?}");
        }
    }
}
