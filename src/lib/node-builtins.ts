/*
 * Node modules needed at start. They are not imported, since an import evaluates every getter of the module and
 * loads unused parts, which costs a few milliseconds.
 */
export const fs = process.getBuiltinModule('node:fs');
export const { isUtf8 } = process.getBuiltinModule('node:buffer');
export const { dirname, join } = process.getBuiltinModule('node:path');
export const { promisify } = process.getBuiltinModule('node:util');

/** Returns 4 or 6, or 0 if the text is not an IP address. */
export const isIP = (text: string): number => process.getBuiltinModule('node:net').isIP(text);

export const homedir = (): string => process.getBuiltinModule('node:os').homedir();
