//! Two tables of disjoint cells: is there a difference of unions about one to nine people?
//!
//! Cells are the nodes of a graph, and so is "not shown"; each person joins the two cells they are in. A combination of the
//! numbers of both tables leaves out exactly those people whose cells get the same weight, so the smallest one that is about
//! somebody is the minimum cut of a connected part of the graph: a combination with more than two weights can be cut at
//! one of its levels without becoming about more people.
//!
//! Nagamochi and Ibaraki 1992 ("Computing edge-connectivity in multigraphs and capacitated graphs"): in a
//! maximum-adjacency order, both ends of an edge that reaches the bound are on one side of every smaller cut and
//! become one node; the last node's edges are a cut (Stoer and Wagner 1997). Priorities are cut off at the bound (Henzinger, Noe,
//! Schulz and Strash 2018).

/// An undirected graph with weights, from its edges. Nodes are numbers below `nodes`.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    parent: Vec<u32>,
    edges: Vec<(u32, u32, u64)>,
}

impl Graph {
    /// A graph without edges.
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            parent: (0..u32::try_from(nodes).unwrap_or(u32::MAX)).collect(),
            edges: Vec::new(),
        }
    }

    /// Adds an edge of this many people.
    pub(crate) fn join(&mut self, a: usize, b: usize, people: u64) {
        if let (Ok(a), Ok(b)) = (u32::try_from(a), u32::try_from(b))
            && people > 0
            && a != b
        {
            self.edges.push((a, b, people));
        }
    }

    /// The connected part of each node, as one of its nodes.
    pub(crate) fn parts(&self) -> Vec<u32> {
        let mut parts = Sets(self.parent.clone());
        for (a, b, _) in &self.edges {
            parts.union(*a, *b);
        }
        (0..u32::try_from(self.parent.len()).unwrap_or(u32::MAX))
            .map(|node| parts.find(node))
            .collect()
    }

    /// Whether a connected part can be cut through fewer than `bound` people.
    pub(crate) fn small_cut(self, bound: u64) -> bool {
        let nodes = self.parent.len();
        let mut sets = Sets(self.parent);
        for (a, b, people) in &self.edges {
            if *people >= bound {
                sets.union(*a, *b);
            }
        }
        let mut edges = self.edges;
        loop {
            edges = merged(edges, &mut sets);
            if edges.is_empty() {
                return false;
            }
            if scan(nodes, &edges, &mut sets, bound) {
                return true;
            }
        }
    }
}

/// Edges between merged nodes, each pair once.
fn merged(edges: Vec<(u32, u32, u64)>, sets: &mut Sets) -> Vec<(u32, u32, u64)> {
    let mut out: Vec<(u32, u32, u64)> = edges
        .into_iter()
        .filter_map(|(a, b, people)| {
            let (a, b) = (sets.find(a), sets.find(b));
            (a != b).then_some((a.min(b), a.max(b), people))
        })
        .collect();
    out.sort_unstable_by_key(|(a, b, _)| (*a, *b));
    out.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same {
            kept.2 = kept.2.saturating_add(next.2);
        }
        same
    });
    out
}

