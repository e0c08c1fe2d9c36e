//! Limits of this crate, each with its reason.

// Ingest.

/// Files in a raw folder. A biobank delivers tens; thousands are the wrong folder.
pub const MAX_SOURCE_FILES: usize = 1_000;

/// Columns of one file. The widest main table seen has 25,198; a header beyond this is not one.
pub const MAX_COLUMNS: usize = 40_000;

/// Bytes of one row. Wide rows reach some 300 kB; without a limit an unclosed quotation mark would read the whole file into memory.
pub const MAX_ROW_BYTES: usize = 8_000_000;

/// Characters of a column's name: longer ones cannot be SQL names and are not names.
pub const MAX_NAME_BYTES: usize = 128;

/// Bytes of one text value. The longest in primary care records are drug names of some hundred characters.
pub const MAX_TEXT_BYTES: usize = 4_096;

/// Characters of a participant's id in raw data. Biobank ids are numbers of 7 digits.
pub const MAX_ID_BYTES: usize = 64;

/// Fields of a catalogue: UK Biobank has 11,800.
pub const MAX_FIELDS: usize = 100_000;

/// Codes of all codings: UK Biobank has 87,258 in 461 codings.
pub const MAX_CODING_VALUES: usize = 5_000_000;

/// Bytes of a recipe file: it is written and read by people.
pub const MAX_RECIPE_BYTES: u64 = 1_000_000;

/// Bytes of a manifest: 40,000 columns at 200 bytes each, and room.
pub const MAX_MANIFEST_BYTES: u64 = 64_000_000;

/// Participants of an instance: 32 times the largest biobank planned for; keeps files and indices small.
pub const MAX_PARTICIPANTS: u32 = 16_777_216;

/// Consecutive participant indices in one Parquet file. 500,000 participants make 31 files a table, and one
/// file's events (3.8 million) fit in memory to be sorted.
pub const BUCKET_PARTICIPANTS: u32 = 16_384;

/// Bytes of rows kept in memory before they go to temporary files.
pub const SPILL_MEMORY_BYTES: usize = 256_000_000;

/// Rows typed at a time from narrow tables.
pub const BATCH_ROWS: usize = 131_072;

/// Cells typed at a time from wide tables: 4 million cells of 8 bytes are 32 MB.
pub const BATCH_CELLS: usize = 4_000_000;

/// Text bytes typed at a time in one column; far below the 2 GiB that 32-bit offsets reach.
pub const BATCH_TEXT_BYTES: usize = 32_000_000;

/// Bytes read from disk at a time.
pub const READ_BUFFER_BYTES: usize = 256 * 1024;

/// Bytes of rows handed from the splitting to the typing thread at a time: fits in the second-level cache.
pub const BLOCK_BYTES: usize = 512 * 1024;

/// Rows in one such block.
pub const BLOCK_ROWS: usize = 16_384;

/// Blocks under way between the two threads: enough that neither waits, little to hold.
pub const BLOCKS_IN_FLIGHT: usize = 4;

/// Threads that sort and write files: two cores, and each holds one file's rows in memory.
pub const SEAL_THREADS: usize = 2;

/// Rows of one Parquet row group in event tables (measured: 128k and 1M are alike in speed, larger ones smaller).
pub const EVENT_ROW_GROUP_ROWS: usize = 1_000_000;

/// Rows of one Parquet row group in wide tables: with 1,000s of columns a larger group would take too much memory to write.
pub const WIDE_ROW_GROUP_ROWS: usize = 131_072;

/// Columns of one family of a wide table: the index at a file's end, which is read before anything else of it, stays below
/// some 100 kB (a file of 10,000 columns took 350 ms to open, measured).
pub const FAMILY_COLUMNS: usize = 300;

/// Different values of a text column that is stored as numbers. The codes of a coding system that occur in records are
/// some 60,000; a list of this length is looked through in milliseconds.
pub const DIMENSION_VALUES: usize = 262_144;

/// Bytes of those values together.
pub const DIMENSION_BYTES: usize = 32_000_000;

/// Rows with a value for each different value, at least, for a text column to be stored as numbers.
pub const DIMENSION_REPEATS: u64 = 4;

