//! Samples of long lists: every Nth item, from a place that can be turned. What is left out is said, never silent.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::env;
use std::io::Write as _;

/// Whether everything is to be taken: `SIGMAGLOT_DEEP=1`.
pub fn is_deep() -> bool {
    env::var("SIGMAGLOT_DEEP").is_ok_and(|value| value == "1")
}

/// `SIGMAGLOT_SEED`: where random cases start.
pub fn seed() -> Option<u64> {
    env::var("SIGMAGLOT_SEED").ok().map(|text| text.parse().expect("SIGMAGLOT_SEED is a number"))
}

/// One item of so many is taken: `SIGMAGLOT_STEP`, else all in a deep run, else the test's own number.
pub fn step(ordinary: usize) -> usize {
    let said = env::var("SIGMAGLOT_STEP").ok().map(|text| text.parse().expect("SIGMAGLOT_STEP is a number"));
    said.unwrap_or(if is_deep() { 1 } else { ordinary }).max(1)
}

/// `SIGMAGLOT_TURN`: which part of the whole a sample is; the first without it.
fn turn() -> u64 {
    env::var("SIGMAGLOT_TURN").ok().map_or(0, |text| text.parse().expect("SIGMAGLOT_TURN is a number"))
}

/// Every `step`th item, from the place that `SIGMAGLOT_TURN` names; prints how many were left out.
pub fn every<T>(step: usize, what: &str, items: impl IntoIterator<Item = T>) -> Vec<T> {
    let from = (turn() % step as u64) as usize;
    let mut all = 0;
    let taken: Vec<T> = (items.into_iter().inspect(|_| all += 1)).skip(from).step_by(step).collect();
    if step > 1 {
        say(&format!(
            "sample: {} of {all} {what}, every {step}th from number {from}; {} left out",
            taken.len(),
            all - taken.len()
        ));
    }
    taken
}

/// Says something of a test that passes: its own output is kept back, this is not.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
