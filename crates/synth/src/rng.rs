//! Seeded randomness that gives the same bytes on every machine.
//!
//! Each participant and purpose has its own ChaCha8 stream, so no value depends on how many others
//! were drawn before. Only `+ - * /` on `f64` are used anywhere in this crate: they are exact by
//! IEEE 754, where `ln` and `exp` are not. Must never ask the operating system for anything.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::limits::MAX_WALK;

/// What a stream is for. The number is part of the output: never reuse or reorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Purpose {
    Person = 0,
    Identity = 1,
    Main = 2,
    Gp = 3,
    Scripts = 4,
    Hospital = 5,
    Death = 6,
    Consent = 7,
}

/// A stream of random bits, moved from participant to participant.
pub(crate) struct Stream {
    rng: ChaCha8Rng,
}

impl Stream {
    pub(crate) fn new(seed: u64) -> Self {
        let mut key = [0u8; 32];
        let mut state = seed;
        for part in key.chunks_exact_mut(8) {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            part.copy_from_slice(&mix(state).to_le_bytes());
        }
        Self {
            rng: ChaCha8Rng::from_seed(key),
        }
    }

    /// Goes to the beginning of one participant's stream for one purpose.
    pub(crate) fn go(&mut self, index: u32, purpose: Purpose) {
        self.rng.set_stream(u64::from(index) * 8 + purpose as u64);
        self.rng.set_word_pos(0);
    }

    #[inline]
    pub(crate) fn bits(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// A whole number below `n` (bias under 2^-32 * n, which no table here can show).
    #[inline]
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.rng.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// True `per_100_000` times in 100,000.
    #[inline]
    pub(crate) fn chance(&mut self, per_100_000: u32) -> bool {
        self.below(100_000) < per_100_000
    }

    /// A number in [0, 1).
    #[inline]
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Nearly normal, mean 0, deviation 1, within ±3.46: the sum of four uniforms.
    #[inline]
    pub(crate) fn normal(&mut self) -> f64 {
        normal(self.bits())
    }
}

/// Nearly normal from 64 bits: four 16-bit uniforms have variance 4/12, so √3 scales them to 1.
#[inline]
pub(crate) fn normal(bits: u64) -> f64 {
    let sum = (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
    (sum as f64 - 131_070.0) * (1.732_050_807_568_877_2 / 65_536.0)
}

/// Nearly normal from the upper 48 bits: three uniforms have variance 3/12, so 2 scales to 1.
#[inline]
pub(crate) fn normal48(bits: u64) -> f64 {
    let sum = ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
    (sum as f64 - 98_302.5) * (2.0 / 65_536.0)
}

/// Close to `e^x` for |x| < 4, by `(1 + x/32)^32`: five squarings, the same on every machine.
#[inline]
pub(crate) fn grow(x: f64) -> f64 {
    let mut y = 1.0 + x.clamp(-8.0, 8.0) / 32.0;
    for _ in 0..5 {
        y *= y;
    }
    y
}

/// The finaliser of splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
#[inline]
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// An item of a list by bits; the same one whether addresses have 32 bits or 64.
#[inline]
pub(crate) fn item<T>(list: &[T], bits: u64) -> Option<&T> {
    list.get((bits % (list.len() as u64).max(1)) as usize)
}

/// A seeded permutation of `0..size`: a Feistel network of six rounds with cycle walking.
#[derive(Clone, Debug)]
pub(crate) struct Permutation {
    keys: [u64; 6],
    size: u64,
    half: u32,
}

impl Permutation {
    pub(crate) fn new(seed: u64, name: u64, size: u64) -> Self {
        let mut half = 1;
        while (1u64 << (2 * half)) < size {
            half += 1;
        }
        let mut keys = [0u64; 6];
        let mut state = mix(seed ^ mix(name));
        for key in &mut keys {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            *key = mix(state);
        }
        Self { keys, size, half }
    }

    fn once(&self, x: u64) -> u64 {
        let mask = (1u64 << self.half) - 1;
        let (mut left, mut right) = (x >> self.half, x & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (mix(right ^ key) & mask));
        }
        (left << self.half) | right
    }

    /// The image of `x`; walks until it is within the size and `fits`. A bijection on the numbers
    /// that fit, provided `x` fits too.
    pub(crate) fn walk(&self, x: u64, fits: impl Fn(u64) -> bool) -> u64 {
        let mut y = x;
        for _ in 0..MAX_WALK {
            y = self.once(y);
            if y < self.size && fits(y) {
                break;
            }
        }
        y
    }

    pub(crate) fn of(&self, x: u64) -> u64 {
        self.walk(x, |_| true)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_hits_every_number_once() {
        for size in [1u64, 2, 7, 100, 5_000] {
            let p = Permutation::new(7, 1, size);
            let mut seen = vec![false; size as usize];
            for x in 0..size {
                let y = p.of(x) as usize;
                assert!(!seen[y], "{size}: {x} -> {y} twice");
                seen[y] = true;
            }
        }
    }

    #[test]
    fn normals_have_mean_nought_and_deviation_one() {
        let mut s = Stream::new(1);
        s.go(0, Purpose::Person);
        let (mut sum, mut squares, mut sum48, mut squares48) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..100_000 {
            let bits = s.bits();
            let (a, b) = (normal(bits), normal48(bits));
            sum += a;
            squares += a * a;
            sum48 += b;
            squares48 += b * b;
        }
        for (s, q) in [(sum, squares), (sum48, squares48)] {
            assert!((s / 1e5).abs() < 0.02);
            assert!((q / 1e5 - 1.0).abs() < 0.02);
        }
    }

    #[test]
    fn growth_is_close_to_the_exponential() {
        for x in [-1.5f64, -0.5, 0.0, 0.5, 1.5] {
            assert!((grow(x) / x.exp() - 1.0).abs() < 0.05, "{x}");
        }
    }
}
