//! motcua-tests
