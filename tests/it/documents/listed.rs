//! Lists of what is known to be wrong or unseen, which only get shorter: `FOLDER/NAME.tsv` beside this file, a line a finding with
//! its number at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// So many lines of a list are told.
const TOLD: usize = 20;

/// Compares what was found with the list of a mapping; what is to be said against it.
pub fn hold(folder: &str, mapping: &str, found: &BTreeMap<String, usize>) -> Option<String> {
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

fn read(text: &str) -> BTreeMap<String, usize> {
    let line = |line: &str| {
        let (what, number) = line.rsplit_once('\t')?;
        Some((what.to_owned(), number.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

fn write(lines: &BTreeMap<String, usize>) -> String {
    lines.iter().fold(String::new(), |mut out, (what, number)| {
        let _ = writeln!(out, "{what}\t{number}");
        out
    })
}

/// The list without what is no longer true.
fn lowered(known: &BTreeMap<String, usize>, found: &BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    let line = |(what, number): (&String, &usize)| Some((what.clone(), *found.get(what)?.min(number)));
    known.iter().filter_map(line).collect()
}

fn told(mapping: &str, known: &BTreeMap<String, usize>, found: &BTreeMap<String, usize>) -> Option<String> {
    let more = |a: &BTreeMap<String, usize>, b: &BTreeMap<String, usize>| -> Vec<String> {
        let is_more = |(what, number): &(&String, &usize)| b.get(*what).is_none_or(|other| other < *number);
        a.iter().filter(is_more).map(|(what, number)| format!("  {what}\t{number}")).collect()
    };
    let (new, stale) = (more(found, known), more(known, found));
    if new.is_empty() && stale.is_empty() {
        return None;
    }
    let mut out =
        format!("{mapping}: {} new findings, {} lines of the list are no longer true", new.len(), stale.len());
    for (word, lines) in [("new", new), ("no longer true", stale)] {
        lines.iter().take(TOLD).for_each(|line| out.push_str(&format!("\n{word}:{line}")));
    }
    Some(out)
}

#[test]
fn a_list_only_gets_shorter() {
    let list = |lines: &[(&str, usize)]| -> BTreeMap<String, usize> {
        lines.iter().map(|(what, number)| ((*what).to_owned(), *number)).collect()
    };
    let known = list(&[("a\tb", 3), ("c", 1)]);
    assert_eq!(read(&write(&known)), known);
    assert_eq!(told("m", &known, &known), None);
    let grown = list(&[("a\tb", 4), ("c", 1)]);
    assert!(told("m", &known, &grown).is_some_and(|words| words.contains("1 new findings, 0 lines")));
    let gone = list(&[("a\tb", 2)]);
    assert!(told("m", &known, &gone).is_some_and(|words| words.contains("0 new findings, 2 lines")));
    assert_eq!(lowered(&known, &list(&[("a\tb", 4), ("d", 1)])), list(&[("a\tb", 3)]));
}
