//! The catalogue: which fields exist, what type they have and which codes they may hold.
//!
//! Reads UK Biobank's two public dictionaries (`Data_Dictionary_Showcase`, 17 columns, and
//! `Codings_Showcase`: Coding, Value, Meaning), comma or tab separated, gzip or not. Knows how a field's
//! columns are written in extracts and what they are called in SQL. Must never hold a participant's value.

mod column;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ingest::reader::{Block, ReadError, RowReader};
use crate::limits;

pub use column::FieldColumn;

/// Fields and codings of one release of the dictionaries.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    fields: BTreeMap<u32, Field>,
    codings: BTreeMap<u32, Arc<Coding>>,
}

/// One field of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Field number, for example 31.
    pub id: u32,
    /// Title, for example `Sex`.
    pub title: String,
    /// Where it stands in the catalogue's tree, from the root, joined by ` > `.
    pub path: String,
    /// What its values are.
    pub value_type: ValueType,
    /// Unit, if it has one.
    pub units: Option<String>,
    /// Visits or rounds at which it was taken, at least 1.
    pub instances: u32,
    /// Items in one instance, at least 1.
    pub arrays: u32,
    /// Its coding, if its values are codes (or may hold special codes).
    pub coding: Option<u32>,
}

/// What the values of a field are, in the words of the 2022 dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ValueType {
    /// Whole numbers (type 11).
    Integer,
    /// One code (type 21).
    #[serde(rename = "Categorical single")]
    CategoricalSingle,
    /// Several codes, one an item (type 22).
    #[serde(rename = "Categorical multiple")]
    CategoricalMultiple,
    /// Numbers with decimals (type 31).
    Continuous,
    /// Text (type 41).
    Text,
    /// A day (type 51).
    Date,
    /// A point in time (type 61).
    Time,
    /// A small table in one cell (type 101).
    Compound,
}

/// The values that a coding allows.
#[derive(Debug, Clone, Default)]
pub struct Coding {
    meanings: HashMap<Box<str>, Box<str>>,
}

/// Why a dictionary cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The folder has no dictionary.
    #[error(
        "no data dictionary in {0}: expected fields.csv or Data_Dictionary_Showcase.csv (or .tsv, .gz)"
    )]
    Absent(PathBuf),
    /// A line cannot be understood.
    #[error("{file}:{line}: expected {expected}, found {found}")]
    Line {
        /// File name.
        file: String,
        /// Line, from 1.
        line: u64,
        /// What should have been there.
        expected: String,
        /// What was there.
        found: String,
    },
    /// A file cannot be read.
    #[error("{file}: {source}")]
    Read {
        /// File name.
        file: String,
        /// Why.
        source: ReadError,
    },
}

impl ValueType {
    /// All types, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Integer,
        Self::CategoricalSingle,
        Self::CategoricalMultiple,
        Self::Continuous,
        Self::Text,
        Self::Date,
        Self::Time,
        Self::Compound,
    ];

    /// The words of the dictionary.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Integer => "Integer",
            Self::CategoricalSingle => "Categorical single",
            Self::CategoricalMultiple => "Categorical multiple",
            Self::Continuous => "Continuous",
            Self::Text => "Text",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::Compound => "Compound",
        }
    }

    /// Reads the words of the 2022 dictionary or the numbers of the newer one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "11" => Some(Self::Integer),
            "21" => Some(Self::CategoricalSingle),
            "22" => Some(Self::CategoricalMultiple),
            "31" => Some(Self::Continuous),
            "41" => Some(Self::Text),
            "51" => Some(Self::Date),
            "61" => Some(Self::Time),
            "101" => Some(Self::Compound),
            words => Self::ALL.into_iter().find(|kind| kind.words() == words),
        }
    }
}

