//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod bench;
mod requests;
mod serving;

pub use bench::{Bench, BenchAirlock, BenchContestant, BenchKind, BenchQuery};
pub use requests::{Outcome, Request};
pub use serving::{Keys, Serve, Token};

/// Bring the question to the data. Only the checked answer leaves. Anyone can verify that.
#[derive(Debug, Parser)]
#[command(name = "readingroom", version, arg_required_else_help = true)]
pub struct Cli {
    /// Folder of the instance.
    #[arg(long, global = true, env = "READINGROOM_DIR", value_name = "DIR")]
    pub dir: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Whether failures are to be printed as JSON too.
    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::Demo(a) => a.print.json,
            Command::Synth(a) => a.print.json,
            Command::Init(a) => a.print.json,
            Command::Ingest(a) => a.print.json,
            Command::Do(a) => a.json.is_some(),
            Command::Policy { command } => command.print().json,
            Command::Query(a) => a.print.json,
            Command::Token { command } => command.print().json,
            Command::Serve(a) => a.print.json,
            Command::Keys { command } => command.print().json,
            Command::Worker | Command::Reader => false,
            Command::Airlock { command } => command.print().json,
            Command::Trace(a) => a.print.json,
            Command::Register { command } => command.print().json,
            Command::Verify(a) => a.print.json,
            Command::Bench { command } => command.print().json,
        }
    }
}

impl Policy {
    const fn print(&self) -> Print {
        match self {
            Self::Explain { print, .. } | Self::Check { print } | Self::Adopt { print, .. } => {
                *print
            }
        }
    }
}

impl Airlock {
    const fn print(&self) -> Print {
        match self {
            Self::Check { print, .. } | Self::Fix(AirlockFix { print, .. }) => *print,
            Self::Request(request) => request.print(),
        }
    }
}

impl Register {
    const fn print(&self) -> Print {
        match self {
            Self::Export { print, .. } | Self::Serve { print, .. } => *print,
        }
    }
}

/// How to print.
#[derive(Debug, Clone, Copy, Args)]
pub struct Print {
    /// Print JSON for programs instead of text for people.
    #[arg(long)]
    pub json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole chain on a synthetic cohort, verify it, and show the public register.
    Demo(Demo),
    /// Write a synthetic cohort as raw data, in the shapes a biobank receives.
    Synth(Synth),
    /// Make an instance: configuration, keys, database, policies, first ledger entry.
    Init(Init),
    /// Check raw data, remove identifiers, and seal a release.
    Ingest(Ingest),
    /// Give a governance command: register, apply, review, decide, sign, suspend, …
    Do(Do),
    /// Explain what policy lets a project use, and why.
    Policy {
        #[command(subcommand)]
        command: Policy,
    },
    /// Ask a question in SQL on behalf of a project.
    Query(Query),
    /// Issue and end the tokens with which programs ask questions.
    Token {
        #[command(subcommand)]
        command: Token,
    },
    /// Answer questions over Flight SQL and HTTP.
    Serve(Serve),
    /// List, wrap anew and destroy the keys under which releases are sealed.
    Keys {
        #[command(subcommand)]
        command: Keys,
    },
    /// Answer one question from standard input: what the program starts for each question, not for people.
    #[command(hide = true)]
    Worker,
    /// Read files from standard input: what the program starts for files that ask to leave, not for people.
    #[command(hide = true)]
    Reader,
    /// Check files that ask to leave; submit, review, release and recall them.
    Airlock {
        #[command(subcommand)]
        command: Airlock,
    },
    /// Tell which project a file that was found outside came from, and by what.
    Trace(Trace),
    /// Write or serve the public register.
    Register {
        #[command(subcommand)]
        command: Register,
    },
    /// Re-derive every hash, check the signature, replay the events, compare the state.
    Verify(Verify),
    /// Time questions over synthetic data, beside another engine.
    Bench {
        #[command(subcommand)]
        command: Bench,
    },
}

