//! Post-processing of single queries and finalizers over all of them. Both work on the text of finished queries.
//!
//! What they make of a query is the user's: nothing here promises that the result still means the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Serde;
use serde_json::{Value as Json, json};

use super::conditions::{RuleCondition, View};
use super::gate::{self, Gate};
use super::params::{Messages, Params, say};
use super::pipeline::{Pipeline, head, list, too_deep};
use super::record::Mapped;
use super::regex::Replacement;
use super::template::{Simple, Template};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Rule, Subject, Test};
use crate::sigma::yaml::Node;

/// An item of `postprocessing`.
#[derive(Debug, Clone)]
pub(super) struct Step {
    id: Option<Arc<str>>,
    label: Arc<str>,
    gate: Gate<RuleCondition>,
    action: Action,
}

#[derive(Debug, Clone)]
enum Action {
    Embed { prefix: Arc<str>, suffix: Arc<str> },
    Simple(Simple),
    Template(Template),
    Json(Json),
    Replace { regex: ::regex::Regex, by: Replacement },
    Nest(Vec<Step>),
}

const ACTIONS: &[&str] = &["embed", "simple_template", "template", "json", "replace", "nest"];

impl Step {
    /// Reads an item.
    pub fn parse(node: &Node<'_>, index: usize, messages: &mut Messages, depth: usize) -> Option<Step> {
        if too_deep(node, depth, messages) {
            return None;
        }
        let mut params = Params::open(node, "an item of `postprocessing`", messages)?;
        let (kind, id, label) = head(&mut params, "post-processing", index, ACTIONS)?;
        let gate = Gate::parse(&gate::RULE, &mut params, RuleCondition::parse);
        let action = Action::parse(&kind, &mut params, depth);
        params.finish();
        Some(Step { id, label, gate, action: action? })
    }

    fn apply(&self, query: String, view: &View<'_>, pipeline: &Pipeline) -> Result<String, Diagnostic> {
        if !self.gate.holds(|condition| condition.holds(view)) {
            return Ok(query);
        }
        let failed = |message: String| {
            let name = self.id.as_ref().unwrap_or(&self.label);
            Diagnostic::new(codes::MAPPING_TEMPLATE, format!("the post-processing `{name}` failed: {message}"))
        };
        match &self.action {
            Action::Embed { prefix, suffix } => Ok(format!("{prefix}{query}{suffix}")),
            Action::Simple(template) => template.fill(&context(query, view, pipeline)).map_err(failed),
            Action::Template(template) => template.render(seen(template, query, view, pipeline)).map_err(failed),
            Action::Json(value) => Ok(embed(value, &query).to_string()),
            Action::Replace { regex, by } => Ok(by.replace_all(regex, &query)),
            Action::Nest(steps) => steps.iter().try_fold(query, |query, step| step.apply(query, view, pipeline)),
        }
    }
}

impl Action {
    fn parse(kind: &str, params: &mut Params<'_, '_, '_>, depth: usize) -> Option<Action> {
        Some(match kind {
            "embed" => Action::Embed {
                prefix: params.text("prefix").unwrap_or_default(),
                suffix: params.text("suffix").unwrap_or_default(),
            },
            "simple_template" => {
                let text = params.required("template")?;
                let span = params.node("template").map_or(params.span, |node| node.span);
                match Simple::parse(&text) {
                    Ok(template) => Action::Simple(template),
                    Err(message) => {
                        say(params.messages, codes::MAPPING_TEMPLATE, message, span);
                        return None;
                    }
                }
            }
            "template" => Action::Template(Template::parse(params)?),
            "json" => {
                let text = params.required("json_template")?;
                let span = params.node("json_template").map_or(params.span, |node| node.span);
                match serde_json::from_str(&text) {
                    Ok(value) => Action::Json(value),
                    Err(error) => {
                        let message = format!("`json_template` is no JSON: {error}");
                        say(params.messages, codes::MAPPING_TEMPLATE, message, span);
                        return None;
                    }
                }
            }
            "replace" => {
                let (regex, text) = (params.regex("pattern"), params.required("replacement"));
                let (regex, text) = (regex?, text?);
                match Replacement::parse(&text, &regex) {
                    Ok(by) => Action::Replace { regex, by },
                    Err(message) => {
                        let span = params.node("replacement").map_or(params.span, |node| node.span);
                        say(params.messages, codes::MAPPING_REGEX, message, span);
                        return None;
                    }
                }
            }
            _ => {
                if params.node("items").is_none() {
                    params.missing("items");
                }
                Action::Nest(list(params, "items", |node, i, messages| Step::parse(node, i, messages, depth + 1)))
            }
        })
    }
}

