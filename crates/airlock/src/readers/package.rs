//! The zip package that office documents are (ECMA-376 part 2; OpenDocument part 2): its parts by name, unpacked under the
//! budget. A part that is no known one is read as a file of its own, whatever it is.

use super::png::size;
use super::{Budget, Document, Fact, Inner, elements, of_text, part, unknown};
use crate::limits;
use crate::verdict::Findings;
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

/// One part of a package.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Whether a zip archive has a member of one of these names.
pub(crate) fn has(bytes: &[u8], names: &[&str]) -> bool {
    if !bytes.starts_with(b"PK\x03\x04") {
        return false;
    }
    ZipArchive::new(Cursor::new(bytes))
        .is_ok_and(|zip| names.iter().any(|name| zip.index_for_name(name).is_some()))
}

/// All the parts, or why they cannot be had.
pub(crate) fn unpack(bytes: &[u8], budget: &mut Budget) -> Result<Vec<Part>, &'static str> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| "damaged zip archive")?;
    if zip.len() > limits::PARTS {
        return Err("more parts than an office document has");
    }
    if zip.has_duplicate_names() {
        return Err("two parts of one name: programs would not agree on what it holds");
    }
    if !zip.comment().is_empty() || zip.offset() > 0 {
        return Err("bytes outside the parts of the archive");
    }
    let mut parts = Vec::new();
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for index in 0..zip.len() {
        let mut file = zip
            .by_index(index)
            .map_err(|_| "a part that is damaged or under a password")?;
        let data = file.data_start().ok_or("a part without data")?;
        let head = (file.header_start() + 30 + size(file.name_raw().len()), data);
        if !file.comment().is_empty() || !is_plain_extra(bytes, head) {
            return Err("remarks beside the parts of the archive");
        }
        spans.push((
            file.header_start(),
            data.saturating_add(file.compressed_size()),
        ));
        if file.is_dir() {
            continue;
        }
        let most = budget.bytes().min(size(limits::BYTES));
        let mut unpacked = Vec::new();
        let read = file
            .by_ref()
            .take(most)
            .read_to_end(&mut unpacked)
            .map_err(|_| "a part that is damaged")?;
        if size(read) >= most {
            return Err("unpacks to more than is read");
        }
        budget.spend(size(read));
        let name = file.name().map_err(|_| "a part with a damaged name")?;
        parts.push(Part {
            name: name.trim_start_matches('/').to_owned(),
            bytes: unpacked,
        });
    }
    if !is_covered(bytes, &mut spans, zip.central_directory_start()) {
        return Err("bytes between the parts of the archive");
    }
    Ok(parts)
}

/// Whether parts, the table of them and its end lie side by side (APPNOTE 6.3.10, 4.3), so that nothing is hidden between.
fn is_covered(bytes: &[u8], spans: &mut [(u64, u64)], table: u64) -> bool {
    const END: u64 = 22;
    const ENTRY: u64 = 46 + 320;
    /// Checksum and sizes behind a part, where they were not known before.
    const DESCRIPTOR: u64 = 24;
    spans.sort_unstable();
    let all = size(bytes.len());
    let ends = all
        .checked_sub(END)
        .and_then(|at| bytes.get(usize::try_from(at).ok()?..));
    let table_size = all.saturating_sub(END).saturating_sub(table);
    let mut at = 0;
    let beside = spans.iter().chain([&(table, table)]).all(|(from, to)| {
        let near = *from <= at + DESCRIPTOR;
        at = at.max(*to);
        near
    });
    let ended = ends.is_some_and(|end| end.starts_with(b"PK\x05\x06"));
    beside && ended && table_size <= ENTRY * size(spans.len())
}

/// Whether the extra field of a part holds no more than times and sizes, or the room that Excel leaves for growth, all zeros.
fn is_plain_extra(bytes: &[u8], (from, to): (u64, u64)) -> bool {
    const FIELDS: usize = 64;
    let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
    let extra = range
        .and_then(|(from, to)| bytes.get(from..to))
        .unwrap_or_default();
    extra.len() <= FIELDS || extra.iter().skip(8).all(|b| *b == 0)
}

