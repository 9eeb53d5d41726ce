//! Receipt printers that speak ESC/POS, fed with raster images: the only way to Vietnamese on any of them.

pub mod escpos;
pub mod slip;
pub mod tcp;

pub use escpos::PrinterStatus;
pub use image::GrayImage;
pub use slip::{Align, Block, Font, Size, SlipError, render};
pub use tcp::{Printed, Printer, PrinterTiming};
