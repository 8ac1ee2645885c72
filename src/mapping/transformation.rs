//! The transformations of pipelines as data, and their reading.
//!
//! What they do to a rule is in `apply`. Those that would reach outside the program are refused here, with the reason.

use std::sync::Arc;

use indexmap::IndexMap;

use super::builtin;
use super::last_part::LastParts;
use super::params::{Literal, Messages, Names, Params, say, unknown};
use super::pipeline::{self, Item};
use super::schema::Schema;
use super::split::{Division, Lost, Part};
use super::tables::Tables;
use super::values::{self, Change, Letters};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{FieldType, Logsource, TableShape};
use crate::sigma;
use crate::sigma::detection::Detection;
use crate::sigma::yaml::{Node, Value};
use crate::source::Source;

/// A transformation with its parameters.
#[derive(Debug, Clone)]
pub(super) enum Transformation {
    Names(Renaming),
    DropItem,
    Hashes {
        algorithms: Vec<Arc<str>>,
        prefix: Arc<str>,
        drop_algorithm: bool,
        fields: Vec<Arc<str>>,
    },
    Extract {
        regex: ::regex::Regex,
        prefix: Arc<str>,
        keep: bool,
    },
    Values(Change),
    Placeholders {
        select: Selection,
        source: PlaceholderSource,
    },
    AddCondition {
        detection: Box<Detection>,
        template: bool,
        negated: bool,
    },
    ChangeLogsource(Logsource),
    Fields(FieldList),
    SetState {
        key: Arc<str>,
        value: serde_json::Value,
    },
    SetAttribute {
        name: Arc<str>,
        value: serde_json::Value,
    },
    FailRule(Arc<str>),
    FailItem(Arc<str>),
    FailUnmapped,
    /// A field with several values, which the product keeps in a column each.
    Spread {
        field: Arc<str>,
        columns: Vec<Arc<str>>,
    },
    /// Of the items that the conditions select, what is doubtful of them.
    Warn(Arc<str>),
    Nest(Vec<Item>),
    Types(Arc<Columns>),
    /// The columns of the product's tables.
    Schema(Schema),
    Tables(Tables),
    Shape(TableShape),
    Split(Division),
    LastParts(LastParts),
}

impl Transformation {
    /// Whether it works on the parts of a rule that its conditions select, and so may find nothing to do.
    pub fn is_selective(&self) -> bool {
        !matches!(
            self,
            Self::AddCondition { .. }
                | Self::ChangeLogsource(_)
                | Self::Fields(_)
                | Self::SetState { .. }
                | Self::SetAttribute { .. }
                | Self::FailRule(_)
                | Self::Nest(_)
                | Self::Types(_)
                | Self::Schema(_)
                | Self::Tables(_)
                | Self::Shape(_)
        )
    }
}

/// The columns of a table with what `sigmaglot_types` says of them.
pub(super) type Columns = IndexMap<Arc<str>, ColumnType>;

/// What `sigmaglot_types` says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ColumnType {
    /// It has this type.
    Known(FieldType),
    /// The target's language cannot ask for it, for this reason.
    Unqueryable(Arc<str>),
    /// No event of the product has it, for this reason.
    Missing(Arc<str>),
}

/// A change of the names of fields.
#[derive(Debug, Clone)]
pub(super) enum Renaming {
    Map(Names),
    PrefixMap(Names),
    Function { mapping: Names, letters: Letters, keywords: bool },
    Prefix(Arc<str>),
    Suffix(Arc<str>),
}

