#!/usr/bin/env node
// Backstage's catalog, asked piece by piece: one JSON request a line in, one answer a line out.
//
//   {"op": "ref", "text": "a/b", "kind": "Component", "namespace": "x"}    a reference: {"out": "component:a/b"}
//   {"op": "location", "text": "url:https://x"}                             a location in its parts
//   {"op": "read", "text": "kind: ..."}                                     a file: its entities, and what is wrong
//   {"op": "process", "entity": {}, "location": "url:..", "files": {}}      an entity through all processors
//   {"op": "search", "entity": {}}                                          the rows that it is found by
//   {"op": "predicate", "predicate": {}, "value": {}}                       whether a value is meant
//   {"op": "fields", "fields": [], "entity": {}}                            parts of an entity
//   {"op": "catalog", "entities": []}                                       fills the catalog that the next ops ask
//   {"op": "query", "params": {}} or {"op": "query", "body": {}}            a page of entities/by-query
//   {"op": "list", "params": {}}                                            GET /entities
//   {"op": "facets", "params": {}} or {"op": "facets", "body": {}}          entity-facets
//   {"op": "ingest", "folders": {"https://a/": "/b"}, "locations": []}    the whole backend: all entities, and its errors
//   {"op": "serve", "folders": {}, "locations": []}                         the same, left running: {"out": "http://127.0.0.1:..."}
//   {"op": "memory"}                                                        the resident memory of this process, in bytes
//   what fails: {"err": "message"}
//
// An answer is JSON within the text of "out".
'use strict';
const path = require('node:path');
const readline = require('node:readline');
const { ConfigReader } = require('@backstage/config');
const { serializeError } = require('@backstage/errors');
const { ScmIntegrations } = require('@backstage/integration');
const model = require('@backstage/catalog-model');
const { parseEntityYaml } = require('@backstage/plugin-catalog-node');
const predicates = require('@backstage/filter-predicates');
const { ScaffolderEntitiesProcessor } = require('@backstage/plugin-catalog-backend-module-scaffolder-entity-model');

// Not exported by the package, so by its place; the version is pinned.
const backend = name =>
  require(path.join(__dirname, 'node_modules/@backstage/plugin-catalog-backend/dist', `${name}.cjs.js`));
const { DefaultCatalogProcessingOrchestrator } = backend('processing/DefaultCatalogProcessingOrchestrator');
const placeholders = backend('processors/PlaceholderProcessor');
const { BuiltinKindsEntityProcessor } = backend('processors/BuiltinKindsEntityProcessor');
const { AnnotateLocationEntityProcessor } = backend('processors/AnnotateLocationEntityProcessor');
const { buildEntitySearch } = backend('database/operations/stitcher/buildEntitySearch');
const { syncSearchRows } = backend('database/operations/stitcher/syncSearchRows');
const { applyDatabaseMigrations } = backend('database/migrations');
const { DefaultEntitiesCatalog } = backend('service/DefaultEntitiesCatalog');
const { parseEntityTransformParams } = backend('service/request/parseEntityTransformParams');
const { parseQueryEntitiesParams } = backend('service/request/parseQueryEntitiesParams');
const { parseEntityQuery } = backend('service/request/parseEntityQuery');
const { parseEntityFilterParams } = backend('service/request/parseEntityFilterParams');
const { parseEntityOrderParams } = backend('service/request/parseEntityOrderParams');
const { parseEntityPaginationParams } = backend('service/request/parseEntityPaginationParams');
const { parseEntityFacetParams } = backend('service/request/parseEntityFacetParams');
const { parseEntityFacetsQuery } = backend('service/request/parseEntityFacetsQuery');
const { encodeCursor } = backend('service/util');

const integrations = ScmIntegrations.fromConfig(new ConfigReader({}));
const logger = { child: () => logger, debug() {}, info() {}, warn() {}, error() {} };

function reference({ text, kind, namespace }) {
  return model.stringifyEntityRef(model.parseEntityRef(text, { defaultKind: kind, defaultNamespace: namespace }));
}

function read({ text }) {
  const valid = model.entityEnvelopeSchemaValidator();
  return [...parseEntityYaml(text, { type: 'file', target: 'catalog-info.yaml' })].map(result => {
    try {
      return { entity: valid(result.entity) };
    } catch {
      return { problem: true };
    }
  });
}

