//! A PostgreSQL, an S3 server, and haproxy before hubs. Each is real; where one is not installed a test says SKIPPED.

use motcua_hub::SharedOptions;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// Ends with this value.
pub struct Cloud {
    child: Child,
    end: Option<ChildStdin>,
    pub env: Vec<(String, String)>,
}

impl Cloud {
    pub fn start() -> Option<Self> {
        let judges = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("judges");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("cloud.sh");
        let mut child = Command::new(script).arg(judges).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let end = child.stdin.take();
        let mut env = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if line == "READY" {
                return Some(Self { child, end, env });
            }
            match line.split_once('=') {
                Some((name, value)) => env.push((name.to_owned(), value.to_owned())),
                None => println!("{line}"),
            }
        }
        let code = child.wait().unwrap();
        assert!(code.success(), "cloud.sh failed: {code}");
        None
    }

    pub fn options(&self) -> SharedOptions {
        let get = |wanted: &str| self.env.iter().find(|(name, _)| name == wanted).unwrap().1.clone();
        let s3 = self.env.iter().filter(|(name, _)| name.starts_with("AWS_"));
        SharedOptions {
            database: get("MOTCUA_HUB_DATABASE"),
            database_ca: None,
            bucket: get("MOTCUA_HUB_BUCKET"),
            s3: s3.map(|(name, value)| (name.to_lowercase(), value.clone())).collect(),
        }
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        drop(self.end.take());
        let _ = self.child.wait();
    }
}

/// Spreads connections over several addresses.
pub struct Proxy {
    child: Child,
    pub addr: SocketAddr,
    _folder: TempDir,
}

impl Proxy {
    pub fn start(hubs: &[SocketAddr]) -> Option<Self> {
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut config = format!(
            "global\n  maxconn 2000\ndefaults\n  mode tcp\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n  retries 3\n  option redispatch\n\
             listen hubs\n  bind {addr}\n  balance roundrobin\n"
        );
        for (number, hub) in hubs.iter().enumerate() {
            config += &format!("  server hub{number} {hub} check inter 200ms fall 1 rise 1\n");
        }
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("haproxy.cfg");
        fs::write(&file, config).unwrap();
        let child = Command::new("haproxy").arg("-db").arg("-f").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let Ok(child) = child else {
            println!("SKIPPED haproxy is not installed; provisioning/setup/setup.sh test installs it");
            return None;
        };
        let proxy = Self { child, addr, _folder: folder };
        for _ in 0..100 {
            if TcpStream::connect(addr).is_ok() {
                return Some(proxy);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("haproxy does not listen on {addr}");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
