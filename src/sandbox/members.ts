/*
 * Members and their passwords (behaviour.md, section 11; schemas CreateMemberRequest, MemberOptions).
 */
import { createHash } from 'node:crypto';
import { formatDuration, hour, readDuration } from './duration.ts';
import type { SandboxState, Stored } from './model.ts';
import { badRequest } from './problem.ts';

/** CreateMemberRequest. */
export interface NewMember {
  readonly name: string;
  readonly fullname?: string;
  readonly nickname?: string;
  readonly picture?: string;
  readonly secret: string;
  readonly role_binding?: readonly string[];
  readonly type?: 'personal' | 'service';
  readonly options?: {
    readonly ttl?: string;
    readonly token_ttl?: string;
    readonly options?: readonly string[];
  };
}

/** Go's zero time, which the API uses for "never". */
export const never = '0001-01-01T00:00:00Z';

const commonPasswords: ReadonlySet<string> = new Set([
  '12345678',
  '123456789',
  '1234567890',
  'administrator',
  'changeme',
  'iloveyou',
  'letmein1',
  'passw0rd',
  'password',
  'password1',
  'password123',
  'qwerty123',
  'qwertyuiop',
  'trustno1',
  'welcome1',
]);

/**
 * Creates and stores a member with its password. 400 for an invalid password, role or lifetime; `root` is the JSON
 * Pointer of these fields.
 */
export function addMember(state: SandboxState, given: NewMember, root = ''): Stored {
  const { options = {}, type = 'personal' } = given;
  checkPassword(state, given.secret, `${root}/secret`);
  const roles = given.role_binding ?? ['member'];
  checkRoles(state, roles, root);
  const ttl = readMemberTtl(options.ttl, `${root}/options/ttl`);
  const tokenTtl = readTokenTtl(options.token_ttl, type, `${root}/options/token_ttl`);
  const states = options.options ?? [];
  const named = state.newNamed({ name: given.name, fullname: given.fullname });
  const memberState =
    ['disabled', 'locked', 'invited', 'forgotten'].find((one) => states.includes(one)) ?? 'enabled';
  const member = state.collections.member.add({
    ...named,
    state: memberState,
    last_logon: never,
    ...(given.nickname !== undefined && { nickname: given.nickname }),
    ...(given.picture !== undefined && { picture: given.picture }),
    ttl: formatDuration(ttl),
    token_ttl: formatDuration(tokenTtl),
    expires: new Date(state.now() + (states.includes('expired') ? 0 : ttl)).toISOString(),
    pin_expires: pinExpiry(state, memberState),
    role_binding: roles,
    type,
  });
  state.passwords.set(member.id, { hash: hashPassword(given.secret), failures: 0 });
  return member;
}

/** Checks a member after a PUT or PATCH. 400 for an unknown role or an invalid lifetime. */
export function checkMember(state: SandboxState, member: Stored): void {
  checkRoles(state, member.role_binding as string[], '');
  readMemberTtl(member.ttl, '/ttl');
  readTokenTtl(member.token_ttl, member.type as string, '/token_ttl');
}

/** Lifetime of a member's tokens, in milliseconds. */
export function readTokenTtl(text: unknown, type: string, pointer = '/token_ttl'): number {
  const max = type === 'service' ? '2160h' : '24h';
  return readDuration(text, { pointer, fallback: '1h', min: '1m', max: max });
}

/** Lifetime of a member's password, in milliseconds. */
export function readMemberTtl(text: unknown, pointer = '/ttl'): number {
  return readDuration(text, { pointer, fallback: '87600h', min: '24h', max: '87660h' });
}

/** 400 for a password that is too short, too long, common or simple. */
export function checkPassword(state: SandboxState, secret: string, pointer: string): void {
  const options = (state.organization.options ?? {}) as { minimum_password_length?: number | null };
  const min = Math.max(8, options.minimum_password_length ?? 8);
  const refuse = (message: string) =>
    badRequest(message, {
      remediation: `Choose a password of ${min} to 71 characters that is not common or simple.`,
      parameter: { id: pointer, location: 'body' },
    });
  if (secret.length < min || secret.length >= 72) throw refuse('The password has the wrong length.');
  if (commonPasswords.has(secret.toLowerCase())) throw refuse('The password is a common one.');
  if (new Set(secret).size < 4) throw refuse('The password is too simple.');
}

/** The stored form of a password. */
export function hashPassword(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function checkRoles(state: SandboxState, roles: readonly string[], root: string): void {
  roles.forEach((name, index) => {
    if (state.collections.role.find(name)) return;
    throw badRequest(`There is no role "${name}".`, {
      remediation: 'Use a name that roles_list shows.',
      parameter: { id: `${root}/role_binding/${index}`, location: 'body', value: name },
    });
  });
}

function pinExpiry(state: SandboxState, memberState: string): string {
  const options = (state.organization.options ?? {}) as Record<string, unknown>;
  const fallback = memberState === 'invited' ? '168h' : '24h';
  const given = memberState === 'invited' ? options.invite_duration : options.forgot_duration;
  if (memberState !== 'invited' && memberState !== 'forgotten') return never;
  const span = readDuration(given, { pointer: '/options', fallback });
  return new Date(state.now() + Math.max(span, hour)).toISOString();
}
