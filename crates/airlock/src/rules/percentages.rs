//! A share gives its count away when its base stands beside it: 2.5 % of 120 is 3.

use crate::Context;
use crate::readers::Document;
use crate::roles::{self, Role};
use crate::table::{Column, Table};
use crate::verdict::{Findings, Rule, count_of, lines};

const RULE: Rule = Rule {
    name: "share-of-base",
    source: "UK LLC guidebook 2026: percentages count too; OpenSAFELY: rates from rounded counts",
};
const FIX: &str =
    "withhold these shares, round them so that the count cannot be told, or give the base rounded";

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        let counts: Vec<usize> = (0..table.columns.len())
            .filter(|i| {
                table
                    .columns
                    .get(*i)
                    .is_some_and(|c| c.role == Role::Count && c.numbers > 0)
            })
            .collect();
        for (i, column) in table.columns.iter().enumerate() {
            let whole = match column.role {
                Role::Percentage => 100.0,
                Role::Proportion => 1.0,
                // A rate or a risk between 0 and 1 is a share by another name.
                Role::Statistic if is_rate(column) => 1.0,
                _ => continue,
            };
            let shares: Vec<Option<f64>> = column
                .values
                .iter()
                .map(|v| v.number().map(|n| n.value / whole))
                .collect();
            beside_hidden(table, i, &shares, findings);
            if counts.is_empty() && column.role == Role::Statistic {
                continue;
            }
            if counts.is_empty() {
                without_base(table, i, &shares, context, findings);
            } else if !is_explained(table, &shares, &counts) {
                with_base(
                    table,
                    i,
                    &shares,
                    &counts,
                    context.rules.minimum_count,
                    findings,
                );
            }
        }
        complements(table, &counts, context.rules.minimum_count, findings);
    }
}

