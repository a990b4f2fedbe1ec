//! A real Kubernetes API server, to see whether it admits what Karat admits.
//!
//! `conformance/apiserver` runs it on the loopback interface: no nodes, no controllers, every kind known. It takes some ten
//! seconds to start, so a test starts one and asks it everything.
//!
//! ```
//! use karat_testkit::Cluster;
//! use serde_json::json;
//!
//! let Some(mut cluster) = Cluster::start() else { return };
//! let verdict = cluster
//!     .judge(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}))
//!     .unwrap();
//! assert!(verdict.allowed);
//! ```

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::oracle::{Answer, Oracle};
use crate::peers::peer;

/// A running API server; it ends when this is dropped.
#[derive(Debug)]
pub struct Cluster(Oracle);

/// What the API server says to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it would be admitted.
    pub allowed: bool,
    /// Why not; empty if it would.
    pub message: String,
}

impl Cluster {
    /// Starts one; `None` (after saying `skipped: ...`) where its binaries are not built.
    ///
    /// # Panics
    /// If it is there and does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let program = peer("apiserver")?;
        peer("etcd")?;
        peer("kube-apiserver")?;
        Some(Self(Oracle::start(&program).unwrap_or_else(|error| panic!("{error:#}"))))
    }

    /// Makes or changes an object.
    ///
    /// # Errors
    /// The server refuses it, or has ended.
    pub fn apply(&mut self, object: &Value) -> Result<()> {
        self.ask(&json!({"op": "apply", "object": object})).map(drop)
    }

    /// Applies admission policies and their bindings and waits until they are in force.
    ///
    /// # Errors
    /// The server refuses one, or has ended.
    pub fn policies(&mut self, objects: &[Value]) -> Result<()> {
        self.ask(&json!({"op": "policies", "objects": objects})).map(drop)
    }

    /// Whether an object would be admitted; it is not kept.
    ///
    /// # Errors
    /// The server has ended.
    pub fn judge(&mut self, object: &Value) -> Result<Verdict> {
        let text = self.ask(&json!({"op": "judge", "object": object}))?;
        let verdict: Value = serde_json::from_str(&text)?;
        let allowed = verdict["allowed"].as_bool().with_context(|| format!("not a verdict: {text}"))?;
        Ok(Verdict { allowed, message: verdict["message"].as_str().unwrap_or_default().to_owned() })
    }

    /// What the server answers to GET, such as `/openapi/v3`.
    ///
    /// # Errors
    /// The server has ended.
    pub fn get(&mut self, path: &str) -> Result<String> {
        self.ask(&json!({"op": "get", "path": path}))
    }

    fn ask(&mut self, request: &Value) -> Result<String> {
        match self.0.ask(request).context("the API server")? {
            Answer::Text(text) => Ok(text),
            Answer::Refused(message) => bail!("{message}"),
            Answer::Bytes(_) => bail!("an answer that is not UTF-8"),
        }
    }
}
