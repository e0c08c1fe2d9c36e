//! Tells the demonstration: text for people as it happens, or JSON at the end for programs.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::print;

/// Tells what happens.
pub struct Narrator {
    as_json: bool,
    steps: Vec<Value>,
}

impl Narrator {
    pub fn new(as_json: bool) -> Self {
        Self {
            as_json,
            steps: Vec::new(),
        }
    }

    /// A heading.
    pub fn step(&mut self, title: &str) {
        self.steps
            .push(json!({ "step": title, "said": [], "figures": {} }));
        if !self.as_json {
            print::line(&format!("\n{}. {title}", self.steps.len()));
        }
    }

    /// A sentence.
    pub fn say(&mut self, text: &str) {
        if let Some(said) = self.last("said").and_then(Value::as_array_mut) {
            said.push(json!(text));
        }
        if !self.as_json {
            for line in text.lines() {
                print::line(&format!("   {line}"));
            }
        }
    }

    /// A figure for programs.
    pub fn figure(&mut self, name: &str, value: impl Into<Value>) {
        if let Some(figures) = self.last("figures").and_then(Value::as_object_mut) {
            figures.insert(name.to_owned(), value.into());
        }
    }

    fn last(&mut self, part: &str) -> Option<&mut Value> {
        self.steps.last_mut().and_then(|s| s.get_mut(part))
    }

    /// A progress bar on standard error; silent when that is no terminal.
    pub fn progress(&self, what: &str, total: u64) -> ProgressBar {
        if self.as_json {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template("   {msg} {bar:30} {percent:>3}% {elapsed}")
        {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        bar
    }

    /// Prints the whole as JSON, for programs.
    pub fn finish(&self, end: &Value) {
        if self.as_json {
            print::json(&json!({ "steps": self.steps, "end": end }));
        }
    }
}
