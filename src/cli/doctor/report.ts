import { unprintable } from '../../lib/escape-control-characters.ts';
import type { Check } from './check.ts';

const ticks = { ok: '✓', problem: '✗', skipped: '–' } as const;
/** Codes of terminals (ECMA-48, SGR). */
const colors = { ok: 32, problem: 31, skipped: 2 } as const;

/** Characters of the longest name of a check. */
const nameWidth = 16;

/** A check as one line: what was found, and for a problem what to do. */
export function formatCheck({ check, status, message, remediation }: Check, hasColors: boolean): string {
  const tick = hasColors ? `\u001b[${colors[status]}m${ticks[status]}\u001b[0m` : ticks[status];
  const text = [message, remediation].filter(Boolean).join(' ');
  // Line breaks and control characters could imitate other lines or steer the terminal.
  return `${tick} ${check.padEnd(nameWidth)}  ${text.replaceAll(unprintable, ' ')}`;
}

export function formatSummary(problems: number): string {
  if (problems === 0) return '\nEverything is fine.';
  return `\n${problems} ${problems === 1 ? 'thing' : 'things'} to do: see the lines with ✗.`;
}
