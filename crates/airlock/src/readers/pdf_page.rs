//! What a page of a PDF shows: its words at their places, put together into lines again, and the shapes that are drawn over and
//! over, which are the marks of a plot.
//!
//! Source: ISO 32000-1, 8 (graphics) and 9 (text).

use super::marks::{Shape, Shapes};
use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document as Pdf, Encoding, Object, ObjectId};
use std::collections::BTreeMap;

/// A matrix of six numbers as PDF has it.
type Matrix = [f32; 6];

const UNIT: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// `a` first, then `b`.
fn times(a: Matrix, b: Matrix) -> Matrix {
    let [a0, a1, a2, a3, a4, a5] = a;
    let [b0, b1, b2, b3, b4, b5] = b;
    [
        a0 * b0 + a1 * b2,
        a0 * b1 + a1 * b3,
        a2 * b0 + a3 * b2,
        a2 * b1 + a3 * b3,
        a4 * b0 + a5 * b2 + b4,
        a4 * b1 + a5 * b3 + b5,
    ]
}

fn place(m: Matrix, x: f32, y: f32) -> (f32, f32) {
    let [a, b, c, d, e, f] = m;
    (x * a + y * c + e, x * b + y * d + f)
}

/// A piece of text where it stands.
struct Piece {
    x: f32,
    y: f32,
    /// Where it ends, by the widths of its letters or a guess.
    end: f32,
    size: f32,
    text: String,
    /// Written upwards or downwards; its places are as if the page were turned.
    turned: bool,
}

/// What was seen on a page, or in a drawing that pages use.
#[derive(Default)]
pub(crate) struct Page {
    pieces: Vec<Piece>,
    pub(crate) shapes: Shapes,
    /// Paths that were painted.
    pub(crate) paths: usize,
    /// Text that is written and not painted.
    pub(crate) invisible: bool,
    /// Letters that no encoding tells.
    pub(crate) unread: usize,
}

/// A font: how its bytes are letters, and how wide they are.
struct Font<'a> {
    encoding: Option<Encoding<'a>>,
    first: i64,
    widths: Vec<f32>,
    /// Of symbols, which old plots are marked with.
    symbols: bool,
}

/// What the operators change.
#[derive(Clone)]
struct Graphics {
    matrix: Matrix,
    font: Vec<u8>,
    size: f32,
    leading: f32,
    invisible: bool,
}

struct Walk<'a> {
    fonts: BTreeMap<Vec<u8>, Font<'a>>,
    now: Graphics,
    stack: Vec<Graphics>,
    text: Matrix,
    line: Matrix,
    path: Shape,
    page: Page,
    /// Which of the drawings by name are marks: a plot uses one thousands of times.
    marks: BTreeMap<Vec<u8>, Option<Mark>>,
}

/// Graphics states kept at once: programs nest some dozens.
const NESTED: usize = 1_000;

/// Reads a stream of operators. `resources` names its fonts and drawings.
pub(crate) fn read(pdf: &Pdf, resources: &[&Dictionary], content: &[u8], most: usize) -> Page {
    let now = Graphics {
        matrix: UNIT,
        font: Vec::new(),
        size: 1.0,
        leading: 0.0,
        invisible: false,
    };
    let mut walk = Walk {
        fonts: fonts(pdf, resources, most),
        now,
        stack: Vec::new(),
        text: UNIT,
        line: UNIT,
        path: Shape::default(),
        page: Page::default(),
        marks: BTreeMap::new(),
    };
    for operation in Content::decode_iter(content) {
        let Ok(operation) = operation else {
            walk.page.unread += content.len() / 10;
            break;
        };
        walk.graphics(&operation);
        walk.drawing(&operation, pdf, resources);
        walk.words(&operation);
    }
    walk.page
}

