/** Name and version that the peers report. */
export const info = { name: 'peer', version: '1.0.0' };

/** The API that calls are forwarded to, and its token where the peer has one client only. */
export const baseUrl = process.argv[2] ?? process.env.SYNQLY_BASE_URL ?? '';
export const ownToken = process.env.SYNQLY_TOKEN ?? '';

/** Bearer token of a request. */
export const bearerOf = (header: string | undefined | null) => header?.slice('Bearer '.length) ?? '';
