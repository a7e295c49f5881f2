//! Checks that read as one line.

/// `Ok` if `holds`.
pub(crate) fn ensure<F>(holds: bool, otherwise: F) -> Result<(), F> {
    if holds { Ok(()) } else { Err(otherwise) }
}
