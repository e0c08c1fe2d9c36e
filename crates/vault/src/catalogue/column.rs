//! How a field's columns are named in raw extracts.

use crate::limits;

/// One column of a field: which field, instance and array item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldColumn {
    /// Field number.
    pub field: u32,
    /// Instance, from 0.
    pub instance: u32,
    /// Array item, from 0.
    pub array: u32,
}

impl FieldColumn {
    /// Reads the forms in which extracts name a field's column: `31-0.0`, `f.31.0.0`, `x31_0_0`, `n_31_0_0`,
    /// `sex_f31_0_0`, `p31`, `p31_i0`, `p31_i0_a0`. `None` for anything else.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        if !name.is_ascii() || name.len() > limits::MAX_NAME_BYTES {
            return None;
        }
        if let Some(column) = name.strip_prefix('p').and_then(Self::parse_sql) {
            return Some(column);
        }
        let mut parts = name.rsplit(['-', '.', '_']);
        let array = digits(parts.next()?)?;
        let instance = digits(parts.next()?)?;
        let field = parts.next()?;
        let plain = digits(field);
        let field = plain
            .or_else(|| digits(field.trim_start_matches(|c: char| c.is_ascii_alphabetic())))?;
        // Before a bare number only a type letter may stand (`f.31.0.0`, Stata's `n_31_0_0`), and the newest form is `31-0.0`.
        let before: Vec<&str> = parts.collect();
        let letters = |text: &&str| text.len() <= 2 && text.bytes().all(|b| b.is_ascii_lowercase());
        let accepted = match (plain, before.as_slice()) {
            (_, []) => true,
            (Some(_), [one]) => letters(one),
            (Some(_), _) => false,
            (None, _) => true,
        };
        accepted.then_some(Self {
            field,
            instance,
            array,
        })
    }

    fn parse_sql(rest: &str) -> Option<Self> {
        let mut parts = rest.split('_').peekable();
        let field = digits(parts.next()?)?;
        let mut part = |letter: char| match parts.peek().and_then(|p| p.strip_prefix(letter)) {
            Some(number) => {
                let number = digits(number);
                parts.next();
                number
            }
            None => Some(0),
        };
        let (instance, array) = (part('i')?, part('a')?);
        parts.next().is_none().then_some(Self {
            field,
            instance,
            array,
        })
    }
}

impl std::fmt::Display for FieldColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}.{}", self.field, self.instance, self.array)
    }
}

fn digits(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use super::*;

    #[test]
    fn every_form_of_a_column_name_is_understood() {
        let column = |field, instance, array| {
            Some(FieldColumn {
                field,
                instance,
                array,
            })
        };
        for (name, expected) in [
            ("31-0.0", column(31, 0, 0)),
            ("4080-1.3", column(4080, 1, 3)),
            ("f.4080.1.3", column(4080, 1, 3)),
            ("f_4080_1_3", column(4080, 1, 3)),
            ("x4080_1_3", column(4080, 1, 3)),
            ("n_4080_1_3", column(4080, 1, 3)),
            ("ts_53_0_0", column(53, 0, 0)),
            ("sex_f31_0_0", column(31, 0, 0)),
            ("body_mass_index_bmi_f21001_2_0", column(21_001, 2, 0)),
            ("p31", column(31, 0, 0)),
            ("p53_i2", column(53, 2, 0)),
            ("p4080_i1_a3", column(4080, 1, 3)),
            ("p41270_a12", column(41_270, 0, 12)),
        ] {
            assert_eq!(FieldColumn::parse(name), expected, "{name}");
        }
        for name in [
            "eid",
            "",
            "31",
            "31-0",
            "read_2",
            "value_1_0",
            "f.eid",
            "41202-0.A481",
            "p31_i",
            "p31_a0_i0",
            "visit_2_0_1",
            "99999999999-0.0",
        ] {
            assert_eq!(FieldColumn::parse(name), None, "{name}");
        }
    }
}
