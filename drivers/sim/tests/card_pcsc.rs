//! The driver of chip readers, through a real `pcscd` and its virtual reader, with simulated cards.
//!
//! libpcsclite takes the place of the daemon's socket from the environment, once a process: each test runs again as its own child, in
//! whose environment its own daemon's socket is.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests")]

#[expect(dead_code, reason = "this test starts it with other options")]
mod common;

use motcua_drivers::DeviceError;
use motcua_drivers::idcard::{AccessKey, CardData, CardError, CardEvent, CardOrder, ChipProof, Trust, TrustStore, pcsc};
use motcua_sim::card::{Beyond, CITIZENS, Chip, Curve, Fault, Issuer, Laid, Pace, Personalised, Profile, Proof, Suite, What};
use motcua_sim::pcscd::Pcscd;
use motcua_sim::{Command, Options};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const CHILD: &str = "MOTCUA_CARD_TEST_FOLDER";
const PATIENCE: Duration = Duration::from_secs(30);

fn isolated(name: &str, test: fn(&mut Bench)) {
    if let Some(folder) = std::env::var_os(CHILD) {
        return test(&mut Bench::new(Path::new(&folder)));
    }
    if let Some(reason) = Pcscd::missing() {
        println!("SKIPPED: {reason}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (variable, socket) = Pcscd::environment(folder.path());
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    let status = again.args([name, "--exact", "--nocapture"]).env(variable, socket).env(CHILD, folder.path()).status().unwrap();
    assert!(status.success());
}

/// A daemon, a running driver, an authority that the driver believes.
struct Bench {
    daemon: Pcscd,
    issuer: Issuer,
    orders: mpsc::Sender<CardOrder>,
    events: tokio::sync::mpsc::Receiver<CardEvent>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bench {
    fn new(folder: &Path) -> Self {
        let daemon = Pcscd::start(folder).unwrap();
        let issuer = Issuer::new("CSCA thu nghiem").unwrap();
        let mut store = TrustStore::empty();
        assert!(store.add(&issuer.csca_pem().unwrap()));
        let (orders, taken) = mpsc::channel();
        let (sender, events) = tokio::sync::mpsc::channel(1000);
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        // 1 January 2026.
        let run = move || pcsc::run("virtual pcd 00 00".to_owned(), Arc::new(store), taken, sender, || 1_767_225_600, &flag);
        let mut bench = Self { daemon, issuer, orders, events, stop, thread: Some(std::thread::spawn(run)) };
        assert!(matches!(bench.next(), CardEvent::Opened { model } if model == "Virtual PCD 00 00"));
        bench
    }

    fn next(&mut self) -> CardEvent {
        let start = Instant::now();
        loop {
            match self.events.try_recv() {
                Ok(event) => return event,
                Err(_) => assert!(start.elapsed() < PATIENCE, "no event within 30 s"),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The next event that is no progress.
    fn news(&mut self) -> CardEvent {
        loop {
            let event = self.next();
            if !matches!(event, CardEvent::Progress(_)) {
                return event;
            }
        }
    }

    fn order(&self, key: AccessKey, photo: bool) {
        self.orders.send(CardOrder::Read { key, photo }).unwrap();
    }

    fn outcome(&mut self) -> Result<CardData, CardError> {
        match self.news() {
            CardEvent::Read(data) => Ok(*data),
            CardEvent::Failed(error) => Err(error),
            event @ (CardEvent::Opened { .. } | CardEvent::Lost(_) | CardEvent::CardIn | CardEvent::CardOut | CardEvent::Progress(_)) => {
                panic!("{event:?} instead of an end")
            }
        }
    }

    /// The next end of a reading, whatever comes and goes on the reader before it.
    fn end(&mut self) -> Result<CardData, CardError> {
        loop {
            match self.next() {
                CardEvent::Read(data) => return Ok(*data),
                CardEvent::Failed(error) => return Err(error),
                CardEvent::Opened { .. } | CardEvent::Lost(_) | CardEvent::CardIn | CardEvent::CardOut | CardEvent::Progress(_) => {}
            }
        }
    }

    fn card(&self, what: What) -> Personalised {
        CITIZENS[0].personalise(&self.issuer, what).unwrap()
    }

    fn lay(&mut self, card: &Personalised, profile: Profile) -> Laid {
        let laid = self.daemon.lay(Chip::new(card.clone(), profile));
        assert!(matches!(self.news(), CardEvent::CardIn));
        laid
    }

    fn take_away(&mut self, laid: Laid) {
        drop(laid);
        assert!(matches!(self.news(), CardEvent::CardOut));
    }

    /// Lays a card down, reads it, takes it away.
    fn read(&mut self, card: &Personalised, profile: Profile, key: AccessKey) -> Result<CardData, CardError> {
        let laid = self.lay(card, profile);
        self.order(key, true);
        let outcome = self.outcome();
        self.take_away(laid);
        outcome
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok() || std::thread::panicking());
        }
    }
}

fn can() -> AccessKey {
    AccessKey::Can(CITIZENS[0].can().to_owned())
}

fn mrz() -> AccessKey {
    let (document, birth, expiry) = CITIZENS[0].mrz_key();
    AccessKey::Mrz { document, birth, expiry }
}

fn small() -> What {
    What { photo: 0, ..What::default() }
}

#[track_caller]
fn assert_is(data: &CardData, card: &Personalised) {
    assert_eq!(data.mrz, CITIZENS[0].mrz());
    let citizen = data.citizen.as_ref().unwrap();
    assert_eq!((citizen.number.as_str(), citizen.name.as_str()), (CITIZENS[0].number, CITIZENS[0].name));
    assert_eq!((citizen.mother.as_str(), citizen.old_number.as_str()), (CITIZENS[0].mother, CITIZENS[0].old_number));
    let photo = data.photo.as_ref().unwrap();
    assert!(card.files[&0x0102].ends_with(&photo.bytes));
    assert_trusted(data);
}

#[track_caller]
fn assert_trusted(data: &CardData) {
    assert!(matches!(&data.trust, Trust::Trusted { authority } if authority.contains("CSCA thu nghiem")), "{:?}", data.trust);
}

#[test]
fn every_way_in_and_every_limit() {
    isolated("every_way_in_and_every_limit", |bench| {
        let card = bench.card(small());
        let pace = |curve, suite| Profile { pace: Some(Pace { curve, suite }), ..Profile::default() };
        let ways = [
            ("the citizen card", Profile::default(), can()),
            ("by MRZ", Profile::default(), mrz()),
            ("P-256, AES-256", pace(Curve::P256, Suite::Aes256), can()),
            ("P-384, AES-192", pace(Curve::P384, Suite::Aes192), mrz()),
            ("brainpoolP256r1, 3DES", pace(Curve::Brainpool256, Suite::TripleDes), can()),
            ("BAC, short", Profile { pace: None, extended: false, ..Profile::default() }, mrz()),
            ("no short identifiers", Profile { short_ids: false, ..Profile::default() }, can()),
            ("SELECT MF works", Profile { select_mf: true, card_access_in_mf_only: true, ..Profile::default() }, can()),
            ("192 and 6700", Profile { largest: 192, ..Profile::default() }, can()),
            ("223 and 6B00", Profile { largest: 223, beyond: Beyond::Status(0x6b00), ..Profile::default() }, can()),
            ("128, drops its session", Profile { largest: 128, beyond: Beyond::SessionLost, ..Profile::default() }, can()),
        ];
        for (name, profile, key) in ways {
            let start = Instant::now();
            let data = bench.read(&card, profile, key).unwrap_or_else(|error| panic!("{name}: {error}"));
            println!("{name}: {:?}, {:?} with laying down and taking away", data.traffic, start.elapsed());
            assert_is(&data, &card);
            assert_eq!(data.chip, ChipProof::Chip, "{name}");
        }
    });
}

#[test]
fn large_pictures_and_absent_files() {
    isolated("large_pictures_and_absent_files", |bench| {
        let card = bench.card(What { photo: 61_000, ..What::default() });
        for profile in [Profile::default(), Profile { extended: false, ..Profile::default() }] {
            let start = Instant::now();
            let data = bench.read(&card, profile, can()).unwrap();
            println!("61 KB: {:?} in {:?}", data.traffic, start.elapsed());
            assert_is(&data, &card);
        }
        let card =
            bench.card(What { jpeg2000: true, photo: 15_000, proof: Some(Proof { suite: Suite::Aes256, rsa: Some(2048) }), dg13: true });
        let data = bench.read(&card, Profile::default(), can()).unwrap();
        assert_eq!(data.photo.map(|photo| photo.media_type), Some("image/jp2"));
        let plain = bench.card(What { dg13: false, proof: None, ..small() });
        let data = bench.read(&plain, Profile::default(), can()).unwrap();
        assert!(data.citizen.is_none() && data.chip == ChipProof::None);
        assert_trusted(&data);
    });
}

#[test]
fn cards_that_are_not_what_they_say() {
    isolated("cards_that_are_not_what_they_say", |bench| {
        let card = bench.card(small());
        let wrong = AccessKey::Can("000000".to_owned());
        assert_eq!(bench.read(&card, Profile::default(), wrong).unwrap_err(), CardError::WrongKey);
        let bac = Profile { pace: None, ..Profile::default() };
        assert!(matches!(bench.read(&card, bac, can()), Err(CardError::NotAnIdCard(_) | CardError::Protocol(_))));
        let tampered = bench.read(&card.clone().tampered(0x010d), Profile::default(), can()).unwrap();
        assert!(matches!(tampered.trust, Trust::Broken { .. }));
        let foreign = CITIZENS[0].personalise(&Issuer::new("CSCA la").unwrap(), small()).unwrap();
        assert!(matches!(bench.read(&foreign, Profile::default(), can()).unwrap().trust, Trust::UnknownSigner { .. }));
        let copy = bench.read(&card.clone().copied().unwrap(), Profile::default(), can()).unwrap();
        assert_eq!(copy.chip, ChipProof::Failed);
        let forged = Profile { fault: Some(Fault::WrongMac(9)), ..Profile::default() };
        assert!(matches!(bench.read(&card, forged, can()), Err(CardError::Protocol(_))));
        // None of this harmed the desk.
        assert_is(&bench.read(&card, Profile::default(), can()).unwrap(), &card);
    });
}

#[test]
fn a_card_pulled_at_any_moment_was_moved() {
    isolated("a_card_pulled_at_any_moment_was_moved", |bench| {
        let card = bench.card(What { photo: 5000, ..What::default() });
        for extended in [true, false] {
            for at in [1, 2, 5, 7, 9, 12] {
                bench.order(can(), true);
                let profile = Profile { fault: Some(Fault::Pulled(at)), extended, ..Profile::default() };
                let laid = bench.lay(&card, profile);
                // The empty reader and the failure are seen by two threads.
                let mut seen = [bench.news(), bench.news()];
                seen.sort_by_key(|event| matches!(event, CardEvent::CardOut));
                assert!(matches!(seen, [CardEvent::Failed(CardError::Moved), CardEvent::CardOut]), "at {at}: {seen:?}");
                assert!(!laid.lies());
            }
        }
        assert_is(&bench.read(&card, Profile::default(), can()).unwrap(), &card);
    });
}

#[test]
fn a_card_that_comes_back_at_once_is_read_without_another_failure() {
    isolated("a_card_that_comes_back_at_once_is_read_without_another_failure", |bench| {
        let card = bench.card(What::default());
        // pcscd looks at its readers every 400 ms: the card is back before or after it saw that it was gone.
        for gap in [0, 50, 200, 450].map(Duration::from_millis) {
            for at in [5, 12] {
                bench.order(can(), true);
                let moved = bench.daemon.lay(Chip::new(card.clone(), Profile { fault: Some(Fault::Pulled(at)), ..Profile::default() }));
                assert_eq!(bench.end().unwrap_err(), CardError::Moved);
                // As the visit does, which asks for the card once more without a touch.
                bench.order(can(), true);
                std::thread::sleep(gap);
                let back = bench.daemon.lay(Chip::new(card.clone(), Profile::default()));
                let outcome = bench.end();
                assert_is(&outcome.unwrap_or_else(|error| panic!("back {gap:?} after command {at}: {error}")), &card);
                drop((moved, back));
                std::thread::sleep(Duration::from_millis(600));
            }
        }
    });
}

#[test]
fn orders_wait_and_can_be_taken_back() {
    isolated("orders_wait_and_can_be_taken_back", |bench| {
        let card = bench.card(What { photo: 60_000, ..What::default() });
        // Before the card.
        bench.order(can(), false);
        let laid = bench.lay(&card, Profile::default());
        assert!(bench.outcome().unwrap().photo.is_none());
        bench.take_away(laid);
        // Taken back before the card comes.
        bench.order(can(), false);
        bench.orders.send(CardOrder::Cancel).unwrap();
        assert_eq!(bench.outcome().unwrap_err(), CardError::Cancelled);
        // Taken back while the picture is read.
        let laid = bench.lay(&card, Profile { extended: false, delay: Duration::from_millis(5), ..Profile::default() });
        bench.order(can(), true);
        while !matches!(bench.next(), CardEvent::Progress(motcua_drivers::idcard::Progress::Reading { group: 2, .. })) {}
        bench.orders.send(CardOrder::Cancel).unwrap();
        assert_eq!(bench.outcome().unwrap_err(), CardError::Cancelled);
        // A second order takes the place of the first, and reads the same card again.
        bench.order(AccessKey::Can("000000".to_owned()), true);
        bench.order(can(), true);
        assert_eq!(bench.outcome().unwrap_err(), CardError::Cancelled);
        assert_is(&bench.outcome().unwrap(), &card);
        bench.take_away(laid);
    });
}

#[test]
fn a_silent_card_does_not_hold_the_desk() {
    isolated("a_silent_card_does_not_hold_the_desk", |bench| {
        let card = bench.card(small());
        let laid = bench.lay(&card, Profile { fault: Some(Fault::Silent(6)), ..Profile::default() });
        bench.order(can(), false);
        while !matches!(bench.next(), CardEvent::Progress(_)) {}
        bench.orders.send(CardOrder::Cancel).unwrap();
        assert_eq!(bench.outcome().unwrap_err(), CardError::Cancelled);
        bench.take_away(laid);
        let laid = bench.lay(&card, Profile { fault: Some(Fault::Silent(6)), ..Profile::default() });
        bench.order(can(), false);
        assert!(matches!(bench.outcome(), Err(CardError::Device(DeviceError::Timeout(_)))));
        bench.take_away(laid);
        assert_is(&bench.read(&card, Profile::default(), can()).unwrap(), &card);
        // The agent can end while a call hangs.
        let _laid = bench.lay(&card, Profile { fault: Some(Fault::Silent(6)), ..Profile::default() });
        bench.order(can(), false);
        while !matches!(bench.next(), CardEvent::Progress(_)) {}
        let start = Instant::now();
        bench.stop.store(true, Ordering::Relaxed);
        bench.thread.take().unwrap().join().unwrap();
        assert!(start.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn a_service_that_dies_is_told_once_and_used_again() {
    isolated("a_service_that_dies_is_told_once_and_used_again", |bench| {
        assert_eq!(pcsc::list().unwrap(), ["Virtual PCD 00 00", "Virtual PCD 00 01"]);
        let card = bench.card(What { photo: 60_000, ..What::default() });
        bench.daemon.kill();
        assert!(matches!(bench.news(), CardEvent::Lost(reason) if reason.contains("pcscd")));
        assert!(pcsc::list().is_err());
        bench.order(can(), true);
        bench.daemon.restart().unwrap();
        assert!(matches!(bench.news(), CardEvent::Opened { .. }), "lost is told once");
        let slow = Profile { delay: Duration::from_millis(20), ..Profile::default() };
        let laid = bench.lay(&card, slow);
        assert_is(&bench.outcome().unwrap(), &card);
        // In the middle of a reading.
        bench.order(can(), true);
        while !matches!(bench.next(), CardEvent::Progress(_)) {}
        bench.daemon.kill();
        assert!(matches!(bench.outcome(), Err(CardError::Device(DeviceError::Disconnected(_)))));
        assert!(matches!(bench.news(), CardEvent::Lost(_)));
        bench.daemon.restart().unwrap();
        assert!(matches!(bench.news(), CardEvent::Opened { .. }));
        assert!(matches!(bench.news(), CardEvent::CardIn), "the card still lies there");
        bench.order(can(), true);
        assert_is(&bench.outcome().unwrap(), &card);
        drop(laid);
    });
}

#[test]
fn the_dock_lays_cards_down() {
    isolated("the_dock_lays_cards_down", |bench| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let options = Options { vpcd: Some(bench.daemon.reader()), ..common::options(folder.path()) };
        let sim = runtime.block_on(motcua_sim::start(options)).unwrap();
        let dock = |command| runtime.block_on(sim.command(command));
        let lying = || runtime.block_on(sim.state()).chip_card;
        assert!(dock(Command::InsertCard("khong_co".to_owned())).is_err());
        for citizen in &CITIZENS {
            dock(Command::InsertCard(citizen.name_in_dock.to_owned())).unwrap();
            assert!(matches!(bench.news(), CardEvent::CardIn));
            assert_eq!(lying().as_deref(), Some(citizen.name_in_dock));
            bench.order(AccessKey::Can(citizen.can().to_owned()), false);
            let data = bench.outcome().unwrap();
            assert_eq!(data.citizen.unwrap().name, citizen.name);
            assert!(matches!(data.trust, Trust::UnknownSigner { .. }), "the dock has an authority of its own");
            dock(Command::RemoveCard).unwrap();
            assert!(matches!(bench.news(), CardEvent::CardOut));
        }
        let (store, problems) = TrustStore::load(&folder.path().join("out"));
        assert!(store.len() == 1 && problems.is_empty(), "{problems:?}");
        dock(Command::InsertCard("moved".to_owned())).unwrap();
        assert!(matches!(bench.news(), CardEvent::CardIn));
        bench.order(can(), true);
        assert_eq!(bench.outcome().unwrap_err(), CardError::Moved);
        assert_eq!(lying(), None);
    });
}