impl Renaming {
    /// The new names of a field; `None` leaves it. A keyword has no name.
    pub fn of(&self, name: Option<&Arc<str>>) -> Option<Vec<Arc<str>>> {
        match (self, name) {
            (Renaming::Map(names), name) => names.get(&name.cloned()).cloned(),
            (Renaming::Function { mapping, letters, keywords }, name) if name.is_some() || *keywords => {
                let mapped = mapping.get(&name.cloned()).cloned();
                mapped.or_else(|| Some(vec![values::with_case(*letters, name?, &mut None).into()]))
            }
            (_, None) | (Renaming::Function { .. }, _) => None,
            (Renaming::PrefixMap(names), Some(name)) => names.iter().find_map(|(prefix, new)| {
                let rest = name.strip_prefix(prefix.as_deref()?)?;
                Some(new.iter().map(|new| format!("{new}{rest}").into()).collect())
            }),
            (Renaming::Prefix(prefix), Some(name)) => Some(vec![format!("{prefix}{name}").into()]),
            (Renaming::Suffix(suffix), Some(name)) => Some(vec![format!("{name}{suffix}").into()]),
        }
    }
}

/// Which placeholders a transformation is for.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    include: Option<Vec<Arc<str>>>,
    exclude: Option<Vec<Arc<str>>>,
}

impl Selection {
    /// Whether it is for this one.
    pub fn has(&self, name: &Arc<str>) -> bool {
        self.include.as_ref().is_none_or(|names| names.contains(name))
            && !self.exclude.as_ref().is_some_and(|names| names.contains(name))
    }
}

/// Where the values of placeholders come from.
#[derive(Debug, Clone)]
pub(super) enum PlaceholderSource {
    /// Any text.
    Wildcard,
    /// The pipeline's variables.
    Vars,
    /// A file that the caller reads.
    File(super::lists::List),
}

/// A change of the rule's list of fields worth showing.
#[derive(Debug, Clone)]
pub(super) enum FieldList {
    Add(Vec<Arc<str>>),
    Remove(Vec<Arc<str>>),
    Set(Vec<Arc<str>>),
}

/// All types in the order of the documentation; ours are the last.
pub(super) const TYPES: &[&str] = &[
    "field_name_mapping",
    "field_name_prefix_mapping",
    "field_name_transform",
    "drop_detection_item",
    "hashes_fields",
    "extract_fields",
    "field_name_suffix",
    "field_name_prefix",
    "wildcard_placeholders",
    "value_placeholders",
    "query_expression_placeholders",
    "file_placeholders",
    "http_placeholders",
    "command_placeholders",
    "add_condition",
    "change_logsource",
    "add_field",
    "remove_field",
    "set_field",
    "replace_string",
    "map_string",
    "set_state",
    "regex",
    "set_value",
    "convert_type",
    "rule_failure",
    "detection_item_failure",
    "strict_field_mapping_failure",
    "set_custom_attribute",
    "nest",
    "case",
    "sigmaglot_types",
    "sigmaglot_schema",
    "sigmaglot_warning",
    "sigmaglot_spread",
    "sigmaglot_names",
    "sigmaglot_tables",
    "sigmaglot_split",
    "sigmaglot_shape",
    "sigmaglot_include",
    "sigmaglot_values",
    "sigmaglot_prefixes",
    "sigmaglot_registry_data",
    "sigmaglot_encoding",
    "sigmaglot_spellings",
];

