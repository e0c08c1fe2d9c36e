//! From rows of cells to typed rows: one table's files are split in one thread and typed in another.
//!
//! A row is either taken whole or refused with a reason. Must never put a cell into a message.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arrow::array::{ArrayRef, RecordBatch, UInt32Array, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use governance::Refusal;

use super::column::{Column, Pushed, arrow_type};
use super::dimension::List;
use super::people::{Id, People};
use super::plan::{FilePlan, TablePlan};
use super::problem::{Problem, Problems, Reason, shape};
use super::reader::{Block, ReadError, Row, RowReader};
use super::recipe::{ColumnKind, Role};
use super::spill::Spill;
use super::{Fault, cell, refuse};
use crate::limits;
use crate::release::PERSON;

/// Name of the hidden column that says where a row came from; only in tables with a unique key, never sealed.
pub const PLACE: &str = "__place";

/// Bits of a place that hold the line; the file's number stands above them.
const LINE_BITS: u32 = 40;

/// What typing one table gave.
#[derive(Debug)]
pub struct Typed {
    /// The rows.
    pub spill: Spill,
    /// Rows read.
    pub rows_in: u64,
    /// Rows of each file.
    pub file_rows: Vec<u64>,
    /// Rows refused.
    pub problems: Problems,
    /// Dates that mean something other than a day.
    pub special_dates: u64,
    /// For each column: codes that its coding does not have, kept.
    pub unknown_codes: Vec<u64>,
    /// For each pair that should be in order: rows in which it is not.
    pub out_of_order: Vec<u64>,
    /// Files that could not be read to their end.
    pub unreadable: Vec<Refusal>,
    /// The different values of each text column.
    pub lists: Vec<Option<List>>,
}

/// What typing needs besides the plan.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Cells that mean "no value".
    pub missing: &'a [String],
    /// Key of date shifts.
    pub shift_key: Option<&'a [u8; 32]>,
    /// Folder for temporary files.
    pub staging: &'a std::path::Path,
    /// Bytes read from disk so far.
    pub bytes: &'a Arc<AtomicU64>,
    /// Rows read so far.
    pub rows: &'a AtomicU64,
    /// Called now and then.
    pub tick: &'a (dyn Fn() + Sync),
}

/// File number and line of a place.
#[must_use]
pub const fn place_of(place: u64) -> (usize, u64) {
    (
        (place >> LINE_BITS) as usize,
        place & ((1 << LINE_BITS) - 1),
    )
}

/// The schema of a table's rows on their way: person, place if there is a key, columns (text as numbers).
#[must_use]
pub fn schema_of(plan: &TablePlan) -> SchemaRef {
    let mut fields = vec![Field::new(PERSON, DataType::UInt32, false)];
    if plan.unique.is_some() {
        fields.push(Field::new(PLACE, DataType::UInt64, false));
    }
    let columns = plan.columns.iter();
    let kind = |kind| match kind {
        ColumnKind::Text => DataType::Int32,
        kind => arrow_type(kind),
    };
    fields.extend(columns.map(|c| Field::new(&c.name, kind(c.typing.stored()), true)));
    Arc::new(Schema::new(fields))
}

/// Types all files of a table.
///
/// # Errors
/// [`Fault`] when the machine fails; bad input is in the result.
pub fn type_table(plan: &TablePlan, people: &mut People, means: Means<'_>) -> Result<Typed, Fault> {
    let mut typer = Typer::new(plan, people, means);
    for (number, file) in plan.files.iter().enumerate() {
        let outcome = std::thread::scope(|scope| {
            let (full_in, full_out) = sync_channel(limits::BLOCKS_IN_FLIGHT);
            let (empty_in, empty_out) = sync_channel(limits::BLOCKS_IN_FLIGHT);
            let splitter = scope.spawn(move || split(file, means, &full_in, &empty_out));
            let typed = typer.file(number, file, &full_out, &empty_in);
            // Closing both ends lets the splitter stop if typing failed.
            drop((full_out, empty_in));
            typed?;
            splitter.join().map_err(|_| Fault::Thread)
        })?;
        if let Err(error) = outcome {
            typer
                .out
                .unreadable
                .push(refuse::unreadable(&file.name, &error));
        }
    }
    typer.flush()?;
    let columns = typer.columns.into_iter();
    typer.out.lists = columns.map(Column::into_list).collect();
    Ok(typer.out)
}

/// Splits one file into blocks of rows.
fn split(
    file: &FilePlan,
    means: Means<'_>,
    full: &SyncSender<Block>,
    empty: &Receiver<Block>,
) -> Result<(), ReadError> {
    let mut reader = RowReader::open(&file.path, Some(means.bytes.clone()))?;
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        let more = reader.fill(&mut block);
        // Rows before the place where a file breaks off are still judged, so that the report is as full as can be.
        if full.send(block).is_err() || !more? {
            return Ok(());
        }
    }
}

