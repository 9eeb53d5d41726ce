//! Runs inside the virtual PC of `tests/kms/run.sh`: a whole office, its kiosk on the graphics card, and a finger on a touch
//! screen that the kernel believes in. What the card shows is read outside, on the host, which is asked over the serial line.
//! One line per check; the last line says whether all passed.

#![expect(clippy::print_stdout, reason = "the lines are this program's work")]

use anyhow::{Context as _, bail, ensure};
use evdev::{
    AbsInfo, AbsoluteAxisCode as Axis, AttributeSet, EventType, InputEvent, KeyCode, PropType, UinputAbsSetup, uinput::VirtualDevice,
};
use motcua_tests::{
    kiosk,
    rig::{self, Options, Rig},
};
use std::{
    fs,
    io::{BufRead as _, Write as _},
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};

/// Pixels of the graphics card, as it stands in `run.sh`.
const PANEL: (i32, i32) = (1080, 1920);
/// User and group of the kiosk.
const NOBODY: u32 = 65534;
/// Reading a picture takes the host a few seconds, and a virtual PC without KVM is slow.
const PATIENCE: Duration = Duration::from_secs(180);
/// A touch screen on a panel that hangs on its side.
const TURNED: &str = "Invented turned touch screen";
/// On C01: the heading, and a tile.
const WELCOME: &str = "Chạm vào việc cần làm";
const TILE: &str = "Nộp hồ sơ";
/// On C02.
const NEXT: &str = "Trước khi bắt đầu";

/// What draws the kiosk on the card.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The Wayland compositor cage, and Xwayland under it.
    Cage,
    /// The kiosk itself.
    Upright,
    /// The same, on a panel that hangs on its side.
    Turned,
}

#[tokio::main]
async fn main() {
    let all = match checks().await {
        Ok(()) => "kms: all checks passed",
        Err(error) => {
            println!("kms: FAIL {error:#}");
            "kms: some checks failed"
        }
    };
    println!("{all}");
}

async fn checks() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    turn_touch_screens_called(TURNED).await?;
    let mut hands = Hands { finger: touch_screen("Invented touch screen")?, turned: touch_screen(TURNED)?, keys: keyboard()? };
    let rig = office(folder.path()).await?;
    let _seat = Command::new("seatd").args(["-g", "video"]).env("SEATD_VTBOUND", "0").kill_on_drop(true).spawn().context("no seatd")?;
    let ways = [
        ("full screen under a Wayland compositor (cage)", "cage", Way::Cage),
        ("on the graphics card alone (linuxkms)", "upright", Way::Upright),
        ("the same, turned by 90 degrees", "turned", Way::Turned),
    ];
    for (name, picture, way) in ways {
        let started = Instant::now();
        visit(&rig, &mut hands, way, picture)
            .await
            .with_context(|| format!("{name}; the kiosk said: {}", rig.last_words_in("kiosk.log").replace('\n', " | ")))?;
        println!("kms: PASS {name} ({:.0} s)", started.elapsed().as_secs_f32());
    }
    rig.stop().await
}

