//! The comment above a query: title, id and target of its rule, on lines that nothing in them can end.

use crate::ir::Rule;
use crate::target::Target;

/// The comment above a query.
pub fn heading(rule: &Rule, name: Option<&String>, target: &Target) -> String {
    let open = &target.manifest().comment;
    let mut lines = vec![rule.meta.title.to_string()];
    lines.extend(rule.meta.id.as_ref().map(|id| format!("id: {id}")));
    lines.extend(name.map(|name| format!("target: {name}")));
    lines.iter().map(|line| comment(open, line)).collect()
}

/// Line breaks of Unicode, and marks that turn the direction of the text after them around.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A comment line. Nothing in the text can end it or hide what follows: no line break of any kind, no mark that closes a
/// comment or turns the direction of text.
fn comment(open: &str, text: &str) -> String {
    let close = match open {
        "/*" => " */",
        "```" => " ```",
        _ => "",
    };
    let line: String = text.chars().map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }).collect();
    let line = line.replace("*/", "* /").replace("```", "` ` `");
    format!("{open} {}{close}\n", line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_comment_early() {
        assert_eq!(comment("//", "a\r\nb\u{2028}c\u{85}d"), "// a  b c d\n");
        assert_eq!(comment("/*", "a */ drop"), "/* a * / drop */\n");
        assert_eq!(comment("```", "a ``` | delete"), "``` a ` ` ` | delete ```\n");
        assert_eq!(comment("--", ""), "-- \n");
        assert_eq!(comment("--", "a\u{202e}b\u{2066}c"), "-- a b c\n");
    }
}
