//! Whole-process scenarios: the real agent, the real hub and the simulated devices as processes, driven
//! through the same interfaces that people and machines use.

pub mod bench_devices;
pub mod bench_link;
pub mod bench_reading;
pub mod bench_screen;
pub mod browser;
pub mod chance;
pub mod crowd;
pub mod cut_disk;
pub mod filled;
pub mod forms;
pub mod fuzzing;
pub mod kiosk;
pub mod own_namespace;
pub mod rig;
pub mod sane_feeder;
pub mod set_clock;
pub mod staff;
pub mod visit;
