//! Looks at the configured devices directly, for the time when no agent holds them.

use motcua_drivers::{DeviceError, Human, idcard::pcsc, printer, scanner};
use motcua_model::{
    api::{DeviceLine, DeviceState},
    config::{CardReader, Config, Printer, Reader, Scanner},
    fault::Fault,
};
use rustix::fs::{Access, access};
use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt},
};

/// One line for each configured device, in the form in which the agent tells.
pub(crate) async fn look(config: &Config) -> Vec<DeviceLine> {
    let mut lines = Vec::new();
    if let Some(scanner) = &config.scanner {
        lines.push(look_at_scanner(scanner).await);
    }
    lines.extend(config.reader.as_ref().map(look_at_reader));
    lines.extend(config.card_reader.as_ref().map(look_at_card_reader));
    if let Some(printer) = &config.printer {
        lines.push(look_at_printer(printer).await);
    }
    lines
}

async fn look_at_scanner(config: &Scanner) -> DeviceLine {
    let asked = async {
        let scanner = open_scanner(config)?;
        let model = scanner.about().await?.make_and_model;
        Ok((model, scanner.trouble().await?))
    };
    match asked.await {
        // An empty feeder is how a scanner waits.
        Ok((model, None | Some(Human::FeederEmpty))) => line("scanner", &config.address(), model, DeviceState::Ready, String::new()),
        Ok((model, Some(human))) => line(
            "scanner",
            &config.address(),
            model,
            DeviceState::NeedsHuman(scanner_fault(human)),
            format!("{human}; then run this again"),
        ),
        Err(error) => line("scanner", &config.address(), String::new(), DeviceState::Lost, advice(&error)),
    }
}

fn look_at_reader(config: &Reader) -> DeviceLine {
    let (state, problem) = match reader_problem(config) {
        None => (DeviceState::Ready, String::new()),
        Some(problem) => (DeviceState::Lost, problem),
    };
    line("reader", &config.address(), String::new(), state, problem)
}

/// HN212 readers are only tried by `motcua drill card`: they talk to one program at a time.
fn look_at_card_reader(config: &CardReader) -> DeviceLine {
    let line = |model, state, problem| line("card_reader", &config.address(), model, state, problem);
    let Some(name) = &config.pcsc else {
        return line(String::new(), DeviceState::Ready, "not asked; try it with: motcua drill card".to_owned());
    };
    match pcsc::list() {
        Err(problem) => line(String::new(), DeviceState::Lost, problem),
        Ok(readers) => match readers.into_iter().find(|reader| reader.to_lowercase().contains(&name.to_lowercase())) {
            Some(reader) => line(reader, DeviceState::Ready, String::new()),
            None => line(String::new(), DeviceState::Lost, "no reader of this name; look at its cable, and run: motcua probe".to_owned()),
        },
    }
}

/// The port is not opened: it would take codes away from whoever reads them.
fn reader_problem(config: &Reader) -> Option<String> {
    let path = config.serial.as_ref().or(config.keyboard.as_ref())?;
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(
            "no such device; look at the cable, set the reader to serial (USB-CDC) mode, and find its path with: motcua probe".to_owned(),
        ),
        Err(error) => Some(format!("cannot be looked at: {error}; run this as the agent's user")),
        Ok(data) if !data.file_type().is_char_device() => Some("is no device; find the reader's path with: motcua probe".to_owned()),
        Ok(data) => access(path, Access::READ_OK | Access::WRITE_OK).err().map(|_| no_permission(data.gid())),
    }
}

/// Debian's group of serial ports is `dialout`, 20.
fn no_permission(group: u32) -> String {
    let name = if group == 20 { "dialout".to_owned() } else { format!("number {group}") };
    format!(
        "this user may not use it; add the agent's user to group {name} (usermod -aG {} motcua) or install the package's udev rule, then restart the agent",
        if group == 20 { "dialout" } else { "GROUP" }
    )
}

/// The printer that the configuration names; nothing is sent to it yet.
pub(crate) fn open_printer(config: &Printer) -> printer::Printer {
    printer::Printer::by(config.tcp.as_deref(), config.usb.as_deref(), config.serial.as_deref(), config.baud)
}

/// The scanner that the configuration names; nothing is sent to it yet.
pub(crate) fn open_scanner(config: &Scanner) -> Result<scanner::Scanner, DeviceError> {
    scanner::Scanner::at(&scanner::Place {
        escl: config.escl.as_deref(),
        tls_sha256: config.tls_sha256.as_deref(),
        sane: config.sane.as_deref(),
        folder: config.folder.as_deref(),
    })
}

async fn look_at_printer(config: &Printer) -> DeviceLine {
    let (state, problem) = match open_printer(config).status().await {
        Err(error) => (DeviceState::Lost, advice(&error)),
        Ok(status) if !status.known => {
            (DeviceState::Ready, "takes connections but does not report its state; look at the paper yourself".to_owned())
        }
        Ok(status) => match status.trouble() {
            Some(human) => (DeviceState::NeedsHuman(printer_fault(human)), format!("{human}; then run this again")),
            None if !status.online => {
                (DeviceState::NeedsHuman(Fault::PrinterError), "is offline; press its feed or online button".to_owned())
            }
            None if status.near_end => (DeviceState::Ready, "paper ends soon; put a new roll beside it".to_owned()),
            None => (DeviceState::Ready, String::new()),
        },
    };
    line("printer", &config.address(), String::new(), state, problem)
}

