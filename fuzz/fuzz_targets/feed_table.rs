//! Checks that a feed in a table of any content is read without a panic, and that what is read keeps its promises.

#![no_main]

mod feed;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| feed::check(data));
