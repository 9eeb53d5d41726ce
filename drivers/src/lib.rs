//! motcua-drivers