/// The parts of a document with those that are not yet read; readers of office documents take what they know.
pub(crate) struct Package {
    parts: Vec<Part>,
    /// Targets of relations that were read.
    links: String,
}

impl Package {
    pub(crate) const fn of(parts: Vec<Part>) -> Self {
        Self {
            parts,
            links: String::new(),
        }
    }

    /// Takes out the part of this name.
    pub(crate) fn take(&mut self, name: &str) -> Option<Part> {
        let at = self
            .parts
            .iter()
            .position(|part| part.name.eq_ignore_ascii_case(name))?;
        Some(self.parts.remove(at))
    }

    /// Takes out all the parts whose name begins and ends so.
    pub(crate) fn all(&mut self, start: &str, end: &str) -> Vec<Part> {
        let is = |part: &Part| {
            let name = part.name.to_ascii_lowercase();
            name.starts_with(start) && name.ends_with(end)
        };
        self.parts.extract_if(.., |part| is(part)).collect()
    }

    /// The relations of a part: their id and target. Targets outside of the package are read as words, like all links.
    pub(crate) fn relations(&mut self, of: &str) -> Vec<Relation> {
        let (folder, file) = of.rsplit_once('/').unwrap_or(("", of));
        let slash = if folder.is_empty() { "" } else { "/" };
        let Some(part) = self.take(&format!("{folder}{slash}_rels/{file}.rels")) else {
            return Vec::new();
        };
        let mut relations = Vec::new();
        self.links
            .push_str(&elements::words(&elements::text(&part.bytes).unwrap_or_default()).0);
        elements::walk(&elements::text(&part.bytes).unwrap_or_default(), |node| {
            if let elements::Node::Open("Relationship", attributes) = node {
                let target = attributes.get("Target").unwrap_or_default();
                let full = match target.strip_prefix('/') {
                    Some(target) => target.to_owned(),
                    None => format!("{folder}{slash}{target}"),
                };
                relations.push(Relation {
                    id: attributes.get("Id").unwrap_or_default(),
                    target: full,
                });
            }
        });
        relations
    }

    /// What every office document has besides its own parts: properties, pictures, embedded files, macros, and the rest, each
    /// read for what it is.
    pub(crate) fn rest(
        mut self,
        document: &mut Document,
        budget: &mut Budget,
        findings: &mut Findings,
    ) {
        document.whole.push_str(&self.links);
        document.inner.extend(self.properties(budget, findings));
        for Part { name, bytes } in self.parts {
            let lower = name.to_ascii_lowercase();
            let place = format!("part {}", shown(&name));
            if let Some(what) = active(&lower) {
                document.facts.push(Fact::Active { what: what.into() });
            }
            if lower.contains("/embeddings/")
                || lower.starts_with("customxml/item") && bytes.len() > PROPERTIES
            {
                document.facts.push(Fact::Hidden {
                    what: "a file or data inside the document".into(),
                });
            }
            let is_frame = FRAME.iter().any(|known| lower.contains(known));
            let printer = lower.contains("printersettings") && bytes.len() <= PRINTER;
            let data = lower.starts_with("customxml/") && lower.ends_with(".xml");
            if data && let Some(text) = elements::text(&bytes) {
                document.whole.push_str(&elements::everything(&text));
            } else if printer {
                document
                    .whole
                    .push_str(&unknown::read(&bytes, "", &mut Findings::default()).whole);
            } else if is_frame && let Some(text) = elements::text(&bytes) {
                let (words, whole) = elements::words(&text);
                document.whole.push_str(&words);
                if !whole {
                    findings.enter(&place);
                    unknown::say("damaged XML", findings);
                    findings.leave();
                }
            } else {
                document.inner.push(part(&place, &bytes, budget, findings));
            }
        }
    }

