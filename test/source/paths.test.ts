import { expect, test } from 'vitest';
import { nodesOf, sourceFiles, textOf } from './source-files.ts';

/*
 * What the API's paths are is written in two places: the catalogue of operations, and the endpoints that the server
 * uses on its own. The sandbox is the other side, and reads its paths from the fact sheet.
 */

const homes = [/^synqly\/endpoints\.ts$/, /^tools\/operations\//, /^sandbox\//];

/** Texts of a source, whole or in parts, that begin a path of the API. */
function pathsIn(text: string): readonly string[] {
  const texts = nodesOf(text).flatMap(({ type, value }) => {
    if (type === 'Literal' && typeof value === 'string') return [value];
    return type === 'TemplateElement' ? [(value as { raw: string }).raw] : [];
  });
  return texts.filter((one) => /(?:^|[\s(]|:\/\/[^/]+)\/?v1\//.test(one));
}

test('a path is found in a text, a template and a type, and not in a comment', () => {
  expect(pathsIn("const one = '/v1/accounts';")).toEqual(['/v1/accounts']);
  expect(pathsIn('const one = `/v1/roles/' + '$' + '{role}`;')).toEqual(['/v1/roles/']);
  expect(pathsIn("type One = 'v1/roles';")).toEqual(['v1/roles']);
  expect(pathsIn('/* GET /v1/roles */ const one = 1;')).toEqual([]);
  expect(pathsIn("import './protocol/v1/server.ts';")).toEqual([]);
});

test('only the catalogue and the endpoints name paths of the API', () => {
  const others = sourceFiles.filter((file) => !homes.some((home) => home.test(file)));
  const found = others.flatMap((file) => pathsIn(textOf(file)).map((path) => `${file}: ${path}`));
  expect(found).toEqual([]);
  expect(pathsIn(textOf('synqly/endpoints.ts')).length).toBeGreaterThan(10);
});

test('only the endpoints unwrap the result of a body by hand', () => {
  const unwraps = /isJsonObject\((\w+(?:\.body)?)\)\s*\?\s*\1\.result\b/;
  expect(sourceFiles.filter((file) => unwraps.test(textOf(file)))).toEqual(['synqly/endpoints.ts']);
});
