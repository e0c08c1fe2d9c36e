//! The command line of `readingroom bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Print;

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Questions of epidemiologists: ours, governed and sealed or not, and DuckDB's, in one run.
    Query(BenchQuery),
    /// Verdicts on files against a reference of biobank size, and the index of it.
    Airlock(BenchAirlock),
    /// One side of the bench, started by it.
    #[command(hide = true)]
    Contestant(BenchContestant),
}

#[derive(Debug, Args)]
pub struct BenchQuery {
    #[command(flatten)]
    pub print: Print,
    /// People in the synthetic cohort, if the folder has none yet.
    #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(200..=500_000))]
    pub participants: u32,
    /// Seed of the synthetic cohort: same seed, same data.
    #[arg(long, default_value_t = 2026)]
    pub seed: u64,
    /// Folder of the bench's data; what a run made there the next one finds.
    #[arg(long, value_name = "DIR", default_value = "reading-room-bench")]
    pub work: PathBuf,
    /// Times that each question is timed, after one run that warms the caches.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Only these questions, comma separated.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<String>,
    /// A Python that has DuckDB's package; scripts/bench/run.sh makes one.
    #[arg(long, value_name = "FILE", default_value = "python3")]
    pub python: String,
    /// Print where the time of our questions goes instead of timing them.
    #[arg(long)]
    pub profile: bool,
    /// Keep the raw data of the cohort (10 GB for 500,000 people).
    #[arg(long)]
    pub keep_raw: bool,
    /// Also write all figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Also rewrite the generated section of this page.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BenchAirlock {
    #[command(flatten)]
    pub print: Print,
    /// People in the reference.
    #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u64).range(1_000..=5_000_000))]
    pub participants: u64,
    /// Fields of the reference.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(20..=10_000))]
    pub fields: u64,
    /// Folder of the bench's data; what a run made there the next one finds.
    #[arg(long, value_name = "DIR", default_value = "reading-room-bench-airlock")]
    pub work: PathBuf,
    /// Times that each check is timed.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// A Python that has the package `acro`, to time it in the same run.
    #[arg(long, value_name = "FILE")]
    pub python: Option<String>,
    /// Also rewrite the generated section of this page.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum, PartialEq, Eq)]
pub enum BenchKind {
    /// Questions as a project's are answered.
    Governed,
    /// Our engine without governance.
    Bare,
    /// The engine as its makers deliver it.
    Stock,
}

#[derive(Debug, Args)]
pub struct BenchContestant {
    /// Which side.
    #[arg(long)]
    pub kind: BenchKind,
    /// Folder of the release.
    #[arg(long, value_name = "DIR")]
    pub release: PathBuf,
    /// Folder of the lists of texts.
    #[arg(long, value_name = "DIR")]
    pub lists: PathBuf,
    /// File of the key that the release's keys are wrapped with, if it is sealed.
    #[arg(long, value_name = "FILE")]
    pub kek: Option<PathBuf>,
    /// File of withdrawn people.
    #[arg(long, value_name = "FILE")]
    pub withdrawn: PathBuf,
}

impl Bench {
    /// How to print.
    pub const fn print(&self) -> Print {
        match self {
            Self::Query(a) => a.print,
            Self::Airlock(a) => a.print,
            Self::Contestant(_) => Print { json: true },
        }
    }
}
