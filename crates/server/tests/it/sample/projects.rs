//! The projects of the sample, each from its application on.

use std::collections::BTreeSet;

use governance::Mode;
use governance::data::{RecordWithdrawal, WithdrawalLevel};
use governance::outputs::{
    CheckOutcome, OutputFile, RecordQuery, RecordRefusal, ReleaseOutput, ReviewOutput,
    SubmitOutput, Verdict,
};
use governance::projects::{
    AmendProject, DecideApplication, RecordAccess, RecordFee, ResumeProject, ReviewApplication,
    ReviewOutcome, ReviewTrack, SignAgreement, SubmitApplication, SuspendProject, Want,
};

use super::{Sample, between, digest, id, policy, time};

struct Plan<'a> {
    project: &'a str,
    title: &'a str,
    lead: &'a str,
    institution: &'a str,
    collaborators: &'a [&'a str],
    places: &'a [&'a str],
    wants: &'a [(&'a str, Mode)],
    lay_summary: &'a str,
}

fn apply(s: &mut Sample, plan: &Plan<'_>) {
    s.days(3);
    let wants = plan
        .wants
        .iter()
        .map(|(class, mode)| (id(class), want(*mode)))
        .collect();
    s.person(
        plan.lead,
        SubmitApplication {
            id: id(plan.project),
            title: plan.title.to_owned(),
            institution: id(plan.institution),
            lead: id(plan.lead),
            collaborators: plan.collaborators.iter().map(|c| id(c)).collect(),
            goals: "Goals as the reviewers read them.".to_owned(),
            methods: "Methods as the reviewers read them.".to_owned(),
            lay_summary: plan.lay_summary.to_owned(),
            wants,
            places: plan
                .places
                .iter()
                .map(|p| governance::Territory::new(*p).unwrap())
                .collect(),
            output_plan: "Tables and figures for a paper.".to_owned(),
        },
    );
}

fn want(mode: Mode) -> Want {
    Want {
        mode,
        fields: ["main.p31".to_owned(), "main.p21022".to_owned()].into(),
    }
}

fn review(s: &mut Sample, project: &str, outcome: ReviewOutcome) {
    for (who, track) in [
        ("science-1", ReviewTrack::Scientific),
        ("ethics-1", ReviewTrack::Ethical),
    ] {
        s.days(6);
        s.person(
            who,
            ReviewApplication {
                application: id(project),
                track,
                outcome,
                reasons: "Reasons kept for the committee.".to_owned(),
            },
        );
    }
}

fn decision(s: &mut Sample, project: &str, approved: bool, reasons: &str) {
    s.days(2);
    s.person(
        "custodian-1",
        DecideApplication {
            application: id(project),
            approved,
            reasons: reasons.to_owned(),
        },
    );
}

fn start(s: &mut Sample, project: &str, institutions: &[&str]) {
    review(s, project, ReviewOutcome::Approve);
    decision(
        s,
        project,
        true,
        "In the public interest, and the data asked for are those needed.",
    );
    for institution in institutions {
        s.days(1);
        s.person(
            "custodian-1",
            SignAgreement {
                application: id(project),
                institution: id(institution),
                version: "2.1".to_owned(),
                window: between("2026-03-10", "2029-03-10"),
                signatory: format!("Signatory Halloran-Pike of {institution}"),
            },
        );
    }
    s.person(
        "custodian-1",
        RecordFee {
            application: id(project),
            amount_pence: 500_000,
            reference: "INV-7".to_owned(),
        },
    );
}

fn access(s: &mut Sample, project: &str, who: &str, class: &str, mode: Mode, gates: &[&str]) {
    s.program(
        who,
        RecordAccess {
            project: id(project),
            class: id(class),
            mode,
            refer: !gates.is_empty() && mode != Mode::Deny,
            gates: gates.iter().map(|g| (*g).to_owned()).collect(),
            policy_sha256: policy(),
            facts_sha256: digest("facts"),
            valid_until: Some(time("2027-02-01")),
        },
    );
}

