//! Ranges of a sealed file: which chunks to read for them, and the plain bytes out of the chunks.
//!
//! Chunks are opened in the buffer they were read into, and the ranges are parts of it: no copy. Where little of a run is wanted,
//! it is read into a buffer that serves again, and the little is copied, so that an answer of few bytes does not
//! hold whole chunks in memory.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use bytes::{Bytes, BytesMut};
use zeroize::Zeroizing;

use super::SealError;
use super::format::Opened;

/// Chunks that lie side by side and are read together, and the numbers of the wanted ranges in them.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) chunks: Range<u64>,
    members: Vec<usize>,
}

/// Runs that hold all wanted ranges, none twice, in the order of the file. Empty ranges need none.
pub(super) fn runs(opened: &Opened, wanted: &[Range<u64>]) -> Vec<Run> {
    let mut order: Vec<_> = wanted
        .iter()
        .enumerate()
        .filter(|(_, range)| !range.is_empty())
        .collect();
    order.sort_unstable_by_key(|(_, range)| range.start);
    let mut runs: Vec<Run> = Vec::new();
    for (member, range) in order {
        let chunks = chunks_of(opened, range);
        match runs.last_mut() {
            Some(run) if chunks.start <= run.chunks.end => {
                run.chunks.end = run.chunks.end.max(chunks.end);
                run.members.push(member);
            }
            _ => runs.push(Run {
                chunks,
                members: vec![member],
            }),
        }
    }
    runs
}

/// Numbers of the chunks with a range's bytes; one, which exists, for an empty range.
pub(super) fn chunks_of(opened: &Opened, range: &Range<u64>) -> Range<u64> {
    let at = |place: u64| opened.chunk_of(place).min(opened.chunks - 1);
    at(range.start)..at(range.end.saturating_sub(1).max(range.start)) + 1
}

/// Collects the wanted ranges, in their order.
pub(super) struct Harvest<'a> {
    opened: &'a Opened,
    wanted: &'a [Range<u64>],
    found: Vec<Bytes>,
}

impl<'a> Harvest<'a> {
    pub(super) fn new(opened: &'a Opened, wanted: &'a [Range<u64>]) -> Self {
        let found = vec![Bytes::new(); wanted.len()];
        Self {
            opened,
            wanted,
            found,
        }
    }

    /// All ranges; those of runs that were not taken are empty.
    pub(super) fn found(self) -> Vec<Bytes> {
        self.found
    }

    /// Takes a run that was read already. It is copied only if somebody else holds it too.
    pub(super) fn take(&mut self, run: &Run, sealed: Bytes) -> Result<(), SealError> {
        let place = self.opened.place(run.chunks.start, run.chunks.end);
        let bytes = sealed.len() as u64;
        if bytes != place.end - place.start {
            return Err(SealError::Size { bytes });
        }
        let mut buffer = sealed
            .try_into_mut()
            .unwrap_or_else(|shared| BytesMut::from(shared.as_ref()));
        let plain = self.open(run, &mut buffer)?;
        buffer.truncate(plain);
        self.parts(run, &buffer.freeze(), |plain, part| plain.slice(part))
    }

    /// Reads and takes all runs of the wanted ranges from a file on this machine.
    pub(super) fn read(&mut self, file: &File) -> Result<(), SealError> {
        let mut again = Zeroizing::new(Vec::new());
        for run in runs(self.opened, self.wanted) {
            let place = self.opened.place(run.chunks.start, run.chunks.end);
            let length = usize::try_from(place.end - place.start).unwrap_or(usize::MAX);
            let wanted: u64 = run
                .members
                .iter()
                .filter_map(|member| self.wanted.get(*member))
                .map(|range| range.end - range.start)
                .sum();
            let reading = || SealError::io("reading a sealed file");
            if wanted.saturating_mul(2) < place.end - place.start {
                again.resize(length, 0);
                file.read_exact_at(&mut again, place.start)
                    .map_err(reading())?;
                let plain = self.open(&run, &mut again)?;
                let plain = again.get(..plain).unwrap_or_default();
                self.parts(&run, plain, |plain, part| {
                    Bytes::copy_from_slice(plain.get(part).unwrap_or_default())
                })?;
            } else {
                let mut buffer = vec![0; length];
                file.read_exact_at(&mut buffer, place.start)
                    .map_err(reading())?;
                let plain = self.open(&run, &mut buffer)?;
                buffer.truncate(plain);
                self.parts(&run, &Bytes::from(buffer), |plain, part| plain.slice(part))?;
            }
        }
        Ok(())
    }

    fn open(&self, run: &Run, bytes: &mut [u8]) -> Result<usize, SealError> {
        let Opened { cipher, chunks, .. } = self.opened;
        cipher.open(bytes, run.chunks.start, *chunks)
    }

    /// Cuts a run's plain bytes into the ranges that lie in it.
    fn parts<P: AsRef<[u8]> + ?Sized>(
        &mut self,
        run: &Run,
        plain: &P,
        cut: impl Fn(&P, Range<usize>) -> Bytes,
    ) -> Result<(), SealError> {
        let start = self.opened.start_of(run.chunks.start);
        let at = |place: u64| usize::try_from(place.saturating_sub(start)).unwrap_or(usize::MAX);
        for member in &run.members {
            let range = self.wanted.get(*member).map(|r| at(r.start)..at(r.end));
            let (Some(range), Some(found)) = (range, self.found.get_mut(*member)) else {
                continue;
            };
            if range.start > range.end || range.end > plain.as_ref().len() {
                let bytes = plain.as_ref().len() as u64;
                return Err(SealError::Size { bytes });
            }
            *found = cut(plain, range);
        }
        Ok(())
    }
}