    /// Title, author, dates and whatever a program or a person added.
    fn properties(&mut self, budget: &mut Budget, findings: &mut Findings) -> Option<Inner> {
        let mut text = String::new();
        let mut whole = String::new();
        let mut custom = 0;
        for part in self.all("docprops/", ".xml") {
            let mut name = String::new();
            let xml = elements::text(&part.bytes)?;
            elements::walk(&xml, |node| match node {
                elements::Node::Open("property", attributes) => {
                    name = attributes.get("name").unwrap_or_default()
                }
                elements::Node::Open(open, _) if !is_type(open) => open.clone_into(&mut name),
                elements::Node::Text(value) if !value.trim().is_empty() => {
                    // What programs fill in counts pages and words, not people.
                    let system = SYSTEM.contains(&name.as_str());
                    whole.push_str(value);
                    whole.push('\n');
                    if !system {
                        custom += value.len();
                        text.push_str(&format!("{name}: {}\n", value.trim()));
                    }
                }
                _ => {}
            });
        }
        if whole.is_empty() {
            return None;
        }
        let place = "properties".to_owned();
        findings.enter(&place);
        let mut document = of_text(&text, budget, findings);
        findings.leave();
        document.whole.push_str(&whole);
        if custom > PROPERTIES {
            let what = format!("{custom} bytes in the document's properties");
            document.facts.push(Fact::Hidden { what });
        }
        Some(Inner { place, document })
    }
}

/// A relation between two parts.
pub(crate) struct Relation {
    pub(crate) id: String,
    pub(crate) target: String,
}

/// Properties that programs fill in by themselves.
const SYSTEM: &[&str] = &[
    "Application",
    "AppVersion",
    "created",
    "modified",
    "revision",
    "TotalTime",
    "Pages",
    "Words",
    "Characters",
    "Lines",
    "Paragraphs",
    "CharactersWithSpaces",
    "Template",
    "DocSecurity",
    "ScaleCrop",
    "LinksUpToDate",
    "SharedDoc",
    "HyperlinksChanged",
    "Slides",
    "Notes",
    "HiddenSlides",
    "MMClips",
    "PresentationFormat",
    "lpstr",
    "TitlesOfParts",
    "HeadingPairs",
];

/// Bytes of properties that people write: a title, a subject, a few words.
const PROPERTIES: usize = 1_024;

/// Bytes of the settings of a printer as Windows keeps them (DEVMODE): some thousands.
const PRINTER: usize = 16_384;

/// Types of values in properties (Office Open XML part 1, 22.4), which name nothing.
fn is_type(name: &str) -> bool {
    [
        "lpwstr", "lpstr", "i4", "i2", "r8", "bool", "filetime", "vector", "variant", "date",
    ]
    .contains(&name)
}

/// Parts of how a document looks, in which text is at most a name.
const FRAME: &[&str] = &[
    "[content_types].xml",
    ".rels",
    "/theme/",
    "styles.xml",
    "settings.xml",
    "fonttable.xml",
    "/calcchain.xml",
    "/tablestyles.xml",
    "/presprops.xml",
    "/viewprops.xml",
    "/printersettings",
    "numbering.xml",
    "/persons/",
    "/charts/style",
    "/charts/colors",
    "/metadata.xml",
    "/slidelayouts/",
    "/slidemasters/",
    "/notesmasters/",
    "/pivottables/",
    "/tables/",
    "/drawings/",
    "/richdata/",
    "styleswitheffects.xml",
    "commentsextended.xml",
    "commentsids.xml",
    "commentsextensible.xml",
    "people.xml",
    "meta-inf/",
    "/featurepropertybag/",
    "manifest.rdf",
    "layout-cache",
    "customxml/itemprops",
    "docmetadata/",
];

fn active(name: &str) -> Option<&'static str> {
    if name.contains("vbaproject")
        || name.contains("macrosheets/")
        || name.starts_with("basic/")
        || name.starts_with("scripts/")
    {
        Some("macros")
    } else if name.contains("/activex/")
        || name.contains("/ctrlprops/")
        || name.contains("dialogsheets/")
    {
        Some("controls")
    } else if name.ends_with("connections.xml")
        || name.contains("/querytables/")
        || name.contains("/webextensions/")
    {
        Some("a connection to data elsewhere")
    } else {
        None
    }
}

/// A name of a part that a reason may repeat: that of a known folder. Names are free, and may be somebody's id.
fn shown(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphabetic() || "/._[]-".contains(c);
    let bare: String = name
        .chars()
        .filter(|c| plain(*c))
        .take(limits::NAME_CHARS)
        .collect();
    format!("`{bare}`")
}
