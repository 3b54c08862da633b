import { beforeAll, expect, test } from 'vitest';
import { billOfMaterials, bundledLibraries } from '../../packaging/sbom.ts';

const artefact = { fileName: 'synqly-mcp-0.1.0.tgz', sha256: 'ab'.repeat(32) };
let bill: ReturnType<typeof billOfMaterials>;
beforeAll(() => {
  bill = billOfMaterials(artefact);
});

test('the bill of materials lists the bundled libraries, and only those', () => {
  expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'synqly-mcp' } } });
  const listed = bill.components.map(({ name, version }) => `${name}@${version}`);
  expect(new Set(listed)).toEqual(bundledLibraries());
  expect(listed.some((name) => name.startsWith('undici@'))).toBe(true);
  expect(listed.some((name) => name.startsWith('vitest@'))).toBe(false);
});

test('each dependency in it is a component', () => {
  const refs = new Set(bill.components.map((component) => component['bom-ref']));
  for (const { dependsOn } of bill.dependencies) for (const ref of dependsOn) expect(refs).toContain(ref);
});

test('it names the artefact by its hash', () => {
  expect(bill.metadata.component.hashes).toEqual([{ alg: 'SHA-256', content: artefact.sha256 }]);
});

test('it is the same each time', () => {
  expect(billOfMaterials(artefact)).toEqual(bill);
});
