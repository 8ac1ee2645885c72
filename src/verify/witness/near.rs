//! The kinds of near hits and near misses, each with its words: what a report, a test or a survivor names.
//!
//! A kind is a boundary of an operator: a query that is narrower there loses a near hit, one that is wider finds a near
//! miss. Proposals are made in `hits` and `misses`; whether a predicate holds for one, the interpreter says.

use serde_json::Value;

use crate::interp::Event;

macro_rules! kinds {
    ($($name:ident $words:literal,)*) => {
        /// Which boundary a near hit or near miss stands at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum NearKind {
            $(#[doc = $words] $name,)*
        }

        impl NearKind {
            /// All kinds, in the order of the table in `docs/verify.md`.
            pub const ALL: &'static [NearKind] = &[$(NearKind::$name,)*];

            /// In words.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(NearKind::$name => $words,)*
                }
            }
        }
    };
}

kinds! {
    Wild "every freedom of the test used at once",
    Bare "every freedom of the test used in the other way",
    UpperCase "all letters in upper case",
    LowerCase "all letters in lower case",
    FirstLetter "the first letter in its other case",
    LastLetter "the last letter in its other case",
    OneLetter "a letter within in its other case",
    LetterBeyondAscii "a letter beyond ASCII in its other case",
    GluedAtBothEnds "letters and digits right before and after",
    GluedAtFront "a letter right before",
    GluedAtEnd "a letter right after",
    DelimitedAtFront "a delimiter before",
    DelimitedAtEnd "a delimiter after",
    LineBefore "a line before",
    LineAfter "a line after",
    NothingAround "nothing at the open ends",
    Twice "the text twice",
    Long "a value of 2,000 characters",
    StarAsNothing "a `*` within as nothing",
    StarAsOne "a `*` within as one character",
    StarAsMany "a `*` within as many characters",
    StarAsLine "a `*` within as a line break",
    OneAsLetter "a `?` as a letter",
    OneAsDigit "a `?` as a digit",
    OneAsSeparator "a `?` as a separator",
    OneAsAstral "a `?` as a character beyond U+FFFF",
    OneAsCombining "a `?` as a combining mark",
    OneAsLine "a `?` as a line break",
    SetMember "another member of a set",
    FirstInList "in a list, first",
    LastInList "in a list, last",
    BesideNull "in a list beside null",
    Reordered "the members or pieces in another order",
    Overlapping "members or pieces that overlap",
    Branch "a branch of a regex",
    RepeatLeast "each repeat at its least",
    RepeatMore "each repeat once more than its least",
    RepeatMost "each repeat at its most",
    ClassFirst "the first character of each class",
    ClassLast "the last character of each class",
    DotAs "a dot as a separator, a mark or a character beyond U+FFFF",
    FirstAddress "the first address",
    LastAddress "the last address",
    InnerAddress "an address within",
    HalfAddress "an address at a half of the network",
    OtherSpelling "another spelling of the same address",
    MappedAddress "the IPv4-mapped spelling of the address",
    AddressBelow "the address below the first",
    AddressAbove "the address above the last",
    AddressAndMore "an address with a mask, a port or a blank",
    NoAddress "text that is no address",
    Bound "the bound itself",
    BoundByOne "one more or less than the bound",
    BoundByHalf "half more or less than the bound",
    AsText "the number as text",
    AsNumber "the text as a number",
    AsBoolean "the word as a boolean",
    AsWord "the boolean as its word",
    WordInOtherCase "the boolean's word in another case",
    Exponent "the number with an exponent",
    NegativeExponent "the number with a negative exponent",
    OtherDigits "the number with a sign, zeros or a fraction",
    Negative "the negative number",
    BeyondDouble "a number that a double does not hold",
    PointAtEnd "a point after the number, and no digit",
    NumberAndMore "text that only begins or ends with the number",
    OtherTruth "the other truth value, or a word for one",
    Missing "the field missing",
    Null "the field null",
    Empty "the empty text",
    Blank "a blank",
    EmptyList "an empty list",
    ListOfNulls "a list of nulls",
    WordForNothing "a word or sign for nothing",
    Zero "zero",
    FalseValue "false",
    SomeText "some text",
    OtherType "the same text in another type",
    OtherMissing "the other field missing",
    BothMissing "both fields missing",
    BothNull "both fields null",
    NameOfOther "the name of the other field",
    OtherField "in another field",
    Nested "nested",
    InNumber "in the text of a number",
    InName "in the name of a field",
    OverTwoFields "split over two fields",
    OverTwoValues "split over two values of a list",
    FirstMoment "the first moment of the part",
    LastMoment "the last moment of the part",
    MomentBefore "a second before the part",
    MomentAfter "a second after the part",
    OtherZone "in a time zone east of Greenwich",
    WesternZone "in a time zone west of Greenwich",
    OtherTimeSpelling "another spelling of the time",
    NoTime "text that is nearly a time",
    ImpossibleTime "a time that no calendar has",
    FrontMore "a word more at the front",
    EndMore "a word more at the end",
    FrontLess "a character less at the front",
    EndLess "a character less at the end",
    FirstReplaced "the first character replaced",
    LastReplaced "the last character replaced",
    InnerReplaced "a character within replaced",
    InnerRemoved "a character within removed",
    InnerDoubled "a character within doubled",
    BlankInserted "a blank within",
    LineInserted "a line break within",
    BlankAtFront "a blank at the front",
    BlankAtEnd "a blank at the end",
    LineAtFront "a line break at the front",
    LineAtEnd "a line break at the end",
    SpecialAsOther "a special character as another one",
    SpecialAsNothing "a special character as nothing",
    SpecialAsTwo "a special character as two others",
    SpecialDoubled "a special character doubled",
    OneAsNothing "a `?` as nothing",
    OneAsTwo "a `?` as two characters",
    BesideSet "a character beside a set",
    HalvesOfTwo "half of one member and half of another",
    RepeatTooFew "a repeat below its least",
    RepeatTooMany "a repeat above its most",
    BesideClass "a character below a class",
    BesideClassAbove "a character above a class",
    DotAsLine "a dot as a line break",
    LiteralReplaced "a literal of a regex replaced",
    LiteralInOtherCase "a literal of a regex in its other case",
    Altered "an alteration by chance",
}

