//! `records`, as far as appointments knows it: its contract, with patients whose first digit says how they stand.

use appointments::records::v1::{
    CheckPatientRequest, CheckPatientResponse,
    records_server::{Records, RecordsServer},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;
use tonic::{Code, Request, Response, Status, transport::server::TcpIncoming};

/// Active, and wants reminders.
pub(crate) const ACTIVE: &str = "0190d6a3-0000-7000-8000-000000000001";
/// Has died.
pub(crate) const INACTIVE: &str = "1190d6a3-0000-7000-8000-000000000001";
/// Is on record as [`ACTIVE`].
pub(crate) const MERGED: &str = "2190d6a3-0000-7000-8000-000000000001";
/// Is not on record.
pub(crate) const UNKNOWN: &str = "3190d6a3-0000-7000-8000-000000000001";

/// A server of the contract.
pub(crate) struct Patients {
    pub(crate) url: String,
    fails: Arc<Mutex<VecDeque<Code>>>,
}

impl Patients {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let fails = Arc::<Mutex<VecDeque<Code>>>::default();
        let server = RecordsServer::new(Register(Arc::clone(&fails)));
        tokio::spawn(async move {
            let incoming = TcpIncoming::from(listener);
            tonic::transport::Server::builder().add_service(server).serve_with_incoming(incoming).await
        });
        Self { url, fails }
    }

    /// The next questions fail so.
    pub(crate) fn fail(&self, codes: &[Code]) {
        self.fails.lock().expect("the lock").extend(codes);
    }
}

struct Register(Arc<Mutex<VecDeque<Code>>>);

#[tonic::async_trait]
impl Records for Register {
    async fn check_patient(
        &self,
        request: Request<CheckPatientRequest>,
    ) -> Result<Response<CheckPatientResponse>, Status> {
        if let Some(code) = self.0.lock().expect("the lock").pop_front() {
            return Err(Status::new(code, "as the test wants it"));
        }
        let patient_id = request.into_inner().patient_id;
        let (active, merged_into) = match patient_id.as_str() {
            INACTIVE => (false, ""),
            MERGED => (false, ACTIVE),
            UNKNOWN => return Err(Status::not_found("no such patient")),
            _ => (true, ""),
        };
        Ok(Response::new(CheckPatientResponse {
            patient_id,
            active,
            reminders: active,
            merged_into: merged_into.to_owned(),
        }))
    }
}
