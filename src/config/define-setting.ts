/** The modes of the program. `stdio` and `http` are the server's transports. */
export type Mode = 'stdio' | 'http' | 'connect' | 'tools' | 'token';

/** Definition of a setting. */
export interface SettingDefinition<Value> {
  /** Long flag; secrets have none, since every user of the machine can read a command line. */
  readonly flag?: string;
  /** Name of the value, for help texts. */
  readonly placeholder?: string;
  readonly env?: string;
  readonly fallback: Value;
  /** The default in help texts, if it differs from the value. */
  readonly fallbackText?: string;
  readonly help: string;
  /** The modes in which the setting has an effect; elsewhere its flag is refused. */
  readonly modes: readonly Mode[];
  /**
   * How a repeated flag is handled: `added` joins all values to one list, `single` rejects a different value. By
   * default the last one counts.
   */
  readonly repeated?: 'added' | 'single';
  /** @throws Error whose message says what is wrong with the text */
  readonly parse: (text: string) => Value;
  /**
   * Rejects secrets on the command line, which every user of the machine can read. @throws Error that says what to
   * do
   */
  readonly checkFlag?: (text: string) => void;
}

/** A setting with the type of its value. */
export const defineSetting = <Value>(definition: SettingDefinition<Value>) => definition;
