/*
 * Where answers hold secrets, as dotted paths with `[]` for every item of a list. Each list is for one kind
 * of object; `within` says where the object is.
 */

/** Prefixes paths with the place of their object. */
export function secretsWithin(place: string, paths: readonly string[]): string[] {
  return paths.map((path) => `${place}.${path}`);
}

/** A Token: one bearer secret. */
export const tokenSecrets: readonly string[] = ['secret'];

/** A TokenPair. */
export const tokenPairSecrets: readonly string[] = [
  ...secretsWithin('access', tokenSecrets),
  ...secretsWithin('refresh', tokenSecrets),
];

/** A RefreshToken: a token object with one or two pairs. */
export const refreshTokenSecrets: readonly string[] = [
  ...secretsWithin('primary', tokenPairSecrets),
  ...secretsWithin('secondary', tokenPairSecrets),
];

/** An Integration. Inline credentials may come back in its provider_config. */
export const integrationSecrets: readonly string[] = [
  'provider_config',
  'webhook_config.provider_key',
  'webhook_config.items[].integrator_key',
];

/** The problems that did not stop a call; each may repeat the value it complains about. */
export const messageSecrets: readonly string[] = secretsWithin('messages.problems[]', [
  'context.parameter.value',
  'cause[].context.parameter.value',
]);

/**
 * Whether a place repeats what others have sent (audit bodies, a value complained about), so that what stands there is
 * withheld, and is of no use to anyone.
 */
export function isEcho(path: string): boolean {
  return /\.(body|response|parameter\.value)$/.test(path);
}

/**
 * Whether a place holds, or may repeat, a token that opens Synqly by itself, until it expires there. A bridge's credential
 * and what integrations log in to their providers with are none.
 */
export function mayHoldToken(path: string): boolean {
  return path.endsWith('.secret') || isEcho(path);
}
