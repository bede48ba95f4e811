// The article's own snippet, to the letter, with `aws-sdk` version 2, in a process of its own with only the environment set.
'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = '1';
require('./aws_sdk_v2_endpoint.cjs');
const AWS = require('aws-sdk');
const { binary, deployArticle, until } = require('./node_fixture.cjs');

const options = { skip: binary ? false : 'needs a server of the tests\' own' };

test('the snippet schedules, and the function runs after that many seconds', options, async () => {
  const machine = deployArticle();
  const snippet = fs.readFileSync(path.join(__dirname, 'article', 'start.js'), 'utf8');
  const program = `const AWS = require('aws-sdk'); const seconds = 2;\n${snippet}`;
  const printed = execFileSync('node', ['--require', path.join(__dirname, 'aws_sdk_v2_endpoint.cjs'), '-e', program], {
    cwd: __dirname, encoding: 'utf8', env: { ...process.env, STATE_MACHINE_ARN: machine },
  });
  assert.strictEqual(printed, 'Scheduled event to run in 2 seconds\n');

  const states = new AWS.StepFunctions();
  const { executions } = await states.listExecutions({ stateMachineArn: machine }).promise();
  assert.strictEqual(executions.length, 1);
  const ended = await until(async () => {
    const description = await states.describeExecution({ executionArn: executions[0].executionArn }).promise();
    return description.status !== 'RUNNING' && description;
  });
  assert.strictEqual(ended.status, 'SUCCEEDED');
  assert.strictEqual(ended.output, 'null');
  assert.ok(ended.stopDate - ended.startDate >= 2000);
});

test('errors arrive as the SDK knows them', options, async () => {
  const machine = deployArticle();
  const states = new AWS.StepFunctions();
  await assert.rejects(states.startExecution({ stateMachineArn: machine, input: 'not json' }).promise(), { code: 'InvalidExecutionInput' });
  await assert.rejects(states.startExecution({ stateMachineArn: `${machine}x` }).promise(), { code: 'StateMachineDoesNotExist' });
});

test('a result comes as a stream of events', options, async () => {
  deployArticle();
  const lambda = new AWS.Lambda();
  const [{ FunctionName }] = (await lambda.listFunctions().promise()).Functions;
  const answer = await lambda.invokeWithResponseStream({ FunctionName, Payload: '{}' }).promise();
  let payload = '';
  let complete;
  for await (const event of answer.EventStream) {
    if (event.PayloadChunk) payload += event.PayloadChunk.Payload;
    if (event.InvokeComplete) complete = event.InvokeComplete;
  }
  assert.strictEqual(answer.ExecutedVersion, '$LATEST');
  assert.strictEqual(payload, 'null');
  assert.deepStrictEqual(complete, {});
  await assert.rejects(lambda.invokeWithResponseStream({ FunctionName: 'no-such-function' }).promise(), { code: 'ResourceNotFoundException' });
});