fn ask(s: &mut Sample, project: &str, who: &str, mode: Mode, class: &str, n: u64) {
    s.program(
        who,
        RecordQuery {
            question: id(&format!("q-{project}-{n}")),
            project: id(project),
            researcher: id(who),
            mode,
            release: id("2026-03"),
            classes: [id("baseline"), id(class)].into(),
            columns: ["main.p31", "main.p21022", "hesin_diag.diag_icd10"]
                .map(str::to_owned)
                .into(),
            sql: format!("SELECT secret_question_{n} FROM main"),
            plan_sha256: digest("plan"),
            answer_sha256: digest(&format!("answer {project} {n}")),
            rows: 12 + n,
            withheld_rows: (mode == Mode::Aggregate).then_some(n % 3),
            withheld_cells: n % 2,
            cells: (mode == Mode::Aggregate).then_some(12 + n),
            policy_sha256: policy(),
            program: "0.1.0".to_owned(),
            masked_sha256: digest("masked"),
            contributors_sha256: (mode == Mode::Aggregate).then(|| digest("contributors")),
        },
    );
}

fn refuse(s: &mut Sample, project: Option<&str>, who: &str, code: &str) {
    s.program(
        who,
        RecordRefusal {
            project: project.map(id),
            command: "query".to_owned(),
            code: code.to_owned(),
            rule: "what-is-not-granted-cannot-be-named".to_owned(),
            policy_sha256: Some(policy()),
        },
    );
}

pub(super) fn heart(s: &mut Sample) {
    apply(
        s,
        &Plan {
            project: "p-heart",
            title: "Blood pressure in middle age and heart failure later in life",
            lead: "r-1001",
            institution: "uni-wessex",
            collaborators: &["r-1002"],
            places: &["GB"],
            wants: &[
                ("baseline", Mode::Enclave),
                ("hospital", Mode::Enclave),
                ("primary-care", Mode::Enclave),
                ("genomic", Mode::Aggregate),
            ],
            lay_summary: "Many people live with high blood pressure for years before their heart is affected. We want to find out which measurements in middle age tell who will later have heart failure, so that doctors can help earlier.\n\nWe look at groups of people, never at one person, and publish what we find for everybody to read.",
        },
    );
    start(s, "p-heart", &["uni-wessex"]);
    for (class, mode, gates) in [
        ("baseline", Mode::Enclave, &[][..]),
        ("hospital", Mode::Enclave, &[]),
        ("primary-care", Mode::Enclave, &[]),
        ("genomic", Mode::Deny, &["direction-in-force"]),
    ] {
        access(s, "p-heart", "r-1001", class, mode, gates);
    }
    for n in 0..7 {
        s.days(1);
        let mode = if n < 4 {
            Mode::Aggregate
        } else {
            Mode::Enclave
        };
        ask(
            s,
            "p-heart",
            if n % 2 == 0 { "r-1001" } else { "r-1002" },
            mode,
            "hospital",
            n,
        );
    }
    refuse(s, Some("p-heart"), "r-1002", "name-unknown");
    output(s);
    s.days(20);
    s.person(
        "custodian-1",
        RecordWithdrawal {
            level: WithdrawalLevel::NoFurtherUse,
            participants: vec!["9876502".to_owned()],
        },
    );
    s.person(
        "custodian-1",
        AmendProject {
            project: id("p-heart"),
            wants: [
                (id("baseline"), want(Mode::Enclave)),
                (id("hospital"), want(Mode::Enclave)),
                (id("primary-care"), want(Mode::Enclave)),
                (id("genomic"), want(Mode::Aggregate)),
                (id("death"), want(Mode::Aggregate)),
            ]
            .into(),
            reasons: "Reasons for the amendment, kept for the committee.".to_owned(),
            agreed_by: id("science-1"),
        },
    );
    ask(s, "p-heart", "r-1001", Mode::Aggregate, "hospital", 20);
}

fn output(s: &mut Sample) {
    let file = |text: &str, verdict| OutputFile {
        sha256: digest(text),
        bytes: 4_096,
        verdict,
        rules: BTreeSet::new(),
        rows: None,
        cells: None,
        shape_sha256: None,
    };
    s.days(5);
    s.program(
        "r-1001",
        SubmitOutput {
            id: id("o-1"),
            project: id("p-heart"),
            purpose: "Table 1 of a paper.".to_owned(),
            context: None,
            planned: None,
            engine: None,
            files: [
                ("table-1.csv".to_owned(), file("table", Verdict::Green)),
                ("notes.txt".to_owned(), file("notes", Verdict::Amber)),
            ]
            .into(),
        },
    );
    for checker in ["checker-1", "checker-2"] {
        s.days(1);
        s.person(
            checker,
            ReviewOutput {
                output: id("o-1"),
                outcome: CheckOutcome::Accept,
                reasons: "Every cell has ten people or more.".to_owned(),
            },
        );
    }
    s.open("o-1");
    s.person("checker-2", ReleaseOutput { output: id("o-1") });
    s.program(
        "r-1001",
        SubmitOutput {
            id: id("o-2"),
            project: id("p-heart"),
            purpose: "A second table.".to_owned(),
            context: None,
            planned: None,
            engine: None,
            files: [("held-back.csv".to_owned(), file("held", Verdict::Amber))].into(),
        },
    );
    for checker in ["checker-1", "checker-2"] {
        s.person(
            checker,
            ReviewOutput {
                output: id("o-2"),
                outcome: CheckOutcome::Reject,
                reasons: "Small cells.".to_owned(),
            },
        );
    }
    s.open("o-2");
}

