//! Lists of values in files, for `file_placeholders`. The caller reads the file; its text is taken apart here.

use std::sync::Arc;

use super::params::{Params, say};
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
    Json,
    Csv { column: Column, header: bool },
}

#[derive(Debug, Clone)]
enum Column {
    Index(usize),
    Name(Arc<str>),
}

#[derive(Clone, Copy)]
enum Word {
    Plain,
    Json,
    Csv,
}

impl List {
    /// Reads the parameters.
    pub fn parse(params: &mut Params<'_, '_, '_>) -> Option<List> {
        let path = params.required("path");
        let words = [("plaintext", Word::Plain), ("json", Word::Json), ("csv", Word::Csv)];
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
        if let Some(node) = params.node("jq_expression") {
            let message = "`jq_expression` is refused: a pipeline cannot bring program code";
            let diagnostic = Diagnostic::new(codes::MAPPING_REFUSED, message).at(node.span);
            params.messages.push(diagnostic.help("save the list that the expression gives"));
            return None;
        }
        if let (Some(Column::Name(_)), false) = (&column, header) {
            say(params.messages, codes::MAPPING_VALUE, "a column without a header is named by its number", params.span);
        }
        let format = match word {
            Word::Plain => Format::Plain,
            Word::Json => Format::Json,
            Word::Csv => Format::Csv { column: column.unwrap_or(Column::Index(0)), header },
        };
        Some(List { path: path?, format, filter })
    }

    /// The values in the text of the file.
    ///
    /// # Errors
    /// Where the text is not what the pipeline says, with the reason.
    pub fn values(&self, text: &str) -> Result<Vec<Arc<str>>, String> {
        let values: Vec<String> = match &self.format {
            Format::Plain => text.lines().map(|line| line.trim().to_owned()).collect(),
            Format::Json => json(text)?,
            Format::Csv { column, header } => csv(text, column, *header)?,
        };
        let wanted = |value: &String| {
            !value.is_empty() && self.filter.as_ref().is_none_or(|regex| super::regex::matches_at_start(regex, value))
        };
        Ok(values.into_iter().filter(wanted).map(Arc::from).collect())
    }
}

fn json(text: &str) -> Result<Vec<String>, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let serde_json::Value::Array(items) = value else { return Err("its JSON is no list".into()) };
    items
        .into_iter()
        .map(|item| match item {
            serde_json::Value::String(text) => Ok(text),
            serde_json::Value::Number(number) => Ok(number.to_string()),
            other => Err(format!("`{other}` in it is neither text nor a number")),
        })
        .collect()
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
