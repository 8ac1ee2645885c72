//! Work on many files: in parallel, with results in the order of the input whatever the number of threads.

use std::num::NonZeroUsize;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Stop;
use crate::diagnostic::{Diagnostic, codes};

/// Files worked on before their results are written: enough to keep all threads busy, few enough to bound memory.
const CHUNK: usize = 512;

/// Stack of a worker in bytes. The nesting of rules is bounded by the front end; this is ample for the bound.
const STACK: usize = 16 << 20;

/// Workers.
pub struct Batch {
    pool: ThreadPool,
}

impl Batch {
    /// Workers on this many threads, or one a core.
    pub fn new(threads: Option<NonZeroUsize>) -> Result<Self, Stop> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.map_or(0, NonZeroUsize::get))
            .stack_size(STACK)
            .build()
            .map_err(|e| Diagnostic::new(codes::ARGUMENT_INVALID, format!("cannot start the threads: {e}")))?;
        Ok(Self { pool })
    }

    /// Gives each item to `work` on some thread, and the results to `take` in the order of the items. `init` makes what a
    /// thread keeps between items.
    pub fn run<I: Sync, S, R: Send>(
        &self,
        items: &[I],
        init: impl Fn() -> S + Sync + Send,
        work: impl Fn(&mut S, &I) -> R + Sync + Send,
        mut take: impl FnMut(R) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        for chunk in items.chunks(CHUNK) {
            let results: Vec<R> =
                self.pool.install(|| chunk.par_iter().map_init(&init, |state, item| work(state, item)).collect());
            results.into_iter().try_for_each(&mut take)?;
        }
        Ok(())
    }
}
