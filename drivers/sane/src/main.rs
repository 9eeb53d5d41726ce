//! Worker process: one scanner, one job, through SANE. A crash or hang of a backend ends here and not in the agent.

fn main() {}
