//! A bad line: passes bytes on to a server and, on most connections, does some harm after a while.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What the line does once a connection has carried so many bytes towards the server.
#[derive(Clone, Copy, Debug)]
pub enum Harm {
    /// Ends the connection; bytes under way are lost.
    Cut,
    /// The same with a reset.
    Reset,
    /// Carries nothing for two seconds, then ends.
    Stall,
    /// One bit of one byte changes.
    Corrupt,
}

pub struct Line {
    pub addr: SocketAddr,
    done: Arc<AtomicUsize>,
}

impl Line {
    /// Each harm happens once, each on the next connection that carries enough; afterwards the line is good.
    pub async fn to(server: SocketAddr, harms: Vec<(Harm, usize)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (harms, done) = (Arc::new(Mutex::new(harms)), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&done);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (harms, count) = (Arc::clone(&harms), Arc::clone(&count));
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(server).await else { return };
                    carry(client, server, &harms, &count).await;
                });
            }
        });
        Self { addr, done }
    }

    /// Harms done so far.
    pub fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, harms: &Mutex<Vec<(Harm, usize)>>, done: &AtomicUsize) {
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let mut carried = 0;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                carried += length;
                match due(harms, carried) {
                    None => {}
                    Some(harm) => {
                        done.fetch_add(1, Ordering::SeqCst);
                        match harm {
                            Harm::Corrupt => up[length / 2] ^= 1,
                            Harm::Cut => return,
                            Harm::Reset => {
                                let _ = (client.set_zero_linger(), server.set_zero_linger());
                                return;
                            }
                            Harm::Stall => return tokio::time::sleep(Duration::from_secs(2)).await,
                        }
                    }
                }
                if server.write_all(&up[..length]).await.is_err() { return }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&down[..length]).await.is_err() { return }
            }
        }
    }
}

fn due(harms: &Mutex<Vec<(Harm, usize)>>, carried: usize) -> Option<Harm> {
    let mut harms = harms.lock().unwrap();
    let (harm, after) = *harms.last()?;
    if carried < after {
        return None;
    }
    harms.pop();
    Some(harm)
}
