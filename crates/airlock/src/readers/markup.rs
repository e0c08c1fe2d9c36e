//! Tags, text and comments of HTML, SVG and XML, in order. The tokenizer is the one of browsers: it never fails, expands no
//! entity but the named characters of HTML, and fetches nothing.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use std::cell::RefCell;

/// One piece of marked-up text.
pub(crate) enum Piece<'a> {
    /// A start tag: name and attributes in lower case, and whether it closes itself.
    Open(&'a str, &'a Attributes, bool),
    Close(&'a str),
    Text(&'a str),
    Comment(&'a str),
}

/// Attributes of a tag.
#[derive(Default)]
pub(crate) struct Attributes(pub(crate) Vec<(String, String)>);

impl Attributes {
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

type Handler<'a> = &'a mut dyn FnMut(u64, Piece<'_>);

struct Sink<'a> {
    handler: RefCell<Handler<'a>>,
    /// Whether script and style hold text that is no markup: in HTML.
    html: bool,
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut handler = self.handler.borrow_mut();
        match token {
            Token::TagToken(tag) => {
                let name: &str = &tag.name;
                if tag.kind == TagKind::EndTag {
                    handler(line, Piece::Close(name));
                    return TokenSinkResult::Continue;
                }
                let attributes = tag.attrs.iter().map(|a| {
                    let name = a.name.local.to_ascii_lowercase().to_string();
                    (name, a.value.to_string())
                });
                let attributes = Attributes(attributes.collect());
                handler(line, Piece::Open(name, &attributes, tag.self_closing));
                return match name {
                    "script" if self.html => TokenSinkResult::RawData(RawKind::ScriptData),
                    "style" | "xmp" if self.html => TokenSinkResult::RawData(RawKind::Rawtext),
                    "title" | "textarea" if self.html => TokenSinkResult::RawData(RawKind::Rcdata),
                    _ => TokenSinkResult::Continue,
                };
            }
            Token::CharacterTokens(text) => handler(line, Piece::Text(&text)),
            Token::CommentToken(text) => handler(line, Piece::Comment(&text)),
            Token::DoctypeToken(doctype) => {
                // What a forged document type carries is searched.
                let id = |t: Option<StrTendril>| t.map(|t| t.to_string()).unwrap_or_default();
                let text = format!("{} {}", id(doctype.name), id(doctype.public_id));
                handler(line, Piece::Comment(&text));
            }
            Token::NullCharacterToken | Token::EOFToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        !self.html
    }
}

/// Hands on each piece with its line.
pub(crate) fn walk(text: &str, html: bool, handler: Handler<'_>) {
    let sink = Sink {
        handler: RefCell::new(handler),
        html,
    };
    let tokenizer = Tokenizer::new(sink, html5ever::tokenizer::TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(text));
    // The sink never asks the tokenizer to stop for a script.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
}
