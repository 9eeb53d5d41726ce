//! motcua-agent
fn main() {}
