#!/usr/bin/env node
// Asks a portal by every method of Backstage's own client: `node main.mjs ADDRESS FILES`. The portal must be that of the test in
// karat-portal, whose catalog is `tests/cases/shop`; FILES is the URL of that folder. What is wrong is said on a line each; it fails if anything is.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { CatalogClient, CATALOG_FILTER_EXISTS } = createRequire(import.meta.url)("@backstage/catalog-client");
const [, , address, files] = process.argv;
const asked = new Set();
const client = new Proxy(new CatalogClient({ discoveryApi: { getBaseUrl: async (plugin) => `${address}/api/${plugin}` }, fetchApi: { fetch } }), {
  get(target, name) {
    asked.add(name);
    return target[name].bind(target);
  },
});
const names = (entities) => entities.map((entity) => entity?.metadata.name);
const until = async (is) => {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await is()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`waited in vain for ${is}`);
};
const components = { kind: "component" };

const checks = {
  async "entities, filtered, in an order, page by page"() {
    const all = await client.getEntities({ filter: components });
    assert.deepEqual(names(all.items).sort(), ["Basket", "Ledger", "checkout", "site"]);
    const some = await client.getEntities({
      filter: [{ kind: ["component", "api"], "spec.owner": "sales" }, { kind: "user" }],
      fields: ["metadata.name"],
      order: [{ field: "metadata.name", order: "desc" }],
      limit: 2,
      offset: 1,
    });
    assert.deepEqual(some.items, [{ metadata: { name: "carts" } }, { metadata: { name: "Basket" } }]);
    assert.deepEqual(names((await client.getEntities({ filter: { ...components, "spec.system": CATALOG_FILTER_EXISTS } })).items).sort(), ["Basket", "checkout"]);
    assert.deepEqual((await client.getEntities({ filter: { kind: "nothing" } })).items, []);
  },
  async "pages by cursor, there and back"() {
    const request = { filter: components, orderFields: { field: "metadata.name", order: "asc" }, limit: 3, fields: ["metadata.name"] };
    const first = await client.queryEntities(request);
    assert.deepEqual([names(first.items), first.totalItems], [["Basket", "checkout", "Ledger"], 4]);
    const second = await client.queryEntities({ cursor: first.pageInfo.nextCursor, limit: 3, fields: ["metadata.name"] });
    assert.deepEqual([names(second.items), second.totalItems, second.pageInfo.nextCursor], [["site"], 4, undefined]);
    const back = await client.queryEntities({ cursor: second.pageInfo.prevCursor, limit: 3 });
    assert.deepEqual([names(back.items), back.pageInfo.prevCursor], [names(first.items), undefined]);
  },
  async "pages by predicate, there and back"() {
    const query = { $all: [components, { $not: { "spec.type": "library" } }] };
    const first = await client.queryEntities({ query, orderFields: [{ field: "metadata.name", order: "desc" }], limit: 2 });
    assert.deepEqual([names(first.items), first.totalItems], [["site", "checkout"], 3]);
    const second = await client.queryEntities({ cursor: first.pageInfo.nextCursor, limit: 2 });
    assert.deepEqual(names(second.items), ["Basket"]);
    assert.deepEqual(names((await client.queryEntities({ cursor: second.pageInfo.prevCursor, limit: 2 })).items), ["site", "checkout"]);
    const text = await client.queryEntities({ filter: components, fullTextFilter: { term: "WOOL", fields: ["metadata.title"] } });
    assert.deepEqual(names(text.items), ["Basket"]);
  },
  async "a stream of all"() {
    const pages = [];
    for await (const page of client.streamEntities({ filter: components, pageSize: 3 })) pages.push(names(page));
    assert.deepEqual([pages.map((page) => page.length), pages.flat().sort()], [[3, 1], ["Basket", "Ledger", "checkout", "site"]]);
  },
  async "one by its reference, several at once"() {
    assert.equal((await client.getEntityByRef("component:default/basket")).metadata.title, "100% wool");
    assert.equal((await client.getEntityByRef({ kind: "Component", namespace: "Default", name: "Basket" })).kind, "Component");
    assert.equal((await client.getEntityByName({ kind: "Component", name: "site" })).metadata.name, "site");
    assert.equal(await client.getEntityByRef("component:default/nobody"), undefined);
    const entityRefs = ["component:default/site", "component:default/nobody", "user:default/ada"];
    assert.deepEqual(names((await client.getEntitiesByRefs({ entityRefs })).items), ["site", undefined, "ada"]);
    assert.deepEqual(names((await client.getEntitiesByRefs({ entityRefs, filter: { kind: "user" }, fields: ["metadata.name"] })).items), [undefined, undefined, "ada"]);
    assert.deepEqual(names((await client.getEntitiesByRefs({ entityRefs, query: components })).items), ["site", undefined, undefined]);
    // More than go into one request.
    const many = Array.from({ length: 2500 }, (_, number) => (number === 2400 ? "component:default/site" : `component:default/n${number}`));
    assert.equal((await client.getEntitiesByRefs({ entityRefs: many })).items.findIndex((item) => item), 2400);
  },
  async "what led to one"() {
    const { rootEntityRef, items } = await client.getEntityAncestors({ entityRef: "user:default/ada" });
    assert.deepEqual([rootEntityRef, names(items.slice(0, 2).map(({ entity }) => entity)), items[0].parentEntityRefs], ["user:default/ada", ["ada", "teams"], ["location:default/teams"]]);
    await assert.rejects(client.getEntityAncestors({ entityRef: "user:default/nobody" }), { name: "ResponseError", message: /404/ });
  },
  async facets() {
    const { facets } = await client.getEntityFacets({ facets: ["spec.type", "metadata.tags"], filter: components });
    const sorted = facets["spec.type"].map(({ value, count }) => `${value} ${count}`).sort();
    assert.deepEqual(sorted, ["Service 1", "library 1", "service 1", "website 1"]);
    const asked = await client.getEntityFacets({ facets: ["kind"], query: { kind: { $in: ["group", "user"] } } });
    assert.deepEqual(asked.facets.kind.map(({ value, count }) => `${value} ${count}`).sort(), ["Group 2", "User 1"]);
  },
  async "whether an entity would be one"() {
    const entity = { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name: "a" }, spec: { type: "service", lifecycle: "production", owner: "sales" } };
    const at = "url:https://git.shop.example/a/catalog-info.yaml";
    assert.deepEqual(await client.validateEntity(entity, at), { valid: true });
    const { valid, errors } = await client.validateEntity({ ...entity, spec: {} }, at);
    assert.deepEqual([valid, errors.length, errors[0].name], [false, 1, "InputError"]);
    assert.match(errors[0].message, /component:default\/a; caused by TypeError: \/spec must have required property 'type'/);
    assert.equal((await client.validateEntity(entity, "file:/a")).valid, false);
  },
  async "what might be at a location"() {
    const { existingEntityFiles, generateEntities } = await client.analyzeLocation({ location: { type: "url", target: "https://github.com/shop/till" } });
    assert.deepEqual([existingEntityFiles, generateEntities[0].entity.metadata.name], [[], "till"]);
    await assert.rejects(client.analyzeLocation({ location: { type: "url", target: "nothing" } }), ({ body }) => /not a URL/.test(body.error.message));
  },
  async "a location, from its trial to its end"() {
    const target = `${files}till.yaml`;
    const tried = await client.addLocation({ target, dryRun: true });
    assert.deepEqual([tried.exists, names(tried.entities).filter((name) => !name.startsWith("generated-")).sort()], [false, ["prices", "till"]]);
    assert.equal(await client.getLocationByRef(`url:${target}`), undefined);
    await assert.rejects(client.addLocation({ target: `${files}none.yaml`, dryRun: true }), ({ body }) => body.error.name === "InputError");
    const { location } = await client.addLocation({ type: "url", target });
    assert.deepEqual([location.type, location.target], ["url", target]);
    await assert.rejects(client.addLocation({ target }), ({ body }) => body.error.name === "ConflictError");
    assert.deepEqual((await client.addLocation({ target, onConflict: "refresh" })).location, location);
    await until(() => client.getEntityByRef("component:default/till"));
    assert.deepEqual(await client.getLocationById(location.id), location);
    assert.deepEqual(await client.getLocationByRef(`url:${target}`), location);
    assert.deepEqual(await client.getLocationByEntity("component:default/till"), location);
    assert.deepEqual((await client.getLocations()).items.filter((one) => one.id === location.id), [location]);
    await client.refreshEntity("component:default/till");
    await assert.rejects(client.refreshEntity("component:default/nobody"), ({ body }) => body.error.name === "NotFoundError");
    const { existingEntityFiles } = await client.analyzeLocation({ location: { type: "url", target } });
    assert.deepEqual([names(existingEntityFiles.map(({ entity }) => entity)).sort(), existingEntityFiles[0].isRegistered], [["prices", "till"], true]);

    const page = await client.queryLocations({ limit: 1 });
    assert.equal(page.items.length, 1);
    const rest = await client.queryLocations({ cursor: page.pageInfo.nextCursor });
    assert.deepEqual([page.totalItems, rest.totalItems, rest.items.length], [2, 2, 1]);
    const streamed = [];
    for await (const items of client.streamLocations({ query: { target: { $hasPrefix: files } } })) streamed.push(...items);
    assert.deepEqual(streamed, [location]);

    const changed = await client.updateLocation(location.id, { target: `${files}scales.yaml` });
    assert.equal(changed.target, `${files}scales.yaml`);
    await until(async () => (await client.getEntityByRef("resource:default/scales")) && !(await client.getEntityByRef("component:default/till")));
    await client.removeLocationById(changed.id);
    await until(async () => !(await client.getEntityByRef("resource:default/scales")));
    assert.equal(await client.getLocationById(changed.id), undefined);
    await assert.rejects(client.removeLocationById(changed.id), ({ body }) => body.error.name === "NotFoundError");
  },
  async "an entity is removed, and is back when its file is read again"() {
    const { metadata } = await client.getEntityByRef("resource:default/orders");
    await client.removeEntityByUid(metadata.uid);
    await client.removeEntityByUid("00000000-0000-0000-0000-000000000000");
    await client.refreshEntity("component:default/basket");
    await until(() => client.getEntityByRef("resource:default/orders"));
  },
};

let wrong = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
  } catch (error) {
    wrong += 1;
    console.log(`wrong: ${name}: ${error.message}`);
  }
}
const methods = Object.getOwnPropertyNames(CatalogClient.prototype).filter((name) => !/^(constructor|request|getFilterValue|query.*By|getEntityFacetsBy)/.test(name));
for (const name of methods.filter((name) => !asked.has(name))) {
  wrong += 1;
  console.log(`wrong: ${name} is not asked`);
}
process.exit(wrong ? 1 : 0);