/// Reads the transformation of this type from an item; `depth` counts nestings.
pub(super) fn parse(kind: &str, params: &mut Params<'_, '_, '_>, depth: usize) -> Option<Transformation> {
    Some(match kind {
        "field_name_mapping" => Transformation::Names(Renaming::Map(params.names("mapping")?)),
        "field_name_prefix_mapping" => Transformation::Names(Renaming::PrefixMap(params.names("mapping")?)),
        "field_name_transform" => return function(params),
        "field_name_suffix" => Transformation::Names(Renaming::Suffix(params.required("suffix")?)),
        "field_name_prefix" => Transformation::Names(Renaming::Prefix(params.required("prefix")?)),
        "drop_detection_item" => Transformation::DropItem,
        "hashes_fields" => return hashes(params),
        "extract_fields" => {
            let (regex, prefix) = (params.regex("regex"), params.text("field_prefix"));
            let keep = params.flag("preserve_unmatched");
            Transformation::Extract { regex: regex?, prefix: prefix.unwrap_or_default(), keep }
        }
        "wildcard_placeholders" | "value_placeholders" | "file_placeholders" => return placeholders(kind, params),
        "http_placeholders" | "command_placeholders" | "query_expression_placeholders" => return refuse(kind, params),
        "add_condition" => return add_condition(params),
        "change_logsource" => Transformation::ChangeLogsource(super::conditions::read_logsource(params)),
        "add_field" => Transformation::Fields(FieldList::Add(params.required_texts("field")?)),
        "remove_field" => Transformation::Fields(FieldList::Remove(params.required_texts("field")?)),
        "set_field" => Transformation::Fields(FieldList::Set(params.required_texts("fields")?)),
        "set_state" => {
            let word = params.either("val", "value"); // rsigma calls it `value`
            let (key, value) = (params.required("key"), json(params, word));
            Transformation::SetState { key: key?, value: value? }
        }
        "set_custom_attribute" => {
            let (name, value) = (params.required("attribute"), json(params, "value"));
            Transformation::SetAttribute { name: name?, value: value? }
        }
        "rule_failure" => Transformation::FailRule(params.required("message")?),
        "detection_item_failure" => Transformation::FailItem(params.required("message")?),
        "strict_field_mapping_failure" => Transformation::FailUnmapped,
        "nest" => Transformation::Nest(pipeline::nested(params, depth)?),
        "sigmaglot_types" => Transformation::Types(Arc::new(columns(params, "types")?)),
        "sigmaglot_schema" => Transformation::Schema(Schema::named(params)?),
        "sigmaglot_names" => return last_parts(params),
        "sigmaglot_spread" => {
            let (field, columns) = (params.required("field"), params.required_texts("columns"));
            Transformation::Spread { field: field?, columns: columns? }
        }
        "sigmaglot_warning" => Transformation::Warn(params.required("message")?),
        "sigmaglot_tables" => Transformation::Tables(Tables::parse(params)?),
        "sigmaglot_split" => return split(params),
        "sigmaglot_shape" => Transformation::Shape(shape(params)?),
        "sigmaglot_include" => Transformation::Nest(include(params, depth)?),
        value => Transformation::Values(Change::parse(value, params)?),
    })
}

fn json(params: &mut Params<'_, '_, '_>, key: &'static str) -> Option<serde_json::Value> {
    match params.present(key) {
        Some(node) => Some(sigma::json(node)),
        None => {
            params.missing(key);
            None
        }
    }
}

fn function(params: &mut Params<'_, '_, '_>) -> Option<Transformation> {
    let mapping = if params.node("mapping").is_some() { params.names("mapping")? } else { Names::new() };
    let keywords = params.flag("apply_keyword");
    if params.node("transform_func").is_none() {
        params.missing("transform_func");
        return None;
    }
    let before = params.messages.len();
    let letters = params.choice("transform_func", values::LETTERS, Letters::Lower);
    if let Some(last) = params.messages.get_mut(before) {
        // Elsewhere this is a function of Python.
        last.code = codes::MAPPING_REFUSED;
        last.help.push("a pipeline cannot bring program code; these functions are built in".into());
    }
    Some(Transformation::Names(Renaming::Function { mapping, letters, keywords }))
}

fn hashes(params: &mut Params<'_, '_, '_>) -> Option<Transformation> {
    let algorithms = params.required_texts("valid_hash_algos");
    let prefix = params.text("field_prefix").unwrap_or_default();
    let drop_algorithm = params.flag("drop_algo_prefix");
    let fields = params.texts("field_to_parse").unwrap_or_else(|| vec!["Hashes".into(), "Hash".into()]);
    let algorithms = algorithms?;
    Some(Transformation::Hashes { algorithms, prefix, drop_algorithm, fields })
}