fn is_rate(column: &Column) -> bool {
    let share = |n: f64| (0.0..=1.0).contains(&n);
    roles::says_rate(&column.name)
        && column
            .values
            .iter()
            .all(|v| v.number().is_none_or(|n| share(n.value)))
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
fn float(n: u64) -> f64 {
    n as f64
}

/// A count is hidden, but its share is shown, and something to take the share of.
fn beside_hidden(table: &Table, share: usize, shares: &[Option<f64>], findings: &mut Findings) {
    let hidden =
        |row: usize| (0..table.columns.len()).any(|i| i != share && table.hidden_at(row, i));
    let known = table
        .columns
        .iter()
        .any(|c| c.role == Role::Count && c.numbers > 0);
    let at: Vec<u64> = shares
        .iter()
        .enumerate()
        .filter(|(row, value)| known && value.is_some_and(|v| v > 0.0) && hidden(*row))
        .map(|(row, _)| table.line(row))
        .collect();
    if !at.is_empty() {
        let what = format!(
            "{} shown beside a hidden count",
            count_of(at.len(), "share")
        );
        findings.red(
            RULE,
            format!("{}, {}", table.column_place(share), lines(&at)),
            what,
            "withhold the share with its count",
        );
    }
}

/// Whether the shares are those of counts that are shown: of a column's sum, or of one column in another.
fn is_explained(table: &Table, shares: &[Option<f64>], counts: &[usize]) -> bool {
    let values = |i: usize| -> Vec<Option<f64>> {
        (0..table.rows.len())
            .map(|row| table.count_at(row, i).map(float))
            .collect()
    };
    let columns: Vec<Vec<Option<f64>>> = counts.iter().take(12).map(|i| values(*i)).collect();
    let total_row = (0..table.rows.len()).find(|row| roles::says_total(table.text(*row, 0)));
    columns.iter().any(|top| {
        let shown = total_row.and_then(|row| top.get(row).copied().flatten());
        let sum = shown.unwrap_or_else(|| top.iter().flatten().sum());
        agrees(shares, top, |_| Some(sum))
            || constant_base(shares, top)
            || columns.iter().any(|base| {
                !std::ptr::eq(top, base)
                    && agrees(shares, top, |row| base.get(row).copied().flatten())
            })
    })
}

/// Whether the shares are those of a count in one base that is not shown, which then follows from them and is larger than each.
fn constant_base(shares: &[Option<f64>], top: &[Option<f64>]) -> bool {
    let pairs = shares
        .iter()
        .zip(top)
        .filter_map(|(share, top)| Some(((*share)?, (*top)?)));
    let (share, base) = pairs
        .clone()
        .filter(|(share, _)| *share > 0.0)
        .map(|(share, top)| (share, top / share))
        .fold(
            (0.0, 0.0),
            |best: (f64, f64), one| if one.0 > best.0 { one } else { best },
        );
    let fits = |(share, top): (f64, f64)| (top / base - share).abs() <= 0.0011;
    share > 0.0
        && pairs.clone().count() >= 3
        && pairs.clone().all(fits)
        && pairs.clone().all(|(_, top)| top <= base)
}

/// Whether share = top / base in nine rows of ten, within the rounding of a whole per cent.
fn agrees(
    shares: &[Option<f64>],
    top: &[Option<f64>],
    base: impl Fn(usize) -> Option<f64>,
) -> bool {
    let (mut fits, mut all) = (0_usize, 0_usize);
    for (row, (share, top)) in shares.iter().zip(top).enumerate() {
        let (Some(share), Some(top), Some(base)) = (share, top, base(row)) else {
            continue;
        };
        all += 1;
        fits += usize::from(base > 0.0 && (top / base - share).abs() <= 0.0051);
    }
    all > 0 && fits * 10 >= all * 9
}

/// Shares of a shown base whose count is not shown.
fn with_base(
    table: &Table,
    share: usize,
    shares: &[Option<f64>],
    counts: &[usize],
    least: u64,
    findings: &mut Findings,
) {
    let named = counts.iter().find(|i| {
        table
            .columns
            .get(**i)
            .is_some_and(|c| roles::says_base(&c.name))
    });
    let Some(base) = named.or_else(|| counts.first()) else {
        return;
    };
    let small = |share: f64, base: u64| {
        let implied = share * float(base);
        let rest = (1.0 - share) * float(base);
        // Half a person more than nobody, and half a person less than the minimum: rounding of the share.
        [implied, rest]
            .iter()
            .any(|n| *n > 0.5 && *n < float(least) - 0.5)
    };
    let at: Vec<u64> = shares
        .iter()
        .enumerate()
        .filter(|(row, value)| {
            value
                .zip(table.count_at(*row, *base))
                .is_some_and(|(v, n)| small(v, n))
        })
        .map(|(row, _)| table.line(row))
        .collect();
    if !at.is_empty() {
        let what = format!(
            "{} from which, with {}, a count from 1 to {} follows",
            count_of(at.len(), "share"),
            table.column_place(*base),
            least - 1
        );
        findings.red(
            RULE,
            format!("{}, {}", table.column_place(share), lines(&at)),
            what,
            FIX,
        );
    }
}

/// No base is shown; but none can be larger than all the participants.
fn without_base(
    table: &Table,
    share: usize,
    shares: &[Option<f64>],
    context: &Context<'_>,
    findings: &mut Findings,
) {
    let all = float(context.participants.count());
    let least = float(context.rules.minimum_count);
    let small = |v: f64| v > 0.0 && v * all < least && v * all > 0.01;
    let at: Vec<u64> = shares
        .iter()
        .enumerate()
        .filter(|(_, v)| v.is_some_and(small))
        .map(|(row, _)| table.line(row))
        .collect();
    if !at.is_empty() && all > 0.0 {
        let what = format!(
            "{} so small that even of all participants it would be fewer than {least}",
            count_of(at.len(), "share")
        );
        findings.red(
            RULE,
            format!("{}, {}", table.column_place(share), lines(&at)),
            what,
            FIX,
        );
    } else {
        findings.info(
            RULE,
            table.column_place(share),
            "shares without their base: whether a small count follows cannot be told",
        );
    }
}

/// A count beside its base gives the rest of the base.
fn complements(table: &Table, counts: &[usize], least: u64, findings: &mut Findings) {
    let column = |i: &usize| table.columns.get(*i);
    let is_base = |c: &Column| roles::says_base(&c.name);
    let [a, b] = counts else { return };
    let (Some(first), Some(second)) = (column(a), column(b)) else {
        return;
    };
    let (base, part) = match (is_base(first), is_base(second)) {
        (true, false) => (a, b),
        (false, true) => (b, a),
        _ => return,
    };
    let rest = |row: usize| {
        table
            .count_at(row, *base)?
            .checked_sub(table.count_at(row, *part)?)
    };
    let at: Vec<u64> = (0..table.rows.len())
        .filter(|row| rest(*row).is_some_and(|n| (1..least).contains(&n)))
        .map(|row| table.line(row))
        .collect();
    if !at.is_empty() {
        let what = format!(
            "{} whose rest, the base less the count, is from 1 to {}",
            count_of(at.len(), "count"),
            least - 1
        );
        findings.amber(
            RULE,
            format!("{}, {}", table.column_place(*part), lines(&at)),
            what,
            "withhold the count or the base in these rows, or merge rows",
        );
    }
}