async function processed({ entity, location, files }) {
  const targets = [];
  const reader = {
    async readUrl(url) {
      if (!(url in (files ?? {}))) throw new Error(`${url} is not here`);
      return { buffer: async () => Buffer.from(files[url]) };
    },
  };
  const processors = [
    new placeholders.PlaceholderProcessor({
      resolvers: {
        json: placeholders.jsonPlaceholderResolver,
        yaml: placeholders.yamlPlaceholderResolver,
        text: placeholders.textPlaceholderResolver,
      },
      reader,
      integrations,
    }),
    new BuiltinKindsEntityProcessor(),
    {
      getProcessorName: () => 'listens',
      async readLocation(found) {
        targets.push(found);
        return true;
      },
    },
    new AnnotateLocationEntityProcessor({ integrations }),
    new ScaffolderEntitiesProcessor(),
  ];
  const policy = model.EntityPolicies.allOf([
    new model.SchemaValidEntityPolicy(),
    new model.DefaultNamespaceEntityPolicy(),
    new model.NoForeignRootFieldsEntityPolicy(),
    new model.FieldFormatEntityPolicy(model.makeValidator()),
  ]);
  const orchestrator = new DefaultCatalogProcessingOrchestrator({
    processors,
    integrations,
    rulesEnforcer: { isAllowed: () => true },
    logger,
    parser: undefined,
    policy,
    allowedLocationTypes: ['url'],
  });
  // As the collector hands it on from the file where it was found.
  model.entityEnvelopeSchemaValidator()(entity);
  const annotations = {
    ...entity.metadata.annotations,
    [model.ANNOTATION_ORIGIN_LOCATION]: location,
    [model.ANNOTATION_LOCATION]: location,
  };
  const found = { ...entity, metadata: { ...entity.metadata, annotations } };
  const result = await orchestrator.process({ entity: found, state: {} });
  return {
    entity: result.completedEntity,
    relations: result.relations?.map(({ source, type, target }) => [
      model.stringifyEntityRef(source),
      type,
      model.stringifyEntityRef(target),
    ]),
    targets: result.ok ? targets : undefined,
    errors: result.errors.map(error => serializeError(error)),
  };
}

function rows({ entity }) {
  return buildEntitySearch('id', entity).map(row => [row.key, row.value, row.original_value]);
}

let database;
let catalog;

async function fill({ entities }) {
  await database?.destroy();
  database = require('knex')({
    client: 'better-sqlite3',
    connection: ':memory:',
    useNullAsDefault: true,
    pool: { min: 1, max: 1 },
  });
  await applyDatabaseMigrations(database);
  for (const entity of entities) {
    const { uid } = entity.metadata;
    const ref = model.stringifyEntityRef(entity);
    const time = '2026-01-01 00:00:00';
    await database('refresh_state').insert({
      entity_id: uid,
      entity_ref: ref,
      unprocessed_entity: '{}',
      errors: '[]',
      next_update_at: time,
      last_discovery_at: time,
    });
    await database('final_entities').insert({
      entity_id: uid,
      entity_ref: ref,
      final_entity: JSON.stringify(entity),
      hash: 'x',
    });
    await syncSearchRows(database, uid, buildEntitySearch(uid, entity));
  }
  catalog = new DefaultEntitiesCatalog({ database, logger });
  return entities.length;
}

const refs = entities => entities.map(entity => model.stringifyEntityRef(JSON.parse(entity)));

// As the router reads the parameters: numbers where its OpenAPI document has them.
function typed(params) {
  const number = key => (params[key] === undefined ? undefined : Number(params[key]));
  return { ...params, limit: number('limit'), offset: number('offset') };
}

async function query({ params, body }) {
  let request;
  if (params) {
    const given = typed(params);
    request = { limit: given.limit, offset: given.offset, ...parseQueryEntitiesParams(given) };
  } else {
    const { fields, ...parsed } = parseEntityQuery(body);
    request = parsed;
  }
  const { items, pageInfo, totalItems } = await catalog.queryEntities({ ...request, fields: undefined });
  return {
    items: refs(items.entities),
    totalItems,
    next: pageInfo.nextCursor && encodeCursor(pageInfo.nextCursor),
    prev: pageInfo.prevCursor && encodeCursor(pageInfo.prevCursor),
  };
}

async function list({ params }) {
  const given = typed(params);
  const filter = parseEntityFilterParams(given);
  const order = parseEntityOrderParams(given);
  const pagination = parseEntityPaginationParams(given);
  if (pagination) {
    const { entities, pageInfo } = await catalog.entities({ filter, order, pagination });
    return { items: refs(entities.entities), after: pageInfo.endCursor };
  }
  const { items } = await catalog.queryEntities({ limit: 1e4, filter, orderFields: order, totalItems: 'exclude' });
  return { items: refs(items.entities) };
}

async function facets({ params, body }) {
  const request = params
    ? { filter: parseEntityFilterParams(params), facets: parseEntityFacetParams(params) }
    : parseEntityFacetsQuery(body);
  return (await catalog.facets(request)).facets;
}

const operations = {
  ingest: request => require('./backend.js').ingest(request),
  memory: () => process.memoryUsage().rss,
  serve: request => require('./backend.js').serve(request),
  ref: reference,
  location: ({ text }) => model.parseLocationRef(text),
  read,
  process: processed,
  search: rows,
  predicate: ({ predicate, value }) =>
    predicates.evaluateFilterPredicate(predicates.parseFilterPredicate(predicate), value),
  fields: ({ fields, entity }) => parseEntityTransformParams({ fields })?.(entity) ?? entity,
  catalog: fill,
  query,
  list,
  facets,
};

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let said;
    try {
      const request = JSON.parse(line);
      said = { out: JSON.stringify(await operations[request.op](request)) };
    } catch (error) {
      said = { err: String(error.message ?? error) };
    }
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }
  // The backend leaves timers behind.
  process.exit();
}

main();
