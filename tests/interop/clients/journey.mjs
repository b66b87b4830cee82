// A journey in a client that is not ours, as in journey.py: the plan comes on stdin, one document goes to stdout.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const OUTBOX = 'outbox';

export const plan = JSON.parse(readFileSync(0, 'utf8'));

export function version(name) {
  return JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;
}

// Walks the plan with a connected client, and prints what the client made of the answers.
export async function walk(client, call, facts) {
  const { tools } = await client.listTools();
  const known = {};
  const answers = [];
  for (const { tool, arguments: wanted } of plan.steps) {
    const result = await call({ name: tool, arguments: await filled(wanted, known) });
    known[tool] = result.structuredContent;
    answers.push({
      tool,
      seen: result.content.map((block) => block.text).join(''),
      structured: result.structuredContent,
      failed: result.isError,
    });
  }
  await client.close();
  console.log(JSON.stringify({ ...facts, tools: tools.map((tool) => tool.name), answers }));
}

async function filled(wanted, known) {
  const entries = Object.entries(wanted).map(async ([name, value]) => [name, await lookedUp(value, known)]);
  return Object.fromEntries(await Promise.all(entries));
}

async function lookedUp(value, known) {
  if (value?.from === undefined) return value;
  const source = value.from === OUTBOX ? await letters() : known[value.from];
  return value.at.reduce((found, key) => found[key], source);
}

// The letters of the newest sandbox whose address stands in that folder: a client may have tried another before.
async function letters() {
  const folder = join(plan.runtime, 'rememberizer-mcp');
  const files = readdirSync(folder).map((name) => join(folder, name));
  const [file] = files.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  const { url } = JSON.parse(readFileSync(file, 'utf8'));
  const reply = await fetch(url, { headers: { accept: 'application/json' } });
  return (await reply.json()).letters;
}
