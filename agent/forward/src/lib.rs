//! motcua-forward
