//! The attackers' mathematics: integer feasibility by exhaustive search, row spaces, least squares.

/// `low <= sum of the unknowns named <= high`, over whole numbers.
#[derive(Debug, Clone)]
pub(crate) struct Sum {
    pub(crate) of: Vec<usize>,
    pub(crate) low: i64,
    pub(crate) high: i64,
}

/// The values that one unknown can have, given all sums and the bounds of each unknown: an exhaustive search with
/// propagation of bounds, exact for whole numbers.
pub(crate) fn feasible(bounds: &[(i64, i64)], sums: &[Sum], unknown: usize) -> Vec<i64> {
    let mut start = bounds.to_vec();
    if !propagate(&mut start, sums) {
        return Vec::new();
    }
    let (low, high) = start[unknown];
    (low..=high)
        .filter(|v| {
            let mut fixed = start.clone();
            fixed[unknown] = (*v, *v);
            let mut steps = 20_000;
            search(fixed, sums, &mut steps)
        })
        .collect()
}

fn search(mut domain: Vec<(i64, i64)>, sums: &[Sum], steps: &mut u32) -> bool {
    // out of steps: not shown to be impossible
    if *steps == 0 {
        return true;
    }
    *steps -= 1;
    if !propagate(&mut domain, sums) {
        return false;
    }
    let Some((at, (low, high))) = domain
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, (l, h))| l < h)
        .min_by_key(|(_, (l, h))| h - l)
    else {
        return true;
    };
    let middle = low + (high - low) / 2;
    for half in [(low, middle), (middle + 1, high)] {
        let mut next = domain.clone();
        next[at] = half;
        if search(next, sums, steps) {
            return true;
        }
    }
    false
}

/// Narrows the bounds until nothing changes; false if a sum cannot be met.
fn propagate(domain: &mut [(i64, i64)], sums: &[Sum]) -> bool {
    let mut changed = true;
    while changed {
        changed = false;
        for sum in sums {
            let least: i64 = sum.of.iter().map(|i| domain[*i].0).sum();
            let most: i64 = sum.of.iter().map(|i| domain[*i].1).sum();
            if least > sum.high || most < sum.low {
                return false;
            }
            for &i in &sum.of {
                let (low, high) = domain[i];
                let narrowed = (
                    low.max(sum.low - (most - high)),
                    high.min(sum.high - (least - low)),
                );
                if narrowed.0 > narrowed.1 {
                    return false;
                }
                if narrowed != (low, high) {
                    domain[i] = narrowed;
                    changed = true;
                    break; // `least` and `most` are stale
                }
            }
        }
    }
    true
}

/// If `target` is a combination of the rows, what the combination of their values is: the exact answer to a question
/// that was never asked. Gauss with pivoting; sets of people as 0/1 rows.
pub(crate) fn combine(rows: &[(Vec<f64>, f64)], target: &[f64]) -> Option<f64> {
    let width = target.len();
    let mut basis: Vec<(usize, Vec<f64>, f64)> = Vec::new();
    let reduce = |basis: &[(usize, Vec<f64>, f64)], row: &mut Vec<f64>, value: &mut f64| {
        for (pivot, base, of) in basis {
            let factor = row[*pivot];
            if factor.abs() > 1e-9 {
                for (x, b) in row.iter_mut().zip(base) {
                    *x -= factor * b;
                }
                *value -= factor * of;
            }
        }
    };
    for (row, value) in rows {
        let (mut row, mut value) = (row.clone(), *value);
        reduce(&basis, &mut row, &mut value);
        let pivot = (0..width).max_by(|a, b| row[*a].abs().total_cmp(&row[*b].abs()))?;
        if row[pivot].abs() < 1e-7 {
            continue;
        }
        let scale = row[pivot];
        row.iter_mut().for_each(|x| *x /= scale);
        basis.push((pivot, row, value / scale));
    }
    let (mut rest, mut value) = (target.to_vec(), 0.0);
    reduce(&basis, &mut rest, &mut value);
    rest.iter().all(|x| x.abs() < 1e-6).then_some(-value)
}

/// Least squares within 0 to 1 by accelerated projected gradient: `rows` name the unknowns of each sum, `values` what
/// was shown. Unknowns start at `start` and are drawn to it a little, so that those nobody asked about stay there.
pub(crate) fn box_least_squares(
    unknowns: usize,
    rows: &[Vec<u32>],
    values: &[f64],
    weights: &[f64],
    start: f64,
) -> Vec<f64> {
    const RIDGE: f64 = 0.05;
    let mut x = vec![start; unknowns];
    let mut ahead = x.clone();
    let product = |x: &[f64], out: &mut Vec<f64>| {
        out.clear();
        out.extend(
            rows.iter()
                .map(|r| r.iter().map(|i| x[*i as usize]).sum::<f64>()),
        );
    };
    let back = |residual: &[f64]| {
        let mut gradient = vec![0.0; unknowns];
        for ((row, r), w) in rows.iter().zip(residual).zip(weights) {
            for i in row {
                gradient[*i as usize] += r * w;
            }
        }
        gradient
    };
    // the largest eigenvalue, by power iteration, for the step
    let mut v = vec![1.0; unknowns];
    let mut scratch = Vec::new();
    let mut largest = 1.0;
    for _ in 0..20 {
        product(&v, &mut scratch);
        let next = back(&scratch);
        largest = next.iter().map(|a| a * a).sum::<f64>().sqrt().max(1e-9);
        v = next.iter().map(|a| a / largest).collect();
    }
    let step = 1.0 / (1.1 * largest + RIDGE);
    for round in 0..150_u32 {
        product(&ahead, &mut scratch);
        let residual: Vec<f64> = scratch.iter().zip(values).map(|(a, y)| a - y).collect();
        let gradient = back(&residual);
        let before = x.clone();
        for i in 0..unknowns {
            let g = gradient[i] + RIDGE * (ahead[i] - start);
            x[i] = (ahead[i] - step * g).clamp(0.0, 1.0);
        }
        let momentum = f64::from(round) / f64::from(round + 3);
        for i in 0..unknowns {
            ahead[i] = x[i] + momentum * (x[i] - before[i]);
        }
    }
    x
}

#[test]
fn small_systems_by_hand() {
    // three cells of at least one that make three (attack 4 of the threat model)
    let three = [Sum {
        of: vec![0, 1, 2],
        low: 3,
        high: 3,
    }];
    assert_eq!(feasible(&[(1, 9); 3], &three, 1), [1]);
    assert_eq!(feasible(&[(0, 9); 3], &three, 1), [0, 1, 2, 3]);
    // x + y = 5 and y + z = 4 and x + z = 3: only elimination finds 2, 3, 1
    let rows = [
        (vec![1.0, 1.0, 0.0], 5.0),
        (vec![0.0, 1.0, 1.0], 4.0),
        (vec![1.0, 0.0, 1.0], 3.0),
    ];
    assert_eq!(combine(&rows, &[1.0, 0.0, 0.0]).unwrap().round(), 2.0);
    assert_eq!(combine(&rows[..2], &[1.0, 0.0, 0.0]), None);
    let sets = [vec![0, 1], vec![1, 2], vec![0, 2]];
    let x = box_least_squares(3, &sets, &[1.0, 1.0, 2.0], &[1.0; 3], 0.5);
    assert_eq!(x.map_round(), [1, 0, 1]);
}

#[cfg(test)]
trait Rounded {
    fn map_round(&self) -> Vec<i64>;
}

#[cfg(test)]
impl Rounded for Vec<f64> {
    fn map_round(&self) -> Vec<i64> {
        self.iter().map(|x| x.round() as i64).collect()
    }
}
