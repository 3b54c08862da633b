import { fileURLToPath } from 'node:url';
import { root } from '../project.ts';
import { makeBundle } from './bundle.ts';

/* npm run pack:mcpb: makes the MCP bundle of the built program in build/. */
const { path, manifest } = await makeBundle(fileURLToPath(new URL('build/', root)));
console.log(`${path}: ${manifest.tools?.length} tools`);
