//! A file that standards are judged by and that cannot be read is told, with its place: it never counts as met.

use karat_repository::Repository;
use karat_source::Memory;

#[test]
fn what_cannot_be_judged_is_told() {
    let cases: [(&str, &[u8], &str); 9] = [
        ("go.mod", b"module\n\ngo 1.24\n", "go.mod:1:1: no `module` with the module's path: `go mod init` writes one"),
        ("go.mod", b"module m\n\ngo 1.\xff\n", "go.mod:3:6: not UTF-8, so nothing in it is judged: save it as UTF-8"),
        ("main.go", b"package main\n\nfunc (", "main.go:3:1: not Go: `gofmt` says what is wrong"),
        ("main.go", b"\xfe\xff", "main.go:1:1: not UTF-8, so nothing in it is judged: save it as UTF-8"),
        (
            "Dockerfile",
            b"# nothing yet\n",
            "Dockerfile:1:1: no `FROM`: an image starts from `scratch` or another image",
        ),
        (
            "Dockerfile",
            b"ARG A=1\nFROM --platform=x\nUSER 1\n",
            "Dockerfile:2:1: `FROM` names no image: `FROM scratch`, or an image by its digest",
        ),
        ("Cargo.toml", b"[package\n", "Cargo.toml:1:9: "),
        ("src/lib.rs", b"fn f( {", "src/lib.rs:1:"),
        (".github/workflows/ci.yaml", b"on: [push\njobs: {", ".github/workflows/ci.yaml:"),
    ];
    let mut wrong = Vec::new();
    for (path, bytes, expected) in cases {
        let mut world = Memory::default();
        world.insert(path, bytes);
        let problems = Repository::read(&world, "").expect("a folder").problems;
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        if told.len() != 1 || !told[0].starts_with(expected) {
            wrong.push(format!("{path}: expected {expected}\n  told {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
