// The TypeScript SDK, first major version: the one that nearly all hosts written in it carry.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { plan, version, walk } from './journey.mjs';

const client = new Client({ name: 'typescript', version: '1' }, { capabilities: { elicitation: { form: {}, url: {} } } });
client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'cancel' }));
await client.connect(new StdioClientTransport(plan.server));
const name = '@modelcontextprotocol/sdk';
const call = (params) => client.callTool(params, undefined, { onprogress: () => {} });
await walk(client, call, { versions: { [name]: version(name) } });