#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    pub print: Print,
    /// People in the synthetic cohort.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(200..=500_000))]
    pub participants: u32,
    /// Seed of the synthetic cohort: same seed, same data.
    #[arg(long, default_value_t = 2026)]
    pub seed: u64,
    /// End after verification instead of serving the register.
    #[arg(long)]
    pub no_serve: bool,
    /// Port of the register on loopback; 0 takes a free one.
    #[arg(long, default_value_t = 8026)]
    pub port: u16,
}

#[derive(Debug, Args)]
pub struct Synth {
    #[command(flatten)]
    pub print: Print,
    /// People in the cohort.
    #[arg(long)]
    pub participants: u32,
    /// Same seed, same bytes.
    #[arg(long, default_value_t = 2026)]
    pub seed: u64,
    /// Folder to write to; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Share of rows to spoil with mistakes that `ingest` must find, 0 to 0.5.
    #[arg(long, default_value_t = 0.0)]
    pub dirt: f64,
}

#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    pub print: Print,
    /// Name of the custodian, shown in the register.
    #[arg(long, default_value = "A Biobank")]
    pub custodian: String,
    /// Origin of the ledger: a name without scheme that stays the same for ever.
    #[arg(long, default_value = "readingroom.example/ledger")]
    pub origin: String,
    /// Id of the person who holds the custodian's powers at the start.
    #[arg(long, default_value = "custodian")]
    pub founder: String,
}

#[derive(Debug, Args)]
pub struct Ingest {
    #[command(flatten)]
    pub print: Print,
    /// Folder with raw data.
    pub source: PathBuf,
    /// Name of the release.
    #[arg(long)]
    pub release: String,
    /// Folder with a data dictionary and codings; without it those of the source folder, else those of the instance.
    #[arg(long, value_name = "DIR")]
    pub catalogue: Option<PathBuf>,
    /// Recipe to use instead of the instance's own.
    #[arg(long, value_name = "FILE")]
    pub recipe: Option<PathBuf>,
    /// Share of a table's rows that may be put in quarantine before the whole release is refused, 0 to 1.
    #[arg(long, value_name = "SHARE")]
    pub quarantine: Option<f64>,
    /// State that consent is held for every participant without a consent record, for these scopes
    /// (comma separated: health-records, genomics, imaging, recontact, commercial; or `none`).
    #[arg(long, value_name = "SCOPES")]
    pub consent_held: Option<String>,
    /// Who does it; a data manager.
    #[arg(long = "as", value_name = "PERSON")]
    pub actor: Option<String>,
}

#[derive(Debug, Args)]
pub struct Do {
    /// The command: see --list.
    #[arg(required_unless_present = "list")]
    pub command: Option<String>,
    /// File with the command's JSON body (`-`: standard input); the result is printed as JSON too.
    #[arg(long = "json", value_name = "FILE", num_args = 0..=1, conflicts_with = "body")]
    pub json: Option<Option<PathBuf>>,
    /// File with the command's JSON body (`-`: standard input); the result is printed for people.
    #[arg(long, value_name = "FILE")]
    pub body: Option<PathBuf>,
    /// List every command and who may give it.
    #[arg(long)]
    pub list: bool,
    /// Print the JSON Schema of the command's body.
    #[arg(long)]
    pub schema: bool,
    /// Who gives it; without this the founder.
    #[arg(long = "as", value_name = "PERSON")]
    pub actor: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Every class of data a project asked for: mode, failed gates, obligations, until when.
    Explain {
        #[command(flatten)]
        print: Print,
        /// The project.
        #[arg(long)]
        project: String,
    },
    /// Check the policies in the instance's folder against the schema.
    Check {
        #[command(flatten)]
        print: Print,
    },
    /// Put the policies in the instance's folder in force.
    Adopt {
        #[command(flatten)]
        print: Print,
        /// The second custodian who agrees.
        #[arg(long)]
        agreed_by: Option<String>,
        /// Who does it; a custodian.
        #[arg(long = "as", value_name = "PERSON")]
        actor: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum, PartialEq, Eq)]
