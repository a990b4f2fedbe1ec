//! The way out: whoever reaches patients by mail, text or phone. The gateway knows the patient; we tell it what and when.

use crate::store::{Message, kind_word};
use ::http::{Request, StatusCode, Uri, header};
use chassis::client::{Bytes, HttpClient};
use domain::delivery::Outcome;
use serde_json::json;
use std::time::Duration;

/// How long the gateway may take. A message's lease is longer.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// The port through which messages leave.
pub trait Gateway: Send + Sync + 'static {
    /// Hands the message over. The same message may come twice; its id tells.
    fn send(&self, message: &Message) -> impl Future<Output = Outcome> + Send;
}

/// A gateway over HTTP.
#[derive(Debug)]
pub struct HttpGateway {
    client: HttpClient,
    url: Uri,
}

impl HttpGateway {
    /// The gateway at this address.
    #[must_use]
    pub fn new(url: Uri) -> Self {
        Self { client: HttpClient::new(&url), url }
    }
}

impl Gateway for HttpGateway {
    async fn send(&self, message: &Message) -> Outcome {
        let body = json!({
            "messageId": message.id,
            "appointmentId": message.appointment,
            "patientId": message.patient,
            "kind": kind_word(message.kind),
            "clinician": message.clinician,
            "startsAt": message.starts_at,
            "endsAt": message.ends_at,
        });
        let request = Request::post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", message.id.to_string())
            .body(Bytes::from(body.to_string()));
        let Ok(request) = request else { return Outcome::Refused };
        match self.client.send(request, DEADLINE).await {
            Ok(answer) => outcome(answer.status()),
            Err(_) => Outcome::Unknown,
        }
    }
}

fn outcome(status: StatusCode) -> Outcome {
    match status {
        status if status.is_success() => Outcome::Accepted,
        // In flight by the idempotency key, too many, too slow: another time.
        StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Outcome::Unknown,
        status if status.is_client_error() => Outcome::Refused,
        _ => Outcome::Unknown,
    }
}