/// One maximum-adjacency order over all nodes. Merges what it proves to be on one side; returns whether a small cut
/// was found. Merges at least one pair in each part of two or more nodes otherwise.
fn scan(nodes: usize, edges: &[(u32, u32, u64)], sets: &mut Sets, bound: u64) -> bool {
    let next_to = neighbours(nodes, edges);
    let levels = usize::try_from(bound).unwrap_or(usize::MAX);
    let mut reached = vec![0_u64; nodes];
    let mut visited = vec![false; nodes];
    // by how strongly a node is reached; a node stands in every level it ever had
    let mut queue: Vec<Vec<u32>> = vec![Vec::new(); levels.saturating_add(1)];
    let mut last = None;
    let mut starts = 0;
    loop {
        let next = strongest(&mut queue, &visited, &reached);
        let node = if let Some(node) = next {
            node
        } else {
            // a part ends: what joins its last node to the rest is a cut
            if last.is_some_and(|people: u64| people > 0 && people < bound) {
                return true;
            }
            let start = (starts..nodes).find(|n| {
                visited.get(*n) == Some(&false) && next_to.get(*n).is_some_and(|e| !e.is_empty())
            });
            let Some(start) = start else {
                return false;
            };
            starts = start + 1;
            start
        };
        if let Some(seen) = visited.get_mut(node) {
            *seen = true;
        }
        last = reached.get(node).copied();
        for (other, people) in next_to.get(node).into_iter().flatten() {
            let at = usize::try_from(*other).unwrap_or(usize::MAX);
            if visited.get(at) != Some(&false) {
                continue;
            }
            let Some(strength) = reached.get_mut(at) else {
                continue;
            };
            *strength = strength.saturating_add(*people).min(bound);
            if *strength >= bound {
                sets.union(u32::try_from(node).unwrap_or(u32::MAX), *other);
            }
            let level = usize::try_from(*strength).unwrap_or(usize::MAX);
            if let Some(level) = queue.get_mut(level) {
                level.push(*other);
            }
        }
    }
}

/// The unvisited node that is reached most strongly.
fn strongest(queue: &mut [Vec<u32>], visited: &[bool], reached: &[u64]) -> Option<usize> {
    for (level, nodes) in queue.iter_mut().enumerate().rev() {
        while let Some(node) = nodes.pop() {
            let at = usize::try_from(node).unwrap_or(usize::MAX);
            let current = reached
                .get(at)
                .is_some_and(|r| usize::try_from(*r) == Ok(level));
            if current && visited.get(at) == Some(&false) {
                return Some(at);
            }
        }
    }
    None
}

fn neighbours(nodes: usize, edges: &[(u32, u32, u64)]) -> Vec<Vec<(u32, u64)>> {
    let mut out = vec![Vec::new(); nodes];
    for (a, b, people) in edges {
        for (from, to) in [(a, b), (b, a)] {
            let at = usize::try_from(*from).unwrap_or(usize::MAX);
            if let Some(list) = out.get_mut(at) {
                list.push((*to, *people));
            }
        }
    }
    out
}

/// Disjoint sets (union by find with path halving).
struct Sets(Vec<u32>);

impl Sets {
    fn find(&mut self, mut node: u32) -> u32 {
        loop {
            let up = self.up(node);
            if up == node {
                return node;
            }
            let further = self.up(up);
            if let Some(slot) = usize::try_from(node).ok().and_then(|n| self.0.get_mut(n)) {
                *slot = further;
            }
            node = further;
        }
    }

    fn up(&self, node: u32) -> u32 {
        usize::try_from(node)
            .ok()
            .and_then(|n| self.0.get(n).copied())
            .unwrap_or(node)
    }

    fn union(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(slot) = usize::try_from(a).ok().and_then(|n| self.0.get_mut(n)) {
            *slot = b;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By hand: two triangles of 10 joined by 9 people.
    #[test]
    fn two_triangles_and_a_bridge() {
        let build = |bridge| {
            let mut graph = Graph::new(6);
            for (a, b) in [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)] {
                graph.join(a, b, 5);
            }
            graph.join(2, 3, bridge);
            graph
        };
        assert!(build(9).small_cut(10));
        assert!(!build(10).small_cut(10));
        assert!(
            !build(0).small_cut(10),
            "nothing joins them, nobody differs"
        );
    }

    proptest! {
        /// The same as trying every division of the nodes into two.
        #[test]
        fn agrees_with_every_cut(edges in prop::collection::vec((0_usize..7, 0_usize..7, 1_u64..14), 0..18)) {
            let mut graph = Graph::new(7);
            for (a, b, people) in &edges {
                graph.join(*a, *b, *people);
            }
            let small = (1_u32..127).any(|side| {
                let cut: u64 = edges.iter()
                    .filter(|(a, b, _)| (side >> a) & 1 != (side >> b) & 1)
                    .map(|(_, _, people)| people).sum();
                cut > 0 && cut < 10
            });
            prop_assert_eq!(graph.small_cut(10), small);
        }
    }
}
