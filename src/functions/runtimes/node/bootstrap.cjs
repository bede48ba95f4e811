// The Node.js bootstrap. See ../README.md for its place and ../../frame.h for the frames.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const util = require('node:util');
const { pathToFileURL } = require('node:url');

const CONTROL_FD = 3;
const RESPONSE_BYTES_MAX = 6291556;
const TYPE = { invoke: 0x49, ready: 0x52, failed: 0x46, result: 0x4f, error: 0x45, log: 0x4c };

// ---- frames

function writeFully(bytes) {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += fs.writeSync(CONTROL_FD, bytes, at, bytes.length - at);
    } catch (error) {
      if (error.code === 'EAGAIN' || error.code === 'EINTR') continue;
      process.reallyExit(0);
    }
  }
}

const small = Buffer.allocUnsafe(65536);

function sendFrame(type, text) {
  // Three bytes are the most that UTF-8 makes of one UTF-16 unit.
  if (text.length * 3 + 5 <= small.length) {
    const size = small.write(text, 5, 'utf8');
    small.writeUInt32LE(size + 1, 0);
    small[4] = type;
    let sent = 0;
    try {
      sent = fs.writeSync(CONTROL_FD, small, 0, size + 5);
    } catch (error) {
      if (error.code !== 'EAGAIN' && error.code !== 'EINTR') process.reallyExit(0);
    }
    if (sent < size + 5) writeFully(small.subarray(sent, size + 5));
    return;
  }
  const body = Buffer.from(text, 'utf8');
  const frame = Buffer.allocUnsafe(body.length + 5);
  frame.writeUInt32LE(body.length + 1, 0);
  frame[4] = type;
  body.copy(frame, 5);
  writeFully(frame);
}

let input = Buffer.allocUnsafe(65536);
let inputStart = 0;
let inputEnd = 0;

// Blocks until `size` bytes are there; false at the end of the stream.
function need(size) {
  while (inputEnd - inputStart < size) {
    if (inputStart === inputEnd) inputStart = inputEnd = 0;
    if (inputStart + size > input.length) {
      const target = size > input.length ? Buffer.allocUnsafe(size + 65536) : input;
      input.copy(target, 0, inputStart, inputEnd);
      inputEnd -= inputStart;
      inputStart = 0;
      input = target;
    }
    let count = 0;
    try {
      count = fs.readSync(CONTROL_FD, input, inputEnd, input.length - inputEnd, null);
    } catch (error) {
      if (error.code === 'EAGAIN' || error.code === 'EINTR') continue;
      return false;
    }
    if (count === 0) return false;
    inputEnd += count;
  }
  return true;
}

function text(view) {
  const size = input.readUInt32LE(view.at);
  const start = view.at + 4;
  view.at = start + size;
  return size === 0 ? '' : input.toString('utf8', start, view.at);
}

// The next invocation; undefined when the server is gone.
function readInvocation() {
  if (!need(4)) return undefined;
  const size = input.readUInt32LE(inputStart);
  if (!need(size + 4)) return undefined;
  const view = { at: inputStart + 9 };
  const timeout = input.readUInt32LE(inputStart + 5);
  const invocation = {
    deadline: Date.now() + timeout,
    requestId: text(view),
    arn: text(view),
    clientContext: text(view),
    traceId: text(view),
    payload: text(view),
  };
  inputStart += size + 4;
  if (input.length > 4 << 20 && inputStart === inputEnd) {
    input = Buffer.allocUnsafe(65536);
    inputStart = inputEnd = 0;
  }
  return invocation;
}

// ---- logs

const environment = process.env;
const jsonLogs = environment.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const LEVELS = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const minimumLevel = (jsonLogs && LEVELS[environment.AWS_LAMBDA_LOG_LEVEL]) || 0;
let currentRequestId = '';

