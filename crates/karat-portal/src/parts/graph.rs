//! The graph of relations: layered from left to right, drawn on the server as SVG with links.
//!
//! The method is Sugiyama's: edges against the stream are turned for the layout, layers are the longest ways from a source, long edges
//! get a place in each layer they pass, and neighbours pull their order straight.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};

/// Something that has relations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// What edges call it.
    pub id: String,
    /// Its name.
    pub label: String,
    /// Its kind, in small letters above the name.
    pub kind: String,
    /// Its page, if it is there.
    pub href: Option<String>,
    /// Whether the page is about it.
    pub own: bool,
}

/// A relation, read from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The id of a node.
    pub from: String,
    /// The id of another.
    pub to: String,
    /// What it is: `dependsOn`.
    pub label: String,
}

/// Nodes and edges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The nodes, in the order that they are drawn in where nothing else decides.
    pub nodes: Vec<Node>,
    /// The edges. Those of unknown nodes are not drawn.
    pub edges: Vec<Edge>,
}

const WIDTH: i32 = 176;
const HEIGHT: i32 = 44;
/// Between two layers: room for the words on edges.
const BETWEEN: i32 = 104;
const BELOW: i32 = 16;
const MARGIN: i32 = 8;
/// As many characters as fit into a node.
const CHARACTERS: usize = 22;
const SWEEPS: usize = 6;

/// The graph. `label` says what it shows to who does not see it; the page says the same in words besides.
pub fn graph(label: &str, graph: &Graph) -> Markup {
    let drawn = Layout::of(graph);
    let (width, height) = drawn.size();
    html! {
        div class="graph" tabindex="0" role="region" aria-label=(label) {
            svg width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } role="group" aria-label=(label) {
                @for way in &drawn.ways {
                    path class="edge" d=(way.path()) {}
                    path class="tip" d=(way.tip()) {}
                }
                @for way in &drawn.ways {
                    @let (x, y, anchor) = way.word();
                    text class="label" x=(x) y=(y) text-anchor=(anchor) aria-hidden="true" { (way.label) }
                }
                @for (node, place) in graph.nodes.iter().zip(&drawn.places) { (one(node, *place)) }
            }
        }
    }
}

