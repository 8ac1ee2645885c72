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
    /// The file is larger than what is read.
    SOURCE_TOO_LARGE = "SG0002" Error;
    /// The text is no YAML.
    YAML_SYNTAX = "SG0003" Error;
    /// A key stands twice in one map.
    DUPLICATE_KEY = "SG0004" Error;
    /// A YAML feature that rules cannot use: merge keys, tags, maps as keys.
    YAML_FEATURE = "SG0005" Error;
    /// An alias is cyclic or expands to too much.
    YAML_ALIAS = "SG0006" Error;
    /// Lists and maps are nested too deep.
    YAML_NESTING = "SG0007" Error;
    /// YAML 1.1 reads this plain scalar differently.
    YAML_11 = "SG0008" Note;
    /// More messages than are kept.
    MESSAGES_LEFT_OUT = "SG0009" Note;

    /// The file holds no document.
    SOURCE_EMPTY = "SG0010" Warning;

    // ---- 01xx: documents and attributes ----
    /// The top level of a document is no map.
    NOT_A_RULE = "SG0101" Error;
    /// A required attribute is missing.
    ATTRIBUTE_MISSING = "SG0102" Error;
    /// An attribute has the wrong type or length.
    ATTRIBUTE_TYPE = "SG0103" Error;
    /// An attribute has a value outside its closed list.
    ATTRIBUTE_VALUE = "SG0104" Warning;
    /// A date is not `YYYY-MM-DD`.
    DATE_INVALID = "SG0105" Warning;
    /// A tag has no namespace.
    TAG_INVALID = "SG0106" Warning;
    /// A tag has characters that tags should not have.
    TAG_FORM = "SG0107" Warning;
    /// The id is no UUID.
    ID_NOT_UUID = "SG0108" Warning;
    /// The log source names neither category, product nor service.
    LOGSOURCE_EMPTY = "SG0109" Error;
    /// The taxonomy is not known.
    TAXONOMY_UNKNOWN = "SG0110" Warning;
    /// The rule is for an unsupported version of the specification.
    VERSION_UNSUPPORTED = "SG0111" Error;
    /// An unknown attribute is close to a known one.
    ATTRIBUTE_UNKNOWN = "SG0112" Warning;
    /// A list of unique entries has one twice.
    ENTRY_TWICE = "SG0113" Warning;
    /// A word of the log source is close to one that Sigma has.
    LOGSOURCE_SLIP = "SG0114" Warning;
    /// Sigma's taxonomy has no such word of a log source.
    LOGSOURCE_UNKNOWN = "SG0115" Note;
    /// A key stands at the wrong level of the document.
    KEY_MISPLACED = "SG0116" Warning;

    // ---- 02xx: detections, values, modifiers ----
    /// There is no modifier of this name.
    MODIFIER_UNKNOWN = "SG0201" Error;
    /// Modifiers do not fit together.
    MODIFIER_COMBINATION = "SG0202" Error;
    /// A value has the wrong type for its modifier.
    VALUE_TYPE = "SG0203" Error;
    /// A search or a list of values is empty.
    EMPTY = "SG0204" Error;
    /// Null stands in a list or as a keyword.
    NULL_VALUE = "SG0205" Error;
    /// A value is a map or a nested list.
    VALUE_NESTED = "SG0206" Error;
    /// The regular expression is invalid or uses an unsupported construct.
    REGEX_INVALID = "SG0207" Error;
    /// The value is no IP network.
    NETWORK_INVALID = "SG0208" Error;
    /// A wildcard stands where none can be.
    WILDCARD_FORBIDDEN = "SG0209" Error;
    /// A part of a time is out of range.
    TIME_RANGE = "SG0210" Error;
    /// The modifier needs a field.
    FIELD_NEEDED = "SG0211" Error;
    /// A key of a detection is not text.
    KEY_NOT_TEXT = "SG0212" Error;
    /// A number is infinite, not a number, or too large.
    NUMBER_RANGE = "SG0213" Error;
    /// `windash` makes too many texts to encode.
    TOO_MANY_VARIANTS = "SG0214" Error;
    /// `all` stands on a single value.
    ALL_SINGLE = "SG0215" Warning;
    /// `base64offset` stands without `contains`.
    OFFSET_EXACT = "SG0216" Warning;
    /// A path ends in an escaped star.
    STAR_ESCAPED = "SG0217" Warning;
    /// A value begins with two backslashes, which are one.
    BACKSLASHES_LEADING = "SG0218" Warning;
    /// `timeframe` has no effect.
    TIMEFRAME_IGNORED = "SG0219" Warning;
    /// A key with modifiers has no colon after it.
    COLON_MISSING = "SG0220" Error;
    /// A keyword looks like a field with its value.
    KEYWORD_LIKE_ITEM = "SG0221" Warning;
    /// Double quotes make a control character of a backslash and a letter.
    ESCAPED_CONTROL = "SG0222" Note;
    /// The regular expressions of a rule or file are too large together.
    BUDGET_EXCEEDED = "SG0223" Error;
    /// A field's name begins or ends with a blank.
    FIELD_BLANK = "SG0224" Warning;

    // ---- 03xx: conditions ----
    /// There is no condition, or it is no text.
    CONDITION_MISSING = "SG0301" Error;
    /// The condition does not parse.
    CONDITION_SYNTAX = "SG0302" Error;
    /// The condition names a search that does not exist.
    IDENTIFIER_UNDEFINED = "SG0303" Error;
    /// A selector takes no search.
    SELECTOR_EMPTY = "SG0304" Error;
    /// The condition has a v1 aggregation.
    AGGREGATION = "SG0305" Error;
    /// The condition is too long, too deep, or repeats too much.
    CONDITION_TOO_LARGE = "SG0306" Error;
    /// A search is named by a word of conditions.
    IDENTIFIER_RESERVED = "SG0307" Error;
    /// The detection has no search.
    DETECTION_EMPTY = "SG0308" Error;
    /// No condition uses this search.
    IDENTIFIER_UNUSED = "SG0309" Warning;
    /// Conditions cannot spell the name of this search.
    IDENTIFIER_SPELLING = "SG0310" Note;

    // ---- 04xx: correlations, filters, collections, placeholders ----
    /// The document is a correlation, whose meaning is not built yet.
    NOT_YET = "SG0401" Error;
    /// The correlation is invalid.
    CORRELATION_INVALID = "SG0402" Error;
    /// The filter does not say which rules it applies to.
    FILTER_RULES = "SG0403" Error;
    /// The filter's condition has no `not`.
    FILTER_POSITIVE = "SG0404" Warning;
    /// The action is unknown or has nothing to act on.
    ACTION_UNKNOWN = "SG0405" Error;
    /// A placeholder has no values.
    PLACEHOLDER_UNKNOWN = "SG0406" Error;
    /// Placeholders expand to too many values.
    PLACEHOLDER_LIMIT = "SG0407" Error;
    /// A backslash before a percent sign does not escape it.
    PERCENT_ESCAPE = "SG0408" Note;
    /// The rule is part of a correlation, so it does not stand alone.
    CORRELATED = "SG0409" Error;

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
    /// The target's engine gives up on a pattern of this shape.
    PATTERN_TOO_COMPLEX = "SG0509" Error;
    /// No value of a column's type can be what the rule asks for.
    NEVER_IN_COLUMN = "SG0515" Warning;

    // ---- 06xx: mapping ----
    /// A mapping has a key that does not belong there.
    MAPPING_KEY = "SG0601" Error;
    /// A mapping names a transformation, condition or finalizer that does not exist.
    MAPPING_TYPE = "SG0602" Error;
    /// A parameter of a mapping is missing or has a wrong value.
    MAPPING_VALUE = "SG0603" Error;
    /// A regular expression of a mapping, or its replacement, is invalid.
    MAPPING_REGEX = "SG0604" Error;
    /// An expression over conditions of a mapping is invalid.
    MAPPING_EXPRESSION = "SG0605" Error;
    /// A mapping wants something from outside the program.
    MAPPING_REFUSED = "SG0606" Error;
    /// A template of a mapping does not parse or fails.
    MAPPING_TEMPLATE = "SG0607" Error;
    /// A mapping rejects the rule.
    MAPPING_REJECTS = "SG0608" Error;
    /// A value of the rule does not fit a transformation.
    MAPPING_VALUE_UNFIT = "SG0609" Error;
    /// There is no mapping of this name.
    MAPPING_UNKNOWN = "SG0610" Error;
    /// The mapping is for other targets.
    MAPPING_TARGET = "SG0611" Error;
    /// No mapping knows a field of the rule.
    FIELD_UNMAPPED = "SG0612" Warning;
    /// The mapping has no table for the rule's log source.
    LOGSOURCE_UNMAPPED = "SG0613" Error;
    /// A mapping makes more of a rule or a query than fits the budget.
    MAPPING_TOO_LARGE = "SG0614" Error;
    /// A mapping has a key of another program's own format.
    MAPPING_FOREIGN = "SG0615" Error;
    /// A name of another program stands for a mapping that differs from its own.
    MAPPING_ALIAS = "SG0616" Note;
    /// The product has no field of this name.
    FIELD_MISSING = "SG0622" Warning;
    /// Nothing in the product can match the rule.
    RULE_NEVER_HOLDS = "SG0623" Error;
    /// What a mapping says of this is doubtful.
    MAPPING_DOUBTFUL = "SG0624" Warning;
    /// A text can begin within the product's spelling of a character.
    MAPPING_SPELLING = "SG0627" Warning;
    /// A table may lack a column of the rule.
    FIELD_OPTIONAL = "SG0630" Warning;
    /// A column of a few words is asked for another one.
    WORD_UNKNOWN = "SG0631" Warning;

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
    /// A line is no pair of a raw event and a stored document.
    PAIR_INVALID = "SG0806" Error;
    /// Events were not quite right and were read as well as possible.
    EVENTS_CHANGED = "SG0808" Warning;
    /// More events of a source could not be read than were named.
    EVENTS_LEFT_OUT = "SG0809" Error;
    /// A source of events seems to be something else.
    EVENTS_FORMAT = "SG0810" Error;

    // ---- 09xx: command line and configuration ----
    /// The inputs hold no rule, or no event file.
    NOTHING_FOUND = "SG0901" Error;
    /// A file or directory cannot be read.
    UNREADABLE = "SG0902" Error;
    /// A file or the standard output cannot be written.
    UNWRITABLE = "SG0903" Error;
    /// An argument or configuration file says something that cannot be.
    ARGUMENT_INVALID = "SG0904" Error;
    /// Two queries would have the same file.
    FILE_NAME_TAKEN = "SG0905" Note;
    /// There is no such diagnostic code.
    CODE_UNKNOWN = "SG0906" Error;
    /// The configuration file is no TOML.
    CONFIG_SYNTAX = "SG0907" Error;
    /// A configuration file has a key that does not belong there.
    CONFIG_KEY = "SG0908" Error;
    /// A key of the configuration, or its variable, has a value that cannot be.
    CONFIG_VALUE = "SG0909" Error;
    /// An engine for `verify` does not start.
    ENGINE_FAILED = "SG0910" Error;
    /// Nothing says which target is meant.
    TARGET_MISSING = "SG0911" Error;
    /// A field of a rule that `verify` compares is known to no mapping.
    FIELD_UNKNOWN = "SG0915" Warning;
    /// A target's manifest does not say what its store does to an event.
    STORE_UNKNOWN = "SG0916" Error;
    /// The file of known refusals is none.
    BASELINE_INVALID = "SG0917" Error;
    /// Refusals that the baseline knows are gone.
    BASELINE_GONE = "SG0918" Note;
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

    /// Whether it is about what describes a rule: a warning of these is a finding of `check`.
    pub fn is_about_metadata(self) -> bool {
        self.0.starts_with("SG01") || [SOURCE_EMPTY, DUPLICATE_KEY, YAML_FEATURE].contains(&self)
    }

    /// Whether it says of a query that it can select other events than its rule; `--strict` makes these errors.
    pub fn is_difference(self) -> bool {
        [FOLDING_LIMITED, DATA_MODEL, MAPPING_SPELLING].contains(&self)
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
