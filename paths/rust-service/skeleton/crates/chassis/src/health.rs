//! Health: `/startupz`, `/livez`, `/readyz`. An answer names its checks; why one fails stands in the log.

use crate::problem::Problem;
use axum::{Json, response::IntoResponse as _, response::Response};
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::json;
use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A check that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(2);

type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// The process's state, and what it needs to be ready.
#[derive(Clone, Default)]
pub struct Health(Arc<State>);

#[derive(Default)]
struct State {
    started: AtomicBool,
    draining: AtomicBool,
    checks: RwLock<Vec<(&'static str, Check)>>,
}

impl fmt::Debug for Health {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let State { started, draining, .. } = &*self.0;
        out.debug_struct("Health").field("started", started).field("draining", draining).finish_non_exhaustive()
    }
}

impl Health {
    /// The process is ready only while `check` answers true, within two seconds.
    pub fn check<F>(&self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let check: Check = Arc::new(move || Box::pin(check()));
        self.0.checks.write().unwrap_or_else(std::sync::PoisonError::into_inner).push((name, check));
    }

    /// Startup is over.
    pub(crate) fn started(&self) {
        self.0.started.store(true, Ordering::Release);
    }

    /// Readiness is withdrawn, for good.
    pub(crate) fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Answers a probe; `None` for any other path.
    pub(crate) async fn answer(&self, method: &Method, path: &str) -> Option<Response> {
        if matches!(path, "/startupz" | "/livez" | "/readyz") && method != Method::GET && method != Method::HEAD {
            let mut response = Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).instance(path).render();
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
            return Some(response);
        }
        let started = self.0.started.load(Ordering::Acquire);
        let state = |fine: bool, word: &str| answer(fine, word, &[]);
        Some(match path {
            "/livez" => state(true, "alive"),
            "/startupz" => state(started, if started { "started" } else { "starting" }),
            "/readyz" if !started => state(false, "starting"),
            "/readyz" if self.0.draining.load(Ordering::Acquire) => state(false, "draining"),
            "/readyz" => {
                let checks = self.run_checks().await;
                let ready = checks.iter().all(|(_, fine)| *fine);
                answer(ready, if ready { "ready" } else { "failing" }, &checks)
            }
            _ => return None,
        })
    }

    async fn run_checks(&self) -> Vec<(&'static str, bool)> {
        let checks = self.0.checks.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let mut results = Vec::with_capacity(checks.len());
        for (name, check) in checks {
            let fine = tokio::time::timeout(PATIENCE, check()).await.unwrap_or(false);
            if !fine {
                tracing::warn!({ "health.check" = name }, "a readiness check fails");
            }
            results.push((name, fine));
        }
        results
    }
}

fn answer(fine: bool, status: &str, checks: &[(&str, bool)]) -> Response {
    let code = if fine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let checks: Vec<_> = checks
        .iter()
        .map(|(name, fine)| json!({"name": name, "status": if *fine { "ok" } else { "failing" }}))
        .collect();
    (code, Json(json!({"status": status, "checks": checks}))).into_response()
}
