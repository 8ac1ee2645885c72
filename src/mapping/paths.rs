//! Paths into JSON and YAML for `jq_expression`: those expressions of `jq` that only lead to a place. Everything else is a program, and not read.

use serde_json::Value;

/// A path; each step leads to any number of values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
    Elements,
    /// Nothing where the step before it does not fit.
    Optional,
}

impl Path {
    /// All elements of a list.
    pub fn elements() -> Self {
        Self(vec![Step::Elements])
    }

    /// Reads a path: `.a.b[].c`, `.["a b"]`, `."a b"`, `.[0]`, `?` after a step, and `|` between paths.
    pub fn parse(text: &str) -> Option<Path> {
        let mut steps = Vec::new();
        for part in text.split('|') {
            let mut rest = part.trim().strip_prefix('.')?;
            let mut first = true;
            while !rest.is_empty() {
                let (step, after) = Self::step(rest, first)?;
                steps.push(step);
                rest = after;
                first = false;
            }
        }
        Some(Path(steps))
    }

    fn step(rest: &str, first: bool) -> Option<(Step, &str)> {
        if let Some(after) = rest.strip_prefix('?') {
            return (!first).then_some((Step::Optional, after));
        }
        let rest = if first { rest } else { rest.strip_prefix('.').filter(|r| !r.starts_with('[')).unwrap_or(rest) };
        if let Some(inner) = rest.strip_prefix('[') {
            let (inner, after) = inner.split_once(']')?;
            let quoted = inner.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
            let step = match (inner.trim(), quoted) {
                ("", _) => Step::Elements,
                (_, Some(key)) if !key.contains(['"', '\\']) => Step::Key(key.to_owned()),
                (index, _) => Step::Index(index.parse().ok()?),
            };
            return Some((step, after));
        }
        if let Some(inner) = rest.strip_prefix('"') {
            let (key, after) = inner.split_once('"').filter(|(key, _)| !key.contains('\\'))?;
            return Some((Step::Key(key.to_owned()), after));
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let begins = key.chars().next().is_some_and(|c| !c.is_ascii_digit());
        begins.then(|| (Step::Key(key.to_owned()), after))
    }

    /// The values that the path leads to.
    ///
    /// # Errors
    /// Where a step does not fit the value.
    pub fn of<'v>(&self, value: &'v Value) -> Result<Vec<&'v Value>, String> {
        static NULL: Value = Value::Null;
        let mut found = vec![value];
        let mut steps = self.0.iter().peekable();
        while let Some(step) = steps.next() {
            let optional = steps.next_if(|next| **next == Step::Optional).is_some();
            let mut next = Vec::new();
            for value in found {
                match (step, value) {
                    (Step::Key(key), Value::Object(map)) => next.push(map.get(key).unwrap_or(&NULL)),
                    (Step::Index(index), Value::Array(items)) => next.push(items.get(*index).unwrap_or(&NULL)),
                    (Step::Key(_) | Step::Index(_), Value::Null) => next.push(&NULL),
                    (Step::Elements, Value::Array(items)) => next.extend(items),
                    (Step::Elements, Value::Object(map)) => next.extend(map.values()),
                    _ if optional => {}
                    (Step::Key(key), _) => return Err(format!("a value in it is no map, and has no `{key}`")),
                    (Step::Index(_) | Step::Elements | Step::Optional, _) => {
                        return Err("a value in it is no list".to_owned());
                    }
                }
            }
            found = next;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_values_and_programs_are_none() {
        let value = serde_json::json!({"items": [{"n": "a"}, {"n": "b", "x y": 1}], "s": "t", "empty": null});
        let found = |text: &str| {
            let path = Path::parse(text)?;
            Some(path.of(&value).map(|values| values.into_iter().cloned().collect::<Vec<_>>()))
        };
        let list = |values: &[Value]| Some(Ok(values.to_vec()));
        assert_eq!(found(".items[].n"), list(&["a".into(), "b".into()]));
        assert_eq!(found(".items | .[1] | .\"x y\""), list(&[1.into()]));
        assert_eq!(found(".items[1][\"x y\"]"), list(&[1.into()]));
        assert_eq!(found(".s[]?"), list(&[]));
        assert_eq!(found(".empty.x"), list(&[Value::Null]));
        assert_eq!(found("."), list(std::slice::from_ref(&value)));
        assert!(found(".s[]").is_some_and(|found| found.is_err()) && found(".s.x").is_some_and(|found| found.is_err()));
        for program in [
            "",
            "items",
            ".items | map(.n)",
            ".items[] | select(.n == 1)",
            "..",
            ".a + .b",
            ".items[0:1]",
            ".1",
            ".a.?",
        ] {
            assert_eq!(found(program), None, "{program}");
        }
    }
}
