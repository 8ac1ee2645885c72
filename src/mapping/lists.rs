//! Lists of values in files, for `file_placeholders`. The caller reads the file; its text is taken apart here.

use std::sync::Arc;

use super::params::{Params, say};
use super::paths::Path;
use crate::diagnostic::{Diagnostic, codes};

/// Where a list is and how it is written.
#[derive(Debug, Clone)]
pub(super) struct List {
    /// The path as the pipeline has it.
    pub path: Arc<str>,
    format: Format,
    filter: Option<::regex::Regex>,
}

#[derive(Debug, Clone)]
enum Format {
    Plain,
    /// The scalars that a path leads to.
    Tree(Notation, Path),
    Csv {
        column: Column,
        header: bool,
    },
}

#[derive(Debug, Clone)]
enum Column {
    Index(usize),
    Name(Arc<str>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    Json,
    Yaml,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Plain,
    Json,
    Yaml,
    Csv,
}

impl List {
    /// Reads the parameters.
    pub fn parse(params: &mut Params<'_, '_, '_>) -> Option<List> {
        let file = params.required("path");
        let words = [("plaintext", Word::Plain), ("json", Word::Json), ("yaml", Word::Yaml), ("csv", Word::Csv)];
        let word = params.choice("format", &words, Word::Plain);
        let filter = if params.node("filter").is_some() { Some(params.regex("filter")?) } else { None };
        let header = params.present("csv_has_header").is_none() || params.flag("csv_has_header");
        let column = match params.node("csv_column") {
            Some(node) if matches!(super::params::Literal::of(node), Some(super::params::Literal::Text(_))) => {
                params.text("csv_column").map(Column::Name)
            }
            Some(_) => params.integer("csv_column", 0, 10_000).and_then(|n| usize::try_from(n).ok()).map(Column::Index),
            None => None,
        };
        params.flag("allow_external_sources"); // whoever names the pipeline allows its files
        let path = match (params.text("jq_expression"), params.node("jq_expression")) {
            (Some(text), Some(node)) => match Path::parse(&text) {
                Some(path) => path,
                None => {
                    let message =
                        format!("`jq_expression` is a path here, such as `.items[].name`; `{text}` is a program");
                    let diagnostic = Diagnostic::new(codes::MAPPING_REFUSED, message).at(node.span);
                    params.messages.push(diagnostic.help("save the list that the expression gives"));
                    return None;
                }
            },
            _ => Path::elements(),
        };
        if let (Some(Column::Name(_)), false) = (&column, header) {
            say(params.messages, codes::MAPPING_VALUE, "a column without a header is named by its number", params.span);
        }
        let format = match word {
            Word::Plain => Format::Plain,
            Word::Json => Format::Tree(Notation::Json, path),
            Word::Yaml => Format::Tree(Notation::Yaml, path),
            Word::Csv => Format::Csv { column: column.unwrap_or(Column::Index(0)), header },
        };
        Some(List { path: file?, format, filter })
    }

    /// The values in the text of the file.
    ///
    /// # Errors
    /// Where the text is not what the pipeline says, with the reason.
    pub fn values(&self, text: &str) -> Result<Vec<Arc<str>>, String> {
        let values: Vec<String> = match &self.format {
            Format::Plain => text.lines().map(|line| line.trim().to_owned()).collect(),
            Format::Tree(notation, path) => tree(text, *notation, path)?,
            Format::Csv { column, header } => csv(text, column, *header)?,
        };
        let wanted =
            |value: &String| !value.is_empty() && self.filter.as_ref().is_none_or(|regex| regex.is_match(value));
        Ok(values.into_iter().filter(wanted).map(Arc::from).collect())
    }
}

/// The scalars of a document that a path leads to.
fn tree(text: &str, notation: Notation, path: &Path) -> Result<Vec<String>, String> {
    let value: serde_json::Value = match notation {
        Notation::Json => serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?,
        Notation::Yaml => serde_yaml::from_str(text).map_err(|error| format!("it is no YAML: {error}"))?,
    };
    let one = |found: &serde_json::Value| match found {
        serde_json::Value::String(text) => Ok(Some(text.clone())),
        serde_json::Value::Number(number) => Ok(Some(number.to_string())),
        serde_json::Value::Null => Ok(None),
        other => Err(format!("`{other}` in it is neither text nor a number")),
    };
    path.of(&value)?.into_iter().filter_map(|found| one(found).transpose()).collect()
}

fn csv(text: &str, column: &Column, header: bool) -> Result<Vec<String>, String> {
    let mut rows = rows(text).into_iter();
    let head = if header { rows.next().unwrap_or_default() } else { Vec::new() };
    let index = match column {
        Column::Index(index) => *index,
        Column::Name(name) => {
            let found = head.iter().position(|title| title.trim() == name.as_ref());
            found.ok_or_else(|| format!("it has no column `{name}`"))?
        }
    };
    Ok(rows.filter_map(|row| row.into_iter().nth(index)).map(|cell| cell.trim().to_owned()).collect())
}

/// The cells of CSV: commas, double quotes, doubled quotes within.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_cells_may_be_quoted() {
        let text = "name,ip\r\n\"a, \"\"b\"\"\",10.0.0.1\nc,10.0.0.2";
        let column = |column| csv(text, &column, true).unwrap();
        assert_eq!(column(Column::Name("ip".into())), ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(column(Column::Index(0)), ["a, \"b\"", "c"]);
        assert!(csv(text, &Column::Name("mac".into()), true).is_err());
    }
}
