//! Row reduction modulo the prime 2^31 − 1.

/// The prime. Products of two residues fit into 64 bits.
pub(crate) const P: u64 = (1 << 31) - 1;

/// The product of two residues.
pub(crate) const fn mul(a: u32, b: u32) -> u32 {
    (a as u64 * b as u64 % P) as u32
}

/// The sum of two residues.
pub(crate) const fn add(a: u32, b: u32) -> u32 {
    ((a as u64 + b as u64) % P) as u32
}

/// The negative of a residue.
pub(crate) const fn neg(a: u32) -> u32 {
    ((P - a as u64) % P) as u32
}

/// The inverse of a residue that is not nought (Fermat: a^(p−2)).
pub(crate) const fn inverse(a: u32) -> u32 {
    let (mut base, mut left, mut out) = (a, P - 2, 1_u32);
    while left > 0 {
        if left & 1 == 1 {
            out = mul(out, base);
        }
        base = mul(base, base);
        left >>= 1;
    }
    out
}

/// `row + factor · other`, place by place.
pub(crate) fn add_scaled(row: &mut [u32], other: &[u32], factor: u32) {
    if factor == 0 {
        return;
    }
    for (to, from) in row.iter_mut().zip(other) {
        *to = ((u64::from(*to) + u64::from(factor) * u64::from(*from)) % P) as u32;
    }
}

/// A subspace in reduced row-echelon form: each row has a leading one where every other row has nought.
#[derive(Debug, Clone)]
pub(crate) struct Echelon {
    width: usize,
    /// The row that leads at this place.
    rows: Vec<Option<Box<[u32]>>>,
    rank: usize,
}

impl Echelon {
    /// The subspace that holds nought alone.
    pub(crate) fn new(width: usize) -> Self {
        Self {
            width,
            rows: vec![None; width],
            rank: 0,
        }
    }

    /// Its dimension.
    pub(crate) const fn rank(&self) -> usize {
        self.rank
    }

    /// The row that leads at a place.
    pub(crate) fn row(&self, place: usize) -> Option<&[u32]> {
        self.rows.get(place)?.as_deref()
    }

    /// What is left of the sum of unit vectors `ones` modulo the subspace.
    pub(crate) fn reduce_ones(&self, ones: &[u32]) -> Vec<u32> {
        let mut out = vec![0; self.width];
        for one in ones {
            let place = usize::try_from(*one).unwrap_or(usize::MAX);
            if let Some(value) = out.get_mut(place) {
                *value = add(*value, 1);
            }
        }
        for one in ones {
            let place = usize::try_from(*one).unwrap_or(usize::MAX);
            // rows are reduced, so one step changes no other leading place
            if let (Some(row), Some(value)) = (self.row(place), out.get(place).copied()) {
                add_scaled(&mut out, row, neg(value));
            }
        }
        out
    }

    /// Whether the sum of unit vectors `ones` lies in it.
    pub(crate) fn spans(&self, ones: &[u32]) -> bool {
        self.reduce_ones(ones).iter().all(|v| *v == 0)
    }

    /// What is left of a vector modulo the subspace.
    pub(crate) fn reduce(&self, vector: &[u32]) -> Vec<u32> {
        let mut out = vector.to_vec();
        for (place, row) in self.rows.iter().enumerate() {
            if let (Some(row), Some(value)) = (row, vector.get(place).copied()) {
                add_scaled(&mut out, row, neg(value));
            }
        }
        out
    }

    /// Adds a vector that [`Self::reduce`] has reduced; nothing happens if it is nought.
    pub(crate) fn insert(&mut self, mut reduced: Vec<u32>) -> bool {
        let Some((place, lead)) = reduced
            .iter()
            .enumerate()
            .find_map(|(place, v)| (*v != 0).then_some((place, *v)))
        else {
            return false;
        };
        let factor = inverse(lead);
        for value in &mut reduced {
            *value = mul(*value, factor);
        }
        for row in self.rows.iter_mut().flatten() {
            let value = row.get(place).copied().unwrap_or(0);
            add_scaled(row, &reduced, neg(value));
        }
        if let Some(slot) = self.rows.get_mut(place) {
            *slot = Some(reduced.into_boxed_slice());
            self.rank += 1;
        }
        true
    }

    /// A basis of the vectors that are orthogonal to the subspace, one for each place without a leading one.
    pub(crate) fn orthogonal(&self) -> Vec<Vec<u32>> {
        let free = (0..self.width).filter(|place| self.row(*place).is_none());
        free.map(|free| {
            let mut out: Vec<u32> = self
                .rows
                .iter()
                .map(|row| {
                    row.as_ref()
                        .and_then(|row| row.get(free))
                        .map_or(0, |v| neg(*v))
                })
                .collect();
            if let Some(value) = out.get_mut(free) {
                *value = 1;
            }
            out
        })
        .collect()
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_by_hand() {
        // 2 · 2^30 = 2^31 = 1 modulo 2^31 − 1
        assert_eq!(mul(2, 1 << 30), 1);
        assert_eq!(inverse(2), 1 << 30);
        assert_eq!(add(neg(5), 5), 0);
        assert_eq!(neg(0), 0);
        for a in [1, 3, 1_000_003, (P - 1) as u32] {
            assert_eq!(mul(a, inverse(a)), 1);
        }
    }

    /// x + y, y + z, x − z: the third is the difference of the first two, so the rank is two, and what is orthogonal
    /// is (1, −1, 1) and its multiples.
    #[test]
    fn rank_and_what_is_orthogonal_by_hand() {
        let mut space = Echelon::new(3);
        for ones in [[0, 1], [1, 2]] {
            let reduced = space.reduce_ones(&ones);
            assert!(space.insert(reduced));
        }
        let third = space.reduce(&[1, 0, neg(1)]);
        assert!(!space.insert(third));
        assert_eq!(space.rank(), 2);
        let orthogonal = space.orthogonal();
        assert_eq!(orthogonal.len(), 1);
        assert_eq!(orthogonal[0], [1, neg(1), 1]);
    }
}
