//! The Jinja templates of post-processing and finalizers, with a limit on their work and on what they write.
//!
//! They are pySigma's: what Python's Jinja has is in `jinja`, the objects of a rule in `instance`. What a template asks for and nothing has is
//! an error, when the pipeline is read wherever that can be told.

use std::cell::Cell;
use std::collections::HashSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use super::params::{Params, say};
use super::{growing, growth, instance, jinja};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};

/// How many instructions one rendering may take.
const FUEL: u64 = 5_000_000;
/// The attributes of a pipeline.
const PIPELINE: &[&str] = &["name", "priority", "vars", "state", "allowed_backends", "applied_ids"];
/// What a template sees.
const NAMES: &[&str] = &["query", "rule", "pipeline", "columns"];

thread_local! {
    /// The bytes that the rendering at hand may still write, in its result or into variables.
    static LEFT: Cell<usize> = const { Cell::new(0) };
}

/// A Jinja template.
#[derive(Debug, Clone)]
pub(super) struct Template {
    environment: Box<Environment<'static>>,
    /// The names that it takes from its context; the making of what it does not ask for is saved.
    names: HashSet<String>,
}

/// Why a rendering has no result.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Failure {
    /// It failed, with the engine's words.
    Failed(String),
    /// It writes too much.
    TooLong,
}

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Query,
    Queries,
}

impl Template {
    /// Reads the parameters; a template that does not parse, or asks for what nothing has, is an error.
    pub fn parse(purpose: Purpose, params: &mut Params<'_, '_, '_>) -> Option<Template> {
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
        let text = text?;
        let span = params.node("template").map_or(params.span, |node| node.span);
        let mut environment = environment(html);
        if let Err(error) = environment.add_template_owned("template", growing::made_growing(&text)) {
            say(params.messages, codes::MAPPING_TEMPLATE, words(&error), span);
            return None;
        }
        let undeclared = |nested| {
            environment.get_template("template").map(|found| found.undeclared_variables(nested)).unwrap_or_default()
        };
        // The engine overlooks names within slices; a name too many costs nothing but time.
        let mut names = undeclared(false);
        names.extend(NAMES.iter().filter(|name| text.contains(**name)).map(|name| (*name).to_owned()));
        let mut complaints = unknown(purpose, undeclared(true), &environment);
        complaints.extend(jinja::misread(&text));
        complaints.extend(
            growth::unbounded(&text)
                .map(|name| (format!("the variable `{name}` of the template grows with every assignment"), None)),
        );
        for (message, help) in &complaints {
            let diagnostic = Diagnostic::new(codes::MAPPING_TEMPLATE, message).at(span);
            params.messages.push(help.iter().fold(diagnostic, |diagnostic, help| diagnostic.help(help.clone())));
        }
        complaints.is_empty().then(|| Template { environment: Box::new(environment), names })
    }

    /// Whether it can look at this name of its context.
    pub fn sees(&self, name: &str) -> bool {
        self.names.contains(name) || self.names.contains("debug") // which shows all
    }