pub(super) fn sleep(s: &mut Sample) {
    apply(
        s,
        &Plan {
            project: "p-sleep",
            title: "Sleep, medicines and memory",
            lead: "r-3001",
            institution: "maple-institute",
            collaborators: &["r-2001"],
            places: &["CA", "BE"],
            wants: &[("baseline", Mode::Enclave), ("primary-care", Mode::Enclave)],
            lay_summary: "We compare how well people sleep, which medicines they take, and how their memory changes with age.",
        },
    );
    start(s, "p-sleep", &["maple-institute", "uni-leuven-west"]);
    access(s, "p-sleep", "r-3001", "baseline", Mode::Enclave, &[]);
    let gates = ["place-of-work-approved", "territory-approved"];
    access(
        s,
        "p-sleep",
        "r-3001",
        "primary-care",
        Mode::Aggregate,
        &gates,
    );
    ask(s, "p-sleep", "r-3001", Mode::Aggregate, "primary-care", 1);
    refuse(s, Some("p-sleep"), "r-3001", "mode-not-open");
    refuse(s, Some("p-sleep"), "r-3001", "mode-not-open");
    s.days(30);
    s.person(
        "security-1",
        SuspendProject {
            project: id("p-sleep"),
            reasons: "Reasons of the suspension, kept in the ledger.".to_owned(),
        },
    );
    s.days(9);
    s.person(
        "custodian-1",
        ResumeProject {
            project: id("p-sleep"),
            reasons: "Explained.".to_owned(),
            agreed_by: id("security-1"),
        },
    );
}

pub(super) fn credit(s: &mut Sample) {
    apply(
        s,
        &Plan {
            project: "p-credit",
            title: "Lifestyle and repayment of loans",
            lead: "r-5001",
            institution: "northern-credit",
            collaborators: &[],
            places: &["GB-SCT"],
            wants: &[("baseline", Mode::Transfer)],
            lay_summary: "We would like to find out whether lifestyle tells who repays a loan.",
        },
    );
    review(s, "p-credit", ReviewOutcome::Reject);
    decision(
        s,
        "p-credit",
        false,
        "Not health research, and not in the public interest: participants did not consent to such use.",
    );
}

pub(super) fn harbour(s: &mut Sample) {
    apply(
        s,
        &Plan {
            project: "p-harbour",
            title: "Models of hospital visits",
            lead: "r-4001",
            institution: "harbour-analytics",
            collaborators: &[],
            places: &["HK"],
            wants: &[("baseline", Mode::Aggregate), ("hospital", Mode::Aggregate)],
            lay_summary: "We want to make better forecasts of how many people will need a hospital bed.",
        },
    );
    start(s, "p-harbour", &["harbour-analytics"]);
    let gates = ["institution-not-listed", "parent-not-listed"];
    for class in ["baseline", "hospital"] {
        access(s, "p-harbour", "r-4001", class, Mode::Deny, &gates);
    }
    refuse(s, Some("p-harbour"), "r-4001", "class-denied");
    refuse(s, None, "r-4001", "project-unknown");
    s.person(
        "security-1",
        SuspendProject {
            project: id("p-harbour"),
            reasons: "Its parent is listed.".to_owned(),
        },
    );
}

pub(super) fn eyes(s: &mut Sample) {
    apply(
        s,
        &Plan {
            project: "p-eyes",
            title: "Can a photograph of the eye show the risk of a stroke? <script>alert(1)</script> & more",
            lead: "r-1002",
            institution: "uni-wessex",
            collaborators: &["r-2001", "r-3001"],
            places: &["GB", "BE", "CA"],
            wants: &[("imaging", Mode::Enclave)],
            lay_summary: "Small vessels at the back of the eye <b>look</b> like those in the brain.",
        },
    );
}
