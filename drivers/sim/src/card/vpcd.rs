//! A card on the virtual reader `vpcd` of pcscd (package vsmartcard-vpcd): it connects by TCP, every message is a length of two bytes,
//! big-endian, and a body. A body of one byte is a control: 0 power off, 1 on, 2 reset, 4 what is your ATR.

use super::chip::{ATR, Answer, Chip};
use crate::lock;
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    os::linux::net::TcpStreamExt,
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

/// A card that lies on a virtual reader, until this is dropped. It finds the reader again when pcscd is restarted.
#[derive(Debug)]
pub struct Laid {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    chip: Mutex<Chip>,
    /// The line to the reader while there is one; `removed` and it change together.
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    stream: Option<TcpStream>,
    removed: bool,
}

impl Laid {
    /// Lays the card on the reader at `address`, now or when it is there.
    pub fn new(address: SocketAddr, chip: Chip) -> Self {
        let shared = Arc::new(Shared { chip: Mutex::new(chip), line: Mutex::default() });
        let side = Arc::clone(&shared);
        Self { shared, thread: Some(std::thread::spawn(move || serve(address, &side))) }
    }

    /// Commands that the card has met.
    pub fn commands(&self) -> u32 {
        lock(&self.shared.chip).commands()
    }

    /// Whether somebody has not yet taken it away, and neither has a fault.
    pub fn lies(&self) -> bool {
        !lock(&self.shared.line).removed
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        remove(&self.shared);
        if let Some(thread) = self.thread.take() {
            // A card whose thread panicked is gone as well.
            let _ = thread.join();
        }
    }
}

fn remove(shared: &Shared) {
    let mut line = lock(&shared.line);
    line.removed = true;
    if let Some(stream) = line.stream.take() {
        // The other side may have closed it already.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

fn serve(address: SocketAddr, shared: &Shared) {
    while !lock(&shared.line).removed {
        if let Ok(mut stream) = TcpStream::connect(address)
            && let Ok(other) = stream.try_clone()
        {
            let mut line = lock(&shared.line);
            if line.removed {
                return;
            }
            line.stream = Some(other);
            drop(line);
            lock(&shared.chip).reset();
            if let Err(error) = talk(&mut stream, shared) {
                tracing::debug!(%error, "virtual card reader is gone");
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn talk(stream: &mut TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut length = [0; 2];
        receive(stream, &mut length)?;
        let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
        receive(stream, &mut body)?;
        let answer = match *body {
            [0..=2] => {
                lock(&shared.chip).reset();
                continue;
            }
            [4] => ATR.to_vec(),
            _ => match lock(&shared.chip).answer(&body) {
                Answer::Bytes(bytes) => bytes,
                Answer::Silent => continue,
                Answer::Gone => {
                    remove(shared);
                    return Ok(());
                }
            },
        };
        let length = u16::try_from(answer.len()).map_err(std::io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat())?;
    }
}

/// vpcd sends length and body in two packets; a late acknowledgement of the first would hold the second back for 40 ms each time.
fn receive(stream: &mut TcpStream, mut into: &mut [u8]) -> std::io::Result<()> {
    while !into.is_empty() {
        stream.set_quickack(true)?;
        match stream.read(into)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => into = into.get_mut(count..).unwrap_or_default(),
        }
    }
    Ok(())
}
