//! A person at the screen: looks at the snapshot, does the next sensible thing.

use crate::rig::Rig;
use motcua_model::{
    api::{Action, ChipPhase, DeviceState, FeePage, OfficerPage, Overlay, PaperState, PrintState, Screen, Service, Snapshot},
    catalogue::{AnswerKind, Choice},
    fault::Fault,
    for_whom::ForWhom,
};
use serde_json::json;

/// Đăng ký khai sinh.
pub const PROCEDURE: &str = "1.001193";

/// Someone who files with this card.
pub struct Citizen {
    /// What: [`PROCEDURE`], usually.
    pub procedure: &'static str,
    /// Text of the card's QR, or of a passport's machine-readable lines: those are typed.
    pub card: &'static str,
    /// The dock's name of the card with its chip; none: the person skips the chip.
    pub chip: Option<&'static str>,
    /// No reader reads the card: what stands on it is typed, without accents.
    pub types: bool,
    /// Whether the card lies on the card reader.
    pub laid: bool,
    /// Whether the slip was taken: the next C01 is the end of the visit.
    pub done: bool,
    /// Provisional codes that were shown as safe, in order.
    pub codes: Vec<String>,
    /// Where the post shall bring the result; none: it is fetched.
    pub post_to: Option<&'static str>,
}

/// What the person does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Touches the screen.
    Act(Action),
    /// Shows the card to the reader.
    ShowCard,
    /// Lays the card on the card reader.
    LayCard,
    /// Takes it away again.
    TakeCard,
    /// Puts this paper into the feeder and starts the scan.
    Feed(&'static str),
    /// Waits for the machine.
    Wait,
    /// Goes home.
    Leave,
}

impl Citizen {
    /// Someone who has not begun.
    pub fn new(card: &'static str) -> Self {
        Self { procedure: PROCEDURE, card, chip: None, types: false, laid: false, done: false, codes: Vec::new(), post_to: None }
    }

    /// Someone who also lays the card on the card reader, where there is one. `chip` is the dock's name of the same card.
    pub fn with_chip(card: &'static str, chip: &'static str) -> Self {
        Self { chip: Some(chip), ..Self::new(card) }
    }

