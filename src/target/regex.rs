//! Regular expressions in the targets' dialects, printed from the IR's tree.
