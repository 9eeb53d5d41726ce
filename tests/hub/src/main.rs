//! motcua-hub
fn main() {}
