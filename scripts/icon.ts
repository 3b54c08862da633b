import { mkdirSync, writeFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';

/*
 * Draws the icon of this project, a hub with three connections: assets/icon.png, and the same as a data URI in
 * src/protocol/icon.ts, for clients that show the icons of servers; assets/icon-512.png for directories of servers. Run
 * it with npm run icon.
 */

/** Width and height of the drawing, in units of its own. */
const size = 48;

/** Samples of a pixel in each direction, for smooth edges. */
const samples = 8;

type Colour = readonly [red: number, green: number, blue: number];
type Point = readonly [x: number, y: number];

const background: Colour = [15, 95, 102];
const foreground: Colour = [255, 255, 255];
const accent: Colour = [255, 196, 61];

const corner = 11;
const center: Point = [24, 27];
const hub = 6;
const node = 4.2;
const line = 1.7;

/** The nodes stand at equal distances around the hub, one above it. */
const nodes: readonly Point[] = [-90, 30, 150].map((degrees) => {
  const angle = (degrees * Math.PI) / 180;
  return [center[0] + 16 * Math.cos(angle), center[1] + 16 * Math.sin(angle)] as const;
});

const distance = ([x, y]: Point, [toX, toY]: Point) => Math.hypot(x - toX, y - toY);

/** The distance of a point to the line between two others. */
function distanceToLine(point: Point, from: Point, to: Point): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const along = ((point[0] - from[0]) * dx + (point[1] - from[1]) * dy) / (dx * dx + dy * dy);
  const part = Math.min(1, Math.max(0, along));
  return distance(point, [from[0] + part * dx, from[1] + part * dy]);
}

/** Whether a point is in the square with round corners. */
function isInside([x, y]: Point): boolean {
  const inset = (at: number) => Math.max(corner - at, at - (size - corner), 0);
  return Math.hypot(inset(x), inset(y)) <= corner;
}

/** The colour of a point; undefined outside of the icon. */
function colourAt(point: Point): Colour | undefined {
  if (!isInside(point)) return undefined;
  if (distance(point, center) <= hub) return accent;
  // A gap between the hub and the lines.
  if (distance(point, center) <= hub + 1.5) return background;
  const isDrawn = nodes.some(
    (one) => distance(point, one) <= node || distanceToLine(point, center, one) <= line,
  );
  return isDrawn ? foreground : background;
}

/** Red, green, blue and opacity of a pixel; `scale` is the number of pixels to a unit of the drawing. */
function pixelAt(x: number, y: number, scale: number): readonly number[] {
  const sum = [0, 0, 0];
  let covered = 0;
  for (let row = 0; row < samples; row += 1) {
    for (let column = 0; column < samples; column += 1) {
      const colour = colourAt([(x + (column + 0.5) / samples) / scale, (y + (row + 0.5) / samples) / scale]);
      if (!colour) continue;
      covered += 1;
      colour.forEach((value, index) => {
        sum[index] = (sum[index] ?? 0) + value;
      });
    }
  }
  if (covered === 0) return [0, 0, 0, 0];
  return [...sum.map((value) => Math.round(value / covered)), Math.round((255 * covered) / samples ** 2)];
}

/** The CRC-32 that ends each chunk of a PNG file (PNG specification, annex D). */
function checksum(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  crc.writeUInt32BE(checksum(body));
  return Buffer.concat([length, body, crc]);
}

/** Rows of pixels as differences to the row above (PNG filter `up`), which compress best here. */
function filteredRows(pixels: number): Buffer {
  const scale = pixels / size;
  const rows = Array.from({ length: pixels }, (_, y) =>
    Array.from({ length: pixels }, (_, x) => pixelAt(x, y, scale)).flat(),
  );
  return Buffer.concat(
    rows.map((row, y) =>
      Buffer.from([2, ...row.map((value, index) => (value - (rows[y - 1]?.[index] ?? 0)) & 0xff)]),
    ),
  );
}

function draw(pixels: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels, 0);
  header.writeUInt32BE(pixels, 4);
  // 8 bits a channel, red, green, blue and opacity.
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filteredRows(pixels), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const png = draw(size);
mkdirSync(new URL('../assets/', import.meta.url), { recursive: true });
writeFileSync(new URL('../assets/icon.png', import.meta.url), png);
writeFileSync(new URL('../assets/icon-512.png', import.meta.url), draw(512));
writeFileSync(
  new URL('../src/protocol/icon.ts', import.meta.url),
  `/** assets/icon.png, ${size} by ${size} pixels; scripts/icon.ts writes both. */
export const iconUri =
  'data:image/png;base64,${png.toString('base64')}';
`,
);
