//! The stream in which R writes objects (R Internals 1.8, "Serialization formats"): versions 2 and 3, in XDR, in the machine's own
//! order of bytes, or in ASCII. Builds a tree; evaluates nothing.

use crate::limits;
use crate::readers::frame::Cursor;

/// The number of a node.
pub(super) type Id = usize;

/// Objects within objects: the syntax of a long function is deeper than data.
const DEPTH: usize = 400;

/// A value of R.
#[derive(Clone, Debug, Default)]
pub(super) enum Value<'a> {
    #[default]
    Nil,
    Symbol(String),
    /// Logical and whole numbers; the smallest is a missing one.
    Ints(Vec<i32>, bool),
    Reals(Vec<f64>),
    Texts(Vec<Option<String>>),
    Raw(&'a [u8]),
    List(Vec<Id>),
    /// A pairlist: names and values; also calls, which say nothing that a table would.
    Pairs(Vec<(String, Id)>),
    /// A function: environment, arguments, body.
    Closure(Vec<Id>),
    Environment(Vec<Id>),
    S4,
}

/// A value with its attributes.
#[derive(Clone, Debug, Default)]
pub(super) struct Node<'a> {
    pub(super) value: Value<'a>,
    pub(super) attributes: Option<Id>,
}

/// All values of a stream.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
}

impl<'a> Tree<'a> {
    pub(super) fn value(&self, id: Id) -> &Value<'a> {
        self.nodes.get(id).map_or(&Value::Nil, |node| &node.value)
    }

    /// An attribute by its name.
    pub(super) fn attribute(&self, id: Id, name: &str) -> Option<Id> {
        let list = self.nodes.get(id)?.attributes?;
        match self.value(list) {
            Value::Pairs(pairs) => pairs.iter().find(|(key, _)| key == name).map(|(_, v)| *v),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Xdr,
    Native,
    Ascii,
}

struct Stream<'t, 'a> {
    form: Form,
    cursor: Cursor<'a>,
    tree: &'t mut Tree<'a>,
    references: Vec<Id>,
}

/// Reads a stream from its letter of form on: the root, and how many bytes it took.
pub(super) fn run<'a>(bytes: &'a [u8], tree: &mut Tree<'a>) -> Option<(Id, usize)> {
    let mut cursor = Cursor::new(bytes);
    let form = match cursor.take(2)? {
        b"X\n" => Form::Xdr,
        b"B\n" => Form::Native,
        b"A\n" => Form::Ascii,
        _ => return None,
    };
    let mut stream = Stream {
        form,
        cursor,
        tree,
        references: Vec::new(),
    };
    let version = stream.int()?;
    stream.int()?;
    stream.int()?;
    if version == 3 {
        let size = stream.length()?;
        stream.text(size)?;
    } else if version != 2 {
        return None;
    }
    let root = stream.item(DEPTH)?;
    Some((root, stream.cursor.position()))
}

