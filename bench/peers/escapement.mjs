// Escapement in the peers' table: the same phases with a JavaScript client like theirs. Each task is an execution of a state machine that waits
// until its time and then hands over to an activity, which 32 pollers in this process work off.
//     PEERS=folder-of-the-peer-benchmarks ESC_BUILD=build node bench/peers/escapement.mjs
// Requests are signed as any SDK does and sent by node's own http client. `wrkDelayed` is what the load generator of this project, which costs
// less CPU than this client, gets accepted of the same server, as wrk does for a peer that speaks HTTP.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createHash, createHmac } from 'node:crypto';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';

const repository = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const peers = process.env.PEERS || path.join(repository, '..', 'shared', 'peers');
const { tmp, start, stop, freePort, until, now, payload, runPhases, emit, round, pool } =
  await import(pathToFileURL(path.join(peers, 'lib', 'common.mjs')).href);

const binary = path.resolve(process.env.ESC_BUILD || path.join(repository, 'build'), 'escapement');
const pollers = 32;
const folder = tmp('escapement');
const data = path.join(folder, 'data');
fs.rmSync(data, { recursive: true, force: true });
fs.mkdirSync(data, { recursive: true });
const port = await freePort();

const answers = () => new Promise(done => http.get({ host: '127.0.0.1', port, path: '/health' }, r => { r.resume(); done(r.statusCode === 200); }).on('error', () => done(false)));
async function boot() {
  const child = start(binary, ['serve', '--data-dir', data, '--listen', `127.0.0.1:${port}`], { log: path.join(folder, 'server.log') });
  if (!await until(answers, 60, 5)) throw new Error('the server did not start; see ' + path.join(folder, 'server.log'));
  return child;
}

const agent = new http.Agent({ keepAlive: true });
const sha256 = text => createHash('sha256').update(text).digest('hex');
const hmac = (key, text, form) => createHmac('sha256', key).update(text).digest(form);
let key = { day: '' };
let access;

function signingKey(day) {
  if (key.day !== day) {
    key = { day, bytes: ['us-east-1', 'states', 'aws4_request'].reduce(hmac, hmac('AWS4' + access.secret, day)) };
  }
  return key.bytes;
}

// One operation of the Step Functions API.
function call(operation, input) {
  const body = JSON.stringify(input);
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = date.slice(0, 8);
  const target = 'AWSStepFunctions.' + operation;
  const signed = 'host;x-amz-date;x-amz-target';
  const canonical = `POST\n/\n\nhost:127.0.0.1:${port}\nx-amz-date:${date}\nx-amz-target:${target}\n\n${signed}\n${sha256(body)}`;
  const scope = `${day}/us-east-1/states/aws4_request`;
  const signature = hmac(signingKey(day), `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`, 'hex');
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': Buffer.byteLength(body), 'x-amz-date': date, 'x-amz-target': target,
    authorization: `AWS4-HMAC-SHA256 Credential=${access.id}/${scope}, SignedHeaders=${signed}, Signature=${signature}` };
  return new Promise((done, failed) => {
    const request = http.request({ host: '127.0.0.1', port, method: 'POST', agent, headers }, response => {
      let text = '';
      response.on('data', part => { text += part; });
      response.on('end', () => { response.statusCode === 200 ? done(JSON.parse(text || '{}')) : failed(new Error(text)); });
    });
    request.on('error', failed);
    request.end(body);
  });
}

// One command of this project's CLI.
const command = async (...words) => JSON.parse((await promisify(execFile)(binary, [...words, '--json', '--data-dir', data])).stdout);

let server = await boot();
const credentials = fs.readFileSync(path.join(data, 'credentials'), 'utf8');
access = { id: /aws_access_key_id\s*=\s*(\S+)/.exec(credentials)[1], secret: /aws_secret_access_key\s*=\s*(\S+)/.exec(credentials)[1] };

const { activityArn } = await call('CreateActivity', { name: 'fired' });
const definition = path.join(folder, 'peer.asl.json');
fs.writeFileSync(definition, JSON.stringify({ StartAt: 'Wait', States: {
  Wait: { Type: 'Wait', TimestampPath: '$.at', Next: 'Fire' },
  Fire: { Type: 'Task', Resource: activityArn, End: true } } }));
const { arn: stateMachineArn } = await command('deploy', definition);

let fire = () => {};
let stopping = false;
async function poll(name) {
  while (!stopping) {
    try {
      const task = await call('GetActivityTask', { activityArn, workerName: name });
      if (!task.taskToken) continue;
      const input = JSON.parse(task.input);
      fire(input.due, input.tag);
      await call('SendTaskSuccess', { taskToken: task.taskToken, output: '{}' });
    } catch (error) {
      await new Promise(r => setTimeout(r, 50));  // the server is being restarted
    }
  }
}
for (let i = 0; i < pollers; i++) poll('poller-' + i);

const schedule = (i, due, tag) => {
  const at = Math.ceil(due || now());
  return call('StartExecution', { stateMachineArn, input: JSON.stringify({ at: new Date(at).toISOString(), due: due ? at : now(), tag, p: payload(i) }) });
};

async function pendingCount() {
  let count = 0;
  for (const { stateMachineArn } of (await call('ListStateMachines', {})).stateMachines) {
    let nextToken;
    do {
      const page = await call('ListExecutions', { stateMachineArn, statusFilter: 'RUNNING', maxResults: 1000, ...(nextToken && { nextToken }) });
      count += page.executions.length;
      nextToken = page.nextToken;
    } while (nextToken);
  }
  return count;
}

const result = await runPhases({
  name: 'escapement', durability: 'fsync before ack, group commit; HTTP, SigV4', schedule, dataDir: data, pid: () => server.pid,
  onFire: f => { fire = f; },
  scheduleMany: async n => { const filled = await command('bench', 'pending', '--count', String(n)); return { n: filled.accepted, perSec: round(filled.accepted_per_s, 0) }; },
  restart: async () => {
    await stop(server, 'SIGKILL');
    const begin = now();
    server = await boot();
    const ms = now() - begin;
    return { ms, pending: await pendingCount() };
  } });
const starts = await command('bench', 'starts', '--connections', '64', '--seconds', '5');
result.wrkDelayed = { perSec: round(starts.accepted_per_s, 0), ackMs: { p50: starts.ack_p50_ms, p99: starts.ack_p99_ms } };
emit(result);
stopping = true;
await stop(server);
process.exit(0);
