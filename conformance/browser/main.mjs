// Reads a portal as people do, in Debian's Chromium: every kind of page at two widths and in both themes, by WCAG 2.2 AA's rules; then
// what people come for, by mouse, by keys alone, and without JavaScript. `node main.mjs ADDRESS FOLDER` keeps a picture of each page in
// FOLDER, and says on each line what is wrong; it fails if anything is. The portal must be that of the test in karat-portal, which makes
// findings to follow.
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = createRequire(import.meta.url)("axe-core").source;
const [, , base, folder] = process.argv;
const PAGE = 60_000;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const PAGES = [
  "/",
  "/catalog",
  "/catalog?kind=nothing",
  "/catalog/default/component/appointments",
  "/catalog/default/component/appointments/dependencies",
  "/catalog/default/component/appointments/api",
  "/catalog/default/api/appointments/api",
  "/catalog/default/group/scheduling",
  "/catalog/default/system/scheduling",
  "/docs",
  "/docs/default/component/karat/how-to/harden-a-container/",
  "/standards",
  "/standards/runtime/hardened",
  "/scorecards",
  "/scorecards?by=team",
  "/scorecards?by=standard",
  "/scorecards/service/appointments",
  "/waivers",
  "/fleet",
  "/fleet/appointments-production-eu",
  "/fleet/appointments-production-eu/0",
  "/fleet/diff",
  "/create",
  "/create/default/go-service",
  "/search?q=records",
  "/source/governance/organisation.yaml?line=40",
  "/audit",
  "/tokens",
  "/nothing-here",
];

// What hangs is wrong too.
setTimeout(() => { console.log("wrong: it takes longer than five minutes"); process.exit(1); }, 300_000).unref();
const wrong = [];
const check = (is, text) => { if (!is) { wrong.push(text); console.log(`wrong: ${text}`); } };
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });

