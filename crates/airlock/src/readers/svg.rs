//! SVG drawings: the marks that stand for data are counted, and the words, comments, metadata and images inside are read.
//!
//! matplotlib draws a scatter plot as one `use` a point, svglite (R) as one `circle`, cairo (R's `svg()`) and plotly as one small
//! closed `path`. Letters that are drawn as paths, and the ticks of axes, are no marks.

use super::markup::{Attributes, Piece, walk};
use super::{Budget, Document, Fact, Line, html, part, payload, text_part};
use crate::limits;
use crate::verdict::Findings;

/// Whether a text is an SVG file.
pub(crate) fn is(text: &str) -> bool {
    let start = text.trim_start();
    let head: String = start.chars().take(3_000).collect();
    start.starts_with("<svg")
        || (start.starts_with('<') && !head.contains("<html") && head.contains("<svg"))
}

/// Reads a file.
pub(crate) fn read(text: &str, budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut drawing = Drawing::default();
    walk(text, false, &mut |line, piece| match piece {
        Piece::Open(name, attributes, closed) => drawing.open(line, name, attributes, closed),
        Piece::Close(name) => drawing.close_other(name),
        Piece::Text(text) => drawing.text(text),
        Piece::Comment(text) => drawing.comment(line, text),
    });
    drawing.document(text, budget, findings)
}

/// A drawing as it is read.
#[derive(Default)]
pub(crate) struct Drawing {
    /// Names and ids of the elements that are open.
    open: Vec<(String, String)>,
    points: u64,
    shapes: u64,
    longest: u64,
    words: String,
    lines: Vec<Line>,
    line: u64,
    payloads: Vec<(u64, Vec<u8>)>,
    texts: Vec<(u64, String)>,
    attributes: Vec<Line>,
}

impl Drawing {
    pub(crate) fn open(&mut self, line: u64, name: &str, attributes: &Attributes, closed: bool) {
        self.line = line;
        for (key, value) in &attributes.0 {
            self.attribute(line, key, value);
        }
        if !self.is_frame() {
            self.mark(name, attributes);
        }
        if matches!(
            name,
            "text" | "title" | "desc" | "metadata" | "script" | "foreignobject"
        ) {
            self.end_words();
        }
        // Deeper than any drawing of a program: the rest is counted as if it lay flat.
        if !closed && self.open.len() < 1_000 {
            self.open
                .push((name.to_owned(), attributes.get("id").to_owned()));
        }
    }

    /// Whether what comes is a definition, a letter or the tick of an axis.
    fn is_frame(&self) -> bool {
        const DEFINED: [&str; 5] = ["defs", "clippath", "marker", "symbol", "pattern"];
        self.open.iter().any(|(name, id)| {
            DEFINED.contains(&name.as_str())
                || ["text_", "xtick_", "ytick_", "matplotlib.axis"]
                    .iter()
                    .any(|p| id.starts_with(p))
        })
    }

    fn mark(&mut self, name: &str, attributes: &Attributes) {
        match name {
            "circle" | "ellipse" => self.points += 1,
            "use" => {
                let href = [attributes.get("xlink:href"), attributes.get("href")].join("");
                self.points += u64::from(!is_letter(&href));
            }
            "rect" => self.shapes += 1,
            "polyline" | "polygon" => {
                let numbers = attributes
                    .get("points")
                    .split(|c: char| c.is_whitespace() || c == ',');
                let pairs = numbers.filter(|n| !n.is_empty()).count() / 2;
                self.longest = self.longest.max(u64::try_from(pairs).unwrap_or(0));
            }
            "path" => match Path::of(attributes.get("d")) {
                Path::Point => self.points += 1,
                Path::Shape => self.shapes += 1,
                Path::Dots(n) => self.points += n,
                Path::Curve(vertices) => self.longest = self.longest.max(vertices),
            },
            _ => {}
        }
    }

    /// Closes an element; says whether it was the drawing itself.
    pub(crate) fn close(&mut self, name: &str) -> bool {
        let inner = self.open.iter().filter(|(open, _)| open == name).count();
        self.close_other(name);
        inner <= 1
    }

    pub(crate) fn close_other(&mut self, name: &str) {
        if let Some(at) = self.open.iter().rposition(|(open, _)| open == name) {
            self.open.truncate(at);
        }
        if matches!(
            name,
            "text" | "title" | "desc" | "metadata" | "script" | "foreignobject" | "svg"
        ) {
            self.end_words();
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        if self.open.last().is_some_and(|(name, _)| name == "style") {
            return;
        }
        self.words.push_str(text);
    }

    pub(crate) fn comment(&mut self, line: u64, text: &str) {
        self.end_words();
        self.line = line;
        self.words.push_str(text);
        self.end_words();
    }

    fn end_words(&mut self) {
        let words = std::mem::take(&mut self.words);
        if words.trim().matches('\n').count() >= 3 {
            self.texts.push((self.line, words));
            return;
        }
        let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            self.lines.push(Line {
                number: self.line,
                text,
            });
        }
    }

    fn attribute(&mut self, line: u64, key: &str, value: &str) {
        let drawn = matches!(
            key,
            "d" | "points" | "transform" | "style" | "class" | "viewbox" | "clip-path"
        );
        if let Some(bytes) = value
            .starts_with("data:")
            .then(|| payload::decode(value))
            .flatten()
        {
            self.payloads.push((line, bytes));
        } else if value.trim_start().starts_with(['{', '[']) {
            self.texts.push((line, value.to_owned()));
        } else if !drawn
            && value.len() >= limits::ID_MIN
            && value.bytes().any(|b| b.is_ascii_alphabetic())
        {
            self.attributes.push(Line {
                number: line,
                text: value.to_owned(),
            });
        }
    }

