//! C20: what a code tells without authentication, and what the chip of the card opens (R13).

use crate::{
    ChipNews, Effect, Known, OwnDossier, Slip, SlipOf,
    chip::{self, Chip, Outcome},
    fee,
    intro::Card,
    rating,
    reprint::{self, DigitsVerdict, Reprint},
    slip::{self, local_time},
    snapshot::{news_rows, progress_of},
    state::{Cx, person_in},
};
use motcua_model::{
    Text,
    api::{Action, PrintState, RatingOffer, ReviewValue},
    citizen::{ChipPerson, PersonNumber},
    code::{DossierCode, ProvisionalCode},
    dossier::{Applicant, Assurance, HeldFee},
    fault::Fault,
    hub::{News, PaymentAnswer, PaymentState},
};
use uuid::Uuid;

/// Asking, reading the answer, or the card that opens more.
pub(crate) enum LookUp {
    Asking {
        pending: Option<String>,
    },
    Result {
        asked: String,
        known: Known,
        pending: Option<String>,
        rating: RatingOffer,
    },
    /// The chip is read: only it proves who asks, a photograph of the card does not.
    Proving {
        card: Card,
        chip: Chip,
    },
    /// `person`: whom the chip proved; `shown`: the one that was touched; `printed`: its page on paper.
    Own {
        person: Applicant,
        dossiers: Vec<OwnDossier>,
        shown: Option<usize>,
        printed: Option<(Uuid, PrintState)>,
        /// The dossier about whose payment the hub was asked at C15 and has not answered.
        asking: Option<Uuid>,
    },
    /// Behind a result: its proof once more.
    Reprint(Box<Reprint>),
}

impl LookUp {
    /// What is known of the code that was asked for.
    pub(crate) fn answer(asked: String, known: Known, rating: RatingOffer) -> Self {
        Self::Result { asked, known, pending: None, rating }
    }

    pub(crate) fn action(self, action: Action, cx: &mut Cx) -> Self {
        match (self, action) {
            (look_up @ (Self::Asking { .. } | Self::Result { .. }), Action::LookUp { code }) => look_up.asked(&code, cx),
            (Self::Result { asked, known, rating, .. }, Action::ReprintSlip) if reprint::offered(&known, &cx.health) => {
                Self::Reprint(Box::new(Reprint::begin(asked, known, rating)))
            }
            (Self::Reprint(reprint), action) => reprint.action(action, cx),
            (Self::Result { .. }, Action::Back) => Self::Asking { pending: None },
            (Self::Proving { card, mut chip }, Action::ReadChip) => {
                chip.again(card.opens(), cx);
                Self::Proving { card, chip }
            }
            (Self::Proving { chip, .. }, Action::SkipChip | Action::Back) => {
                cx.effects.extend(chip.cancel());
                Self::Asking { pending: None }
            }
            (Self::Own { person, dossiers, shown: None, asking, .. }, Action::ShowDossier { dossier })
                if usize::from(dossier) < dossiers.len() =>
            {
                Self::Own { person, dossiers, shown: Some(dossier.into()), printed: None, asking }
            }
            (Self::Own { person, dossiers, shown: Some(at), printed: None, asking }, Action::PrintDossier) => {
                let printed = dossiers.get(at).map(|own| print(own, cx));
                Self::Own { person, dossiers, shown: Some(at), printed, asking }
            }
            (Self::Own { person, dossiers, shown: Some(_), printed, asking }, Action::Back) => {
                cx.effects.extend(printed.map(drop_print));
                Self::Own { person, dossiers, shown: None, printed: None, asking }
            }
            (Self::Own { .. }, Action::Back) => Self::Asking { pending: None },
            (kept, _) => kept,
        }
    }

    /// A code, or the card of somebody who wants to see what they filed.
    pub(crate) fn scanned(self, text: &str, cx: &mut Cx) -> Self {
        let (Self::Asking { .. } | Self::Result { .. }, Ok((applicant, zone))) = (&self, person_in(text, cx)) else {
            return match self {
                Self::Asking { .. } | Self::Result { .. } => self.asked(text, cx),
                Self::Proving { .. } | Self::Own { .. } | Self::Reprint(_) => self,
            };
        };
        // Nobody is looked for: no filing begins here.
        let card = Card { applicant, zone, looking: false };
        if !chip::usable(card.opens(), cx) {
            cx.show(Fault::CardNotProven, false);
            return self;
        }
        cx.clear_fault();
        let chip = Chip::begin(card.opens(), cx);
        Self::Proving { card, chip }
    }

