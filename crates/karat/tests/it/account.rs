//! `karat account`.

use karat_testkit::Sandbox;

use crate::{karat, root};

#[test]
fn an_account_is_made_and_its_password_printed_once() {
    let sandbox = Sandbox::new();
    let data = sandbox.path().join("data");
    let add = |name: &str| {
        let organisation = root().join("myhealth");
        let arguments = ["account", "add", name, "--role", "platform", "--organisation"];
        karat(&sandbox).args(arguments).arg(&organisation).arg("--data").arg(&data).run()
    };
    let made = add("ada");
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let kept = fs_err::read_to_string(data.join("accounts.json")).unwrap();
    assert!(made.stdout.trim().len() >= 20 && !kept.contains(made.stdout.trim()));
    let wrong = add("Ada Lovelace");
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""));
    assert!(wrong.stderr.contains("`Ada Lovelace` is not a name"), "{}", wrong.stderr);
}
