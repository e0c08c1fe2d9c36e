//! The fields of the main table and their codings; writes `fields.csv` and `codings.csv`.
//!
//! Numbers, value types, units, instances, arrays and codings are those of UK Biobank's data
//! dictionary of December 2022; titles and meanings are in our own words. Participants and items
//! are counted in the cohort itself.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::SynthError;
use crate::table::rows;
use crate::write::{File, FileWritten, Sink};

/// Who a field applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sexed {
    Unisex,
    Female,
    Male,
}

/// How a field's value comes about.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Worked out from the person by the program.
    Code,
    /// A measurement: mean by sex, deviation, decimal places, bounds, and how it moves with a
    /// decade of age from 57, a unit of BMI from 27 and a unit of frailty; skewed if `skewed`.
    Number(Number),
    /// One of some values, with upper bounds out of 65,536; `tilt` moves the frail to later ones.
    Choice {
        bounds: Vec<(u32, &'static [u8])>,
        tilt: f64,
    },
}

/// Parameters of a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    pub(crate) mean: [f64; 2],
    pub(crate) deviation: f64,
    pub(crate) places: u32,
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) age: f64,
    pub(crate) bmi: f64,
    pub(crate) frailty: f64,
    pub(crate) skewed: bool,
}

/// A field of the main table.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) id: u32,
    pub(crate) title: &'static str,
    path: &'static str,
    category: &'static str,
    stability: &'static str,
    value_type: &'static str,
    units: &'static str,
    item_type: &'static str,
    strata: &'static str,
    pub(crate) sexed: Sexed,
    instances: u32,
    array: u32,
    pub(crate) coding: &'static str,
    /// Instances and array items that the main table has.
    pub(crate) columns: Vec<u8>,
    pub(crate) items: u8,
    /// Out of 1,000 at a visit: no value.
    pub(crate) missing: u32,
    /// Special values with their share out of 1,000.
    pub(crate) specials: Vec<(&'static [u8], u32)>,
    pub(crate) kind: Kind,
}

/// The catalogue of the main table.
pub(crate) struct Catalogue {
    pub(crate) fields: Vec<Field>,
    /// Values with their meanings, by coding.
    pub(crate) codings: HashMap<&'static str, Vec<(&'static str, &'static str)>>,
}

impl Catalogue {
    pub(crate) fn load() -> Result<Self, SynthError> {
        let mut fields = Vec::new();
        for mut row in rows("fields.csv", include_str!("../data/fields.csv")) {
            let id = row.whole()?;
            let title = row.text()?;
            let (path, category, stability) = (row.text()?, row.text()?, row.text()?);
            let (value_type, units) = (row.text()?, row.text()?);
            let (item_type, strata) = (row.text()?, row.text()?);
            let sexed = match row.text()? {
                "Unisex" => Sexed::Unisex,
                "Female" => Sexed::Female,
                "Male" => Sexed::Male,
                _ => return Err(row.broken("Unisex, Female or Male")),
            };
            let (instances, array, coding) = (row.whole()?, row.whole()?, row.text()?);
            let (mut columns, mut items) = (Vec::new(), 1);
            for part in row.text()?.split_whitespace() {
                match part.strip_prefix('x') {
                    Some(n) => items = n.parse().map_err(|_| row.broken("x and a number"))?,
                    None => columns.push(part.parse().map_err(|_| row.broken("an instance"))?),
                }
            }
            let missing = row.whole()?;
            let mut specials = Vec::new();
            for part in row.text()?.split_whitespace() {
                let (value, share) = part
                    .split_once(':')
                    .ok_or_else(|| row.broken("value:share"))?;
                specials.push((
                    value.as_bytes(),
                    share.parse().map_err(|_| row.broken("a share"))?,
                ));
            }
            let text = row.text()?;
            let kind = kind(text).ok_or_else(|| row.broken("code, num:…, pick:… or tilt:…"))?;
            fields.push(Field {
                id,
                title,
                path,
                category,
                stability,
                value_type,
                units,
                item_type,
                strata,
                sexed,
                instances,
                array,
                coding,
                columns,
                items,
                missing,
                specials,
                kind,
            });
        }
        let mut codings: HashMap<_, Vec<_>> = HashMap::new();
        for mut row in rows("codings.csv", include_str!("../data/codings.csv")) {
            let (coding, value, meaning) = (row.text()?, row.text()?, row.text()?);
            codings.entry(coding).or_default().push((value, meaning));
        }
        Ok(Self { fields, codings })
    }

