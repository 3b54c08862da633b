import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import {
  type ClientFile,
  describeFileError,
  readClientFile,
  removeClientFile,
  writeClientFile,
} from '../clients/client-file.ts';
import { type ClientName, clients, type Machine } from '../clients/clients.ts';
import { dropJsonKeys, readJson, removeJson, setJson } from '../clients/edit-json.ts';
import { dropTomlKeys, readToml, removeToml, setToml } from '../clients/edit-toml.ts';
import { FormatError } from '../clients/format-error.ts';
import { lineChanges } from '../clients/line-changes.ts';
import {
  isOwnEntry,
  keptFlags,
  type OwnProgram,
  type ServerChoices,
  serverEntry,
} from '../clients/server-entry.ts';
import { type ChangeRecord, changeRecords, hashOf } from './user-files.ts';

const formats = {
  json: { read: readJson, set: setJson, remove: removeJson, drop: dropJsonKeys },
  toml: { read: readToml, set: setToml, remove: removeToml, drop: dropTomlKeys },
};

/** A change of a client's configuration that has not been made yet. */
export interface PlannedChange {
  readonly title: string;
  readonly path: string;
  /** The changed lines; none if everything is as it should be. */
  readonly lines: readonly string[];
  /** Makes the change. Returns the path of the copy of the file as it was, if there was one. */
  readonly carryOut: () => Promise<string | undefined>;
}

/** A problem with one client. The message is a sentence for the person. */
export class ClientError extends Error {}

/** What is to be changed, and how. */
export interface ChangeOptions {
  readonly client: ClientName;
  /** The name of the server in the client's configuration. */
  readonly name: string;
  /** Whether a server of this name that starts another program is replaced or removed too. */
  readonly force: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly program: OwnProgram;
}

export const thisMachine = (environment: NodeJS.ProcessEnv): Machine => ({
  platform: process.platform,
  home: homedir(),
  environment,
});

/** Plans to add the server to a client's configuration, or to update it. @throws ClientError */
export function planEntry(options: ChangeOptions, choices: ServerChoices): Promise<PlannedChange> {
  return plan(options, ({ text, format, keys }) => {
    const { set, read, remove, drop } = formats[format];
    const current = read(text, keys);
    const isOwn = isOwnEntry(current, options.program);
    const kept = isOwn ? keptFlags(current, choices.flags, options.program) : [];
    const flags = [...choices.flags, ...kept];
    const entry = serverEntry(clients[options.client], { ...choices, flags }, options.program);
    if (current === undefined) return set(text, keys, { ...entry });
    // A token in the configuration itself would override the file.
    const obsolete = entry.env ? ['SYNQLY_TOKEN'] : ['SYNQLY_TOKEN', 'SYNQLY_TOKEN_FILE'];
    if (isOwn) return set(drop(text, [...keys, 'env'], obsolete), keys, { ...entry });
    if (options.force) return set(remove(text, keys), keys, { ...entry });
    throw new FormatError(
      `it has a server "${options.name}" that starts another program: give this one another name with --name, or replace that one with --force`,
    );
  });
}

/** Plans to remove the server from a client's configuration. @throws ClientError */
export function planRemoval(options: ChangeOptions): Promise<PlannedChange> {
  return plan(options, ({ text, format, keys, file, record }) => {
    const { read, remove } = formats[format];
    const current = read(text, keys);
    if (current === undefined) return text;
    if (!options.force && !isOwnEntry(current, options.program)) {
      throw new FormatError(
        `its server "${options.name}" starts another program: remove it with --force, or in the file`,
      );
    }
    const isAsWritten = file.bytes !== undefined && record?.written === hashOf(file.bytes);
    if (isAsWritten && record?.original !== undefined) return record.original;
    if (isAsWritten && record && !record.existed) return undefined;
    const edited = remove(text, keys);
    const list = keys.slice(0, -1);
    const rest = read(edited, list);
    const isEmpty = typeof rest === 'object' && rest !== null && Object.keys(rest).length === 0;
    return record?.addedList && isEmpty && format === 'json' ? remove(edited, list) : edited;
  });
}

interface Situation {
  readonly text: string;
  readonly format: 'json' | 'toml';
  readonly keys: readonly string[];
  readonly file: ClientFile;
  /** What an earlier `init` has done to the file, with its content before. */
  readonly record: (ChangeRecord & { readonly original: string | undefined }) | undefined;
}

/** @param edit returns the new content, or undefined to delete the file */
async function plan(
  options: ChangeOptions,
  edit: (situation: Situation) => string | undefined,
): Promise<PlannedChange> {
  const { client, name, environment } = options;
  const { title, format, serversKey, path: pathOf } = clients[client];
  const path = pathOf(thisMachine(environment));
  const fail = (doing: string, error: unknown): never => {
    const reason = error instanceof FormatError ? error.message : describeFileError(error);
    throw new ClientError(`${title}: ${path} ${doing}: ${reason}. Nothing was changed.`);
  };
  const records = changeRecords(environment);
  const keys = [serversKey, name];
  try {
    const file = await readClientFile(path);
    const record = await readRecord(records, file, name);
    const { text } = file;
    const edited = edit({ text, format, keys, file, record });
    const lines = edited === text ? [] : lineChanges(text, edited ?? '');
    const hadList = formats[format].read(text, [serversKey]) !== undefined;
    const hadEntry = formats[format].read(text, keys) !== undefined;
    const hasEntry = edited !== undefined && formats[format].read(edited, keys) !== undefined;
    const carryOut = async () => {
      try {
        const backup = file.bytes && (await records.backUp(path, file.bytes));
        if (edited === undefined) await removeClientFile(file);
        const written = edited === undefined ? undefined : await writeClientFile(file, edited);
        if (written && hasEntry) {
          await records.write(recordOf(file, record, { hadEntry, hadList, backup, written }), name);
        } else await records.forget(file.path, name);
        return backup;
      } catch (error) {
        return fail('cannot be written', error);
      }
    };
    return { title, path, lines, carryOut };
  } catch (error) {
    return fail('cannot be used', error);
  }
}

async function readRecord(
  records: ReturnType<typeof changeRecords>,
  file: ClientFile,
  name: string,
): Promise<Situation['record']> {
  const record = await records.read(file.path, name);
  if (record === undefined) return undefined;
  const original = record.backup && (await readFile(record.backup, 'utf8').catch(() => undefined));
  return { ...record, original: original?.slice(file.mark.length) };
}

/** What to remember of a change: the content before the first one, as long as nobody else has changed the file. */
function recordOf(
  file: ClientFile,
  before: Situation['record'],
  change: { hadEntry: boolean; hadList: boolean; backup: string | undefined; written: Buffer },
): ChangeRecord {
  const written = hashOf(change.written);
  const { path } = file;
  if (change.hadEntry && before && file.bytes && before.written === hashOf(file.bytes)) {
    const { existed, backup, addedList } = before;
    return { path, existed, ...(backup && { backup }), written, addedList };
  }
  const addedList = change.hadEntry ? (before?.addedList ?? false) : !change.hadList;
  // The content before holds an entry already: it cannot be put back to remove it.
  if (change.hadEntry) return { path, existed: true, written, addedList };
  const { backup } = change;
  return { path, existed: file.bytes !== undefined, ...(backup && { backup }), written, addedList };
}
