//! Ids that were recoded: columns, and words of a text, whose values are participants' ids once read in another way.
//!
//! `readings` undoes what can be undone cell by cell; `shifts` finds a constant that was added, taken away, multiplied or mixed in;
//! `pieces` puts ids together that were cut over columns; `digests` knows hashes. A hit may be chance: each is weighed against the
//! share of numbers in its neighbourhood that are ids, and dense ids (1, 2, 3, …) prove nothing.

pub(crate) mod digests;
pub(crate) mod number_words;
pub(crate) mod pieces;
pub(crate) mod readings;
pub(crate) mod shifts;
pub(crate) mod text_ids;

/// Hits among trials, and how sure it is that they are more than chance.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hits {
    pub(crate) hits: usize,
    pub(crate) trials: usize,
    /// How many hits chance would give.
    pub(crate) by_chance: f64,
}

impl Hits {
    pub(crate) fn add(&mut self, hit: bool, chance: f64) {
        self.trials += 1;
        self.hits += usize::from(hit);
        self.by_chance += chance;
    }

    /// Minus the binary logarithm of the probability of so many hits by chance (Chernoff's bound of the binomial tail).
    pub(crate) fn bits(&self) -> f64 {
        if self.trials == 0 || self.hits == 0 {
            return 0.0;
        }
        let n = self.trials as f64;
        let share = self.hits as f64 / n;
        let chance = (self.by_chance / n).clamp(1.0e-15, 1.0);
        if share <= chance {
            return 0.0;
        }
        let part = |a: f64, b: f64| if a > 0.0 { a * (a / b).log2() } else { 0.0 };
        n * (part(share, chance) + part(1.0 - share, 1.0 - chance))
    }
}

/// Cells of a column that are tried: more tell no more.
pub(crate) const SAMPLE: usize = 1_000;

/// The different cells of a column, or a sample of them.
pub(crate) fn sample<'a>(cells: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<&str> = cells.map(str::trim).filter(|c| !c.is_empty()).collect();
    all.sort_unstable();
    all.dedup();
    let step = all.len().div_ceil(SAMPLE).max(1);
    all.into_iter().step_by(step).collect()
}

#[cfg(test)]
mod tests {
    use super::Hits;

    #[test]
    fn chance() {
        let mut hits = Hits::default();
        (0..10).for_each(|_| hits.add(true, 0.5));
        assert!((hits.bits() - 10.0).abs() < 1e-9);
        let mut none = Hits::default();
        (0..10).for_each(|n| none.add(n % 2 == 0, 0.5));
        assert!(none.bits() < 0.01);
        // Every number is an id: nothing is proved.
        let mut dense = Hits::default();
        (0..1_000).for_each(|_| dense.add(true, 1.0));
        assert!(dense.bits() < 0.01);
    }
}
