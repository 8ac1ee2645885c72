//! JUnit's XML for reports, well-formed whatever characters a rule, an event or an engine brings in.

use std::io::Write;

use quick_junit::{Report, TestSuite};

use super::Stop;
use crate::diagnostic::{Diagnostic, codes};

/// Prints a report of these suites.
///
/// # Errors
/// Where it cannot be written.
pub fn print(name: &str, suites: impl IntoIterator<Item = TestSuite>, stdout: &mut dyn Write) -> Result<(), Stop> {
    stdout.write_all(text(name, suites)?.as_bytes())?;
    Ok(())
}

fn text(name: &str, suites: impl IntoIterator<Item = TestSuite>) -> Result<String, Diagnostic> {
    let mut report = Report::new(name);
    report.add_test_suites(suites);
    let text = report
        .to_string()
        .map_err(|error| Diagnostic::new(codes::UNWRITABLE, format!("cannot write the report: {error}")))?;
    // No escape helps a character that XML 1.0 does not have.
    Ok(text.chars().map(|c| if is_xml(c) { c } else { '\u{FFFD}' }).collect())
}

/// Whether XML 1.0 has the character (`Char` of its grammar).
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus};

    use super::*;

    /// A report with the text in every place.
    fn everywhere(words: &str) -> String {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(words).set_description(words);
        let mut case = TestCase::new(words, status);
        case.set_classname(words).set_system_out(words);
        let mut suite = TestSuite::new(words);
        suite.add_test_case(case);
        text(words, [suite]).expect("a report")
    }

    /// The characters of markup, and those that XML lacks, stand more often than others.
    fn nasty() -> impl Strategy<Value = String> {
        let c = prop_oneof![
            any::<char>(),
            prop::sample::select(
                "\u{FFFE}\u{FFFF}\0\u{1}\u{8}\u{B}\u{C}\u{1B}\u{7F}\u{85}<>&\"']\r\n".chars().collect::<Vec<_>>()
            ),
        ];
        prop::collection::vec(c, 0..40).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn no_character_leaves_xml(words in nasty()) {
            let text = everywhere(&words);
            prop_assert!(text.chars().all(is_xml), "{text:?}");
            prop_assert_eq!(text.matches("<testcase").count(), 1, "no text becomes markup");
        }
    }
}
