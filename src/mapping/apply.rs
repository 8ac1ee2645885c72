//! The work: the items of pipelines on a rule, one after the other.
//!
//! Every item that a gate lets pass changes the rule, the state or both, and is noted. An error ends the work on the rule,
//! as a rule that is half mapped means nothing.

mod renaming;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::budget::Budget;
use super::claim::{Admission, Claims};
use super::conditions::View;
use super::item;
use super::lacking::Known;
use super::missing;
use super::pipeline::{Item, Pipeline};
use super::record::{Mapped, Record, StepRecord};
use super::schema::Schema;
use super::state::{State, Tracking};
use super::transformation::{ColumnType, Columns, FieldList, Transformation};
use super::unfit::Reason;
use super::{Options, fill, forward, placeholders, rewrite};
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::ir::origin::each_origin_mut;
use crate::ir::{self, Author, Expr, Field, ItemId, ItemIds, Node, Origin, Subject, Table, TableShape, Test};
use crate::sigma;
use crate::sigma::detection::Detection;
use crate::source::Span;

/// The work on one rule.
pub(super) struct Work<'a> {
    pub rule: ir::Rule,
    pub state: State,
    pub tracking: Tracking,
    pub record: Record,
    pub options: &'a Options,
    /// The pipelines of the chain, whose variables all of them see.
    pipelines: Vec<&'a Pipeline>,
    pub diagnostics: Vec<Diagnostic>,
    shape: TableShape,
    /// Gives what the mapping adds ids.
    ids: ItemIds,
    /// What is left of the work that may be done.
    pub budget: Budget,
    /// The place at which the budget ended.
    ended: Option<Span>,
    /// Whether the item at hand found something to work on.
    touched: bool,
    /// How the pipeline at hand works on the rule.
    admission: Admission,
    /// The table whose columns are known.
    pub known: Option<Known>,
    /// The place of the pipeline at hand.
    place: usize,
    /// Set where the rule stands for an event.
    replay: Option<Replay<'a>>,
}

/// What is known of the way of an event: how the gates on rules were decided, and what was found to be unfit.
pub(super) struct Replay<'a> {
    /// The steps of the rule's own way.
    pub steps: &'a [StepRecord],
    /// The fields that the product lacks, or lacks a part of that the rule tests.
    pub missing: &'a [Arc<str>],
    /// The places of the pipelines that were not for the rule.
    pub passed_over: &'a [usize],
    /// The first item whose value no event of the source has.
    pub unfit: Option<(Option<ItemId>, Reason)>,
}

/// The most messages about one rule.
const MOST_MESSAGES: usize = 1_000;

/// What a note on a field costs, in bytes.
const NOTE: usize = 32;

/// Why the work ended; the diagnostic was noted.
pub(super) struct Failed;

/// The tree without the conjuncts that a mapping added.
pub(super) fn without_added(expr: &Expr) -> Expr {
    let Node::All(parts) = &expr.node else { return expr.clone() };
    let is_own = |part: &&Expr| {
        let (mut all, mut any) = (true, false);
        part.for_each_predicate(&mut |_, origin| {
            all &= origin.author == Author::Mapping;
            any = true;
        });
        !(all && any)
    };
    let parts = parts.iter().filter(is_own).map(without_added).collect();
    Expr::new(Node::All(parts), expr.origin.clone())
}

/// The most pipelines with tables that are tried for one rule.
const MOST_TRIES: usize = 4;

/// Applies pipelines to a rule. Of several with a table for its log source the first counts that has all of its fields; where none
/// has, the first that takes it.
pub(super) fn apply(pipelines: &[&Pipeline], table_keys: &[&str], rule: ir::Rule, options: &Options) -> Mapped {
    let mut excluded = Vec::new();
    let (mut first, mut taken) = attempt(pipelines, table_keys, rule.clone(), options, &excluded);
    if first.has_all() {
        return first;
    }
    while let Some(place) = taken.filter(|_| excluded.len() + 1 < MOST_TRIES) {
        excluded.push(place);
        let (mut other, next) = attempt(pipelines, table_keys, rule.clone(), options, &excluded);
        taken = next;
        if next.is_none() {
            break;
        }
        let is_better = other.has_all() || first.rule.is_none() && other.rule.is_some();
        if is_better {
            let place = excluded.first().and_then(|place| pipelines.get(*place));
            other.record.instead = place.map(|pipeline| pipeline.name.clone());
            other.record.lacked = [first.record.missing, first.record.unmapped].concat();
            first = other;
        }
        if first.has_all() {
            break;
        }
    }
    first
}

