//! Any text as a regular expression under any flags: what is read compiles, and every dialect prints it or says why not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigmaglot::ir::Regex;
use sigmaglot::ir::regex::Flags;
use sigmaglot::target::regex::{JAVA, PCRE2, POSTGRES, RE2, RE2_DOT_ALL, RUST, print};

// The flags are part of the input: a fuzzer that tries all of them for each text spends its time on building engines.
fuzz_target!(|input: (u8, &str)| {
    let (bits, text) = input;
    let flags = Flags { ignore_case: bits & 1 != 0, multi_line: bits & 2 != 0, dot_all: bits & 4 != 0 };
    let Ok(regex) = Regex::parse(text, flags) else { return };
    assert!(regex.tree.compile().is_ok(), "{text:?}");
    for dialect in [&RE2, &RE2_DOT_ALL, &RUST, &PCRE2, &JAVA, &POSTGRES] {
        let _ = print(&regex, dialect);
    }
});
