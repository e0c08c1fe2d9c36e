//! The order of work of one ingest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use governance::Refusal;
use sha2::{Digest, Sha256};

use super::consent::{read_consents, read_withdrawals};
use super::disk::{self, Staging};
use super::people::People;
use super::plan::{Context, TablePlan, plan_table};
use super::recipe::{Recipe, Role, hex};
use super::report::{KAnonymity, Outcome, Report, TableReport};
use super::seal::{Sealed, seal_table};
use super::sink::Folder;
use super::source::Source;
use super::typer::{Means, type_table};
use super::{Consent, Fault, IngestError, Ingested, Progress, Request, Stage, Withdrawals, refuse};
use crate::catalogue::{Catalogue, CatalogueError, is_codings, is_dictionary, stem};
use crate::release::{ColumnEntry, LAYOUT, MANIFEST, Manifest, TableEntry};
use crate::sealed::{Keyring, ReleaseKeys};

/// Reads, checks, transforms and seals a raw folder; see the module above.
///
/// # Errors
/// [`IngestError::Refused`] with the report when the input is not acceptable, [`IngestError::Fault`] when the machine
/// fails. Either way nothing but the report is left, and no report is written when the release's name is not usable.
pub fn ingest(request: &Request<'_>) -> Result<Ingested, IngestError> {
    let mut report = Report {
        release: request.release.to_owned(),
        quarantine_limit: request.quarantine_limit,
        ..Report::default()
    };
    if let Err(refusal) = check_name(request) {
        report.outcome = Outcome::Refused;
        report.refusals.push(refusal.clone());
        let report = Box::new(report);
        return Err(IngestError::Refused { refusal, report });
    }
    let done = run(request, &mut report);
    report.outcome = match &done {
        Ok(_) => Outcome::Sealed,
        Err(Stop::Refused) => Outcome::Refused,
        Err(Stop::Fault(_)) => Outcome::Failed,
    };
    let written = write_report(request, &report);
    match done {
        Ok(done) => {
            written?;
            Ok(Ingested {
                manifest: done.manifest,
                manifest_sha256: done.sha256,
                report,
                new_participants: done.people.into_new(),
                consents: done.consents,
                withdrawals: done.withdrawals,
                staging: done.staging,
            })
        }
        Err(Stop::Fault(fault)) => Err(fault.into()),
        Err(Stop::Refused) => {
            written?;
            let first = report.refusals.first().cloned();
            Err(IngestError::Refused {
                refusal: first.ok_or(Fault::Internal("a refusal without a reason"))?,
                report: Box::new(report),
            })
        }
    }
}

/// Why an ingest stops: the reasons of a refusal are in the report.
enum Stop {
    Refused,
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

struct Done {
    manifest: Manifest,
    sha256: String,
    people: People,
    consents: Vec<Consent>,
    withdrawals: Vec<Withdrawals>,
    staging: Staging,
}

fn check_name(request: &Request<'_>) -> Result<(), Refusal> {
    let name = request.release;
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
    };
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !begins || name.len() > 64 || !name.bytes().all(plain) {
        return Err(refuse::bad_name());
    }
    if request.releases.join(name).exists() {
        return Err(refuse::name_taken(name));
    }
    Ok(())
}

/// New keys for every class of data of the release, kept in its folder, wrapped.
fn keys(
    request: &Request<'_>,
    plans: &[TablePlan],
    staging: &Staging,
) -> Result<Option<Keyring>, Fault> {
    let Some(kms) = request.kms else {
        return Ok(None);
    };
    let columns = plans.iter().flat_map(|plan| &plan.columns);
    let classes: BTreeSet<&str> = columns.map(|column| column.class.as_str()).collect();
    let keys = ReleaseKeys::create(request.release, classes.iter().copied(), kms)?;
    keys.save(staging.path())?;
    Ok(Some(keys.open(kms, classes)?))
}

