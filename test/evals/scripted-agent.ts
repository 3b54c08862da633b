/* An agent without a model: scripted-agent.ts CONFIG PROMPT makes one call, and answers with what it read. */
import { readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const [config = '', prompt = ''] = process.argv.slice(2);
const { command, args, env } = JSON.parse(readFileSync(config, 'utf8')).mcpServers.synqly;
const client = new Client({ name: 'scripted-agent', version: '1.0.0' });
await client.connect(new StdioClientTransport({ command, args, env }));
await client.listTools();
const { content } = await client.callTool({
  name: 'accounts_list',
  arguments: { filter: ['name[like]%aldermere%'] },
});
await client.close();
const [{ text = '' } = {}] = content as { text?: string }[];
console.log(
  prompt.includes('"vip"') ? `Which of these do you mean? ${text}` : `This is not my task: ${prompt}`,
);
