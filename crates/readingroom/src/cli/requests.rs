//! The parts of the command line that are about requests for files to leave.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Print;

impl Request {
    pub(super) const fn print(&self) -> Print {
        match self {
            Self::Submit { print, .. }
            | Self::Review { print, .. }
            | Self::Return { print, .. }
            | Self::Withdraw { print, .. }
            | Self::Release { print, .. }
            | Self::Download { print, .. }
            | Self::Recall { print, .. }
            | Self::Deleted { print, .. }
            | Self::Status { print, .. }
            | Self::Metrics { print, .. } => *print,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Request {
    /// Ask for files to leave, or send the next version of a request that was given back.
    Submit {
        #[command(flatten)]
        print: Print,
        /// The project.
        #[arg(long)]
        project: String,
        /// Short name of the request.
        #[arg(long)]
        id: String,
        /// What they are for.
        #[arg(long)]
        purpose: String,
        /// How they were made, and what a checker must know to judge them.
        #[arg(long)]
        context: Option<String>,
        /// Which output of the project's output plan this is, in the plan's words; without it two people must look.
        #[arg(long, value_name = "OUTPUT")]
        planned: Option<String>,
        /// Who asks; without this the project's lead.
        #[arg(long = "as", value_name = "PERSON")]
        actor: Option<String>,
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Accept or reject a request. The conclusion stays sealed until two checkers have given theirs.
    Review {
        #[command(flatten)]
        print: Print,
        /// The request.
        #[arg(long)]
        id: String,
        /// `accept` or `reject`.
        #[arg(long)]
        outcome: Outcome,
        /// Statement of reasons.
        #[arg(long)]
        reasons: String,
        /// Who checks; an output checker.
        #[arg(long = "as", value_name = "PERSON")]
        actor: String,
    },
    /// Give a request back to its author with comments.
    Return {
        #[command(flatten)]
        print: Print,
        /// The request.
        #[arg(long)]
        id: String,
        /// What is missing, and what to change.
        #[arg(long)]
        comments: String,
        /// Who checks; an output checker.
        #[arg(long = "as", value_name = "PERSON")]
        actor: String,
    },
    /// Take one's own request back before it leaves.
    Withdraw {
        #[command(flatten)]
        print: Print,
        /// The request.
        #[arg(long)]
        id: String,
        /// Its author.
        #[arg(long = "as", value_name = "PERSON")]
        actor: String,
    },
    /// Release a request that two checkers accepted, and write its files with their signed record.
    Release {
        #[command(flatten)]
        print: Print,
        /// The request.
        #[arg(long)]
        id: String,
        /// Folder to write the files to.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Who releases; an output checker or custodian.
        #[arg(long = "as", value_name = "PERSON")]
        actor: String,
    },
    /// Be handed the files of a release with their signed record; who was handed what is in the ledger.
    Download {
        #[command(flatten)]
        print: Print,
        /// The request.
        #[arg(long)]
        id: String,
        /// Folder to write the files to.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Who is handed them; a researcher of the project, an output checker or custodian.
        #[arg(long = "as", value_name = "PERSON")]
        actor: String,
    },
    /// Call a release back: nobody is handed it any more, and a letter is written to each person who was.
    Recall {
        #[command(flatten)]
        print: Print,
        /// The request.
        #[arg(long)]
        id: String,
        /// Statement of reasons, for those who had it.
        #[arg(long)]
        reasons: String,
        /// Folder to write the letters to.
        #[arg(long, value_name = "DIR")]
        letters: PathBuf,
        /// Who calls it back; a custodian or security officer.
        #[arg(long = "as", value_name = "PERSON")]
        actor: String,
    },
    /// Confirm that one deleted a release that was called back, and every copy of it.
    Deleted {
        #[command(flatten)]
        print: Print,
        /// The request.
        #[arg(long)]
        id: String,
        /// Who deleted it.
        #[arg(long = "as", value_name = "PERSON")]
        actor: String,
    },
    /// Show where requests stand.
    Status {
        #[command(flatten)]
        print: Print,
        /// One request, with everything that is known of it.
        #[arg(long, conflicts_with = "project")]
        id: Option<String>,
        /// All requests of one project; without this of every project.
        #[arg(long)]
        project: Option<String>,
    },
    /// Show how many requests there were and how long they took, by colour.
    Metrics {
        #[command(flatten)]
        print: Print,
        /// One project; without this all.
        #[arg(long)]
        project: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum, PartialEq, Eq)]
pub enum Outcome {
    Accept,
    Reject,
}
