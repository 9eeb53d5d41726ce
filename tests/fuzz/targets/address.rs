#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    motcua_tests::fuzzing::address(data);
});
