//! The templates in force: those in the program, with the files of `--templates DIR` laid over them.

use std::path::Path;

use super::input::{unreadable, utf8};
use super::settings::View;
use crate::diagnostic::{Diagnostic, codes};
use crate::target::Templates;

/// The templates in force.
pub fn templates(view: &View<'_>) -> Result<Templates, Diagnostic> {
    match view.get(|settings| settings.templates.as_deref()) {
        Some(directory) => overrides(directory),
        None => Ok(Templates::embedded()),
    }
}

/// Reads the files of `--templates DIR`.
fn overrides(directory: &Path) -> Result<Templates, Diagnostic> {
    let mut templates = Templates::embedded();
    let rooms: Vec<&str> =
        Templates::embedded_paths().iter().filter_map(|path| path.split_once('/').map(|(room, _)| room)).collect();
    if !directory.is_dir() {
        return Err(unreadable(&directory.display().to_string(), "there is no such directory"));
    }
    let mut walk = ignore::WalkBuilder::new(directory);
    walk.standard_filters(false).follow_links(true).sort_by_file_path(Path::cmp);
    for entry in walk.build() {
        let entry = entry.map_err(|e| unreadable(&directory.display().to_string(), &e.to_string()))?;
        let path = entry.path();
        let template = path.extension().is_some_and(|ext| ext == "j2" || ext == "toml");
        if !template || !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let below = path.strip_prefix(directory).unwrap_or(path);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        let below = parts.join("/");
        if !parts.first().is_some_and(|room| rooms.contains(&room.as_ref())) {
            let message = format!("the template `{below}` belongs to no target");
            let help = "a template lies below its target's directory, as in kql/query.j2";
            return Err(Diagnostic::new(codes::ARGUMENT_INVALID, message).help(help));
        }
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|e| unreadable(&name, &e.to_string()))?;
        templates = templates.with_override(below, utf8(bytes, &name)?);
    }
    Ok(templates)
}
