//! Start, drain and end.

use crate::service;
use chassis::testing::{Answer, Process, eventually};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use std::{
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

#[test]
fn what_is_in_flight_is_finished() {
    let mut process = service::serve(&[("DRAIN_SECONDS", "1")]);
    assert_eq!(process.get("/startupz").status, 200);
    let ready = process.get("/readyz").json();
    assert_eq!(ready, serde_json::json!({"status": "ready", "checks": [{"name": "weather", "status": "ok"}]}));

    process.signal("TERM");
    eventually("not ready any more", || (process.get("/readyz").status == 503).then_some(()));
    assert_eq!(process.get("/readyz").json()["status"], "draining");
    assert_eq!((process.get("/livez").status, process.get("/openapi.yaml").status), (200, 200), "it serves on");
    thread::sleep(Duration::from_millis(500));
    let slow = process.write("GET /slow HTTP/1.1\r\nHost: probe\r\n\r\n"); // outlives the drain
    let slow = thread::spawn(move || Answer::of(slow));
    eventually("no new connections", || TcpStream::connect(("127.0.0.1", process.port)).is_err().then_some(()));
    let answer = slow.join().expect("no panic");
    assert_eq!((answer.status, answer.body.as_str()), (200, "done"));
    assert_eq!(process.wait().code(), Some(0));
    assert!(eventually("the last line", || process.log("stopped")).is_object());
}

#[test]
fn a_connection_that_says_nothing_does_not_delay_the_end() {
    let mut process = Process::serve(service::command("serve", &[]));
    let silent = TcpStream::connect(("127.0.0.1", process.port)).expect("connects");
    let idle = process.write("GET /livez HTTP/1.1\r\nHost: probe\r\n\r\n");
    thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    process.signal("TERM");
    assert_eq!(process.wait().code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    drop((silent, idle));
}

#[tokio::test]
async fn http_2_without_tls_on_the_same_port() {
    let process = Process::serve(service::command("serve", &[]));
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Full<Bytes>>();
    let uri = format!("http://127.0.0.1:{}/openapi.yaml", process.port).parse().expect("an address");
    let answer = client.get(uri).await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
}

#[test]
fn grace_ends_and_a_second_signal_ends_at_once() {
    let mut process = service::serve(&[("GRACE_SECONDS", "0")]);
    let _slow = process.write("GET /slow HTTP/1.1\r\nHost: probe\r\n\r\n");
    thread::sleep(Duration::from_millis(100));
    process.signal("TERM");
    assert_eq!(process.wait().code(), Some(1), "something was not finished");

    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut process = service::serve(&[("DRAIN_SECONDS", "60")]);
        process.signal("TERM");
        eventually("draining", || process.log("draining"));
        process.signal(signal);
        assert_eq!(process.wait().code(), Some(code));
    }
}

#[test]
fn exit_codes_and_all_mistakes_at_once() {
    let mut bad = Process::spawn(service::command(
        "serve",
        &[("PORT", "http"), ("LOG_LEVEL", "loud"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector")],
    ));
    assert_eq!(bad.wait().code(), Some(2));
    let errors = bad.errors();
    for expected in [
        "3 variables of the environment cannot be used",
        "PORT: `http` is not usable; expected a whole number from 0 to 65535",
        "LOG_LEVEL: `loud` is not usable; expected one of error, warn, info, debug",
        "OTEL_EXPORTER_OTLP_ENDPOINT: `collector` is not usable; expected an http:// or https:// address",
    ] {
        assert!(errors.contains(expected), "no `{expected}` in {errors}");
    }
    for (arguments, environment, code) in [
        ("check", &[][..], 0),
        ("check", &[("PORT", "-1")], 2),
        ("migrate", &[], 0),
        ("migrate", &[("BROKEN", "true")], 3),
        ("serve", &[("BROKEN", "true")], 3),
        ("--help", &[], 0),
        ("--version", &[], 0),
        ("sevre", &[], 2),
    ] {
        assert_eq!(
            Process::spawn(service::command(arguments, environment)).wait().code(),
            Some(code),
            "{arguments} {environment:?}"
        );
    }
}

#[test]
fn the_port_is_written_to_a_file_and_a_taken_port_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("port");
    let process = service::serve(&[("PORT_FILE", file.to_str().expect("a path"))]);
    let port = std::fs::read_to_string(file).expect("the file is there");
    assert_eq!(port, process.port.to_string());
    let mut second = Process::spawn(service::command("serve", &[("PORT", &port)]));
    assert_eq!(second.wait().code(), Some(3));
    assert!(second.errors().contains("choose another PORT"));
}

#[test]
fn a_folder_that_a_process_keeps_goes_with_it() {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let path = folder.path().to_owned();
    let process = Process::serve(service::command("serve", &[])).keeping(&folder);
    drop(folder);
    assert!(path.exists(), "the test may be done with it, the process is not");
    drop(process);
    assert!(!path.exists());
}
