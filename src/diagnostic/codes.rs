//! The table of diagnostic codes.
//!
//! One row a code: constant, id, default severity. The page of a code is `docs/diagnostics/<id>.md`; a code
//! without a page does not compile. Ids are never reused. Ranges: 00xx reading text and YAML, 01xx documents and
//! attributes, 02xx detections, values, modifiers, 03xx conditions, 04xx correlations, filters, collections,
//! placeholders, 05xx targets, 06xx mapping, 07xx templates and manifests, 08xx events, 09xx command line and
//! configuration.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Severity::{self, Error, Note, Warning};

/// A stable diagnostic code such as `SG0201`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(&'static str);

/// A row of the table.
#[derive(Debug)]
pub struct CodeInfo {
    /// The code.
    pub code: Code,
    /// Its severity where nothing says otherwise.
    pub severity: Severity,
    /// The page, Markdown; its first line is `# SGnnnn: title`.
    pub page: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal $severity:ident;)*) => {
        $($(#[$doc])* pub const $name: Code = Code($id);)*
        /// All codes in ascending order.
        pub const TABLE: &[CodeInfo] = &[$(CodeInfo {
            code: $name,
            severity: $severity,
            page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics/", $id, ".md")),
        },)*];
    };
}

codes! {
    // ---- 00xx: reading text and YAML ----
    /// The file is not UTF-8 text.
    NOT_UTF8 = "SG0001" Error;

    // ---- 01xx: documents and attributes ----

    // ---- 02xx: detections, values, modifiers ----

    // ---- 03xx: conditions ----

    // ---- 04xx: correlations, filters, collections, placeholders ----
    /// The document is a correlation or a filter, whose meaning is not built yet.
    NOT_YET = "SG0401" Error;

    // ---- 05xx: targets ----
    /// The target's language has no way to say this predicate.
    PREDICATE_UNSUPPORTED = "SG0501" Error;
    /// The target's regex dialect has no way to say this construct.
    REGEX_UNSUPPORTED = "SG0502" Error;
    /// The target folds only ASCII letters, the value has others.
    FOLDING_LIMITED = "SG0503" Warning;
    /// The target's data model cannot tell two kinds of value apart that the rule tells apart.
    DATA_MODEL = "SG0504" Warning;
    /// A value has a character that the target's literals cannot hold.
    LITERAL_UNSUPPORTED = "SG0505" Error;
    /// The query is larger than the target accepts.
    QUERY_TOO_LARGE = "SG0506" Error;
    /// A placeholder reached a target without a value.
    PLACEHOLDER_UNRESOLVED = "SG0507" Error;
    /// The condition is constant: it selects every event or none.
    CONDITION_CONSTANT = "SG0508" Note;

    // ---- 06xx: mapping ----

    // ---- 07xx: templates and manifests ----
    /// A template does not parse or fails while rendering.
    TEMPLATE_FAILED = "SG0701" Error;
    /// A manifest does not parse or names something unknown.
    MANIFEST_INVALID = "SG0702" Error;
    /// There is no target of this name.
    TARGET_UNKNOWN = "SG0703" Error;

    // ---- 08xx: events ----
    /// An event is not JSON.
    EVENT_SYNTAX = "SG0801" Error;
    /// A JSON value where an event should be is no object.
    EVENT_NO_OBJECT = "SG0802" Error;
    /// An event is larger or nested deeper than is read.
    EVENT_TOO_LARGE = "SG0803" Error;
    /// A Windows event log, or a record of one, cannot be read.
    EVENT_LOG_FAILED = "SG0804" Error;
    /// The source of events failed while it was read.
    EVENTS_UNREADABLE = "SG0805" Error;

    // ---- 09xx: command line and configuration ----
}

impl Code {
    /// The id, `SGnnnn`.
    pub fn id(self) -> &'static str {
        self.0
    }

    /// The row of the table.
    pub fn info(self) -> &'static CodeInfo {
        match TABLE.binary_search_by(|row| row.code.0.cmp(self.0)) {
            Ok(i) => &TABLE[i],
            Err(_) => &TABLE[0], // cannot be: only the table makes codes
        }
    }

    /// The default severity.
    pub fn severity(self) -> Severity {
        self.info().severity
    }

    /// The title: the page's first line without its `# SGnnnn: `.
    pub fn title(self) -> &'static str {
        let line = self.info().page.lines().next().unwrap_or("");
        line.split_once(": ").map_or(line, |(_, title)| title)
    }

    /// The code with this id, in any letter case.
    pub fn find(id: &str) -> Option<Code> {
        TABLE.iter().map(|row| row.code).find(|code| code.0.eq_ignore_ascii_case(id))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ascends_and_every_page_has_its_title() {
        assert!(TABLE.windows(2).all(|w| w[0].code < w[1].code), "codes out of order");
        for row in TABLE {
            let head = format!("# {}: ", row.code);
            assert!(row.page.starts_with(&head), "page of {} must start with `{head}`", row.code);
        }
    }
}
