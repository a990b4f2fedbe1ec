//! Changes of the organisation that ships with Karat, each of which breaks one standard: those of what its repositories hold.

/// A change that breaks one standard, and where that is to be found.
pub(crate) struct Break {
    pub(crate) standard: &'static str,
    pub(crate) file: &'static str,
    /// What is replaced; empty for a new file.
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// The file of the finding, and a text of its line.
    pub(crate) place: (&'static str, &'static str),
    pub(crate) message: &'static str,
}

#[rustfmt::skip]
pub(crate) const REPOSITORIES: &[Break] = &[
    Break { standard: "service/domain-apart", file: "apps/records/internal/domain/door.go",
        from: "", to: "package domain\n\nimport \"net/http\"\n\ntype Door = http.Handler\n",
        place: ("apps/records/internal/domain/door.go", "net/http"),
        message: "domain package `internal/domain` imports `net/http`" },
    Break { standard: "service/go-version", file: "apps/records/go.mod",
        from: "go 1.26.0", to: "go 1.22.0",
        place: ("apps/records/go.mod", "go 1.22.0"),
        message: "module `git.myhealth.example/clinical/records` is for Go 1.22.0, before 1.24.0" },
    Break { standard: "service/graceful", file: "apps/notifications/crates/chassis/src/serve/signals.rs",
        from: "SignalKind::terminate()", to: "SignalKind::hangup()",
        place: ("apps/notifications/Cargo.toml", "[workspace]"),
        message: "the programs of `Cargo.toml` do not drain on SIGTERM (.with_graceful_shutdown or .graceful_shutdown or .serve_with_shutdown \
                  or .serve_with_incoming_shutdown or GracefulShutdown::new)" },
    Break { standard: "service/layout", file: "apps/records/models/patient.go",
        from: "", to: "package models\n\ntype Patient struct{}\n",
        place: ("apps/records/models/patient.go", "package models"),
        message: "package `models` is in none of cmd/, internal/, pkg/" },
    Break { standard: "service/migrations", file: "apps/appointments/migrations/0004_rename.sql",
        from: "", to: "-- Names.\n\nALTER TABLE slots RENAME COLUMN clinician TO doctor;\n",
        place: ("apps/appointments/migrations/0004_rename.sql", "ALTER TABLE"),
        message: "`alter table slots rename column clinician` renames what the version that runs now may read: expand now, contract in a \
                  later release" },
    Break { standard: "service/rust-domain-apart", file: "apps/appointments/crates/domain/Cargo.toml",
        from: "thiserror = { workspace = true }", to: "tracing = \"0.1\"",
        place: ("apps/appointments/crates/domain/Cargo.toml", "tracing"),
        message: "domain crate `domain` depends on `tracing`" },
    Break { standard: "service/rust-layout", file: "apps/appointments/Cargo.toml",
        from: "unsafe_code = \"forbid\"", to: "unsafe_code = \"deny\"",
        place: ("apps/appointments/crates/appointments/Cargo.toml", "name = \"appointments\""),
        message: "crate `appointments` does not forbid unsafe code" },
    Break { standard: "service/standard-router", file: "apps/records/internal/httpapi/other.go",
        from: "", to: "package httpapi\n\nimport (\n\t\"github.com/go-chi/chi/v5\"\n)\n\nvar Other = chi.NewRouter\n",
        place: ("apps/records/internal/httpapi/other.go", "chi/v5"),
        message: "`github.com/go-chi/chi/v5` routes in place of net/http" },
];
