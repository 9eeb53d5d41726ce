//! The card reader's task: carries the visit's orders to it, and what it read into the loop.

use crate::{
    devices,
    input::{self, Input, Inputs},
    slip::in_vietnam,
};
use anyhow::Context as _;
use jiff::{Timestamp, civil::Date};
use motcua_drivers::{
    DeviceError,
    idcard::{
        self, AccessKey, CardData, CardError, CardEvent, ChipProof, CitizenData, Progress, Trust, TrustStore, hn212, hn212_serial, pcsc,
    },
};
use motcua_flow::{ChipKey, ChipNews, Event};
use motcua_model::{
    Private,
    api::{DeviceLine, DeviceState},
    citizen::{ChipPerson, CitizenNumber, PersonNumber, Sex},
    config,
    dossier::{ChipAnswer, ChipFiles, Proof},
    fault::Fault,
    fold,
    mrz::{DocumentKey, Mrz},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// What the card reader is told.
pub(crate) enum CardOrder {
    /// Read the card with this number, now or when it comes.
    Read {
        /// Names the reading in every event about it.
        job: Uuid,
        /// Opens a citizen card.
        number: PersonNumber,
        /// Opens every document, where it is known.
        zone: Option<DocumentKey>,
    },
    /// Stop this reading.
    Cancel {
        /// Ignored when another one runs by now.
        job: Uuid,
    },
}

struct Desk {
    line: DeviceLine,
    /// What the reader is told to open a card. Nothing: it opens them by itself and tells of them unasked (HN212).
    chip_key: ChipKey,
    job: Option<Uuid>,
    amount: Amount,
    driver: Box<dyn Fn(idcard::CardOrder) + Send + Sync>,
    inputs: Inputs,
}

/// What the configured reader must be told to open a chip.
pub(crate) fn chip_key(config: Option<&config::CardReader>) -> ChipKey {
    match config {
        Some(reader) if reader.hn212.is_some() => ChipKey::Nothing,
        Some(reader) if reader.hn212_serial.is_some() => ChipKey::Zone,
        Some(_) | None => ChipKey::Number,
    }
}

/// Starts the reader's thread and its task.
pub(crate) fn start(config: &config::CardReader, orders: mpsc::UnboundedReceiver<CardOrder>, inputs: &Inputs) -> anyhow::Result<()> {
    let (say, events) = mpsc::channel(64);
    let desk = Desk {
        line: devices::line("card_reader", &config.address()),
        chip_key: chip_key(Some(config)),
        job: None,
        amount: Amount::default(),
        driver: drive(config, say, inputs)?,
        inputs: inputs.clone(),
    };
    tokio::spawn(devices::guarded(devices::alarm("card reader", inputs), desk.run(orders, events)));
    Ok(())
}

/// Starts the driver on a thread of its own: a stuck call into it blocks no other device. Answers the way to tell it something.
fn drive(
    config: &config::CardReader,
    events: mpsc::Sender<CardEvent>,
    inputs: &Inputs,
) -> anyhow::Result<Box<dyn Fn(idcard::CardOrder) + Send + Sync>> {
    let store = Arc::new(trust(config));
    let now = || Timestamp::now().as_second();
    let thread = std::thread::Builder::new().name("card-reader".to_owned());
    let never = AtomicBool::new(false);
    let guard = devices::alarm("card reader", inputs);
    if let Some(reader) = config.pcsc.clone() {
        let (tell, orders) = std::sync::mpsc::channel();
        let work = move || {
            let _guard = guard;
            pcsc::run(reader, store, orders, events, now, &never);
        };
        thread.spawn(work).context("Unable to start the card reader's thread")?;
        return Ok(Box::new(move |order| drop(tell.send(order))));
    }
    let (tell, orders) = mpsc::channel(8);
    let (address, path) = (config.hn212.clone(), config.hn212_serial.clone().unwrap_or_default());
    let work = move || {
        let _guard = guard;
        match address {
            Some(address) => hn212::run(address, store, orders, events, now, &never),
            None => hn212_serial::run(path, store, orders, events, now, &never),
        }
    };
    thread.spawn(work).context("Unable to start the card reader's thread")?;
    // A driver that no longer takes orders is never waited for.
    Ok(Box::new(move |order| drop(tell.try_send(order))))
}

/// The authorities that the office believes. A file that cannot be used is named in the log and spoils nothing else.
fn trust(config: &config::CardReader) -> TrustStore {
    let Some(folder) = &config.trust else { return TrustStore::empty() };
    let (store, problems) = TrustStore::load(folder);
    for problem in problems {
        tracing::warn!("{problem}");
    }
    store
}

impl Desk {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<CardOrder>, mut events: mpsc::Receiver<CardEvent>) {
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.order(order).await,
                    None => return,
                },
                Some(event) = events.recv() => self.happened(event).await,
            }
        }
    }

    async fn order(&mut self, order: CardOrder) {
        match order {
            CardOrder::Read { job, .. } if self.line.state != DeviceState::Ready => {
                self.tell(Some(job), ChipNews::Failed(Fault::CardReaderGone)).await;
            }
            CardOrder::Read { job, number, zone } => match access_key(self.chip_key, &number, zone) {
                Some(key) => {
                    self.job = Some(job);
                    self.amount = Amount::default();
                    // The face is not asked for: a dossier keeps none, and it is most of the reading time.
                    (self.driver)(idcard::CardOrder::Read { key, photo: false });
                }
                None => self.tell(Some(job), ChipNews::Failed(Fault::CardUnreadable)).await,
            },
            CardOrder::Cancel { job } if self.job == Some(job) => {
                self.job = None;
                (self.driver)(idcard::CardOrder::Cancel);
            }
            CardOrder::Cancel { .. } => {}
        }
    }

    /// The driver's events carry no job: one that crosses a cancelled order may count for the next. The flow compares the
    /// numbers, so that costs an attempt and never mixes two people.
    async fn happened(&mut self, event: CardEvent) {
        match event {
            CardEvent::Opened { model } => self.state(DeviceState::Ready, Some(model), String::new()).await,
            CardEvent::Lost(problem) => {
                self.state(DeviceState::Lost, None, problem).await;
                if let Some(job) = self.job.take() {
                    (self.driver)(idcard::CardOrder::Cancel);
                    self.tell(Some(job), ChipNews::Failed(Fault::CardReaderGone)).await;
                }
            }
            CardEvent::CardIn => self.progress(Progress::Opening).await,
            CardEvent::CardOut => {}
            CardEvent::Progress(progress) => self.progress(progress).await,
            CardEvent::Read(data) => {
                if let Trust::Broken { reason } = &data.trust {
                    tracing::warn!(reason, "a chip failed its checks");
                }
                let today = in_vietnam(Timestamp::now()).date();
                let news = match person(&data, today) {
                    Some(person) => ChipNews::Read(Box::new(person)),
                    None => ChipNews::Failed(Fault::CardUnreadable),
                };
                self.ended(news).await;
            }
            CardEvent::Failed(CardError::Cancelled) => {}
            CardEvent::Failed(error) => {
                tracing::warn!("the chip was not read: {error}");
                self.ended(ChipNews::Failed(fault_of(&error))).await;
            }
        }
    }

    async fn progress(&mut self, progress: Progress) {
        if let (Some(job), Some(percent)) = (self.job, self.amount.percent(progress)) {
            self.tell(Some(job), ChipNews::Reading { percent }).await;
        }
    }

    async fn ended(&mut self, news: ChipNews) {
        let job = self.job.take();
        if job.is_some() || self.chip_key == ChipKey::Nothing {
            self.tell(job, news).await;
        }
    }

    async fn tell(&self, job: Option<Uuid>, news: ChipNews) {
        input::event(&self.inputs, Event::Chip { job, news }).await;
    }

    async fn state(&mut self, state: DeviceState, model: Option<String>, problem: String) {
        self.line.state = state;
        self.line.model = model.unwrap_or_default();
        self.line.problem = problem;
        let _ = self.inputs.send(Input::Device(self.line.clone())).await;
    }
}

