import { CallError } from '../../errors.ts';
import { hourMs } from './values.ts';

/** Writes times in a time zone. */
export interface Zone {
  readonly name: string;
  /** `2026-08-31 14:00`; with the offset where clocks are set back, and the time occurs twice. */
  write(time: number): string;
}

/** The time zone with this name; UTC if none is given. @throws CallError `invalid_arguments` for an unknown one */
export function readZone(given: unknown): Zone {
  const timeZone = given === undefined ? 'UTC' : String(given);
  try {
    // The Swedish form of a time is that of ISO 8601.
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
    const offset = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
    const offsetAt = (time: number) =>
      offset
        .formatToParts(time)
        .find(({ type }) => type === 'timeZoneName')
        ?.value.replace('GMT', 'UTC');
    const write = (time: number) => {
      const text = format.format(time);
      const isTwice = [time - hourMs, time + hourMs].some((other) => format.format(other) === text);
      return isTwice ? `${text} ${offsetAt(time)}` : text;
    };
    return { name: timeZone, write };
  } catch {
    throw new CallError('invalid_arguments', 'Invalid arguments for usage_report.', {
      arguments: [
        { argument: 'time_zone', problem: 'must be the name of a time zone, such as Europe/Berlin' },
      ],
    });
  }
}
