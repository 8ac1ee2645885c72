//! Plans to text, by the templates' macros.
//!
//! A macro file exports `all(parts, layout)`, `any(parts, layout)`, `not(part, layout)`, `group(part, layout)`,
//! `always()`, `never()` and one macro a leaf. A compound part inside another is passed through `group` first.
//! `layout` is `{pretty, depth}`; a leaf's macro gets it from the function `here()`. `query.j2` gets the rendered
//! parts, the operands (the quoted table among them), `rule` and `layout`.

use std::collections::BTreeMap;

use minijinja::{Captured, Environment, Error, ErrorKind, State, Value, context};

use super::plan::{Part, Plan, Query};
use super::templates::failed;
use super::{Layout, Outline};
use crate::diagnostic::Diagnostic;
use crate::ir;

/// The name under which the layout is kept for [`here`].
const HERE: &str = "layout";

/// The template function `here()`: the layout at the leaf that is being rendered.
pub(super) fn here(state: &State) -> Value {
    state.get_temp(HERE).unwrap_or_else(|| layout_value(Layout::Compact, 0))
}

/// Renders plans with macro files that are evaluated once.
pub struct Renderer<'e> {
    environment: &'e Environment<'static>,
    room: &'e str,
    modules: BTreeMap<String, Captured<'e>>,
}

impl<'e> Renderer<'e> {
    /// A renderer over the templates of one room.
    pub fn new(environment: &'e Environment<'static>, room: &'e str) -> Self {
        Self { environment, room, modules: BTreeMap::new() }
    }

    /// The text of a query.
    pub fn query(&mut self, rule: &ir::Rule, query: &Query, layout: Layout) -> Result<String, Diagnostic> {
        self.try_query(rule, query, layout).map_err(|e| failed(&e))
    }

    fn try_query(&mut self, rule: &ir::Rule, query: &Query, layout: Layout) -> Result<String, Error> {
        let mut variables: BTreeMap<&str, Value> = BTreeMap::new();
        for part in &query.parts {
            let macros: Vec<&str> = part.macros.iter().map(String::as_str).collect();
            let text = self.plan(&part.plan, &macros, layout, 0)?;
            variables.insert(part.name, Value::from(text));
        }
        for (name, operand) in &query.operands {
            variables.insert(name, Value::from(operand));
        }
        variables.insert("rule", rule_value(rule));
        variables.insert("layout", layout_value(layout, 0));
        let template = self.environment.get_template(&format!("{}/query.j2", self.room))?;
        let text = template.render(Value::from_pairs(variables))?;
        Ok(text.trim_end().to_owned())
    }

    /// The plan's tree over its leaves, each as the templates write it alone.
    pub fn outline(&mut self, part: &Part) -> Result<Outline, Diagnostic> {
        let macros: Vec<&str> = part.macros.iter().map(String::as_str).collect();
        self.try_outline(&part.plan, &macros).map_err(|e| failed(&e))
    }

    fn try_outline(&mut self, plan: &Plan, macros: &[&str]) -> Result<Outline, Error> {
        let mut each =
            |parts: &[Plan]| parts.iter().map(|part| self.try_outline(part, macros)).collect::<Result<Vec<_>, _>>();
        Ok(match plan {
            Plan::All(parts) => Outline::All(each(parts)?),
            Plan::Any(parts) => Outline::Any(each(parts)?),
            Plan::Not(part) => Outline::Not(Box::new(self.try_outline(part, macros)?)),
            Plan::True | Plan::False | Plan::Leaf(_) => Outline::Leaf(self.plan(plan, macros, Layout::Compact, 0)?),
        })
    }

    fn plan(&mut self, plan: &Plan, macros: &[&str], layout: Layout, depth: usize) -> Result<String, Error> {
        match plan {
            Plan::True => self.call(macros, "always", &[]),
            Plan::False => self.call(macros, "never", &[]),
            Plan::Leaf(leaf) => {
                let operands: Vec<Value> = leaf.operands.iter().map(Value::from).collect();
                for path in macros {
                    self.module(path)?.with_state_mut(|state| state.set_temp(HERE, layout_value(layout, depth)));
                }
                self.call(macros, leaf.name, &operands)
            }
            Plan::Not(part) => {
                let text = self.part(part, macros, layout, depth)?;
                self.call(macros, "not", &[Value::from(text), layout_value(layout, depth)])
            }
            Plan::All(parts) => self.list("all", parts, macros, layout, depth),
            Plan::Any(parts) => self.list("any", parts, macros, layout, depth),
        }
    }

    fn list(
        &mut self,
        name: &str,
        parts: &[Plan],
        macros: &[&str],
        layout: Layout,
        depth: usize,
    ) -> Result<String, Error> {
        let parts = parts
            .iter()
            .map(|part| self.part(part, macros, layout, depth).map(Value::from))
            .collect::<Result<Vec<_>, _>>()?;
        self.call(macros, name, &[Value::from(parts), layout_value(layout, depth)])
    }

    /// A part within another node: in a group where it has operators of its own.
    fn part(&mut self, plan: &Plan, macros: &[&str], layout: Layout, depth: usize) -> Result<String, Error> {
        match plan {
            Plan::All(_) | Plan::Any(_) => {
                let text = self.plan(plan, macros, layout, depth + 1)?;
                self.call(macros, "group", &[Value::from(text), layout_value(layout, depth)])
            }
            _ => self.plan(plan, macros, layout, depth),
        }
    }

    /// Calls a macro of the first file that has it.
    fn call(&mut self, macros: &[&str], name: &str, arguments: &[Value]) -> Result<String, Error> {
        for path in macros {
            let module = self.module(path)?;
            if module.with_state_mut(|state| state.lookup(name).is_some()) {
                return module.with_state_mut(|state| state.call_macro(name, arguments));
            }
        }
        Err(Error::new(ErrorKind::UnknownFunction, format!("no macro `{name}` in {}", macros.join(", "))))
    }

    /// The evaluated macro file; evaluated again where much of its fuel is spent.
    fn module(&mut self, path: &str) -> Result<&mut Captured<'e>, Error> {
        let spent = self
            .modules
            .get(path)
            .is_some_and(|module| module.state().fuel_levels().is_some_and(|(used, left)| used > left));
        if spent || !self.modules.contains_key(path) {
            let module = self.environment.get_template(path)?.render_captured(context! {})?;
            self.modules.insert(path.to_owned(), module);
        }
        self.modules.get_mut(path).ok_or_else(|| Error::new(ErrorKind::TemplateNotFound, path.to_owned()))
    }
}

fn layout_value(layout: Layout, depth: usize) -> Value {
    context! { pretty => layout == Layout::Pretty, depth => depth }
}

fn rule_value(rule: &ir::Rule) -> Value {
    context! {
        title => rule.meta.title.as_ref(),
        id => rule.meta.id.as_deref(),
    }
}