/// The card access number is not printed on the Vietnamese card: it is the last six digits of its number (idcard.md 0). A zone that is
/// known goes first: it opens cards that know no PACE, and passports.
fn access_key(chip_key: ChipKey, number: &PersonNumber, zone: Option<DocumentKey>) -> Option<AccessKey> {
    let zone = zone.map(|zone| [zone.document, zone.birth, zone.expiry].map(|part| part.reveal().to_owned()));
    match (chip_key, number, zone) {
        // This reader wants all twelve digits, where the chip has nine.
        (ChipKey::Zone, PersonNumber::Citizen(number), Some([_, birth, expiry])) => {
            Some(AccessKey::Mrz { document: number.reveal().to_owned(), birth, expiry })
        }
        (ChipKey::Zone, _, _) => None,
        (ChipKey::Nothing | ChipKey::Number, _, Some([document, birth, expiry])) => Some(AccessKey::Mrz { document, birth, expiry }),
        (ChipKey::Nothing | ChipKey::Number, PersonNumber::Citizen(number), None) => {
            Some(AccessKey::Can(number.reveal().chars().skip(6).collect()))
        }
        (ChipKey::Nothing | ChipKey::Number, PersonNumber::Passport { .. }, None) => None,
    }
}

fn fault_of(error: &CardError) -> Fault {
    match error {
        CardError::Moved => Fault::CardMoved,
        CardError::WrongKey => Fault::CardOther,
        CardError::Device(DeviceError::Disconnected(_) | DeviceError::Busy(_)) => Fault::CardReaderGone,
        CardError::NotAnIdCard(_) | CardError::Cancelled | CardError::Protocol(_) | CardError::Device(_) => Fault::CardUnreadable,
    }
}

