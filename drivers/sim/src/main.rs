//! motcua-sim
fn main() {}
