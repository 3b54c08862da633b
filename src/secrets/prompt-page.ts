import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A local page where a person types a secret, so that no model sees it. */
export interface SecretPage {
  readonly url: string;
  /** The typed secret; rejects when the page is closed first. */
  readonly typed: Promise<string>;
  close(): void;
}

const maxFormBytes = 200_000;

/**
 * Opens a page on loopback for one secret. Its URL cannot be guessed; it shows only the request, and closes once
 * the secret is entered.
 *
 * @param description what the secret is for: shown as plain text
 */
export async function openSecretPage(description: string): Promise<SecretPage> {
  const path = `/${crypto.randomUUID()}`;
  let settle: { resolve(secret: string): void; reject(error: Error): void } | undefined;
  const typed = new Promise<string>((resolve, reject) => {
    settle = { resolve, reject };
  });
  typed.catch(() => {});
  const server = createServer({ requestTimeout: 10_000 }, async (request, response) => {
    const { port } = server.address() as AddressInfo;
    if (request.url !== path || !isSameOrigin(request, port)) return respond(response, 404, 'Not found.');
    if (request.method === 'GET') return respond(response, 200, form(description));
    if (request.method !== 'POST') return respond(response, 405, 'Submit the form.');
    const secret = new URLSearchParams(await readForm(request)).get('secret');
    if (!secret) return respond(response, 400, 'The secret is empty. Go back and type it.');
    response.once('finish', () => settle?.resolve(secret));
    return respond(response, 200, '<p>Thank you. You can close this page.</p>');
  });
  await listenOnLoopback(server);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    typed,
    close: () => {
      settle?.reject(new Error('The page was closed.'));
      server.close().closeAllConnections();
    },
  };
}

async function listenOnLoopback(server: Server): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
}

/** Rejects requests from other web pages (DNS rebinding). */
function isSameOrigin({ headers }: IncomingMessage, port: number): boolean {
  const own = `127.0.0.1:${port}`;
  return headers.host === own && (headers.origin === undefined || headers.origin === `http://${own}`);
}

async function readForm(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxFormBytes) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function form(description: string): string {
  return `<h1>A call to Synqly needs a secret</h1>
<p>An assistant needs this secret for a call. It will not see the secret. Its description:</p><blockquote>${escaped(description)}</blockquote>
<form method="post"><input type="password" name="secret" autocomplete="off" autofocus required aria-label="Secret"> <button>Submit</button></form>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function respond(response: ServerResponse, status: number, content: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      connection: 'close',
    })
    .end(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>synqly-mcp</title><body>${content}</body></html>`,
    );
}
