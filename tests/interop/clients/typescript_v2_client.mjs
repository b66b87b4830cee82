// The TypeScript SDK, second major version, which finds out by itself what the server speaks.

import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { plan, version, walk } from './journey.mjs';

const client = new Client(
  { name: 'typescript', version: '2' },
  { capabilities: { elicitation: { form: {}, url: {} } }, versionNegotiation: { mode: 'auto' } },
);
client.setRequestHandler('elicitation/create', () => ({ action: 'cancel' }));
await client.connect(new StdioClientTransport(plan.server));
const name = '@modelcontextprotocol/client';
const call = (params) => client.callTool(params, { onprogress: () => {} });
await walk(client, call, { versions: { [name]: version(name) } });
