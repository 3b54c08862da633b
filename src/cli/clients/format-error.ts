/** A configuration that cannot be edited. The message says why, and quotes nothing of the file. */
export class FormatError extends Error {}
