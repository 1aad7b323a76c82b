//! Shares the places of a list among groups of sessions, such as the sessions of each interest.
//!
//! The rule has two steps.
//!
//! 1. *Deal.* Places are dealt one at a time. The next place goes to the group that has the fewest so far, and of
//!    several to the one that stands first. A group gets a place only if all places dealt so far can be filled by
//!    different sessions, each one of the group of its place; a group that cannot get a place drops out. Dealing ends
//!    when `top` places are dealt, or every group has dropped out. A group that is divided into smaller ones passes its
//!    place on to one of them by the same rule.
//! 2. *Fill.* Of all sets of sessions that fill these places, one session a place, the chosen one has the highest total
//!    score; of several, the one whose sessions rank first.
//!
//! Both steps are matchings of places and sessions, so both are greedy and exact: the sets of sessions that can fill
//! given places are the independent sets of a transversal matroid (Edmonds and Fulkerson 1965), and a greedy choice
//! finds the heaviest base of a matroid. A search for an augmenting path visits each group once.
//!
//! For `n` sessions and `g` groups the steps cost O(top·g·top) and O(n·g·top) at most; the second one ends when all
//! places are filled.

use std::collections::VecDeque;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// The number of a group that is not divided.
pub type Leaf = u32;

const NONE: u32 = u32::MAX;

#[derive(Clone, Debug, Default)]
struct Node {
    parent: u32,
    children: Vec<u32>,
    /// The leaf that this node is, or [`NONE`].
    leaf: Leaf,
    dealt: u32,
    dropped: bool,
}

/// A tree of groups.
#[derive(Clone, Debug)]
pub struct Groups {
    nodes: Vec<Node>,
    known: HashMap<(u32, u32), u32, FixedState>,
    /// By leaf: its node.
    leaves: Vec<u32>,
}

impl Groups {
    /// Creates a tree whose first level has `first` groups, numbered from 0. Those are dealt to in this order.
    pub fn new(first: u32) -> Self {
        let root = Node {
            parent: NONE,
            leaf: NONE,
            ..Node::default()
        };
        let mut groups = Self {
            nodes: vec![root],
            known: HashMap::default(),
            leaves: Vec::new(),
        };
        for key in 0..first {
            groups.child(0, key);
        }
        groups
    }

    fn child(&mut self, parent: u32, key: u32) -> u32 {
        let next = self.nodes.len() as u32;
        let node = *self.known.entry((parent, key)).or_insert(next);
        if node == next {
            self.nodes.push(Node {
                parent,
                leaf: NONE,
                ..Node::default()
            });
            if let Some(parent) = self.nodes.get_mut(parent as usize) {
                parent.children.push(node);
            }
        }
        node
    }

    /// Returns the leaf at the end of a path of keys, which is made if it is new. All paths have the same length. Groups
    /// below the first level are dealt to in the order in which they are made.
    pub fn leaf(&mut self, path: &[u32]) -> Leaf {
        let node = path.iter().fold(0, |node, &key| self.child(node, key));
        let next = self.leaves.len() as Leaf;
        match self.nodes.get_mut(node as usize) {
            Some(found) if found.leaf == NONE => {
                found.leaf = next;
                self.leaves.push(node);
                next
            }
            Some(found) => found.leaf,
            None => NONE,
        }
    }

    /// Returns how many places each group of the first level has.
    pub fn places(&self) -> Vec<u32> {
        let first = self.nodes.first().into_iter();
        let first = first.flat_map(|root| &root.children);
        first.map(|&node| self.dealt(node)).collect()
    }

    fn dealt(&self, node: u32) -> u32 {
        self.nodes.get(node as usize).map_or(0, |node| node.dealt)
    }

    /// Chooses sessions by the rule of this module. `members` holds the leaves of each session, best session first.
    /// Returns the numbers of the chosen ones, in order.
    pub fn choose(&mut self, members: &[Vec<Leaf>], top: usize) -> Vec<usize> {
        self.deal(members, top);
        self.fill(members)
    }

