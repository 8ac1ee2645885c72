//! A pipeline as its file has it: pySigma's format, with the extensions that begin with `sigmaglot_`.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Serialize;

use super::conditions::{FieldCondition, ItemCondition, RuleCondition};
use super::gate::{self, Gate};
use super::params::{Messages, Params, say, unknown};
use super::post::{Finalizer, Step};
use super::transformation::{self, PlaceholderSource, Transformation};
use crate::diagnostic::{Diagnostic, codes};
use crate::sigma;
use crate::sigma::yaml::{self, Node, Value};
use crate::source::Source;

/// The most nestings of `nest` and `nested`.
pub(super) const DEPTH: usize = 16;

/// The most mappings in the program that a pipeline includes.
const INCLUDES: usize = 64;

/// Keys of other programs' pipelines, with what they do and what does the same here.
const FOREIGN: &[(&str, &str, &str)] = &[
    (
        "sources",
        "brings in data from elsewhere while a rule is converted",
        "save the data: `file_placeholders` reads lists from files, `vars` holds values",
    ),
    (
        "include",
        "brings in other pipelines",
        "give the other pipeline with a `-p` of its own; `sigmaglot_include` brings in a mapping of the program",
    ),
];

/// A processing pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its name; the file's where it gives none.
    pub name: Arc<str>,
    /// The product whose events it describes, where it says so.
    pub product: Option<Product>,
    /// Pipelines are applied in ascending order.
    pub priority: i64,
    /// The targets it is for, in pySigma's words; empty for all.
    allowed: Vec<Arc<str>>,
    /// The variables.
    pub(super) vars: IndexMap<Arc<str>, serde_json::Value>,
    pub(super) items: Vec<Item>,
    pub(super) steps: Vec<Step>,
    pub(super) finalizers: Vec<Finalizer>,
}

/// Which product a mapping describes, and in which versions: `sigmaglot_product`. For readers; nothing is decided by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Product {
    /// Its name.
    pub name: Arc<str>,
    /// The versions for which the mapping is right.
    pub versions: Arc<str>,
    /// Where that was looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<str>>,
}

impl Product {
    fn parse(params: &mut Params<'_, '_, '_>) -> Option<Product> {
        let node = params.node("sigmaglot_product")?;
        let mut map = Params::open(node, "`sigmaglot_product`", params.messages)?;
        let (name, versions, source) = (map.required("name"), map.required("versions"), map.text("source"));
        map.finish();
        Some(Product { name: name?, versions: versions?, source })
    }
}

/// An item of `transformations`.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// The id.
    pub id: Option<Arc<str>>,
    /// How messages and records name it: the id, else its place in the list, counted from 1.
    pub label: Arc<str>,
    /// The type as written.
    pub kind: Arc<str>,
    pub transformation: Transformation,
    pub rule: Gate<RuleCondition>,
    pub item: Gate<ItemCondition>,
    pub field: Gate<FieldCondition>,
}

impl Pipeline {
    /// Reads a pipeline. There is none exactly where a diagnostic is an error; places are in `source`.
    pub fn parse(source: &Source) -> (Option<Pipeline>, Vec<Diagnostic>) {
        Self::parse_within(source, 0)
    }

    /// Reads a pipeline whose items are nested so deep already.
    fn parse_within(source: &Source, depth: usize) -> (Option<Pipeline>, Messages) {
        let (nodes, said) = yaml::read(source);
        // Notes on YAML 1.1 are for rules; a pipeline's own complaints say more.
        let mut messages: Messages = said.into_iter().filter(Diagnostic::is_error).collect();
        messages.iter_mut().for_each(|d| d.help.clear()); // the ways out are those of rules
        if let Some(node) = nodes.first().filter(|node| includes(node) > INCLUDES) {
            let message = format!("the pipeline includes more than {INCLUDES} mappings");
            say(&mut messages, codes::MAPPING_TOO_LARGE, message, node.span);
            return (None, messages);
        }
        let pipeline = match nodes.as_slice() {
            [node] => Self::read(node, source, depth, &mut messages),
            [] if messages.iter().any(Diagnostic::is_error) => None,
            [] => {
                messages.push(Diagnostic::new(codes::MAPPING_VALUE, "the file holds no pipeline"));
                None
            }
            [_, second, ..] => {
                let message = "a pipeline's file holds one document, here a second one begins";
                say(&mut messages, codes::MAPPING_VALUE, message, second.span);
                None
            }
        };
        messages.sort_by_key(|d| d.span.map_or(0, |span| span.start));
        (pipeline.filter(|_| !messages.iter().any(Diagnostic::is_error)), messages)
    }

