//! What the work of a mapping on one rule may cost in all, however its items multiply each other.
//!
//! Growth is charged before it happens, so that nothing is made that does not fit. Nothing here knows what the work is.

/// The most tests that a mapping may make of one rule.
const TESTS: usize = 250_000;
/// The most bytes of names and values that it may write.
const TEXT: usize = 64 << 20;
/// The most looks at parts of the rule.
const STEPS: usize = 50_000_000;
/// The most nestings of the rule's condition.
pub(super) const DEPTH: usize = 400;

/// What is left.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    tests: usize,
    text: usize,
    steps: usize,
    spent: Option<Spent>,
}

/// What there was too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    Tests,
    Text,
    Steps,
    Depth,
}

impl Default for Budget {
    fn default() -> Self {
        Self { tests: TESTS, text: TEXT, steps: STEPS, spent: None }
    }
}

impl Budget {
    /// Charges tests that are about to be made; `false` where they do not fit.
    pub fn tests(&mut self, tests: usize) -> bool {
        charge(&mut self.tests, tests, Spent::Tests, &mut self.spent)
    }

    /// Charges bytes of text that are about to be written; `false` where they do not fit.
    pub fn text(&mut self, bytes: usize) -> bool {
        charge(&mut self.text, bytes, Spent::Text, &mut self.spent)
    }

    /// Charges looks at parts of the rule; `false` where there were too many.
    pub fn steps(&mut self, steps: usize) -> bool {
        charge(&mut self.steps, steps, Spent::Steps, &mut self.spent)
    }

    /// Says how deep the condition is nested; `false` where that is too deep.
    pub fn depth(&mut self, depth: usize) -> bool {
        let mut left = DEPTH;
        charge(&mut left, depth, Spent::Depth, &mut self.spent)
    }

    /// The tests that may still be made.
    pub fn tests_left(&self) -> usize {
        self.tests
    }

    /// The bytes of text that may still be written.
    pub fn text_left(&self) -> usize {
        self.text
    }

    /// What there was too much of, if anything.
    pub fn spent(&self) -> Option<Spent> {
        self.spent
    }
}

fn charge(left: &mut usize, cost: usize, what: Spent, spent: &mut Option<Spent>) -> bool {
    match left.checked_sub(cost) {
        Some(rest) => *left = rest,
        None => *spent = spent.or(Some(what)),
    }
    spent.is_none()
}

impl Spent {
    /// The complaint.
    pub fn message(self) -> String {
        match self {
            Spent::Tests => format!("the mapping makes more than {TESTS} tests of the rule"),
            Spent::Text => format!("the mapping writes more than {} MiB of names and values for the rule", TEXT >> 20),
            Spent::Depth => format!("the mapping nests the condition of the rule more than {DEPTH} deep"),
            Spent::Steps => format!("the mapping looks at parts of the rule more than {STEPS} times"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_and_stays_said() {
        let mut budget = Budget::default();
        assert!(budget.tests(TESTS) && budget.text(TEXT));
        assert!(!budget.tests(1));
        assert!(!budget.text(1) && !budget.steps(1), "the work is over");
        assert_eq!(budget.spent(), Some(Spent::Tests));
        assert!(!Budget::default().tests(usize::MAX));
    }
}
