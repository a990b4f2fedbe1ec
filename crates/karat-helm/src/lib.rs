//! Charts and values to manifests, byte for byte as `helm template` prints them.
//!
//! Data in, data out: a [`Chart`] is loaded from a [`World`](karat_source::World) or from an archive's bytes, values
//! come from [`ValueSources`] or any [`Value`](karat_yaml::Value), the cluster is [`Capabilities`], and [`render()`]
//! gives [`Rendered`]. A chart is immutable and shared: what does not depend on values (files, parsed templates, compiled
//! schemas, dependencies per outcome of their conditions) is made once, whatever the number of renders and threads.
//!
//! ```
//! use karat_helm::{Capabilities, Chart, File, Flags, Release, RenderInput, Settings, ValueSources, render};
//!
//! let file = |name: &str, text: &str| File { name: name.into(), data: text.into() };
//! let settings = Settings::default();
//! let chart = Chart::from_files(
//!     vec![
//!         file("Chart.yaml", "apiVersion: v2\nname: app\nversion: 0.1.0\n"),
//!         file("values.yaml", "replicas: 1\n"),
//!         file("templates/app.yaml", "kind: Deployment\nreplicas: {{ .Values.replicas }}\n"),
//!     ],
//!     "app",
//!     &settings,
//! )?;
//! let sources = ValueSources { set: vec!["replicas=3".into()], ..ValueSources::default() };
//! let values = sources.merge(settings.profile, &|path| Err(format!("{path}: there are no files")))?;
//! let capabilities = Capabilities::new(settings.profile).with_kube_version("1.33", settings.profile)?;
//! let input = RenderInput {
//!     release: Release::new("shop").in_namespace("shop"),
//!     values: &values,
//!     capabilities: &capabilities,
//!     flags: Flags::default(),
//!     now: 0,
//! };
//! let rendered = render(&chart, &input)?;
//! assert_eq!(rendered.print(), b"---\n# Source: app/templates/app.yaml\nkind: Deployment\nreplicas: 3\n");
//! # Ok::<(), karat_helm::Error>(())
//! ```
//!
//! What `helm template` rejects is an [`Error`]. Which versions of Helm can be had is [`Profile`]; what is known to differ
//! is in `docs/reference/helm-compatibility.md`.
#![forbid(unsafe_code)]

mod archive;
mod capabilities;
mod chart;
mod coalesce;
mod context;
mod decode;
mod dependencies;
mod engine;
mod error;
mod errors;
mod files;
mod folder;
mod functions;
mod glob;
mod ignore;
mod manifest;
mod metadata;
mod place;
mod profile;
mod quick;
mod release;
mod render;
mod resolved;
mod schema;
mod strvals;
mod toml;
mod trace;
mod values;
mod wildcard;
mod writable;
mod yaml;

pub use capabilities::{Capabilities, HelmVersion};
pub use chart::{Chart, File};
pub use error::{Error, TemplateSite};
pub use karat_template::TemplatePlace;
pub use manifest::{Document, Hook, HookEvent, Part};
pub use metadata::{Dependency, ImportValue, Maintainer, Metadata};
pub use place::{Layer, ValuePlace};
pub use profile::{Limits, Profile, Settings};
pub use release::Release;
pub use render::{Flags, RenderInput, Rendered, render};
pub use strvals::ReadFile;
pub use trace::{Origin, Traced, ValueStep, trace};
pub use values::ValueSources;
