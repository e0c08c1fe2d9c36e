//! The one place that reads the clock and the system's random numbers. Everything below gets them as values.

use governance::Time;

use crate::failure::Failure;

/// The present, to the second.
pub fn now() -> Result<Time, Failure> {
    let seconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_err(|e| Failure::fault("reading the clock", e))?
        .as_secs();
    i64::try_from(seconds)
        .ok()
        .and_then(|s| Time::from_unix(s).ok())
        .ok_or_else(|| Failure::Fault("the clock is out of range".to_owned()))
}

/// 32 random bytes from the operating system.
pub fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| Failure::fault("drawing random bytes", e))?;
    Ok(bytes)
}
