import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { quoted } from '../lib/quote-text.ts';
import { questionsSignal } from '../lib/shutdown.ts';

/** What a secret is for, as its page shows it. */
export interface SecretPurpose {
  /** Title of the operation. */
  readonly operation: string;
  /** Path of the argument that takes the secret. */
  readonly argument: string;
  /** In the caller's words. */
  readonly description: string;
}

/** A local page where a person types a secret, so that no model sees it. */
export interface SecretPage {
  readonly url: string;
  /** The typed secret; rejects when the page is closed first. */
  readonly typed: Promise<string>;
  /** Takes no secret any more. From then on the page only says what became of it. */
  close(): void;
}

/** Milliseconds for a person to open a page and type the secret. */
export const pageLifetimeMs = 5 * 60_000;

const maxFormBytes = 200_000;

/** A longer description would move the form off the screen. */
const maxDescriptionLength = 300;

/** Pages that are kept to say what became of them; beyond this number, the oldest is dropped. */
const maxPages = 200;

/** The server of all pages, on loopback. It runs while there are pages, and does not keep the process alive. */
export interface Site {
  /**
   * Opens a page for one secret. Its URL cannot be guessed; it shows only what the secret is for.
   *
   * @param onTyped called with the secret, before the person is told that it has arrived
   */
  openPage(purpose: SecretPurpose, onTyped?: (secret: string) => void): SecretPage;
}

class Page {
  readonly purpose: SecretPurpose;
  readonly typed: Promise<string>;
  state: 'open' | 'typed' | 'closed' = 'open';
  readonly #onTyped: (secret: string) => void;
  #settle: { resolve(secret: string): void; reject(error: Error): void } | undefined;

  constructor(purpose: SecretPurpose, onTyped: (secret: string) => void) {
    this.purpose = purpose;
    this.#onTyped = onTyped;
    this.typed = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.typed.catch(() => {});
  }

  /** Takes the secret, if the page still waits for one. */
  submit(secret: string): void {
    if (this.state !== 'open') return;
    this.state = 'typed';
    this.#onTyped(secret);
    this.#settle?.resolve(secret);
  }

  readonly close = (): void => {
    if (this.state !== 'open') return;
    this.state = 'closed';
    this.#settle?.reject(new Error('The page was closed.'));
  };
}

let opened: Promise<Site> | undefined;

/** @throws Error when the process is stopping, or has no port */
export async function openSite(): Promise<Site> {
  const signal = questionsSignal();
  if (signal.aborted) throw new Error('the server is stopping');
  opened ??= startSite(signal).catch((error) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

async function startSite(signal: AbortSignal): Promise<Site> {
  const pages = new Map<string, Page>();
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(request, response, origin, pages).catch(() => response.destroy());
  });
  server.on('connection', (socket) => socket.unref());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const close = () => {
    opened = undefined;
    signal.removeEventListener('abort', close);
    for (const page of pages.values()) page.close();
    pages.clear();
    server.close().closeAllConnections();
  };
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) {
    close();
    throw new Error('the server is stopping');
  }
  const remove = (path: string) => {
    pages.get(path)?.close();
    pages.delete(path);
  };
  return {
    openPage: (purpose, onTyped = () => {}) => {
      const page = new Page(purpose, onTyped);
      const path = `/${crypto.randomUUID()}`;
      pages.set(path, page);
      const [oldest] = pages.keys();
      if (pages.size > maxPages && oldest !== undefined) remove(oldest);
      setTimeout(page.close, pageLifetimeMs).unref();
      setTimeout(() => {
        remove(path);
        if (pages.size === 0) close();
      }, 2 * pageLifetimeMs).unref();
      return { url: origin + path, typed: page.typed, close: page.close };
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  origin: string,
  pages: ReadonlyMap<string, Page>,
): Promise<void> {
  const page = pages.get(request.url ?? '');
  if (!page || !isSameOrigin(request, origin)) return respond(response, 404, texts.unknown);
  if (request.method === 'GET') return show(page, response);
  if (request.method !== 'POST') return respond(response, 405, texts.method);
  const form = await readForm(request);
  if (page.state !== 'open') return show(page, response, 409);
  if (form === undefined) return respond(response, 413, texts.long);
  const secret = readSecret(form);
  if (!secret) return respond(response, 400, texts.empty);
  page.submit(secret);
  // With a redirect, the browser forgets the form: a reload does not send the secret again.
  response.writeHead(303, { ...headers, location: request.url }).end();
}

/** @param status of a page that has taken its secret */
function show({ state, purpose }: Page, response: ServerResponse, status = 200): void {
  if (state === 'open') respond(response, 200, formFor(purpose));
  else if (state === 'typed') respond(response, status, texts.typed);
  else respond(response, 410, texts.closed);
}

/** Rejects requests from other web pages (DNS rebinding). */
function isSameOrigin({ headers }: IncomingMessage, origin: string): boolean {
  return `http://${headers.host}` === origin && (headers.origin === undefined || headers.origin === origin);
}

/** The body of a form; undefined if it is too long. The rest is read all the same: browsers send it before they read. */
async function readForm(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= maxFormBytes) chunks.push(chunk);
  }
  return bytes <= maxFormBytes ? Buffer.concat(chunks).toString('utf8') : undefined;
}