impl<'a> Stream<'_, 'a> {
    fn word(&mut self) -> Option<&'a str> {
        loop {
            let word = std::str::from_utf8(self.cursor.until(b'\n')?).ok()?.trim();
            if !word.is_empty() {
                return Some(word);
            }
        }
    }

    fn int(&mut self) -> Option<i32> {
        match self.form {
            Form::Xdr => self.cursor.array().map(i32::from_be_bytes),
            Form::Native => self.cursor.array().map(i32::from_le_bytes),
            Form::Ascii => match self.word()? {
                "NA" => Some(i32::MIN),
                digits => digits.parse().ok(),
            },
        }
    }

    fn real(&mut self) -> Option<f64> {
        match self.form {
            Form::Xdr => self.cursor.array().map(f64::from_be_bytes),
            Form::Native => self.cursor.array().map(f64::from_le_bytes),
            Form::Ascii => match self.word()? {
                "NA" => Some(f64::NAN),
                digits => digits.parse().ok(),
            },
        }
    }

    /// The length of a vector; one of more than 2^31 - 1 elements is past every limit.
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.int()?).ok()?;
        (length <= limits::CELLS.max(self.cursor.rest().len())).then_some(length)
    }

    fn text(&mut self, size: usize) -> Option<String> {
        if !matches!(self.form, Form::Ascii) {
            let bytes = self.cursor.take(size)?;
            return Some(std::str::from_utf8(bytes).map_or_else(
                |_| bytes.iter().map(|b| char::from(*b)).collect(),
                str::to_owned,
            ));
        }
        let mut bytes = Vec::new();
        while bytes.len() < size {
            bytes.push(self.escaped()?);
        }
        // What follows is the end of the line.
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// One byte of a text in ASCII form.
    fn escaped(&mut self) -> Option<u8> {
        let byte = self.cursor.u8()?;
        if byte != b'\\' {
            return Some(byte);
        }
        let code = self.cursor.u8()?;
        Some(match code {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'0'..=b'3' => {
                let mut value = code - b'0';
                for digit in self.cursor.take(2)? {
                    value = value
                        .checked_mul(8)?
                        .checked_add(digit.checked_sub(b'0')?)?;
                }
                value
            }
            other => other,
        })
    }

    fn add(&mut self, value: Value<'a>) -> Option<Id> {
        (self.tree.nodes.len() < limits::OBJECTS).then(|| {
            self.tree.nodes.push(Node {
                value,
                attributes: None,
            });
            self.tree.nodes.len() - 1
        })
    }

    fn set(&mut self, id: Id, value: Value<'a>) -> Option<()> {
        self.tree.nodes.get_mut(id)?.value = value;
        Some(())
    }

    fn item(&mut self, depth: usize) -> Option<Id> {
        let flags = self.int()?;
        self.item_of(flags, depth)
    }

    fn item_of(&mut self, flags: i32, depth: usize) -> Option<Id> {
        let depth = depth.checked_sub(1)?;
        let kind = flags & 0xff;
        let has = |bit: i32| flags & (1 << bit) != 0;
        match kind {
            // Nil, the global, base and empty environments, missing and unbound.
            254 | 253 | 252 | 251 | 247 | 242 | 241 => self.add(Value::Nil),
            255 => {
                let number = match flags >> 8 {
                    0 => self.int()?,
                    packed => packed,
                };
                let index = usize::try_from(number).ok()?.checked_sub(1)?;
                self.references.get(index).copied()
            }
            1 => {
                let name = self.string()?;
                let id = self.add(Value::Symbol(name.unwrap_or_default()))?;
                self.references.push(id);
                Some(id)
            }
            248..=250 => self.named_environment(),
            4 => self.environment(depth),
            2 | 6 | 17 => self.pairs(flags, depth),
            3 | 5 => self.closure(flags, depth),
            238 => self.deferred(depth),
            22 | 23 => {
                let id = self.add(Value::Nil)?;
                self.references.push(id);
                if kind == 22 {
                    self.item(depth)?;
                    self.item(depth)?;
                }
                self.attributes(id, has(9), depth)
            }
            25 => {
                let id = self.add(Value::S4)?;
                self.attributes(id, has(9), depth)
            }
            9 => {
                let text = self.string_of()?;
                self.add(Value::Texts(vec![text]))
            }
            21 => {
                // How many parts are referred to again, which only the reader that builds them needs.
                self.int()?;
                let id = self.byte_code(depth)?;
                self.attributes(id, has(9), depth)
            }
            7 | 8 => {
                let size = self.length()?;
                let name = self.text(size)?;
                self.add(Value::Symbol(name))
            }
            _ => {
                let value = self.vector(kind, depth)?;
                let id = self.add(value)?;
                self.attributes(id, has(9), depth)
            }
        }
    }

    /// The byte code of a compiled function: its instructions, and the constants that they use.
    fn byte_code(&mut self, depth: usize) -> Option<Id> {
        let depth = depth.checked_sub(1)?;
        let mut parts = vec![self.item(depth)?];
        for _ in 0..self.length()? {
            let kind = self.int()?;
            parts.push(if kind == 21 {
                self.byte_code(depth)?
            } else {
                self.byte_syntax(kind, depth)?
            });
        }
        self.add(Value::Closure(parts))
    }

    /// Syntax among the constants of byte code: cells of lists, or any other value.
    fn byte_syntax(&mut self, kind: i32, depth: usize) -> Option<Id> {
        let depth = depth.checked_sub(1)?;
        let kind = match kind {
            // Seen before.
            243 => {
                self.int()?;
                return self.add(Value::Nil);
            }
            // Will be seen again: its number, and what it is.
            244 => {
                self.int()?;
                self.int()?
            }
            other => other,
        };
        match kind {
            2 | 6 | 239 | 240 => {
                let mut parts = Vec::new();
                if kind > 6 {
                    parts.push(self.item(depth)?);
                }
                parts.push(self.item(depth)?);
                for _ in 0..2 {
                    let next = self.int()?;
                    parts.push(self.byte_syntax(next, depth)?);
                }
                self.add(Value::Closure(parts))
            }
            _ => self.item(depth),
        }
    }

    fn attributes(&mut self, id: Id, there: bool, depth: usize) -> Option<Id> {
        if there {
            let list = self.item(depth)?;
            self.tree.nodes.get_mut(id)?.attributes = Some(list);
        }
        Some(id)
    }

    fn vector(&mut self, kind: i32, depth: usize) -> Option<Value<'a>> {
        let length = self.length()?;
        Some(match kind {
            10 | 13 => {
                let numbers = (0..length).map(|_| self.int());
                Value::Ints(numbers.collect::<Option<_>>()?, kind == 10)
            }
            14 => Value::Reals((0..length).map(|_| self.real()).collect::<Option<_>>()?),
            15 => {
                let both = (0..length.checked_mul(2)?).map(|_| self.real());
                Value::Reals(both.collect::<Option<_>>()?)
            }
            16 => Value::Texts((0..length).map(|_| self.string()).collect::<Option<_>>()?),
            19 | 20 => {
                let items = (0..length).map(|_| self.item(depth));
                Value::List(items.collect::<Option<_>>()?)
            }
            24 if matches!(self.form, Form::Ascii) => {
                for _ in 0..length {
                    self.word()?;
                }
                Value::Raw(&[])
            }
            24 => Value::Raw(self.cursor.take(length)?),
            // Newer than this.
            _ => return None,
        })
    }

    fn string(&mut self) -> Option<Option<String>> {
        let flags = self.int()?;
        (flags & 0xff == 9).then(|| self.string_of())?
    }

    fn string_of(&mut self) -> Option<Option<String>> {
        match self.int()? {
            -1 => Some(None),
            size => {
                let size = usize::try_from(size).ok()?;
                self.text(size).map(Some)
            }
        }
    }

    /// A namespace, a package or another environment that is known by its name.
    fn named_environment(&mut self) -> Option<Id> {
        self.int()?;
        let length = self.length()?;
        for _ in 0..length {
            self.string()?;
        }
        let id = self.add(Value::Nil)?;
        self.references.push(id);
        Some(id)
    }

    fn environment(&mut self, depth: usize) -> Option<Id> {
        self.int()?;
        let id = self.add(Value::Nil)?;
        self.references.push(id);
        let parts = (0..4).map(|_| self.item(depth));
        let parts: Vec<Id> = parts.collect::<Option<_>>()?;
        self.set(id, Value::Environment(parts))?;
        Some(id)
    }

    fn closure(&mut self, flags: i32, depth: usize) -> Option<Id> {
        let attributes = if flags & (1 << 9) != 0 {
            Some(self.item(depth)?)
        } else {
            None
        };
        let parts = (0..3).map(|_| self.item(depth));
        let parts = parts.collect::<Option<_>>()?;
        let id = self.add(Value::Closure(parts))?;
        self.tree.nodes.get_mut(id)?.attributes = attributes;
        Some(id)
    }

    /// A pairlist, cell by cell: attributes, name, value, rest.
    fn pairs(&mut self, first: i32, depth: usize) -> Option<Id> {
        let id = self.add(Value::Nil)?;
        let mut pairs = Vec::new();
        let mut flags = first;
        loop {
            if flags & (1 << 9) != 0 {
                let list = self.item(depth)?;
                self.tree.nodes.get_mut(id)?.attributes = Some(list);
            }
            let mut name = String::new();
            if flags & (1 << 10) != 0 {
                let tag = self.item(depth)?;
                if let Value::Symbol(symbol) = self.tree.value(tag) {
                    symbol.clone_into(&mut name);
                }
            }
            let value = self.item(depth)?;
            pairs.push((name, value));
            flags = self.int()?;
            match flags & 0xff {
                2 | 6 | 17 => {}
                254 => break,
                // The state of texts of numbers is a pair of two vectors.
                _ => {
                    let rest = self.item_of(flags, depth)?;
                    pairs.push((String::new(), rest));
                    break;
                }
            }
        }
        self.set(id, Value::Pairs(pairs))?;
        Some(id)
    }

    /// A vector that R keeps in a short form (ALTREP): a sequence, texts of numbers, or a wrapped vector.
    fn deferred(&mut self, depth: usize) -> Option<Id> {
        let about = self.item(depth)?;
        let state = self.item(depth)?;
        let attributes = self.item(depth)?;
        let class = match self.tree.value(about) {
            Value::Pairs(pairs) => pairs.first().map(|(_, id)| *id),
            _ => None,
        };
        let class = match class.map(|id| self.tree.value(id)) {
            Some(Value::Symbol(name)) => name.clone(),
            _ => String::new(),
        };
        let first = match self.tree.value(state) {
            Value::Pairs(pairs) => pairs.first().map(|(_, id)| *id),
            Value::List(items) => items.first().copied(),
            _ => None,
        };
        let value = match class.as_str() {
            "compact_intseq" | "compact_realseq" => self.sequence(state)?,
            "deferred_string" => self.texts_of(first?)?,
            _ => self.tree.value(first?).clone(),
        };
        let id = self.add(value)?;
        self.tree.nodes.get_mut(id)?.attributes = Some(attributes);
        Some(id)
    }

    /// Number of elements, first, step.
    fn sequence(&self, state: Id) -> Option<Value<'a>> {
        let numbers: Vec<f64> = match self.tree.value(state) {
            Value::Reals(numbers) => numbers.clone(),
            Value::Ints(numbers, _) => numbers.iter().map(|n| f64::from(*n)).collect(),
            _ => return None,
        };
        let [length, start, step] = *numbers.as_slice() else {
            return None;
        };
        let mut values = Vec::new();
        let mut index = 0.0;
        while index < length {
            if values.len() >= limits::ROWS {
                return None;
            }
            values.push(step.mul_add(index, start));
            index += 1.0;
        }
        Some(Value::Reals(values))
    }

    fn texts_of(&self, id: Id) -> Option<Value<'a>> {
        let texts = match self.tree.value(id) {
            Value::Ints(numbers, _) => numbers.iter().map(|n| Some(n.to_string())).collect(),
            Value::Reals(numbers) => numbers.iter().map(|n| Some(n.to_string())).collect(),
            _ => return None,
        };
        Some(Value::Texts(texts))
    }
}
