//! Worker process: one scanner, one job, through SANE. A crash or hang of a backend ends here and not in the agent.
//!
//!     motcua-sane list                                    every device
//!     motcua-sane find DEVICE                             the one that DEVICE names
//!     motcua-sane about DEVICE                            what it can do
//!     motcua-sane scan DEVICE flatbed|feeder|duplex DPI rgb|gray [master]
//!
//! DEVICE is a SANE name, or maker and model; `master` asks for a lossless file before every page. Frames go to the standard output
//! (`motcua_drivers::scanner::sane_wire`). Closing the standard input cancels the job; three seconds later the process kills itself,
//! whatever the backend does.

mod batch;
mod choose;
mod device;
mod fault;
mod ffi;
mod output;
mod picture;
mod stop;

use anyhow::{Context, bail};
use batch::Ending;
use device::Device;
use ffi::{Library, Status};
use motcua_drivers::DeviceError;
use motcua_drivers::scanner::sane_wire::{Fault, Frame, Listed};
use motcua_drivers::scanner::{Colour, ScanSettings, Source};
use output::Output;
use stop::Stop;

const USAGE: &str = "usage: motcua-sane list | find DEVICE | about DEVICE | scan DEVICE flatbed|feeder|duplex DPI rgb|gray [master]";

enum Order {
    List,
    Find(String),
    About(String),
    Scan(String, ScanSettings, bool),
}

fn main() -> anyhow::Result<()> {
    let order = order(&std::env::args().skip(1).collect::<Vec<_>>())?;
    // The memory holds pages of citizens, and backends crash: no dump of it may be written.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).context("forbidding memory dumps")?;
    let mut output = Output::take().context("taking the standard output")?;
    let stop = Stop::default();
    stop.watch();
    let library = match Library::open() {
        Ok(library) => library,
        Err(status) => return Ok(output.send(&Frame::Fault(fault::of(status, "starting SANE").into()))?),
    };
    let last = match order {
        Order::List => library.devices(false).map(Frame::Devices).map_err(|status| fault::of(status, "listing scanners").into()),
        Order::Find(wanted) => find(&library, &wanted).map(|found| Frame::Devices(vec![found])).map_err(Fault::from),
        Order::About(wanted) => open(&library, &wanted).map(|device| Frame::About(device.about())).map_err(Fault::from),
        Order::Scan(wanted, settings, master) => return scan(&library, &wanted, (&settings, master), &mut output, &stop),
    };
    Ok(output.send(&last.unwrap_or_else(Frame::Fault))?)
}

fn scan(
    library: &Library,
    wanted: &str,
    (settings, master): (&ScanSettings, bool),
    output: &mut Output,
    stop: &Stop,
) -> anyhow::Result<()> {
    let mut device = match open(library, wanted) {
        Ok(device) => device,
        Err(error) => return Ok(output.send(&Frame::Fault(error.into()))?),
    };
    stop.job(device.handle.canceller());
    let end = batch::run(&mut device, settings, master, output, stop);
    let last = match end {
        Ok(Ending::Complete) => Frame::End { complete: true },
        Ok(Ending::Cancelled) => Frame::End { complete: false },
        Err(fault) => Frame::Fault(fault),
    };
    // Before the cancel, which may take as long as the carriage needs to go home.
    let told = output.send(&last);
    device.handle.cancel();
    Ok(told?)
}

fn order(arguments: &[String]) -> anyhow::Result<Order> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Ok(match words.as_slice() {
        ["list"] => Order::List,
        ["find", device] => Order::Find((*device).to_owned()),
        ["about", device] => Order::About((*device).to_owned()),
        ["scan", device, source, dpi, colour, master @ ..] => {
            let source = match *source {
                "flatbed" => Source::Flatbed,
                "feeder" => Source::Feeder { duplex: false },
                "duplex" => Source::Feeder { duplex: true },
                other => bail!("source {other:?}; {USAGE}"),
            };
            let colour = match *colour {
                "rgb" => Colour::Rgb24,
                "gray" => Colour::Gray8,
                other => bail!("colour {other:?}; {USAGE}"),
            };
            let master = match master {
                [] => false,
                ["master"] => true,
                other => bail!("{other:?} after the colour; {USAGE}"),
            };
            let dpi = dpi.parse().with_context(|| format!("resolution {dpi:?}; {USAGE}"))?;
            Order::Scan((*device).to_owned(), ScanSettings { source, dpi, colour }, master)
        }
        _ => bail!("{USAGE}"),
    })
}

/// Local devices first: asking the network takes seconds.
fn find(library: &Library, wanted: &str) -> Result<Listed, DeviceError> {
    let list = |local| library.devices(local).map_err(|status| fault::of(status, "listing scanners"));
    match choose::device(&list(true)?, wanted) {
        Err(DeviceError::Disconnected(_)) => choose::device(&list(false)?, wanted).cloned(),
        found => found.cloned(),
    }
}

/// By its name at once where that works: listing takes seconds where many backends are configured.
fn open(library: &Library, wanted: &str) -> Result<Device, DeviceError> {
    let listed = find(library, wanted)?;
    match library.open_device(&listed.name) {
        Ok(handle) => Ok(Device::new(handle, listed)),
        Err(Status::INVAL) => {
            Err(DeviceError::Disconnected(format!("SANE lists {wanted:?} and cannot open it; check its power and cable")))
        }
        Err(status) => Err(fault::of(status, "opening the scanner")),
    }
}
