//! Where findings in charts come from.

use karat_fleet::{Application, Asked, Cache, Document, Fleet, Traced};
use karat_standards::{Finding, Subject};

use crate::Files;

/// Where findings in charts come from. A rendered text has other lines than its template, so those charts are rendered
/// again, with tracing.
pub(crate) fn trace(
    findings: &[Finding],
    subject: &Subject,
    fleet: &Fleet,
    files: &Files,
    cache: &Cache,
) -> Vec<Option<Traced>> {
    let rendered = |finding: &Finding| -> Option<(&Application, &Document)> {
        let object = subject.objects.get(*finding.objects.first()?).filter(|_| finding.place.line == 0)?;
        let application = fleet.application(&subject.application(object).name)?;
        let document = application.documents.iter().find(|document| document.identity == object.identity)?;
        Some((application, document))
    };
    let mut traced = vec![None; findings.len()];
    let (places, asked): (Vec<usize>, Vec<Asked<'_>>) = findings
        .iter()
        .enumerate()
        .filter_map(|(index, finding)| {
            let (application, document) = rendered(finding)?;
            Some((index, Asked { application, document, path: &finding.path }))
        })
        .unzip();
    for (index, found) in places.into_iter().zip(karat_fleet::trace(fleet, files.world.as_ref(), cache, &asked)) {
        traced[index] = found;
    }
    traced
}
