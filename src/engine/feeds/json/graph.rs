//! The objects of a JSON-LD document by their `@id`, to which others may refer: `"location": {"@id": "#hall"}`.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};

use super::node::Node;

/// What stands before the name of a member where the document does not shorten it.
const PREFIXES: [&str; 3] = ["schema:", "http://schema.org/", "https://schema.org/"];

static NULL: Node<'static> = Node::Null;

pub(super) struct Graph<'n, 'a> {
    by_id: HashMap<&'n str, &'n Node<'a>>,
    /// The ids of events that others are part of.
    parents: HashSet<&'n str>,
}

/// Returns a member under its short or its full name, as it is written.
pub(super) fn member<'r, 'a>(node: &'r Node<'a>, name: &str) -> &'r Node<'a> {
    let own = node.get(name);
    if !matches!(own, Node::Null) {
        return own;
    }
    let is_full = |member: &str| {
        let mut prefixes = PREFIXES.iter();
        let short = prefixes.find_map(|prefix| member.strip_prefix(prefix));
        short == Some(name)
    };
    let mut members = node.object().iter();
    members
        .find(|(member, _)| is_full(member))
        .map_or(&NULL, |(_, member)| member)
}

impl<'n, 'a> Graph<'n, 'a> {
    /// Takes all objects of a document. O(values).
    pub(super) fn of(root: &'n Node<'a>) -> Self {
        let mut graph = Self {
            by_id: HashMap::new(),
            parents: HashSet::new(),
        };
        graph.add(root, 0);
        graph
    }

    fn add(&mut self, node: &'n Node<'a>, depth: usize) {
        const MOST_DEPTH: usize = 32;
        if depth > MOST_DEPTH {
            return;
        }
        let id = node.get("@id").str();
        if !id.is_empty() && node.object().len() > 1 {
            self.by_id.entry(id).or_insert(node);
        }
        let parent = node.get("superEvent").get("@id").str();
        if !parent.is_empty() {
            self.parents.insert(parent);
        }
        let members = node.object().iter().map(|(_, member)| member);
        for part in node.list().iter().chain(members) {
            self.add(part, depth + 1);
        }
    }

    /// Returns the object that a reference stands for; anything else is returned as it is.
    pub(super) fn resolve<'r>(&self, node: &'r Node<'a>) -> &'r Node<'a>
    where
        'n: 'r,
    {
        match node.object() {
            [(name, id)] if name == "@id" => self.by_id.get(id.str()).copied().unwrap_or(node),
            _ => node,
        }
    }

    /// Returns a member with a reference resolved; of a list of one, its item.
    pub(super) fn get<'r>(&self, node: &'r Node<'a>, name: &str) -> &'r Node<'a>
    where
        'n: 'r,
    {
        let found = member(node, name);
        match found.list() {
            [only] => self.resolve(only),
            _ => self.resolve(found),
        }
    }

    /// Returns the text of a member on one line; of several, the English or else the first one.
    pub(super) fn line(&self, node: &Node<'a>, name: &str) -> Cow<'a, str> {
        let member = self.get(node, name);
        let texts = member.list();
        let is_english = |text: &&Node<'_>| text.get("@language").str().starts_with("en");
        let chosen = texts.iter().find(is_english).or(texts.first());
        chosen.unwrap_or(member).line()
    }

    /// Whether other events are part of this one.
    pub(super) fn is_parent(&self, node: &Node<'_>) -> bool {
        self.parents.contains(node.get("@id").str())
    }
}
