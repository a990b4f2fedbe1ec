//! Backstage's own client of the catalog, which asks by every method that it has.

use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn backstages_client_works() {
    let Some(driver) = karat_testkit::peer("catalog-client/main.mjs") else { return };
    let (running, shop) = crate::catalog::shop().await;
    let (address, files) = (running.url(), shop.base.clone());
    let asked = tokio::task::spawn_blocking(move || Command::new("node").arg(driver).arg(address).arg(files).output());
    let output = asked.await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    running.stop().await;
}
