//! Queues of the real SQS API, asked for directly: what a platform makes for a service.

use serde_json::{Value, json};

/// Makes a queue, with a dead-letter queue behind it as production has; gives its URL.
pub(crate) fn create(endpoint: &str, name: &str) -> String {
    let dead = ask(endpoint, "CreateQueue", &json!({ "QueueName": format!("{name}-dead") }));
    let dead = dead["QueueUrl"].as_str().unwrap();
    let attributes = ask(endpoint, "GetQueueAttributes", &json!({ "QueueUrl": dead, "AttributeNames": ["QueueArn"] }));
    let redrive =
        json!({ "deadLetterTargetArn": attributes["Attributes"]["QueueArn"], "maxReceiveCount": 50 }).to_string();
    // A message that a killed consumer held comes back after two seconds, not thirty.
    let attributes = json!({ "VisibilityTimeout": "2", "RedrivePolicy": redrive });
    let made = ask(endpoint, "CreateQueue", &json!({ "QueueName": name, "Attributes": attributes }));
    made["QueueUrl"].as_str().unwrap().to_owned()
}

/// Messages in it, waiting or held.
pub(crate) fn length(endpoint: &str, url: &str) -> u64 {
    let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    let answer = ask(endpoint, "GetQueueAttributes", &json!({ "QueueUrl": url, "AttributeNames": names }));
    names.iter().map(|name| answer["Attributes"][name].as_str().unwrap().parse::<u64>().unwrap()).sum()
}

/// Puts a message in, as another producer would.
pub(crate) fn send(endpoint: &str, url: &str, body: &str) {
    ask(endpoint, "SendMessage", &json!({ "QueueUrl": url, "MessageBody": body }));
}

fn ask(endpoint: &str, operation: &str, request: &Value) -> Value {
    let mut answer = ureq::post(endpoint)
        .header("X-Amz-Target", format!("AmazonSQS.{operation}"))
        // Signed by nobody: moto reads only the region.
        .header(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
        )
        .content_type("application/x-amz-json-1.0")
        .send(request.to_string())
        .unwrap_or_else(|error| panic!("{operation}: {error}"));
    answer.body_mut().read_json().unwrap_or(Value::Null)
}
