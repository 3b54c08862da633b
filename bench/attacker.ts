import { endpointAt } from '../test/e2e/http-support.ts';
import { attacks } from '../test/hostile/attacks.ts';

/*
 * A process of its own for the attacks of `bench/hostile.ts`: what they cost whoever makes them must not hold up the
 * caller whose times are taken. Each message has it attack once; it answers when that is over.
 */
const [name, url = '', token = ''] = process.argv.slice(2);
const attack = attacks.find((one) => one.name === name);
if (!attack) throw new Error(`There is no attack ${name}.`);
const endpoint = endpointAt(url);
process.on('message', () => void attack.run(endpoint, token).finally(() => process.send?.('over')));
process.send?.('ready');
