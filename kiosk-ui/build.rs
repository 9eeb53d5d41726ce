//! Compiles the Slint pages.
fn main() {}