    /// Renders the template.
    ///
    /// # Errors
    /// Where it fails, or writes more than `most` bytes.
    pub fn render(&self, context: impl Into<Value>, most: usize) -> Result<String, Failure> {
        let failed = |error: &minijinja::Error| Failure::Failed(words(error));
        let template = self.environment.get_template("template").map_err(|error| failed(&error))?;
        LEFT.set(most);
        let mut out = Limited { text: Vec::new(), most };
        // The engine (minijinja 3.0.5) panics on a slice with a negative step of an empty value; what it wrote is thrown away.
        let rendered = catch_unwind(AssertUnwindSafe(|| template.render_captured_to(context, &mut out).map(drop)));
        let Ok(rendered) = rendered else {
            let message =
                "the template engine cannot do this: a slice with a negative step of an empty value is such a case";
            return Err(Failure::Failed(message.to_owned()));
        };
        match rendered {
            Ok(()) => String::from_utf8(out.text).map_err(|error| Failure::Failed(error.to_string())),
            Err(_) if LEFT.get() == 0 || out.text.len() >= most => Err(Failure::TooLong),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// A text that does not grow beyond its limit.
struct Limited {
    text: Vec<u8>,
    most: usize,
}

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.most.saturating_sub(self.text.len()) {
            LEFT.set(0);
            return Err(io::Error::other("the text is too long"));
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn environment(html: bool) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(move |_| if html { AutoEscape::Html } else { AutoEscape::None });
    // What is not there may be asked about and compared, as in Jinja; the formatter and the filters do not print it.
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_fuel(Some(FUEL));
    environment.set_formatter(move |out, _, value| {
        let mut text = jinja::text(value)?;
        if html && !value.is_safe() {
            text = jinja::escape(&text);
        }
        match LEFT.get().checked_sub(text.len()) {
            Some(left) => LEFT.set(left),
            None => {
                LEFT.set(0);
                let message = "the template writes too much";
                return Err(minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message));
            }
        }
        out.write_str(&text).map_err(minijinja::Error::from)
    });
    jinja::install(&mut environment);
    environment
}

/// What a template asks for that there is not, with what may have been meant.
fn unknown(purpose: Purpose, paths: HashSet<String>, environment: &Environment<'_>) -> Vec<(String, Option<String>)> {
    let known = if purpose == Purpose::Query { NAMES } else { &["queries", "pipeline"] };
    let globals: HashSet<&str> = environment.globals().map(|(name, _)| name).collect();
    let mut out = Vec::new();
    let mut say = |what: &str, name: &str, known: &[&str]| {
        let help = match did_you_mean(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        out.push((format!("{what} `{name}`"), Some(help)));
    };
    let mut paths: Vec<String> = paths.into_iter().collect();
    paths.sort();
    for path in &paths {
        let mut keys = path.split('.');
        let (first, second) = (keys.next().unwrap_or_default(), keys.next());
        match (first, second) {
            ("rule", Some(key)) if purpose == Purpose::Query && !instance::RULE.contains(&key) => {
                say("a template sees no attribute of rules", key, instance::RULE);
            }
            ("pipeline", Some(key)) if !PIPELINE.contains(&key) => {
                say("a template sees no attribute of pipelines", key, PIPELINE);
            }
            (first, _) if !known.contains(&first) && !globals.contains(first) && first != "debug" => {
                say("a template sees nothing of the name", first, known);
            }
            _ => {}
        }
    }
    out.dedup();
    out
}

fn words(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!("line {line} of the template: ")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{line}{}{detail}", error.kind())
}

#[cfg(test)]
mod tests {
    use minijinja::value::Serde;

    use super::*;

    fn render(text: &str) -> Result<String, Failure> {
        let mut environment = environment(false);
        environment.add_template_owned("template", text.to_owned()).unwrap();
        let template = Template { environment: Box::new(environment), names: HashSet::new() };
        template.render(Value::from(Serde(serde_json::json!({"query": "q", "none": null}))), 1000)
    }

    #[test]
    fn a_template_does_not_write_without_end() {
        assert_eq!(render("{% for i in range(2000) %}x{% endfor %}"), Err(Failure::TooLong));
        assert_eq!(
            render("{% set x %}{% for i in range(2000) %}{{ query }}{% endfor %}{% endset %}"),
            Err(Failure::TooLong)
        );
        assert!(matches!(render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), Err(Failure::Failed(_))));
        assert_eq!(render("{{ query }}"), Ok("q".into()));
    }

    #[test]
    fn what_is_not_there_is_an_error_where_it_is_printed() {
        assert!(matches!(render("{{ nothing }}"), Err(Failure::Failed(_))));
        assert_eq!(render("{% if nothing %}a{% else %}b{% endif %}"), Ok("b".into()));
        assert_eq!(render("{{ [query, none, 1.0] }}"), Ok("['q', None, 1.0]".into()));
    }
}
