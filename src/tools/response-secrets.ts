/*
 * Places of secrets in responses, as dotted paths with `[]` for every item of a list. Each list is for one type of object;
 * `secretsWithin` adds the place of the object.
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

/** An Integration. Its provider_config may hold inline credentials. */
export const integrationSecrets: readonly string[] = [
  'provider_config',
  'webhook_config.provider_key',
  'webhook_config.items[].integrator_key',
];

/** The problems of a successful call. Each may repeat the value it is about. */
export const messageSecrets: readonly string[] = secretsWithin('messages.problems[]', [
  'context.parameter.value',
  'cause[].context.parameter.value',
]);

/**
 * Whether a place repeats what was sent, such as audit bodies or the value of a problem. Secrets there are withheld and not
 * stored.
 */
export function isEcho(path: string): boolean {
  return /\.(body|response|parameter\.value)$/.test(path);
}

/**
 * Whether a place holds, or may repeat, a token for Synqly's APIs. Credentials of bridges and providers are not such tokens.
 */
export function mayHoldToken(path: string): boolean {
  return path.endsWith('.secret') || isEcho(path);
}