fn fonts<'a>(
    pdf: &'a Pdf,
    resources: &[&'a Dictionary],
    most: usize,
) -> BTreeMap<Vec<u8>, Font<'a>> {
    let mut fonts = BTreeMap::new();
    for dictionary in resources {
        let Ok(of) = dictionary.get_deref(b"Font", pdf).and_then(Object::as_dict) else {
            continue;
        };
        for (name, font) in of {
            if let Ok((_, font)) = pdf.dereference(font)
                && let Ok(font) = font.as_dict()
            {
                fonts.insert(name.clone(), one_font(pdf, font, most));
            }
        }
    }
    fonts
}

fn one_font<'a>(pdf: &'a Pdf, font: &'a Dictionary, most: usize) -> Font<'a> {
    let widths = font.get_deref(b"Widths", pdf).and_then(Object::as_array);
    let scale = if font
        .get(b"Subtype")
        .and_then(Object::as_name)
        .is_ok_and(|t| t == b"Type3")
    {
        TYPE_3
    } else {
        1_000.0
    };
    Font {
        encoding: font.get_font_encoding_with_limit(pdf, most).ok(),
        first: font
            .get_deref(b"FirstChar", pdf)
            .and_then(Object::as_i64)
            .unwrap_or(0),
        widths: widths
            .map(|all| {
                all.iter()
                    .map(|w| w.as_float().unwrap_or(0.0) / scale)
                    .collect()
            })
            .unwrap_or_default(),
        symbols: font
            .get(b"BaseFont")
            .and_then(Object::as_name)
            .is_ok_and(|name| name == b"ZapfDingbats"),
    }
}

/// Units of a letter in the drawn fonts that plotting programs write; each font may have its own.
const TYPE_3: f32 = 1_000.0;

fn numbers(operation: &Operation) -> Vec<f32> {
    operation
        .operands
        .iter()
        .filter_map(|o| o.as_float().ok())
        .collect()
}

