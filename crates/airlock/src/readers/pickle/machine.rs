//! The pickle machine, all protocols (Python `pickletools`; PEP 307, 3154, 574): it builds a tree of what would be built and
//! calls nothing. A class is its name, a call is an object with arguments.
//!
//! joblib writes the bytes of an array into the stream behind the object that announces it; they are taken from there.

use super::arrays;
use crate::limits;
use crate::readers::frame::Cursor;
use std::collections::HashMap;

/// The number of a node of the tree.
pub(super) type Id = usize;

/// What a pickle builds.
#[derive(Clone, Debug)]
pub(super) enum Node<'a> {
    None,
    Bool(bool),
    /// A whole number, in decimal.
    Int(String),
    Float(f64),
    Text(String),
    Bytes(&'a [u8]),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Set(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// The name of a class or function: its module and name with a dot between.
    Global(String),
    Object(Box<Object>),
    /// The values of an array in a joblib file: what announced it, and its bytes.
    Raw(Id, &'a [u8]),
    /// The same of an array of objects: a pickle of its own.
    RawObjects(Id, Id),
}

/// An object: what was called, with what, and what was put into it afterwards.
#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    pub(super) class: Id,
    pub(super) arguments: Id,
    pub(super) state: Option<Id>,
    pub(super) items: Vec<Id>,
    pub(super) pairs: Vec<(Id, Id)>,
}

/// The tree: all nodes that were ever built, those that were thrown away, too.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) root: Id,
}

impl<'a> Tree<'a> {
    pub(super) fn node(&self, id: Id) -> &Node<'a> {
        self.nodes.get(id).unwrap_or(&Node::None)
    }

    fn add(&mut self, node: Node<'a>) -> Option<Id> {
        (self.nodes.len() < limits::OBJECTS).then(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        })
    }
}

struct Machine<'t, 'a> {
    tree: &'t mut Tree<'a>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    depth: usize,
}

/// Runs a pickle to its end: the root, or nothing when it is damaged or too large.
pub(super) fn run<'a>(cursor: &mut Cursor<'a>, tree: &mut Tree<'a>, depth: usize) -> Option<Id> {
    let mut machine = Machine {
        tree,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        depth: depth.checked_sub(1)?,
    };
    loop {
        let code = cursor.u8()?;
        if code == b'.' {
            return machine.stack.pop();
        }
        machine.step(code, cursor)?;
    }
}

fn line<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let line = std::str::from_utf8(cursor.until(b'\n')?).ok()?;
    Some(line.trim_end_matches('\r'))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Latin-1 with `\u0041` for other characters (Python's raw-unicode-escape).
fn escaped(bytes: &[u8]) -> String {
    let latin: String = bytes.iter().map(|b| char::from(*b)).collect();
    let mut parts = latin.split("\\u");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(4).unwrap_or((part, ""));
        let character = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        match character {
            Some(character) => text.push(character),
            None => text.push_str(code),
        }
        text.push_str(rest);
    }
    text
}