function logLine(level, format, values) {
  if (LEVELS[level] < minimumLevel) return;
  const time = new Date().toISOString();
  if (!jsonLogs) {
    sendFrame(TYPE.log, `${time}\t${currentRequestId || 'undefined'}\t${level}\t${util.format(format, ...values)}\n`);
    return;
  }
  const entry = { timestamp: time, level };
  if (currentRequestId) entry.requestId = currentRequestId;
  const error = [format, ...values].find((value) => value instanceof Error);
  if (values.length === 0 && typeof format === 'object' && !(format instanceof Error)) {
    entry.message = format;
  } else {
    entry.message = util.format(format, ...values);
  }
  if (error) {
    entry.errorType = error.constructor?.name ?? 'UnknownError';
    entry.errorMessage = error.message;
    entry.stackTrace = typeof error.stack === 'string' ? error.stack.split('\n') : [];
  }
  let line;
  try {
    line = JSON.stringify(entry);
  } catch {
    entry.message = util.format(format, ...values);
    line = JSON.stringify(entry);
  }
  sendFrame(TYPE.log, line + '\n');
}

function patchConsole() {
  const levels = { log: 'INFO', debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR', trace: 'TRACE' };
  for (const [name, level] of Object.entries(levels)) {
    console[name] = (format, ...values) => logLine(level, format, values);
  }
  console.fatal = (format, ...values) => logLine('FATAL', format, values);
  // What is written past the console keeps its place among the lines of the console.
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (chunk, encoding, callback) => {
      sendFrame(TYPE.log, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
      const done = typeof encoding === 'function' ? encoding : callback;
      if (typeof done === 'function') process.nextTick(done);
      return true;
    };
  }
}

// ---- errors

function errorObject(error) {
  if (error instanceof Error || (error && typeof error === 'object' && 'message' in error && 'stack' in error)) {
    return {
      errorType: error.name ?? 'Error',
      errorMessage: error.message ?? '',
      trace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

function logError(title, error) {
  const shape = { ...errorObject(error) };
  const { trace, ...rest } = shape;
  let own = {};
  if (error && typeof error === 'object') {
    for (const [key, value] of Object.entries(error)) if (!(key in rest)) own[key] = value;
  }
  let line;
  try {
    line = JSON.stringify({ ...rest, ...own, stack: trace });
  } catch {
    line = JSON.stringify({ ...rest, stack: trace });
  }
  logLine('ERROR', '%s \t%s', [title, line]);
}

// ---- the handler

function splitHandler(text) {
  const slash = text.lastIndexOf('/');
  const folder = slash < 0 ? '' : text.slice(0, slash);
  const name = text.slice(slash + 1);
  const dot = name.indexOf('.');
  if (dot <= 0 || dot === name.length - 1) {
    throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler');
  }
  if (text.includes('..')) {
    throw new RuntimeError('Runtime.MalformedHandlerName', `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  return { folder, module: name.slice(0, dot), exported: name.slice(dot + 1) };
}

async function loadModule(root, folder, name) {
  const base = path.resolve(root, folder, name);
  try {
    if (fs.existsSync(base + '.js') && !isModuleType(base + '.js')) return require(base + '.js');
    if (fs.existsSync(base + '.js')) return await import(pathToFileURL(base + '.js').href);
    if (fs.existsSync(base + '.mjs')) return await import(pathToFileURL(base + '.mjs').href);
    if (fs.existsSync(base + '.cjs')) return require(base + '.cjs');
    return require(require.resolve(fs.existsSync(base) ? base : name, { paths: [root, path.resolve(root, folder)] }));
  } catch (error) {
    if (error instanceof SyntaxError) throw Object.assign(new RuntimeError('Runtime.UserCodeSyntaxError', String(error)), { stack: error.stack });
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw Object.assign(new RuntimeError('Runtime.ImportModuleError', 'Error: ' + error.message), {
        stack: `Runtime.ImportModuleError: Error: ${error.stack?.replace(/^[A-Za-z]*:? ?/, '') ?? error.message}`,
      });
    }
    throw error;
  }
}

// Whether the nearest package.json declares ES modules.
function isModuleType(file) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
    } catch {}
    if (folder === path.dirname(folder)) return false;
  }
}

async function loadHandler() {
  const handlerName = environment._HANDLER;
  const root = environment.LAMBDA_TASK_ROOT;
  const { folder, module, exported } = splitHandler(handlerName);
  const loaded = await loadModule(root, folder, module);
  const find = (from) => exported.split('.').reduce((value, key) => value?.[key], from);
  const handler = find(loaded) ?? find(loaded?.default);
  if (handler === undefined || handler === null) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  if (typeof handler !== 'function') {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handlerName} is not a function`);
  }
  if (runtimeMajor() >= 24 && handler.length >= 3 && !handler[streaming]) {
    throw new RuntimeError(
      'Runtime.CallbackHandlerDeprecated',
      'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You will need to modify this function to use a supported handler signature to use Node.js 24 or later.',
    );
  }
  return handler;
}

function runtimeMajor() {
  return Number(/nodejs(\d+)/.exec(environment.AWS_EXECUTION_ENV ?? '')?.[1] ?? 0);
}

// ---- response streams: collected, and sent as one answer

const streaming = Symbol.for('aws.lambda.runtime.handler.streaming');

function makeResponseStream() {
  const { Writable } = require('node:stream');
  const chunks = [];
  const stream = new Writable({
    write(chunk, encoding, done) {
      chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, encoding));
      done();
    },
  });
  stream.setContentType = (contentType) => {
    stream.contentType = contentType;
  };
  stream.collected = () => Buffer.concat(chunks).toString('utf8');
  return stream;
}

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[streaming] = true;
    handler.highWaterMark = options?.highWaterMark;
    return handler;
  },
  HttpResponseStream: {
    from(stream, prelude) {
      stream.prelude = prelude;
      return stream;
    },
  },
};