pub enum QueryMode {
    /// Only disclosure-controlled answers.
    Aggregate,
    /// Rows under the project's pseudonyms, inside.
    Enclave,
    /// Rows that leave under an exemption, marked for the person they are given to.
    Transfer,
}

#[derive(Debug, Args)]
pub struct Query {
    #[command(flatten)]
    pub print: Print,
    /// The project.
    #[arg(long)]
    pub project: String,
    /// The question, one SELECT.
    #[arg(required_unless_present = "rerun")]
    pub sql: Option<String>,
    /// Ask an answered question again, as it was asked, and say whether the same bytes come out or what has changed.
    #[arg(long, value_name = "ID", conflicts_with_all = ["sql", "mode"])]
    pub rerun: Option<String>,
    /// Without this: the lowest of the modes open for the project's classes of data, leaving aside classes that are shut.
    #[arg(long)]
    pub mode: Option<QueryMode>,
    /// Print the answer as CSV: the bytes whose digest stands in the ledger.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Who asks; without this the project's lead.
    #[arg(long = "as", value_name = "PERSON")]
    pub actor: Option<String>,
}

/// A folder of tables in place of a project.
#[derive(Debug, Args)]
pub struct AirlockReference {
    /// Folder of participant-level tables (CSV, TSV, Parquet; also compressed by gzip) that the files are compared with; no
    /// instance is needed.
    #[arg(long, value_name = "DIR", requires = "id")]
    pub reference: Option<PathBuf>,
    /// The column of participants' ids in these tables.
    #[arg(long, value_name = "COLUMN", requires = "reference")]
    pub id: Option<String>,
    /// A custodian's thresholds by name, or a file of the custodian's own; without this the strictest.
    #[arg(long, value_name = "PRESET|FILE")]
    pub rules: Option<String>,
}

/// A version that passes.
#[derive(Debug, Args)]
pub struct AirlockFix {
    #[command(flatten)]
    pub print: Print,
    #[command(flatten)]
    pub reference: AirlockReference,
    /// Where the version that passes is written; never over anything.
    #[arg(long, value_name = "OUT")]
    pub to: PathBuf,
    /// The file.
    pub file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum Airlock {
    /// Judge files as one request: green, amber or red, with reasons. Changes nothing.
    Check {
        #[command(flatten)]
        print: Print,
        /// The project. Without one, name a folder of tables with --reference.
        #[arg(
            long,
            required_unless_present = "reference",
            conflicts_with = "reference"
        )]
        project: Option<String>,
        #[command(flatten)]
        reference: AirlockReference,
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Write the version of a file that passes, where that is mechanical: small counts withheld and rounded, outputs of a
    /// notebook cleared, metadata and ids dropped.
    Fix(AirlockFix),
    #[command(flatten)]
    Request(Request),
}

#[derive(Debug, Args)]
pub struct Trace {
    #[command(flatten)]
    pub print: Print,
    /// Folder of participant-level tables (the raw data, or an extract) with whose values the files are compared too.
    #[arg(long, value_name = "DIR", requires = "id")]
    pub reference: Option<PathBuf>,
    /// The column of participants' ids in these tables.
    #[arg(long, value_name = "COLUMN", requires = "reference")]
    pub id: Option<String>,
    /// The files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Register {
    /// Write the public pages, JSON and ledger to a folder.
    Export {
        #[command(flatten)]
        print: Print,
        /// Folder to write to; made if it is not there.
        #[arg(long, value_name = "SITE")]
        out: PathBuf,
    },
    /// Serve an exported folder on loopback.
    Serve {
        #[command(flatten)]
        print: Print,
        /// The exported folder.
        #[arg(long, value_name = "SITE")]
        site: PathBuf,
        /// Port; 0 takes a free one.
        #[arg(long, default_value_t = 8026)]
        port: u16,
    },
}

#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    pub print: Print,
    /// Instance or exported folder, http(s) address of a register, or release record; without it the instance of --dir.
    pub target: Option<String>,
    /// The log's verifier key, from a source you trust, instead of the one published beside the log.
    #[arg(long)]
    pub vkey: Option<String>,
}
