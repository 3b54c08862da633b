/** What the program can be started as. `stdio` and `http` are the server's transports. */
export type Mode = 'stdio' | 'http' | 'connect' | 'tools' | 'token';

/** Definition of a setting. */
export interface SettingDefinition<Value> {
  /** Long name on the command line; secrets have none, since a command line is visible to everyone on the machine. */
  readonly flag?: string;
  /** What the flag takes, for help texts. */
  readonly placeholder?: string;
  readonly env?: string;
  readonly fallback: Value;
  /** How the default reads in help texts, where it is not the value itself. */
  readonly fallbackText?: string;
  readonly help: string;
  /** The modes in which the setting has an effect; elsewhere its flag is refused. */
  readonly modes: readonly Mode[];
  /**
   * What a flag means that is given again: `added` makes one list of all, `narrows` refuses another value. The last one counts
   * where nothing is said.
   */
  readonly repeated?: 'added' | 'narrows';
  /** @throws Error that says what is wrong with the text. */
  readonly parse: (text: string) => Value;
  /** What may not stand on a command line, which everyone on the machine can see. @throws Error that says what to do */
  readonly checkFlag?: (text: string) => void;
}

/** A setting with the type of its value. */
export const defineSetting = <Value>(definition: SettingDefinition<Value>) => definition;
