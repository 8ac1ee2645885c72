//! The templates of post-processing and finalizers: Jinja with a limit on its work, and Python's format strings.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde_json::Value as Json;

use super::params::{Params, say};
use crate::diagnostic::{Diagnostic, codes};

/// How many instructions one rendering may take.
const FUEL: u64 = 5_000_000;

/// A Jinja template.
#[derive(Debug, Clone)]
pub(super) struct Template {
    environment: Box<Environment<'static>>,
    /// The names that it takes from its context; the making of what it does not ask for is saved.
    names: HashSet<String>,
    /// The variables of its pipeline as it sees them.
    vars: OnceLock<Value>,
}

/// The variables of a pipeline.
type Vars = IndexMap<Arc<str>, Vec<Arc<str>>>;

impl Template {
    /// Reads the parameters; a template that does not parse is an error.
    pub fn parse(params: &mut Params<'_, '_, '_>) -> Option<Template> {
        let text = params.required("template");
        let html = params.flag("autoescape");
        params.flag("allow_template_vars");
        params.texts("vars_allowed_paths");
        let refusals = [
            (
                "vars",
                "`vars` is refused: variables from Python files are program code",
                "put them into the pipeline's `vars`",
            ),
            ("path", "`path` is refused: a template stands in its pipeline", "write its text under `template`"),
        ];
        for (key, message, help) in refusals {
            if let Some(node) = params.node(key) {
                let diagnostic = Diagnostic::new(codes::MAPPING_REFUSED, message).at(node.span);
                params.messages.push(diagnostic.help(help));
            }
        }
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(move |_| if html { AutoEscape::Html } else { AutoEscape::None });
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("defining", defining);
        match environment.add_template_owned("template", text?.to_string()) {
            Ok(()) => {
                let names = environment.get_template("template").map(|template| template.undeclared_variables(false));
                let names = names.unwrap_or_default();
                Some(Template { environment: Box::new(environment), names, vars: OnceLock::new() })
            }
            Err(error) => {
                let span = params.node("template").map_or(params.span, |node| node.span);
                say(params.messages, codes::MAPPING_TEMPLATE, words(&error), span);
                None
            }
        }
    }

    /// Whether it can look at this name of its context.
    pub fn sees(&self, name: &str) -> bool {
        self.names.contains(name) || self.names.contains("debug") // which shows all
    }

    /// The variables of its pipeline.
    pub fn vars(&self, vars: &Vars) -> Value {
        self.vars.get_or_init(|| Serde(vars).into()).clone()
    }

    /// Renders the template.
    ///
    /// # Errors
    /// With the engine's words.
    pub fn render(&self, context: impl Into<Value>) -> Result<String, String> {
        let template = self.environment.get_template("template").map_err(|error| words(&error))?;
        template.render(context).map_err(|error| words(&error))
    }
}

/// The filter `defining(columns)`: of definitions `NAME = EXPRESSION` those whose name is one of the columns, in their order.
fn defining(definitions: Vec<Value>, columns: Vec<Value>) -> Vec<Value> {
    let columns: HashSet<&str> = columns.iter().filter_map(Value::as_str).collect();
    let name = |definition: &Value| Some(columns.contains(definition.as_str()?.split_once(" = ")?.0));
    definitions.into_iter().filter(|definition| name(definition) == Some(true)).collect()
}

fn words(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!("line {line} of the template: ")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{line}{}{detail}", error.kind())
}

/// A format string: `{query}`, `{rule.title}`, `{pipeline.state[key]}`, `{{` and `}}` for braces.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Simple(Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Path(Vec<Arc<str>>),
}

impl Simple {
    /// Reads a format string.
    ///
    /// # Errors
    /// Where a brace stands alone, or a name has a format of its own.
    pub fn parse(text: &str) -> Result<Simple, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.next_if_eq(&c).is_some() => plain.push(c),
                '}' => return Err("a `}` stands alone in the template; `}}` is the character".into()),
                '{' => {
                    let mut name = String::new();
                    loop {
                        match chars.next() {
                            Some('}') => break,
                            Some(c) => name.push(c),
                            None => return Err("a `{` of the template is not closed; `{{` is the character".into()),
                        }
                    }
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Path(path(&name)?));
                }
                c => plain.push(c),
            }
        }
        parts.push(Part::Text(plain));
        Ok(Simple(parts))
    }

    /// Fills in the values.
    ///
    /// # Errors
    /// Where there is no such value.
    pub fn fill(&self, context: &Json) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Path(path) => {
                    let step = |value: &'_ Json, key: &Arc<str>| match value {
                        Json::Array(items) => key.parse::<usize>().ok().and_then(|i| items.get(i)).cloned(),
                        value => value.get(key.as_ref()).cloned(),
                    };
                    let found = path.iter().try_fold(context.clone(), |value, key| step(&value, key));
                    match found {
                        Some(Json::String(text)) => out.push_str(&text),
                        Some(Json::Null) => out.push_str("None"),
                        Some(other) => out.push_str(&other.to_string()),
                        None => return Err(format!("there is no `{}`", path.join("."))),
                    }
                }
            }
        }
        Ok(out)
    }
}

fn path(name: &str) -> Result<Vec<Arc<str>>, String> {
    if name.is_empty() || name.contains(['!', ':', '{']) {
        return Err(format!("`{{{name}}}` is no plain name; formats and conversions are not supported"));
    }
    let keys = name.replace('[', ".").replace(']', "");
    Ok(keys.split('.').map(Arc::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_of_asked_columns_stay() {
        let list = |texts: &[&str]| texts.iter().map(|text| Value::from(*text)).collect::<Vec<_>>();
        let kept = defining(list(&["A = x", "AB = y", "B = f(A = z)", "C"]), list(&["B", "A", "C", "x"]));
        assert_eq!(kept, list(&["A = x", "B = f(A = z)"]));
    }

    #[test]
    fn format_strings_take_paths_and_doubled_braces() {
        let context = serde_json::json!({"query": "q", "a": {"b": [1, "x"]}});
        let fill = |text: &str| Simple::parse(text).and_then(|simple| simple.fill(&context));
        assert_eq!(fill("{{{query}}} {a.b[1]}"), Ok("{q} x".into()));
        assert!(fill("{a.c}").is_err());
        assert!(fill("{").is_err());
        assert!(fill("}").is_err());
        assert!(fill("{query!r}").is_err());
    }
}