/// Applies pipelines without some to a rule; with the place of the one that has its table.
fn attempt(
    pipelines: &[&Pipeline],
    table_keys: &[&str],
    rule: ir::Rule,
    options: &Options,
    excluded: &[usize],
) -> (Mapped, Option<usize>) {
    let mut work = Work::new(rule, options, None);
    let mut passed_over = Vec::new();
    let mut claims = Claims::default();
    let done = work.pipelines(pipelines, &mut claims, &mut passed_over, excluded);
    let taken = claims.taken();
    if done.is_ok() && work.has_table(&claims.strangers()).is_ok() {
        work.finish(table_keys);
    }
    work.record.state = work.state;
    let failed = work.diagnostics.iter().any(Diagnostic::is_error);
    let Work { rule, diagnostics, record, tracking, .. } = work;
    (Mapped { rule: (!failed).then_some(rule), diagnostics, record, tracking, passed_over }, taken)
}

/// Applies pipelines to a rule that stands for an event; its condition afterwards.
///
/// # Errors
/// The item whose value no event of the source has, and the reason.
pub(super) fn replay<'a>(
    pipelines: &[&'a Pipeline],
    rule: ir::Rule,
    options: &'a Options,
    replay: Replay<'a>,
) -> Result<Expr, (Option<ItemId>, Reason)> {
    let (passed_over, missing) = (replay.passed_over, replay.missing);
    let mut work = Work::new(rule, options, Some(replay));
    let done = work.pipelines(pipelines, &mut Claims::default(), &mut Vec::new(), passed_over);
    work.drop_lacking(missing);
    match work.replay.and_then(|replay| replay.unfit) {
        Some(unfit) => Err(unfit),
        None if done.is_err() => Err((None, Reason::OtherSource)),
        None => Ok(work.rule.condition),
    }
}

impl<'a> Work<'a> {
    fn new(rule: ir::Rule, options: &'a Options, replay: Option<Replay<'a>>) -> Self {
        Work {
            ids: ItemIds::after(&rule.condition),
            budget: Budget::default(),
            ended: None,
            rule,
            state: State::new(),
            tracking: Tracking::default(),
            record: Record::default(),
            options,
            pipelines: Vec::new(),
            diagnostics: Vec::new(),
            shape: TableShape::Flat,
            touched: false,
            admission: Admission::Whole,
            known: None,
            place: 0,
            replay,
        }
    }

    /// The work of the pipelines; notes the places of those that are not for the rule.
    fn pipelines(
        &mut self,
        pipelines: &[&'a Pipeline],
        claims: &mut Claims<'a>,
        passed_over: &mut Vec<usize>,
        excluded: &[usize],
    ) -> Result<(), Failed> {
        self.pipelines = pipelines.to_vec();
        pipelines.iter().enumerate().try_for_each(|(place, pipeline)| {
            self.place = place;
            self.tracking.begin(place);
            self.admission = match excluded.contains(&place) {
                true => Admission::PassedOver,
                false => claims.admit(place, pipeline, &self.rule.logsource),
            };
            if self.admission == Admission::PassedOver {
                passed_over.push(place);
                self.pass_over(pipeline);
                return Ok(());
            }
            self.record.pipelines.push(pipeline.name.clone());
            pipeline.items.iter().try_for_each(|item| self.item(item, &pipeline.name))
        })
    }

    /// The value of a variable: of the last pipeline that has it.
    pub fn var(&self, name: &str) -> Option<&'a serde_json::Value> {
        self.pipelines.iter().rev().find_map(|pipeline| pipeline.vars.get(name))
    }

