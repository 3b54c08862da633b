import { test } from 'vitest';
import { seeTheirOwnByApiTokens, seeTheirOwnByMcpTokens } from '../e2e/interleaving.ts';

test("of 10,000 calls with API tokens none shows what is another caller's", () =>
  seeTheirOwnByApiTokens(10_000));

test("of 10,000 calls with MCP tokens none shows what is another caller's", () =>
  seeTheirOwnByMcpTokens(10_000));
