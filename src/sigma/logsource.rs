//! The `logsource` section, and when one contains another.

use super::messages::Messages;
use super::yaml::{Node, Value};
use super::{attributes, taxonomy};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::ir::Logsource;
use crate::source::Span;

/// The keys with a meaning.
const KEYS: [&str; 4] = ["category", "product", "service", "definition"];

/// Reads the section; one of category, product and service must be there.
pub(super) fn parse(node: &Node<'_>, messages: &mut Messages) -> Logsource {
    let mut out = Logsource { span: node.span, ..Logsource::default() };
    let Value::Map(entries) = &node.value else {
        attributes::wrong_type("logsource", "a map", node, messages);
        return out;
    };
    let before = messages.errors();
    for entry in entries {
        let slot = match entry.key.text.as_ref() {
            "category" => &mut out.category,
            "product" => &mut out.product,
            "service" => &mut out.service,
            "definition" => &mut out.definition,
            key => {
                if let Some(near) = did_you_mean(key, KEYS) {
                    let message = format!("`{key}` has no meaning in a log source");
                    let diagnostic = Diagnostic::new(codes::ATTRIBUTE_UNKNOWN, message).at(entry.key_span);
                    messages.push(diagnostic.help(format!("did you mean `{near}`?")));
                }
                out.custom.insert(key.into(), attributes::json(&entry.value));
                continue;
            }
        };
        *slot = match entry.key.text.as_ref() {
            // What it says in prose changes nothing.
            "definition" => {
                let mark = messages.mark();
                let text = attributes::text(entry, usize::MAX, messages);
                messages.demote(mark);
                text
            }
            key => {
                let name = attributes::name(entry, usize::MAX, messages);
                slip(key, name.as_deref(), entry.value.span, messages);
                name
            }
        };
    }
    if out.category.is_none() && out.product.is_none() && out.service.is_none() && messages.errors() == before {
        let message = "the log source needs a `category`, a `product` or a `service`";
        messages.push(Diagnostic::new(codes::LOGSOURCE_EMPTY, message).at(node.span));
    }
    out
}

/// Warns of a word that is nearly one of the taxonomy: the rule would look for events that nobody has.
fn slip(key: &str, name: Option<&str>, span: Span, messages: &mut Messages) {
    let near = name.and_then(|name| Some((name, taxonomy::near(taxonomy::words(key), name)?)));
    let Some((name, near)) = near else { return };
    let message = format!("Sigma has no {key} `{name}`");
    let diagnostic = Diagnostic::new(codes::LOGSOURCE_SLIP, message).at(span);
    messages.push(diagnostic.help(format!("did you mean `{near}`?")));
}

/// Whether every event of `inner` belongs to `outer`: what `outer` names, `inner` names alike.
pub fn contains(outer: &Logsource, inner: &Logsource) -> bool {
    [(&outer.category, &inner.category), (&outer.product, &inner.product), (&outer.service, &inner.service)]
        .into_iter()
        .all(|(outer, inner)| outer.is_none() || outer == inner)
}
