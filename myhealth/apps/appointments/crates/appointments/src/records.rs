//! The patients of `records`, asked over gRPC.

use chassis::grpc::Server;
use domain::{
    PatientId,
    ports::{Neighbour, Outage, Records, Standing},
};
use http::Uri;
use std::time::Duration;
use tonic::{Code, Status};

/// What `records` and its callers agree on, generated from `api/records/v1/records.proto`.
#[allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated; the contract has the words"
)]
pub mod v1 {
    tonic::include_proto!("records.v1");
}

const METHOD: &str = "records.v1.Records/CheckPatient";
/// How long an answer may take. A booking waits for it.
const DEADLINE: Duration = Duration::from_secs(2);
/// Before a question is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// A client of `records`.
#[derive(Debug, Clone)]
pub struct RecordsClient {
    server: Server,
    client: v1::records_client::RecordsClient<tonic::transport::Channel>,
}

impl RecordsClient {
    /// A client of the server at `http://host:port`. It connects when it is first asked.
    #[must_use]
    pub fn new(uri: &Uri) -> Self {
        let server = Server::new(uri);
        Self { client: v1::records_client::RecordsClient::new(server.channel()), server }
    }

    async fn check(&self, patient: PatientId) -> Result<v1::CheckPatientResponse, Status> {
        let mut client = self.client.clone();
        let question = v1::CheckPatientRequest { patient_id: patient.to_string() };
        self.server.call(METHOD, DEADLINE, question, |request| async move { client.check_patient(request).await }).await
    }
}

impl Records for RecordsClient {
    async fn standing(&self, patient: PatientId) -> Result<Standing, Outage> {
        let mut answer = self.check(patient).await;
        // A replica that was stopped: another one has its place. The question changes nothing, so it may be asked again.
        if answer.as_ref().is_err_and(|status| status.code() == Code::Unavailable) {
            tokio::time::sleep(PAUSE).await;
            answer = self.check(patient).await;
        }
        match answer {
            Ok(answer) if answer.active => Ok(Standing::Active { reminders: answer.reminders }),
            Ok(answer) => Ok(Standing::Inactive { merged_into: answer.merged_into.parse().ok() }),
            Err(status) if matches!(status.code(), Code::NotFound | Code::InvalidArgument) => Ok(Standing::Unknown),
            // The message is left out: what another service says of itself is not ours to log.
            Err(status) => Err(Outage { who: Neighbour::Records, source: format!("{:?}", status.code()).into() }),
        }
    }
}