    fn deal(&mut self, members: &[Vec<Leaf>], top: usize) {
        let mut of_leaf = vec![Vec::new(); self.leaves.len()];
        for (session, leaves) in members.iter().enumerate() {
            for &leaf in leaves {
                if let Some(sessions) = of_leaf.get_mut(leaf as usize) {
                    sessions.push(session);
                }
            }
        }
        // A group of the first level that no session is in.
        for node in &mut self.nodes {
            node.dropped |= node.leaf == NONE && node.children.is_empty();
        }
        let mut owners = vec![NONE; members.len()];
        for _ in 0..top.min(members.len()) {
            loop {
                let Some(node) = self.next() else { return };
                let leaf = self.nodes.get(node as usize).map_or(NONE, |node| node.leaf);
                if add_place(leaf, &of_leaf, &mut owners) {
                    self.count(node);
                    break;
                }
                self.drop_out(node);
            }
        }
    }

    /// Finds the leaf's node that the next place goes to, by the numbers of places alone.
    fn next(&self) -> Option<u32> {
        let alive = |node: u32| {
            let node = self.nodes.get(node as usize);
            node.is_some_and(|node| !node.dropped)
        };
        let mut node = 0;
        loop {
            let held = self.nodes.get(node as usize)?;
            if held.leaf != NONE {
                return alive(node).then_some(node);
            }
            let children = held.children.iter().copied().filter(|&child| alive(child));
            node = children.min_by_key(|&child| self.dealt(child))?;
        }
    }

    fn count(&mut self, mut node: u32) {
        while let Some(held) = self.nodes.get_mut(node as usize) {
            held.dealt += 1;
            node = held.parent;
        }
    }

    fn drop_out(&mut self, mut node: u32) {
        while let Some(held) = self.nodes.get_mut(node as usize) {
            held.dropped = true;
            let parent = held.parent;
            let siblings = self.nodes.get(parent as usize).into_iter();
            let mut siblings = siblings.flat_map(|parent| &parent.children);
            let left = siblings.any(|&child| {
                self.nodes
                    .get(child as usize)
                    .is_some_and(|child| !child.dropped)
            });
            if left {
                return;
            }
            node = parent;
        }
    }

    fn fill(&self, members: &[Vec<Leaf>]) -> Vec<usize> {
        let free: Vec<u32> = self.leaves.iter().map(|&node| self.dealt(node)).collect();
        let mut left: u32 = free.iter().sum();
        let mut filling = Filling {
            members,
            held: vec![Vec::new(); free.len()],
            free,
        };
        let mut chosen = Vec::new();
        for session in 0..members.len() {
            if left == 0 {
                break;
            }
            if filling.add(session) {
                chosen.push(session);
                left -= 1;
            }
        }
        chosen
    }
}

/// Gives one more session to a leaf, if others can be moved so that each place has one. `owners` names the leaf of each
/// session that is in use.
fn add_place(leaf: Leaf, of_leaf: &[Vec<usize>], owners: &mut [Leaf]) -> bool {
    // By leaf: the session that led to it, and the leaf that wants that session.
    let mut reached: Vec<Option<(usize, Leaf)>> = vec![None; of_leaf.len()];
    let mut queue = VecDeque::from([leaf]);
    while let Some(wanting) = queue.pop_front() {
        for &session in of_leaf.get(wanting as usize).into_iter().flatten() {
            let Some(&owner) = owners.get(session) else {
                continue;
            };
            if owner == NONE {
                let (mut session, mut wanting) = (session, wanting);
                loop {
                    if let Some(owner) = owners.get_mut(session) {
                        *owner = wanting;
                    }
                    match reached.get(wanting as usize).copied().flatten() {
                        Some((given, by)) if wanting != leaf => (session, wanting) = (given, by),
                        _ => return true,
                    }
                }
            }
            if let Some(unreached @ None) = reached.get_mut(owner as usize)
                && owner != leaf
            {
                *unreached = Some((session, wanting));
                queue.push_back(owner);
            }
        }
    }
    false
}

