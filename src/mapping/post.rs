//! Post-processing of single queries and finalizers over all of them. Both work on the text of finished queries.
//!
//! What they make of a query is the user's: nothing here promises that the result still means the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Serde;
use serde_json::Value as Json;

use super::conditions::{RuleCondition, View};
use super::format_string::FormatString;
use super::gate::{self, Gate};
use super::params::{Messages, Params, say};
use super::pipeline::{Pipeline, head, list, too_deep};
use super::python::Json as PythonJson;
use super::record::Mapped;
use super::regex::Replacement;
use super::template::{Failure, Purpose, Template};
use super::{Chain, instance};
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
    Simple(FormatString),
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

    /// The query after the step; `left` is how many bytes the steps may still write.
    fn apply(&self, query: String, view: &View<'_>, place: &Place<'_>, left: &mut usize) -> Result<String, Diagnostic> {
        if !self.gate.holds(|condition| condition.holds(view)) {
            return Ok(query);
        }
        let name = self.id.as_ref().unwrap_or(&self.label);
        let failed = |message: String| {
            Diagnostic::new(codes::MAPPING_TEMPLATE, format!("the post-processing `{name}` failed: {message}"))
        };
        let made = match &self.action {
            Action::Embed { prefix, suffix } => {
                let length = prefix.len() + query.len() + suffix.len();
                (length <= *left).then(|| format!("{prefix}{query}{suffix}"))
            }
            Action::Simple(format) => {
                let names: Vec<&str> = format.names().collect();
                let context = seen(|name| names.iter().any(|start| start.starts_with(name)), query, view, place);
                format.fill(&context, *left).map_err(failed)?
            }
            Action::Template(template) => {
                match template.render(seen(|name| template.sees(name), query, view, place), *left) {
                    Ok(text) => Some(text),
                    Err(Failure::TooLong) => None,
                    Err(Failure::Failed(message)) => return Err(failed(message)),
                }
            }
            Action::Json(value) => {
                let text = dumps(&query);
                let length = text.len().saturating_mul(slots(value));
                (length <= *left).then(|| embed(value, &query)).map(|value| dumps(&value))
            }
            Action::Replace { regex, by } => by.replace_all(regex, &query, *left),
            Action::Nest(steps) => {
                return steps.iter().try_fold(query, |query, step| step.apply(query, view, place, left));
            }
        };
        match made.map(|text| (left.checked_sub(text.len()), text)) {
            Some((Some(rest), text)) => {
                *left = rest;
                Ok(text)
            }
            _ => Err(too_long(&format!("the post-processing `{name}`"), MOST)),
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
                match FormatString::parse(&text) {
                    Ok(template) => Action::Simple(template),
                    Err(message) => {
                        say(params.messages, codes::MAPPING_TEMPLATE, message, span);
                        return None;
                    }
                }
            }
            "template" => Action::Template(Template::parse(Purpose::Query, params)?),
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

/// The most bytes that the steps write for a query.
const MOST: usize = 128 << 20;
/// The most bytes that a finalizer writes.
const MOST_FINAL: usize = 1 << 30;

fn too_long(what: &str, most: usize) -> Diagnostic {
    let message = format!("{what} makes the text longer than the {} MiB that there may be", most >> 20);
    Diagnostic::new(codes::MAPPING_TOO_LARGE, message)
}

/// JSON as Python writes it.
fn dumps(value: &impl serde::Serialize) -> String {
    PythonJson::default().dumps(&Value::from(Serde(value))).unwrap_or_default()
}

/// How often a value has the query.
fn slots(value: &Json) -> usize {
    match value {
        Json::String(text) => usize::from(text == "%QUERY%"),
        Json::Array(items) => items.iter().map(slots).sum(),
        Json::Object(map) => map.values().map(slots).sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
    }
}

/// Where a step or finalizer stands.
struct Place<'a> {
    chain: &'a Chain<'a>,
    pipeline: &'a Pipeline,
}