const open = async (options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("request", (request) => check(request.url().startsWith(base) || request.url().startsWith("data:"), `${page.url()} asks ${request.url()}`));
  page.on("console", (message) => {
    // A page that is not there says so; that is what is tested.
    if (message.type() === "error" && !page.url().endsWith("/nothing-here")) check(false, `${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => check(false, `${page.url()}: ${error}`));
  return page;
};
const go = (page, path) => page.goto(base + path);
// Headings of the docs end with a link to themselves.
const heading = async (page) => (await page.locator("h1").first().innerText()).replace(/\s*[¶#]$/, "").trim();

// Holds a page, as it is now, to the rules.
const rules = async (page, where) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: "tag", values } }), RULES);
  for (const { id, help, nodes } of violations) check(false, `${where}: ${id}, ${help}: ${nodes[0].html.slice(0, 160)}`);
};

// What the README shows.
const PICTURES = { home: "/", scorecard: "/scorecards/service/appointments" };
{
  const page = await open({ colorScheme: "light" });
  for (const [name, path] of Object.entries(PICTURES)) {
    await go(page, path);
    await page.screenshot({ path: `${folder}/picture-${name}.png` });
  }
  await page.context().close();
}

// Every kind of page.
let heaviest = ["", 0];
for (const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [360, "light"], [360, "dark"]]) {
  const page = await open({ viewport: { width, height: 800 }, colorScheme });
  for (const path of PAGES) {
    const where = `${path} at ${width} px, ${colorScheme}`;
    const answer = await go(page, path);
    const bytes = (await answer.body()).length;
    if (bytes > heaviest[1]) heaviest = [path, bytes];
    check(bytes < PAGE, `${where}: ${bytes} bytes`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(wide <= 0, `${where}: ${wide} px too wide`);
    // Every place is to be seen, and none behind an edge that scrolls.
    const hidden = await page.evaluate(() => {
      const nav = document.querySelector("header nav");
      const seen = (box) => box.width > 0 && box.left >= 0 && box.right <= innerWidth;
      return nav.scrollWidth > nav.clientWidth || ![...nav.querySelectorAll("a")].every((a) => seen(a.getBoundingClientRect()));
    });
    check(!hidden, `${where}: a place of the navigation is out of sight`);
    await rules(page, where);
    const name = path.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "") || "home";
    await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true });
  }
  await page.context().close();
}

const tasks = {
  "documentation is read": async (page) => {
    await go(page, "/docs");
    await page.getByRole("link", { name: "Karat", exact: true }).click();
    await page.getByRole("link", { name: "Harden a container", exact: true }).first().click();
    check((await heading(page)) === "Harden a container", "the page of the docs is not there");
  },
  "the catalog is filtered, and relations are followed": async (page, script) => {
    await go(page, "/catalog");
    await page.getByLabel("Kind").selectOption("Component");
    if (!script) await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.waitForURL(/kind=Component/);
    await page.getByRole("link", { name: "Appointments", exact: true }).click();
    check((await heading(page)) === "Appointments", "the entity is not there");
    await page.locator(".graph a", { hasText: "Records, over gRPC" }).click();
    check((await heading(page)) === "Records, over gRPC", "the relation leads elsewhere");
  },
  "a finding leads to its fix": async (page) => {
    await go(page, "/");
    await page.locator(".rows a", { hasText: "writable root" }).first().click();
    check(page.url().includes("/scorecards/service/appointments"), "the finding leads elsewhere");
    check(await page.getByText("readOnlyRootFilesystem: false").first().isVisible(), "its line is not shown");
    await page.getByRole("link", { name: "How to harden a container" }).first().click();
    check((await heading(page)) === "Harden a container", "the fix is not there");
  },
  "something is found": async (page) => {
    await go(page, "/");
    await page.getByRole("searchbox", { name: "Find anything" }).fill("records-database");
    await page.getByRole("searchbox", { name: "Find anything" }).press("Enter");
    await page.locator("main ol a").first().click();
    check((await heading(page)) === "records-database", "the first result is another");
  },
  "the theme is changed": async (page) => {
    await go(page, "/fleet");
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const before = await ground();
    await page.getByRole("button", { name: "Change between light and dark" }).click();
    await page.waitForFunction((before) => getComputedStyle(document.body).backgroundColor !== before, before);
    await page.reload();
    check((await ground()) !== before, "the theme is forgotten");
  },
  "a service is made": async (page, script) => {
    const name = script ? "ward-lists" : "bed-plans";
    await go(page, "/create/default/go-service");
    await page.getByLabel("Name", { exact: true }).fill("Wrong Name");
    await page.getByRole("button", { name: "Review" }).click();
    check(await page.getByText("1 answer does not fit").isVisible(), "a wrong answer is taken");
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Review" }).click();
    check(await page.getByText(`apps/${name}`).first().isVisible(), "the review does not say the folder");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await ended(page, script);
    check(await page.getByText("It is made.").isVisible(), "it is not made");
  },
  "a task is watched while it runs": async (page, script) => {
    const make = async (name) => {
      await go(page, "/create/default/slow");
      await page.getByLabel("Name", { exact: true }).fill(name);
      await page.getByRole("button", { name: "Review" }).click();
      await page.getByRole("button", { name: "Create", exact: true }).click();
      await page.getByRole("heading", { name: "Being made" }).waitFor();
    };
    const step = (name) => page.locator(".steps > li", { hasText: name });
    await make(script ? "seen" : "asked");
    if (script) {
      await step("Waits for a while").getByText("under way").waitFor();
      check(await step("Says hello").getByText("hello seen").isVisible(), "a line of the log is not shown while it runs");
      const icon = (name) => step(name).locator(".i path").first().getAttribute("d");
      const icons = [await icon("Says hello"), await icon("Waits for a while"), await icon("Writes the note")];
      check(new Set(icons).size === 3, "done, under way and waiting look alike");
      await rules(page, "a task under way");
      await page.screenshot({ path: `${folder}/task-under-way-1280-light.png`, fullPage: true });
    }
    await ended(page, script);
    check(await page.getByText("It is made.").isVisible(), "it is not made");
    check(await step("Waits for a while").getByText("done").isVisible(), "how a step went is not shown");
    if (script) {
      await rules(page, "a task that is over");
      await page.screenshot({ path: `${folder}/task-over-1280-light.png`, fullPage: true });
    }
    await make(script ? "stopped" : "ended");
    await page.getByRole("button", { name: "Cancel" }).click();
    await ended(page, script);
    check(await page.getByText("It was cancelled.").isVisible(), "it is not cancelled");
  },
};
// Waits until a task is over: with a script the page shows it by itself, without one there is a link.
const ended = async (page, script) => {
  if (script) return page.locator("#live:not([data-live])").waitFor();
  for (let tries = 0; tries < 100; tries += 1) {
    const again = page.getByRole("link", { name: "Show how it stands now" });
    if (!(await again.count())) return;
    await again.click();
    await page.waitForTimeout(100);
  }
  check(false, "a task does not come to its end");
};
const keys = {
  "places are reached by keys at 360 px, and the one that is reached is seen": async (page) => {
    await page.setViewportSize({ width: 360, height: 800 });
    await go(page, "/");
    const reached = [];
    for (let stops = 0; stops < 20 && reached.length < 7; stops += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const { activeElement: one } = document;
        return { place: one.matches("header nav a") && one.textContent, outline: getComputedStyle(one).outlineStyle };
      });
      if (at.place) reached.push(at.place);
      if (at.place) check(at.outline === "solid", `${at.place} does not show that it is reached`);
    }
    check(reached.join() === "Home,Catalog,Docs,Standards,Scorecards,Fleet,Create", `by keys one reaches ${reached}`);
  },
  "by keys alone": async (page) => {
    await go(page, "/catalog");
    await page.keyboard.press("Tab");
    check((await page.evaluate(() => document.activeElement.textContent)) === "Skip to content", "the first stop is not the way past the rail");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#main$/);
    check((await page.evaluate(() => document.activeElement.id)) === "main", "the way past the rail leads elsewhere");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    check(await page.evaluate(() => document.activeElement.closest("tr") === document.querySelector("tbody tr")), "j and k do not walk rows");
    await page.keyboard.press("Enter");
    await page.waitForURL(/catalog\/default/);
    await page.waitForLoadState();
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.waitForURL(/\/standards$/);
    await page.keyboard.press("/");
    await page.keyboard.type("runtime/hard");
    await page.locator("#found li").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/standards\/runtime\/hardened/);
    await page.keyboard.press("?");
    check(await page.getByRole("heading", { name: "Keys" }).isVisible(), "the list of keys does not open");
    await rules(page, "the list of keys");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("record");
    await page.locator("#found li").first().waitFor();
    await rules(page, "the palette");
    await page.screenshot({ path: `${folder}/palette-1280-light.png` });
    await page.keyboard.press("Escape");
  },
};

for (const javaScriptEnabled of [true, false]) {
  for (const [what, task] of Object.entries(javaScriptEnabled ? { ...tasks, ...keys } : tasks)) {
    const page = await open({ javaScriptEnabled });
    const how = javaScriptEnabled ? "" : ", without JavaScript";
    try {
      if (javaScriptEnabled || what !== "the theme is changed") await task(page, javaScriptEnabled);
      else {
        await go(page, "/fleet");
        await page.getByRole("button", { name: "Change between light and dark" }).click();
        check((await page.locator("html").getAttribute("data-theme")) === "dark" && page.url().endsWith("/fleet"), "the theme is not changed without JavaScript");
      }
    } catch (error) {
      check(false, `${what}${how}: ${String(error.message).split("\n")[0]} ${String(error.stack).split("\n").filter((line) => line.includes("main.mjs") || line.includes("Error")).slice(0, 3).join(" ")}`);
    }
    await page.context().close();
  }
}
await browser.close();
console.log(`${PAGES.length} pages, the heaviest ${heaviest[0]} with ${heaviest[1]} bytes; ${wrong.length} wrong`);
process.exitCode = wrong.length ? 1 : 0;