/// How much of a chip has been read, over files of unknown number and length.
#[derive(Default)]
struct Amount {
    files: BTreeMap<u8, (usize, usize)>,
    told: u8,
}

impl Amount {
    /// What the files of a citizen card without the face come to.
    const USUAL_BYTES: usize = 3000;
    /// Share of the time that opening the chip takes.
    const OPENING: usize = 10;

    /// The new percentage where it has risen; 100 is left to the end.
    fn percent(&mut self, progress: Progress) -> Option<u8> {
        let percent = match progress {
            Progress::Opening => Self::OPENING,
            Progress::Reading { group, done, of } => {
                self.files.insert(group, (done.min(of), of));
                let (done, all) = self.files.values().fold((0, 0), |(done, all), (d, a)| (done + d, all + a));
                Self::OPENING + done * (99 - Self::OPENING) / all.max(Self::USUAL_BYTES)
            }
        };
        let percent = u8::try_from(percent).unwrap_or(99).min(99);
        (percent > self.told).then(|| {
            self.told = percent;
            percent
        })
    }
}

/// What a dossier keeps of a chip. Ethnicity, religion, marks, family and face end here: no procedure of the catalogue can
/// ask for them yet, and what is not asked for is not kept.
fn person(data: &CardData, today: Date) -> Option<ChipPerson> {
    let mrz = Mrz::parse(&data.mrz).ok();
    let absent = CitizenData::default();
    let citizen = data.citizen.as_ref().unwrap_or(&absent);
    let own = CitizenNumber::parse(&citizen.number).ok().map(PersonNumber::Citizen);
    let number = own.or_else(|| mrz.as_ref()?.person_number())?;
    let name = match citizen.name.trim() {
        "" => mrz.as_ref()?.name(),
        name => Private::new(name),
    };
    let birth = date(&citizen.birth).or_else(|| mrz.as_ref()?.birth(today))?;
    let sex = match fold(&citizen.sex).as_str() {
        "nam" => Some(Sex::Male),
        "nu" => Some(Sex::Female),
        _ => mrz.as_ref().and_then(|mrz| mrz.sex).or_else(|| number.citizen().map(CitizenNumber::sex)),
    };
    Some(ChipPerson { number, name, birth, sex, address: Private::new(citizen.residence.trim()), proof: proof(data) })
}

/// dd/MM/yyyy.
fn date(text: &str) -> Option<Date> {
    Date::strptime("%d/%m/%Y", text.trim()).ok()
}

fn proof(data: &CardData) -> Proof {
    let files = match &data.trust {
        Trust::Trusted { .. } => ChipFiles::Trusted,
        Trust::UnknownSigner { .. } => ChipFiles::UnknownSigner,
        Trust::Unsigned => ChipFiles::Unsigned,
        Trust::Broken { .. } => ChipFiles::Broken,
    };
    let chip = match data.chip {
        ChipProof::None => ChipAnswer::NotAsked,
        ChipProof::Active | ChipProof::Chip => ChipAnswer::Genuine,
        ChipProof::Failed => ChipAnswer::Failed,
    };
    Proof::Chip { files, chip }
}

#[cfg(test)]
mod tests {
    use super::*;
    use motcua_drivers::idcard::Traffic;
    use std::sync::mpsc::{Receiver, TryRecvError};