/// Lets this process open as many files as it may at all: the temporary rows of each bucket are one, so the most participants
/// that there may be need 1,024 of them. Where that is too few, an ingest of so many says so.
fn allow_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let _refused = setrlimit(Resource::Nofile, raised);
}

fn run(request: &Request<'_>, report: &mut Report) -> Result<Done, Stop> {
    let recipe = one(
        report,
        Recipe::parse(request.recipe).map_err(|e| refuse::bad_recipe(&e)),
    )?;
    report.recipe_sha256.clone_from(&recipe.sha256);
    if request.shift_key.is_none() && request.recipe_shifts(&recipe) {
        return one(report, Err(refuse::no_shift_key()));
    }
    let source = all(report, Source::look(request.source, &recipe.rules))?;
    report.files_left_out.clone_from(&source.left_out);
    report.catalogue_files = source
        .catalogue
        .iter()
        .map(|(_, name)| name.clone())
        .collect();
    let catalogue = one(report, load_catalogue(request, &recipe, &source))?;
    report.catalogue_fields = catalogue.field_count();
    report.catalogue_codes = catalogue.code_count();
    let plans = plan_all(report, &recipe, &catalogue, &source)?;
    let people = People::new(request.participants)?;
    let staging = Staging::create(request.staging, request.release)?;
    allow_files();
    let keys = keys(request, &plans, &staging)?;
    let mut worker = Worker {
        keys,
        request,
        recipe: &recipe,
        report,
        people,
        staging,
        bytes: Arc::default(),
        rows: AtomicU64::new(0),
        bytes_total: source.bytes,
        tables: BTreeMap::new(),
    };
    for plan in &plans {
        worker.table(plan)?;
    }
    worker.report.participants = worker.people.in_release();
    let new = worker.people.total() as usize - worker.people.known_before();
    worker.report.participants_new = new as u32;
    let (consents, withdrawals) = worker.lists(&source);
    worker.finish(consents, withdrawals)
}

impl Request<'_> {
    fn recipe_shifts(&self, recipe: &Recipe) -> bool {
        use privacy::deid::Rule;
        recipe.rules.tables.values().any(|table| {
            let named = table.columns.values().map(|column| &column.rule);
            let fields = table.fields.iter().map(|field| &field.rule);
            let mut rules = named.chain(fields).chain(table.by_type.values());
            rules.any(|rule| matches!(rule, Rule::Shift(_)))
        })
    }
}

/// The value, or a stop with the refusal in the report.
fn one<T>(report: &mut Report, result: Result<T, Refusal>) -> Result<T, Stop> {
    all(report, result.map_err(|refusal| vec![refusal]))
}

fn all<T>(report: &mut Report, result: Result<T, Vec<Refusal>>) -> Result<T, Stop> {
    result.map_err(|refusals| {
        report.refusals.extend(refusals);
        Stop::Refused
    })
}

/// The instance's catalogue, or else the raw folder's own.
fn load_catalogue(
    request: &Request<'_>,
    recipe: &Recipe,
    source: &Source,
) -> Result<Catalogue, Refusal> {
    let bad = |error| refuse::bad_catalogue(&error);
    match request.catalogue.map(Catalogue::load) {
        Some(Ok(catalogue)) => return Ok(catalogue),
        Some(Err(CatalogueError::Absent(_))) | None => {}
        Some(Err(error)) => return Err(bad(error)),
    }
    let find = |wanted: fn(&str) -> bool| {
        let mut files = source.catalogue.iter();
        files
            .find(|(_, name)| wanted(&stem(name)))
            .map(|(path, _)| path.as_path())
    };
    match find(is_dictionary) {
        Some(dictionary) => Catalogue::load_files(dictionary, find(is_codings)).map_err(bad),
        None => {
            let main = recipe.rules.table_with(Role::Main).map(|(name, _)| name);
            if main.is_some_and(|main| source.tables.contains_key(main)) {
                return Err(refuse::no_catalogue());
            }
            Ok(Catalogue::default())
        }
    }
}

