//! Limits of this crate, each with its reason. What goes past one is not read, and so is never green.

/// Bytes of one file that are read. Sixteen times what a custodian lets out, so that a large file is still searched for
/// participants; past it the memory of a check would no longer be small (about four times the file).
pub const BYTES: usize = 256 << 20;

/// Files of one request. More are one by one marked as not checked: the comparison between them grows with their number.
pub const FILES: usize = 10_000;

/// Rows of one table. Two hundred times what a custodian lets out.
pub const ROWS: usize = 1_000_000;

/// Columns of one table. Wider than any table of results; a wide phenotype table has 11,800.
pub const COLUMNS: usize = 20_000;

/// Cells of one table: bounds the memory, at some 24 bytes a cell besides its text.
pub const CELLS: usize = 10_000_000;

/// Bytes of one cell. A spreadsheet program holds 32,767 characters; longer means an open quotation mark or a payload.
pub const CELL_BYTES: usize = 32_767;

/// Bytes of one line of text. Longer is not written by people or by programs for people.
pub const LINE_BYTES: usize = 65_536;

/// Records that are looked at to find the delimiter of a file.
pub const SNIFF_RECORDS: usize = 500;

/// Tables taken out of one text. A log has dozens.
pub const TABLES: usize = 2_000;

/// Reasons given for one file; then "and N more". A person reads no more, and a program needs one.
pub const REASONS: usize = 50;

/// Lines or rows named in one reason; then "and N more".
pub const PLACES: usize = 8;

/// Characters of a column's name that a reason repeats.
pub const NAME_CHARS: usize = 40;

/// Shortest token that is looked up among participants. Four digits are years and counts; identifiers so short would make
/// each number of each table somebody's.
pub const ID_MIN: usize = 5;

/// Longest token that is looked up among participants: a SHA-256 in hexadecimal has 64 characters.
pub const ID_MAX: usize = 64;

/// Rounds of solving hidden cells from margins. Each round finds at least one cell or is the last.
pub const SOLVE_ROUNDS: usize = 64;

/// An unbroken run of letters and digits of this length is a payload (base64, hexadecimal), not a word.
pub const OPAQUE_RUN: usize = 200;

/// Shortest digit run that is looked up backwards or behind a decimal point: raw ids have seven digits, and shorter runs are
/// prices, postcodes and rounded results.
pub const REVERSED_MIN: usize = 6;

/// Characters between two pieces of an id that are read as one, and one more: `","` between quoted cells has three.
pub const PIECE_GAP: usize = 4;

/// Shortest run that is decoded: seven digits in base64 without padding.
pub const ENCODED_MIN: usize = 10;

/// Longest run that is decoded: the longest id in hexadecimal. Longer runs are payloads or not understood.
pub const ENCODED_MAX: usize = 2 * ID_MAX;

/// From this length a word that mixes letters and digits is no word that people read.
pub const OPAQUE_WORD: usize = 12;

/// Characters of a text in an answer with lineage. Names of groups are shorter; rows of people as literals are longer.
pub const LINEAGE_TEXT: usize = 40;

/// Characters of a file's name.
pub const FILE_NAME: usize = 100;

/// Longest word that is searched for a pseudonym at each of its characters: a pseudonym with a word glued to it. Of longer ones
/// (digests, of which a log may hold thousands) the two ends are looked up.
pub const GLUED: usize = 40;

/// Files within files: an archive in an archive in a mail is three; more is a hiding place.
pub const DEPTH: usize = 6;

/// Bytes that one file may unpack to, all its parts together: four times the largest file that is read as it is.
pub const UNPACKED_BYTES: u64 = 1 << 30;

/// Parts of one file that are read as files. A workbook has dozens of sheets, an archive of results hundreds of files.
pub const DOCUMENTS: usize = 20_000;

/// Things that one saved object of Python or R may be made of: a table of a million cells of words, twice.
pub const OBJECTS: usize = 2_000_000;

/// Objects within objects that are followed: a pipeline of models is ten deep; deeper is a hiding place, and deep recursion
/// ends a process.
pub const NESTING: usize = 64;
/// Pixels of one picture: a page at 600 points an inch has 35 million. At four bytes each, and as many marks of what was seen.
pub const PIXELS: usize = 36_000_000;

/// Bytes that one compressed text of a picture may unpack to: programs write some hundreds.
pub const METADATA_BYTES: usize = 1 << 20;

/// Parts of one office document. A report with a hundred pictures has three hundred.
pub const PARTS: usize = 5_000;

/// Pages of one document. A report that a person checks has tens, a thesis some hundreds.
pub const PAGES: usize = 2_000;
/// Rows of a transposed table of results, in which the people behind a column stand in a row of their own. A table of
/// characteristics has fewer than a hundred.
pub const TRANSPOSED_ROWS: usize = 300;
/// Bytes of JSON, YAML, XML or source code that are read as a tree: some thirty times as much memory. What a custodian lets out.
pub const TREE_BYTES: usize = 16 << 20;
/// Records of one table of the reference. Past it a table is cut: forty million events take a few gigabytes while they are read.
pub const REFERENCE_RECORDS: usize = 40_000_000;

/// Cells of one table of counts that are compared with other tables, with the totals that follow from them.
pub const FIGURES: usize = 40_000;

/// Columns of labels that tell the rows of a table of counts apart: of more, the totals that follow are too many.
pub const LABELS: usize = 4;

/// Steps of the search for what hidden cells can be, for one table: some hundred for each hidden cell of a large one.
pub const INTERVAL_STEPS: usize = 200_000;

/// Tables of one request that are compared with each other cell by cell; the comparison grows with the square.
pub const COMPARED_TABLES: usize = 400;

/// Tables that are solved together with one table.
pub const LINKED_TABLES: usize = 200;
