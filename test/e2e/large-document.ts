import { createHash } from 'node:crypto';

type Json = Record<string, unknown>;

const times = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => make(index));

const fromPairs = (count: number, make: (index: number) => [string, unknown]) =>
  Object.fromEntries(times(count, make));

/** The densest text there is: hardly two characters to a token. */
const dense = times(700, (index) => createHash('sha512').update(`dense ${index}`).digest('base64')).join('');

/**
 * An OpenAPI document, by default of more than 10 MB: thousands of operations and schemas, and some that are as long,
 * deep or oddly named as a document allows.
 */
export function largeDocument({ paths = 3_000, schemas = 7_000, properties = 2_500 } = {}): Json {
  return {
    openapi: '3.1.0',
    info: { title: 'Large', version: 'v9', description: 'Long. '.repeat(5_000) },
    servers: times(300, (index) => ({
      url: `https://${index}.example.com`,
      description: 'A server. '.repeat(10),
    })),
    tags: times(60, (index) => ({ name: `group${index}`, description: `The group ${index}.` })),
    paths: { ...fromPairs(paths, ordinaryPath), ...oddPaths() },
    webhooks: { happened: { post: { summary: 'It happened', responses: {} } } },
    components: {
      parameters: { Limit: { name: 'limit', in: 'query', schema: { type: 'integer' } } },
      responses: { Failed: { description: 'It failed.' } },
      schemas: {
        ...fromPairs(schemas, (index) => ordinarySchema(index, schemas)),
        ...oddSchemas(properties),
      },
    },
  };
}

function ordinaryPath(index: number): [string, unknown] {
  const operation = {
    operationId: `group${index % 60}_query_thing_${index}`,
    tags: [`group${index % 60}`],
    summary: `Query things of the kind ${index}`,
    description: 'Things are read by pages, the newest first. '.repeat(4),
    parameters: [{ $ref: '#/components/parameters/Limit' }],
    responses: {
      '200': { description: 'Things.', content: jsonOf(`Thing${index}`) },
      '400': { $ref: '#/components/responses/Failed' },
    },
  };
  return [`/v1/group${index % 60}/things/${index}`, { get: operation }];
}

const jsonOf = (name: string) => ({
  'application/json': { schema: { $ref: `#/components/schemas/${name}` } },
});

function oddPaths(): Json {
  return {
    '/v1/~odd/{thing_id}/%7Bx%7D': {
      parameters: [{ name: 'thing_id', in: 'path', required: true, schema: { type: 'string' } }],
      get: { summary: 'Has neither id nor tag', responses: {} },
      post: {
        operationId: 'group1_query_thing_1',
        tags: ['group1'],
        summary: 'Has an id that is taken',
        responses: {},
      },
    },
    '/v1/huge': {
      put: {
        operationId: 'huge_operation',
        tags: ['odd'],
        description: 'Words and words. '.repeat(2_000),
        parameters: times(500, (index) => ({
          name: `parameter_${index}`,
          in: 'query',
          description: 'One of many parameters.',
          schema: { type: 'string', enum: times(20, (value) => `value-${value}`) },
        })),
        requestBody: { content: jsonOf('Wide') },
        responses: { '200': { description: 'Done.', content: jsonOf('Recursive') } },
      },
    },
  };
}

function ordinarySchema(index: number, count: number): [string, unknown] {
  const properties = fromPairs(8, (part) => [
    `field_${index}_${part}`,
    {
      type: 'string',
      description: `The part ${part} of a thing; it says what a thing of kind ${index} is like.`,
    },
  ]);
  return [
    `Thing${index}`,
    {
      type: 'object',
      description: `A thing of the kind ${index}.`,
      properties: { ...properties, next: { $ref: `#/components/schemas/Thing${(index + 1) % count}` } },
    },
  ];
}

function oddSchemas(wide: number): Json {
  const nested = times(150, (index) => index).reduce<Json>(
    (inner) => ({
      type: 'object',
      description: 'A level of many, all of them alike.',
      properties: { inner },
    }),
    { type: 'string' },
  );
  return {
    Wide: {
      type: 'object',
      properties: fromPairs(wide, (index) => [
        `wide_property_${index}`,
        {
          type: 'string',
          description: `Property ${index} of a very wide schema.`,
          enum: ['yes', 'no', `${index}`],
        },
      ]),
    },
    Nested: nested,
    Enumerated: { type: 'string', enum: times(4_500, (index) => `constant-number-${index}`) },
    Alternatives: {
      oneOf: times(400, (index) => ({
        type: 'object',
        properties: {
          kind: { const: `kind-${index}` },
          note: { type: 'string', description: 'Told at length. '.repeat(20) },
        },
      })),
    },
    Wordy: { type: 'string', description: '脅威の検出と対応。🦊'.repeat(2_300) },
    Dense: { type: 'string', default: dense },
    Recursive: {
      type: 'object',
      properties: {
        again: { $ref: '#/components/schemas/Recursive' },
        rest: { $ref: '#/components/schemas/Wide' },
      },
    },
    'v1.Thing': {
      type: 'object',
      properties: {
        'a/b~c': { type: 'string', examples: ['x'] },
        'd[3:]': { type: 'number' },
        $ref: { type: 'string' },
      },
    },
    Plain: true,
    Nothing: null,
  };
}
