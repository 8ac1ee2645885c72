//! A list to which a template appends: `{% set tags = [] %}`, and `tags.append(x)` in a loop, as pipelines in Python's Jinja do.
//!
//! The values of the engine do not change, so that the empty list of an assignment becomes such a list when the template is read.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};
use regex::Regex;

/// The function that makes one; no name that a template would use.
pub(super) const MAKE: &str = "__growing_list";

/// How deep the values are looked through that are appended.
const DEPTH: usize = 16;

/// A list that grows.
#[derive(Debug, Default)]
struct Growing(Mutex<Vec<Value>>);

impl Growing {
    fn items(&self) -> Vec<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Object for Growing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.items().get(usize::try_from(key.clone()).ok()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.items().len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if method != "append" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let (item,): (&Value,) = from_args(args)?;
        let item = still(item, 0)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(item);
        Ok(Value::from(()))
    }
}

/// The value, which must not hold a list that grows: such a list could come to hold itself.
fn still(value: &Value, depth: usize) -> Result<Value, Error> {
    let refusal = |why: &str| Error::new(ErrorKind::InvalidOperation, format!("{why} is not appended to a list"));
    if depth > DEPTH {
        return Err(refusal("a value that is nested so deep"));
    }
    if value.downcast_object_ref::<Growing>().is_some() {
        return Err(refusal("a list that grows"));
    }
    match value.kind() {
        ValueKind::Seq => value.try_iter()?.try_for_each(|item| still(&item, depth + 1).map(drop))?,
        ValueKind::Map => {
            for key in value.try_iter()? {
                still(&value.get_item(&key)?, depth + 1)?;
            }
        }
        ValueKind::Iterable => return Err(refusal("what is not a list yet (`|list` makes it one)")),
        _ => {}
    }
    Ok(value.clone())
}

/// An empty list that grows.
pub(super) fn make() -> Value {
    Value::from_object(Growing::default())
}

/// The template with the empty lists of its assignments made growing ones, where it appends to any.
pub(super) fn made_growing(template: &str) -> String {
    static EMPTY: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(\{%[-+]?\s*set\s+[A-Za-z_][\w.]*\s*=\s*|namespace\([^()%]*=\s*)\[\s*\]").ok());
    match &*EMPTY {
        Some(empty) if template.contains(".append(") => {
            empty.replace_all(template, format!("${{1}}{MAKE}()")).into_owned()
        }
        _ => template.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lists_of_assignments_grow_where_something_is_appended() {
        let made =
            made_growing("{%- set a = [] -%}{% set n = namespace(l=[]) %}{% set b = [1] %}{{ [] }}{{ a.append(1) }}");
        let expected = "{%- set a = __growing_list() -%}{% set n = namespace(l=__growing_list()) %}{% set b = [1] %}{{ [] }}{{ a.append(1) }}";
        assert_eq!(made, expected);
        assert_eq!(made_growing("{% set a = [] %}"), "{% set a = [] %}");
    }
}
