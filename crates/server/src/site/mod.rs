//! The register as pages: a pure function of a [`Register`].
//!
//! Pages work without scripts and without a server, from any folder and under any address: every link is
//! relative. Templates escape whatever comes from the log, and stop at a name they do not know. Nothing
//! here may add a fact that the register does not hold.

mod filters;
mod views;

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::Serialize;

use crate::limits::{ENTRIES_PER_PAGE, LEDGER_PAGES, PROJECTS_PER_PAGE};
use crate::register::{Line, ProjectRecord, Register, RegisterError};
use views::{ProjectRow, ProjectView};

/// Why pages could not be made. A fault: the register was made, so its pages should be.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The log is larger than one export in memory takes.
    #[error("expected at most {most} ledger entries in one export, found {found}")]
    TooManyEntries {
        /// Entries found.
        found: u64,
        /// The most it takes.
        most: u64,
    },
    /// A template and its data do not fit.
    #[error("template: {0}")]
    Template(#[from] minijinja::Error),
    /// The register has no canonical bytes.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

const TEMPLATES: [(&str, &str); 8] = [
    ("layout.html", include_str!("../../templates/layout.html")),
    ("index.html", include_str!("../../templates/index.html")),
    ("numbers.html", include_str!("../../templates/numbers.html")),
    (
        "projects.html",
        include_str!("../../templates/projects.html"),
    ),
    (
        "project-table.html",
        include_str!("../../templates/project-table.html"),
    ),
    ("project.html", include_str!("../../templates/project.html")),
    ("ledger.html", include_str!("../../templates/ledger.html")),
    (
        "how-to-verify.html",
        include_str!("../../templates/how-to-verify.html"),
    ),
];

/// The page on which a ledger entry stands, as a path from the site's root. It never changes as the log grows.
pub fn entry_page(entry: u64) -> String {
    ledger_page(entry / ENTRIES_PER_PAGE)
}

fn ledger_page(page: u64) -> String {
    if page == 0 {
        "ledger.html".to_owned()
    } else {
        format!("ledger-{}.html", page + 1)
    }
}

fn projects_page(page: usize) -> String {
    if page == 0 {
        "index.html".to_owned()
    } else {
        format!("projects-{}.html", page + 1)
    }
}

/// Every file of the site by its path, without the `ledger/` folder, which is copied as it is.
///
/// # Errors
/// [`SiteError`]: too large a log, or a fault in a template.
pub fn pages(register: &Register) -> Result<BTreeMap<String, Vec<u8>>, SiteError> {
    let most = ENTRIES_PER_PAGE * LEDGER_PAGES;
    if register.lines.len() as u64 > most {
        return Err(SiteError::TooManyEntries {
            found: register.lines.len() as u64,
            most,
        });
    }
    let site = Site {
        env: environment()?,
        register,
    };
    let mut files = BTreeMap::new();
    site.front(&mut files)?;
    for project in register.projects.values() {
        let path = format!("projects/{}", project.id);
        files.insert(format!("{path}.html"), site.project(project)?);
        files.insert(format!("{path}.json"), project.canonical()?);
    }
    site.ledger(&mut files)?;
    files.insert("how-to-verify.html".to_owned(), site.verify()?);
    files.insert("register.json".to_owned(), register.canonical()?);
    for (path, bytes) in [
        (
            "assets/style.css",
            include_bytes!("../../assets/style.css").as_slice(),
        ),
        (
            "assets/mark.svg",
            include_bytes!("../../assets/mark.svg").as_slice(),
        ),
    ] {
        files.insert(path.to_owned(), bytes.to_vec());
    }
    Ok(files)
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    filters::add(&mut env);
    for (name, source) in TEMPLATES {
        env.add_template(name, source)?;
    }
    Ok(env)
}

/// A value for a template.
fn v<T: Serialize>(value: T) -> Value {
    Value::from(Serde(value))
}

struct Site<'a> {
    env: Environment<'static>,
    register: &'a Register,
}

