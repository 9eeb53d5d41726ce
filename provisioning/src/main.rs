//! motcua
fn main() {}
