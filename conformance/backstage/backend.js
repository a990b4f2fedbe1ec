// The whole catalog backend of Backstage, with a database in memory: started, fed, and asked for all that it has.
'use strict';
const fs = require('node:fs/promises');
const net = require('node:net');
const path = require('node:path');
const { createBackend } = require('@backstage/backend-defaults');
const { urlReaderFactoriesServiceRef } = require('@backstage/backend-defaults/urlReader');
const { coreServices, createBackendModule, createServiceFactory } = require('@backstage/backend-plugin-api');
const { ConfigReader } = require('@backstage/config');
const { NotFoundError, stringifyError } = require('@backstage/errors');
const { catalogProcessingExtensionPoint } = require('@backstage/plugin-catalog-node');
const { minimatch } = require('minimatch');

/// Reads URLs from folders, as readers of git hosts do: `search` takes patterns.
class FolderReader {
  constructor(folders) {
    this.folders = folders;
  }

  place(url) {
    const [base, folder] = Object.entries(this.folders).find(([prefix]) => url.startsWith(prefix)) ?? [];
    if (!base) throw new NotFoundError(`${url} is in no folder`);
    return { base, folder, name: decodeURIComponent(url.slice(base.length)) };
  }

  async readUrl(url) {
    const { folder, name } = this.place(url);
    const data = await fs.readFile(path.join(folder, name)).catch(() => {
      throw new NotFoundError(`${url} is not there`);
    });
    return { buffer: async () => data };
  }

  async readTree() {
    throw new Error('a folder is not read as an archive');
  }

  async search(url) {
    const { base, folder, name } = this.place(url);
    const names = await fs.readdir(folder, { recursive: true });
    const found = names.filter(file => file === name || minimatch(file, name)).sort();
    const files = found.map(file => ({ url: `${base}${file}`, content: () => fs.readFile(path.join(folder, file)) }));
    return { files, etag: '' };
  }

  toString() {
    return 'folders';
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

/// Starts a backend on locations of folders, and waits until nothing changes any more, or until there are so many `entities`: a large
/// catalog is not compared each second.
async function start({ folders, locations, entities: wanted }) {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const config = new ConfigReader({
    app: { baseUrl: address },
    backend: {
      baseUrl: address,
      listen: { port, host: '127.0.0.1' },
      database: { client: 'better-sqlite3', connection: ':memory:' },
      auth: { dangerouslyDisableDefaultAuthPolicy: true },
    },
    catalog: {
      locations: locations.map(target => ({ type: 'url', target })),
      rules: [
        { allow: ['API', 'Component', 'Domain', 'Group', 'Location', 'Resource', 'System', 'Template', 'User'] },
      ],
      stitchingStrategy: { mode: 'deferred', pollingInterval: { milliseconds: 100 } },
    },
  });
  const errors = [];
  const silent = { child: () => silent, debug() {}, info() {}, warn() {}, error: message => errors.push(String(message)) };
  const reader = { predicate: url => Object.keys(folders).some(base => url.href.startsWith(base)), reader: new FolderReader(folders) };
  const backend = createBackend();
  backend.add(createServiceFactory({ service: coreServices.rootConfig, deps: {}, factory: () => config }));
  backend.add(createServiceFactory({ service: coreServices.rootLogger, deps: {}, factory: () => silent }));
  backend.add(
    createServiceFactory({ service: urlReaderFactoriesServiceRef, deps: {}, factory: () => () => [reader] }),
  );
  backend.add(import('@backstage/plugin-catalog-backend'));
  backend.add(import('@backstage/plugin-catalog-backend-module-scaffolder-entity-model'));
  backend.add(
    createBackendModule({
      pluginId: 'catalog',
      moduleId: 'listens',
      register(env) {
        env.registerInit({
          deps: { processing: catalogProcessingExtensionPoint },
          async init({ processing }) {
            processing.setOnProcessingErrorHandler(event => {
              const name = event.unprocessedEntity?.metadata?.name;
              errors.push(...event.errors.map(error => `${name}: ${stringifyError(error)}`));
            });
          },
        });
      },
    }),
  );
  await backend.start();
  for (let total = 0; wanted && total < wanted; ) {
    await pause(250);
    const answer = await fetch(`${address}/api/catalog/entities/by-query?limit=0`);
    total = (await answer.json()).totalItems;
  }
  if (wanted) return { backend, address, entities: [], errors };
  let before = '';
  let same = 0;
  let entities = [];
  // Every registered location is processed at once; its files follow within a second each.
  for (let second = 0; second < 120 && same < 5; second += 1) {
    await pause(1000);
    const answer = await fetch(`${address}/api/catalog/entities`);
    entities = await answer.json();
    const now = JSON.stringify(entities);
    same = entities.length > locations.length && now === before ? same + 1 : 0;
    before = now;
  }
  return { backend, address, entities, errors };
}

/// All entities, and what processing complained of.
async function ingest(request) {
  const { backend, entities, errors } = await start(request);
  await backend.stop();
  return { entities, errors };
}

/// Leaves the backend running until the driver ends; gives its address.
async function serve(request) {
  return (await start(request)).address;
}

module.exports = { ingest, serve };