/// The kiosk is a user of its own, as on a real PC.
async fn office(folder: &Path) -> anyhow::Result<Rig> {
    let mut rig = Rig::start_without_agent(&Options::in_folder(folder)).await?;
    let file = folder.join("agent.toml");
    let nobody = format!("[api]\nuids = [{NOBODY}]\n");
    fs::write(&file, fs::read_to_string(&file)?.replace("[api]\n", &nobody))?;
    rig.start_agent().await?;
    rig.until_devices().await?;
    for (path, mode) in [(folder.to_owned(), 0o711), (folder.join("run"), 0o711), (rig.socket(), 0o666)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    let own = own_folder(&rig);
    fs::create_dir(&own)?;
    fs::set_permissions(&own, fs::Permissions::from_mode(0o700))?;
    chown(&own, Some(NOBODY), Some(NOBODY))?;
    Ok(rig)
}

/// What systemd gives as RuntimeDirectory= and XDG_RUNTIME_DIR.
fn own_folder(rig: &Rig) -> PathBuf {
    rig.dir.join("screen")
}

/// The waiting page is there; a tile is touched; the screen falls over and comes back to that step, killed or ended by keys;
/// the button for the end leads back to the waiting page.
async fn visit(rig: &Rig, hands: &mut Hands, way: Way, picture: &str) -> anyhow::Result<()> {
    let mut process = start(rig, way)?;
    until_words(&format!("{picture}-1-waiting"), way, WELCOME).await?;
    let tile = until_words(&format!("{picture}-1-waiting"), way, TILE).await?;
    hands.touch(tile, way)?;
    rig.screen("C02").await.context("the finger has changed nothing")?;
    until_words(&format!("{picture}-2-touched"), way, NEXT).await?;
    process.kill().await?;
    let mut again = start(rig, way)?;
    until_words(&format!("{picture}-3-after-a-crash"), way, NEXT).await?;
    if way != Way::Cage {
        // Slint ends its loop at these three keys, as at Ctrl+Alt+Del; systemd starts the kiosk again.
        hands.ctrl_alt_backspace()?;
        let ended = tokio::time::timeout(PATIENCE, again.wait()).await.context("Ctrl+Alt+Backspace did not reach the kiosk")??;
        ensure!(ended.success(), "the kiosk ended with {ended}");
        again = start(rig, way)?;
        until_words(&format!("{picture}-4-after-three-keys"), way, NEXT).await?;
    }
    let end = until_words(&format!("{picture}-4-end"), way, "Kết thúc").await?;
    hands.touch(end, way)?;
    rig.screen("C01").await.context("the button for the end")?;
    until_words(&format!("{picture}-5-waiting"), way, WELCOME).await?;
    again.kill().await?;
    Ok(())
}

fn start(rig: &Rig, way: Way) -> anyhow::Result<Child> {
    let log = fs::File::options().create(true).append(true).open(rig.dir.join("logs/kiosk.log"))?;
    let folder = own_folder(rig);
    let size = if way == Way::Turned { "1920x1080" } else { "1080x1920" };
    let mut screen = kiosk::kiosk(rig, size, "4.0")?;
    screen.arg("--runtime-dir").arg(&folder).arg("--fullscreen");
    let nobody = NOBODY.to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &nobody, "--regid", &nobody, "--groups", "video,input", "--no-new-privs", "--"]);
    match way {
        Way::Upright | Way::Turned => {
            command.env("SLINT_BACKEND", "linuxkms-software").env("SLINT_KMS_ROTATION", if way == Way::Turned { "90" } else { "0" });
        }
        Way::Cage => {
            command.args(["cage", "-d", "--"]);
            command.env("WLR_RENDERER", "pixman").env("LIBSEAT_BACKEND", "seatd").env("XDG_RUNTIME_DIR", &folder);
        }
    }
    command.arg(screen.as_std().get_program()).args(screen.as_std().get_args());
    let command = command.kill_on_drop(true).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn().context("the kiosk could not be started")
}

/// Asks the host until these words are on the screen, and where: pixels of the page as a person sees it.
async fn until_words(picture: &str, way: Way, words: &str) -> anyhow::Result<(i32, i32)> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        println!("kms: find {picture} {} {words}", if way == Way::Turned { 270 } else { 0 });
        std::io::stdout().flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        let mut parts = answer.split_whitespace();
        if parts.next() == Some("at")
            && let (Some(x), Some(y)) = (parts.next(), parts.next())
        {
            return Ok((x.parse()?, y.parse()?));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    bail!("the screen does not say {words:?}; see {picture}.png")
}

/// Where a point of the page lies on the panel of the touch screen, which is not turned.
fn on_panel((x, y): (i32, i32), way: Way) -> (i32, i32) {
    if way == Way::Turned { (PANEL.0 - y, x) } else { (x, y) }
}

