// @aws-sdk/client-sfn version 3, configured by the environment alone.
import assert from 'node:assert';
import { createRequire } from 'node:module';
import test from 'node:test';

import {
  DescribeExecutionCommand, GetExecutionHistoryCommand, ListExecutionsCommand, SFNClient, StartExecutionCommand, StopExecutionCommand,
  paginateGetExecutionHistory,
} from '@aws-sdk/client-sfn';

const { binary, deployArticle, until } = createRequire(import.meta.url)('./node_fixture.cjs');
const options = { skip: binary ? false : "needs a server of the tests' own" };
const states = new SFNClient({});

async function ended(executionArn) {
  return until(async () => {
    const description = await states.send(new DescribeExecutionCommand({ executionArn }));
    return description.status !== 'RUNNING' && description;
  });
}

test('schedules the article\'s function', options, async () => {
  const stateMachineArn = deployArticle('exports.handler = async (event) => ({ received: event });\n');
  const { executionArn, startDate } = await states.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify({ waitSeconds: 1, order: 17 }) }));
  assert.ok(startDate instanceof Date && Math.abs(Date.now() - startDate) < 60_000);
  const description = await ended(executionArn);
  assert.strictEqual(description.status, 'SUCCEEDED');
  assert.deepStrictEqual(JSON.parse(description.output), { received: { waitSeconds: 1, order: 17 } });
  assert.ok(description.stopDate - description.startDate >= 1000);
});

test('pages through histories', options, async () => {
  const stateMachineArn = deployArticle();
  const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn, input: '{"waitSeconds":0}' }));
  await ended(executionArn);
  const ids = [];
  for await (const page of paginateGetExecutionHistory({ client: states, pageSize: 2 }, { executionArn })) ids.push(...page.events.map((event) => event.id));
  assert.deepStrictEqual(ids, Array.from({ length: ids.length }, (_, i) => i + 1));
  const { events } = await states.send(new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 1 }));
  assert.strictEqual(events[0].type, 'ExecutionSucceeded');
});

test('errors are of the SDK\'s own classes', options, async () => {
  const stateMachineArn = deployArticle();
  await assert.rejects(states.send(new StartExecutionCommand({ stateMachineArn, input: '{' })), { name: 'InvalidExecutionInput' });
  const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn, name: 'once', input: '{"waitSeconds":60}' }));
  await assert.rejects(states.send(new StartExecutionCommand({ stateMachineArn, name: 'once', input: '{"waitSeconds":61}' })), { name: 'ExecutionAlreadyExists' });
  await states.send(new StopExecutionCommand({ executionArn }));
  const { executions } = await states.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'ABORTED' }));
  assert.strictEqual(executions.length, 1);
});

test('many starts at once, each its own execution', options, async () => {
  const stateMachineArn = deployArticle();
  const started = await Promise.all(Array.from({ length: 200 }, (_, n) =>
    states.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify({ waitSeconds: 3600, n }) }))));
  assert.strictEqual(new Set(started.map((answer) => answer.executionArn)).size, 200);
  await Promise.all(started.map(({ executionArn }) => states.send(new StopExecutionCommand({ executionArn }))));
});