    /// The next sensible thing for this picture.
    pub fn next(&mut self, snapshot: &Snapshot) -> Next {
        match &snapshot.overlay {
            // After a fault the paper may lie on the other side already: it is put in again.
            Some(Overlay::Fault { fault: Fault::ScannerEmpty, .. }) => return Next::Act(Action::Dismiss),
            Some(Overlay::Fault { retry: true, .. }) => return Next::Act(Action::Retry),
            Some(Overlay::Fault { .. } | Overlay::Help | Overlay::ConfirmEnd) => return Next::Act(Action::Dismiss),
            Some(Overlay::StillThere { .. }) => return Next::Act(Action::MoreTime),
            None => {}
        }
        match &snapshot.screen {
            Screen::Waiting { .. } if self.done => Next::Leave,
            // After a start the reader takes a moment, and its lamp says so.
            Screen::Waiting { unfinished: true, .. } if snapshot.health.reader != DeviceState::Ready => Next::Wait,
            Screen::Waiting { unfinished: true, .. } => Next::ShowCard,
            Screen::Waiting { services, .. } => match services.iter().any(|s| s.service == Service::File && s.unavailable.is_none()) {
                true => Next::Act(Action::Start { service: Service::File }),
                false => Next::Wait,
            },
            Screen::Notice => Next::Act(Action::Agree),
            Screen::Procedures { .. } => Next::Act(Action::ChooseProcedure { code: self.procedure.to_owned() }),
            Screen::ProcedureDetails { .. } => Next::Act(Action::HavePapers),
            Screen::Identify { .. } if self.card.contains('<') => Next::Act(Action::UsePassport),
            Screen::Identify { .. } if self.types => Next::Act(Action::TypeCard),
            Screen::Identify { .. } if snapshot.health.reader != DeviceState::Ready => Next::Wait,
            Screen::Identify { .. } => Next::ShowCard,
            Screen::Question { of_card: true, at, .. } => {
                let told = ["001190000016", "Nguyen Thi Mau", "15/01/1990"];
                Next::Act(Action::Answer { value: motcua_model::Private::new(told[usize::from(*at) - 1]) })
            }
            Screen::Passport { .. } => Next::Act(Action::TypeZone { zone: motcua_model::Private::new(self.card) }),
            Screen::ReadChip { phase, skip_first, .. } => match (phase, self.chip) {
                (_, None) => Next::Act(Action::SkipChip),
                (ChipPhase::Stopped, Some(_)) if *skip_first => Next::Act(Action::SkipChip),
                (ChipPhase::Stopped, Some(_)) => Next::Act(Action::ReadChip),
                (ChipPhase::Waiting, Some(_)) if !self.laid => Next::LayCard,
                (ChipPhase::Waiting | ChipPhase::Reading(_), Some(_)) => Next::Wait,
            },
            Screen::ConfirmPerson { .. } if self.laid => Next::TakeCard,
            Screen::ConfirmPerson { .. } => Next::Act(Action::ConfirmPerson { correct: true }),
            Screen::ForWhom { .. } => Next::Act(Action::FileFor { whom: ForWhom::Myself }),
            Screen::Resume { .. } => Next::Act(Action::Resume { go_on: true }),
            Screen::Question { kind, .. } => Next::Act(Action::Answer { value: motcua_model::Private::new(self.answer(kind)) }),
            Screen::Papers { papers } => match papers.iter().position(|p| matches!(p.state, PaperState::ToScan | PaperState::Found)) {
                Some(at) if papers[at].state == PaperState::Found => Next::Act(Action::ScanPaper { paper: at as u8 }),
                Some(at) if papers[at].required => Next::Act(Action::ScanPaper { paper: at as u8 }),
                Some(at) => Next::Act(Action::LeavePaper { paper: at as u8 }),
                None => Next::Act(Action::PapersDone),
            },
            Screen::StoredPaper { .. } => Next::Act(Action::UseStored),
            Screen::CountSheets { .. } => Next::Act(Action::DeclareSheets { sheets: 1 }),
            Screen::SpecialPaper { .. } | Screen::ChoosePdf { .. } | Screen::MissingPapers { .. } => Next::Act(Action::Back),
            Screen::Scan { running: true, .. } => Next::Wait,
            Screen::Scan { paper, .. } => Next::Feed(picture(&paper.vi)),
            Screen::PageCheck { pages, expected, .. } if pages.len() == usize::from(*expected) => Next::Act(Action::AcceptPages),
            Screen::PageCheck { .. } => Next::Act(Action::ScanAgain),
            Screen::Review { .. } => Next::Act(Action::Submit),
            Screen::Submitting => Next::Wait,
            Screen::Slip { code, printing, .. } => {
                if self.codes.last() != Some(code) {
                    self.codes.push(code.clone());
                }
                match printing {
                    PrintState::Printing | PrintState::Waiting(_) => Next::Wait,
                    PrintState::Printed | PrintState::Unknown | PrintState::None => {
                        self.done = true;
                        Next::Act(Action::SlipTaken)
                    }
                }
            }
            Screen::Fee { page: FeePage::Paid { .. } } => Next::Act(Action::SlipTaken),
            Screen::Fee { .. } => Next::Act(Action::PayLater),
            Screen::Officer { page: OfficerPage::Waiting { .. } } => Next::Act(Action::NotWait),
            Screen::Officer { page: OfficerPage::Told { .. } } => Next::Act(Action::SlipTaken),
            Screen::Done { .. }
            | Screen::KeptForLater { .. }
            | Screen::LookUp
            | Screen::LookUpResult { .. }
            | Screen::Reprint { .. }
            | Screen::OwnDossiers { .. }
            | Screen::OwnDossier { .. }
            | Screen::Opinion { .. }
            | Screen::Rating { .. }
            | Screen::Queue { .. }
            | Screen::Courier { .. }
            | Screen::OutOfService { .. } => Next::Act(Action::End),
        }
    }