impl Walk<'_> {
    fn graphics(&mut self, operation: &Operation) {
        match operation.operator.as_str() {
            "q" if self.stack.len() < NESTED => self.stack.push(self.now.clone()),
            "Q" => {
                if let Some(before) = self.stack.pop() {
                    self.now = before;
                }
            }
            "cm" => {
                if let Ok(matrix) = <Matrix>::try_from(numbers(operation)) {
                    self.now.matrix = times(matrix, self.now.matrix);
                }
            }
            "Tf" => {
                let name = operation.operands.first().and_then(|o| o.as_name().ok());
                self.now.font = name.unwrap_or_default().to_vec();
                self.now.size = numbers(operation).last().copied().unwrap_or(1.0);
            }
            "TL" => self.now.leading = numbers(operation).first().copied().unwrap_or(0.0),
            "Tr" => self.now.invisible = numbers(operation).first() == Some(&3.0),
            _ => {}
        }
    }

    fn drawing(&mut self, operation: &Operation, pdf: &Pdf, resources: &[&Dictionary]) {
        let n = numbers(operation);
        match (operation.operator.as_str(), n.as_slice()) {
            ("m", [x, y]) => self.path.begin(place(self.now.matrix, *x, *y)),
            ("l", [x, y]) => self.path.line(place(self.now.matrix, *x, *y)),
            ("c" | "v" | "y", [.., x, y]) => self.path.curve(place(self.now.matrix, *x, *y)),
            ("re", [x, y, w, h]) => {
                self.path.begin(place(self.now.matrix, *x, *y));
                for (x, y) in [(x + w, *y), (x + w, y + h), (*x, y + h)] {
                    self.path.line(place(self.now.matrix, x, y));
                }
            }
            ("f" | "F" | "f*" | "S" | "s" | "B" | "B*" | "b" | "b*", _) => {
                self.page.paths += 1;
                self.page.shapes.add(&mut self.path);
            }
            ("n", _) => self.path = Shape::default(),
            ("Do", _) => {
                // Ticks and whiskers are drawings by name, too.
                self.page.paths += 1;
                let name = operation
                    .operands
                    .first()
                    .and_then(|o| o.as_name().ok())
                    .unwrap_or_default();
                let mark = self
                    .marks
                    .entry(name.to_vec())
                    .or_insert_with(|| mark_of(pdf, resources, name));
                if let Some(mark) = *mark {
                    let at = place(self.now.matrix, 0.0, 0.0);
                    self.page.shapes.stamp(mark, at);
                }
            }
            _ => {}
        }
    }

    fn words(&mut self, operation: &Operation) {
        let n = numbers(operation);
        match (operation.operator.as_str(), n.as_slice()) {
            ("BT", _) => (self.text, self.line) = (UNIT, UNIT),
            ("Tm", _) => {
                if let Ok(matrix) = <Matrix>::try_from(n) {
                    (self.text, self.line) = (matrix, matrix);
                }
            }
            ("Td", [x, y]) => self.next_line(*x, *y),
            ("TD", [x, y]) => {
                self.now.leading = -y;
                self.next_line(*x, *y);
            }
            ("T*", _) => self.next_line(0.0, -self.now.leading),
            ("Tj" | "TJ", _) => self.show(&operation.operands),
            ("'" | "\"", _) => {
                self.next_line(0.0, -self.now.leading);
                self.show(
                    operation
                        .operands
                        .get(operation.operands.len().saturating_sub(1)..)
                        .unwrap_or_default(),
                );
            }
            _ => {}
        }
    }

    fn next_line(&mut self, x: f32, y: f32) {
        self.line = times([1.0, 0.0, 0.0, 1.0, x, y], self.line);
        self.text = self.line;
    }

    fn show(&mut self, operands: &[Object]) {
        let (mut text, mut wide) = (String::new(), 0.0_f32);
        for operand in operands {
            match operand {
                Object::Array(all) => all
                    .iter()
                    .for_each(|part| self.letters(part, &mut text, &mut wide)),
                one => self.letters(one, &mut text, &mut wide),
            }
        }
        let matrix = times(self.text, self.now.matrix);
        let (x, y) = place(matrix, 0.0, 0.0);
        let (end, _) = place(matrix, wide * self.now.size, 0.0);
        let [a, b, c, d, ..] = matrix;
        let turned = b.abs() > a.abs();
        let up = if b > 0.0 { 1.0 } else { -1.0 };
        let (_, above) = place(matrix, wide * self.now.size, 0.0);
        let (x, y, end) = if turned {
            (y * up, -x * up, above * up)
        } else {
            (x, y, end)
        };
        let size = c.hypot(d) * self.now.size.abs();
        self.text = times([1.0, 0.0, 0.0, 1.0, wide * self.now.size, 0.0], self.text);
        self.page.invisible |= self.now.invisible && !text.trim().is_empty();
        let symbols = self
            .fonts
            .get(&self.now.font)
            .is_some_and(|font| font.symbols);
        if symbols && text.chars().count() == 1 {
            self.page.shapes.stamp(Mark::Symbol, (x, y));
        } else if !text.is_empty() {
            self.page.pieces.push(Piece {
                x,
                y,
                end,
                size,
                text,
                turned,
            });
        }
    }

    /// Adds a string, or the gap that a number makes between two.
    fn letters(&mut self, operand: &Object, text: &mut String, wide: &mut f32) {
        let bytes = match operand {
            Object::String(bytes, _) => bytes,
            other => {
                let gap = -other.as_float().unwrap_or(0.0) / 1_000.0;
                *wide += gap;
                // Programs that set text with kerning leave out the spaces between words; wider gaps part columns.
                if gap > COLUMN {
                    text.push_str("   ");
                } else if gap > WORD {
                    text.push(' ');
                }
                return;
            }
        };
        let font = self.fonts.get(&self.now.font);
        let decoded = font
            .and_then(|font| font.encoding.as_ref())
            .and_then(|e| Pdf::decode_text(e, bytes).ok());
        let known = decoded.as_ref().is_some_and(|t| {
            !t.is_empty() && !t.chars().any(|c| c.is_control() || c == '\u{fffd}')
        });
        if !known && !bytes.is_empty() {
            self.page.unread += bytes.len();
        }
        let width = |byte: &u8| {
            let index = font.and_then(|font| usize::try_from(i64::from(*byte) - font.first).ok());
            index
                .and_then(|i| font?.widths.get(i))
                .copied()
                .filter(|w| *w > 0.0)
                .unwrap_or(LETTER)
        };
        *wide += bytes.iter().map(width).sum::<f32>();
        text.push_str(&decoded.unwrap_or_else(|| super::png::latin(bytes)));
    }
}