/** The secret of a form. Browsers send each line break as CRLF; keys and certificates have LF. */
function readSecret(form: string): string {
  const fields = new URLSearchParams(form);
  return fields.get('secret') || (fields.get('lines') ?? '').replaceAll('\r\n', '\n');
}

const texts = {
  typed:
    '<h1>Thank you</h1><p>The secret has arrived. You can close this page and tell the assistant to go on.</p>',
  closed:
    '<h1>This page has expired</h1><p>It no longer takes a secret. Ask the assistant to make the call again.</p>',
  unknown: '<h1>Not found</h1><p>This page does not exist, or has expired.</p>',
  method: '<h1>Not possible</h1><p>Open the page and submit its form.</p>',
  empty: '<h1>The secret is empty</h1><p>Go back and type it.</p>',
  long: '<h1>The secret is too long</h1><p>Go back and type a shorter one.</p>',
} as const;

function formFor({ operation, argument, description }: SecretPurpose): string {
  return `<h1>Type a secret for Synqly</h1>
<p>An assistant needs it for the call below. The assistant does not see what you type here.</p>
<dl>
<dt>Call</dt><dd>${escaped(operation)}</dd>
<dt>Argument</dt><dd>${escaped(argument)}</dd>
<dt>The assistant's description</dt><dd>${escaped(quoted(description, maxDescriptionLength))}</dd>
</dl>
<form method="post">
<label for="secret">Secret</label>
<input type="password" id="secret" name="secret" autocomplete="off" autofocus>
<details>
<summary>The secret has several lines</summary>
<label for="lines">Secret, shown as you type</label>
<textarea id="lines" name="lines" rows="8" autocomplete="off" spellcheck="false"></textarea>
</details>
<button>Submit</button>
</form>
<p>If you did not expect this page, close it. It expires after five minutes.</p>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

const style = `:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:34rem;padding:0 1rem}
h1{font-size:1.4rem}
dt,label{font-weight:600}
dd{margin:0 0 .6rem;overflow-wrap:anywhere}
label{display:block}
input,textarea{box-sizing:border-box;font:inherit;padding:.5rem;width:100%}
textarea{font-family:monospace}
details{margin:.5rem 0 1rem}
button{font:inherit;padding:.5rem 1.5rem}`;

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  // Not stricter: without a referrer, browsers send the form with the origin "null".
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  connection: 'close',
} as const;

function respond(response: ServerResponse, status: number, content: string): void {
  response.writeHead(status, headers).end(
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Secret for Synqly</title>
<style>${style}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`,
  );
}
