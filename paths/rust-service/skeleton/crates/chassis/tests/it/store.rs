//! The store on both databases: one migration by many replicas, a password that changes, what a transaction sees.

use chassis::{
    Reader,
    secrets::Secrets,
    store::{Migration, Store, StoreError, StoreSettings, error_type, is_unique_violation},
    testing::{TestDatabase, databases},
};
use serde_json::{Value, json};
use sqlx::Row as _;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "words", sql: "CREATE TABLE words (word TEXT PRIMARY KEY, length BIGINT)" },
    Migration {
        version: 2,
        name: "an index and a row",
        sql: "CREATE INDEX words_length ON words (length); INSERT INTO words VALUES ('one', 3);",
    },
];

async fn open(database: &TestDatabase) -> Store {
    let (settings, secrets) = database.settings();
    Store::open(&settings, &secrets).await.expect("the store opens")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn replicas_start_at_the_same_time_and_migrate_once() {
    for database in databases().await {
        let mut replicas = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (settings, secrets) = database.settings();
            replicas.spawn(async move { Store::open(&settings, &secrets).await?.migrate(MIGRATIONS).await });
        }
        while let Some(done) = replicas.join_next().await {
            done.expect("no panic").expect(database.name);
        }
        let store = open(&database).await;
        let count = sqlx::query("SELECT COUNT(*) AS count FROM words").fetch_one(store.pool()).await.expect("counts");
        assert_eq!(count.get::<i64, _>("count"), 1, "{}", database.name);

        let broken = [Migration { version: 3, name: "broken", sql: "CREATE TABLE more (a TEXT); SELEC" }];
        let error = store.migrate(&broken).await.expect_err("a syntax error");
        assert!(matches!(error, StoreError::Migration { version: 3, .. }), "{}: {error}", database.name);
        let half = sqlx::query("SELECT a FROM more").fetch_all(store.pool()).await;
        assert!(half.is_err(), "{}: a step is applied whole or not at all", database.name);
    }
}

#[tokio::test]
async fn transactions_wait_for_each_other_and_errors_have_types() {
    for database in databases().await {
        let store = open(&database).await;
        store.migrate(MIGRATIONS).await.expect("migrates");
        let mut tasks = tokio::task::JoinSet::new();
        for i in 0..20 {
            let store = store.clone();
            tasks.spawn(async move {
                let mut transaction = store.begin().await.expect("begins");
                let insert = "INSERT INTO words VALUES ($1, $2)";
                sqlx::query(insert)
                    .bind(format!("w{i}"))
                    .bind(None::<i64>)
                    .execute(&mut *transaction)
                    .await
                    .expect("inserts");
                transaction.commit().await.expect("commits");
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.expect(database.name);
        }
        let again = sqlx::query("INSERT INTO words VALUES ('one', 3)").execute(store.pool());
        let error = store.observe("INSERT", "words", again).await.expect_err("it is there");
        assert!(is_unique_violation(&error), "{}", database.name);
        let expected = if database.name == "postgres" { "23505" } else { "1555" };
        assert_eq!(error_type(&error), expected);
    }
}

/// SQLite has no queue of its own. Two stores on one file stand for two replicas.
#[tokio::test(flavor = "multi_thread")]
async fn writers_of_sqlite_come_in_the_order_of_their_coming() {
    let database = databases().await.swap_remove(0);
    let replicas = [open(&database).await, open(&database).await];
    let pause = || tokio::time::sleep(Duration::from_millis(200));
    let first = replicas[0].begin().await.expect("begins");
    let order = Arc::<Mutex<Vec<&str>>>::default();
    let mut waiting = tokio::task::JoinSet::new();
    for (replica, name) in [(1, "another replica"), (0, "the same replica"), (0, "the same replica, later")] {
        let (store, order) = (replicas[replica].clone(), Arc::clone(&order));
        waiting.spawn(async move {
            let writing = store.begin().await.expect("begins");
            order.lock().expect("the lock").push(name);
            writing.commit().await.expect("commits");
        });
        pause().await;
    }
    drop(first); // as a refusal does
    while let Some(done) = waiting.join_next().await {
        done.expect("no panic");
    }
    assert_eq!(*order.lock().expect("the lock"), ["another replica", "the same replica", "the same replica, later"]);

    // Who waits too long gives up, and stands in nobody's way.
    let long = replicas[0].begin().await.expect("begins");
    let (same, other) = tokio::join!(replicas[0].begin(), replicas[1].begin());
    for gave_up in [same, other] {
        assert_eq!(error_type(&gave_up.expect_err("it is not its turn")), "pool_timeout");
    }
    assert!(replicas[1].answers().await, "reading goes on");
    long.commit().await.expect("commits");
    for store in &replicas {
        store.begin().await.expect("begins").rollback().await.expect("rolls back");
    }
}

#[tokio::test]
async fn a_changed_password_reaches_new_connections() {
    let Some(database) = databases().await.into_iter().find(|database| database.name == "postgres") else { return };
    let administrator = open(&database).await;
    let role = format!("role_{}", uuid::Uuid::now_v7().simple());
    let set = async |verb: &str, password: &str| {
        let statement = format!("{verb} ROLE {role} LOGIN PASSWORD '{password}'");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(administrator.pool()).await.expect("sets the password");
    };
    set("CREATE", "first/?#@ one").await;
    let file = database.folder.path().join("application.json");
    let mut secret: Value =
        serde_json::from_slice(&std::fs::read(database.folder.path().join("database.json")).expect("reads"))
            .expect("JSON");
    secret["username"] = json!(role);
    let mut write = |password: &str| {
        secret["password"] = json!(password);
        std::fs::write(&file, secret.to_string()).expect("writes");
    };
    write("first/?#@ one");

    let settings = [("DATABASE".to_owned(), "secret:application".to_owned())].into();
    let settings = StoreSettings::read(&mut Reader::new(settings));
    let store = Store::open(&settings, &Secrets::new(Some(database.folder.path().to_owned()))).await.expect("opens");
    assert!(store.answers().await);

    let mut held = Vec::new();
    while held.is_empty() || store.pool().num_idle() > 0 {
        held.push(store.pool().acquire().await.expect("a connection")); // so that the next one is new
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    set("ALTER", "second").await;
    let error = store.pool().acquire().await.expect_err("the old password is refused");
    assert!(!error.to_string().contains("first"), "{error}");
    write("second");
    let mut fine = false;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        fine = store.answers().await;
        if fine {
            break;
        }
    }
    assert!(fine, "the new password is used without a restart");
    drop(held);
}

#[tokio::test]
async fn what_a_secret_lacks_is_told_without_its_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = StoreSettings::read(&mut Reader::default());
    let secrets = Secrets::new(Some(folder.path().to_owned()));
    let error = async || Store::open(&settings, &secrets).await.expect_err("it cannot open").to_string();
    assert!(error().await.contains("database.json"));
    for secret in [
        r#"{"engine":"postgres","password":"hunter2"}"#,
        r#"{"engine":"mysql","host":"h","username":"u","password":"hunter2","dbname":"d"}"#,
        r#"{"engine":"postgres","host":"h","username":"u","password":"hunter2","dbname":"d","sslmode":"hunter2"}"#,
        r#"{"engine":"postgres","host":"h","port":"hunter2"}"#,
        "hunter2",
    ] {
        std::fs::write(folder.path().join("database.json"), secret).expect("writes");
        let error = error().await;
        assert!(!error.contains("hunter2"), "{error}");
    }
    let none = Store::open(&settings, &Secrets::new(None)).await.expect_err("there is no folder");
    assert!(none.to_string().contains("SECRETS_DIR"));
}
