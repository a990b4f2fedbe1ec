//! Karat on every case: the same bytes as Helm, and a refusal where Helm refuses.
//!
//! A file `differs` in a case holds the reason why Karat is known to differ there; each is also listed in
//! `docs/reference/helm-compatibility.md`.

use anyhow::{Result, bail};
use karat_testkit::cases::same;

use crate::helm::{self, Verdict};
use crate::karat;

#[test]
fn karat_is_helm() {
    helm::cases().run(|case| {
        let karat = karat::run(&case.path, &helm::arguments(case)?)?;
        let compared = compare(&helm::golden(case)?, &karat);
        match (case.optional("differs")?, compared) {
            (None, compared) => compared,
            (Some(_), Err(_)) => Ok(()),
            (Some(_), Ok(())) => {
                bail!("it does not differ any more: delete the file `differs` and its line in the docs")
            }
        }
    });
}

/// The same bytes, or a refusal on both sides. What a refusal says is Karat's own.
pub(crate) fn compare(helm: &Verdict, karat: &Verdict) -> Result<()> {
    match (helm, karat) {
        (Verdict::Accepted(helm), Verdict::Accepted(karat)) if helm == karat => Ok(()),
        (Verdict::Accepted(helm), Verdict::Accepted(karat)) => {
            same("helm", &String::from_utf8_lossy(helm), "karat", &String::from_utf8_lossy(karat))?;
            bail!("they differ in bytes that are not UTF-8")
        }
        (Verdict::Refused(_), Verdict::Refused(_)) => Ok(()),
        (Verdict::Accepted(_), Verdict::Refused(error)) => bail!("Helm takes it, Karat refuses it:\n{error}"),
        (Verdict::Refused(error), Verdict::Accepted(karat)) => {
            bail!("Helm refuses it:\n{error}\nKarat takes it:\n{}", String::from_utf8_lossy(karat))
        }
    }
}