    /// The card reader has news; one that opens cards by itself needs no code first.
    pub(crate) fn chip(self, job: Option<Uuid>, news: ChipNews, cx: &mut Cx) -> Self {
        match (self, news) {
            (Self::Proving { card, mut chip }, news) => match chip.news(job, news, card.opens(), cx) {
                Outcome::Open => Self::Proving { card, chip },
                Outcome::Read(person) => Self::Asking { pending: None }.proven(card, chip, &person, cx),
            },
            (look_up @ (Self::Asking { .. } | Self::Result { .. }), ChipNews::Read(person)) if job.is_none() => {
                let card = Card { applicant: Applicant::from_chip(&person, None), zone: None, looking: false };
                look_up.proven(card, Chip::read(), &person, cx)
            }
            (kept, _) => kept,
        }
    }

    /// Where the chip proves nothing, all stays as it is.
    fn proven(self, card: Card, chip: Chip, person: &ChipPerson, cx: &mut Cx) -> Self {
        if person.proof.assurance() != Assurance::Checked {
            cx.show(Fault::CardNotProven, false);
            return self;
        }
        cx.clear_fault();
        cx.emit(Effect::FindOwn { number: person.number.clone() });
        let card = Card { applicant: Applicant::from_chip(person, Some(&card.applicant)), ..card };
        Self::Proving { card, chip }
    }

    /// The store's answer about somebody else comes too late.
    pub(crate) fn own_found(self, number: &PersonNumber, dossiers: Vec<OwnDossier>) -> Self {
        match self {
            Self::Proving { card, .. } if card.applicant.number == *number => {
                Self::Own { person: card.applicant, dossiers, shown: None, printed: None, asking: None }
            }
            Self::Asking { .. } | Self::Result { .. } | Self::Proving { .. } | Self::Own { .. } | Self::Reprint(_) => self,
        }
    }

    pub(crate) fn printing(mut self, job: Uuid, state: PrintState) -> Self {
        match &mut self {
            Self::Own { printed: Some((own, shown)), .. } => slip::hear(shown, *own, job, state),
            Self::Reprint(reprint) => reprint.printing(job, state),
            Self::Asking { .. } | Self::Result { .. } | Self::Proving { .. } | Self::Own { .. } => {}
        }
        self
    }

    /// The word on digits that were typed at C20e.
    pub(crate) fn digits_checked(self, job: Uuid, verdict: DigitsVerdict, cx: &mut Cx) -> Self {
        match self {
            Self::Reprint(reprint) => Self::Reprint(reprint.checked(job, verdict, cx)),
            Self::Asking { .. } | Self::Result { .. } | Self::Proving { .. } | Self::Own { .. } => self,
        }
    }

    /// The hub's answer about a payment whose person has left C15 for C20d.
    pub(crate) fn payment(mut self, dossier: Uuid, answer: Option<PaymentAnswer>, cx: &mut Cx) -> Self {
        let Self::Own { dossiers, asking, .. } = &mut self else { return self };
        if asking.take_if(|asked| *asked == dossier).is_none() {
            return self;
        }
        if let Some(PaymentAnswer { state: PaymentState::Paid, amount_vnd, transaction, .. }) = answer {
            for own in dossiers.iter_mut().filter(|own| own.id == dossier) {
                own.fee = Some(HeldFee { amount_vnd, begun: true, paid: true });
            }
            cx.emit(Effect::FeePaid { dossier, amount_vnd, transaction: transaction.unwrap_or_default() });
        }
        self
    }

    /// What a machine still does for the person.
    pub(crate) fn end(&self) -> Option<Effect> {
        match self {
            Self::Proving { chip, .. } => chip.cancel(),
            Self::Own { printed, .. } => printed.map(drop_print),
            Self::Reprint(reprint) => reprint.end(),
            Self::Asking { .. } | Self::Result { .. } => None,
        }
    }

    pub(crate) fn part(&self) -> usize {
        match self {
            Self::Asking { .. } | Self::Result { .. } => 0,
            Self::Proving { chip, .. } => chip.part(),
            Self::Reprint(reprint) => reprint.part(),
            Self::Own { shown, printed, .. } => shown.map_or(0, |at| 2 * at + 1 + usize::from(printed.is_some())),
        }
    }

    /// Typed or scanned. Only what has the form of a code leaves the flow: a card held under the reader
    /// by mistake goes nowhere.
    fn asked(self, text: &str, cx: &mut Cx) -> Self {
        let Some(code) = code_in(text) else {
            cx.show(Fault::CodeUnknown, false);
            return self;
        };
        cx.clear_fault();
        cx.emit(Effect::LookUp { asked: code.clone() });
        match self {
            Self::Result { asked, known, rating, .. } => Self::Result { asked, known, pending: Some(code), rating },
            Self::Asking { .. } | Self::Proving { .. } | Self::Own { .. } | Self::Reprint(_) => Self::Asking { pending: Some(code) },
        }
    }

