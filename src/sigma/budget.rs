//! What the reading of one source may cost in all: many items of moderate size are as bad as one huge one.
//!
//! Two kinds of work are counted, each by rule and by source. Nothing here knows what a message looks like.

/// A limit that was reached, in words.
pub(super) struct Exceeded {
    /// Whose limit.
    pub whose: &'static str,
    /// The limit.
    pub limit: u64,
}

/// An account with a limit for each rule and one for the source.
#[derive(Debug)]
struct Account {
    rule: u64,
    source: u64,
    rule_limit: u64,
    source_limit: u64,
}

impl Account {
    const fn new(rule_limit: u64, source_limit: u64) -> Self {
        Self { rule: 0, source: 0, rule_limit, source_limit }
    }

    /// Takes an amount; what is refused is not taken.
    fn spend(&mut self, amount: u64) -> Result<(), Exceeded> {
        let (rule, source) = (self.rule.saturating_add(amount), self.source.saturating_add(amount));
        if rule > self.rule_limit {
            return Err(Exceeded { whose: "a rule", limit: self.rule_limit });
        }
        if source > self.source_limit {
            return Err(Exceeded { whose: "a file", limit: self.source_limit });
        }
        (self.rule, self.source) = (rule, source);
        Ok(())
    }
}

/// What is left for the rules of a source.
#[derive(Debug)]
pub(super) struct Budget {
    regexes: Account,
    texts: Account,
}

impl Default for Budget {
    fn default() -> Self {
        Self { regexes: Account::new(500_000, 5_000_000), texts: Account::new(8_000_000, 64_000_000) }
    }
}

impl Budget {
    /// The next rule begins.
    pub fn next_rule(&mut self) {
        (self.regexes.rule, self.texts.rule) = (0, 0);
    }

    /// A regular expression of this weight is kept.
    pub fn regex(&mut self, weight: u64) -> Result<(), Exceeded> {
        self.regexes.spend(weight)
    }

    /// A placeholder makes so many texts of so many bytes in all.
    pub fn texts(&mut self, count: usize, bytes: usize) -> Result<(), Exceeded> {
        // A test costs more than its text.
        self.texts.spend((count as u64).saturating_mul(32).saturating_add(bytes as u64))
    }
}