impl<'a> Machine<'_, 'a> {
    fn push(&mut self, node: Node<'a>) -> Option<()> {
        let id = self.tree.add(node)?;
        self.stack.push(id);
        Some(())
    }

    fn pop(&mut self) -> Option<Id> {
        let bottom = self.marks.last().copied().unwrap_or(0);
        (self.stack.len() > bottom).then(|| self.stack.pop())?
    }

    /// What stands above the last mark.
    fn marked(&mut self) -> Option<Vec<Id>> {
        let mark = self.marks.pop()?;
        (mark <= self.stack.len()).then(|| self.stack.split_off(mark))
    }

    fn some(&mut self, count: usize) -> Option<Vec<Id>> {
        let from = self.stack.len().checked_sub(count)?;
        Some(self.stack.split_off(from))
    }

    fn step(&mut self, code: u8, cursor: &mut Cursor<'a>) -> Option<()> {
        match code {
            0x80 => cursor.u8().map(|_| ()),
            0x95 => cursor.u64_le().map(|_| ()),
            b'(' => {
                self.marks.push(self.stack.len());
                Some(())
            }
            // Popping a mark is popping it.
            b'0' if self.marks.last() == Some(&self.stack.len()) => self.marks.pop().map(|_| ()),
            b'0' => self.pop().map(|_| ()),
            b'1' => self.marked().map(|_| ()),
            b'2' => {
                let top = *self.stack.last()?;
                self.stack.push(top);
                Some(())
            }
            b'N' => self.push(Node::None),
            0x88 | 0x89 => self.push(Node::Bool(code == 0x88)),
            b'F' | b'I' | b'L' | b'J' | b'K' | b'M' | b'G' | 0x8a | 0x8b => {
                self.number(code, cursor)
            }
            b'S' | b'V' | b'T' | b'U' | b'X' | 0x8c | 0x8d => self.text(code, cursor),
            b'B' | b'C' | 0x8e | 0x96 => self.bytes(code, cursor),
            // A buffer that travels outside the file: its place is kept.
            0x97 => self.push(Node::None),
            0x98 => Some(()),
            b'p' | b'q' | b'r' | b'g' | b'h' | b'j' | 0x94 => self.memo(code, cursor),
            b'c' | b'i' | b'o' | b'R' | b'b' | b'P' | b'Q' | 0x81..=0x84 | 0x92 | 0x93 => {
                self.object(code, cursor)
            }
            _ => self.container(code),
        }
    }

    fn number(&mut self, code: u8, cursor: &mut Cursor<'a>) -> Option<()> {
        let whole = |n: i64| Node::Int(n.to_string());
        let node = match code {
            b'F' => Node::Float(line(cursor)?.trim().parse().ok()?),
            b'I' => match line(cursor)? {
                "00" => Node::Bool(false),
                "01" => Node::Bool(true),
                digits => Node::Int(digits.trim().to_owned()),
            },
            b'L' => Node::Int(line(cursor)?.trim_end_matches('L').to_owned()),
            b'J' => whole(i64::from(i32::from_le_bytes(cursor.array()?))),
            b'K' => whole(i64::from(cursor.u8()?)),
            b'M' => whole(i64::from(cursor.u16_le()?)),
            b'G' => Node::Float(f64::from_be_bytes(cursor.array()?)),
            _ => {
                let size = if code == 0x8a {
                    usize::from(cursor.u8()?)
                } else {
                    cursor.len_32()?
                };
                Node::Int(long(cursor.take(size)?))
            }
        };
        self.push(node)
    }

    fn text(&mut self, code: u8, cursor: &mut Cursor<'a>) -> Option<()> {
        let node = match code {
            b'S' => {
                let quoted = line(cursor)?;
                Node::Text(quoted.trim_matches(['\'', '"']).to_owned())
            }
            b'V' => Node::Text(escaped(cursor.until(b'\n')?)),
            _ => {
                let size = match code {
                    b'U' | 0x8c => usize::from(cursor.u8()?),
                    b'T' | b'X' => cursor.len_32()?,
                    _ => cursor.len_64()?,
                };
                let bytes = cursor.take(size)?;
                // Python 2 has its arrays' bytes in strings.
                match std::str::from_utf8(bytes) {
                    Err(_) if matches!(code, b'T' | b'U') => Node::Bytes(bytes),
                    _ => Node::Text(text(bytes)),
                }
            }
        };
        self.push(node)
    }

    fn bytes(&mut self, code: u8, cursor: &mut Cursor<'a>) -> Option<()> {
        let size = match code {
            b'C' => usize::from(cursor.u8()?),
            b'B' => cursor.len_32()?,
            _ => cursor.len_64()?,
        };
        let bytes = cursor.take(size)?;
        self.push(Node::Bytes(bytes))
    }

    fn memo(&mut self, code: u8, cursor: &mut Cursor<'a>) -> Option<()> {
        let key = match code {
            b'p' | b'g' => line(cursor)?.parse().ok()?,
            b'q' | b'h' => u64::from(cursor.u8()?),
            b'r' | b'j' => u64::from(cursor.u32_le()?),
            _ => u64::try_from(self.memo.len()).ok()?,
        };
        if matches!(code, b'g' | b'h' | b'j') {
            self.stack.push(*self.memo.get(&key)?);
        } else {
            self.memo.insert(key, *self.stack.last()?);
        }
        Some(())
    }

    fn container(&mut self, code: u8) -> Option<()> {
        match code {
            b']' => self.push(Node::List(Vec::new())),
            b'}' => self.push(Node::Dict(Vec::new())),
            0x8f => self.push(Node::Set(Vec::new())),
            b')' => self.push(Node::Tuple(Vec::new())),
            b't' | b'l' | 0x91 => {
                let items = self.marked()?;
                self.push(match code {
                    b't' => Node::Tuple(items),
                    b'l' => Node::List(items),
                    _ => Node::Set(items),
                })
            }
            0x85..=0x87 => {
                let items = self.some(usize::from(code - 0x84))?;
                self.push(Node::Tuple(items))
            }
            b'd' => {
                let items = self.marked()?;
                self.push(Node::Dict(pairs(&items)))
            }
            b'a' | b'e' | 0x90 => {
                let items = if code == b'a' {
                    vec![self.pop()?]
                } else {
                    self.marked()?
                };
                match self.top()? {
                    Node::List(list) | Node::Set(list) => list.extend(items),
                    Node::Object(object) => object.items.extend(items),
                    _ => return None,
                }
                Some(())
            }
            b's' | b'u' => {
                let items = if code == b's' {
                    self.some(2)?
                } else {
                    self.marked()?
                };
                match self.top()? {
                    Node::Dict(dict) => dict.extend(pairs(&items)),
                    Node::Object(object) => object.pairs.extend(pairs(&items)),
                    _ => return None,
                }
                Some(())
            }
            _ => None,
        }
    }

    fn top(&mut self) -> Option<&mut Node<'a>> {
        let id = *self.stack.last()?;
        self.tree.nodes.get_mut(id)
    }

    fn object(&mut self, code: u8, cursor: &mut Cursor<'a>) -> Option<()> {
        match code {
            b'c' => {
                let module = line(cursor)?;
                let name = line(cursor)?;
                self.push(Node::Global(format!("{module}.{name}")))
            }
            0x93 => {
                let both = self.some(2)?;
                let words: Vec<&str> = both
                    .iter()
                    .filter_map(|id| match self.tree.node(*id) {
                        Node::Text(text) => Some(text.as_str()),
                        _ => None,
                    })
                    .collect();
                self.push(Node::Global(words.join(".")))
            }
            // A number that a register of the reader's own knows (PEP 307): nobody else knows what it is.
            0x82..=0x84 => {
                let size = [1, 2, 4].get(usize::from(code - 0x82)).copied()?;
                cursor.take(size)?;
                self.push(Node::Global("extension.unknown".into()))
            }
            b'P' => {
                let id = line(cursor)?.to_owned();
                let id = self.tree.add(Node::Text(id))?;
                self.call("persistent.id", id)
            }
            b'Q' => {
                let id = self.pop()?;
                self.call("persistent.id", id)
            }
            b'i' => {
                let (module, name) = (line(cursor)?, line(cursor)?);
                let class = format!("{module}.{name}");
                let items = self.marked()?;
                let arguments = self.tree.add(Node::Tuple(items))?;
                self.call(&class, arguments)
            }
            b'o' => {
                let items = self.marked()?;
                let (class, rest) = items.split_first()?;
                let arguments = self.tree.add(Node::Tuple(rest.to_vec()))?;
                self.build(*class, arguments)
            }
            0x92 => {
                let [class, arguments, named] = self.some(3)?.try_into().ok()?;
                let both = self.tree.add(Node::Tuple(vec![arguments, named]))?;
                self.build(class, both)
            }
            b'b' => {
                let state = self.pop()?;
                if let Node::Object(object) = self.top()? {
                    object.state = Some(state);
                    self.raw_array(cursor)?;
                }
                Some(())
            }
            _ => {
                let [class, arguments] = self.some(2)?.try_into().ok()?;
                self.build(class, arguments)
            }
        }
    }

    fn call(&mut self, class: &str, arguments: Id) -> Option<()> {
        let class = self.tree.add(Node::Global(class.to_owned()))?;
        self.build(class, arguments)
    }

    fn build(&mut self, mut class: Id, arguments: Id) -> Option<()> {
        // Protocols 0 and 1 make an object of a class by a call of this function.
        if matches!(self.tree.node(class), Node::Global(name) if name.ends_with("._reconstructor"))
        {
            class = *self.tree.items(arguments).first()?;
        }
        self.push(Node::Object(Box::new(Object {
            class,
            arguments,
            ..Object::default()
        })))
    }

    /// The bytes of an array behind the object of joblib that announces it (`joblib.numpy_pickle`, `read_array`).
    fn raw_array(&mut self, cursor: &mut Cursor<'a>) -> Option<()> {
        let id = *self.stack.last()?;
        let Some(wrapped) = arrays::announced(self.tree, id) else {
            return Some(());
        };
        let copy = self.tree.node(id).clone();
        let copy = self.tree.add(copy)?;
        let node = match wrapped.size {
            None => Node::RawObjects(copy, run(cursor, self.tree, self.depth)?),
            Some(size) => {
                if wrapped.aligned {
                    let padding = usize::from(cursor.u8()?);
                    cursor.take(padding)?;
                }
                Node::Raw(copy, cursor.take(size)?)
            }
        };
        *self.tree.nodes.get_mut(id)? = node;
        Some(())
    }
}

fn pairs(items: &[Id]) -> Vec<(Id, Id)> {
    let (pairs, _) = items.as_chunks::<2>();
    pairs.iter().map(|[key, value]| (*key, *value)).collect()
}

/// A whole number in two's complement; one of more than 16 bytes in hexadecimal.
fn long(bytes: &[u8]) -> String {
    let Some(last) = bytes.last() else {
        return "0".into();
    };
    let fill = if last & 0x80 == 0 { 0 } else { 0xff };
    let mut wide = [fill; 16];
    if bytes.len() > wide.len() {
        return bytes.iter().rev().map(|b| format!("{b:02x}")).collect();
    }
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    i128::from_le_bytes(wide).to_string()
}
