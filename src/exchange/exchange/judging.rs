//! What becomes of an exchange in which something may be found.

use std::mem;

use http::request::Parts;
use http::{Extensions, HeaderMap, Request, Response, Version};
use http_body::Body;

use super::{Exchange, Refusal};
use crate::exchange::claim::Claim;
use crate::exchange::found::Found;
use crate::exchange::judgement::{self, Subject};
use crate::exchange::request::{is_grpc, leaves_content, swap_head};
use crate::exchange::target::Known;
use crate::field::{CameIn, Signs};
use crate::intent::IntentionalClose;
use crate::lint::{
    self, Action, Circumstances, Finding, Findings, Head, Label, Level, LintSet, Message, Place,
};

impl Exchange {
    /// Judges the request; `answers` tells whether a denial can be answered.
    #[cold]
    pub(crate) fn judge<B>(
        &mut self,
        request: &mut Request<B>,
        answers: bool,
    ) -> Result<(), Refusal> {
        let (mut parts, ()) = Request::default().into_parts();
        swap_head(request, &mut parts);
        let judged = self.judge_request(&mut parts, answers);
        swap_head(request, &mut parts);
        judged
    }

    /// The response of our server, unless it is [quiet](lint::Calm::is_quiet).
    #[cold]
    pub(crate) fn answer<B: Body>(&mut self, response: &mut Response<B>) {
        let length = response.body().size_hint().exact();
        let (status, headers) = (response.status(), response.headers());
        let mut head = Head::outgoing_response(&self.request(), status, headers, length);
        if self.signs.contains(Signs::GATEWAY) {
            let came = response.extensions().get::<CameIn>();
            head = head.of_gateway(came.map_or(Signs::NONE, |came| came.passed_on(headers)));
            came.into_iter().for_each(|came| self.settle_trailers(came, head));
        }
        if !self.found.is_nothing() || !head.is_clean() {
            self.judge_response(head, response);
        }
    }

    /// Asks for what is nominated to go from the trailers, too, where the policy fixes that.
    pub(super) fn settle_trailers(&self, came: &CameIn, head: Head) {
        let subject = self.subject(head);
        let place = Place::from(head.message);
        let exception = || self.placement.exception(lint::NOMINATED_FORWARDED).cloned();
        let verdict = subject.rules.verdict(lint::NOMINATED_FORWARDED, place, exception);
        if verdict.is_some_and(|verdict| verdict.level >= Level::Fix) {
            came.strips_trailers();
        }
    }

    fn judge_request(&mut self, parts: &mut Parts, answers: bool) -> Result<(), Refusal> {
        let head = self.request().under(self.circumstances(&parts.extensions));
        let came = parts.extensions.get().filter(|_| !head.message.is_inbound()).cloned();
        let mut denial = {
            let subject = Subject { came, ..self.subject(head) };
            judgement::of_request(&subject, &mut parts.headers, answers)
        };
        if denial.findings.is_empty() {
            return Ok(());
        }
        if head.message.is_inbound() {
            let caller = self.placement.shared.caller(parts);
            denial.findings.iter_mut().for_each(|finding| finding.caller = caller.clone());
        }
        // As it is sent from here on.
        let gateway = self.signs.intersection(Signs::GATEWAY);
        self.signs =
            Signs::of_request(&self.method, self.signs.version(), &parts.headers).with(gateway);

        let lints: LintSet = denial.findings.iter().map(|finding| finding.lint).collect();
        let claim = Claim::enter(&mut parts.extensions, head.message, lints);
        let outer = parts.extensions.get::<Findings>().cloned().unwrap_or_default();
        let found_again = |finding: &Finding| {
            finding.place == head.message.into() && lints.contains(finding.lint)
        };
        let outer = outer.iter().filter(|finding| !found_again(finding)).cloned();
        parts.extensions.insert(outer.chain(denial.findings.iter().cloned()).collect::<Findings>());
        self.found = Found::new(&self.placement, denial.findings, claim);
        let refuse = |denied| {
            let leaves_content = leaves_content(self.signs, &parts.headers);
            Err(Refusal { denied, is_grpc: is_grpc(&parts.headers), leaves_content })
        };
        denial.denied.map_or(Ok(()), refuse)
    }

