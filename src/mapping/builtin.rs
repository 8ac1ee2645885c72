//! The mappings in the program: the files of `mappings/`.

use include_dir::{Dir, include_dir};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/mappings");

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

/// The files of the table of log sources with their texts, by name.
pub(super) fn sources() -> Vec<(&'static str, &'static str)> {
    let files = EMBEDDED.get_dir("sources").into_iter().flat_map(Dir::files);
    let mut out: Vec<_> = files.filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?))).collect();
    out.sort_unstable();
    out
}