    fn answer(&self, kind: &AnswerKind) -> String {
        let another = |options: &[Choice]| options.iter().any(|option| option.id == "post_other");
        match (kind, self.post_to) {
            (AnswerKind::Address { .. }, Some(address)) => address.to_owned(),
            (AnswerKind::Choice { options }, Some(_)) if another(options) => "post_other".to_owned(),
            (kind, _) => answer(kind),
        }
    }

    /// Does it.
    pub async fn perform(&mut self, rig: &Rig, snapshot: &Snapshot, next: &Next) -> anyhow::Result<()> {
        match next {
            // A stale touch is a person's everyday mistake; the next look tells.
            Next::Act(action) => rig.act_at(snapshot.step, action.clone()).await.map(|_| ()),
            Next::ShowCard => {
                rig.scan_code(self.card).await?;
                let step = snapshot.step;
                rig.until("the card to be taken", |s| s.step != step).await.map(|_| ())
            }
            Next::LayCard => {
                self.laid = true;
                rig.dock(json!({"insert_card": self.chip})).await.map(|_| ())
            }
            Next::TakeCard => {
                self.laid = false;
                rig.dock(json!("remove_card")).await.map(|_| ())
            }
            Next::Feed(paper) => {
                rig.dock(json!({"load": [format!("{paper}-1.jpg"), format!("{paper}-2.jpg")]})).await?;
                rig.act_at(snapshot.step, Action::StartScan).await.map(|_| ())
            }
            Next::Wait => {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                Ok(())
            }
            Next::Leave => Ok(()),
        }
    }

    /// Goes on until the screen is as wanted, and does nothing there.
    pub async fn go_until(&mut self, rig: &Rig, wanted: impl Fn(&Snapshot) -> bool) -> anyhow::Result<Snapshot> {
        let started = std::time::Instant::now();
        loop {
            anyhow::ensure!(started.elapsed().as_secs() < 60, "the visit does not get on");
            let snapshot = rig.snapshot().await?;
            if wanted(&snapshot) {
                return Ok(snapshot);
            }
            let next = self.next(&snapshot);
            anyhow::ensure!(next != Next::Leave, "the visit ended before the wanted screen");
            self.perform(rig, &snapshot, &next).await?;
        }
    }

    /// From the present picture to the end of the visit.
    pub async fn finish(&mut self, rig: &Rig) -> anyhow::Result<()> {
        let started = std::time::Instant::now();
        loop {
            let snapshot = rig.snapshot().await?;
            let next = self.next(&snapshot);
            if next == Next::Leave {
                return Ok(());
            }
            self.perform(rig, &snapshot, &next).await?;
            anyhow::ensure!(
                started.elapsed().as_secs() < 120,
                "the visit does not end; the screen shows {} with {:?}",
                snapshot.screen.code(),
                snapshot.overlay
            );
        }
    }
}

fn answer(kind: &AnswerKind) -> String {
    match kind {
        AnswerKind::Name => "Trần Nguyễn Ước Mơ".to_owned(),
        AnswerKind::Text { .. } => "Bệnh viện Ví Dụ".to_owned(),
        AnswerKind::PastDate => "19/10/2026".to_owned(),
        AnswerKind::Phone => "0900000456".to_owned(),
        AnswerKind::CitizenNumber => "001090000017".to_owned(),
        AnswerKind::TaxCode => "0100109106".to_owned(),
        AnswerKind::Number { min, .. } => min.to_string(),
        AnswerKind::Address { .. } => "Số 5 ngõ 2, Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang".to_owned(),
        AnswerKind::Choice { options } => options.first().map(|o| o.id.clone()).unwrap_or_default(),
    }
}

fn picture(paper: &str) -> &'static str {
    match motcua_model::fold(paper) {
        p if p.contains("to khai") => "to-khai",
        p if p.contains("chung sinh") => "chung-sinh",
        _ => "ket-hon",
    }
}