    /// Notes that no event of the source has the value of an item.
    pub fn unfit(&mut self, origin: &Origin, reason: Reason) {
        if let Some(replay) = &mut self.replay
            && replay.unfit.is_none()
        {
            replay.unfit = Some((origin.item, reason));
        }
    }
}

impl Work<'_> {
    /// Notes an error of an item at a place of the rule.
    pub fn fail(&mut self, code: Code, item: &Item, message: String, origin: &Origin) {
        if self.replay.is_some() || self.diagnostics.len() >= MOST_MESSAGES {
            return; // what is refused of rules says nothing of events
        }
        let message = format!("{message} (item `{}` of the mapping)", item.label);
        let diagnostic = Diagnostic::new(code, message).at(origin.span);
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// The condition, to be put back changed. Conditions on items and fields do not look at it.
    pub fn take(&mut self) -> Expr {
        std::mem::replace(&mut self.rule.condition, Expr::new(Node::True, Origin::default()))
    }

    fn view(&self) -> View<'_> {
        View { rule: &self.rule, state: &self.state, tracking: &self.tracking }
    }

    /// Notes that no item of a pipeline was for the rule.
    fn pass_over(&mut self, pipeline: &Pipeline) {
        let step = |item: &Item| StepRecord::new(&pipeline.name, &item.label, &item.kind, false);
        self.record.steps.extend(pipeline.items.iter().map(step));
    }

    fn item(&mut self, item: &Item, pipeline: &Arc<str>) -> Result<(), Failed> {
        let place = self.record.steps.len();
        let passes = match &self.replay {
            Some(replay) => replay.steps.get(place).is_some_and(|step| step.applied),
            None => item.rule.holds(|condition| condition.holds(&self.view())),
        };
        self.record.steps.push(StepRecord::new(pipeline, &item.label, &item.kind, passes));
        if !passes {
            return Ok(());
        }
        self.touched = false;
        let tests = self.budget.tests_left();
        self.budget.steps(1);
        self.transform(item, pipeline)?;
        if self.budget.tests_left() != tests {
            let mut nodes = 0;
            let depth = depth(&self.rule.condition, &mut nodes);
            self.budget.depth(depth);
            self.budget.steps(nodes);
        }
        if let Some(spent) = self.budget.spent() {
            let span = self.ended.unwrap_or(self.rule.condition.origin.span);
            let origin = Origin { span, ..Origin::default() };
            self.fail(codes::MAPPING_TOO_LARGE, item, spent.message(), &origin);
            return Err(Failed);
        }
        if self.diagnostics.iter().any(Diagnostic::is_error) {
            return Err(Failed);
        }
        self.tracking.rule(item.id.as_ref());
        if let Some(step) = self.record.steps.get_mut(place) {
            step.touched = self.touched;
        }
        Ok(())
    }

    fn transform(&mut self, item: &Item, pipeline: &Arc<str>) -> Result<(), Failed> {
        self.touched = !item.transformation.is_selective();
        match &item.transformation {
            Transformation::Names(renaming) => self.rename(item, renaming),
            Transformation::Nest(items) => {
                items.iter().try_for_each(|inner| self.item(inner, pipeline))?;
            }
            Transformation::AddCondition { detection, template, negated } => {
                self.add(item, detection, *template, *negated);
            }
            Transformation::ChangeLogsource(new) => {
                let old = &mut self.rule.logsource;
                (old.category, old.product, old.service) =
                    (new.category.clone(), new.product.clone(), new.service.clone());
            }
            Transformation::Fields(list) => self.fields(list),
            Transformation::SetState { key, value } => {
                self.state.insert(key.clone(), value.clone());
            }
            Transformation::SetAttribute { name, value } => {
                self.rule.meta.custom.insert(name.clone(), value.clone());
            }
            Transformation::FailRule(message) => {
                let origin = Origin { span: self.rule.logsource.span, ..Origin::default() };
                self.fail(codes::MAPPING_REJECTS, item, format!("the mapping rejects the rule: {message}"), &origin);
            }
            Transformation::FailUnmapped => {
                for (name, origin) in self.unmapped() {
                    let message = format!("the mapping does not know the field `{name}`");
                    self.fail(codes::MAPPING_REJECTS, item, message, &origin);
                }
            }
            Transformation::Types(types) => self.types(item, types),
            Transformation::Schema(schema) => self.schema(item, schema),
            Transformation::Tables(tables) => self.table(item, tables),
            Transformation::Shape(shape) => self.shape = shape.clone(),
            _ => self.items(item),
        }
        Ok(())
    }

    /// Gives columns their types, and refuses a test on a column that cannot be asked for.
    fn types(&mut self, item: &Item, types: &Arc<Columns>) {
        set_types(&mut self.rule.condition, &|name| match types.get(name) {
            Some(ColumnType::Known(kind)) => Some(*kind),
            Some(ColumnType::Unqueryable(_) | ColumnType::Missing(_)) | None => None,
        });
        self.tracking.known_columns(types);
        self.settle_missing(types);
        let mut refused = Vec::new();
        self.rule.condition.for_each_predicate(&mut |predicate, origin| {
            for name in missing::fields(predicate) {
                if let Some(ColumnType::Unqueryable(reason)) = types.get(name) {
                    refused.push((format!("the mapping rejects a test on `{name}`: {reason}"), origin.clone()));
                }
            }
        });
        for (message, origin) in refused {
            self.fail(codes::MAPPING_REJECTS, item, message, &origin);
        }
    }

    /// Gives the columns of the rule's table their types, and notes that it has no others.
    fn schema(&mut self, item: &Item, schema: &Schema) {
        let name = self.state.get("table").and_then(|name| name.as_str());
        let Some(table) = name.and_then(|name| schema.table(name)) else { return };
        self.types(item, &table.columns);
        self.known = Some(Known { table: table.clone(), place: self.place });
    }

    /// Settles the tests on columns that the product does not have, and says so, once a column.
    fn settle_missing(&mut self, types: &Arc<Columns>) {
        if !types.values().any(|kind| matches!(kind, ColumnType::Missing(_))) {
            return;
        }
        let condition = self.take();
        if self.replay.is_some() {
            let (condition, unfit) = missing::stored(condition, types);
            self.rule.condition = condition;
            unfit.iter().for_each(|origin| self.unfit(origin, Reason::NotKept));
            return;
        }
        let (condition, gone) = missing::settle(condition, types);
        self.rule.condition = condition;
        for missing::Gone { field, reason, origin, holds } in gone {
            let verdict = missing::verdict(holds);
            let message = format!("no event here has the field `{field}`, so this test {verdict}: {reason}");
            self.lose(&field, codes::FIELD_MISSING, message, &origin);
        }
    }

    /// Notes that the product lacks a field, or a part of it that the rule tests; says so once a field.
    pub fn lose(&mut self, field: &Arc<str>, code: Code, message: String, origin: &Origin) {
        if !self.record.missing.contains(field) {
            self.diagnostics.push(Diagnostic::new(code, message).at(origin.span));
            self.record.missing.push(field.clone());
        }
    }

    /// Whether the rule of the event tests what the product lacks of a field.
    pub fn is_lost(&self, field: &Arc<str>) -> bool {
        self.replay.as_ref().is_some_and(|replay| replay.missing.contains(field))
    }

    /// The transformations that work on one detection item after the other.
    fn items(&mut self, item: &Item) {
        let condition = self.take();
        let origin = condition.origin.clone();
        let changed = item::map_items(condition, &mut |part| self.one(item, part));
        match changed {
            Some(condition) => self.rule.condition = condition,
            None => {
                let message = "nothing is left of the rule's condition".to_owned();
                self.fail(codes::MAPPING_REJECTS, item, message, &origin);
            }
        }
    }

    /// Whether the conditions on items and fields let a detection item pass.
    pub fn wants(&self, item: &Item, part: &Expr) -> bool {
        let view = self.view();
        item.item.holds(|condition| condition.holds(part, &view))
            && item.field.holds(|condition| condition.holds(item::field(part).as_deref(), &view))
    }

    /// Whether there is still work to be done on a detection item.
    fn looks_at(&mut self, part: &Expr) -> bool {
        let goes_on = self.budget.steps(item::size(part));
        if !goes_on && self.ended.is_none() {
            self.ended = Some(part.origin.span);
        }
        goes_on
    }

    /// Notes the place of a detection item if the budget ended there.
    fn looked_at(&mut self, span: Span) {
        if self.budget.spent().is_some() && self.ended.is_none() {
            self.ended = Some(span);
        }
    }

    fn one(&mut self, item: &Item, part: Expr) -> Option<Expr> {
        let span = part.origin.span;
        let out = if self.looks_at(&part) { self.change(item, part) } else { Some(part) };
        self.looked_at(span);
        out
    }

    fn change(&mut self, item: &Item, part: Expr) -> Option<Expr> {
        if !self.wants(item, &part) {
            return Some(part);
        }
        self.touched = true;
        let number = part.origin.item;
        let out = match &item.transformation {
            Transformation::DropItem => None,
            Transformation::Warn(message) => {
                let diagnostic = Diagnostic::new(codes::MAPPING_DOUBTFUL, message.to_string()).at(part.origin.span);
                if self.replay.is_none() && !self.diagnostics.contains(&diagnostic) {
                    self.diagnostics.push(diagnostic);
                }
                Some(part)
            }
            Transformation::FailItem(message) => {
                let message = format!("the mapping rejects this: {message}");
                self.fail(codes::MAPPING_REJECTS, item, message, &part.origin);
                Some(part)
            }
            Transformation::Placeholders { select, source } => {
                Some(placeholders::resolve(self, item, select, source, part))
            }
            _ if self.replay.is_some() => Some(forward::item(self, item, part)),
            _ => Some(rewrite::item(self, item, part)),
        };
        self.tracking.item(number, item.id.as_ref());
        out
    }

    fn fields(&mut self, list: &FieldList) {
        let fields = &mut self.rule.meta.fields;
        match list {
            FieldList::Add(names) => fields.extend(names.iter().cloned()),
            FieldList::Remove(names) => fields.retain(|field| !names.contains(field)),
            FieldList::Set(names) => fields.clone_from(names),
        }
    }

    /// Adds a search to the condition: both must hold.
    fn add(&mut self, item: &Item, detection: &Detection, template: bool, negated: bool) {
        let span = self.rule.logsource.span;
        let filled = if template {
            match fill::filled(detection, &self.rule.logsource) {
                Ok(filled) => filled,
                Err(message) => {
                    let origin = Origin { span, ..Origin::default() };
                    return self.fail(codes::MAPPING_VALUE_UNFIT, item, message, &origin);
                }
            }
        } else {
            detection.clone()
        };
        if let Some(expr) = self.lowered(item, &filled) {
            self.add_expr(item, expr, negated);
        }
    }

    /// A search of the mapping as an expression.
    fn lowered(&mut self, item: &Item, detection: &Detection) -> Option<Expr> {
        let (expr, said) = sigma::lower_search(detection);
        let origin = Origin { span: self.rule.logsource.span, ..Origin::default() };
        if expr.is_none() {
            for diagnostic in said.into_iter().filter(Diagnostic::is_error) {
                self.fail(codes::MAPPING_VALUE_UNFIT, item, diagnostic.message, &origin);
            }
        }
        expr
    }

    /// Adds a condition of the mapping, whose items have numbers of their own.
    fn add_expr(&mut self, item: &Item, mut expr: Expr, negated: bool) {
        if self.replay.is_some() {
            return; // the event gets in the end what the mapped rule asks
        }
        let span = self.rule.logsource.span;
        self.ids.adopt(&mut expr, Author::Mapping);
        each_origin_mut(&mut expr, &mut |origin| (origin.span, origin.selection) = (span, None));
        expr.for_each_predicate(&mut |predicate, origin| {
            if let Subject::Field(field) = &predicate.subject {
                self.tracking.known(field.name.clone());
            }
            self.tracking.item(origin.item, item.id.as_ref());
        });
        if !self.budget.tests(item::size(&expr)) {
            return;
        }
        let expr = if negated { expr.negate() } else { expr };
        let own = self.take();
        let span = own.origin.span;
        self.rule.condition = match own {
            // One flat list, so that a thousand conditions do not nest a thousand deep.
            Expr { node: Node::All(mut parts), origin } if origin.author == Author::Mapping => {
                parts.insert(0, expr);
                Expr::new(Node::All(parts), origin)
            }
            own => {
                let origin = Origin { span, author: Author::Mapping, ..Origin::default() };
                Expr::new(Node::All(vec![expr, own]), origin)
            }
        };
    }

    /// The fields that no mapping gave, with their first place.
    fn unmapped(&self) -> Vec<(Arc<str>, Origin)> {
        self.names(&|name| !self.tracking.is_known(name))
    }

    /// The fields of the condition that are wanted, with their first place.
    pub fn names(&self, wanted: &dyn Fn(&str) -> bool) -> Vec<(Arc<str>, Origin)> {
        let mut out: Vec<(Arc<str>, Origin)> = Vec::new();
        let mut seen = BTreeSet::new();
        self.rule.condition.for_each_predicate(&mut |predicate, origin| {
            for name in missing::fields(predicate) {
                if wanted(name) && seen.insert(name.clone()) {
                    out.push((name.clone(), origin.clone()));
                }
            }
        });
        out
    }

    /// What is left to do after all items: the table, and what is to be said of fields that nothing mapped.
    fn finish(&mut self, table_keys: &[&str]) {
        let name = table_keys.iter().find_map(|key| table_name(self.state.get(*key)?));
        if let Some(name) = &name {
            self.record.table = Some(name.clone());
        }
        if name.is_some() || self.shape != TableShape::Flat {
            self.rule.table = Some(Table { name: name.unwrap_or_default(), shape: self.shape.clone() });
        }
        self.settle_lacking();
        self.refuse_never();
    }
}