/// What every page needs: where it stands, and the head of the register.
#[derive(Serialize)]
struct Base<'a> {
    /// Way from the page to the site's root: empty, or `../`.
    root: &'a str,
    /// Name of the menu item it belongs to.
    menu: &'a str,
    custodian: &'a str,
    log: &'a crate::register::LogHead,
}

/// A page of a longer list.
#[derive(Serialize)]
struct PageLink {
    number: u64,
    href: String,
    from: u64,
    to: u64,
}

impl Site<'_> {
    fn base<'b>(&'b self, root: &'b str, menu: &'b str) -> Base<'b> {
        Base {
            root,
            menu,
            custodian: &self.register.custodian,
            log: &self.register.log,
        }
    }

    fn render(&self, template: &str, data: Value) -> Result<Vec<u8>, SiteError> {
        let mut page = self.env.get_template(template)?.render(data)?;
        page.push('\n');
        Ok(page.into_bytes())
    }

    /// The front page, and further pages of older projects.
    fn front(&self, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), SiteError> {
        let mut rows: Vec<ProjectRow<'_>> = self
            .register
            .projects
            .values()
            .map(ProjectRow::of)
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.entry));
        let count = rows.len().div_ceil(PROJECTS_PER_PAGE).max(1);
        let links: Vec<PageLink> = (0..count)
            .map(|page| PageLink {
                number: page as u64 + 1,
                href: projects_page(page),
                from: (page * PROJECTS_PER_PAGE + 1) as u64,
                to: rows.len().min((page + 1) * PROJECTS_PER_PAGE) as u64,
            })
            .collect();
        let none = [];
        for page in 0..count {
            let shown = rows.chunks(PROJECTS_PER_PAGE).nth(page).unwrap_or(&none);
            let data = context! {
                base => v(self.base("", "projects")),
                projects => v(shown),
                pages => v(&links),
                page => page + 1,
                register => self.figures(),
            };
            let template = if page == 0 {
                "index.html"
            } else {
                "projects.html"
            };
            files.insert(projects_page(page), self.render(template, data)?);
        }
        Ok(())
    }

    /// What the front page shows beside the projects.
    fn figures(&self) -> Value {
        let r = self.register;
        context! {
            counts => v(&r.counts),
            live => r.counts.by_territory.values().map(|t| t.live).sum::<u64>(),
            questions => r.counts.questions.values().sum::<u64>(),
            policies => v(&r.policies),
            directions => v(&r.directions),
            releases => v(&r.releases),
            withdrawals => v(&r.withdrawals),
        }
    }

    fn project(&self, project: &ProjectRecord) -> Result<Vec<u8>, SiteError> {
        let data = context! {
            base => v(self.base("../", "projects")),
            project => v(project),
            view => v(ProjectView::of(self.register, project)),
        };
        self.render("project.html", data)
    }

    fn ledger(&self, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), SiteError> {
        let size = self.register.lines.len() as u64;
        let count = size.div_ceil(ENTRIES_PER_PAGE).max(1);
        let links: Vec<PageLink> = (0..count)
            .map(|page| PageLink {
                number: page + 1,
                href: ledger_page(page),
                from: page * ENTRIES_PER_PAGE,
                to: ((page + 1) * ENTRIES_PER_PAGE).min(size).saturating_sub(1),
            })
            .collect();
        let none: &[Line] = &[];
        let mut chunks = self.register.lines.chunks(ENTRIES_PER_PAGE as usize);
        for page in 0..count {
            let lines = chunks.next().unwrap_or(none);
            let data = context! {
                base => v(self.base("", "ledger")),
                lines => v(lines),
                pages => v(&links),
                page => page + 1,
            };
            files.insert(ledger_page(page), self.render("ledger.html", data)?);
        }
        Ok(())
    }

    fn verify(&self) -> Result<Vec<u8>, SiteError> {
        self.render(
            "how-to-verify.html",
            context! { base => v(self.base("", "verify")) },
        )
    }
}
