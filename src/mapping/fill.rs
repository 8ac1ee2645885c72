//! `add_condition` with `template: true`: the parts of the rule's log source in the texts of a search.
//!
//! The notation is that of Python's `string.Template`: `$product`, `${product}`, `$$` for a dollar. What else begins with a dollar stays as it is.

use crate::ir::Logsource;
use crate::sigma::detection::{BodyKind, Detection};

/// The search with `$category`, `$product` and `$service` filled in.
///
/// # Errors
/// Where it asks for a part that the log source has not.
pub(super) fn filled(detection: &Detection, logsource: &Logsource) -> Result<Detection, String> {
    fn body(kind: &mut BodyKind, change: &impl Fn(&str) -> Result<String, String>) -> Result<(), String> {
        match kind {
            BodyKind::Keyword(value) => value.text = change(&value.text)?.into(),
            BodyKind::Items(items) => {
                for value in items.iter_mut().flat_map(|item| item.values.iter_mut()) {
                    value.text = change(&value.text)?.into();
                }
            }
            BodyKind::AnyOf(bodies) => {
                for inner in bodies {
                    body(&mut inner.kind, change)?;
                }
            }
        }
        Ok(())
    }
    let mut out = detection.clone();
    for search in &mut out.searches {
        body(&mut search.body.kind, &|value| text(value, logsource))?;
    }
    Ok(out)
}

fn text(template: &str, logsource: &Logsource) -> Result<String, String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let braced = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, after) = braced.unwrap_or_else(|| rest.split_at(end));
        let part = match name {
            "category" => &logsource.category,
            "product" => &logsource.product,
            "service" => &logsource.service,
            _ => {
                out.push('$');
                continue;
            }
        };
        match part {
            Some(part) => out.push_str(part),
            None => return Err(format!("the condition needs `${name}`, and the log source of the rule has no {name}")),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_names_and_missing_parts_are_said() {
        let logsource = Logsource { product: Some("win".into()), ..Logsource::default() };
        let text = |template| text(template, &logsource);
        assert_eq!(
            text("$product-${product}x $$product $products $HOME $ ${x} 5$").unwrap(),
            "win-winx $product $products $HOME $ ${x} 5$"
        );
        assert!(text("a $service").is_err_and(|message| message.contains("has no service")));
        assert!(text("${category}").is_err());
    }
}