    /// Judges a request that was sent by what the response told of the wire.
    pub(super) fn judge_again(&mut self, head: Head, extensions: &Extensions) {
        let version = self.version_sent();
        if let Some(findings) = self.found.findings() {
            findings.iter_mut().for_each(|finding| finding.version = version);
            // What was rewritten is told in any case.
            findings.retain(|finding| {
                finding.action == Action::Rewritten || finding.lint.entry().speaks(head.signs)
            });
        }
        if head.is_clean() || !head.has(Signs::MULTIPLEXED) {
            return;
        }
        let ours = self.found.iter();
        let inner = extensions.get::<Findings>().into_iter().flatten();
        let known = ours.chain(inner).filter(|finding| finding.place == head.message.into());
        let settled = known.map(|finding| finding.lint).collect();
        let subject = Subject { settled, version, ..self.subject(head) };
        let findings = judgement::of_sent_request(&subject);
        match self.found.findings() {
            Some(found) => found.extend(findings),
            None => {
                let claim = Claim::enter(&mut Extensions::new(), head.message, LintSet::EMPTY);
                self.found = Found::new(&self.placement, findings, claim);
            }
        }
    }

    #[cold]
    pub(super) fn judge_response<B>(&mut self, head: Head, response: &mut Response<B>) {
        let mut extensions = mem::take(response.extensions_mut());
        self.judge_response_head(head, response.headers_mut(), &mut extensions);
        *response.extensions_mut() = extensions;
    }

    fn judge_response_head(
        &mut self,
        head: Head,
        headers: &mut HeaderMap,
        extensions: &mut Extensions,
    ) {
        let inner = extensions.get::<Findings>().cloned().unwrap_or_default();
        let settled = inner.iter().filter(|finding| finding.place == head.message.into());
        let settled = settled.map(|finding| finding.lint).collect();

        let head = head.under(self.circumstances(extensions));
        let mut findings = self.found.settle();
        let came = extensions.get().filter(|_| head.has(Signs::GATEWAY)).cloned();
        let subject = Subject { came, settled, ..self.subject(head) };
        let of_response = judgement::of_response(&subject, headers);
        of_response.iter().for_each(|finding| self.placement.shared.report(finding));

        findings.extend(inner.iter().cloned());
        findings.extend(of_response);
        if !findings.is_empty() {
            extensions.insert(findings.into_iter().collect::<Findings>());
        }
    }

    /// What is known around a message, by its extensions and by the request's handle.
    fn circumstances(&self, extensions: &Extensions) -> Circumstances {
        let told = self.record.as_ref().map(|record| record.circumstances()).unwrap_or_default();
        let intended = extensions.get::<IntentionalClose>().is_some();
        match &self.placement.outlet {
            None => Circumstances { intended, ..told },
            // A gateway may pass on the handle of the connection that the request came on, which
            // tells nothing of the one that it goes out on.
            Some(outlet) => Circumstances {
                intended,
                draining: told.draining,
                one_shot: outlet.one_shot,
                ..Circumstances::default()
            },
        }
    }

    pub(super) fn subject(&self, head: Head) -> Subject<'_> {
        let Known { matched, server } = self.target.known(&self.placement, &self.method);
        let rules = self.placement.table.rules(matched);
        // The path that a gateway's own router matched is not the upstream's.
        let is_inbound = head.message.is_inbound();
        let counted = || Some(self.placement.shared.connections.routes.label(Some(self.route?)));
        let router = || counted().or_else(|| self.path.label()).filter(|_| is_inbound);
        let route = rules.label().or_else(router);
        Subject {
            placement: &self.placement,
            rules,
            head,
            came: None,
            settled: LintSet::EMPTY,
            method: &self.method,
            version: self.version_on_wire(head.message),
            route: route.unwrap_or(Label::OTHER),
            server,
        }
    }

    /// What an outgoing request's wire spoke, as far as the version of its response tells. To a
    /// peer of HTTP/1.0 a client sends HTTP/1.1 first, and HTTP/1.0 once it knows (hyper 1.12).
    fn version_sent(&self) -> Option<Version> {
        match (self.version, self.signs.contains(Signs::HTTP10)) {
            (Version::HTTP_11, true) => Some(Version::HTTP_10),
            (Version::HTTP_09 | Version::HTTP_10, false) => None,
            (version, _) => Some(version),
        }
    }

    /// Before the response nothing tells what an outgoing request's wire speaks.
    fn version_on_wire(&self, message: Message) -> Option<Version> {
        (message != Message::OutgoingRequest).then_some(self.version)
    }
}
