/** The value of a JSON text, or undefined. */
// biome-ignore lint/suspicious/noExplicitAny: it is what an agent or a person wrote
export function parseJson(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