/// The value with the query for every text that is `%QUERY%`.
fn embed(value: &Json, query: &str) -> Json {
    match value {
        Json::String(text) if text == "%QUERY%" => Json::String(query.to_owned()),
        Json::Array(items) => items.iter().map(|item| embed(item, query)).collect(),
        Json::Object(map) => Json::Object(map.iter().map(|(key, v)| (key.clone(), embed(v, query))).collect()),
        other => other.clone(),
    }
}

/// What a Jinja template sees of [`context`]: the parts that it names.
fn seen(template: &Template, query: String, view: &View<'_>, pipeline: &Pipeline) -> BTreeMap<&'static str, Value> {
    let mut out = BTreeMap::from([("query", Value::from(query))]);
    if template.sees("rule") {
        out.insert("rule", Serde(rule(view.rule)).into());
    }
    if template.sees("columns") {
        out.insert("columns", columns(view.rule).into_iter().map(Value::from).collect());
    }
    if template.sees("pipeline") {
        let parts = BTreeMap::from([
            ("name", Value::from(pipeline.name.as_ref())),
            ("state", Serde(view.state).into()),
            ("vars", template.vars(&pipeline.vars)),
        ]);
        out.insert("pipeline", parts.into());
    }
    out
}

/// What format strings see of a query.
fn context(query: String, view: &View<'_>, pipeline: &Pipeline) -> Json {
    json!({
        "query": query,
        "rule": rule(view.rule),
        "columns": columns(view.rule),
        "pipeline": { "name": pipeline.name, "state": view.state, "vars": pipeline.vars },
    })
}

/// The names of the fields that the mapped rule tests, so that a query can compute those that its table does not have.
fn columns(rule: &Rule) -> BTreeSet<&str> {
    let mut out = BTreeSet::new();
    rule.condition.for_each_predicate(&mut |predicate, _| {
        if let Subject::Field(field) = &predicate.subject {
            out.insert(field.name.as_ref());
        }
        if let Test::FieldPattern { other, .. } = &predicate.test {
            out.insert(other.name.as_ref());
        }
    });
    out
}

fn rule(rule: &Rule) -> Json {
    let meta = &rule.meta;
    json!({
        "title": meta.title,
        "id": meta.id,
        "name": meta.name,
        "description": meta.description,
        "author": meta.author,
        "license": meta.license,
        "status": meta.status,
        "level": meta.level,
        "date": meta.date,
        "modified": meta.modified,
        "tags": meta.tags,
        "references": meta.references,
        "fields": meta.fields,
        "falsepositives": meta.falsepositives,
        "scope": meta.scope,
        "logsource": {
            "category": rule.logsource.category,
            "product": rule.logsource.product,
            "service": rule.logsource.service,
        },
        "custom_attributes": meta.custom,
    })
}

/// Applies the post-processing of those pipelines to the query of a rule that worked on it.
///
/// # Errors
/// Where a template fails.
pub(super) fn postprocess(
    pipelines: &[&Pipeline],
    query: String,
    rule: &Rule,
    mapped: &Mapped,
) -> Result<String, Diagnostic> {
    let view = View { rule, state: &mapped.record.state, tracking: &mapped.tracking };
    let worked = pipelines.iter().enumerate().filter(|(place, _)| !mapped.passed_over.contains(place));
    worked.map(|(_, pipeline)| pipeline).try_fold(query, |query, pipeline| {
        pipeline.steps.iter().try_fold(query, |query, step| step.apply(query, &view, pipeline))
    })
}

/// A finalizer.
#[derive(Debug, Clone)]
pub(super) enum Finalizer {
    Concat { separator: Arc<str>, prefix: Arc<str>, suffix: Arc<str> },
    Json(Option<usize>),
    Yaml,
    Template(Template),
    Nested(Vec<Finalizer>),
}

const FINALIZERS: &[&str] = &["concat", "json", "yaml", "template", "nested"];

impl Finalizer {
    /// Reads a finalizer.
    pub fn parse(node: &Node<'_>, messages: &mut Messages, depth: usize) -> Option<Finalizer> {
        if too_deep(node, depth, messages) {
            return None;
        }
        let mut params = Params::open(node, "a finalizer", messages)?;
        let (kind, ..) = head(&mut params, "finalizer", 0, FINALIZERS)?;
        let out = match kind.as_ref() {
            "concat" => Some(Finalizer::Concat {
                separator: params.text("separator").unwrap_or_else(|| "\n".into()),
                prefix: params.text("prefix").unwrap_or_default(),
                suffix: params.text("suffix").unwrap_or_default(),
            }),
            "json" => Some(Finalizer::Json(params.integer("indent", 0, 16).and_then(|n| usize::try_from(n).ok()))),
            "yaml" => {
                params.integer("indent", 0, 16); // a list of texts has nothing to indent
                Some(Finalizer::Yaml)
            }
            "template" => Template::parse(&mut params).map(Finalizer::Template),
            _ => {
                if params.node("finalizers").is_none() {
                    params.missing("finalizers");
                }
                let inner = |node: &Node<'_>, _, messages: &mut Messages| Finalizer::parse(node, messages, depth + 1);
                Some(Finalizer::Nested(list(&mut params, "finalizers", inner)))
            }
        };
        params.finish();
        out
    }

    /// One text for all queries.
    fn apply(&self, queries: Vec<String>, pipeline: &Pipeline) -> Result<String, Diagnostic> {
        let failed = |message: String| {
            Diagnostic::new(codes::MAPPING_TEMPLATE, format!("a finalizer of `{}` failed: {message}", pipeline.name))
        };
        match self {
            Finalizer::Concat { separator, prefix, suffix } => {
                Ok(format!("{prefix}{}{suffix}", queries.join(separator)))
            }
            Finalizer::Json(None) => Ok(Json::from(queries).to_string()),
            Finalizer::Json(Some(indent)) => indented(&queries, *indent).map_err(|error| failed(error.to_string())),
            Finalizer::Yaml => serde_yaml::to_string(&queries).map_err(|error| failed(error.to_string())),
            Finalizer::Template(template) => {
                let pipeline = json!({ "name": pipeline.name, "vars": pipeline.vars });
                template.render(Serde(json!({ "queries": queries, "pipeline": pipeline }))).map_err(failed)
            }
            Finalizer::Nested(inner) => {
                let all = |queries, finalizer: &Finalizer| finalizer.apply(queries, pipeline).map(|text| vec![text]);
                inner.iter().try_fold(queries, all).map(|texts| texts.concat())
            }
        }
    }
}

fn indented(queries: &[String], indent: usize) -> Result<String, serde_json::Error> {
    let indent = " ".repeat(indent);
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    serde::Serialize::serialize(queries, &mut serde_json::Serializer::with_formatter(&mut out, formatter))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Applies the finalizers of pipelines; `None` where there are none.
///
/// # Errors
/// Where a template fails.
pub(super) fn finalize(pipelines: &[&Pipeline], queries: Vec<String>) -> Result<Option<String>, Diagnostic> {
    let mut finalizers = pipelines.iter().flat_map(|p| p.finalizers.iter().map(move |f| (f, *p))).peekable();
    if finalizers.peek().is_none() {
        return Ok(None);
    }
    let texts = finalizers.try_fold(queries, |queries, (finalizer, pipeline)| {
        finalizer.apply(queries, pipeline).map(|text| vec![text])
    })?;
    Ok(Some(texts.concat()))
}
