//! Any bytes as a file that asks to leave: every reader, chosen by content as in the product. A panic, a run out of memory or a
//! reading that takes longer than the runner's limit is a fault.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = airlock::Reading::of(bytes);
});