fn selection(params: &mut Params<'_, '_, '_>) -> Selection {
    Selection { include: params.texts("include"), exclude: params.texts("exclude") }
}

fn placeholders(kind: &str, params: &mut Params<'_, '_, '_>) -> Option<Transformation> {
    let select = selection(params);
    let source = match kind {
        "wildcard_placeholders" => PlaceholderSource::Wildcard,
        "value_placeholders" => PlaceholderSource::Vars,
        _ => PlaceholderSource::File(super::lists::List::parse(params)?),
    };
    Some(Transformation::Placeholders { select, source })
}

/// What cannot be: code and data from outside, and query text that nobody can check.
fn refuse(kind: &str, params: &mut Params<'_, '_, '_>) -> Option<Transformation> {
    let (why, help) = match kind {
        "http_placeholders" => (
            "a conversion that asks the network gives another query tomorrow",
            "save the list and use `file_placeholders`",
        ),
        "command_placeholders" => {
            ("a pipeline must not run programs", "save the program's output and use `file_placeholders`")
        }
        _ => (
            "it puts text into the query that nothing can check against the rule",
            "give the placeholder its values with `value_placeholders` or `file_placeholders`",
        ),
    };
    let span = params.node("type").map_or(params.span, |node| node.span);
    let message = format!("`{kind}` is refused: {why}");
    params.messages.push(Diagnostic::new(codes::MAPPING_REFUSED, message).at(span).help(help));
    None
}

fn add_condition(params: &mut Params<'_, '_, '_>) -> Option<Transformation> {
    params.text("name"); // searches of a mapping have no name that a rule could use
    params.flag("prepend"); // the order of conditions means nothing
    let (template, negated) = (params.flag("template"), params.flag("negated"));
    let Some(node) = params.node("conditions") else {
        params.missing("conditions");
        return None;
    };
    let detection = detection(node, params.messages)?;
    Some(Transformation::AddCondition { detection: Box::new(detection), template, negated })
}

/// The items of a mapping in the program.
fn include(params: &mut Params<'_, '_, '_>, depth: usize) -> Option<Vec<Item>> {
    let name = params.required("mapping")?;
    let span = params.node("mapping").map_or(params.span, |node| node.span);
    let Some(text) = builtin::get(&name) else {
        let known = builtin::names();
        unknown(params.messages, codes::MAPPING_VALUE, "mapping in the program", &name, span, &known);
        return None;
    };
    let (items, said) = pipeline::included(&Source::new(&*name, text), depth);
    if items.is_none() {
        let why = said.first().map_or_else(String::new, |first| format!(": {}", first.message));
        say(params.messages, codes::MAPPING_VALUE, format!("the mapping `{name}` cannot be included{why}"), span);
    }
    items
}

/// Reads the map of a search, with the complaints of the front end.
pub(super) fn detection(node: &Node<'_>, messages: &mut Messages) -> Option<Detection> {
    let (detection, mut said) = sigma::search(node);
    if !said.iter().any(Diagnostic::is_error) {
        // A template's text may mean something else once it is filled in; errors of values show only when lowered.
        said.extend(sigma::lower_search(&detection).1);
    }
    let sound = !said.iter().any(Diagnostic::is_error);
    messages.extend(said.into_iter().filter(Diagnostic::is_error));
    sound.then_some(detection)
}

/// The words of `sigmaglot_types`.
const FIELD_TYPES: &[(&str, FieldType)] = &[
    ("text", FieldType::Text),
    ("integer", FieldType::Integer),
    ("real", FieldType::Real),
    ("boolean", FieldType::Boolean),
    ("ip", FieldType::Ip),
    ("time", FieldType::Time),
    ("dynamic", FieldType::Dynamic),
    ("inet", FieldType::Inet),
    ("ipv4", FieldType::Inet4),
    ("ipv6", FieldType::Inet6),
    ("timestamp", FieldType::Timestamp),
    ("timestamptz", FieldType::TimestampTz),
];

