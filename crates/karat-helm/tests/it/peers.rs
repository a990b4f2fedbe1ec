//! Comparisons with the real Helm; skipped without it.

use anyhow::{Result, bail};
use karat_testkit::cases::{same, updating};
use karat_testkit::peer;

use crate::helm::{self, Verdict};

/// Every golden is what Helm 4 says today. Under `KARAT_UPDATE=1` (`cargo xtask gen helm`) it is written.
#[test]
fn goldens_are_helms() {
    let Some(binary) = peer("helm4") else { return };
    helm::cases().run(|case| {
        let now = helm::run(&binary, &case.path, &helm::arguments(case)?)?;
        let kept = helm::golden(case);
        if updating() {
            // Helm says the same things in another order from run to run: no reason to write them again.
            let same = kept.is_ok_and(|kept| compare(&kept, &now).is_ok());
            return if same { Ok(()) } else { helm::write(case, &now) };
        }
        compare(&kept?, &now)
    });
}

fn compare(kept: &Verdict, now: &Verdict) -> Result<()> {
    match (kept, now) {
        (Verdict::Accepted(kept), Verdict::Accepted(now)) => {
            same("helm4.yaml", &String::from_utf8_lossy(kept), "helm 4", &String::from_utf8_lossy(now))
        }
        (Verdict::Refused(kept), Verdict::Refused(now)) => same("helm4.error", &sorted(kept), "helm 4", &sorted(now)),
        (Verdict::Accepted(_), Verdict::Refused(error)) => bail!("Helm refuses what it took before:\n{error}"),
        (Verdict::Refused(error), Verdict::Accepted(_)) => bail!("Helm takes what it refused before:\n{error}"),
    }
}

/// The lines in a fixed order: a schema's complaints come in any.
fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}