/// Plans all tables: main first, then identity, then the others by name.
fn plan_all(
    report: &mut Report,
    recipe: &Recipe,
    catalogue: &Catalogue,
    source: &Source,
) -> Result<Vec<TablePlan>, Stop> {
    let rules = &recipe.rules;
    let context = Context { rules, catalogue };
    let mut plans = Vec::new();
    for (name, files) in &source.tables {
        let Some(rule) = rules.tables.get(name) else {
            continue;
        };
        match plan_table(context, name, rule, files) {
            Ok(plan) => plans.push(plan),
            Err(refusals) => report.refusals.extend(refusals),
        }
    }
    if !source.tables.keys().any(|name| {
        rules
            .tables
            .get(name)
            .is_some_and(|rule| rule.role != Role::Linked)
    }) {
        let leading = rules
            .tables
            .values()
            .filter(|rule| rule.role != Role::Linked);
        let patterns: Vec<&str> = leading
            .flat_map(|rule| &rule.files)
            .map(String::as_str)
            .collect();
        report
            .refusals
            .push(refuse::no_participants(&patterns.join(", ")));
    }
    if !report.refusals.is_empty() {
        return Err(Stop::Refused);
    }
    plans.sort_by_key(|plan| match plan.role {
        Role::Main => 0,
        Role::Identity => 1,
        Role::Linked => 2,
    });
    Ok(plans)
}

struct Worker<'a> {
    request: &'a Request<'a>,
    recipe: &'a Recipe,
    report: &'a mut Report,
    people: People,
    keys: Option<Keyring>,
    staging: Staging,
    bytes: Arc<AtomicU64>,
    rows: AtomicU64,
    bytes_total: u64,
    tables: BTreeMap<String, Arc<TableEntry>>,
}

impl Worker<'_> {
    /// Reads, checks and, if all is well so far, seals one table.
    fn table(&mut self, plan: &TablePlan) -> Result<(), Stop> {
        let (request, rows, bytes, bytes_total) =
            (self.request, &self.rows, &self.bytes, self.bytes_total);
        let tick = |stage| {
            (request.progress)(Progress {
                stage,
                table: &plan.name,
                rows: rows.load(Ordering::Relaxed),
                bytes: bytes.load(Ordering::Relaxed),
                bytes_total,
            });
        };
        let means = Means {
            missing: &self.recipe.rules.missing,
            shift_key: request.shift_key,
            staging: self.staging.path(),
            bytes,
            rows,
            tick: &|| tick(Stage::Reading),
        };
        let typed = type_table(plan, &mut self.people, means)?;
        let mut table = TableReport::of_typed(plan, &typed);
        let report = &mut *self.report;
        report.refusals.extend(typed.unreadable.iter().cloned());
        for dropped in plan.dropped.iter().filter(|dropped| dropped.identifier) {
            let column = format!("{}.{}", plan.name, dropped.column);
            report.identifiers_removed.push(column);
        }
        check_limit(report, &plan.name, &table);
        // Once something is refused nothing is sealed any more, but the other tables are still checked.
        if report.refusals.is_empty() && plan.role != Role::Identity {
            let seal_tick = || tick(Stage::Sealing);
            let staging = Folder {
                dir: self.staging.path(),
                keys: self.keys.as_ref(),
            };
            let mut sealed = seal_table(plan, typed.spill, typed.lists, staging, &seal_tick)?;
            table.add_sealed(plan, &mut sealed);
            check_limit(report, &plan.name, &table);
            let entry = Arc::new(entry(plan, &mut sealed));
            self.tables.insert(plan.name.clone(), entry);
            if !plan.quasi.is_empty() {
                report.k_anonymity = Some(groups(self.recipe, plan, &sealed));
            }
        }
        report.tables.insert(plan.name.clone(), table);
        Ok(())
    }

    fn lists(&mut self, source: &Source) -> (Vec<Consent>, Vec<Withdrawals>) {
        let (mut consents, mut withdrawals) = (Vec::new(), Vec::new());
        for (path, name) in &source.consent {
            match read_consents(path, name, &self.people) {
                Ok(read) => consents.extend(read),
                Err(refusal) => self.report.refusals.push(refusal),
            }
        }
        for (path, name) in &source.withdrawals {
            match read_withdrawals(path, name, &self.people) {
                Ok(read) => withdrawals.push(read),
                Err(refusal) => self.report.refusals.push(refusal),
            }
        }
        let ids = || withdrawals.iter().flat_map(|list: &Withdrawals| &list.ids);
        self.report.consents = consents.len() as u64;
        self.report.withdrawals = ids().count() as u64;
        self.report.withdrawals_unknown =
            ids().filter(|(_, person)| person.is_none()).count() as u64;
        (consents, withdrawals)
    }

    fn finish(self, consents: Vec<Consent>, withdrawals: Vec<Withdrawals>) -> Result<Done, Stop> {
        if !self.report.refusals.is_empty() {
            return Err(Stop::Refused);
        }
        let manifest = Manifest {
            layout: LAYOUT,
            release: self.request.release.to_owned(),
            participants: self.people.total(),
            recipe_sha256: self.recipe.sha256.clone(),
            tables: self.tables,
        };
        let bytes = manifest.to_bytes()?;
        // Last of all: a folder without a manifest is not a release.
        disk::write_whole(&self.staging.path().join(MANIFEST), &bytes)?;
        let sha256 = hex(&Sha256::digest(&bytes));
        self.report.manifest_sha256 = Some(sha256.clone());
        Ok(Done {
            manifest,
            sha256,
            people: self.people,
            consents,
            withdrawals,
            staging: self.staging,
        })
    }
}