/// As a technician does it, see the README: by libinput's matrix in a rule of udev.
async fn turn_touch_screens_called(name: &str) -> anyhow::Result<()> {
    let rules = Path::new("/run/udev/rules.d");
    fs::create_dir_all(rules)?;
    let rule = format!("SUBSYSTEM==\"input\", ATTRS{{name}}==\"{name}\", ENV{{LIBINPUT_CALIBRATION_MATRIX}}=\"0 1 0 -1 0 1\"\n");
    fs::write(rules.join("90-touch.rules"), rule)?;
    rig::run(Command::new("udevadm").args(["control", "--reload"])).await?;
    Ok(())
}

/// Fingers and a keyboard.
struct Hands {
    finger: VirtualDevice,
    turned: VirtualDevice,
    keys: VirtualDevice,
}

fn touch_screen(name: &str) -> anyhow::Result<VirtualDevice> {
    let axis = |code, most| UinputAbsSetup::new(code, AbsInfo::new(0, 0, most, 0, 0, 4));
    let device = VirtualDevice::builder().context("no /dev/uinput")?.name(name);
    let device = device.with_keys(&AttributeSet::from_iter([KeyCode::BTN_TOUCH]))?;
    let device = device.with_properties(&AttributeSet::from_iter([PropType::DIRECT]))?;
    let device = device
        .with_absolute_axis(&axis(Axis::ABS_X, PANEL.0 - 1))?
        .with_absolute_axis(&axis(Axis::ABS_Y, PANEL.1 - 1))?
        .with_absolute_axis(&axis(Axis::ABS_MT_SLOT, 9))?
        .with_absolute_axis(&axis(Axis::ABS_MT_TRACKING_ID, 65535))?
        .with_absolute_axis(&axis(Axis::ABS_MT_POSITION_X, PANEL.0 - 1))?
        .with_absolute_axis(&axis(Axis::ABS_MT_POSITION_Y, PANEL.1 - 1))?;
    device.build().context("the touch screen")
}

fn keyboard() -> anyhow::Result<VirtualDevice> {
    // Whoever has the letters is a keyboard for udev.
    let keys = (1..128).map(KeyCode::new);
    VirtualDevice::builder()?.name("Invented keyboard").with_keys(&AttributeSet::from_iter(keys))?.build().context("the keyboard")
}

impl Hands {
    /// Touches this point of the page.
    fn touch(&mut self, at: (i32, i32), way: Way) -> anyhow::Result<()> {
        let (x, y) = on_panel(at, way);
        let finger = if way == Way::Turned { &mut self.turned } else { &mut self.finger };
        let axis = |code: Axis, value| InputEvent::new(EventType::ABSOLUTE.0, code.0, value);
        let key = |value| InputEvent::new(EventType::KEY.0, KeyCode::BTN_TOUCH.0, value);
        finger.emit(&[
            axis(Axis::ABS_MT_SLOT, 0),
            axis(Axis::ABS_MT_TRACKING_ID, 1),
            axis(Axis::ABS_MT_POSITION_X, x),
            axis(Axis::ABS_MT_POSITION_Y, y),
            key(1),
            axis(Axis::ABS_X, x),
            axis(Axis::ABS_Y, y),
        ])?;
        std::thread::sleep(Duration::from_millis(120));
        finger.emit(&[axis(Axis::ABS_MT_SLOT, 0), axis(Axis::ABS_MT_TRACKING_ID, -1), key(0)])?;
        Ok(())
    }

    fn ctrl_alt_backspace(&mut self) -> anyhow::Result<()> {
        let keys = [KeyCode::KEY_LEFTCTRL, KeyCode::KEY_LEFTALT, KeyCode::KEY_BACKSPACE];
        for (key, value) in keys.iter().map(|key| (key, 1)).chain(keys.iter().rev().map(|key| (key, 0))) {
            self.keys.emit(&[InputEvent::new(EventType::KEY.0, key.0, value)])?;
            std::thread::sleep(Duration::from_millis(60));
        }
        Ok(())
    }
}