/// The map of columns under a key.
pub(super) fn columns(params: &mut Params<'_, '_, '_>, key: &'static str) -> Option<Columns> {
    let Some(node) = params.node(key) else {
        params.missing(key);
        return None;
    };
    let Value::Map(entries) = &node.value else {
        params.wrong(key, "a map from fields to types", node);
        return None;
    };
    let mut out = IndexMap::with_capacity(entries.len());
    for entry in entries {
        if let Some(kind) = column_type(&entry.key.text, &entry.value, params) {
            out.insert(Arc::from(entry.key.text.as_ref()), kind);
        }
    }
    Some(out)
}

/// The words of `sigmaglot_shape`.
const SHAPES: &[&str] = &["flat", "json", "nested", "data_model"];

fn shape(params: &mut Params<'_, '_, '_>) -> Option<TableShape> {
    let word = params.required("shape")?;
    Some(match word.as_ref() {
        "flat" => TableShape::Flat,
        "nested" => TableShape::Nested,
        "json" => TableShape::Json { column: params.required("column")? },
        "data_model" => TableShape::DataModel { show: params.texts("show").unwrap_or_default() },
        _ => {
            let span = params.node("shape").map_or(params.span, |node| node.span);
            unknown(params.messages, codes::MAPPING_VALUE, "shape", &word, span, SHAPES);
            return None;
        }
    })
}

/// The type of a column: a word, `{unqueryable: REASON}` or `{missing: REASON}`.
fn column_type(name: &str, node: &Node<'_>, params: &mut Params<'_, '_, '_>) -> Option<ColumnType> {
    if matches!(node.value, Value::Map(_)) {
        let mut map = Params::open(node, format!("the type of `{name}`"), params.messages)?;
        let kind = match map.text("missing") {
            Some(reason) => Some(ColumnType::Missing(reason)),
            None => map.required("unqueryable").map(ColumnType::Unqueryable),
        };
        map.finish();
        return kind;
    }
    let Some(Literal::Text(word)) = Literal::of(node) else {
        params.wrong(name, "text, or a map with `unqueryable` or `missing`", node);
        return None;
    };
    let kind = FIELD_TYPES.iter().find(|(known, _)| *known == word.as_ref()).map(|(_, kind)| *kind);
    if kind.is_none() {
        let known: Vec<&str> = FIELD_TYPES.iter().map(|(word, _)| *word).collect();
        unknown(params.messages, codes::MAPPING_VALUE, "type", &word, node.span, &known);
    }
    kind.map(ColumnType::Known)
}

fn last_parts(params: &mut Params<'_, '_, '_>) -> Option<Transformation> {
    let (separator, names) = (separator(params), params.names("names"));
    let names = names?.into_iter().filter_map(|(path, names)| Some((path?, names.into_iter().next()?)));
    Some(Transformation::LastParts(LastParts { names: names.collect(), separator: separator? }))
}

/// The one character between parts.
fn separator(params: &mut Params<'_, '_, '_>) -> Option<char> {
    let separator = params.required("separator")?;
    let mut chars = separator.chars();
    let (Some(separator), None) = (chars.next(), chars.next()) else {
        let span = params.node("separator").map_or(params.span, |node| node.span);
        say(params.messages, codes::MAPPING_VALUE, "`separator` is one character", span);
        return None;
    };
    Some(separator)
}

fn split(params: &mut Params<'_, '_, '_>) -> Option<Transformation> {
    let separator = separator(params);
    let (first, last) = (params.text("first"), params.required("last"));
    let repeats = params.flag("repeats");
    let whole = [("first", Some(Part::First)), ("last", Some(Part::Last))];
    let whole = params.choice("whole", &whole, None);
    let lost = params.choice("lost_first", &[("refused", Lost::Refused), ("missing", Lost::Missing)], Lost::Refused);
    Some(Transformation::Split(Division { separator: separator?, first, last: last?, repeats, lost, whole }))
}