fn check_limit(report: &mut Report, name: &str, table: &TableReport) {
    let (refused, limit) = (table.refused_total(), report.quarantine_limit);
    if refused as f64 > limit * table.rows_in as f64 {
        let refusal = refuse::over_limit(name, refused, table.rows_in, limit);
        report.refusals.push(refusal);
    }
}

fn groups(recipe: &Recipe, plan: &TablePlan, sealed: &Sealed) -> KAnonymity {
    let columns = plan.quasi.iter();
    let names = columns.filter_map(|(column, step)| {
        let name = &plan.columns.get(*column)?.name;
        Some(step.map_or_else(|| name.clone(), |step| format!("{name} in steps of {step}")))
    });
    KAnonymity {
        quasi_identifiers: names.collect(),
        summary: sealed.classes.summary(&recipe.rules.k_anonymity.thresholds),
    }
}

/// What the manifest says of a table; takes the lists of files out of `sealed`.
fn entry(plan: &TablePlan, sealed: &mut Sealed) -> TableEntry {
    let rows = sealed.rows;
    let columns = plan.columns.iter().zip(&sealed.stats);
    TableEntry {
        rows,
        columns: columns
            .map(|(column, stats)| ColumnEntry {
                name: column.name.clone(),
                class: column.class.clone(),
                kind: column.typing.stored().word().to_owned(),
                title: column.title.clone(),
                field: column.field,
                missing_permille: (stats.missing * 1000 / rows.max(1)) as u32,
            })
            .collect(),
        families: std::mem::take(&mut sealed.families),
        clustered: sealed.clustered.take(),
        dimensions: std::mem::take(&mut sealed.lists.entries),
        dimension_files: std::mem::take(&mut sealed.lists.files),
    }
}

fn write_report(request: &Request<'_>, report: &Report) -> Result<(), Fault> {
    let dir = request.reports;
    std::fs::create_dir_all(dir).map_err(|error| Fault::io("create", dir, error))?;
    let path = |kind: &str| dir.join(format!("{}.{kind}", request.release));
    disk::write_whole(&path("json"), report.to_json().as_bytes())?;
    disk::write_whole(&path("txt"), report.to_text().as_bytes())
}