/// Columns of codes by which the second copy of a table is sorted.
pub const MAX_CLUSTER_COLUMNS: usize = 4;

/// Rows of one Parquet row group in copies sorted by codes: reading one code touches a small part of a file.
pub const CLUSTERED_ROW_GROUP_ROWS: usize = 131_072;

/// Rows of one Parquet page, the smallest part that can be left unread.
pub const PAGE_ROWS: usize = 20_000;

/// Columns from which a table counts as wide.
pub const WIDE_COLUMNS: usize = 64;

/// Rows handed to the Parquet writer at a time.
pub const WRITE_ROWS: usize = 65_536;

/// Problems listed with their place for each table and reason; the rest is only counted. A hundred show the pattern.
pub const LISTED_PROBLEMS: usize = 100;

/// People at or beyond each end of a range that a report shows.
pub const RANGE_PEOPLE: usize = 10;

/// Columns that a table may be sorted by besides the participant.
pub const MAX_SORT_COLUMNS: usize = 2;

/// Default share of a table's rows that may be refused without refusing the release.
pub const QUARANTINE_SHARE: f64 = 0.05;

/// First and last year of a plausible date in a health record: nobody alive in 2006 was born before 1880.
pub const DATE_YEARS: std::ops::RangeInclusive<i32> = 1880..=2099;

// Sealed files.

/// Bytes of plain text in one chunk of a sealed file. Measured: with 64 KiB a scan cannot be told from one of plain files, and
/// a look-up of one person reads little more than it needs. Part of the format: another value is another format.
pub const SEALED_CHUNK_BYTES: u32 = 64 * 1024;

/// Chunks of one sealed file (16 TiB): far below what one key may seal (NIST SP 800-38D, section 8.3), far above any file.
pub const SEALED_CHUNKS: u64 = 1 << 28;

/// Bytes that a stream over a whole sealed file opens at a time: 64 chunks, large enough that calls do not count.
pub const SEALED_PIECE_BYTES: u64 = 4 * 1024 * 1024;

/// Opened files whose keys a store remembers. A release of 500,000 participants has some 10,000 files at most.
pub const SEALED_FILES_REMEMBERED: usize = 20_000;

/// Classes of data in one release's keys: eight are known.
pub const SEALED_CLASSES: usize = 64;

/// Bytes of one wrapped key. Services that manage keys give some hundred bytes, the largest about six thousand.
pub const WRAPPED_KEY_BYTES: usize = 8_192;

/// Bytes of a release's keys on disk: all classes with the largest wrapped keys, in hexadecimal, and room.
pub const KEYS_FILE_BYTES: u64 = 2_000_000;

/// Bytes of the file of key-encryption keys: hundreds of lines; rotations are years apart.
pub const KEK_FILE_BYTES: u64 = 64 * 1024;

/// Bytes of spilled rows in one frame: as for chunks of files.
pub const SPILL_FRAME_BYTES: usize = 64 * 1024;

/// Bytes of spilled rows read at a time, as large as the engine's own read buffer and twice over.
pub const SPILL_READ_BYTES: u64 = 256 * 1024;

// Questions.

/// Bytes of a question's text. Planning is work done before any row is read, so its input is bounded (notes on the
/// engine: 64 kB); the longest published code list in a WHERE clause is about a third of it.
pub const SQL_BYTES: usize = 64 * 1024;

/// Words and signs of a question. Bounds the tree that the parser builds, and with it the stack needed to drop it.
pub const SQL_TOKENS: usize = 20_000;

/// Levels of brackets and subqueries. The parser's own default; deeper trees are attacks on the stack.
pub const SQL_DEPTH: usize = 50;

/// Levels of one expression (`a + b + c …` is one level for each sign). Every pass over a tree recurses this deep.
pub const EXPRESSION_DEPTH: usize = 500;

/// Members of one IN list: the longest code lists have a few thousand codes.
pub const IN_LIST: usize = 10_000;

/// Characters of a name. PostgreSQL's limit, so that a question works there too.
pub const NAME: usize = 63;

