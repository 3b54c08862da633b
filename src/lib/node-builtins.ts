/*
 * Modules of Node that a start needs a function of. They are not imported: an import of one reads each of its getters,
 * and so loads what nothing here uses, which takes a few milliseconds of every start.
 */
export const fs = process.getBuiltinModule('node:fs');
export const { isUtf8 } = process.getBuiltinModule('node:buffer');
export const { dirname } = process.getBuiltinModule('node:path');
export const { promisify } = process.getBuiltinModule('node:util');

/** 4, 6, or 0 for what is no address. */
export const isIP = (text: string): number => process.getBuiltinModule('node:net').isIP(text);