/// Sessions that fill places so far.
struct Filling<'a> {
    members: &'a [Vec<Leaf>],
    /// By leaf: the sessions that have a place of it.
    held: Vec<Vec<usize>>,
    /// By leaf: how many of its places are free.
    free: Vec<u32>,
}

impl Filling<'_> {
    /// Gives a session a place, if others can be moved so that there is one.
    fn add(&mut self, session: usize) -> bool {
        // By leaf: the session that would move into it, and the leaf that it would leave.
        let mut reached: Vec<Option<(usize, Leaf)>> = vec![None; self.free.len()];
        let mut queue = VecDeque::new();
        let visit =
            |leaf: Leaf, from: (usize, Leaf), reached: &mut Vec<_>, queue: &mut VecDeque<_>| {
                if let Some(unreached @ None) = reached.get_mut(leaf as usize) {
                    *unreached = Some(from);
                    queue.push_back(leaf);
                }
            };
        for &leaf in self.members.get(session).into_iter().flatten() {
            visit(leaf, (session, NONE), &mut reached, &mut queue);
        }
        while let Some(leaf) = queue.pop_front() {
            if self.free.get(leaf as usize).is_some_and(|&free| free > 0) {
                self.shift(leaf, &reached);
                return true;
            }
            for &held in self.held.get(leaf as usize).into_iter().flatten() {
                for &other in self.members.get(held).into_iter().flatten() {
                    visit(other, (held, leaf), &mut reached, &mut queue);
                }
            }
        }
        false
    }

    /// Takes a free place of a leaf, and moves each session on the path into the place that became free.
    fn shift(&mut self, mut leaf: Leaf, reached: &[Option<(usize, Leaf)>]) {
        if let Some(free) = self.free.get_mut(leaf as usize) {
            *free -= 1;
        }
        while let Some((session, from)) = reached.get(leaf as usize).copied().flatten() {
            if let Some(held) = self.held.get_mut(leaf as usize) {
                held.push(session);
            }
            if let Some(held) = self.held.get_mut(from as usize) {
                held.retain(|&other| other != session);
            }
            leaf = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(first: u32, members: &[&[u32]], top: usize) -> (Vec<usize>, Vec<u32>) {
        let mut groups = Groups::new(first);
        let leaves = |keys: &&[u32]| keys.iter().map(|&key| groups.leaf(&[key])).collect();
        let members: Vec<Vec<Leaf>> = members.iter().map(leaves).collect();
        let chosen = groups.choose(&members, top);
        (chosen, groups.places())
    }

    #[test]
    fn each_group_gets_its_share_although_one_has_all_the_best() {
        let members: &[&[u32]] = &[&[0], &[0], &[0], &[0], &[1], &[2], &[1]];
        assert_eq!(chosen(3, members, 4), (vec![0, 1, 4, 5], vec![2, 1, 1]));
    }

    #[test]
    fn a_group_with_few_sessions_leaves_its_places_to_the_others() {
        let members: &[&[u32]] = &[&[0], &[0], &[0], &[1]];
        assert_eq!(chosen(2, members, 4), (vec![0, 1, 2, 3], vec![3, 1]));
    }

    #[test]
    fn a_session_of_two_groups_moves_to_make_room() {
        // The first session fills the place of group 1, so that the second can fill that of group 0.
        let members: &[&[u32]] = &[&[0, 1], &[0], &[1]];
        assert_eq!(chosen(2, members, 2), (vec![0, 1], vec![1, 1]));
    }

    #[test]
    fn groups_that_share_their_only_session_have_one_place() {
        let members: &[&[u32]] = &[&[0, 1], &[2], &[2]];
        assert_eq!(chosen(3, members, 3), (vec![0, 1, 2], vec![1, 0, 2]));
    }

    #[test]
    fn a_divided_group_shares_its_places() {
        let mut groups = Groups::new(1);
        let paths: [[u32; 2]; 4] = [[0, 0], [0, 0], [0, 0], [0, 1]];
        let members: Vec<Vec<Leaf>> = paths.iter().map(|path| vec![groups.leaf(path)]).collect();
        assert_eq!(groups.choose(&members, 2), [0, 3]);
    }
}