impl Place<'_> {
    /// The pipeline as templates see it.
    fn pipeline<const N: usize>(&self, more: [(&'static str, Value); N]) -> Value {
        let Pipeline { name, priority, .. } = self.pipeline;
        let backends: Vec<Value> = self.pipeline.allowed_backends().iter().map(|b| Value::from(b.as_ref())).collect();
        let own = [
            ("name", Value::from(name.as_ref())),
            ("priority", Value::from(*priority)),
            ("allowed_backends", backends.into()),
            ("vars", self.chain.vars()),
        ];
        own.into_iter().chain(more).collect::<BTreeMap<_, _>>().into()
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

/// What a template sees of a query: the parts that it names.
fn seen(sees: impl Fn(&str) -> bool, query: String, view: &View<'_>, place: &Place<'_>) -> Value {
    let mut out = BTreeMap::from([("query", Value::from(query))]);
    if sees("rule") {
        out.insert("rule", instance::rule(view.rule));
    }
    if sees("columns") {
        out.insert("columns", columns(view.rule).into_iter().map(Value::from).collect());
    }
    if sees("pipeline") {
        let ids: Vec<Value> = view.tracking.rule_ids().map(Value::from).collect();
        out.insert("pipeline", place.pipeline([("state", Serde(view.state).into()), ("applied_ids", ids.into())]));
    }
    out.into()
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

/// Applies the post-processing of those pipelines to the query of a rule that worked on it.
///
/// # Errors
/// Where a template fails.
pub(super) fn postprocess(
    chain: &Chain<'_>,
    query: String,
    rule: &Rule,
    mapped: &Mapped,
) -> Result<String, Diagnostic> {
    let view = View { rule, state: &mapped.record.state, tracking: &mapped.tracking };
    let mut left = MOST;
    let worked = chain.pipelines.iter().enumerate().filter(|(place, _)| !mapped.passed_over.contains(place));
    worked.map(|(_, pipeline)| pipeline).try_fold(query, |query, pipeline| {
        let place = Place { chain, pipeline };
        pipeline.steps.iter().try_fold(query, |query, step| step.apply(query, &view, &place, &mut left))
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
            "template" => Template::parse(Purpose::Queries, &mut params).map(Finalizer::Template),
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
    fn apply(&self, queries: Vec<String>, place: &Place<'_>) -> Result<String, Diagnostic> {
        let what = format!("a finalizer of `{}`", place.pipeline.name);
        let failed = |message: String| Diagnostic::new(codes::MAPPING_TEMPLATE, format!("{what} failed: {message}"));
        match self {
            Finalizer::Concat { separator, prefix, suffix } => {
                Ok(format!("{prefix}{}{suffix}", queries.join(separator)))
            }
            Finalizer::Json(indent) => {
                let layout = PythonJson { indent: *indent, ..PythonJson::default() };
                layout.dumps(&Value::from(queries)).map_err(failed)
            }
            Finalizer::Yaml => serde_yaml::to_string(&queries).map_err(|error| failed(error.to_string())),
            Finalizer::Template(template) => {
                let context = BTreeMap::from([("queries", Value::from(queries)), ("pipeline", place.pipeline([]))]);
                match template.render(context, MOST_FINAL) {
                    Ok(text) => Ok(text),
                    Err(Failure::TooLong) => Err(too_long(&what, MOST_FINAL)),
                    Err(Failure::Failed(message)) => Err(failed(message)),
                }
            }
            Finalizer::Nested(inner) => {
                let all = |queries, finalizer: &Finalizer| finalizer.apply(queries, place).map(|text| vec![text]);
                inner.iter().try_fold(queries, all).map(|texts| texts.concat())
            }
        }
    }
}

/// Applies the finalizers of pipelines; `None` where there are none.
///
/// # Errors
/// Where a template fails.
pub(super) fn finalize(chain: &Chain<'_>, queries: Vec<String>) -> Result<Option<String>, Diagnostic> {
    let mut finalizers = chain.pipelines.iter().flat_map(|p| p.finalizers.iter().map(move |f| (f, *p))).peekable();
    if finalizers.peek().is_none() {
        return Ok(None);
    }
    let texts = finalizers.try_fold(queries, |queries, (finalizer, pipeline)| {
        finalizer.apply(queries, &Place { chain, pipeline }).map(|text| vec![text])
    })?;
    Ok(Some(texts.concat()))
}