/// A proposal: what it would be, and the fields to change for it; `None` takes a field away.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Near {
    pub(super) kind: NearKind,
    /// Tells proposals of one kind apart that are kept side by side.
    pub(super) variant: usize,
    pub(super) edits: Vec<(String, Option<Value>)>,
}

impl Near {
    /// A proposal that changes one field.
    pub(super) fn new(kind: NearKind, name: &str, value: Option<Value>) -> Near {
        Near { kind, variant: 0, edits: vec![(name.to_owned(), value)] }
    }

    /// The event with the changes.
    pub(super) fn applied(&self, event: &Event) -> Event {
        let mut event = event.clone();
        for (name, value) in &self.edits {
            match value {
                Some(value) => event.0.insert(name.clone(), value.clone()),
                None => event.0.shift_remove(name),
            };
        }
        event
    }
}

/// Proposals for one field.
pub(super) struct Proposals<'n> {
    name: &'n str,
    pub(super) list: Vec<Near>,
}

impl<'n> Proposals<'n> {
    pub(super) fn new(name: &'n str) -> Self {
        Self { name, list: Vec::new() }
    }

    /// One more, unless it would be empty talk: a value that was proposed already under the same kind.
    pub(super) fn add(&mut self, kind: NearKind, value: impl Into<Value>) {
        self.variant(kind, 0, value);
    }

    /// One more of several of a kind.
    pub(super) fn variant(&mut self, kind: NearKind, variant: usize, value: impl Into<Value>) {
        let near = Near { variant, ..Near::new(kind, self.name, Some(value.into())) };
        if !self.list.contains(&near) {
            self.list.push(near);
        }
    }

    /// The field taken away.
    pub(super) fn missing(&mut self) {
        self.list.push(Near::new(NearKind::Missing, self.name, None));
    }
}
