import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { FastReading, LayerShelf, ShelvedLayer } from "../../../src/fast/index.ts";
import { spotInBlock } from "../../../src/fast/spot.ts";
import { detector } from "../../../src/detect/index.ts";
import { LayerBook, layerReadings, LayerCache, type ImageLayer } from "../../../src/images/layers/index.ts";
import { fingerprintKey } from "../../../src/model/fingerprint.ts";
import { NO_FACTS } from "../../../src/model/location.ts";
import { placeText } from "../../../src/model/place.ts";
import { token } from "./scanned.ts";
import { emptied, file, gone, sha256, tar } from "./tar-bytes.ts";

/** What sources hand in: layers that are opened when they are needed, in their order. */

const opened: string[] = [];

function layer(name: string, bytes: Buffer): ImageLayer {
  const digest = `sha256:${sha256(bytes)}`;
  const open = async function* (): AsyncGenerator<Buffer> {
    opened.push(name);
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
  };
  const blob = {
    id: digest,
    digest,
    size: bytes.length,
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    open,
  };
  return { id: digest, diffId: null, blob };
}

/** Judges as the threads do, and gives the places that are told. */
async function told(name: string, layers: readonly ImageLayer[], book: LayerBook): Promise<string[]> {
  const subject = { kind: "image", name, id: name } as const;
  const image = { source: "registry:x", subject, facts: NO_FACTS, exposure: [], layers };
  const places: string[] = [];
  opened.length = 0;
  for await (const reading of layerReadings(image, book, new AbortController().signal)) {
    if (reading.kind === "text") judge(reading);
    else if (reading.kind === "found") places.push(...reading.found.map(({ place }) => placeText(place)));
    else expect(reading.kind).toBe("bytes");
  }
  return places.toSorted();
}

function judge({ block, judged }: Extract<FastReading, { kind: "text" }>): void {
  judged(new Promise((resolve) => setImmediate(resolve, spotInBlock(block, detector))));
}

const secret = (name: string): Buffer => file(name, `T=${token()}\n`);
const base = layer("base", gzipSync(tar(secret("etc/a.env"), secret("srv/b.env"))));
const clean = layer("clean", gzipSync(tar(gone("etc/a.env"), emptied("srv"))));
const other = layer("other", gzipSync(tar(secret("etc/a.env"))));

describe("layers", () => {
  it("are opened from the lowest on, each once, and told of each image", async () => {
    const book = new LayerBook();
    const gonePlaces = [
      "/etc/a.env line 1, layer 1 of 2, deleted in layer 2",
      "/srv/b.env line 1, layer 1 of 2, deleted in layer 2",
    ];
    expect(await told("one", [base, clean], book)).toEqual(gonePlaces);
    expect(opened).toEqual(["base", "clean"]);
    expect(await told("two", [base, clean], book)).toEqual(gonePlaces);
    expect(opened).toEqual([]);
  });

  it("that were read before what is below them are looked at once more", async () => {
    const book = new LayerBook();
    expect(await told("one", [clean, other], book)).toEqual(["/etc/a.env line 1, layer 2 of 2"]);
    expect(await told("two", [base, clean], book)).toHaveLength(2);
    expect(opened).toEqual(["base", "clean"]);
    expect(await told("three", [other, clean], book)).toEqual(["/etc/a.env line 1, layer 1 of 2, deleted in layer 2"]);
    expect(opened).toEqual([]);
  });

  it("that another source has read are not read again, unless their bytes were others", async () => {
    const shelf = new LayerCache();
    const lie = { ...layer("lie", gzipSync(tar(secret("lie.env")))), id: base.id };
    const lying = { ...lie, blob: lie.blob && { ...lie.blob, id: base.id, digest: base.id, size: null } };
    const places: string[] = [];
    const image = {
      source: "x",
      subject: { kind: "image", name: "x", id: "x" },
      facts: NO_FACTS,
      exposure: [],
    } as const;
    for await (const reading of layerReadings(
      { ...image, layers: [lying] },
      new LayerBook(shelf),
      AbortSignal.timeout(9999),
    )) {
      if (reading.kind === "text") judge(reading);
      if (reading.kind === "error") places.push(reading.message);
    }
    expect(places).toEqual(["does not match its digest"]);
    expect(await told("honest", [base], new LayerBook(shelf))).toHaveLength(2);
    expect(opened).toEqual(["base"]);
    expect(await told("again", [base], new LayerBook(shelf))).toHaveLength(2);
    expect(opened).toEqual([]);
  });

  it("that another machine has read are not opened, unless nobody looked for what is deleted there now", async () => {
    const kept = new Map<string, ShelvedLayer>();
    const shelf: LayerShelf = {
      ask: async (ids) =>
        new Map(
          ids.flatMap((id) => [kept.get(id)].flatMap((one) => (one ? [[id, structuredClone(one)] as const] : []))),
        ),
      put: (id, one) => void kept.set(id, one),
    };
    const key = fingerprintKey(Buffer.alloc(32, 1));
    const machine = async (...layers: ImageLayer[]): Promise<LayerBook> => {
      const book = new LayerBook(new LayerCache(() => undefined, { shelf, key }));
      await book.ask(layers);
      return book;
    };
    const first = await told("one", [base, clean], await machine(base, clean));
    expect(await told("two", [base, clean], await machine(base, clean))).toEqual(first);
    expect(opened).toEqual([]);
    // What is below was found after that layer had been read, elsewhere.
    const later = layer("later", gzipSync(tar(secret("srv/c.env"))));
    await told("three", [later], await machine(later));
    expect(await told("four", [later, clean], await machine(later, clean))).toEqual([
      "/srv/c.env line 1, layer 1 of 2, deleted in layer 2",
    ]);
    expect(opened).toEqual(["clean"]);
    expect([...kept.values()].flatMap(({ findings }) => findings.map(({ print }) => print.length))).toEqual(
      expect.arrayContaining([token().length]),
    );
  });

  it("are told of by the bytes that have been read", async () => {
    const book = new LayerBook();
    book.total = (base.blob?.size ?? 0) + (clean.blob?.size ?? 0);
    const subject = { kind: "image", name: "x", id: "x" } as const;
    const image = { source: "x", subject, facts: NO_FACTS, exposure: [], layers: [base, clean] };
    let last: FastReading | null = null;
    for await (const reading of layerReadings(image, book, new AbortController().signal)) {
      if (reading.kind === "text") judge(reading);
      if (reading.kind === "bytes") last = reading;
    }
    expect(last).toEqual({ kind: "bytes", done: book.total, total: book.total });
  });
});
