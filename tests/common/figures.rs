//! Figures that one test finds and another's page shows: small tables in `docs/figures/`, and the section of docs/equality.md that is
//! made of them. A table that is not there leaves its cells empty.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The head of the section; it is the last one of its page.
const HEAD: &str = "\n## Through mappings\n\n";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn file(name: &str) -> PathBuf {
    docs().join("figures").join(format!("{name}.tsv"))
}

/// Writes a table, and the section that shows it.
pub fn write(name: &str, head: &[&str], rows: &[Vec<String>]) {
    let lines = std::iter::once(head.join("\t")).chain(rows.iter().map(|row| row.join("\t")));
    let text = lines.fold(String::new(), |out, line| out + &line + "\n");
    let file = file(name);
    fs::create_dir_all(docs().join("figures")).expect("docs/figures can be made");
    fs::write(&file, text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let page = docs().join("equality.md");
    let known = fs::read_to_string(&page).unwrap_or_default();
    let before = known.split(HEAD).next().unwrap_or_default();
    fs::write(&page, format!("{before}{}", section())).expect("docs/equality.md can be written");
}

/// The rows of a table, each by the names of its columns.
fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(file(name)).unwrap_or_default();
    let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned));
    let Some(head) = lines.next() else { return Vec::new() };
    let head: Vec<String> = head.collect();
    lines.map(|cells| head.iter().cloned().zip(cells).collect()).collect()
}

/// The section of docs/equality.md.
pub fn section() -> String {
    let (documents, facts, scores) = (rows("documents"), rows("facts"), rows("mutants"));
    let find = |rows: &[BTreeMap<String, String>], column: &str, wanted: &str, cell: &str| -> String {
        let row = rows.iter().find(|row| row.get(column).is_some_and(|value| value == wanted));
        row.and_then(|row| row.get(cell)).cloned().unwrap_or_default()
    };
    let mut out = format!(
        "{HEAD}Rules, events, matches and differences are those of events made from the rules ([equality-mappings.md](equality-mappings.md) \
         has what was left\nout); the mutation score is the target's ([mutation.md](mutation.md)). Documents are those that the product stored, \
         with rules and questions asked of them\n([documents.md](documents.md)); a wrong fact is a field of an event that one of them \
         judges otherwise, a fact unseen stands in no document and no schema\n([facts.md](facts.md)). An empty cell: there is no such \
         evidence.\n\n\
         | mapping | target | rules | events | matches | differences | mutation score | documents | comparisons | wrong facts | facts | unseen |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
    );
    for row in rows("mappings") {
        let cell = |name: &str| row.get(name).cloned().unwrap_or_default();
        let (mapping, target) = (cell("mapping"), cell("target"));
        let document = |cell: &str| find(&documents, "mapping", &mapping, cell);
        let fact = |cell: &str| find(&facts, "mapping", &mapping, cell);
        let _ = writeln!(
            out,
            "| `{mapping}` | {target} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            cell("rules"),
            cell("events"),
            cell("matches"),
            cell("differences"),
            find(&scores, "target", &target, "score"),
            document("documents"),
            document("comparisons"),
            document("wrong"),
            fact("facts"),
            fact("unseen"),
        );
    }
    out
}
