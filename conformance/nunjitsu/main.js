#!/usr/bin/env node
// Backstage's templater as it runs in the scaffolder: one JSON request a line in, one answer a line out.
//
//   {"op": "value", "text": "${{ 1 }}", "context": {}}    a text of a step's input: {"out": "1"}, `undefined` for nothing
//   {"op": "render", "text": "...", "context": {}, "options": {"trimBlocks": true}}    a file of a skeleton
//   {"op": "pages", "pages": [{"when": "parameters.a", "properties": {}}], "values": {}}    which pages of a form are asked for, and the values
//                                                                                         without those to the others
//   what fails: {"err": "message"}
'use strict';
const path = require('node:path');
const readline = require('node:readline');
const { createTemplateRenderer } = require('nunjitsu');
const { ConfigReader } = require('@backstage/config');
const { ScmIntegrations } = require('@backstage/integration');

// Not exported by the package, so by its place; the version is pinned.
const backend = path.join(__dirname, 'node_modules/@backstage/plugin-scaffolder-backend/dist');
const { createDefaultFilters } = require(path.join(backend, 'lib/templating/filters/createDefaultFilters.cjs.js'));

const { resolveParameterSteps } = require(path.join(__dirname, 'node_modules/@backstage/plugin-scaffolder-common/dist/alpha.cjs.js'));

const integrations = ScmIntegrations.fromConfig(
  new ConfigReader({ integrations: { github: [{ host: 'github.com' }, { host: 'git.example.com' }] } }),
);
const filters = Object.fromEntries(
  createDefaultFilters({ integrations }).map(({ id, filter }) => [id, (input, ...rest) => filter(input, ...rest)]),
);
const globals = { always: () => true, failure: () => false };

function answer({ op, text, context, options, pages, values }) {
  if (op === 'pages') return JSON.stringify(resolveParameterSteps(values, pages.map(schema => ({ schema, when: schema.when }))));
  if (op === 'value') {
    const renderer = createTemplateRenderer({ allowRegexExecution: true, filters, globals });
    return JSON.stringify(renderer.renderValue(text, context, { coercion: 'json' })) ?? 'undefined';
  }
  return createTemplateRenderer({ allowRegexExecution: true, filters, ...options }).render(text, context);
}

readline.createInterface({ input: process.stdin }).on('line', line => {
  let said;
  try {
    said = { out: answer(JSON.parse(line)) };
  } catch (error) {
    said = { err: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
});