    pub(crate) fn answered(self, asked: String, found: Option<Known>, cx: &mut Cx) -> Self {
        let (Self::Asking { pending } | Self::Result { pending, .. }) = &self else { return self };
        if pending.as_ref() != Some(&asked) {
            return self;
        }
        match found {
            Some(known) => {
                let rating = if cx.health.disk_full { RatingOffer::None } else { rating::offer(&known) };
                Self::answer(asked, known, rating)
            }
            None => {
                cx.show(Fault::CodeUnknown, false);
                Self::Asking { pending: None }
            }
        }
    }
}

/// What an officer has said goes on paper.
pub(crate) fn print(own: &OwnDossier, cx: &mut Cx) -> (Uuid, PrintState) {
    let slip = told_slip(own, cx);
    (slip.job, slip::print(&slip, cx))
}

pub(crate) fn drop_print((job, _): (Uuid, PrintState)) -> Effect {
    Effect::DropPrint { job }
}

/// C20d on paper: what an officer has said of the dossier (forms 01 and 02 of TT 03/2025 in short), or that it was filed.
fn told_slip(own: &OwnDossier, cx: &Cx) -> Slip {
    let title = match own.news {
        Some(News::Accepted { .. }) => Text::new("GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ", "RECEIPT AND APPOINTMENT"),
        Some(News::Supplement { .. }) => Text::new("YÊU CẦU BỔ SUNG HỒ SƠ", "PAPERS TO BE ADDED"),
        Some(News::Result { .. }) => Text::new("ĐÃ CÓ KẾT QUẢ", "THE RESULT IS THERE"),
        Some(News::Status { .. } | News::Catalogue { .. } | News::Config { .. } | News::Unknown(_)) | None => {
            Text::new("HỒ SƠ ĐÃ NỘP", "FILE SUBMITTED")
        }
    };
    let code = own.shown_code();
    let mut rows = vec![
        (Text::new("Thủ tục", "Procedure"), own.procedure.clone()),
        (Text::new("Nộp lúc", "Submitted"), Text::same(&local_time(own.submitted))),
        (Text::new("Tình trạng", "State"), progress_of(&own.known).1),
    ];
    rows.extend((code != own.code).then(|| (Text::new("Mã tạm", "Provisional code"), Text::same(&own.code))));
    rows.extend(own.news.iter().flat_map(news_rows).filter_map(|row| match row.value {
        ReviewValue::Words(words) => Some((row.label, words)),
        ReviewValue::Private(text) => Some((row.label, Text::same(text.reveal()))),
        // Nothing of that kind stands on C20d.
        ReviewValue::Masked { shown, .. } => Some((row.label, Text::same(&shown))),
        ReviewValue::Pages(_) => None,
    }));
    rows.extend(own.fee.as_ref().map(fee::row));
    Slip {
        qr: slip::tracking(&code, cx),
        code,
        rows,
        note: Text::new(
            "Máy in theo lời cơ quan giải quyết. Bản đầy đủ có ở quầy và trên Cổng dịch vụ công.",
            "Printed as the deciding office has told it. The whole form is at the desk and at the portal.",
        ),
        ..slip::blank(cx.at.fresh, SlipOf::Told { dossier: own.id, news: own.request }, title, cx)
    }
}

/// The code itself, or the one inside the address that the slip's QR holds: as parameter `m`, or last.
fn code_in(text: &str) -> Option<String> {
    let text = text.trim();
    let inside = match text.split_once("://") {
        None => text,
        Some((_, address)) => {
            let parameters = address.split_once('?').map_or("", |(_, query)| query);
            let named = parameters.split(['&', '#']).find_map(|parameter| parameter.strip_prefix("m="));
            named.or_else(|| address.trim_end_matches('/').rsplit(['/', '=', '#', '?']).next())?
        }
    };
    let provisional = ProvisionalCode::parse(inside).map(|code| code.as_str().to_owned());
    provisional.or_else(|_| DossierCode::parse(inside).map(|code| code.as_str().to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_code_in_what_a_slip_holds() {
        let code = ProvisionalCode::new("K07", jiff::civil::date(2026, 11, 23), 42);
        for text in [
            code.as_str().to_owned(),
            format!(" {}\r", code.as_str().to_lowercase()),
            format!("https://dichvucong.example.vn/tra-cuu?m={code}"),
            format!("https://dichvucong.example.vn/tra-cuu?x=1&m={code}&y=2"),
            format!("https://dichvucong.example.vn/t/{code}"),
            format!("https://dichvucong.example.vn/t/{code}/"),
            format!("https://dichvucong.example.vn/t#{code}"),
        ] {
            assert_eq!(code_in(&text).as_deref(), Some(code.as_str()), "{text}");
        }
        assert_eq!(code_in("https://x.example.vn/?m=h15.50.05.13-261008-0975").as_deref(), Some("H15.50.05.13-261008-0975"));
        for text in ["", "   ", "https://", "://", "TAM-K07-261123-0042-00", "001190000016||Nguyễn Thị Mẫu|15011990|Nữ|X|"] {
            assert_eq!(code_in(text), None, "{text}");
        }
    }
}
