//! Words that a bare name must not be.
//!
//! The keywords and type names of Kusto's documentation, and the words after which Microsoft's own parser no longer reads a
//! bare name as a column. A word too many costs a pair of brackets, a word too few a query that does not parse.

/// Whether `name` needs brackets although it is spelt like a plain name.
pub(super) fn is_reserved(name: &str) -> bool {
    WORDS.binary_search(&name).is_ok()
}

/// The words, ascending.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "__contextual_datatable", "__crossCluster", "__crossDB", "__executeAndCache", "__id", "__isFuzzy",
    "__noWithSource", "__packedColumn", "__projectAway", "__sourceColumnIndex", "accumulate", "and", "anomalychart",
    "areachart", "as", "asc", "bagexpansion", "barchart", "between", "bin_legacy", "bool", "boolean", "by", "byte",
    "cachingpolicy", "callout", "cancel", "card", "char", "columnchart", "contains", "contains_cs", "containscs",
    "count", "cycles", "dataexport", "datascope", "datatable", "date", "datetime", "decimal", "declare",
    "decodeblocks", "default", "desc", "distinct", "double", "dynamic", "earliest", "encodingpolicy", "endswith",
    "endswith_cs", "evaluate", "expandoutput", "extend", "extent_tags_retention", "external_data", "externaldata",
    "facet", "false", "find", "first", "flags", "float", "force_remote", "fork", "from", "getschema", "guid",
    "harddelete", "hardretention", "has", "has_all", "has_any", "has_cs", "hasprefix", "hasprefix_cs", "hassuffix",
    "hassuffix_cs", "hint", "hotcache", "in", "int", "int16", "int32", "int64", "int8", "invoke", "isfuzzy", "join",
    "journal", "kind", "ladderchart", "last", "latest", "let", "like", "likecs", "limit", "linechart", "long",
    "lookup", "matches", "materialize", "mdm", "missing", "nooptimization", "not", "notcontains", "notcontainscs",
    "notlike", "notlikecs", "null", "of", "on", "or", "order", "others", "parse", "pathformat", "pattern", "piechart",
    "pivotchart", "print", "project", "queries", "query_results", "range", "real", "reduce", "regex", "relaxed",
    "render", "restricted_view_access", "row_level_security", "rowstore", "rowstore_references", "rowstore_sealinfo",
    "rowstorepolicy", "rowstores", "sample", "scan", "scatterchart", "seal", "seals", "search", "serialize", "set",
    "shards", "simple", "softdelete", "softretention", "sort", "sql", "stackedareachart", "startswith",
    "startswith_cs", "statistics", "step", "storedqueryresultcontainers", "string", "summarize", "table",
    "tablepurge", "take", "time", "timechart", "timeline", "timepivot", "timespan", "title", "to", "top", "toscalar",
    "totable", "treemap", "true", "typeof", "uint", "uint16", "uint32", "uint64", "uint8", "ulong", "union",
    "uniqueid", "unrestrictedviewers", "verbose", "view", "viewers", "views", "where", "with", "with_itemindex",
    "with_match_id", "with_step_name", "writeaheadlog",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_ascend_so_that_the_search_finds_them() {
        assert!(WORDS.is_sorted_by(|a, b| a < b));
        assert!(["and", "title", "where", "writeaheadlog"].into_iter().all(is_reserved));
        assert!(!is_reserved("Image"));
    }
}
