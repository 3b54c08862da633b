import { dispatcherFor } from '../../src/surfaces/compact/definitions.ts';
import { findOperation } from '../../src/tools/catalogue.ts';
import { helperNames, type Program, workflowNames } from './support.ts';

interface Schema {
  readonly properties?: object | undefined;
}

/** How a test meets the operations of a program, whatever surface they are on. */
export interface TestSurface {
  readonly flags: string[];
  /** The tool call that runs an operation, or one of the tools about calls. */
  toolCall(name: string, args?: Record<string, unknown>): [tool: string, args: Record<string, unknown>];
  /** All operations that a client can learn of, with their arguments. */
  operationsOf(program: Pick<Program, 'client' | 'call'>): Promise<Map<string, Schema>>;
}

const full: TestSurface = {
  flags: [],
  toolCall: (name, args = {}) => [name, args],
  operationsOf: async ({ client }) => {
    const { tools } = await client.listTools();
    const operations = tools.filter(({ name }) => !helperNames.includes(name));
    return new Map(operations.map(({ name, inputSchema }) => [name, inputSchema]));
  },
};

const compact: TestSurface = {
  flags: ['--surface', 'compact'],
  toolCall: (name, args = {}) => {
    const effect = workflowNames.includes(name) ? 'read' : findOperation(name)?.effect;
    return effect ? [dispatcherFor(effect).id, { operation: name, arguments: args }] : [name, args];
  },
  operationsOf: async (program) => {
    const { json } = await program.call('find_operations', { limit: 1000 });
    const schemas = new Map<string, Schema>();
    for (const { id } of json.operations) {
      if (workflowNames.includes(id)) continue;
      const found = await program.call('find_operations', { query: id, limit: 1 });
      schemas.set(id, found.json.operations[0].arguments);
    }
    return schemas;
  },
};

export const testSurfaces = { full, compact };

/** The same caller, whose calls of operations go by the surface. */
export function by<Caller extends Pick<Program, 'call'>>(surface: TestSurface, caller: Caller): Caller {
  return { ...caller, call: (name, args) => caller.call(...surface.toolCall(name, args)) };
}

/** All operations that `find_operations` names without arguments, with `!` behind those that destroy. */
export async function namesInIndex({ call }: Pick<Program, 'call'>): Promise<string[]> {
  const lines: string[] = (await call('find_operations', {})).json.by_prefix.split('\n');
  return lines.flatMap((line) => {
    const [prefixes = '', verbs = ''] = line.split(': ');
    return prefixes.split(', ').flatMap((prefix) => verbs.split(' ').map((verb) => `${prefix}_${verb}`));
  });
}
