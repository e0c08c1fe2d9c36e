//! The parts of the command line that are about serving: tokens, the service, and the keys of releases.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Print;

impl Token {
    pub(super) const fn print(&self) -> Print {
        match self {
            Self::Issue { print, .. } | Self::End { print, .. } | Self::List { print, .. } => {
                *print
            }
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Issue a token for a project; it is shown once.
    Issue {
        #[command(flatten)]
        print: Print,
        /// The project.
        #[arg(long)]
        project: String,
        /// Days until it ends, at most 30.
        #[arg(long, default_value_t = 7)]
        days: u32,
        /// For whom; without this the project's lead.
        #[arg(long = "as", value_name = "PERSON")]
        actor: Option<String>,
    },
    /// End a token at once; questions asked with it end within a second.
    End {
        #[command(flatten)]
        print: Print,
        /// The token's id: the part before the dot.
        id: String,
        /// Who ends it: its researcher, a custodian or a security officer.
        #[arg(long = "as", value_name = "PERSON")]
        actor: Option<String>,
    },
    /// List tokens that are still taken.
    List {
        #[command(flatten)]
        print: Print,
    },
}

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub print: Print,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    pub host: std::net::IpAddr,
    /// Port of Flight SQL; 0 takes a free one.
    #[arg(long, default_value_t = 31337)]
    pub flight_port: u16,
    /// Port of HTTP; 0 takes a free one.
    #[arg(long, default_value_t = 8027)]
    pub http_port: u16,
    /// Certificate chain in PEM; without it one for this machine is made and kept in the instance's folder.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// Private key of the certificate in PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// List the keys of every release by class of data.
    List {
        #[command(flatten)]
        print: Print,
    },
    /// Make a new key-encryption key and wrap the keys of every release under it; no data is rewritten.
    Rotate {
        #[command(flatten)]
        print: Print,
    },
    /// Destroy the keys of a release, or of one of its classes: its files can never be opened again.
    Erase {
        #[command(flatten)]
        print: Print,
        /// The release.
        #[arg(long)]
        release: String,
        /// The class of data; without it all of them.
        #[arg(long)]
        class: Option<String>,
        /// Statement of reasons.
        #[arg(long)]
        reasons: String,
        /// The second person who agrees; a custodian or data manager.
        #[arg(long, value_name = "PERSON")]
        agreed_by: String,
        /// Who does it; a custodian or data manager.
        #[arg(long = "as", value_name = "PERSON")]
        actor: String,
    },
}

impl Keys {
    pub(super) const fn print(&self) -> Print {
        match self {
            Self::List { print } | Self::Rotate { print } | Self::Erase { print, .. } => *print,
        }
    }
}