fn one(node: &Node, (x, y): (i32, i32)) -> Markup {
    let class = match (node.own, node.href.is_some()) {
        (true, _) => "self",
        (false, true) => "other",
        (false, false) => "missing",
    };
    let inner = html! {
        @if node.href.is_none() && !node.own { title { (node.label) " is not in the catalog" } }
        @else if cut(&node.label) != node.label { title { (node.label) } }
        rect x=(x) y=(y) width=(WIDTH) height=(HEIGHT) rx="5" {}
        text class="kind" x=(x + 12) y=(y + 17) { (cut(&node.kind)) }
        text x=(x + 12) y=(y + 33) { (cut(&node.label)) }
    };
    html! {
        @match node.href.as_deref().filter(|_| !node.own) {
            Some(href) => a href=(href) class=(class) { (inner) },
            None => g class=(class) { (inner) },
        }
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= CHARACTERS {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(CHARACTERS - 1).collect();
    cut.push('…');
    cut
}

/// Where everything is.
struct Layout {
    places: Vec<(i32, i32)>,
    ways: Vec<Way>,
}

/// The way of an edge.
struct Way {
    label: String,
    /// From the edge's source to its target.
    points: Vec<(i32, i32)>,
    alone: Alone,
}

/// Which end of an edge no other shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    Last,
    First,
    Neither,
}

impl Way {
    fn path(&self) -> String {
        let mut text = String::new();
        for pair in self.points.windows(2) {
            let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
            let bend = (to_x - x) / 2;
            if text.is_empty() {
                let _ = write!(text, "M{x} {y}");
            }
            let _ = write!(text, "C{} {y} {} {to_y} {to_x} {to_y}", x + bend, to_x - bend);
        }
        text
    }

    fn tip(&self) -> String {
        let Some(&[before, (x, y)]) = self.points.last_chunk::<2>() else { return String::new() };
        let back = if before.0 > x { 7 } else { -7 };
        format!("M{x} {y}l{back} -4v8z")
    }

    /// Where its word stands: at the end where it is alone, else in the middle.
    fn word(&self) -> (i32, i32, &'static str) {
        let (Some(&first), Some(&last)) = (self.points.first(), self.points.last()) else { return (0, 0, "start") };
        let forth = first.0 < last.0;
        match self.alone {
            Alone::Last if forth => (last.0 - 12, last.1 - 5, "end"),
            Alone::Last => (last.0 + 12, last.1 - 5, "start"),
            Alone::First if forth => (first.0 + 6, first.1 - 5, "start"),
            Alone::First => (first.0 - 6, first.1 - 5, "end"),
            Alone::Neither => (first.0.midpoint(last.0), first.1.midpoint(last.1) - 4, "middle"),
        }
    }
}

impl Layout {
    fn of(graph: &Graph) -> Self {
        let index: BTreeMap<&str, usize> =
            graph.nodes.iter().enumerate().map(|(at, node)| (node.id.as_str(), at)).collect();
        let known = graph.edges.iter().filter_map(|edge| {
            let (from, to) = (*index.get(edge.from.as_str())?, *index.get(edge.to.as_str())?);
            (from != to).then_some((from, to, edge.label.as_str()))
        });
        let edges = together(known);
        let turned = against(graph.nodes.len(), &edges);
        let streamed: Vec<(usize, usize)> = edges
            .iter()
            .zip(&turned)
            .map(|((from, to, _), turned)| if *turned { (*to, *from) } else { (*from, *to) })
            .collect();
        let mut layer = layers(graph.nodes.len(), &streamed);
        // Places in the layers that long edges pass.
        let mut chains = Vec::with_capacity(streamed.len());
        for &(from, to) in &streamed {
            let mut chain = vec![from];
            for between in layer[from] + 1..layer[to] {
                chain.push(layer.len());
                layer.push(between);
            }
            chain.push(to);
            chains.push(chain);
        }
        let rows = ordered(&layer, &chains);
        let tallest = rows.iter().map(|row| height(row, graph.nodes.len())).max().unwrap_or_default();
        let mut places = vec![(0, 0); layer.len()];
        for (column, row) in rows.iter().enumerate() {
            let x = MARGIN + i32::try_from(column).unwrap_or_default() * (WIDTH + BETWEEN);
            let mut y = MARGIN + (tallest - height(row, graph.nodes.len())) / 2;
            for &at in row {
                places[at] = (x, y);
                y += tall(at, graph.nodes.len()) + BELOW;
            }
        }
        let ways = edges.iter().zip(chains).zip(&turned).map(|(((from, to, label), chain), turned)| {
            let mut points = Vec::with_capacity(chain.len() + 1);
            for (step, &at) in chain.iter().enumerate() {
                let (x, y) = places[at];
                let middle = y + tall(at, graph.nodes.len()) / 2;
                if step > 0 {
                    points.push((x, middle));
                }
                if step + 1 < chain.len() {
                    points.push((x + WIDTH, middle));
                }
            }
            if *turned {
                points.reverse();
            }
            let alone = match (
                edges.iter().filter(|edge| edge.1 == *to).count(),
                edges.iter().filter(|edge| edge.0 == *from).count(),
            ) {
                (1, _) => Alone::Last,
                (_, 1) => Alone::First,
                _ => Alone::Neither,
            };
            Way { label: label.clone(), points, alone }
        });
        let ways = ways.collect();
        places.truncate(graph.nodes.len());
        Self { places, ways }
    }

    fn size(&self) -> (i32, i32) {
        let right = self.places.iter().map(|place| place.0).max().unwrap_or_default() + WIDTH + MARGIN;
        let points = self.ways.iter().flat_map(|way| &way.points).map(|point| point.1 + MARGIN);
        let bottom = self.places.iter().map(|place| place.1 + HEIGHT + MARGIN).chain(points).max();
        (right, bottom.unwrap_or_default())
    }
}

/// Edges between the same two nodes are one line with all their words.
fn together<'e>(edges: impl Iterator<Item = (usize, usize, &'e str)>) -> Vec<(usize, usize, String)> {
    let mut all: Vec<(usize, usize, String)> = Vec::new();
    let mut known: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (from, to, label) in edges {
        let at = *known.entry((from, to)).or_insert_with(|| {
            all.push((from, to, String::new()));
            all.len() - 1
        });
        let words = &mut all[at].2;
        if words.is_empty() {
            label.clone_into(words);
        } else if !words.split(", ").any(|word| word == label) {
            let _ = write!(words, ", {label}");
        }
    }
    all
}

/// Which edges lead back to where a walk came from: without them there is no circle.
fn against(nodes: usize, edges: &[(usize, usize, String)]) -> Vec<bool> {
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (at, (from, _, _)) in edges.iter().enumerate() {
        out[*from].push(at);
    }
    let mut turned = vec![false; edges.len()];
    // 0: not seen; 1: on the way; 2: done.
    let mut seen = vec![0_u8; nodes];
    for start in 0..nodes {
        if seen[start] != 0 {
            continue;
        }
        seen[start] = 1;
        let mut way = vec![(start, 0)];
        while let Some((node, next)) = way.last_mut() {
            let Some(&edge) = out[*node].get(*next) else {
                seen[*node] = 2;
                way.pop();
                continue;
            };
            *next += 1;
            let to = edges[edge].1;
            match seen[to] {
                0 => {
                    seen[to] = 1;
                    way.push((to, 0));
                }
                1 => turned[edge] = true,
                _ => {}
            }
        }
    }
    turned
}

