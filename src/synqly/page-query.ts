/** The query of a page. */
export interface PageQuery {
  readonly limit: number;
  readonly start_after?: string;
}

/** Reduction of the limit when a page was too large for this server. */
const shrinkage = 5;

/** The query of so many rows after a value of the list's order; without a value from the beginning. */
export function queryOf(limit: number, after: string | undefined): PageQuery {
  return { limit, ...(after !== undefined && { start_after: after }) };
}

/** The same query for fewer rows. */
export function shorter(query: PageQuery): PageQuery {
  return { ...query, limit: Math.ceil(query.limit / shrinkage) };
}
