//! motcua-flow