    fn card() -> CardData {
        let citizen = CitizenData {
            number: "001190000016".into(),
            name: "Nguyễn Thị Mẫu".into(),
            birth: "15/01/1990".into(),
            sex: "Nữ".into(),
            ethnicity: "Kinh".into(),
            religion: "Không".into(),
            residence: "Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm".into(),
            marks: "Nốt ruồi".into(),
            ..CitizenData::default()
        };
        CardData {
            mrz: String::new(),
            citizen: Some(citizen),
            photo: None,
            trust: Trust::UnknownSigner { issuer: "CN=Thử".into() },
            chip: ChipProof::Active,
            traffic: Traffic::default(),
        }
    }

    /// TD1 of an invented person, its check digits computed.
    fn zone() -> String {
        let digit = |text: &str| motcua_model::mrz::check_digit(text).unwrap();
        let (document, optional, birth, expiry) = ("190000016", "001190000016<<", "900115", "300115");
        let first = format!("IDVNM{document}{}{optional}{}", digit(document), digit(optional));
        let second = format!("{birth}{}F{expiry}{}VNM<<<<<<<<<<<", digit(birth), digit(expiry));
        let whole = digit(&format!("{}{}{}{}", &first[5..], &second[..7], &second[8..15], &second[18..29]));
        format!("{first}{second}{whole}{:<<30}", "NGUYEN<<THI<MAU")
    }

    const TODAY: Date = jiff::civil::date(2026, 11, 23);

    #[test]
    fn a_dossier_gets_the_person_and_nothing_more() {
        let person = person(&card(), TODAY).unwrap();
        assert_eq!((person.number.reveal().as_str(), person.name.reveal()), ("001190000016", "Nguyễn Thị Mẫu"));
        assert_eq!((person.birth, person.sex), (jiff::civil::date(1990, 1, 15), Some(Sex::Female)));
        assert_eq!(person.address.reveal(), "Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm");
        assert_eq!(person.proof, Proof::Chip { files: ChipFiles::UnknownSigner, chip: ChipAnswer::Genuine });
    }

    #[test]
    fn the_machine_readable_zone_fills_what_the_vietnamese_file_leaves_open() {
        let plain = CardData { mrz: zone(), citizen: None, ..card() };
        let person_of_zone = person(&plain, TODAY).unwrap();
        assert_eq!((person_of_zone.number.reveal().as_str(), person_of_zone.name.reveal()), ("001190000016", "NGUYEN THI MAU"));
        assert_eq!((person_of_zone.birth, person_of_zone.sex), (jiff::civil::date(1990, 1, 15), Some(Sex::Female)));
        assert_eq!(person_of_zone.address.reveal(), "");
        assert!(person(&CardData { mrz: "garbage".into(), citizen: None, ..card() }, TODAY).is_none());
        let nameless = CardData { citizen: Some(CitizenData { number: "001190000016".into(), ..CitizenData::default() }), ..card() };
        assert!(person(&nameless, TODAY).is_none(), "neither file says who it is");
    }

    #[test]
    fn the_bar_only_rises_and_keeps_the_last_step_for_the_end() {
        let mut amount = Amount::default();
        let read = |group, done, of| Progress::Reading { group, done, of };
        assert_eq!(amount.percent(Progress::Opening), Some(10));
        assert_eq!(amount.percent(Progress::Opening), None);
        let steps =
            [read(0, 1000, 2000), read(0, 2000, 2000), read(1, 93, 93), read(13, 100, 600), read(2, 0, 60_000), read(2, 60_000, 60_000)];
        let shown: Vec<u8> = steps.into_iter().filter_map(|step| amount.percent(step)).collect();
        assert!(shown.is_sorted() && shown.len() > 3, "{shown:?}");
        assert_eq!(amount.percent(read(13, 600, 600)), Some(99));
    }

    fn desk(chip_key: ChipKey) -> (Desk, mpsc::Receiver<Input>, Receiver<idcard::CardOrder>) {
        let (tell, told) = std::sync::mpsc::channel();
        let driver = Box::new(move |order| drop(tell.send(order)));
        let (inputs, said) = mpsc::channel(16);
        let line = devices::line("card_reader", "pcsc:");
        (Desk { line, chip_key, job: None, amount: Amount::default(), driver, inputs }, said, told)
    }

