//! What is drawn from JSON in a browser: plotly's figures and Vega's specifications.

use super::Fact;
use super::tree::Node;
use std::collections::HashMap;

/// plotly's figures have data and a layout; Vega's name their grammar.
pub(crate) fn is_picture(root: &Node) -> bool {
    let vega = root
        .get("$schema")
        .is_some_and(|s| s.text().contains("vega"));
    // A schema has limits of values that are nobody's.
    let vega = vega
        || root
            .get("$schema")
            .is_some_and(|s| s.text().contains("json-schema"));
    vega || (root.get("data").is_some() && root.get("layout").is_some())
}

/// The titles of a plot's axes, by the names of its lists.
pub(crate) fn axis_titles(root: &Node) -> HashMap<String, String> {
    let mut titles = HashMap::new();
    let Some(layout) = root.get("layout") else {
        return titles;
    };
    for axis in ["x", "y", "z"] {
        let title = layout
            .get(&format!("{axis}axis"))
            .and_then(|a| a.get("title"));
        let text = title.map(|t| t.get("text").unwrap_or(t).text().to_owned());
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            titles.insert(axis.to_owned(), text);
        }
    }
    titles
}

/// A trace of plotly whose lists are one value for each mark.
pub(crate) fn points(entries: &[(String, Node)]) -> Option<Fact> {
    const OF_POINTS: [&str; 9] = [
        "scatter",
        "scattergl",
        "scatter3d",
        "box",
        "violin",
        "histogram",
        "strip",
        "splom",
        "scattergeo",
    ];
    let get = |key: &str| entries.iter().find(|(name, _)| name == key).map(|(_, n)| n);
    let kind = get("type").map_or("", Node::text);
    let lines = get("mode").is_some_and(|mode| mode.text() == "lines");
    let longest = ["x", "y"]
        .iter()
        .filter_map(|k| get(k)?.list().map(<[Node]>::len))
        .max();
    let count = longest.filter(|_| OF_POINTS.contains(&kind))?;
    Some(Fact::Marks {
        of: if lines { "vertices" } else { "points" }.into(),
        count: u64::try_from(count).unwrap_or(u64::MAX),
    })
}
