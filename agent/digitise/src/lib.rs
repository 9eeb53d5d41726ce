//! motcua-digitise
