//! Lists of what is known to be wrong or unseen, which only get shorter: `FOLDER/NAME.tsv` beside this file, a line a finding with
//! the ways in which it was found and the number of documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// So many lines of a list are told.
const TOLD: usize = 20;

/// How often something was found, and in which ways.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub ways: BTreeSet<String>,
    pub number: usize,
}

/// Findings by what they are of.
pub type List = BTreeMap<String, Entry>;

/// Compares what was found with the list of a mapping; what is to be said against it.
pub fn hold(folder: &str, mapping: &str, found: &List) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/documents").join(folder);
    let path = folder.join(format!("{mapping}.tsv"));
    let known = fs::read_to_string(&path).ok().map(|text| read(&text));
    if super::writes() {
        let kept = match &known {
            Some(known) => lowered(known, found),
            None => found.clone(),
        };
        fs::create_dir_all(&folder).expect("the folder can be made");
        fs::write(&path, write(&kept)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        return told(mapping, &kept, found);
    }
    told(mapping, &known.unwrap_or_default(), found)
}

fn read(text: &str) -> List {
    let line = |line: &str| {
        let (rest, number) = line.rsplit_once('\t')?;
        let (what, ways) = rest.rsplit_once('\t')?;
        let ways = ways.split(',').filter(|way| *way != "-").map(str::to_owned).collect();
        Some((what.to_owned(), Entry { ways, number: number.parse().ok()? }))
    };
    text.lines().filter_map(line).collect()
}

fn line(what: &str, Entry { ways, number }: &Entry) -> String {
    let ways: Vec<&str> = ways.iter().map(String::as_str).collect();
    format!("{what}\t{}\t{number}", if ways.is_empty() { "-".to_owned() } else { ways.join(",") })
}

fn write(list: &List) -> String {
    list.iter().fold(String::new(), |mut out, (what, entry)| {
        let _ = writeln!(out, "{}", line(what, entry));
        out
    })
}

/// The list without what is no longer true.
fn lowered(known: &List, found: &List) -> List {
    let still = |(what, entry): (&String, &Entry)| {
        let other = found.get(what)?;
        let ways = entry.ways.intersection(&other.ways).cloned().collect();
        Some((what.clone(), Entry { ways, number: entry.number.min(other.number) }))
    };
    known.iter().filter_map(still).collect()
}

/// The lines of one list that another does not have, or not as much of.
fn beyond(list: &List, other: &List) -> Vec<String> {
    let is_beyond = |(what, entry): &(&String, &Entry)| {
        other.get(*what).is_none_or(|other| !entry.ways.is_subset(&other.ways) || entry.number > other.number)
    };
    list.iter().filter(is_beyond).map(|(what, entry)| line(what, entry)).collect()
}

fn told(mapping: &str, known: &List, found: &List) -> Option<String> {
    let (new, stale) = (beyond(found, known), beyond(known, found));
    if new.is_empty() && stale.is_empty() {
        return None;
    }
    let mut out =
        format!("{mapping}: {} new findings, {} lines of the list are no longer true", new.len(), stale.len());
    for (word, lines) in [("new", new), ("no longer true", stale)] {
        lines.iter().take(TOLD).for_each(|line| out.push_str(&format!("\n{word}: {line}")));
    }
    Some(out)
}

#[test]
fn a_list_only_gets_shorter() {
    let known = read("a\tb\tcased,equals\t3\nc\t-\t1\n");
    assert_eq!(write(&known), "a\tb\tcased,equals\t3\nc\t-\t1\n");
    assert_eq!(told("m", &known, &known), None);
    for more in ["a\tb\tcased,equals\t4\n", "a\tb\tcased,equals,re\t3\n", "a\tb\tcased,equals\t3\nd\t-\t1\n"] {
        let found = read(&format!("{more}c\t-\t1\n"));
        assert!(told("m", &known, &found).is_some_and(|words| words.contains("1 new findings")), "{more}");
        assert_eq!(beyond(&lowered(&known, &found), &known), Vec::<String>::new());
    }
    let fewer = read("a\tb\tcased\t2\n");
    assert!(told("m", &known, &fewer).is_some_and(|words| words.contains("0 new findings, 2 lines")));
    assert_eq!(lowered(&known, &fewer), fewer);
}
