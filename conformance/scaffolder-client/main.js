// Backstage's own client of the scaffolder drives a portal: `node main.js BASE`, where BASE is the portal's /api/scaffolder. The portal must
// be that of the test in karat-portal, which has a template `slow`. It says what is wrong, and fails if anything is.
'use strict';
const assert = require('node:assert/strict');
const { ScaffolderClient } = require('@backstage/plugin-scaffolder-common');

// Its stream is written for browsers.
globalThis.window ??= globalThis;
globalThis.document ??= new EventTarget();

const none = { list: () => [] };
const hosts = ['azure', 'bitbucketCloud', 'bitbucketServer', 'gerrit', 'gitea', 'github', 'gitlab'];
const options = {
  discoveryApi: { getBaseUrl: async () => process.argv[2] },
  fetchApi: { fetch },
  identityApi: { getBackstageIdentity: async () => ({ userEntityRef: 'user:default/guest' }) },
  scmIntegrationsApi: Object.fromEntries(hosts.map(host => [host, none])),
};
const streaming = new ScaffolderClient(options);
const polling = new ScaffolderClient({ ...options, useLongPollingLogs: true });
const TEMPLATE = 'template:default/slow';

// Everything that a task says, to its end.
const listen = (client, taskId) =>
  new Promise((resolve, reject) => {
    const events = [];
    client.streamLogs({ taskId }).subscribe({ next: event => events.push(event), error: reject, complete: () => resolve(events) });
  });

const tasks = {
  async 'a template tells its form'() {
    const schema = await streaming.getTemplateParameterSchema(TEMPLATE);
    assert.equal(schema.title, 'A slow one');
    assert.deepEqual(Object.keys(schema.steps[0].schema.properties), ['name', 'wait', 'word']);
    await assert.rejects(streaming.getTemplateParameterSchema('template:default/nobody'), error => error.cause.name === 'NotFoundError');
  },
  async 'actions and extensions are listed'() {
    const actions = await streaming.listActions();
    const fetch = actions.find(action => action.id === 'fetch:template');
    assert.deepEqual(fetch.schema.input.required, ['url']);
    assert.ok((await streaming.listTemplatingExtensions()).filters.pick);
  },
  async 'a task is made and watched, by a stream and by asking'() {
    for (const [client, name] of [[streaming, 'streamed'], [polling, 'polled']]) {
      const { taskId } = await client.scaffold({ templateRef: TEMPLATE, values: { name, wait: 200 }, secrets: { key: 's3cret' } });
      const events = await listen(client, taskId);
      assert.deepEqual(events.map(event => event.id), events.map((_, index) => index + 1), name);
      assert.ok(events.some(({ body }) => body.message === `hello ${name}, ***`));
      const end = events.at(-1);
      assert.equal(end.type, 'completion');
      assert.deepEqual(end.body.output.links.map(link => link.title), ['Config']);
      const task = await client.getTask(taskId);
      assert.equal(task.status, 'completed');
      assert.deepEqual(task.spec.steps.map(step => step.id), ['say', 'out', 'wait', 'fail', 'write', 'change']);
      assert.ok(new Date(task.createdAt) <= new Date(task.lastHeartbeatAt));
    }
  },
  async 'what does not fit is told'() {
    await assert.rejects(streaming.scaffold({ templateRef: TEMPLATE, values: {} }), /requires property/);
    const { taskId } = await streaming.scaffold({ templateRef: TEMPLATE, values: { name: 'bad' } });
    const events = await listen(streaming, taskId);
    assert.equal(events.at(-1).body.error.name, 'Error');
    assert.equal((await streaming.getTask(taskId)).status, 'failed');
    await streaming.retry(taskId);
    assert.equal((await listen(polling, taskId)).at(-1).type, 'completion');
  },
  async 'a task is cancelled'() {
    const { taskId } = await streaming.scaffold({ templateRef: TEMPLATE, values: { name: 'waits', wait: 60000 } });
    const heard = listen(streaming, taskId);
    assert.deepEqual(await streaming.cancelTask(taskId), { status: 'cancelled' });
    const kinds = (await heard).map(event => event.type);
    assert.ok(kinds.includes('cancelled'), kinds);
    assert.equal(kinds.at(-1), 'completion');
    assert.equal((await streaming.getTask(taskId)).status, 'cancelled');
  },
  async 'tasks are listed'() {
    const { tasks, totalTasks } = await streaming.listTasks({ filterByOwnership: 'all', limit: 2, offset: 1 });
    assert.equal(totalTasks, 4);
    assert.equal(tasks.length, 2);
    assert.equal((await streaming.listTasks({ filterByOwnership: 'owned' })).totalTasks, 0);
  },
  async 'a template is tried'() {
    const template = {
      apiVersion: 'scaffolder.backstage.io/v1beta3', kind: 'Template', metadata: { name: 't' },
      spec: { type: 'service', parameters: {}, steps: [{ id: 'f', action: 'fetch:plain', input: { url: './files' } }] },
    };
    const directoryContents = [{ path: 'files/a.txt', base64Content: Buffer.from('a').toString('base64') }];
    const tried = await streaming.dryRun({ template, values: {}, secrets: {}, directoryContents });
    assert.deepEqual(tried.directoryContents, [{ path: 'a.txt', executable: false, base64Content: 'YQ==' }]);
    assert.deepEqual(tried.steps, [{ id: 'f', action: 'fetch:plain', input: { url: './files' }, name: 'fetch:plain' }]);
  },
  async 'there are no suggestions'() {
    await assert.rejects(streaming.autocomplete({ token: 't', provider: 'github', resource: 'r' }), error => error.cause.name === 'InputError');
  },
};

(async () => {
  let wrong = 0;
  for (const [what, task] of Object.entries(tasks)) {
    await task().catch(error => {
      wrong += 1;
      console.log(`${what}: ${error.stack}`);
    });
  }
  console.log(`${Object.keys(tasks).length} tasks, ${wrong} wrong`);
  process.exit(wrong ? 1 : 0);
})();
