//! Rebuilds the crate when a template or a mapping changes: the files are embedded, and the compiler does not watch them.

fn main() {
    println!("cargo::rerun-if-changed=templates");
    println!("cargo::rerun-if-changed=mappings");
}
