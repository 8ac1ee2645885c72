//! What rules mean, row by row: a rule, an event, the verdict, and what part of the language the row is about.
//!
//! The vectors elsewhere are examples too; these rows are the corners between them.

use sigmaglot::diagnostic::{Diagnostic, Severity};
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::sigma::{self, Options, Read};
use sigmaglot::source::Source;

mod chains;
mod documents;
mod limits;
mod rejects;
mod values;

const HEAD: &str = "title: t\nlogsource:\n    product: test\n";

/// A rule with these lines as its detection.
fn with_detection(lines: &str) -> String {
    let body: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!("{HEAD}detection:\n{body}")
}

/// A rule with these lines as its only search.
fn with_search(lines: &str) -> String {
    let body: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    with_detection(&format!("sel:\n{body}condition: sel\n"))
}

fn read(text: &str) -> Read {
    let mut options = Options::default();
    options.placeholders.insert("Admins".into(), vec!["root".into(), r"adm*".into(), r"a\*b".into()]);
    options.placeholders.insert("None".into(), Vec::new());
    options.placeholders.insert("Flag".into(), vec!["-x".into()]);
    sigma::read(&Source::new("t.yml", text), &options)
}

fn errors(read: &Read) -> Vec<&Diagnostic> {
    read.diagnostics.iter().filter(|d| d.is_error()).collect()
}

/// Whether some rule of the text matches the event; the errors where there are any.
fn verdict(text: &str, event: &str) -> Result<bool, String> {
    let read = read(text);
    if let Some(error) = errors(&read).first() {
        return Err(error.to_string());
    }
    let event = Event(serde_json::from_str(event).map_err(|e| format!("{event}: {e}"))?);
    Ok(read.rules.iter().any(|rule| Matcher::new(rule).matches(&event)))
}

/// Runs rows of (part of the language, rule, event, verdict) and shows all that differ.
fn check(rows: &[(&str, &str, &str, bool)], rule: impl Fn(&str) -> String) {
    let failures: Vec<String> = rows
        .iter()
        .filter(|(_, text, event, wanted)| verdict(&rule(text), event) != Ok(*wanted))
        .map(|(part, text, event, _)| format!("{part}: {text:?} on {event}: {:?}", verdict(&rule(text), event)))
        .collect();
    assert!(failures.is_empty(), "{} of {} rows\n{}", failures.len(), rows.len(), failures.join("\n"));
}

/// Runs rows of (rule, code): the rule gives exactly this one error.
fn check_rejects(rows: &[(&str, &str)], rule: impl Fn(&str) -> String) {
    check_codes(rows, rule, Severity::Error);
}

/// Runs rows of (rule, code): the rule is read, with exactly this one finding.
fn check_findings(rows: &[(&str, &str)], rule: impl Fn(&str) -> String) {
    for (text, _) in rows {
        assert_eq!(read(&rule(text)).rules.len(), 1, "{text:?} costs no detection");
    }
    check_codes(rows, rule, Severity::Warning);
}

fn check_codes(rows: &[(&str, &str)], rule: impl Fn(&str) -> String, severity: Severity) {
    let of = |read: &Read| read.diagnostics.iter().filter(|d| d.severity == severity).map(|d| d.code.id()).collect();
    let codes = |text: &str| -> Vec<&'static str> { of(&read(&rule(text))) };
    let failures: Vec<String> = rows
        .iter()
        .filter(|(text, code)| codes(text) != [*code])
        .map(|(text, code)| format!("{text:?} is not {code} but {:?}", codes(text)))
        .collect();
    assert!(failures.is_empty(), "{} of {} rows\n{}", failures.len(), rows.len(), failures.join("\n"));
}