    fn news(said: &mut mpsc::Receiver<Input>) -> Option<(Option<Uuid>, ChipNews)> {
        while let Ok(input) = said.try_recv() {
            if let Input::Event(Event::Chip { job, news }) = input {
                return Some((job, news));
            }
        }
        None
    }

    #[tokio::test]
    async fn an_order_opens_the_chip_with_the_last_six_digits_and_every_end_is_told_once() {
        let (mut desk, mut said, told) = desk(ChipKey::Number);
        let number = PersonNumber::parse("001190000016").unwrap();
        let read = |job| CardOrder::Read { job: Uuid::from_u128(job), number: number.clone(), zone: None };
        desk.order(read(1)).await;
        assert_eq!(news(&mut said), Some((Some(Uuid::from_u128(1)), ChipNews::Failed(Fault::CardReaderGone))), "it is lost");
        desk.happened(CardEvent::Opened { model: "Virtual".into() }).await;
        desk.order(read(2)).await;
        let Ok(idcard::CardOrder::Read { key, photo: false }) = told.try_recv() else { panic!("no order") };
        assert!(key == AccessKey::Can("000016".into()));
        desk.happened(CardEvent::CardIn).await;
        assert!(matches!(news(&mut said), Some((Some(_), ChipNews::Reading { percent: 10 }))));
        desk.happened(CardEvent::Failed(CardError::Moved)).await;
        assert_eq!(news(&mut said), Some((Some(Uuid::from_u128(2)), ChipNews::Failed(Fault::CardMoved))));
        desk.happened(CardEvent::Read(Box::new(card()))).await;
        assert_eq!(news(&mut said), None, "nobody asked");

        desk.order(read(3)).await;
        desk.order(CardOrder::Cancel { job: Uuid::from_u128(2) }).await;
        assert!(matches!((told.try_recv(), told.try_recv()), (Ok(idcard::CardOrder::Read { .. }), Err(TryRecvError::Empty))));
        desk.order(CardOrder::Cancel { job: Uuid::from_u128(3) }).await;
        assert!(matches!(told.try_recv(), Ok(idcard::CardOrder::Cancel)));
        desk.happened(CardEvent::Failed(CardError::Cancelled)).await;
        desk.order(read(4)).await;
        desk.happened(CardEvent::Lost("unplugged".into())).await;
        assert_eq!(news(&mut said), Some((Some(Uuid::from_u128(4)), ChipNews::Failed(Fault::CardReaderGone))));
        assert_eq!(news(&mut said), None);
    }

    #[test]
    fn what_opens_a_chip_depends_on_the_reader_and_on_what_is_known() {
        let zone = || {
            let [document, birth, expiry] = ["190000016", "900115", "300115"].map(Private::new);
            Some(DocumentKey { document, birth, expiry })
        };
        let mrz = |document: &str| Some(AccessKey::Mrz { document: document.into(), birth: "900115".into(), expiry: "300115".into() });
        let citizen = PersonNumber::parse("001190000016").unwrap();
        let foreigner = PersonNumber::parse("UTO L898902C3").unwrap();
        // Debug hides the keys.
        let same = |a: Option<AccessKey>, b: Option<AccessKey>| assert!(a == b);
        same(access_key(ChipKey::Number, &citizen, None), Some(AccessKey::Can("000016".into())));
        same(access_key(ChipKey::Number, &citizen, zone()), mrz("190000016"));
        same(access_key(ChipKey::Zone, &citizen, zone()), mrz("001190000016"));
        same(access_key(ChipKey::Zone, &citizen, None), None);
        same(access_key(ChipKey::Number, &foreigner, zone()), mrz("190000016"));
        same(access_key(ChipKey::Number, &foreigner, None), None);
        same(access_key(ChipKey::Zone, &foreigner, zone()), None);
    }

    #[tokio::test]
    async fn a_reader_that_opens_cards_by_itself_is_heard_unasked() {
        let (mut desk, mut said, _told) = desk(ChipKey::Nothing);
        desk.happened(CardEvent::CardIn).await;
        desk.happened(CardEvent::Read(Box::new(card()))).await;
        assert!(matches!(news(&mut said), Some((None, ChipNews::Read(_)))));
        desk.happened(CardEvent::Failed(CardError::Protocol("SCAN_FAIL".into()))).await;
        assert_eq!(news(&mut said), Some((None, ChipNews::Failed(Fault::CardUnreadable))));
    }
}
