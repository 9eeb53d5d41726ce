#![no_main]

// The reader of codes may panic, and `read_codes` catches it: the fuzzer's own hook would end the run before. What we assert ends it all
// the same, as a panic that leaves the target.
libfuzzer_sys::fuzz_target!(
    init: std::panic::set_hook(Box::new(|_| {})),
    |data: &[u8]| {
        motcua_tests::fuzzing::page_codes(data);
    }
);
