import type * as z from 'zod';

/** The parts of a zod definition by which a schema is walked. Each kind of schema has some of them. */
export interface Structure {
  /** `object`, `array`, `union`, `optional` ... */
  readonly type: string;
  /** What an optional, nullable or defaulted field takes otherwise. */
  readonly innerType?: z.ZodType;
  /** What the items of an array are. */
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  /** What an object takes for keys that its shape does not name; `never` where it is strict. */
  readonly catchall?: z.ZodType;
}

export function structureOf(field: z.ZodType): Structure {
  return field.def;
}
