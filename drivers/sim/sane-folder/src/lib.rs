//! A SANE backend that feeds pages from a folder.
//!
//! `SANE_FOLDER_DIR` names the folder; `feeder.txt` in it says what lies in the feeder, one line a side: front, back, front, back.
//! Without the file it is every `.jpg` in the order of the names.
//!
//! | line | what happens |
//! |---|---|
//! | `page a.jpg` | the side is scanned |
//! | `slow 5 a.jpg` | the same, 5 ms for every read |
//! | `jam`, `jam@50 a.jpg` | the sheet jams: at once, or after 50 % of the side |
//! | `double`, `cover`, `lost` | two sheets at once, cover open, cable pulled; `@` as above |
//! | `stall`, `stall@50 a.jpg` | no byte more comes until the job is cancelled |
//! | `hang`, `hang@50 a.jpg` | the backend never comes back, also not when it is cancelled |
//! | `crash`, `crash@50 a.jpg` | the backend takes the process with it |
//!
//! Every opened device begins with the first line. The glass holds what the first line says. A page covers A4 whatever its size in
//! points. `folder:0` has a source for both sides; `folder:1` has the switch `adf-mode` instead, active once the feeder is chosen.

mod backend;
mod feed;