    pub(crate) fn document(
        mut self,
        source: &str,
        budget: &mut Budget,
        findings: &mut Findings,
    ) -> Document {
        self.end_words();
        let marks = [
            ("points", self.points),
            ("shapes", self.shapes),
            ("vertices", self.longest),
        ];
        let facts = marks.into_iter().filter(|(_, count)| *count > 0);
        let mut document = Document {
            kind: "SVG drawing".into(),
            facts: facts
                .map(|(of, count)| Fact::Marks {
                    of: of.into(),
                    count,
                })
                .collect(),
            prose: self.lines,
            prose_is_text: true,
            ..Document::default()
        };
        // Text alone: a number of a path's geometry is nobody's id.
        document.whole = document
            .prose
            .iter()
            .map(|l| l.text.as_str())
            .collect::<Vec<_>>()
            .join("\n");
        for (line, bytes) in &self.payloads {
            document.inner.push(part(
                &format!("image at line {line}"),
                bytes,
                budget,
                findings,
            ));
        }
        for (line, text) in &self.texts {
            document.inner.push(text_part(
                &format!("text at line {line}"),
                text,
                budget,
                findings,
            ));
        }
        if !self.attributes.is_empty() {
            let lines = Document {
                kind: "attributes".into(),
                prose: self.attributes,
                ..Document::default()
            };
            document.inner.push(super::Inner {
                place: "attributes".into(),
                document: lines,
            });
        }
        document.read = html::frame(&document, source);
        document
    }
}

/// Letters are drawn from definitions named for a font (`#DejaVuSans-41`) or a glyph (`#glyph0-1`).
fn is_letter(href: &str) -> bool {
    let name = href.trim_start_matches('#');
    let after_dash = name.rsplit_once('-').map_or("", |(_, code)| code);
    let code =
        (1..=6).contains(&after_dash.len()) && after_dash.bytes().all(|b| b.is_ascii_hexdigit());
    code && name.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// What one path draws.
#[derive(Debug, PartialEq)]
enum Path {
    /// A small closed curve: a mark of a scatter plot.
    Point,
    /// A closed figure of straight edges: a bar.
    Shape,
    /// Many short strokes in one path.
    Dots(u64),
    /// A line of so many vertices.
    Curve(u64),
}

impl Path {
    fn of(d: &str) -> Self {
        let (mut moves, mut straight, mut curved, mut closed) = (0_u64, 0_u64, 0_u64, false);
        let mut command = ' ';
        let mut numbers = 0_u64;
        let mut end = |command: char, numbers: u64| match command.to_ascii_lowercase() {
            'm' => {
                moves += 1;
                straight += (numbers / 2).saturating_sub(1);
            }
            'l' | 't' => straight += numbers / 2,
            'h' | 'v' => straight += numbers,
            'c' => curved += numbers / 6,
            's' | 'q' => curved += numbers / 4,
            'a' => curved += numbers / 7,
            'z' => closed = true,
            _ => {}
        };
        let mut in_number = false;
        let mut before = ' ';
        for c in d.chars() {
            let exponent = matches!(c, 'e' | 'E') && in_number;
            if c.is_ascii_alphabetic() && !exponent {
                end(command, numbers);
                (command, numbers, in_number) = (c, 0, false);
            } else if c.is_ascii_digit() || c == '.' || exponent {
                numbers += u64::from(!in_number);
                in_number = true;
            } else if matches!(c, '-' | '+') {
                // `10-5` is two numbers, `1e-5` one.
                in_number = in_number && matches!(before, 'e' | 'E');
            } else {
                in_number = false;
            }
            before = c;
        }
        end(command, numbers);
        closed = closed || returns(d);
        match (closed, moves) {
            (_, 10..) if straight + curved <= moves * 8 => Self::Dots(moves),
            (true, 0..=1) if (1..=8).contains(&curved) => Self::Point,
            (true, 0..=1) if curved == 0 && straight <= 5 => Self::Shape,
            _ => Self::Curve(straight + curved + moves),
        }
    }
}

/// Whether a short path ends where it begins, as cairo draws a point without closing it.
fn returns(d: &str) -> bool {
    const SHORT: usize = 40;
    let numbers: Vec<&str> = d
        .split([' ', ',', '\n'])
        .filter(|word| word.parse::<f64>().is_ok())
        .take(SHORT + 1)
        .collect();
    let ends = numbers.first_chunk::<2>().zip(numbers.last_chunk::<2>());
    (8..=SHORT).contains(&numbers.len()) && ends.is_some_and(|(first, last)| first == last)
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn paths() {
        // cairo's point, plotly's point, a bar of matplotlib, a curve of three vertices.
        assert_eq!(
            Path::of("M 5 3 C 5 4 4 5 3 5 C 2 5 1 4 1 3 C 1 2 2 1 3 1 C 4 1 5 2 5 3 Z"),
            Path::Point
        );
        assert_eq!(Path::of("M3,0A3,3 0 1,1 0,-3A3,3 0 0,1 3,0Z"), Path::Point);
        assert_eq!(
            Path::of("M 77.2 307.5 L 133.2 307.5 L 133.2 115.1 L 77.2 115.1 z"),
            Path::Shape
        );
        assert_eq!(Path::of("M 1 2 L 3 4 L 5-6"), Path::Curve(3));
        assert_eq!(Path::of("M1 2h0".repeat(12).as_str()), Path::Dots(12));
    }
}
