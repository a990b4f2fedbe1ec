//! The three services with their stores, their queue and, if wanted, a collector: a small hospital that works.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

use crate::collector::Collector;
use crate::http::{self, client, send};
use crate::process::{Process, Service};
use crate::{peer, queue};

/// Who the mesh says is calling.
const ACTOR: (&str, &str) = ("X-Actor", "clinician/dr-7");

pub(crate) struct Hospital {
    pub(crate) records: Service,
    pub(crate) appointments: Service,
    pub(crate) notifications: Service,
    pub(crate) queue: Queue,
    _folder: TempDir,
}

/// The queue between `appointments` and `notifications`.
pub(crate) struct Queue {
    pub(crate) endpoint: String,
    pub(crate) url: String,
}

/// One replica of each.
pub(crate) struct Open {
    pub(crate) client: Agent,
    pub(crate) records: Process,
    pub(crate) appointments: Process,
    pub(crate) notifications: Process,
}

impl Hospital {
    /// `None` (after saying why) where there is no queue or there are no binaries.
    pub(crate) fn new(collector: Option<&Collector>) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let (binaries, endpoint) = (peer("KARAT_SERVICES")?, peer("KARAT_PEERS_SQS")?);
        let folder = TempDir::new().unwrap();
        let name = format!("events-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let queue = Queue { url: queue::create(&endpoint, &name), endpoint };
        let credentials = folder.path().join("aws-credentials");
        std::fs::write(&credentials, "[default]\naws_access_key_id = test\naws_secret_access_key = test\n").unwrap();
        let service = |service| {
            let mut service = Service::new(service, &binaries, folder.path());
            if let Some(collector) = collector {
                service.set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint);
                service.set("OTEL_BSP_SCHEDULE_DELAY", "100");
                service.set("OTEL_BLRP_SCHEDULE_DELAY", "100");
                service.set("OTEL_METRIC_EXPORT_INTERVAL", "500");
            }
            service
        };
        let (records, mut appointments, mut notifications) =
            (service("records"), service("appointments"), service("notifications"));
        for service in [&mut appointments, &mut notifications] {
            service.set("EVENTS_QUEUE", &name);
            service.set("AWS_ENDPOINT_URL_SQS", &queue.endpoint);
            service.set("AWS_REGION", "eu-central-1");
            service.set("AWS_SHARED_CREDENTIALS_FILE", &credentials.display().to_string());
        }
        Some(Self { records, appointments, notifications, queue, _folder: folder })
    }

    /// Starts one replica of each, in the order in which they need one another.
    pub(crate) fn open(&mut self) -> Open {
        let records = self.records.start();
        self.appointments.set("RECORDS_URL", &records.url);
        let (appointments, notifications) = (self.appointments.start(), self.notifications.start());
        Open { client: client(), records, appointments, notifications }
    }
}

impl Open {
    /// Registers a patient who wants reminders; gives the id.
    pub(crate) fn patient(&self, key: &str, patient: &Value) -> String {
        let headers = [ACTOR, ("Idempotency-Key", key)];
        let url = format!("{}/v1/patients", self.records.url);
        id(&send(&self.client, "POST", &url, &headers, patient).unwrap().expect(201))
    }

    /// Opens slots of 20 minutes from a time on, and gives their ids in order.
    pub(crate) fn slots(&self, clinician: &str, from: &str, to: &str) -> Vec<String> {
        let url = format!("{}/v1/clinicians/{clinician}/slots", self.appointments.url);
        let asked = json!({ "from": from, "to": to, "minutes": 20 });
        let opened = send(&self.client, "PUT", &url, &[ACTOR], &asked).unwrap();
        assert!(opened.status < 300, "{opened:?}");
        let list = format!("{}/v1/slots?clinician={clinician}&from={from}&to={to}&free=true", self.appointments.url);
        let mut slots = Vec::new();
        let mut page = self.get(&list);
        loop {
            slots.extend(page["items"].as_array().unwrap().iter().map(id));
            match page["next"].as_str() {
                Some(cursor) => page = self.get(&format!("{list}&cursor={cursor}")),
                None => return slots,
            }
        }
    }

    pub(crate) fn get(&self, url: &str) -> Value {
        send(&self.client, "GET", url, &[ACTOR], &Value::Null).unwrap().expect(200)
    }

    /// The messages that `notifications` has for an appointment.
    pub(crate) fn messages(&self, appointment: &str) -> Vec<Value> {
        let url = format!("{}/v1/messages?appointmentId={appointment}", self.notifications.url);
        self.get(&url)["items"].as_array().unwrap().clone()
    }
}

/// A change to an appointment: what a client sends, and sends again until it is answered.
pub(crate) fn change(
    client: &Agent,
    url: &str,
    key: &str,
    trace: Option<&str>,
    body: &Value,
) -> Result<http::Answer, ureq::Error> {
    let mut headers = vec![ACTOR, ("Idempotency-Key", key)];
    headers.extend(trace.map(|parent| ("traceparent", parent)));
    send(client, "POST", url, &headers, body)
}

/// The `id` of what was made or listed.
pub(crate) fn id(of: &Value) -> String {
    of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}")).to_owned()
}

/// Waits until something holds; `what` says what was waited for.
#[track_caller]
pub(crate) fn wait(what: &str, seconds: u64, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(seconds), "after {seconds} s still not: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