    /// Header of the main table: `eid`, then `field-instance.item` in order of field.
    pub(crate) fn header(&self) -> String {
        let mut line = String::from("eid");
        for f in &self.fields {
            for instance in &f.columns {
                for item in 0..f.items {
                    line.push_str(&format!(",{}-{instance}.{item}", f.id));
                }
            }
        }
        line
    }

    /// Index of the first column in the main table that has a coding.
    pub(crate) fn coded_column(&self) -> usize {
        let mut column = 1;
        for f in &self.fields {
            if !f.coding.is_empty() {
                break;
            }
            column += f.columns.len() * usize::from(f.items);
        }
        column
    }

    /// Writes `fields.csv`, with the counts of the cohort.
    pub(crate) fn write_fields(
        &self,
        sink: &mut dyn Sink,
        counts: &[Counts],
    ) -> io::Result<FileWritten> {
        let mut file = File::open(sink, "fields.csv", None)?;
        file.header(
            "Path,Category,FieldID,Field,Participants,Items,Stability,ValueType,Units,ItemType,Strata,\
             Sexed,Instances,Array,Coding,Notes,Link",
        );
        for (f, n) in self.fields.iter().zip(counts) {
            let sexed = match f.sexed {
                Sexed::Unisex => "Unisex",
                Sexed::Female => "Female",
                Sexed::Male => "Male",
            };
            let mut text = Vec::new();
            write!(
                text,
                "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Synthetic values,https://biobank.ndph.ox.ac.uk/ukb/field.cgi?id={}",
                quoted(f.path),
                f.category,
                f.id,
                quoted(f.title),
                n.participants,
                n.items,
                f.stability,
                f.value_type,
                f.units,
                f.item_type,
                f.strata,
                sexed,
                f.instances,
                f.array,
                f.coding,
                f.id,
            )?;
            file.text(&text);
            file.end_row();
        }
        file.finish()
    }

    /// Writes `codings.csv`.
    pub(crate) fn write_codings(&self, sink: &mut dyn Sink) -> io::Result<FileWritten> {
        let mut file = File::open(sink, "codings.csv", None)?;
        file.header("Coding,Value,Meaning");
        let mut names: Vec<_> = self.codings.iter().collect();
        names.sort_by_key(|(name, _)| name.parse::<u32>().unwrap_or(u32::MAX));
        for (name, values) in names {
            for (value, meaning) in values {
                file.text(name.as_bytes());
                file.text(value.as_bytes());
                file.text(quoted(meaning).as_bytes());
                file.end_row();
            }
        }
        file.finish()
    }
}

/// How many participants have a value of a field, and how many values there are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) participants: u64,
    pub(crate) items: u64,
}

fn quoted(text: &str) -> String {
    if text.contains(',') {
        format!("\"{text}\"")
    } else {
        text.to_owned()
    }
}

fn kind(text: &'static str) -> Option<Kind> {
    if text == "code" {
        return Some(Kind::Code);
    }
    let (name, rest) = text.split_once(':')?;
    match name {
        "num" => number(rest),
        "pick" => choice(rest, 0.0),
        "tilt" => {
            let (choices, tilt) = rest.split_once(';')?;
            choice(choices, tilt.parse().ok()?)
        }
        _ => None,
    }
}

fn number(text: &'static str) -> Option<Kind> {
    let mut parts = text.split(',');
    let mut next = || -> Option<f64> { parts.next()?.parse().ok() };
    let number = Number {
        mean: [next()?, next()?],
        deviation: next()?,
        places: next()? as u32,
        least: next()?,
        most: next()?,
        age: next()?,
        bmi: next()?,
        frailty: next()?,
        skewed: false,
    };
    let skewed = parts.next() == Some("log");
    // The table gives men first; people are indexed female, male.
    let [male, female] = number.mean;
    Some(Kind::Number(Number {
        mean: [female, male],
        skewed,
        ..number
    }))
}

fn choice(text: &'static str, tilt: f64) -> Option<Kind> {
    let pairs: Option<Vec<(&[u8], u32)>> = text
        .split(',')
        .map(|p| {
            p.split_once('=')
                .and_then(|(v, w)| Some((v.as_bytes(), w.parse().ok()?)))
        })
        .collect();
    let pairs = pairs?;
    let total: u32 = pairs.iter().map(|(_, w)| w).sum();
    let mut sum = 0;
    let bounds = pairs
        .into_iter()
        .map(|(value, weight)| {
            sum += weight;
            (
                u32::try_from(u64::from(sum) * 65_536 / u64::from(total.max(1))).unwrap_or(65_536),
                value,
            )
        })
        .collect();
    Some(Kind::Choice { bounds, tilt })
}
