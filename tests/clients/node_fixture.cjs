// What the Node.js client tests share: a role, a function and the article's state machine, made through the SDK under test's
// own sibling clients where it has them, and else through our command line.
'use strict';

const { execFileSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const binary = process.env.ESCAPEMENT_TEST_BINARY;

function unique(prefix) {
  return `${prefix}-${crypto.randomBytes(5).toString('hex')}`;
}

function deploy(target, ...options) {
  return JSON.parse(execFileSync(binary, ['deploy', target, '--json', ...options], { encoding: 'utf8' }));
}

// The article's handler and state machine, deployed. `handler` replaces the article's own.
function deployArticle(handler) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'escapement-client-'));
  try {
    const source = handler ?? fs.readFileSync(path.join(__dirname, 'article', 'index.js'), 'utf8');
    fs.mkdirSync(path.join(folder, 'function'));
    fs.writeFileSync(path.join(folder, 'function', 'index.js'), source);
    const name = unique('article');
    deploy(path.join(folder, 'function'), '--name', name);
    return deploy(path.join(__dirname, 'article', 'state-machine.json'), '--name', name, '--set', `LAMBDA FUNCTION ARN=function:${name}`).arn;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

async function until(condition, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not so after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

module.exports = { binary, deployArticle, unique, until };