fn line(kind: &str, address: &str, model: String, state: DeviceState, problem: String) -> DeviceLine {
    DeviceLine { kind: kind.to_owned(), address: address.to_owned(), model, state, problem }
}

fn advice(error: &DeviceError) -> String {
    format!("{error}; {}", next_step(error))
}

/// What a technician does about it.
pub(crate) fn next_step(error: &DeviceError) -> &'static str {
    match error {
        DeviceError::Disconnected(_) => "look at power, cable and address",
        DeviceError::Busy(_) => "wait until its job is done",
        DeviceError::NeedsHuman(_) => "see to it, then run this again",
        DeviceError::Rejected(_) => "correct the address in the configuration",
        DeviceError::Protocol(_) => "is this address the right device's?",
        DeviceError::Timeout(_) => "switch it off and on",
    }
}

fn scanner_fault(human: Human) -> Fault {
    match human {
        Human::Jam => Fault::ScannerJam,
        Human::CoverOpen => Fault::ScannerCoverOpen,
        Human::FeederEmpty => Fault::ScannerEmpty,
        Human::DoubleFeed => Fault::ScannerDoubleFeed,
        Human::PaperOut | Human::Other => Fault::ScannerUnsure,
    }
}

fn printer_fault(human: Human) -> Fault {
    match human {
        Human::PaperOut => Fault::PrinterPaperOut,
        Human::CoverOpen => Fault::PrinterCoverOpen,
        Human::Jam | Human::FeederEmpty | Human::DoubleFeed | Human::Other => Fault::PrinterError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, routing::get};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    const CAPABILITIES: &str = r#"<scan:ScannerCapabilities xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"><pwg:Version>2.63</pwg:Version><pwg:MakeAndModel>Example Scan 100</pwg:MakeAndModel></scan:ScannerCapabilities>"#;

    fn reader(serial: &str) -> Reader {
        Reader { serial: Some(serial.into()), keyboard: None, baud: 9600 }
    }

    /// A scanner whose feeder is in the given state, on a real port.
    async fn scanner(adf: &'static str) -> Scanner {
        let status = format!(
            r#"<scan:ScannerStatus xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"><pwg:State>Idle</pwg:State><scan:AdfState>{adf}</scan:AdfState></scan:ScannerStatus>"#
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let escl = format!("http://{}/eSCL", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/eSCL/ScannerCapabilities", get(|| async { CAPABILITIES }))
            .route("/eSCL/ScannerStatus", get(move || async move { status }));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Scanner { escl: Some(escl), tls_sha256: None, sane: None, folder: None, dpi: 300, duplex: true, lossless_master: false }
    }

    /// A printer that answers every `DLE EOT n` with the byte of `answers[n]`, on a real port.
    async fn printer(answers: [u8; 5]) -> Printer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut query = [0; 3];
                while socket.read_exact(&mut query).await.is_ok() {
                    let answer = answers.get(usize::from(query[2])).copied().unwrap_or(0x12);
                    if query[..2] == [0x10, 0x04] && socket.write_all(&[answer]).await.is_err() {
                        break;
                    }
                }
            }
        });
        Printer { tcp: Some(tcp), usb: None, serial: None, baud: 9600, native_qr: false, width: 576, font: "/a.ttf".into() }
    }

    #[tokio::test]
    async fn a_scanner_tells_its_model_and_a_jam() {
        let found = look_at_scanner(&scanner("ScannerAdfEmpty").await).await;
        assert_eq!((found.model.as_str(), found.state), ("Example Scan 100", DeviceState::Ready), "{found:?}");
        let found = look_at_scanner(&scanner("ScannerAdfJam").await).await;
        assert_eq!(found.state, DeviceState::NeedsHuman(Fault::ScannerJam), "{found:?}");
    }

    #[tokio::test]
    async fn a_device_that_is_not_there_is_lost_with_a_next_step() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let escl = Some(format!("http://{free}/eSCL"));
        let found =
            look_at_scanner(&Scanner { escl, tls_sha256: None, sane: None, folder: None, dpi: 300, duplex: true, lossless_master: false })
                .await;
        assert!(found.state == DeviceState::Lost && found.problem.contains("cable"), "{found:?}");
        let found = look_at_printer(&Printer {
            tcp: Some(free.to_string()),
            usb: None,
            serial: None,
            baud: 9600,
            native_qr: false,
            width: 576,
            font: "/a.ttf".into(),
        })
        .await;
        assert!(found.state == DeviceState::Lost && found.problem.contains("cable"), "{found:?}");
    }

    #[tokio::test]
    async fn a_printer_tells_that_paper_is_out() {
        let found = look_at_printer(&printer([0x12; 5]).await).await;
        assert_eq!((found.state, found.problem.as_str()), (DeviceState::Ready, ""), "{found:?}");
        let found = look_at_printer(&printer([0x12, 0x12, 0x12, 0x12, 0x72]).await).await;
        assert_eq!(found.state, DeviceState::NeedsHuman(Fault::PrinterPaperOut), "{found:?}");
    }

    #[test]
    fn a_reader_that_is_missing_or_no_device_or_forbidden_is_told() {
        assert_eq!(reader_problem(&reader("/dev/null")), None);
        assert!(reader_problem(&reader("/dev/serial/by-id/none")).unwrap().contains("cable"));
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(reader_problem(&reader(file.path().to_str().unwrap())).unwrap().contains("no device"));
        assert!(no_permission(20).contains("usermod -aG dialout motcua"));
    }
}
