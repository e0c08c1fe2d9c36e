//! A notebook without its outputs: what was printed is most of what leaked, and running it again brings it back.

use super::Changed;
use crate::Context;
use crate::verdict::count_of;
use serde_json::{Map, Value};

pub(super) fn fix(bytes: &[u8], _: &Context<'_>) -> Option<Changed> {
    let mut notebook: Value = serde_json::from_slice(bytes).ok()?;
    notebook.get("nbformat")?;
    let mut changes = Vec::new();
    let (mut outputs, mut attachments) = (0_usize, 0_usize);
    for cell in notebook.get_mut("cells")?.as_array_mut()? {
        let cell = cell.as_object_mut()?;
        if let Some(Value::Array(list)) = cell.get_mut("outputs") {
            outputs += list.len();
            list.clear();
        }
        if let Some(number) = cell.get_mut("execution_count") {
            *number = Value::Null;
        }
        attachments += usize::from(cell.remove("attachments").is_some());
        cell.insert("metadata".into(), Value::Object(Map::new()));
    }
    if outputs > 0 {
        changes.push(format!("cleared {} of cells", count_of(outputs, "output")));
    }
    if attachments > 0 {
        changes.push(format!(
            "dropped {} of cells",
            count_of(attachments, "attachment")
        ));
    }
    if let Some(metadata) = notebook.get_mut("metadata").and_then(Value::as_object_mut) {
        let before = metadata.len();
        metadata.retain(|key, _| key == "kernelspec" || key == "language_info");
        if metadata.len() < before {
            changes.push("dropped the notebook's metadata".into());
        }
    }
    let mut bytes = serde_json::to_vec_pretty(&notebook).ok()?;
    bytes.push(b'\n');
    Some(Changed { bytes, changes })
}
