//! The courier takes parcels over.

use crate::common::*;
use motcua_flow::{Effect, Event};
use motcua_model::{
    api::{Action, Overlay, Screen, Service},
    code::ParcelCheck,
    fault::Fault,
};

fn at_parcels() -> Desk {
    let mut desk = Desk::new();
    desk.act(Action::Start { service: Service::Courier });
    desk.scan("BCCI-1024\r");
    assert_eq!(desk.code(), "P03");
    desk
}

fn codes(desk: &Desk) -> Vec<String> {
    let Screen::Parcels { parcels, .. } = desk.screen() else { panic!("{}", desk.code()) };
    parcels.into_iter().map(|p| p.code).collect()
}

#[test]
fn a_badge_has_its_form() {
    for text in ["BCCI-12", "BCCI-", "bcci-1024", "1024", "BCCI-10 24", "BCCI-123456789012345678901", "BCCI-Mẫu1", CARD] {
        let mut desk = Desk::new();
        desk.act(Action::Start { service: Service::Courier });
        desk.scan(text);
        assert_eq!((desk.code(), desk.overlay()), ("P01", Some(Overlay::Fault { fault: Fault::NotABadge, retry: false })), "{text}");
        desk.scan("BCCI-A1024");
        assert_eq!((desk.code(), desk.overlay()), ("P03", None));
    }
}

#[test]
fn parcels_are_listed_once_and_doubtful_ones_are_asked_about() {
    let mut desk = at_parcels();
    desk.act(Action::CloseHandover);
    assert_eq!(desk.code(), "P03", "nothing to hand over");
    desk.scan("RR473124829VN");
    desk.scan("rr473124829vn");
    assert!(matches!(desk.screen(), Screen::Parcels { repeated: true, .. }));
    desk.scan("VNP0012345678");
    assert!(matches!(desk.screen(), Screen::Parcels { repeated: false, .. }));
    desk.scan("xin chào");
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::NotAParcel, retry: false }));
    desk.scan("BK990032289VN");
    assert_eq!(desk.overlay(), None);
    desk.scan("RR999999990VN");
    assert!(desk.act(Action::CloseHandover).is_empty(), "first the question");
    assert!(matches!(desk.screen(), Screen::Parcels { doubtful: Some(code), .. } if code == "BK990032289VN"));
    desk.act(Action::ConfirmParcel { keep: false });
    assert_eq!(codes(&desk), ["RR473124829VN", "VNP0012345678"]);
    desk.scan("BK990032289VN");
    desk.act(Action::ConfirmParcel { keep: true });
    desk.act(Action::ConfirmParcel { keep: true });
    assert_eq!(codes(&desk), ["RR473124829VN", "VNP0012345678", "BK990032289VN"]);
}

#[test]
fn the_handover_is_durable_before_it_is_confirmed() {
    let mut desk = at_parcels();
    desk.scan("RR473124829VN");
    desk.scan("BK990032289VN");
    desk.act(Action::ConfirmParcel { keep: true });
    let effects = desk.act(Action::CloseHandover);
    let [Effect::StoreHandover(handover)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((handover.courier.as_str(), handover.device.as_str(), handover.agency.as_str()), ("1024", "K07", "H99.50"));
    assert_eq!(handover.parcels[1].parcel.check, ParcelCheck::Wrong);
    assert!(desk.act(Action::CloseHandover).is_empty());
    desk.scan("VNP0012345678");
    assert_eq!(codes(&desk).len(), 2, "what is being stored does not change");
    desk.wait(3600);
    desk.act(Action::End);
    assert_eq!((desk.code(), desk.overlay()), ("P03", None));

    desk.send(Event::HandoverFailed { id: handover.id });
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::StoreFailed, retry: false }));
    desk.act(Action::Dismiss);
    assert_eq!(codes(&desk).len(), 2);
    let effects = desk.act(Action::CloseHandover);
    let [Effect::StoreHandover(again)] = effects.as_slice() else { panic!("{effects:?}") };
    desk.send(Event::HandoverStored { id: uuid::Uuid::from_u128(7) });
    assert_eq!(desk.code(), "P03");
    desk.send(Event::HandoverStored { id: again.id });
    assert_eq!(desk.screen(), Screen::HandoverDone { count: 2 });
    desk.wait(15);
    assert_eq!(desk.seen(), Desk::new().seen());
}

#[test]
fn an_open_list_is_asked_about_and_then_dropped() {
    let mut desk = at_parcels();
    desk.scan("RR473124829VN");
    desk.act(Action::End);
    assert_eq!(desk.overlay(), Some(Overlay::ConfirmEnd));
    desk.act(Action::Dismiss);
    assert_eq!(codes(&desk).len(), 1);
    assert!(desk.wait(180 + 45).is_empty());
    assert_eq!(desk.code(), "C01");
}
