//! Invented screens of opinions (C21) and ratings (C22), and of what leads to them.

use jiff::{Timestamp, civil::date};
use motcua_model::{
    Private, Text,
    api::{OpinionPage, PrintState, RatingOffer, RatingPage, Screen, Service, ServiceTile},
    code::{OpinionCode, ProvisionalCode},
    fault::Fault,
    opinion::{LONGEST, usual_topics},
    rating::{Criterion, Reason, Score},
};

const SHORT: &str = "Ghế ngồi chờ bị gãy, xin sửa giúp.";

pub(super) fn screens() -> Vec<(&'static str, Screen)> {
    [opinions(), ratings()].concat()
}

/// As long as it may be.
fn long() -> String {
    let sentence = "Sáng thứ hai có nhiều người già phải đứng chờ lâu ngoài nắng, mong xã kê thêm ghế và mở cửa sớm hơn. ";
    sentence.chars().cycle().take(LONGEST).collect()
}

fn opinions() -> Vec<(&'static str, Screen)> {
    let topic = || Text::new("Trụ sở, chỗ ngồi", "The building and seats");
    let page = |page| Screen::Opinion { page };
    let words = |text: &str, error: Option<Text>| page(OpinionPage::Text { topic: topic(), text: Private::new(text), error });
    let check = |text: &str, phone: Option<&str>, storing| {
        page(OpinionPage::Check { topic: topic(), text: Private::new(text), phone: phone.map(Private::new), storing })
    };
    let given = |offline, printing| {
        page(OpinionPage::Given { code: OpinionCode::new("K001", date(2026, 7, 20), 7).to_string(), offline, printing })
    };
    let no_words = Text::new("Chưa có nội dung. Viết vài chữ.", "Nothing is written yet. Write a few words.");
    let no_phone = Text::new("Số điện thoại có 10 chữ số, bắt đầu bằng 0.", "A phone number has 10 digits and starts with 0.");
    vec![
        ("waiting-six", six_tiles()),
        ("opinion", page(OpinionPage::Topics { topics: usual_topics().into_iter().map(|topic| topic.name).collect() })),
        ("opinion-text", words(SHORT, None)),
        ("opinion-text-wrong", words("?", Some(no_words))),
        ("opinion-text-long", words(&long(), None)),
        ("opinion-phone", page(OpinionPage::Contact { phone: Private::default(), error: None })),
        ("opinion-phone-wrong", page(OpinionPage::Contact { phone: Private::new("9000000789"), error: Some(no_phone) })),
        ("opinion-check", check(SHORT, Some("0900000789"), false)),
        ("opinion-check-long", check(&long(), None, false)),
        ("opinion-storing", check(SHORT, None, true)),
        ("opinion-given", given(false, PrintState::Printed)),
        ("opinion-given-offline", given(true, PrintState::Printing)),
        ("opinion-given-no-paper", given(false, PrintState::Waiting(Fault::PrinterPaperOut))),
        ("opinion-given-no-printer", given(true, PrintState::None)),
    ]
}

/// C01 of an office with as many services as there will ever be.
fn six_tiles() -> Screen {
    let problem = Text::new("Máy in hết giấy. Chờ cán bộ thay giấy.", "Printer out of paper. Please wait.");
    let services = [Service::File, Service::LookUp, Service::Queue, Service::Opinion, Service::Courier, Service::File];
    let tile = |(at, service)| ServiceTile { service, unavailable: (at % 5 == 0).then(|| problem.clone()), note: None };
    Screen::Waiting { services: services.into_iter().enumerate().map(tile).collect(), unfinished: true }
}

fn ratings() -> Vec<(&'static str, Screen)> {
    let satisfaction = |score, reasons: &[Reason], storing| Screen::Rating {
        page: RatingPage::Satisfaction { score, reasons: reasons.to_vec(), storing },
    };
    let quality = |at: usize, score, storing| Screen::Rating {
        page: RatingPage::Quality {
            code: "H99.99.99-260720-0012".to_owned(),
            ask: Criterion::ALL[at].words(),
            score,
            at: u8::try_from(at + 1).unwrap_or(1),
            of: 4,
            storing,
        },
    };
    let ended = |rating| Screen::LookUpResult {
        asked: ProvisionalCode::new("K001", date(2026, 7, 20), 12).to_string(),
        official_code: Some("H99.99.99-260720-0012".to_owned()),
        done: 4,
        steps: 4,
        state: Text::new("Đã trả kết quả", "Result returned"),
        known_at: Timestamp::from_second(1_784_531_100).unwrap_or(Timestamp::UNIX_EPOCH),
        rating,
        reprint: false,
    };
    let thanks = Screen::Done {
        unpaid_vnd: 0,
        unconfirmed: false,
        code: ProvisionalCode::new("K001", date(2026, 7, 20), 12).to_string(),
        time_limit: Text::new("Trong ngày. Nhận sau 15 giờ thì xong hôm sau.", "The same day. After 15:00, the next day."),
        rating: RatingOffer::Given,
    };
    vec![
        ("satisfaction", satisfaction(None, &[], false)),
        ("satisfaction-reasons", satisfaction(Some(Score::Good), &[Reason::Guidance, Reason::Staff], false)),
        ("satisfaction-storing", satisfaction(Some(Score::VeryBad), &[Reason::Time], true)),
        ("done-rated", thanks),
        ("look-up-ended", ended(RatingOffer::Open)),
        ("look-up-rated", ended(RatingOffer::Given)),
        ("quality", quality(0, None, false)),
        ("quality-second", quality(1, Some(Score::Fair), false)),
        ("quality-last", quality(3, Some(Score::VeryGood), false)),
        ("quality-storing", quality(3, Some(Score::Bad), true)),
    ]
}
