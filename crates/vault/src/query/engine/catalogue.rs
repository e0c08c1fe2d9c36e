//! The catalogue of one question: granted tables, of which only granted and mentioned columns exist.
//!
//! Must never: hold a table or column that was not granted, hidden or not (invariant 1).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, SchemaProvider, Session, TableProvider,
};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;

use super::layout::read::Reading;
use super::layout::wanted::Wanted;
use super::layout::{self, dimension, filter};
use super::scan::{self, Governed, Rules, Show};
use crate::query::{EID, GrantedTable};
use crate::release::{Manifest, PERSON, TableEntry};

/// Name of the one catalogue and the one schema. Nobody needs to write it.
pub(crate) const ROOM: &str = "room";

/// A granted table as the planner sees it.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    schema: SchemaRef,
    entry: Arc<TableEntry>,
    /// The family that is opened if no column is needed: one with a granted column.
    home: usize,
    masked: Arc<RoaringBitmap>,
    show: Show,
}

impl Table {
    /// A table with these columns (in the release's order), and before them the index or the project's pseudonym.
    pub(crate) fn new(
        granted: &GrantedTable,
        manifest: &Manifest,
        columns: impl Fn(&str) -> bool,
        key: Option<&ProjectKey>,
    ) -> Option<Self> {
        let entry = manifest.tables.get(&granted.name)?;
        let first = match key {
            Some(_) => Field::new(EID, DataType::Utf8View, false),
            None => Field::new(PERSON, DataType::UInt32, false),
        };
        // The names that are mentioned are few, those of a wide table many: only the few are looked up.
        let wanted: HashSet<&str> = granted
            .columns
            .iter()
            .map(String::as_str)
            .filter(|name| *name != EID && *name != PERSON && columns(name))
            .collect();
        let rest = entry
            .columns
            .iter()
            .filter(|c| wanted.contains(c.name.as_str()))
            .filter_map(|c| Some(Field::new(&c.name, data_type(&c.kind)?, true)));
        Some(Self {
            schema: Arc::new(Schema::new(
                std::iter::once(first).chain(rest).collect::<Vec<_>>(),
            )),
            entry: Arc::clone(entry),
            home: layout::home(entry, &granted.columns),
            masked: Arc::clone(&granted.masked),
            show: key.map_or(Show::Index, |key| Show::Pseudonym(Arc::new(key.clone()))),
        })
    }

    /// The same table with the internal index in the place, and under the name, of the pseudonym; and the key that makes the
    /// one of the other. Only for [`super::persons`], which sees to it that no index leaves the plan. `None` in aggregate mode.
    pub(crate) fn by_index(&self) -> Option<(Self, Arc<ProjectKey>)> {
        let Show::Pseudonym(key) = &self.show else {
            return None;
        };
        let fields = self.schema.fields().iter().map(|field| {
            if field.name() == EID {
                Arc::new(Field::new(EID, DataType::UInt32, false))
            } else {
                Arc::clone(field)
            }
        });
        let table = Self {
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            show: Show::Index,
            ..self.clone()
        };
        Some((table, Arc::clone(key)))
    }

    fn key(&self) -> Option<&ProjectKey> {
        match &self.show {
            Show::Pseudonym(key) => Some(key),
            Show::Index => None,
        }
    }
}

/// The engine's type of a column kind (see [`crate::release::ColumnEntry::kind`]).
pub(crate) fn data_type(kind: &str) -> Option<DataType> {
    Some(match kind {
        "int32" => DataType::Int32,
        "int64" => DataType::Int64,
        "float64" => DataType::Float64,
        "date" => DataType::Date32,
        "text" => DataType::Utf8View,
        _ => return None,
    })
}

#[async_trait]
impl TableProvider for Table {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    // What is taken over is applied below the mask's eyes: to values, never to whether a masked person has them.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let taken = filters
            .iter()
            .map(|expr| filter::taken_over(expr, &self.entry));
        Ok(taken.collect())
    }

    // No statistics: they would speak of people who are masked.
    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => Arc::clone(&self.schema),
        };
        let store = state
            .runtime_env()
            .object_store(ObjectStoreUrl::parse(scan::STORE)?)?;
        let fields = schema.fields().iter().map(|field| field.name().clone());
        let mut columns: BTreeSet<String> = fields.filter(|n| n != PERSON && n != EID).collect();
        let shown = columns.clone();
        columns.extend(filter::lists(filters, &self.entry));
        let lists = dimension::load(&store, &self.entry, &columns).await?;
        let wanted = Wanted::of(filters, &self.entry, &lists, state)?;
        let people = filter::people(filters, self.key());
        let bounds = filters.iter().filter_map(filter::bounds).collect();
        let by_code = layout::by_code(&self.entry, wanted.as_ref());
        // The copy sorted by codes applies the conditions itself, so their columns need not come out of it.
        let columns = if by_code { &shown } else { &columns };
        let reading = Reading {
            sources: layout::sources(&self.entry, columns, self.home, by_code)?,
            people,
            wanted,
            bounds,
            by_code,
        };
        let pieces = layout::pieces(&reading, state.config().target_partitions());
        let rules = Rules {
            reading: Arc::new(reading),
            lists,
            schema,
            masked: Arc::clone(&self.masked),
            show: self.show.clone(),
        };
        Ok(Arc::new(Governed::new(rules, pieces)))
    }
}

/// The schema of one question.
#[derive(Debug)]
pub(crate) struct Room {
    tables: BTreeMap<String, Arc<dyn TableProvider>>,
}

impl Room {
    /// A room that holds just these tables.
    pub(crate) fn new(tables: BTreeMap<String, Arc<dyn TableProvider>>) -> Self {
        Self { tables }
    }
}

#[async_trait]
impl SchemaProvider for Room {
    fn table_names(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        Ok(self.tables.get(name).cloned())
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }
}

/// The one catalogue, holding the one schema.
#[derive(Debug)]
pub(crate) struct House(pub(crate) Arc<Room>);

impl CatalogProvider for House {
    fn schema_names(&self) -> Vec<String> {
        vec![ROOM.to_owned()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        (name == ROOM).then(|| Arc::clone(&self.0) as Arc<dyn SchemaProvider>)
    }
}

/// The list of catalogues, which cannot grow.
#[derive(Debug)]
pub(crate) struct Street(pub(crate) Arc<House>);

impl CatalogProviderList for Street {
    fn register_catalog(
        &self,
        _: String,
        _: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![ROOM.to_owned()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        (name == ROOM).then(|| Arc::clone(&self.0) as Arc<dyn CatalogProvider>)
    }
}

/// Whether the files of a table are those that the manifest lists, by name and size. A release is sealed; whether its bytes
/// are still the ones that were sealed is `verify`'s question, too slow for each query.
pub(crate) fn files_are_there(
    release_dir: &Path,
    entry: &TableEntry,
) -> std::result::Result<(), String> {
    for file in entry.files() {
        let found = std::fs::metadata(release_dir.join(&file.path)).map(|m| m.len());
        match found {
            Ok(bytes) if bytes == file.bytes => {}
            Ok(bytes) => {
                return Err(format!(
                    "{} has {bytes} bytes, the manifest says {}",
                    file.path, file.bytes
                ));
            }
            Err(e) => return Err(format!("{} cannot be read: {e}", file.path)),
        }
    }
    Ok(())
}
