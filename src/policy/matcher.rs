use std::borrow::Cow;
use std::collections::HashMap;

use http::Method;

use super::Template;
use super::pattern::Pattern;
use super::routes::Routes;
use crate::lint::Label;

/// Which of many patterns is the most specific for a request: its index, in the order in which they
/// were given.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    inbound: Routes<u32>,
    /// By the client's name or the host, in lower case.
    outbound: HashMap<Box<str>, Routes<u32>>,
    /// The same, of patterns for all methods and paths of a client or host.
    wholes: HashMap<Box<str>, u32>,
    /// The inbound patterns of each template, with their methods: for what is found when only that
    /// is known any more.
    by_label: HashMap<Label, Vec<(Option<Method>, u32)>>,
    tells_upstreams_apart: bool,
}

// === impl Matcher ===

impl Matcher {
    /// Of each pattern it is told, too, whether it says something about connections.
    pub(super) fn new<'p>(patterns: impl Iterator<Item = (&'p Pattern, bool)> + Clone) -> Matcher {
        let mut matcher = Matcher::default();
        let numbered = || (0_u32..).zip(patterns.clone());
        // What is served by GET is served by HEAD; a pattern of its own stands over that.
        for (index, (pattern, _)) in numbered() {
            if pattern.method == Some(Method::GET) {
                matcher.insert(pattern, Some(Method::HEAD), index);
            }
        }
        for (index, (pattern, beside)) in numbered() {
            matcher.insert(pattern, pattern.method.clone(), index);
            matcher.insert_beside_messages(pattern, beside, index);
        }
        matcher
    }

    pub(super) fn reads_inbound_paths(&self) -> bool {
        !self.inbound.is_empty()
    }

    /// Whether the last request of an outbound connection decides over what is found there: some
    /// pattern is for less than a whole client or host, and says something about connections.
    pub(super) fn tells_upstreams_apart(&self) -> bool {
        self.tells_upstreams_apart
    }

    pub(super) fn inbound(&self, method: &Method, path: &str) -> Option<u32> {
        self.inbound.find(method, path).copied()
    }

    /// By the client's name first, then by the host with its port, then by the host alone.
    pub(super) fn outbound(
        &self,
        client: &str,
        method: &Method,
        authority: Option<&str>,
        path: &str,
    ) -> Option<u32> {
        if self.outbound.is_empty() {
            return None;
        }
        let find = |target: &str| self.outbound.get(&*lower_case(target))?.find(method, path);
        let by_authority = || {
            let authority = authority?;
            find(authority).or_else(|| find(host(authority)?))
        };
        find(client).or_else(by_authority).copied()
    }

    /// The pattern for all that a client sends, by its name or by the host.
    pub(super) fn outbound_whole(&self, client: &str, authority: &str) -> Option<u32> {
        if self.wholes.is_empty() {
            return None;
        }
        let find = |target: &str| self.wholes.get(&*lower_case(target));
        let by_authority = || find(authority).or_else(|| find(host(authority)?));
        find(client).or_else(by_authority).copied()
    }

    /// The inbound pattern that a request with this method and label had: labels are templates, of
    /// a pattern or of a router, but where nothing matched.
    pub(super) fn inbound_by_label(&self, method: Option<&Method>, label: Label) -> Option<u32> {
        if label == Label::OTHER || self.inbound.is_empty() {
            return None;
        }
        let Some(patterns) = self.by_label.get(&label) else {
            let template = Template::parse(label.as_str()).ok()?;
            return self.inbound.covering(method, &template).first().map(|index| **index);
        };
        let of = |wanted: Option<&Method>| {
            let same = |(method, _): &&(Option<Method>, u32)| method.as_ref() == wanted;
            // The later one wins.
            patterns.iter().rev().find(same).map(|(_, index)| *index)
        };
        let of_get = || method.filter(|method| **method == Method::HEAD).map(|_| Method::GET);
        method
            .and_then(|method| of(Some(method)))
            .or_else(|| of(Some(&of_get()?)))
            .or_else(|| of(None))
    }

    /// All that hold wherever this pattern does, the most specific first; it may be one of them.
    pub(super) fn covering(&self, pattern: &Pattern) -> Vec<u32> {
        let routes = match &pattern.target {
            None => Some(&self.inbound),
            Some(target) => self.outbound.get(&*lower_case(target)),
        };
        let Some(routes) = routes else { return Vec::new() };
        let whole;
        let template = match &pattern.template {
            Some(template) => template,
            None => {
                whole = every_path();
                &whole[1]
            }
        };
        routes.covering(pattern.method.as_ref(), template).into_iter().copied().collect()
    }

    fn insert(&mut self, pattern: &Pattern, method: Option<Method>, index: u32) {
        let routes = match &pattern.target {
            None => &mut self.inbound,
            Some(target) => self.outbound.entry(lower_case(target).into()).or_default(),
        };
        match &pattern.template {
            Some(template) => _ = routes.insert(method, template, index),
            None => {
                for template in every_path() {
                    routes.insert(method.clone(), &template, index);
                }
            }
        }
    }

    fn insert_beside_messages(&mut self, pattern: &Pattern, beside: bool, index: u32) {
        match (&pattern.target, &pattern.template, &pattern.method) {
            (None, template, method) => {
                let label = template.as_ref().map(|template| Label::of_policy(template.as_str()));
                // There may be too many: then this one is told by no label.
                if let Some(label) = label.filter(|label| *label != Label::OTHER) {
                    self.by_label.entry(label).or_default().push((method.clone(), index));
                }
            }
            (Some(target), None, None) => {
                self.wholes.insert(lower_case(target).into(), index);
            }
            (Some(_), ..) => self.tells_upstreams_apart |= beside,
        }
    }
}

/// The templates that match every path between them.
fn every_path() -> [Template; 2] {
    ["/", "/{*rest}"].map(|path| Template::parse(path).expect("this template is well-formed"))
}

/// The host of a host and port.
fn host(authority: &str) -> Option<&str> {
    authority.rsplit_once(':').map(|(host, _)| host)
}

/// Hosts, and with them clients, are compared without regard to case; nearly all are in lower
/// case already.
fn lower_case(target: &str) -> Cow<'_, str> {
    if target.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(target.to_ascii_lowercase())
    } else {
        Cow::Borrowed(target)
    }
}
