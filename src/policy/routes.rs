//! From a request's method and path to the most specific route of the policy.
//!
//! The routes are a trie by segment. All static branches of all nodes are one hash table over
//! (node, segment), so that a lookup costs the same with twenty routes and with ten thousand.

use std::num::NonZeroU32;

use http::Method;

use self::branches::{Branches, SegmentHash};
use self::cut::Cut;
use super::template::{MAX_SEGMENTS, Segment, Template};

mod branches;
mod covering;
mod cut;
#[cfg(test)]
mod tests;

/// Values by method and path template; filled once, then only read.
///
/// Of the templates that match a path the most specific wins: static over parameter over rest,
/// segment by segment from the left; then a route with the request's method over one without. A
/// template whose routes are all for other methods is none for the request.
#[derive(Clone, Debug)]
pub(crate) struct Routes<T> {
    /// The root stands first and is nobody's branch.
    nodes: Vec<Node<T>>,
    branches: Branches,
    len: usize,
    /// The segments of the template that has most.
    deepest: usize,
}

/// What has been read of a path when so many of its segments matched.
#[derive(Clone, Debug)]
struct Node<T> {
    /// Whether [`Branches`] has any for this node.
    has_static: bool,
    parameter: Option<NodeId>,
    rest: Option<NodeId>,
    /// The routes of the templates that end here, the one without a method last.
    ends: Vec<(Option<Method>, T)>,
}

/// An index into [`Routes::nodes`].
type NodeId = NonZeroU32;

const ROOT: u32 = 0;

// === impl Routes ===

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], branches: Branches::default(), len: 0, deepest: 0 }
    }
}

impl<T> Routes<T> {
    /// The number of routes.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a route; without a method it is for all of them. Returns the value it replaces, that
    /// of a route for the same method with a template that differs by names at most.
    pub(crate) fn insert(
        &mut self,
        method: Option<Method>,
        template: &Template,
        value: T,
    ) -> Option<T> {
        let mut id = ROOT;
        for segment in template.segments() {
            id = self.branch(id, segment).get();
        }
        let replaced = self.nodes[id as usize].end(method, value);
        self.len += usize::from(replaced.is_none());
        self.deepest = self.deepest.max(template.segments().len());
        replaced
    }

    /// The value of the most specific route for a path as it stands in the request, without the
    /// query. No route matches what doesn't start with `/`.
    ///
    /// Allocates nothing. A path costs at most its length plus the size of the routes whose
    /// templates match its start, whatever the path: the walk down and the search after it each
    /// read the path once and visit a node at most once, because a node of a trie is reached by
    /// one prefix only.
    #[inline]
    pub(crate) fn find(&self, method: &Method, path: &str) -> Option<&T> {
        if self.is_empty() {
            return None;
        }
        self.walk(method, path.as_bytes().strip_prefix(b"/")?)
    }

    /// Straight down the most specific branches. A route there wins. Where there is none, it is
    /// the last rest on the way, unless a parameter was passed over that may know better.
    fn walk(&self, method: &Method, path: &[u8]) -> Option<&T> {
        let mut id = ROOT;
        let mut left = path;
        let mut last_rest = None;
        let mut passed_over = false;
        let found = loop {
            let node = &self.nodes[id as usize];
            if !left.is_empty() {
                last_rest = node.rest.or(last_rest);
            }
            let (segment, after) = Cut::first(left);
            id = if let Some(branch) = self.static_branch(id, node, &segment) {
                passed_over |= node.parameter.is_some();
                branch.get()
            } else if let Some(branch) = node.parameter.filter(|_| !segment.is_empty()) {
                branch.get()
            } else {
                break None;
            };
            match after {
                Some(after) => left = after,
                None => break self.ending(id, method),
            }
        };
        if found.is_some() {
            return found;
        }
        if !passed_over {
            let found = self.ending(last_rest?.get(), method);
            if found.is_some() {
                return found;
            }
        }
        // A template may have one segment less than there are cuts. With one more, a longer path
        // isn't at its end in the deepest node.
        if self.deepest < 8 {
            self.search::<8>(method, path)
        } else {
            self.search::<{ MAX_SEGMENTS + 1 }>(method, path)
        }
    }

    /// All branches, in the order of precedence. The path is cut and hashed before, so that nodes
    /// at the same depth share that work.
    #[inline(never)]
    fn search<const CUTS: usize>(&self, method: &Method, path: &[u8]) -> Option<&T> {
        let mut cuts = [(Cut::default(), SegmentHash::default()); CUTS];
        let mut len = 0;
        let mut left = Some(path);
        for place in &mut cuts {
            let Some(from) = left else { break };
            let (segment, after) = Cut::first(from);
            *place = (segment, self.branches.hash(&segment));
            left = after;
            len += 1;
        }
        self.descend(ROOT, &cuts[..len], method)
    }

    /// Recurses no deeper than a template has segments, [`MAX_SEGMENTS`].
    fn descend(&self, id: u32, cuts: &[(Cut<'_>, SegmentHash)], method: &Method) -> Option<&T> {
        let Some(((segment, hash), after)) = cuts.split_first() else {
            return self.ending(id, method);
        };
        let node = &self.nodes[id as usize];
        let nothing_left = segment.is_empty() && after.is_empty();
        let below = |branch: NodeId| self.descend(branch.get(), after, method);

        let fixed = self.branches.find(id, segment, *hash);
        let parameter = node.parameter.filter(|_| !segment.is_empty());
        let rest = node.rest.filter(|_| !nothing_left);
        (fixed.and_then(below))
            .or_else(|| parameter.and_then(below))
            .or_else(|| rest.and_then(|rest| self.ending(rest.get(), method)))
    }

    #[inline(always)]
    fn static_branch(&self, id: u32, node: &Node<T>, segment: &Cut<'_>) -> Option<NodeId> {
        if !node.has_static {
            return None;
        }
        let hash = self.branches.hash(segment);
        self.branches.find(id, segment, hash)
    }

    // Inlined, the comparison of methods would take the walk's registers.
    #[inline(never)]
    fn ending(&self, id: u32, method: &Method) -> Option<&T> {
        let ends = &self.nodes[id as usize].ends;
        let (_, value) = ends.iter().find(|(of, _)| of.as_ref().is_none_or(|of| of == method))?;
        Some(value)
    }

    /// The branch of a node for a segment, made where it is missing.
    fn branch(&mut self, id: u32, segment: &Segment) -> NodeId {
        // Every node costs more than sixteen bytes: memory ends before the numbers do.
        let new = u32::try_from(self.nodes.len())
            .ok()
            .and_then(NodeId::new)
            .expect("the root and fewer than 2^32 nodes");
        let node = &mut self.nodes[id as usize];
        let branch = match segment {
            Segment::Static(text) => {
                node.has_static = true;
                let segment = Cut::whole(text.as_bytes());
                self.branches.find_or_insert(id, &segment, new)
            }
            Segment::Parameter => *node.parameter.get_or_insert(new),
            Segment::Rest => *node.rest.get_or_insert(new),
        };
        if branch == new {
            self.nodes.push(Node::default());
        }
        branch
    }
}

// === impl Node ===

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { has_static: false, parameter: None, rest: None, ends: Vec::new() }
    }
}

impl<T> Node<T> {
    fn end(&mut self, method: Option<Method>, value: T) -> Option<T> {
        if let Some((_, old)) = self.ends.iter_mut().find(|(of, _)| *of == method) {
            return Some(std::mem::replace(old, value));
        }
        let place = if method.is_some() { 0 } else { self.ends.len() };
        self.ends.insert(place, (method, value));
        None
    }
}