/// Columns of one answer, and columns that `*` may stand for: planning time grows with the square of them
/// (20 s for 10,000 columns, measured).
pub const ANSWER_COLUMNS: usize = 1_000;

/// Groups before disclosure control. A table for people has a few thousand cells; each group keeps its set of people in
/// memory.
pub const GROUPS: u64 = 1_000_000;

/// Bytes of a text that joining texts may make. Keeps `a || a || …` in nested subqueries from doubling without end.
pub const TEXT_BYTES: usize = 4_096;

/// Bytes of a regular expression. The matcher is linear in the text, but compiling grows with the pattern.
pub const PATTERN_BYTES: usize = 256;

/// Bytes that a compiled regular expression may take: a tenth of the engine's own limit, so that whatever passes the gate
/// compiles there too, and no pattern can fail once rows are read. `\w{1,20}` is below it (tested).
pub const PATTERN_COMPILED_BYTES: usize = 1 << 20;

/// Different regular expressions in one question. Each may take milliseconds to compile, before any timer can stop it.
pub const PATTERNS: usize = 100;

/// Relations of a question once every use of a WITH part or subquery is written out, which is what planning does: 24 parts
/// that each use the one before twice are 16 million (15 GB, measured). Questions of people use tens.
pub const EXPANDED_RELATIONS: u64 = 200;

/// Nodes of a question's expressions once every use of a calculated column is written out, which optimising may do. Several
/// times what the longest text holds without reuse (some 10,000 codes in a list, of which aggregate mode makes three copies).
pub const EXPANDED_NODES: u64 = 50_000;

/// Months by which a constant interval may move a date: 200 years, more than a life.
pub const INTERVAL_MONTHS: i32 = 2_400;

/// Days by which a constant interval may move a date: 200 years.
pub const INTERVAL_DAYS: i32 = 73_050;

/// Stack of the threads that plan and run a question: room for the deepest tree that the limits above let through, in
/// an unoptimised build. Reserved, not used.
pub const STACK: usize = 128 * 1024 * 1024;

/// Threads that work on one question. The reference machine has two cores.
pub const THREADS: usize = 2;

// Workers.

/// Bytes of one frame between a worker and its parent: the sets of people of [`GROUPS`] small groups, or of some thousand
/// groups of everybody.
pub const FRAME_BYTES: usize = 1 << 30;

/// How often a parent looks whether its worker may go on: a suspended project's question ends within a second.
pub const WATCH: std::time::Duration = std::time::Duration::from_millis(100);

/// How often a worker says how far it is.
pub const PROGRESS: std::time::Duration = std::time::Duration::from_millis(500);

/// Steps in which that is told: fine enough for a bar, too coarse to count the rows of a file by.
pub const PROGRESS_STEPS: u32 = 20;

/// Address space of a worker beyond the memory of its question: program, libraries, stacks that are reserved and not used
/// ([`STACK`] for each thread), and the allocator's arenas.
pub const WORKER_SPACE: u64 = 6 << 30;

/// Memory of a worker beyond that of its question: the engine reserves what it knows of, and decoding, sorting and the
/// answer take some that it does not (four times as much was measured for a spilling aggregation).
pub const WORKER_MEMORY_FACTOR: u64 = 2;

/// Files that a worker may have open: those of a wide release, and what it spills.
pub const WORKER_FILES: u64 = 4_096;

/// Bytes read from a file's end at once: the index of most files is within it, so that they are opened by one reading.
pub const FOOTER_BYTES: usize = 256 * 1024;

/// Bytes of files' ends and lists of codes that a process keeps between questions: all tables of 500,000 participants
/// take about half of it.
pub const KEPT_BYTES: usize = 256 << 20;

/// Share of a table's rows, one in this many, up to which the copy sorted by codes is read instead of the first one. Above it
/// the first copy's order by participant is worth more than leaving rows unread.
pub const CLUSTERED_SHARE: u64 = 4;

/// Rows below which the reading of a table is not shared between threads.
pub const SHARE_ROWS: u64 = 65_536;

/// Bytes of sealed rows that one question may have on disk at a time: several times its memory.
pub const SPILL_DISK_BYTES: u64 = 16 << 30;
