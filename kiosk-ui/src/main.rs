//! motcua-kiosk
fn main() {}