// ---- invocations

let handler;
let isAsyncHandler = false;
let current; // the invocation in progress; undefined between two

class Context {
  #deadline;
  constructor(invocation) {
    this.#deadline = invocation.deadline;
    this.callbackWaitsForEmptyEventLoop = true;
    this.functionVersion = environment.AWS_LAMBDA_FUNCTION_VERSION;
    this.functionName = environment.AWS_LAMBDA_FUNCTION_NAME;
    this.memoryLimitInMB = environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
    this.logGroupName = environment.AWS_LAMBDA_LOG_GROUP_NAME;
    this.logStreamName = environment.AWS_LAMBDA_LOG_STREAM_NAME;
    this.clientContext = invocation.clientContext ? JSON.parse(invocation.clientContext) : undefined;
    this.identity = undefined;
    this.invokedFunctionArn = invocation.arn;
    this.awsRequestId = invocation.requestId;
    this.getRemainingTimeInMillis = () => Math.max(0, this.#deadline - Date.now());
  }
}

function finish(invocation, type, text) {
  if (invocation !== current) return; // answered already: what comes later is dropped, as on AWS
  if (type === TYPE.result && text.length > RESPONSE_BYTES_MAX / 3 && Buffer.byteLength(text) > RESPONSE_BYTES_MAX) {
    type = TYPE.error;
    text = JSON.stringify({
      errorMessage: `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`,
      errorType: 'Function.ResponseSizeTooLarge',
    });
  }
  current = undefined;
  onEmptyLoop = undefined;
  currentRequestId = '';
  sendFrame(type, text);
  setImmediate(serve);
}

function succeed(invocation, value) {
  let text;
  try {
    text = JSON.stringify(value === undefined ? null : value);
    if (text === undefined) text = 'null';
  } catch (error) {
    fail(invocation, new RuntimeError('Runtime.MarshalError', `Unable to stringify response body as json: ${error.message}`));
    return;
  }
  finish(invocation, TYPE.result, text);
}

function fail(invocation, error) {
  if (invocation !== current) return;
  logError('Invoke Error', error);
  finish(invocation, TYPE.error, JSON.stringify(errorObject(error)));
}

// What runs when nothing is left in the event loop: node asks by 'beforeExit'.
let onEmptyLoop;
process.on('beforeExit', () => {
  const invocation = current;
  if (!invocation) return;
  const act = onEmptyLoop;
  if (act) return act();
  if (isAsyncHandler || invocation.isPromise) {
    fail(
      invocation,
      new RuntimeError(
        'Runtime.NodeJsExit',
        'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
      ),
    );
  } else {
    succeed(invocation, null);
  }
});

function makeCallback(invocation, context) {
  let called = false;
  const complete = (act) => {
    if (called || invocation !== current) return;
    called = true;
    if (context.callbackWaitsForEmptyEventLoop) {
      onEmptyLoop = act;
    } else {
      setImmediate(act);
    }
  };
  const callback = (error, value) =>
    complete(() => (error === undefined || error === null ? succeed(invocation, value) : fail(invocation, error)));
  context.succeed = (value) => {
    context.callbackWaitsForEmptyEventLoop = false;
    callback(null, value);
  };
  context.fail = (error) => {
    context.callbackWaitsForEmptyEventLoop = false;
    callback(error ?? 'handled');
  };
  context.done = (error, value) => {
    context.callbackWaitsForEmptyEventLoop = false;
    callback(error, value);
  };
  return callback;
}

function invokeStreaming(invocation, event, context) {
  const stream = makeResponseStream();
  const ended = new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject));
  const settled = Promise.resolve()
    .then(() => handler(event, stream, context))
    .then(() => ended);
  invocation.isPromise = true;
  settled.then(
    () => finish(invocation, TYPE.result, stream.prelude ? JSON.stringify({ ...stream.prelude, body: stream.collected() }) : stream.collected() || 'null'),
    (error) => fail(invocation, error),
  );
}

