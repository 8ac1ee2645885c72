//! Rebuilds the crate when a template changes: the files are embedded, and the compiler does not watch them.

fn main() {
    println!("cargo::rerun-if-changed=templates");
}
