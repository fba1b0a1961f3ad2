import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { newMeter, decompressed } from "../../../src/images/layers/unpack.ts";

const content = Buffer.alloc(1000, "x");

test.each([
  ["plain", content],
  ["gzip", gzipSync(content)],
  ["zstd", zstdCompressSync(content)],
])("%s: who stops at the first bytes leaves nothing open", async (_title, packed) => {
  let open = 0;
  let closed: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (closed = resolve));
  const file = async function* (): AsyncGenerator<Buffer> {
    open++;
    try {
      for (;;) yield packed;
    } finally {
      open--;
      closed();
    }
  };
  for await (const chunk of decompressed(file(), newMeter(null))) {
    expect(chunk[0]).toBe(content[0]);
    break;
  }
  await ended;
  expect(open).toBe(0);
});