struct Typer<'a> {
    plan: &'a TablePlan,
    people: &'a mut People,
    means: Means<'a>,
    columns: Vec<Column>,
    persons: Vec<u32>,
    places: Vec<u64>,
    batch_rows: usize,
    last_id: Vec<u8>,
    last_person: Option<u32>,
    shift: Option<(u32, u32, i32)>,
    out: Typed,
}

/// Why a row is refused: the reason, the column (by place in the file), what was expected.
struct No {
    reason: Reason,
    column: Option<usize>,
    expected: String,
    found: Option<String>,
}

/// Why typing a row stops.
enum Stop {
    Row(No),
    Fault(Fault),
}

impl From<No> for Stop {
    fn from(no: No) -> Self {
        Self::Row(no)
    }
}

impl<'a> Typer<'a> {
    fn new(plan: &'a TablePlan, people: &'a mut People, means: Means<'a>) -> Self {
        let cells = plan.columns.len().max(1);
        let batch_rows = (limits::BATCH_CELLS / cells).clamp(256, limits::BATCH_ROWS);
        let schema = schema_of(plan);
        Self {
            plan,
            people,
            means,
            columns: plan
                .columns
                .iter()
                .map(|column| Column::new(column.typing.stored(), 256))
                .collect(),
            persons: Vec::new(),
            places: Vec::new(),
            batch_rows,
            last_id: Vec::new(),
            last_person: None,
            shift: None,
            out: Typed {
                spill: Spill::new(means.staging, schema),
                rows_in: 0,
                file_rows: vec![0; plan.files.len()],
                problems: Problems::default(),
                special_dates: 0,
                unknown_codes: vec![0; plan.columns.len()],
                out_of_order: vec![0; plan.in_order.len()],
                unreadable: Vec::new(),
                lists: Vec::new(),
            },
        }
    }

    fn file(
        &mut self,
        number: usize,
        file: &FilePlan,
        full: &Receiver<Block>,
        empty: &SyncSender<Block>,
    ) -> Result<(), Fault> {
        while let Ok(block) = full.recv() {
            let mut rows = 0;
            for row in block.rows() {
                rows += 1;
                self.row(number, file, row)?;
            }
            self.out.rows_in += rows;
            if let Some(count) = self.out.file_rows.get_mut(number) {
                *count += rows;
            }
            self.means.rows.fetch_add(rows, Ordering::Relaxed);
            (self.means.tick)();
            // Full or closed: the block is simply not used again.
            let _ = empty.try_send(block);
        }
        Ok(())
    }

