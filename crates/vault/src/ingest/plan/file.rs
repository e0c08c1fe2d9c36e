//! One file of a table: the fate of each of its columns, by the recipe's rule for it.
//!
//! Must never keep a column that no rule names.

use super::*;
use crate::ingest::cell;

/// Plans one file of a table.
pub(super) struct FilePlanner<'a> {
    pub(super) context: Context<'a>,
    pub(super) table: &'a str,
    pub(super) rule: &'a TableRule,
    pub(super) file: &'a str,
}

impl FilePlanner<'_> {
    pub(super) fn plan(
        &self,
        table: &mut TablePlan,
        path: &std::path::Path,
        header: Vec<String>,
    ) -> Result<FilePlan, Vec<Refusal>> {
        if !header.iter().any(|name| self.is_id(name)) {
            // Without an id the first line may be data, so none of its cells is named.
            let wanted = self.id_names();
            return Err(vec![refuse::missing_column(self.file, self.table, &wanted)]);
        }
        let mut refusals = self.check_names(&header);
        let first = table.files.is_empty();
        let (mut ids, mut kept) = (Vec::new(), Vec::new());
        for (place, name) in header.iter().enumerate() {
            if name.is_empty() {
                continue;
            }
            match self.fate(name, place, table) {
                Ok(Fate::Id) => ids.push(place),
                Ok(Fate::Drop(dropped)) => {
                    if !table
                        .dropped
                        .iter()
                        .any(|known| known.column == dropped.column)
                    {
                        table.dropped.push(dropped);
                    }
                }
                Ok(Fate::Keep(column)) => kept.push((place, *column)),
                Err(refusal) => refusals.push(refusal),
            }
        }
        for name in &self.rule.required {
            if !header
                .iter()
                .any(|column| column.eq_ignore_ascii_case(name))
            {
                refusals.push(refuse::missing_column(self.file, self.table, name));
            }
        }
        let id = match ids.as_slice() {
            [id] => *id,
            several => {
                refusals.push(refuse::several_ids(self.file, several.len()));
                0
            }
        };
        refusals.extend(self.check_same_sql_name(&header, &kept));
        let places = if first {
            let places = kept.iter().map(|(place, _)| *place).collect();
            table.columns = kept.into_iter().map(|(_, column)| column).collect();
            places
        } else {
            self.match_columns(table, &kept).unwrap_or_else(|refusal| {
                refusals.push(refusal);
                Vec::new()
            })
        };
        if !refusals.is_empty() {
            return Err(refusals);
        }
        Ok(FilePlan {
            path: path.to_owned(),
            name: self.file.to_owned(),
            header,
            id,
            places,
        })
    }

    fn is_id(&self, name: &str) -> bool {
        let rule = self.rule.columns.get(&name.to_ascii_lowercase());
        rule.is_some_and(|column| column.rule == Rule::Pseudonymise)
    }

    fn id_names(&self) -> String {
        let ids = self.rule.columns.iter();
        let ids = ids.filter(|(_, column)| column.rule == Rule::Pseudonymise);
        let names: Vec<&str> = ids.map(|(name, _)| name.as_str()).collect();
        names.join(" or ")
    }

    fn check_names(&self, header: &[String]) -> Vec<Refusal> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut refusals = Vec::new();
        for (place, name) in header.iter().enumerate() {
            if name.is_empty() || name.len() > limits::MAX_NAME_BYTES {
                refusals.push(refuse::bad_column_name(self.file, place + 1));
            } else if let Some(before) = seen.insert(name.to_ascii_lowercase(), place) {
                refusals.push(refuse::duplicate_column(
                    self.file,
                    before + 1,
                    place + 1,
                    name,
                ));
            }
        }
        refusals
    }

    /// Two raw names of one field's column, for example `31-0.0` and `f.31.0.0`.
    fn check_same_sql_name(&self, header: &[String], kept: &[(usize, ColumnPlan)]) -> Vec<Refusal> {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let mut refusals = Vec::new();
        for (place, column) in kept {
            if let Some(before) = seen.insert(&column.name, *place) {
                let same = |place: usize| header.get(place).cloned().unwrap_or_default();
                // The same raw name twice has been told already.
                if !same(before).eq_ignore_ascii_case(&same(*place)) {
                    let names = format!("{} and {}", same(before), same(*place));
                    refusals.push(refuse::duplicate_column(
                        self.file,
                        before + 1,
                        place + 1,
                        &names,
                    ));
                }
            }
        }
        refusals
    }

    fn match_columns(
        &self,
        table: &TablePlan,
        kept: &[(usize, ColumnPlan)],
    ) -> Result<Vec<usize>, Refusal> {
        let by_name: BTreeMap<&str, usize> = kept
            .iter()
            .map(|(place, column)| (column.name.as_str(), *place))
            .collect();
        let places: Option<Vec<usize>> = table
            .columns
            .iter()
            .map(|column| by_name.get(column.name.as_str()).copied())
            .collect();
        match places {
            Some(places) if places.len() == kept.len() => Ok(places),
            _ => Err(refuse::different_columns(self.file, self.table)),
        }
    }

    fn fate(&self, name: &str, place: usize, table: &mut TablePlan) -> Result<Fate, Refusal> {
        let lower = name.to_ascii_lowercase();
        if let Some(rule) = self.rule.columns.get(&lower) {
            return Ok(self.named_fate(&lower, rule, table));
        }
        let refused = || {
            Err(refuse::column_without_rule(
                self.file,
                place + 1,
                name,
                self.table,
                self.rule.role,
            ))
        };
        if self.rule.role != Role::Main {
            return refused();
        }
        let Some(column) = FieldColumn::parse(name) else {
            return refused();
        };
        let listed = self.context.catalogue.field(column.field);
        let by_field = self
            .rule
            .fields
            .iter()
            .find(|rule| rule.fields.holds(column.field));
        let drop = |why: String| {
            Ok(Fate::Drop(Dropped {
                column: name.to_owned(),
                why,
                identifier: false,
            }))
        };
        match (by_field, listed) {
            (Some(rule), _) if rule.rule == Rule::Drop => drop(rule.why.clone()),
            (Some(rule), Some(field)) => self.field_fate(column, field, &rule.rule, table),
            (None, Some(field)) => match self.rule.by_type.get(&field.value_type) {
                None => refused(),
                Some(Rule::Drop) => {
                    drop(format!("fields of the type {}", field.value_type.words()))
                }
                Some(rule) => self.field_fate(column, field, rule, table),
            },
            (_, None) => match self.rule.unlisted_fields {
                Some(Unlisted::Drop) => drop("fields that the catalogue does not list".to_owned()),
                None => Err(refuse::unlisted_field(
                    self.file,
                    place + 1,
                    name,
                    self.table,
                )),
            },
        }
    }

    fn named_fate(&self, name: &str, rule: &ColumnRule, table: &mut TablePlan) -> Fate {
        let kind = match (&rule.rule, rule.kind) {
            (Rule::Pseudonymise, _) => return Fate::Id,
            (Rule::Drop, _) | (_, None) => {
                return Fate::Drop(Dropped {
                    column: name.to_owned(),
                    why: "the recipe's rule for the column".to_owned(),
                    identifier: self.context.rules.is_identifier(name),
                });
            }
            (_, Some(kind)) => kind,
        };
        let codes = match rule.coding {
            Some(id) => self.codes_of(id, kind, table),
            None => Codes::Any,
        };
        let special = rule.special_dates.as_ref();
        let special = special.and_then(|name| self.context.rules.special_dates.get(name));
        let days = special.into_iter().flatten();
        let class = rule.class.as_ref().or(self.rule.class.as_ref());
        Fate::Keep(Box::new(ColumnPlan {
            name: name.to_owned(),
            title: rule.title.clone(),
            class: class.map_or("baseline", String::as_str).to_owned(),
            field: None,
            first: false,
            rule: rule.rule.word(),
            typing: Typing {
                kind,
                codes,
                strict: self.rule.unknown_codes == Unknown::Quarantine,
                transform: transform_of(&rule.rule),
                special_days: days
                    .filter_map(|day| cell::parse_date(day.as_bytes()))
                    .collect(),
            },
        }))
    }

    fn field_fate(
        &self,
        column: FieldColumn,
        field: &Field,
        rule: &Rule,
        table: &mut TablePlan,
    ) -> Result<Fate, Refusal> {
        let mut kind = stored_as(field.value_type);
        let mut codes = Codes::Any;
        let mut special_days = Vec::new();
        let mut unknown = self.rule.unknown_codes;
        if let Some(id) = field.coding {
            match field.value_type {
                ValueType::CategoricalSingle | ValueType::CategoricalMultiple => {
                    codes = self.codes_of(id, ColumnKind::Int64, table);
                    if matches!(codes, Codes::Integers(_)) {
                        kind = ColumnKind::Int64;
                    }
                }
                ValueType::Integer | ValueType::Continuous => {
                    let coding = self.context.catalogue.coding(id);
                    let specials = coding.map(|coding| coding.negatives()).unwrap_or_default();
                    if !specials.is_empty() {
                        codes = Codes::Specials(specials);
                        unknown = self.rule.uncoded_negatives;
                    }
                }
                ValueType::Date | ValueType::Time => {
                    let coding = self.context.catalogue.coding(id);
                    let days = coding.iter().flat_map(|coding| coding.values());
                    special_days = days
                        .filter_map(|day| cell::parse_date(day.as_bytes()))
                        .collect();
                }
                ValueType::Text | ValueType::Compound => {}
            }
        }
        if let Err(error) = rule.apply_to(kind.plain()) {
            return Err(refuse::rule_does_not_fit(self.table, field.id, &error));
        }
        let catalogue = self.context.catalogue;
        Ok(Fate::Keep(Box::new(ColumnPlan {
            name: catalogue.sql_name(column),
            title: title_of(field, column),
            class: self.context.rules.class_of(field).to_owned(),
            field: Some(field.id),
            first: column.instance == 0 && column.array == 0,
            rule: rule.word(),
            typing: Typing {
                kind,
                codes,
                strict: unknown == Unknown::Quarantine,
                transform: transform_of(rule),
                special_days,
            },
        })))
    }

    /// The codes of a coding for a column of this kind. A coding that the catalogue does not have is noted.
    fn codes_of(&self, id: u32, kind: ColumnKind, table: &mut TablePlan) -> Codes {
        let Some(coding) = self.context.catalogue.coding(id) else {
            table.unchecked_codings.push(id);
            return Codes::Any;
        };
        match (kind, coding.integers()) {
            (ColumnKind::Int32 | ColumnKind::Int64, Some(codes)) => Codes::Integers(codes),
            _ => Codes::Texts(coding.clone()),
        }
    }
}

fn transform_of(rule: &Rule) -> Transform {
    match rule {
        Rule::Keep | Rule::Drop | Rule::Pseudonymise => Transform::None,
        Rule::Generalise(Generalise::Step(step)) => Transform::Step(*step),
        Rule::Generalise(Generalise::Decimals(decimals)) => Transform::Decimals(*decimals),
        Rule::Truncate(Truncate::Year) => Transform::Year,
        Rule::Truncate(Truncate::Month) => Transform::Month,
        // Typing a date cuts the time of day off.
        Rule::Truncate(Truncate::Day) => Transform::None,
        Rule::Truncate(Truncate::Chars(chars)) => Transform::Chars(*chars),
        Rule::Shift(shift) => Transform::Shift(shift.max_days),
        Rule::Band(band) => Transform::Band(band.clone(), band.labels()),
    }
}

fn title_of(field: &Field, column: FieldColumn) -> String {
    let mut title = field.title.clone();
    if let Some(units) = &field.units {
        title.push_str(&format!(" ({units})"));
    }
    if field.instances > 1 || column.instance > 0 {
        title.push_str(&format!(", instance {}", column.instance));
    }
    if field.arrays > 1 || column.array > 0 {
        title.push_str(&format!(", item {}", column.array));
    }
    title
}
