//! A SANE backend that feeds pages from a folder.
