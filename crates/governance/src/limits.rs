//! Limits of this crate, each with its reason.

/// Characters in an id: long enough for a ROR or LEI based name, short enough to print on one line.
pub const ID_CHARS: usize = 64;
/// Characters in a title or a name: a journal title fits, a pasted abstract does not.
pub const TITLE_CHARS: usize = 300;
/// Characters in the name of a file that asks to leave: any system takes it, and it fits on a checker's line.
pub const FILE_NAME_CHARS: usize = 100;
/// Characters in a free text (goals, methods, reasons): about two printed pages. The sum of the texts of
/// one application stays below [`LEAF_BYTES`].
pub const TEXT_CHARS: usize = 6_000;
/// Items in a list inside one command (collaborators, places, files, classes): a consortium fits.
pub const LIST_ITEMS: usize = 500;
/// Fields an application may name one by one: the whole catalogue has about 11,800 fields, and an
/// application for all of them says `*`.
pub const FIELDS_NAMED: usize = 2_000;
/// Participants in one consent or withdrawal command. A larger file is sent in several commands.
/// Their ids travel in a private disclosure, which is not part of the leaf.
pub const PARTICIPANTS_PER_BATCH: usize = 1_000_000;
/// Bytes of one log entry: the uint16 length of a C2SP tlog-tiles entry bundle.
pub const LEAF_BYTES: usize = 65_535;
/// Links followed upwards from an institution to its owners. Ownership chains of real groups have
/// fewer than twenty steps; a longer one is a cycle or an error.
pub const OWNERSHIP_STEPS: usize = 64;
/// Seconds that a token is taken: 30 days. Longer than any analysis script runs, short enough that a lost one ends by itself.
pub const TOKEN_SECONDS: i64 = 30 * 86_400;
/// Tokens that a researcher may hold at a time: a notebook, a workstation, a scheduled script, and room.
pub const TOKENS_EACH: usize = 10;
/// Refused questions whose time is kept for each project: more than any allowance of them.
pub const DIFFERENCES_KEPT: usize = 100;
/// Characters of one disclosure in a command: salt, name and a conclusion of one word have about a hundred.
pub const DISCLOSURE_CHARS: usize = 1_000;