function invoke(invocation) {
  current = invocation;
  currentRequestId = invocation.requestId;
  environment._X_AMZN_TRACE_ID = invocation.traceId;
  let event;
  try {
    event = invocation.payload === '' ? {} : JSON.parse(invocation.payload);
  } catch (error) {
    fail(invocation, new RuntimeError('Runtime.UnmarshalError', error.message));
    return;
  }
  const context = new Context(invocation);
  try {
    if (handler[streaming]) {
      invokeStreaming(invocation, event, context);
      return;
    }
    const result = handler(event, context, makeCallback(invocation, context));
    if (result !== null && typeof result === 'object' && typeof result.then === 'function') {
      invocation.isPromise = true;
      result.then(
        (value) => succeed(invocation, value),
        (error) => fail(invocation, error),
      );
    }
  } catch (error) {
    fail(invocation, error);
  }
}

function serve() {
  if (current) return;
  const invocation = readInvocation();
  if (!invocation) process.exit(0);
  invoke(invocation);
}

// ---- the end of the process by an error that nobody caught

function die(code, title, error) {
  logError(title, error);
  const text = JSON.stringify(errorObject(error));
  if (current) sendFrame(TYPE.error, text);
  else if (!handler) sendFrame(TYPE.failed, text);
  process.reallyExit(code);
}

process.on('uncaughtException', (error) => die(129, 'Uncaught Exception', error));
process.on('unhandledRejection', (reason, promise) => {
  const error = new RuntimeError('Runtime.UnhandledPromiseRejection', String(reason));
  error.reason = reason;
  error.promise = promise;
  if (reason?.stack) error.stack = `Runtime.UnhandledPromiseRejection: ${String(reason)}\n${error.stack.split('\n').slice(1).join('\n')}`;
  die(128, 'Unhandled Promise Rejection', error);
});

// ---- start

// The SDK that AWS's runtimes bring along; the v2 SDK does not know AWS_ENDPOINT_URL, so it is told.
function bringSdk() {
  const endpoint = environment.AWS_ENDPOINT_URL;
  if (!endpoint || runtimeMajor() === 0 || runtimeMajor() > 16) return;
  const Module = require('node:module');
  const load = Module._load;
  Module._load = function (request, ...rest) {
    const loaded = load.call(this, request, ...rest);
    if (request === 'aws-sdk' && loaded?.config?.update && !loaded.config.endpoint) loaded.config.update({ endpoint });
    return loaded;
  };
}

async function start() {
  patchConsole();
  bringSdk();
  try {
    handler = await loadHandler();
    isAsyncHandler = util.types.isAsyncFunction(handler);
  } catch (error) {
    logError('Uncaught Exception', error);
    sendFrame(TYPE.failed, JSON.stringify(errorObject(error)));
    process.reallyExit(129);
  }
  sendFrame(TYPE.ready, '');
  serve();
}

void start();