    fn read(node: &Node<'_>, source: &Source, depth: usize, messages: &mut Messages) -> Option<Pipeline> {
        let mut params = Params::open(node, "a pipeline", messages)?;
        let name = params.text("name").unwrap_or_else(|| source.name().clone());
        let product = Product::parse(&mut params);
        let priority = params.integer("priority", i64::MIN.into(), i64::MAX.into());
        let allowed = params.texts("allowed_backends").unwrap_or_default();
        let vars = vars(&mut params);
        let items = list(&mut params, "transformations", |node, i, messages| Item::parse(node, i, messages, depth));
        let steps = list(&mut params, "postprocessing", |node, i, messages| Step::parse(node, i, messages, 0));
        let finalizers = list(&mut params, "finalizers", |node, _, messages| Finalizer::parse(node, messages, 0));
        params.flag("allow_external_sources"); // whoever names the pipeline allows its files
        for (key, what, help) in FOREIGN {
            if let Some(node) = params.present(key) {
                let message = format!("`{key}` is an extension of rsigma's pipelines: it {what}");
                params.messages.push(Diagnostic::new(codes::MAPPING_FOREIGN, message).at(node.span).help(*help));
            }
        }
        params.finish();
        let priority = priority.and_then(|n| i64::try_from(n).ok()).unwrap_or(0);
        Some(Pipeline { name, product, priority, allowed, vars, items, steps, finalizers })
    }

    /// Whether the pipeline is for this target; `sql:duckdb` and the like are SQL too.
    pub fn is_for(&self, target: &str) -> bool {
        self.allowed.is_empty() || self.allowed.iter().any(|backend| speaks(backend, target))
    }

    /// The back ends that the pipeline names, for messages.
    pub fn allowed_backends(&self) -> &[Arc<str>] {
        &self.allowed
    }

