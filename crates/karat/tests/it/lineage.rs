//! The services of myhealth walk the golden paths that come with this binary.

use fs_err as fs;
use karat_testkit::cases::updating;
use karat_testkit::{Output, Sandbox};

use crate::{karat, root};

/// What a path generates and owns is in each service as the path has it. `cargo xtask gen lineage` takes in what the paths have
/// learned.
#[test]
fn services_walk_their_paths() {
    let mut services: Vec<_> =
        fs::read_dir(root().join("myhealth/apps")).unwrap().map(|entry| entry.unwrap().path()).collect();
    services.retain(|folder| folder.join(".karat-lineage.yaml").is_file());
    services.sort();
    assert!(services.len() >= 3, "{services:?}");
    for service in services {
        let update = |arguments: &[&str]| -> Output {
            karat(&Sandbox::new()).arg("update").args(arguments).arg(&service).current_dir(&service).run()
        };
        if updating() {
            let updated = update(&["--force", "the paths of this repository have changed"]);
            assert_eq!(updated.code, Some(0), "{}\n{}{}", service.display(), updated.stdout, updated.stderr);
        }
        let checked = update(&["--check"]);
        assert_eq!(checked.code, Some(0), "run `cargo xtask gen lineage`\n{}{}", checked.stdout, checked.stderr);
    }
}
