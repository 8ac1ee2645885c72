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
use crate::{ir, panics};

/// The name under which the layout is kept for [`here`].
const HERE: &str = "layout";

/// The template function `here()`: the layout at the leaf that is being rendered.
pub(super) fn here(state: &State) -> Value {
    state.get_temp(HERE).unwrap_or_else(|| layout_value(Layout::Compact, 0))
}

/// Renders plans with macro files that are evaluated once.
pub struct Renderer<'e> {
    environment: &'e Environment<'static>,
    query: String,
    modules: Vec<Module<'e>>,
    layouts: Layouts,
}

/// An evaluated macro file.
struct Module<'e> {
    path: String,
    captured: Captured<'e>,
    /// What [`here`] gives at present.
    here: Option<(Layout, usize)>,
}

/// The values of layouts, made once.
#[derive(Default)]
struct Layouts {
    compact: Vec<Value>,
    pretty: Vec<Value>,
}

/// What stays the same throughout a part: the macro files by their place in [`Renderer::modules`], the layout.
struct Frame {
    modules: Vec<usize>,
    layout: Layout,
}

impl<'e> Renderer<'e> {
    /// A renderer over the templates of one room.
    pub fn new(environment: &'e Environment<'static>, room: &str) -> Self {
        Self { environment, query: format!("{room}/query.j2"), modules: Vec::new(), layouts: Layouts::default() }
    }

    /// The text of a query.
    pub fn query(&mut self, rule: &ir::Rule, query: &Query, layout: Layout) -> Result<String, Diagnostic> {
        match panics::caught(|| self.try_query(rule, query, layout)) {
            Some(rendered) => rendered.map_err(|e| failed(&e)),
            None => {
                self.modules.clear(); // half evaluated
                Err(failed(&Error::new(ErrorKind::InvalidOperation, "the template engine cannot do this")))
            }
        }
    }

    fn try_query(&mut self, rule: &ir::Rule, query: &Query, layout: Layout) -> Result<String, Error> {
        let mut variables: BTreeMap<&str, Value> = BTreeMap::new();
        for part in &query.parts {
            let frame = self.frame(part, layout)?;
            let text = self.plan(&part.plan, &frame, 0)?;
            variables.insert(part.name, text);
        }
        for (name, operand) in &query.operands {
            variables.insert(name, Value::from(operand));
        }
        variables.insert("rule", rule_value(rule));
        variables.insert("layout", self.layouts.get(layout, 0));
        let template = self.environment.get_template(&self.query)?;
        let mut text = template.render(Value::from_pairs(variables))?;
        text.truncate(text.trim_end().len());
        Ok(text)
    }

    fn frame(&mut self, part: &Part, layout: Layout) -> Result<Frame, Error> {
        let modules = part.macros.iter().map(|path| self.module(path)).collect::<Result<_, _>>()?;
        Ok(Frame { modules, layout })
    }

    /// The plan's tree over its leaves, each as the templates write it alone.
    pub fn outline(&mut self, part: &Part) -> Result<Outline, Diagnostic> {
        self.frame(part, Layout::Compact).and_then(|frame| self.try_outline(&part.plan, &frame)).map_err(|e| failed(&e))
    }

    fn try_outline(&mut self, plan: &Plan, frame: &Frame) -> Result<Outline, Error> {
        let mut each =
            |parts: &[Plan]| parts.iter().map(|part| self.try_outline(part, frame)).collect::<Result<Vec<_>, _>>();
        Ok(match plan {
            Plan::All(parts) => Outline::All(each(parts)?),
            Plan::Any(parts) => Outline::Any(each(parts)?),
            Plan::Not(part) => Outline::Not(Box::new(self.try_outline(part, frame)?)),
            Plan::True | Plan::False | Plan::Leaf(_) => Outline::Leaf(self.plan(plan, frame, 0)?.to_string()),
        })
    }

