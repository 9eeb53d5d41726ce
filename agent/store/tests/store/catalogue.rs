//! Catalogues from the hub: which one is in force.

use crate::support::*;
use jiff::civil::date;

#[test]
fn the_newest_whose_first_day_has_come_is_in_force() {
    let place = Place::new();
    let mut store = place.store();
    assert_eq!((store.newest_catalogue().unwrap(), store.catalogue(date(2026, 11, 25)).unwrap()), (0, None));
    store.keep_catalogue(3, date(2026, 7, 1), "three", date(2026, 11, 25), at(1)).unwrap();
    store.keep_catalogue(5, date(2027, 1, 1), "five", date(2026, 11, 25), at(2)).unwrap();
    let in_force = |store: &motcua_store::Store, day| store.catalogue(day).unwrap().unwrap();
    assert_eq!(store.newest_catalogue().unwrap(), 5);
    assert_eq!(in_force(&store, date(2026, 12, 31)), (3, "three".to_owned()));
    assert_eq!(in_force(&store, date(2027, 1, 1)), (5, "five".to_owned()));
    // Mended before its first day came, and an urgent one for now.
    store.keep_catalogue(5, date(2027, 2, 1), "five again", date(2026, 11, 26), at(3)).unwrap();
    store.keep_catalogue(4, date(2026, 11, 26), "four", date(2026, 11, 26), at(4)).unwrap();
    assert_eq!(in_force(&store, date(2027, 1, 31)), (4, "four".to_owned()));
    assert_eq!(in_force(&store, date(2027, 2, 1)), (5, "five again".to_owned()));
    assert_eq!(store.catalogue(date(2026, 11, 25)).unwrap(), None, "the third is forgotten: the fourth has come");
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
    drop(store);
    assert_eq!(place.store().newest_catalogue().unwrap(), 5);
}
