//! Panics of a library that a user's text can set off, as errors.
//!
//! Only for calls into the template engine, which is known to panic on some templates (minijinja 3.0.5: `''[::-1]`). A panic of our own
//! code is a defect and must never be caught here.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic on this thread becomes an error.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// What the call returns; `None` where it panics, of which nothing is written to stderr. What the call has half changed must not be
/// used afterwards.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |panic| {
            if !CAUGHT.get() {
                report(panic);
            }
        }));
    });
    let outer = CAUGHT.replace(true);
    let returned = catch_unwind(AssertUnwindSafe(call));
    CAUGHT.set(outer);
    returned.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_the_next_call_is_as_usual() {
        assert_eq!(
            caught(|| if CAUGHT.get() {
                panic!("of a library")
            }),
            None
        );
        assert_eq!(caught(|| 1), Some(1));
        assert!(!CAUGHT.get());
    }
}