/// Widths in parts of the size of a font: of a letter of no known width; of the gaps that part words, and columns.
const LETTER: f32 = 0.5;
const WORD: f32 = 0.15;
const COLUMN: f32 = 1.2;
/// The gap between pieces that were put each at its place: a program seldom does so with words of one sentence.
const APART: f32 = 0.7;

/// What is put on a page again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// A drawing of its own, by its object.
    Drawing(ObjectId),
    /// A letter of a font of symbols.
    Symbol,
}

/// The drawing that a name stands for, if it is as small as a mark and more than a straight line, as the ticks of an axis are.
fn mark_of(pdf: &Pdf, resources: &[&Dictionary], name: &[u8]) -> Option<Mark> {
    let objects = resources
        .iter()
        .filter_map(|r| r.get_deref(b"XObject", pdf).and_then(Object::as_dict).ok());
    let id = objects
        .filter_map(|o| o.get(name).ok())
        .find_map(|o| o.as_reference().ok())?;
    let stream = pdf.get_object(id).and_then(Object::as_stream).ok()?;
    if stream.dict.get(b"Subtype").and_then(Object::as_name).ok()? != b"Form" {
        return None;
    }
    let content = stream
        .decompressed_content_with_limit(MARK_BYTES)
        .or_else(|_| stream.get_plain_content_with_limit(MARK_BYTES))
        .ok()?;
    let content = Content::decode(&content).ok()?;
    let drawn = |names: &[&str]| {
        content
            .operations
            .iter()
            .filter(|o| names.contains(&o.operator.as_str()))
            .count()
    };
    (drawn(&["c", "v", "y", "re"]) > 0 || drawn(&["l", "h"]) >= 2).then_some(Mark::Drawing(id))
}

/// Bytes of the drawing of one mark: a circle has 300, a star 600.
const MARK_BYTES: usize = 4_096;

impl Page {
    /// Lines from the top, pieces of a line from the left; wide gaps stay wide, so that columns can be told.
    pub(crate) fn text(&mut self) -> String {
        self.pieces
            .sort_by(|a, b| a.turned.cmp(&b.turned).then(b.y.total_cmp(&a.y)));
        let mut lines: Vec<Vec<&Piece>> = Vec::new();
        for piece in &self.pieces {
            let near = |line: &&mut Vec<&Piece>| {
                line.first().is_some_and(|first| {
                    first.turned == piece.turned
                        && (first.y - piece.y).abs() <= LINE * first.size.max(piece.size).max(1.0)
                })
            };
            match lines.last_mut().filter(|line| near(line)) {
                Some(line) => line.push(piece),
                None => lines.push(vec![piece]),
            }
        }
        let mut text = String::new();
        for mut line in lines {
            line.sort_by(|a, b| a.x.total_cmp(&b.x));
            let mut end = f32::MAX;
            for piece in line {
                let gap = (piece.x - end) / piece.size.max(1.0);
                if gap > APART {
                    text.push_str("   ");
                } else if gap > WORD {
                    text.push(' ');
                }
                text.push_str(&piece.text);
                end = piece.end;
            }
            text.push('\n');
        }
        text
    }

    /// Whether it is a drawing with labels rather than text: many paths, and few lines that are sentences.
    pub(crate) fn is_drawing(&self, text: &str) -> bool {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        let sentences = text
            .lines()
            .filter(|line| {
                line.split_whitespace()
                    .filter(|w| w.len() >= 2 && w.chars().all(char::is_alphabetic))
                    .count()
                    >= 6
            })
            .count();
        self.paths + self.shapes.stamps() >= PATHS && sentences * 5 <= lines
    }
}

/// Paths of a drawing, at the least: the frame and ticks of a plot.
const PATHS: usize = 12;

/// Part of its size by which text may be higher or lower and stay in its line.
const LINE: f32 = 0.35;
