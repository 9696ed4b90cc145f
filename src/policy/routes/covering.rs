//! Which routes hold wherever a template does.

use http::Method;

use super::cut::Cut;
use super::{ROOT, Routes};
use crate::policy::template::{Segment, Template};

// === impl Routes ===

impl<T> Routes<T> {
    /// The values of the routes that match all that this template matches, with this method or with
    /// any: the most specific first. A node is visited at most once.
    pub(in crate::policy) fn covering(
        &self,
        method: Option<&Method>,
        template: &Template,
    ) -> Vec<&T> {
        let mut found = Vec::new();
        if !self.is_empty() {
            self.cover(ROOT, template.segments(), method, &mut found);
        }
        found
    }

    /// Recurses no deeper than a template has segments.
    fn cover<'t>(
        &'t self,
        id: u32,
        segments: &[Segment],
        method: Option<&Method>,
        found: &mut Vec<&'t T>,
    ) {
        let Some((segment, after)) = segments.split_first() else {
            return self.endings(id, method, found);
        };
        let node = &self.nodes[id as usize];
        let (mut fixed, mut parameter, mut rest) = (None, node.parameter, node.rest);
        match segment {
            Segment::Static(text) => {
                let cut = Cut::whole(text.as_bytes());
                fixed = self.branches.find(id, &cut, self.branches.hash(&cut));
                parameter = parameter.filter(|_| !text.is_empty());
                rest = rest.filter(|_| !text.is_empty() || !after.is_empty());
            }
            Segment::Parameter => {}
            Segment::Rest => parameter = None,
        }
        for branch in [fixed, parameter].into_iter().flatten() {
            self.cover(branch.get(), after, method, found);
        }
        if let Some(rest) = rest {
            self.endings(rest.get(), method, found);
        }
    }

    fn endings<'t>(&'t self, id: u32, method: Option<&Method>, found: &mut Vec<&'t T>) {
        let ends = self.nodes[id as usize].ends.iter();
        let ends = ends.filter(|(of, _)| of.is_none() || of.as_ref() == method);
        found.extend(ends.map(|(_, value)| value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_covers_a_template_matches_all_that_it_matches() {
        let mut routes = Routes::default();
        let all = [
            "/",
            "/a",
            "/a/",
            "/a/b",
            "/a/{id}",
            "/{x}/b",
            "/{x}/{y}",
            "/a/{*rest}",
            "/{*rest}",
            "/a/{id}/c",
        ];
        for route in all {
            routes.insert(None, &Template::parse(route).expect("a template"), route);
        }
        let post = Template::parse("/a/{id}").expect("a template");
        routes.insert(Some(Method::POST), &post, "POST /a/{id}");
        for (template, covering) in [
            ("/", &["/"][..]),
            ("/a", &["/a", "/{*rest}"]),
            ("/a/", &["/a/", "/{*rest}"]),
            ("/a/b", &["/a/b", "/a/{id}", "/a/{*rest}", "/{x}/b", "/{x}/{y}", "/{*rest}"]),
            ("/a/{name}", &["/a/{id}", "/a/{*rest}", "/{x}/{y}", "/{*rest}"]),
            ("/{q}/b", &["/{x}/b", "/{x}/{y}", "/{*rest}"]),
            ("/a/{*any}", &["/a/{*rest}", "/{*rest}"]),
            ("/a/b/c/d", &["/a/{*rest}", "/{*rest}"]),
            ("/a/b/c", &["/a/{id}/c", "/a/{*rest}", "/{*rest}"]),
            ("/b", &["/{*rest}"]),
        ] {
            let template = Template::parse(template).expect("a template");
            let found = routes.covering(None, &template);
            assert_eq!(found.into_iter().copied().collect::<Vec<_>>(), covering, "{template}");
        }
        let found = routes.covering(Some(&Method::POST), &post);
        assert_eq!(*found[0], "POST /a/{id}", "a method before none");
        assert!(Routes::<()>::default().covering(None, &post).is_empty());
    }
}
