//! Limits of this crate, each with its reason.

/// Identifiers returned by one search of a text. A text with more is disclosive many times over; the rest adds nothing.
pub const IDENTIFIERS_FOUND: usize = 10_000;

/// Bytes before the `@` of an e-mail address (RFC 5321 §4.5.3.1.1).
pub const EMAIL_LOCAL: usize = 64;

/// Bytes after the `@` of an e-mail address (RFC 5321 §4.5.3.1.2: a domain has at most 255 octets).
pub const EMAIL_DOMAIN: usize = 255;

/// Digits of a UK telephone number with its leading 0 (Ofcom, National Telephone Numbering Plan).
pub const PHONE_DIGITS: usize = 11;

/// Fewest distinct people behind a number that is shown. Ten is the strictest bar in UK practice: UK LLC
/// (Statistical Disclosure Control guidebook, 30 January 2026: "< 10 including zero"), the ONS Secure
/// Research Service (output checking guidance) and the default of ACRO.
pub const PEOPLE_PER_CELL: u64 = 10;

/// Decimals that a recipe may round to: a 64-bit float holds 15 decimal digits for certain.
pub const MAX_DECIMALS: u8 = 15;

/// Days that a date may be moved by: ten years. More would move people out of the period that their care belongs to.
pub const MAX_SHIFT_DAYS: u32 = 3652;

/// Edges of one banding: more bands than this are values again, not bands.
pub const MAX_BAND_EDGES: usize = 200;

/// Seconds of a project's budget window: thirty days, a month of work.
pub const BUDGET_WINDOW: i64 = 30 * 86_400;

/// Tables that a project may be shown in a window. A paper has fewer than ten; an attack needs hundreds of questions
/// (Gadotti et al. 2019: a median of 304 against Diffix).
pub const BUDGET_TABLES: u64 = 200;

/// Numbers that a project may be shown in a window: 200 tables of a hundred numbers, or 45 of 440.
pub const BUDGET_CELLS: u64 = 20_000;

/// Refusals for what a table would tell together with earlier ones, within a window, before a person looks. Each of them
/// says that a difference is small; two or three happen to everyone who refines a cohort.
pub const BUDGET_REFUSALS: u64 = 5;

/// Sets of people that are examined together, by elimination. Time grows with the third power: 128 sets take a tenth of a second.
/// Tables that do not fit take part as a whole (their total), and cell by cell in pairs.
pub const JOINT_SETS: usize = 128;

/// Steps of the exact search for a combination about few people, once nothing can be proved more cheaply. Each takes some
/// microseconds; a question that needs more is refused.
pub const SEARCH_STEPS: usize = 5_000;

/// Equations per person that one project may be given about the people of a cell, over several tables: one for eight people. With
/// random halves of 400 people and a condition that 70 % meet, an eighth lets the best linear guess be right for under
/// two in a hundred more than always guessing "yes" (docs/reference/disclosure.md#reconstruction has the sum).
pub const EQUATIONS_PER_PERSON: f64 = 0.125;

/// The same within one table: a group of twenty beside ten of them under a condition is 0.15.
pub const EQUATIONS_PER_PERSON_IN_ONE_TABLE: f64 = 1.0 / 6.0;

/// Tables about one population (but for fewer than ten people) that a project may be shown. A description of a cohort has about
/// twenty.
pub const TABLES_PER_POPULATION: usize = 50;

/// Counts that are made to agree with earlier ones by elimination. Larger systems are not settled but for equal sets and
/// totals; a project that is shown 200 tables in a month stays below it with ungrouped ones.
pub const SETTLED_SETS: usize = 384;

/// Coarser tables that are tried against the earlier ones that refused the finer; a person reads one of them.
pub const RECODES_TRIED: usize = 48;

/// Layers, cells and bytes of one kept table: a million groups is what a question may make (vault), each with few columns.
pub const KEPT_LAYERS: u32 = 1_000;
/// See [`KEPT_LAYERS`].
pub const KEPT_CELLS: u32 = 4_000_000;
/// Longest name of a family: a table and a column.
pub const KEPT_NAME: u32 = 1_000;

/// Conditions of one kept cell: as many as a question may have names and constants that matter to a person.
pub const KEPT_CONDITIONS: u32 = 1_000;

/// Pairs of cells of two tables that are looked through for totals without their parts.
pub const DIFFERENCES_WEIGHED: usize = 200_000;

/// Stand-ins of a group vary by so many thresholds. With 10 to 49 of them, the mean of four groups of either side says which side
/// lost one more with about 55 in a hundred (a uniform number has a deviation of 11.5); with 10 to 19 it was 62.
pub const STAND_IN_SPREAD: u64 = 4;

/// Hidden numbers that hang together and are searched as one. The search goes as deep as there are numbers; a table of 6,000
/// cells of which a tenth are hidden has 600. Larger parts keep the bounds that follow sum by sum.
pub const SEARCHED_NUMBERS: usize = 1_500;
