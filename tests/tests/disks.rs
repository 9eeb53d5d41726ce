//! A few of the rounds of `make test-powercut` and `make test-baddisk`.

use motcua_tests::rig;

#[tokio::test]
async fn nothing_confirmed_is_lost_in_a_power_cut() {
    println!("{}", rig::run(rig::binary("motcua-powercut").unwrap().args(["--rounds", "3", "--couriers", "8"])).await.unwrap());
}

#[tokio::test]
async fn a_failing_or_full_disk_loses_nothing_confirmed_and_needs_no_hands() {
    println!("{}", rig::run(rig::binary("motcua-baddisk").unwrap().args(["--one-in", "60"])).await.unwrap());
}
