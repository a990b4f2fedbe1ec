//! A template tried out with the files that are sent with it.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse as _, Response};
use data_encoding::BASE64;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::super::error::Body;
use super::{ApiError, object, off, refused, refused_secrets, told, who};
use crate::identity::Person;
use crate::make::{DryRun, Failure};
use crate::state::Shared;

/// The largest body, in bytes: as Backstage takes it.
pub(super) const BODY: usize = 10 << 20;
/// The most files.
const FILES: usize = 2_000;
/// One run may take all that a template is allowed: two at a time.
static RUNNING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// Runs a template that is in the body; nothing is written.
pub(super) async fn dry_run(
    State(portal): State<Shared>,
    Extension(person): Extension<Person>,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let Ok(_turn) = RUNNING.try_acquire() else {
        return Err(ApiError::unavailable("two templates are being tried already: try again in a moment"));
    };
    let work = Arc::clone(&portal);
    let tried = off(move || {
        let asked = DryRun {
            template: body["template"].clone(),
            values: object(&body, "values")?,
            secrets: object(&body, "secrets")?,
            user: serde_json::from_value(who(&work, &person).user).unwrap_or_default(),
            files: files(&body)?,
        };
        Ok(work.site.maker.try_out(asked))
    });
    let tried = match tried.await? {
        Ok(tried) => tried,
        Err(Failure::Answers(problems)) => return Ok(refused(&problems)),
        Err(Failure::Secrets(problems)) => return Ok(refused_secrets(&problems)),
        Err(failure) => return Err(told(failure)),
    };
    let files = tried.files.into_iter().map(|(path, executable, bytes)| {
        json!({"path": path, "executable": executable, "base64Content": BASE64.encode(&bytes)})
    });
    Ok(Json(json!({
        "log": tried.log.into_iter().map(|body| json!({"body": body})).collect::<Vec<_>>(),
        "directoryContents": files.collect::<Vec<_>>(),
        "output": tried.output,
        "steps": tried.steps,
    }))
    .into_response())
}

fn files(body: &Value) -> Result<Vec<(String, Vec<u8>)>, ApiError> {
    let list = body["directoryContents"].as_array().map(Vec::as_slice).unwrap_or_default();
    if list.len() > FILES {
        return Err(ApiError::input(format!("directoryContents has more than {FILES} files")));
    }
    let one = |file: &Value| {
        let text = |name: &str| file[name].as_str().unwrap_or_default();
        let bytes = BASE64.decode(text("base64Content").as_bytes());
        let bytes = bytes.map_err(|error| ApiError::input(format!("base64Content: {error}")))?;
        Ok((text("path").to_owned(), bytes))
    };
    list.iter().map(one).collect()
}
