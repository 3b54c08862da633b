/*
 * The OpenAPI documents, without an envelope.
 */
import { engineDocument } from '../engine-document.ts';
import { managementDocument } from '../facts.ts';
import type { Handlers } from '../model.ts';

/** Handlers of the meta group. */
export const metaHandlers: Handlers = {
  meta_managementOpenapiSpec: () => ({ status: 200, body: managementDocument() }),
  meta_engineOpenapiSpec: () => ({ status: 200, body: engineDocument() }),
};
