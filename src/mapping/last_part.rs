//! `sigmaglot_names`: columns that hold the name of a file whose path another column holds. An extension of the format.
//!
//! The relation that a mapping declares, and a test checks on stored documents: where the path has a separator, the name is what comes after the last
//! one; where it has none, the path is no file's and the name is the same text without a dot. So `*\\x.exe` holds of the path exactly where the name is
//! `x.exe`. Nothing else is said by the name: a wildcard in it could stand for a separator.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::ir::{Case, Pattern, Piece, Test};

/// Columns of paths with the columns of their names.
#[derive(Debug, Clone)]
pub(super) struct LastParts {
    /// What stands between the parts of a path.
    pub separator: char,
    /// The column of a path, and that of its name.
    pub names: IndexMap<Arc<str>, Arc<str>>,
}

impl LastParts {
    /// The test on the name that says the same as one on the path; `None` where there is none.
    pub fn test(&self, test: &Test) -> Option<Test> {
        let Test::Pattern(pattern) = test else { return None };
        let [Piece::AnyString, Piece::Literal(end)] = pattern.pieces() else { return None };
        let name = end.strip_prefix(self.separator)?;
        let is_name = name.contains('.') && !name.contains(self.separator);
        let foldable = pattern.case == Case::Fold;
        (is_name && foldable).then(|| Test::Pattern(Pattern::literal(name, pattern.case)))
    }

    /// The name that the product keeps beside a path; `None` where the product has no such path.
    pub fn name_of<'t>(&self, path: &'t str) -> Option<&'t str> {
        match path.rsplit_once(self.separator) {
            Some((_, name)) => Some(name),
            None => (!path.contains('.')).then_some(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigma::pattern;

    fn made(text: &str) -> Option<String> {
        let parts = LastParts { separator: '\\', names: IndexMap::new() };
        let test = Test::Pattern(Pattern::new(pattern::parse(text), Case::Fold));
        parts.test(&test).map(|test| match test {
            Test::Pattern(pattern) => pattern::escape(pattern.pieces()),
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn only_the_whole_name_of_a_file_is_its_last_part() {
        assert_eq!(made(r"*\cmd.exe"), Some("cmd.exe".to_owned()));
        for other in [r"*cmd.exe", r"*\a\cmd.exe", r"*\cmd*.exe", r"*\cmd.exe*", r"C:\cmd.exe", r"*\System", r"*\"] {
            assert_eq!(made(other), None, "{other}");
        }
    }

    #[test]
    fn a_file_without_a_folder_is_no_path() {
        let parts = LastParts { separator: '\\', names: IndexMap::new() };
        assert_eq!((parts.name_of(r"C:\a.exe"), parts.name_of("System")), (Some("a.exe"), Some("System")));
        assert_eq!(parts.name_of("a.exe"), None);
    }
}
