/*
 * A placeholder for the OpenAPI document of the Engine (Connector) API, of which the fact sheet has only operation
 * ids.
 */
import { bodySchemaName, type ConnectorOperation, listConnectorOperations } from './connector-operations.ts';
import { listCategories } from './providers.ts';

let made: Record<string, unknown> | undefined;

/** A valid OpenAPI 3.1 document with one path for each connector operation. */
export function engineDocument(): Record<string, unknown> {
  made ??= makeDocument(listConnectorOperations());
  return made;
}

/** JSON Schema of an operation's request body: an open object, since its fields are unknown. */
export function bodySchema(operation: ConnectorOperation): Record<string, unknown> {
  return {
    type: 'object',
    description: `Input of ${operation.id}; its fields are not part of the sandbox.`,
    additionalProperties: true,
  };
}

function makeDocument(operations: readonly ConnectorOperation[]): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Synqly Engine API (stand-in of the sandbox)',
      version: 'v1',
      description:
        'Made by the sandbox from the ids of the connector operations. Methods, paths and schemas are not the real ones, and no connector can be called here.',
    },
    servers: [{ url: 'https://api.synqly.com' }],
    security: [{ bearer: [] }],
    tags: listCategories().map((name) => ({ name })),
    paths: makePaths(operations),
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Answer: { type: 'object', properties: { result: {} }, required: ['result'] },
        ...Object.fromEntries(
          operations.filter(({ hasBody }) => hasBody).map((one) => [bodySchemaName(one), bodySchema(one)]),
        ),
      },
    },
  };
}

function makePaths(operations: readonly ConnectorOperation[]): Record<string, unknown> {
  return Object.fromEntries(
    operations.map((operation) => [
      operation.path,
      { [operation.method.toLowerCase()]: makeOperation(operation) },
    ]),
  );
}

function makeOperation(operation: ConnectorOperation): Record<string, unknown> {
  const content = (name: string) => ({
    'application/json': { schema: { $ref: `#/components/schemas/${name}` } },
  });
  return {
    operationId: operation.id,
    tags: [operation.category],
    summary: operation.fullname,
    ...(operation.hasBody && {
      requestBody: { required: true, content: content(bodySchemaName(operation)) },
    }),
    responses: { '200': { description: 'The outcome.', content: content('Answer') } },
  };
}