    fn plan(&mut self, plan: &Plan, frame: &Frame, depth: usize) -> Result<Value, Error> {
        match plan {
            Plan::True => self.call(frame, "always", &[]),
            Plan::False => self.call(frame, "never", &[]),
            Plan::Leaf(leaf) => {
                let operands: Vec<Value> = leaf.operands.iter().map(Value::from).collect();
                self.set_here(frame, depth);
                self.call(frame, leaf.name, &operands)
            }
            Plan::Not(part) => {
                let text = self.part(part, frame, depth)?;
                let layout = self.layouts.get(frame.layout, depth);
                self.call(frame, "not", &[text, layout])
            }
            Plan::All(parts) => self.list("all", parts, frame, depth),
            Plan::Any(parts) => self.list("any", parts, frame, depth),
        }
    }

    fn list(&mut self, name: &str, parts: &[Plan], frame: &Frame, depth: usize) -> Result<Value, Error> {
        let parts = parts.iter().map(|part| self.part(part, frame, depth)).collect::<Result<Vec<_>, _>>()?;
        let layout = self.layouts.get(frame.layout, depth);
        self.call(frame, name, &[Value::from(parts), layout])
    }

    /// A part within another node: in a group where it has operators of its own.
    fn part(&mut self, plan: &Plan, frame: &Frame, depth: usize) -> Result<Value, Error> {
        match plan {
            Plan::All(_) | Plan::Any(_) => {
                let text = self.plan(plan, frame, depth + 1)?;
                let layout = self.layouts.get(frame.layout, depth);
                self.call(frame, "group", &[text, layout])
            }
            _ => self.plan(plan, frame, depth),
        }
    }

    fn set_here(&mut self, frame: &Frame, depth: usize) {
        for &i in &frame.modules {
            let Some(module) = self.modules.get_mut(i) else { continue };
            if module.here != Some((frame.layout, depth)) {
                let layout = self.layouts.get(frame.layout, depth);
                module.captured.with_state_mut(|state| state.set_temp(HERE, layout));
                module.here = Some((frame.layout, depth));
            }
        }
    }

    /// Calls a macro of the first file that has it.
    fn call(&mut self, frame: &Frame, name: &str, arguments: &[Value]) -> Result<Value, Error> {
        for &i in &frame.modules {
            let Some(module) = self.modules.get_mut(i) else { continue };
            let result = module.captured.with_state_mut(|state| {
                let found = state.lookup(name)?;
                Some(found.call(state, arguments))
            });
            if let Some(result) = result {
                return result;
            }
        }
        let files: Vec<&str> = frame.modules.iter().filter_map(|&i| Some(self.modules.get(i)?.path.as_str())).collect();
        Err(Error::new(ErrorKind::UnknownFunction, format!("no macro `{name}` in {}", files.join(", "))))
    }

    /// The place of the evaluated macro file; evaluated again where much of its fuel is spent.
    fn module(&mut self, path: &str) -> Result<usize, Error> {
        let known = self.modules.iter().position(|module| module.path == path);
        let fresh = |module: &Module<'_>| module.captured.state().fuel_levels().is_none_or(|(used, left)| used <= left);
        if let Some(i) = known.filter(|&i| self.modules.get(i).is_some_and(fresh)) {
            return Ok(i);
        }
        let captured = self.environment.get_template(path)?.render_captured(context! {})?;
        let module = Module { path: path.to_owned(), captured, here: None };
        match known.and_then(|i| self.modules.get_mut(i)) {
            Some(spent) => *spent = module,
            None => self.modules.push(module),
        }
        Ok(known.unwrap_or(self.modules.len() - 1))
    }
}

impl Layouts {
    fn get(&mut self, layout: Layout, depth: usize) -> Value {
        let made = match layout {
            Layout::Compact => &mut self.compact,
            Layout::Pretty => &mut self.pretty,
        };
        made.extend((made.len()..=depth).map(|depth| layout_value(layout, depth)));
        made.get(depth).cloned().unwrap_or_else(|| layout_value(layout, depth))
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
