//! The secret of the database rotates while the service works.

use crate::{alone, book, patients::ACTIVE, slots};
use chassis::{
    secrets::Secrets,
    store::Store,
    testing::{databases, eventually},
};
use serde_json::{Value, json};

/// Two users take turns, as the rotation of AWS Secrets Manager has them: the new one is in the file before the old one goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_secret_is_used_without_a_restart() {
    let Some(database) = databases().await.into_iter().find(|database| database.name == "postgres") else { return };
    let file = database.folder.path().join("database.json");
    // Who looks on keeps the first secret: whenever it opens a connection, it is nobody who goes.
    let own = tempfile::tempdir().expect("a folder");
    std::fs::copy(&file, own.path().join("database.json")).expect("copies");
    let (settings, _) = database.settings();
    let secrets = Secrets::new(Some(own.path().to_owned()));
    let administrator = Store::open(&settings, &secrets).await.expect("the store opens");
    let run = async |statement: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(administrator.pool()).await.expect("runs");
    };
    let users = ["a", "b"].map(|which| format!("appointments_{which}_{}", uuid::Uuid::now_v7().simple()));
    for user in &users {
        run(format!("CREATE ROLE {user} LOGIN SUPERUSER PASSWORD 'of {user}'")).await;
    }
    let mut secret: Value = serde_json::from_slice(&std::fs::read(&file).expect("reads")).expect("JSON");
    let mut rotate_to = |user: &str| {
        (secret["username"], secret["password"]) = (json!(user), json!(format!("of {user}")));
        std::fs::write(&file, secret.to_string()).expect("writes");
    };

    rotate_to(&users[0]);
    let (process, _sqs, _patients) = alone(&database).await;
    let slots = slots(&process, "dr-1", 2);
    assert_eq!(book(&process, "before", ACTIVE, &slots[0]).status, 201);
    rotate_to(&users[1]);
    run(format!("ALTER ROLE {} NOLOGIN", users[0])).await;
    run(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'", users[0])).await;
    eventually("a booking by the new user", || {
        (book(&process, "after", ACTIVE, &slots[1]).status == 201).then_some(())
    });
    assert_eq!(process.get("/readyz").status, 200);
    let count = "SELECT COUNT(*) FROM pg_stat_activity WHERE usename = $1";
    let connections = async |user: &str| -> i64 {
        sqlx::query_scalar(count).bind(user.to_owned()).fetch_one(administrator.pool()).await.expect("counts")
    };
    assert_eq!(connections(&users[0]).await, 0);
    assert!(connections(&users[1]).await > 0);
    drop(process);
    for user in &users {
        run(format!("DROP OWNED BY {user} CASCADE; DROP ROLE {user}")).await;
    }
}