impl Coding {
    /// Whether `value` is one of its codes, letter for letter.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        self.meanings.contains_key(value)
    }

    /// What `value` means.
    #[must_use]
    pub fn meaning(&self, value: &str) -> Option<&str> {
        self.meanings.get(value).map(AsRef::as_ref)
    }

    /// All codes, in no order.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.meanings.keys().map(AsRef::as_ref)
    }

    /// Number of codes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.meanings.len()
    }

    /// Whether it has no code.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.meanings.is_empty()
    }

    /// The codes as whole numbers, ascending, if all of them are written as plain whole numbers.
    ///
    /// A code with a leading zero is text: `0071` and `71` are two codes.
    #[must_use]
    pub fn integers(&self) -> Option<Vec<i64>> {
        let parse = |text: &str| {
            let number: i64 = text.parse().ok()?;
            (number.to_string() == text).then_some(number)
        };
        let mut numbers = self.values().map(parse).collect::<Option<Vec<_>>>()?;
        numbers.sort_unstable();
        Some(numbers)
    }

    /// Its codes that are negative numbers, ascending: the special codes of a measured field.
    #[must_use]
    pub fn negatives(&self) -> Vec<f64> {
        let numbers = self.values().filter_map(|text| text.parse::<f64>().ok());
        let mut negatives: Vec<f64> = numbers.filter(|number| *number < 0.0).collect();
        negatives.sort_by(f64::total_cmp);
        negatives
    }
}

impl Catalogue {
    /// Reads the dictionaries of a folder; codings may be absent.
    ///
    /// # Errors
    /// [`CatalogueError`] when there is no dictionary, or a file cannot be read or understood.
    pub fn load(dir: &Path) -> Result<Self, CatalogueError> {
        let mut names: Vec<PathBuf> = std::fs::read_dir(dir)
            .map_err(|_| CatalogueError::Absent(dir.to_owned()))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .take(limits::MAX_SOURCE_FILES)
            .collect();
        names.sort();
        let find = |wanted: fn(&str) -> bool| {
            names.iter().find(|path| {
                path.file_name()
                    .is_some_and(|name| wanted(&stem(&name.to_string_lossy())))
            })
        };
        let dictionary =
            find(is_dictionary).ok_or_else(|| CatalogueError::Absent(dir.to_owned()))?;
        Self::load_files(dictionary, find(is_codings).map(PathBuf::as_path))
    }

    /// Reads a dictionary and, if given, its codings.
    ///
    /// # Errors
    /// [`CatalogueError`] when a file cannot be read or understood.
    pub fn load_files(dictionary: &Path, codings: Option<&Path>) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::default();
        each_row(
            dictionary,
            limits::MAX_FIELDS,
            &[
                "Path",
                "FieldID",
                "Field",
                "ValueType",
                "Units",
                "Instances",
                "Array",
                "Coding",
            ],
            |row| {
                let field = field_of(row)?;
                catalogue.fields.insert(field.id, field);
                Ok(())
            },
        )?;
        if let Some(path) = codings {
            let mut codings: BTreeMap<u32, Coding> = BTreeMap::new();
            each_row(
                path,
                limits::MAX_CODING_VALUES,
                &["Coding", "Value", "Meaning"],
                |row| {
                    let [coding, value, meaning] = row else {
                        return Err(("three columns".into(), format!("{}", row.len())));
                    };
                    let id = number(coding, "Coding")?;
                    let coding = codings.entry(id).or_default();
                    coding
                        .meanings
                        .insert(value.trim().into(), meaning.as_str().into());
                    Ok(())
                },
            )?;
            catalogue.codings = codings
                .into_iter()
                .map(|(id, coding)| (id, Arc::new(coding)))
                .collect();
        }
        Ok(catalogue)
    }

    /// A field by number.
    #[must_use]
    pub fn field(&self, id: u32) -> Option<&Field> {
        self.fields.get(&id)
    }

    /// All fields by number.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.values()
    }

    /// A coding by number.
    #[must_use]
    pub fn coding(&self, id: u32) -> Option<&Arc<Coding>> {
        self.codings.get(&id)
    }

    /// Number of fields.
    #[must_use]
    pub fn field_count(&self) -> usize {
        self.fields.len()
    }

    /// Number of codings that have values here.
    #[must_use]
    pub fn coding_count(&self) -> usize {
        self.codings.len()
    }

    /// Number of codes in all codings.
    #[must_use]
    pub fn code_count(&self) -> usize {
        self.codings.values().map(|coding| coding.len()).sum()
    }

    /// The column's name in SQL: `p31`, `p4080_i0_a1`.
    ///
    /// As on the Research Analysis Platform: the instance is named only if the field has several, the array item
    /// likewise. An instance or item beyond what the catalogue says is always named, so that no two columns share one.
    #[must_use]
    pub fn sql_name(&self, column: FieldColumn) -> String {
        let (instances, arrays) = self
            .field(column.field)
            .map_or((u32::MAX, u32::MAX), |field| {
                (field.instances, field.arrays)
            });
        let mut name = format!("p{}", column.field);
        if instances > 1 || column.instance > 0 {
            name.push_str(&format!("_i{}", column.instance));
        }
        if arrays > 1 || column.array > 0 {
            name.push_str(&format!("_a{}", column.array));
        }
        name
    }
}

