//! Invented screens of C24 (Lấy số).

use motcua_model::{
    Text,
    api::{PrintState, QueuePage, Screen, Service, ServiceTile},
    fault::Fault,
    queue::usual_priority,
};

/// C01 of an office that gives numbers.
fn five_tiles() -> Screen {
    let services = [Service::File, Service::LookUp, Service::Queue, Service::Opinion, Service::Courier];
    let services = services.map(|service| ServiceTile { service, unavailable: None, note: None });
    Screen::Waiting { services: services.into(), unfinished: false }
}

pub(super) fn screens() -> Vec<(&'static str, Screen)> {
    let page = |page| Screen::Queue { page };
    let groups: Vec<Text> = [
        ("Hộ tịch, chứng thực", "Civil status, certification"),
        ("Đất đai, xây dựng", "Land and construction"),
        ("Trợ cấp, bảo trợ xã hội", "Allowances and social protection"),
        ("Đăng ký kinh doanh", "Business registration"),
        ("Cư trú, căn cước", "Residence and identity cards"),
        ("Việc khác", "Other matters"),
    ]
    .map(|(vi, en)| Text::new(vi, en))
    .into();
    let priority: Vec<Text> = usual_priority().into_iter().map(|group| group.name).collect();
    let taken = |number: &str, at: usize, priority, ahead, printing| {
        page(QueuePage::Taken { number: number.to_owned(), group: groups[at].clone(), priority, ahead, printing })
    };
    vec![
        ("waiting-queue", five_tiles()),
        ("queue", page(QueuePage::Groups { groups: groups.clone(), storing: false })),
        ("queue-two", page(QueuePage::Groups { groups: groups[..2].to_vec(), storing: false })),
        ("queue-priority", page(QueuePage::Priority { groups: priority.clone(), storing: false })),
        ("queue-storing", page(QueuePage::Priority { groups: priority, storing: true })),
        ("queue-taken", taken("A012", 0, false, 7, PrintState::Printed)),
        ("queue-taken-first", taken("B001", 1, true, 0, PrintState::Printing)),
        ("queue-taken-no-paper", taken("A1012", 2, true, 112, PrintState::Waiting(Fault::PrinterPaperOut))),
        ("queue-taken-lost", taken("C112", 2, false, 12, PrintState::Waiting(Fault::PrinterGone))),
        ("queue-taken-no-printer", taken("A012", 0, false, 7, PrintState::None)),
        ("queue-taken-unknown", taken("A012", 0, true, 7, PrintState::Unknown)),
    ]
}
