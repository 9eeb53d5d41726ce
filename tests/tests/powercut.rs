//! A few of the power cuts of `make test-powercut`, with the negative control.

use motcua_tests::rig;

#[tokio::test]
async fn nothing_confirmed_is_lost_in_a_power_cut() {
    println!("{}", rig::run(rig::binary("motcua-powercut").unwrap().args(["--rounds", "3"])).await.unwrap());
}