impl Work<'_> {
    /// Refuses a rule that nothing in the product can match, because it needs fields that are not there.
    fn refuse_never(&mut self) {
        if self.record.missing.is_empty() || ir::normalize(self.rule.condition.clone()).node != Node::False {
            return;
        }
        let fields: Vec<String> = self.record.missing.iter().map(|field| format!("`{field}`")).collect();
        let message = format!("no event of the product can match the rule: it has no {}", fields.join(", "));
        let help = "convert it for a product that keeps the field";
        let diagnostic = Diagnostic::new(codes::RULE_NEVER_HOLDS, message).at(self.rule.condition.origin.span);
        self.diagnostics.push(diagnostic.help(help));
    }
}

/// How deep a tree is nested; counts its nodes.
fn depth(expr: &Expr, nodes: &mut usize) -> usize {
    *nodes += 1;
    match &expr.node {
        Node::All(parts) | Node::Any(parts) => 1 + parts.iter().map(|part| depth(part, nodes)).max().unwrap_or(0),
        Node::Not(part) => 1 + depth(part, nodes),
        Node::True | Node::False | Node::Test(_) => 1,
    }
}

/// The table of a value of the state; several names are one, with commas.
fn table_name(value: &serde_json::Value) -> Option<Arc<str>> {
    match value {
        serde_json::Value::String(name) if !name.is_empty() => Some(name.as_str().into()),
        serde_json::Value::Array(names) => {
            let names: Vec<&str> = names.iter().filter_map(|name| name.as_str()).collect();
            (!names.is_empty()).then(|| names.join(",").into())
        }
        _ => None,
    }
}

/// Sets the types of fields.
fn set_types(expr: &mut Expr, kind: &impl Fn(&str) -> Option<ir::FieldType>) {
    let set = |field: &mut Field| field.kind = kind(&field.name).unwrap_or(field.kind);
    match &mut expr.node {
        Node::All(parts) | Node::Any(parts) => parts.iter_mut().for_each(|part| set_types(part, kind)),
        Node::Not(part) => set_types(part, kind),
        Node::Test(predicate) => {
            if let Subject::Field(field) = &mut predicate.subject {
                set(field);
            }
            if let Test::FieldPattern { other, .. } = &mut predicate.test {
                set(other);
            }
        }
        Node::True | Node::False => {}
    }
}