/// A file name in lower case without folder, `.gz` and kind.
#[must_use]
pub(crate) fn stem(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let name = lower.strip_suffix(".gz").unwrap_or(&lower);
    let cut = ["csv", "tsv", "txt", "tab"].iter().find_map(|kind| {
        name.strip_suffix(kind)
            .and_then(|name| name.strip_suffix('.'))
    });
    cut.unwrap_or(name).to_owned()
}

/// Whether a file of this [`stem`] holds the data dictionary.
#[must_use]
pub(crate) fn is_dictionary(stem: &str) -> bool {
    stem == "fields" || stem.contains("data_dictionary")
}

/// Whether a file of this [`stem`] holds the codings.
#[must_use]
pub(crate) fn is_codings(stem: &str) -> bool {
    stem.contains("codings")
}

type RowProblem = (String, String);

fn field_of(row: &[String]) -> Result<Field, RowProblem> {
    let [
        path,
        id,
        title,
        value_type,
        units,
        instances,
        arrays,
        coding,
    ] = row
    else {
        return Err(("eight columns".into(), format!("{}", row.len())));
    };
    let kind = ValueType::parse(value_type.trim()).ok_or_else(|| {
        let words: Vec<_> = ValueType::ALL.iter().map(|kind| kind.words()).collect();
        (
            format!("a ValueType ({})", words.join(", ")),
            format!("`{value_type}`"),
        )
    })?;
    let given = |text: &str| {
        let text = text.trim();
        (!text.is_empty() && text != "NA").then(|| text.to_owned())
    };
    Ok(Field {
        id: number(id, "FieldID")?,
        title: title.trim().to_owned(),
        path: path.trim().to_owned(),
        value_type: kind,
        units: given(units),
        instances: number(instances, "Instances")?.max(1),
        arrays: number(arrays, "Array")?.max(1),
        coding: given(coding)
            .map(|text| number(&text, "Coding"))
            .transpose()?,
    })
}

fn number(text: &str, name: &str) -> Result<u32, RowProblem> {
    let found = || {
        (
            format!("a whole number in the column {name}"),
            format!("`{text}`"),
        )
    };
    text.trim().parse().map_err(|_| found())
}

/// Calls `take` with the wanted columns of each row.
fn each_row(
    path: &Path,
    max_rows: usize,
    wanted: &[&str],
    mut take: impl FnMut(&[String]) -> Result<(), RowProblem>,
) -> Result<(), CatalogueError> {
    let file = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let read = |source| CatalogueError::Read {
        file: file.clone(),
        source,
    };
    let line = |line, (expected, found): RowProblem| CatalogueError::Line {
        file: file.clone(),
        line,
        expected,
        found,
    };
    let mut reader = RowReader::open(path, None).map_err(read)?;
    let place = |name: &&str| reader.header().iter().position(|column| column == name);
    let mut places = Vec::with_capacity(wanted.len());
    for name in wanted {
        let place = place(name).ok_or_else(|| {
            line(
                1,
                (
                    format!("a column {name}"),
                    format!("{} other columns", reader.header().len()),
                ),
            )
        })?;
        places.push(place);
    }
    let (mut block, mut rows) = (Block::default(), 0usize);
    let mut cells = vec![String::new(); places.len()];
    loop {
        let more = reader.fill(&mut block).map_err(read)?;
        for row in block.rows() {
            rows += 1;
            if rows > max_rows {
                let found = format!("more than {max_rows}");
                return Err(line(row.line, (format!("at most {max_rows} rows"), found)));
            }
            for (cell, place) in cells.iter_mut().zip(&places) {
                cell.clear();
                // Older dictionaries are Windows-1252 here and there; a title may lose an accent, a code may not matter.
                cell.push_str(&String::from_utf8_lossy(row.cell(*place)));
            }
            take(&cells).map_err(|problem| line(row.line, problem))?;
        }
        if !more {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
