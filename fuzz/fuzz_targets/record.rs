//! What a store gives back: a record that is read is read again from what it encodes to.
#![no_main]

use grantor::record::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(record) = Record::decode(data) else { return };
    let encoded = record.encode().expect("a record");
    let again = Record::decode(&encoded).expect("what was encoded");
    assert_eq!(again.encode().expect("a record"), encoded);
    assert_eq!(again, record);
});