    /// The files that `file_placeholders` reads, as the pipeline names them; the caller hands their texts in.
    pub fn files(&self) -> Vec<Arc<str>> {
        fn walk(items: &[Item], out: &mut Vec<Arc<str>>) {
            for item in items {
                match &item.transformation {
                    Transformation::Placeholders { source: PlaceholderSource::File(list), .. } => {
                        out.push(list.path.clone());
                    }
                    Transformation::Nest(items) => walk(items, out),
                    _ => {}
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.items, &mut out);
        out
    }
}

/// How many mappings a pipeline includes.
fn includes(node: &Node<'_>) -> usize {
    match &node.value {
        Value::List(nodes) => nodes.iter().map(includes).sum(),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| match &entry.value.value {
                Value::Scalar(scalar) => usize::from(scalar.text == "sigmaglot_include"),
                _ => includes(&entry.value),
            })
            .sum(),
        Value::Scalar(_) => 0,
    }
}

/// Whether a back end of pySigma writes the language of a target.
fn speaks(backend: &str, target: &str) -> bool {
    let (room, dialect) = target.split_once(':').unwrap_or((target, ""));
    match backend {
        "eql" | "elasticsearch" => room == "eql",
        "kusto" | "kql" | "microsoft365defender" | "azuremonitor" | "sentinelasim" => room == "kql",
        "splunk" | "spl" => room == "spl",
        "sqlite" => room == "sql" && matches!(dialect, "" | "sqlite"),
        "postgres" | "postgresql" => target == "sql:postgres",
        "databricks" => target == "sql:spark",
        other => other == target || other == room,
    }
}

fn vars(params: &mut Params<'_, '_, '_>) -> IndexMap<Arc<str>, serde_json::Value> {
    let Some(node) = params.node("vars") else { return IndexMap::new() };
    let Value::Map(entries) = &node.value else {
        params.wrong("vars", "a map of names to values", node);
        return IndexMap::new();
    };
    entries.iter().map(|entry| (entry.key.text.as_ref().into(), sigma::json(&entry.value))).collect()
}

/// The list under a key, each element read with its place in the list from 1.
pub(super) fn list<T>(
    params: &mut Params<'_, '_, '_>,
    key: &'static str,
    read: impl Fn(&Node<'_>, usize, &mut Messages) -> Option<T>,
) -> Vec<T> {
    match params.node(key).map(|node| (&node.value, node)) {
        None => Vec::new(),
        Some((Value::List(nodes), _)) => {
            nodes.iter().enumerate().filter_map(|(i, node)| read(node, i + 1, params.messages)).collect()
        }
        Some((_, node)) => {
            params.wrong(key, "a list", node);
            Vec::new()
        }
    }
}

/// The items of a `nest`.
pub(super) fn nested(params: &mut Params<'_, '_, '_>, depth: usize) -> Option<Vec<Item>> {
    if params.node("items").is_none() {
        params.missing("items");
        return None;
    }
    Some(list(params, "items", |node, i, messages| Item::parse(node, i, messages, depth + 1)))
}

/// The items of a pipeline that another one includes. What works on the text of queries, and the variables for it, cannot be
/// taken along.
pub(super) fn included(source: &Source, depth: usize) -> (Option<Vec<Item>>, Messages) {
    let (pipeline, mut said) = Pipeline::parse_within(source, depth + 1);
    let plain = |p: &Pipeline| p.steps.is_empty() && p.finalizers.is_empty() && p.vars.is_empty();
    if pipeline.as_ref().is_some_and(|pipeline| !plain(pipeline)) {
        said.push(Diagnostic::new(codes::MAPPING_VALUE, "it works on the text of queries, too"));
    }
    (pipeline.filter(plain).map(|pipeline| pipeline.items), said)
}

/// The type of an item as written, its id, and how messages name it.
pub(super) type Head = (Arc<str>, Option<Arc<str>>, Arc<str>);

/// The type of an item, its id, and how it is called in messages.
pub(super) fn head(params: &mut Params<'_, '_, '_>, what: &str, index: usize, known: &[&str]) -> Option<Head> {
    let id = params.text("id");
    let kind = params.required("type")?;
    if !known.contains(&kind.as_ref()) {
        let span = params.node("type").map_or(params.span, |node| node.span);
        unknown(params.messages, codes::MAPPING_TYPE, what, &kind, span, known);
        return None;
    }
    params.rename(format!("the {what} `{kind}`"));
    let label = id.clone().unwrap_or_else(|| format!("#{index}").into());
    Some((kind, id, label))
}

/// Whether items are nested deeper than is read; then says so.
pub(super) fn too_deep(node: &Node<'_>, depth: usize, messages: &mut Messages) -> bool {
    if depth > DEPTH {
        say(messages, codes::MAPPING_VALUE, format!("items are nested more than {DEPTH} deep"), node.span);
    }
    depth > DEPTH
}

impl Item {
    fn parse(node: &Node<'_>, index: usize, messages: &mut Messages, depth: usize) -> Option<Item> {
        if too_deep(node, depth, messages) {
            return None;
        }
        let mut params = Params::open(node, "an item of `transformations`", messages)?;
        let (kind, id, label) = head(&mut params, "transformation", index, transformation::TYPES)?;
        let rule = Gate::parse(&gate::RULE, &mut params, RuleCondition::parse);
        let item = Gate::parse(&gate::ITEM, &mut params, ItemCondition::parse);
        let field = Gate::parse(&gate::FIELD, &mut params, FieldCondition::parse);
        let before = params.messages.len();
        let transformation = transformation::parse(&kind, &mut params, depth);
        // A refused transformation has no parameters to complain of.
        if !params.messages.iter().skip(before).any(|said| said.code == codes::MAPPING_REFUSED) {
            params.finish();
        }
        Some(Item { id, label, kind, transformation: transformation?, rule, item, field })
    }
}