/// The layer of each node: one after the last of those before it. What nothing comes before stands right before what follows it.
fn layers(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layer = vec![0; nodes];
    for _ in 0..nodes {
        let mut changed = false;
        for &(from, to) in edges {
            if layer[to] <= layer[from] {
                layer[to] = layer[from] + 1;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for node in 0..nodes {
        let first = !edges.iter().any(|edge| edge.1 == node);
        let next = edges.iter().filter(|edge| edge.0 == node).map(|edge| layer[edge.1]).min();
        if let Some(next) = next.filter(|_| first) {
            layer[node] = next - 1;
        }
    }
    layer
}

/// The order within each layer: each where its neighbours are, by turns from the left and from the right.
fn ordered(layer: &[usize], chains: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let columns = layer.iter().max().map_or(0, |last| last + 1);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); columns];
    for (at, column) in layer.iter().enumerate() {
        rows[*column].push(at);
    }
    let mut neighbours: Vec<[Vec<usize>; 2]> = vec![[Vec::new(), Vec::new()]; layer.len()];
    for pair in chains.iter().flat_map(|chain| chain.windows(2)) {
        neighbours[pair[1]][0].push(pair[0]);
        neighbours[pair[0]][1].push(pair[1]);
    }
    let mut at = vec![0_usize; layer.len()];
    let place = |row: &[usize], at: &mut Vec<usize>| row.iter().enumerate().for_each(|(index, node)| at[*node] = index);
    rows.iter().for_each(|row| place(row, &mut at));
    for sweep in 0..SWEEPS {
        let side = sweep % 2;
        let columns: Vec<usize> = if side == 0 { (0..rows.len()).collect() } else { (0..rows.len()).rev().collect() };
        for column in columns {
            // Thousandths of a place, so that the order is one of whole numbers.
            let pull = |node: usize| {
                let near = &neighbours[node][side];
                if near.is_empty() {
                    at[node] * 1000
                } else {
                    near.iter().map(|one| at[*one] * 1000).sum::<usize>() / near.len()
                }
            };
            let mut row: Vec<(usize, usize)> = rows[column].iter().map(|node| (pull(*node), *node)).collect();
            row.sort_by_key(|(pull, _)| *pull);
            rows[column] = row.into_iter().map(|(_, node)| node).collect();
            place(&rows[column], &mut at);
        }
    }
    rows
}

/// The height of what stands there: an edge that passes needs little.
fn tall(at: usize, nodes: usize) -> i32 {
    if at < nodes { HEIGHT } else { 8 }
}

fn height(row: &[usize], nodes: usize) -> i32 {
    row.iter().map(|at| tall(*at, nodes) + BELOW).sum::<i32>() - BELOW
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(nodes: &[&str], edges: &[(&str, &str)]) -> Graph {
        let node = |id: &&str| Node { id: (*id).to_owned(), label: (*id).to_owned(), ..Node::default() };
        let edge =
            |(from, to): &(&str, &str)| Edge { from: (*from).into(), to: (*to).into(), label: "dependsOn".into() };
        Graph { nodes: nodes.iter().map(node).collect(), edges: edges.iter().map(edge).collect() }
    }

    #[test]
    fn what_depends_stands_left_of_what_it_depends_on() {
        let graph = of(&["a", "b", "c", "d"], &[("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")]);
        let layout = Layout::of(&graph);
        let x: Vec<i32> = layout.places.iter().map(|place| place.0).collect();
        assert!(x[0] < x[1] && x[1] < x[2] && x[3] == x[1], "{x:?}");
        let mut places = layout.places.clone();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 4, "two stand in the same place");
        assert!(layout.ways.iter().all(|way| way.points.len() >= 2));
    }

    #[test]
    fn circles_unknown_nodes_and_nothing_at_all_are_drawn() {
        let circle = of(&["a", "b", "c"], &[("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"), ("a", "nobody")]);
        let text = super::graph("relations", &circle).into_string();
        assert_eq!(text.matches("class=\"edge\"").count(), 3);
        assert!(super::graph("relations", &Graph::default()).into_string().contains("<svg"));
    }

    #[test]
    fn a_big_one_is_laid_out_in_time() {
        let names: Vec<String> = (0..200).map(|at| format!("n{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let edges: Vec<(&str, &str)> = (0..200)
            .flat_map(|at| (1..6).map(move |by| (at, at * 7 % 200 + by)))
            .filter(|(_, to)| *to < 200)
            .map(|(from, to)| (names[from], names[to]))
            .collect();
        assert_eq!(Layout::of(&of(&names, &edges)).places.len(), 200);
    }

    #[test]
    fn names_are_words_and_not_markup() {
        let mut graph = of(&["a"], &[]);
        graph.nodes[0].label = "<script>alert(1)</script>".into();
        graph.nodes[0].href = Some("/catalog/\"><script>".into());
        let text = super::graph("\"><script>", &graph).into_string();
        assert!(!text.contains("<script"), "{text}");
    }
}
