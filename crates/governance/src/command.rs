//! The list of commands: name, who may give it, and the shape of its JSON. One line per command; the
//! permission matrix and the schemas are made from this list.

use serde::{Deserialize, Serialize};

use crate::people::Role;
use crate::{data, outputs, people, projects, settings};

/// Who may give a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Staff with any of these roles.
    Staff(&'static [Role]),
    /// A researcher of the project.
    Member,
    /// The program itself, on behalf of somebody whom it checked (`init`, `ingest`, `query`, `airlock submit`).
    Program,
}

macro_rules! commands {
    ($($(#[$doc:meta])* $variant:ident($body:ty) = $name:literal, $who:expr;)*) => {
        /// A command with its body.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "command", content = "body")]
        pub enum Command {
            $($(#[$doc])* #[serde(rename = $name)] $variant(Box<$body>),)*
        }

        /// Every command, in the order of a project's life.
        pub const COMMANDS: &[CommandInfo] = &[$(CommandInfo {
            name: $name,
            who: $who,
            schema: || schemars::schema_for!($body),
        },)*];

        impl Command {
            /// Its name.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// Reads the body of a command by the command's name.
            ///
            /// # Errors
            /// [`BadCommand`]: no such command, or a body of another shape.
            pub fn read(name: &str, body: &str) -> Result<Self, BadCommand> {
                match name {
                    $($name => serde_json::from_str(body)
                        .map(|body| Self::$variant(Box::new(body)))
                        .map_err(|e| BadCommand::Body {
                            line: e.line(), column: e.column(), what: without_place(&e),
                        }),)*
                    _ => Err(BadCommand::Unknown),
                }
            }
        }

        $(impl From<$body> for Command {
            fn from(body: $body) -> Self { Self::$variant(Box::new(body)) }
        })*
    };
}

use Role::{
    Custodian, DataManager, EthicsReviewer, OutputChecker, ScientificReviewer, SecurityOfficer,
};

commands! {
    /// Founds an instance.
    FoundInstance(settings::FoundInstance) = "instance.found", Who::Program;
    /// Puts policies in force.
    AdoptPolicies(settings::AdoptPolicies) = "policies.adopt", Who::Staff(&[Custodian]);
    /// Sets how the airlock works.
    SetAirlock(settings::SetAirlock) = "airlock.set", Who::Staff(&[Custodian]);
    /// Gives roles.
    AppointStaff(people::AppointStaff) = "staff.appoint", Who::Staff(&[Custodian]);
    /// Registers an institution.
    RegisterInstitution(people::RegisterInstitution) = "institution.register", Who::Staff(&[Custodian]);
    /// Records an ownership.
    RecordOwnership(people::RecordOwnership) = "ownership.record", Who::Staff(&[Custodian, SecurityOfficer]);
    /// Records a listing.
    RecordListing(people::RecordListing) = "listing.record", Who::Staff(&[Custodian, SecurityOfficer]);
    /// Registers a researcher.
    RegisterResearcher(people::RegisterResearcher) = "researcher.register", Who::Staff(&[Custodian]);
    /// Records training.
    AccreditResearcher(people::AccreditResearcher) = "researcher.accredit", Who::Staff(&[Custodian]);
    /// Ends an affiliation.
    EndAffiliation(people::EndAffiliation) = "affiliation.end", Who::Staff(&[Custodian, SecurityOfficer]);
    /// Erases private values.
    EraseResearcher(people::EraseResearcher) = "researcher.erase", Who::Staff(&[DataManager]);
    /// Issues a token.
    IssueToken(people::IssueToken) = "token.issue", Who::Program;
    /// Ends a token.
    EndToken(people::EndToken) = "token.end", Who::Program;
    /// Issues a direction.
    IssueDirection(data::IssueDirection) = "direction.issue", Who::Staff(&[Custodian]);
    /// Ends a direction.
    EndDirection(data::EndDirection) = "direction.end", Who::Staff(&[Custodian]);
    /// Approves a territory.
    ApproveTerritory(data::ApproveTerritory) = "territory.approve", Who::Staff(&[Custodian]);
    /// Records consent.
    RecordConsent(data::RecordConsent) = "consent.record", Who::Staff(&[DataManager]);
    /// Records withdrawal.
    RecordWithdrawal(data::RecordWithdrawal) = "withdrawal.record", Who::Staff(&[DataManager]);
    /// Seals a release.
    SealRelease(data::SealRelease) = "release.seal", Who::Program;
    /// Destroys keys.
    EraseKeys(data::EraseKeys) = "keys.erase", Who::Program;
    /// Retires a release.
    RetireRelease(data::RetireRelease) = "release.retire", Who::Staff(&[DataManager]);
    /// Applies.
    SubmitApplication(projects::SubmitApplication) = "application.submit", Who::Member;
    /// Reviews.
    ReviewApplication(projects::ReviewApplication) = "application.review",
        Who::Staff(&[ScientificReviewer, EthicsReviewer]);
    /// Decides.
    DecideApplication(projects::DecideApplication) = "application.decide", Who::Staff(&[Custodian]);
    /// Records a signature.
    SignAgreement(projects::SignAgreement) = "agreement.sign", Who::Staff(&[Custodian]);
    /// Records payment.
    RecordFee(projects::RecordFee) = "fee.record", Who::Staff(&[Custodian]);
    /// Amends.
    AmendProject(projects::AmendProject) = "project.amend", Who::Staff(&[Custodian]);
    /// Suspends.
    SuspendProject(projects::SuspendProject) = "project.suspend", Who::Staff(&[Custodian, SecurityOfficer]);
    /// Resumes.
    ResumeProject(projects::ResumeProject) = "project.resume", Who::Staff(&[Custodian, SecurityOfficer]);
    /// Expires.
    ExpireProject(projects::ExpireProject) = "project.expire", Who::Staff(&[Custodian, SecurityOfficer]);
    /// Closes.
    CloseProject(projects::CloseProject) = "project.close", Who::Staff(&[Custodian]);
    /// Records policy's answer.
    RecordAccess(projects::RecordAccess) = "access.record", Who::Program;
    /// Records an answered question.
    RecordQuery(outputs::RecordQuery) = "query.record", Who::Program;
    /// Looks at a project's refused questions.
    ReviewQuestions(outputs::ReviewQuestions) = "questions.review", Who::Staff(&[OutputChecker, Custodian]);
    /// Records a refused command.
    RecordRefusal(outputs::RecordRefusal) = "refusal.record", Who::Program;
    /// Asks for files to leave.
    SubmitOutput(outputs::SubmitOutput) = "output.submit", Who::Program;
    /// Checks an output.
    ReviewOutput(outputs::ReviewOutput) = "output.review", Who::Staff(&[OutputChecker]);
    /// Opens sealed reviews.
    OpenReviews(outputs::OpenReviews) = "output.open", Who::Program;
    /// Gives a request back.
    ReturnOutput(outputs::ReturnOutput) = "output.return", Who::Staff(&[OutputChecker]);
    /// Releases an output.
    ReleaseOutput(outputs::ReleaseOutput) = "output.release", Who::Staff(&[OutputChecker, Custodian]);
    /// Hands a release over.
    DownloadOutput(outputs::DownloadOutput) = "output.download", Who::Program;
    /// Takes a request back.
    WithdrawOutput(outputs::WithdrawOutput) = "output.withdraw", Who::Member;
    /// Calls a release back.
    RecallOutput(outputs::RecallOutput) = "output.recall", Who::Staff(&[Custodian, SecurityOfficer]);
    /// Confirms a deletion.
    ConfirmDeletion(outputs::ConfirmDeletion) = "output.confirm-deletion", Who::Program;
}

/// What there is to know of a command.
#[derive(Debug, Clone, Copy)]
pub struct CommandInfo {
    /// Its name: noun and verb.
    pub name: &'static str,
    /// Who may give it.
    pub who: Who,
    /// JSON Schema of its body.
    pub schema: fn() -> schemars::Schema,
}

impl CommandInfo {
    /// Looks a command up by name.
    pub fn find(name: &str) -> Option<&'static Self> {
        COMMANDS.iter().find(|c| c.name == name)
    }

    /// What it does: the first sentence of its body's documentation.
    pub fn summary(&self) -> String {
        let schema = (self.schema)();
        let text = schema
            .get("description")
            .and_then(|d| d.as_str())
            .unwrap_or_default();
        text.lines()
            .next()
            .unwrap_or_default()
            .trim_end_matches('.')
            .to_owned()
    }
}

/// Why some JSON is not a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// No command has this name.
    #[error("no command has this name; `readingroom do --list` shows them all")]
    Unknown,
    /// The body has another shape.
    #[error("line {line}, column {column}: {what}")]
    Body {
        /// Line in the body, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What was expected and found.
        what: String,
    },
}

/// The message of a JSON error without the place that serde appends to it.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ")
        .and_then(|end| text.get(..end))
        .unwrap_or(&text)
        .to_owned()
}