    fn row(&mut self, number: usize, file: &FilePlan, row: Row<'_>) -> Result<(), Fault> {
        let taken = self.persons.len();
        let person = match self.take_row(file, row) {
            Ok(Some(person)) => person,
            Ok(None) => return Ok(()),
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Row(no)) => {
                for column in &mut self.columns {
                    column.truncate(taken);
                }
                self.refuse(file, row, no);
                return Ok(());
            }
        };
        self.persons.push(person);
        if self.plan.unique.is_some() {
            self.places.push(((number as u64) << LINE_BITS) | row.line);
        }
        for ((a, b), count) in self.plan.in_order.iter().zip(&mut self.out.out_of_order) {
            let last = |place: &usize| self.columns.get(*place).and_then(Column::last_integer);
            if let (Some(a), Some(b)) = (last(a), last(b)) {
                *count += u64::from(a > b);
            }
        }
        let full = self.persons.len() >= self.batch_rows
            || (self.persons.len().is_multiple_of(1024)
                && self
                    .columns
                    .iter()
                    .any(|c| c.text_bytes() > limits::BATCH_TEXT_BYTES));
        if full { self.flush() } else { Ok(()) }
    }

    /// Types one row; the person it belongs to, or nothing if the table is read for its ids alone.
    fn take_row(&mut self, file: &FilePlan, row: Row<'_>) -> Result<Option<u32>, Stop> {
        check_whole(file, row)?;
        let person = self.person(file, row)?;
        if self.plan.role == Role::Identity {
            return Ok(None);
        }
        let shift_key = self.means.shift_key;
        let cached = &mut self.shift;
        let columns = self.plan.columns.iter().zip(&mut self.columns);
        let columns = columns.zip(&file.places).zip(&mut self.out.unknown_codes);
        for (((plan, column), place), unknown) in columns {
            let bytes = cell::trim(row.cell(*place));
            let missing = is_missing(bytes, self.means.missing);
            let shift = |max| shift_for(cached, shift_key, person, max);
            match column.push(&plan.typing, bytes, missing, shift) {
                Ok(Pushed::SpecialDate) => self.out.special_dates += 1,
                Ok(Pushed::UnknownCode) => *unknown += 1,
                Ok(_) => {}
                Err(reason) => {
                    return Err(Stop::Row(No {
                        reason,
                        column: Some(*place),
                        expected: plan.typing.expected(reason).to_owned(),
                        found: None,
                    }));
                }
            }
        }
        Ok(Some(person))
    }

    /// The participant of a row.
    fn person(&mut self, file: &FilePlan, row: Row<'_>) -> Result<u32, Stop> {
        let bytes = row.cell(file.id);
        // Linked tables mostly come person by person.
        if let (Role::Linked, Some(person)) = (self.plan.role, self.last_person)
            && bytes == self.last_id.as_slice()
        {
            return Ok(person);
        }
        let no = |reason, expected: &str| No {
            reason,
            column: Some(file.id),
            expected: expected.to_owned(),
            found: None,
        };
        let header = file.header.get(file.id).map_or("", String::as_str);
        if cell::trim(bytes).eq_ignore_ascii_case(header.as_bytes()) {
            return Err(no(Reason::SecondHeader, "a row").into());
        }
        let id = Id::parse(bytes).ok_or_else(|| no(Reason::BadId, "a participant's id"))?;
        if self.plan.role == Role::Linked {
            let person = self.people.present(id).ok_or_else(|| {
                no(
                    Reason::UnknownId,
                    "the id of a participant in the main or identity table",
                )
            })?;
            self.last_id.clear();
            self.last_id.extend_from_slice(bytes);
            self.last_person = Some(person);
            return Ok(person);
        }
        let person = self
            .people
            .enter(id)
            .map_err(|error| Stop::Fault(Fault::People(error)))?;
        if !self
            .people
            .first_row(person, self.plan.role == Role::Identity)
        {
            return Err(no(Reason::DuplicateId, "an id that no earlier row has").into());
        }
        Ok(person)
    }

    fn refuse(&mut self, file: &FilePlan, row: Row<'_>, no: No) {
        self.out.problems.add(no.reason, || {
            let found = no.found.unwrap_or_else(|| match (no.reason, no.column) {
                (Reason::SecondHeader, _) => "the header again".to_owned(),
                (Reason::DuplicateId, _) => "one that an earlier row has".to_owned(),
                (_, Some(place)) => shape(cell::trim(row.cell(place))),
                (_, None) => "another".to_owned(),
            });
            Problem {
                file: file.name.clone(),
                line: row.line,
                column: no.column.map(|place| place as u32 + 1),
                name: no.column.and_then(|place| file.header.get(place).cloned()),
                reason: no.reason,
                expected: no.expected,
                found,
            }
        });
    }

    fn flush(&mut self) -> Result<(), Fault> {
        if self.persons.is_empty() {
            return Ok(());
        }
        let persons = std::mem::take(&mut self.persons);
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(UInt32Array::from(persons.clone()))];
        if self.plan.unique.is_some() {
            arrays.push(Arc::new(UInt64Array::from(std::mem::take(
                &mut self.places,
            ))));
        }
        for column in &mut self.columns {
            arrays.push(column.take()?);
        }
        // A column that has had too many different values is text from here on.
        let schema = self.out.spill.schema();
        let fields = schema.fields().iter().zip(&arrays).map(|(field, array)| {
            if field.data_type() == array.data_type() {
                field.clone()
            } else {
                let field = Field::clone(field);
                Arc::new(field.with_data_type(array.data_type().clone()))
            }
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let batch = RecordBatch::try_new(schema, arrays)?;
        self.out.spill.push(&batch, &persons)
    }
}

/// The shift of a person, computed once for all their dates in a row.
fn shift_for(
    cached: &mut Option<(u32, u32, i32)>,
    key: Option<&[u8; 32]>,
    person: u32,
    max: u32,
) -> i32 {
    match (*cached, key) {
        (Some((p, m, shift)), _) if p == person && m == max => shift,
        (_, Some(key)) => {
            let shift = privacy::deid::shift_of(key, person, max);
            *cached = Some((person, max, shift));
            shift
        }
        // Ingest refuses a recipe with shifts and no key before it comes here.
        (_, None) => 0,
    }
}

#[inline]
fn is_missing(cell: &[u8], missing: &[String]) -> bool {
    cell.is_empty() || missing.iter().any(|word| word.as_bytes() == cell)
}

/// Whether the row has its cells and is text.
fn check_whole(file: &FilePlan, row: Row<'_>) -> Result<(), No> {
    let whole = |reason, expected: String, found| No {
        reason,
        column: None,
        expected,
        found: Some(found),
    };
    if row.len() != file.header.len() {
        return Err(whole(
            Reason::ColumnCount,
            format!("{} columns", file.header.len()),
            row.len().to_string(),
        ));
    }
    if row.bytes().is_ascii() && !row.bytes().contains(&0) {
        return Ok(());
    }
    for place in 0..row.len() {
        let cell = row.cell(place);
        let no = |reason, found: &str| No {
            reason,
            column: Some(place),
            expected: "text in UTF-8".to_owned(),
            found: Some(found.to_owned()),
        };
        if cell.contains(&0) {
            return Err(no(Reason::NulByte, "a NUL byte"));
        }
        if let Err(error) = std::str::from_utf8(cell) {
            let found = format!("byte {} that is not", error.valid_up_to() + 1);
            return Err(no(Reason::NotUtf8, &found));
        }
    }
    Ok(())
}
