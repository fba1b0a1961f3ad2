import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readLayerFiles, startFiles, type StartFiles } from "../../../src/images/layers/image-files.ts";
import { emptied, file, folder, gone, header, tar } from "./tar-bytes.ts";

async function image(...layers: readonly Buffer[]): Promise<StartFiles> {
  const read = [];
  for (const bytes of layers) {
    const stream = async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
    };
    read.push(await readLayerFiles(stream()));
  }
  return startFiles(read);
}

const link = (name: string, target: string): Buffer => header({ name, type: "2", target });
const hard = (name: string, target: string): Buffer => header({ name, type: "1", target });
const text = (found: Buffer | null): string | null => found?.toString() ?? null;

test("scripts and the lists of users are read through links, other files are only known to be there", async () => {
  const files = await image(
    tar(
      ...[folder("usr/bin"), file("usr/bin/dash", "\x7fELF"), link("usr/bin/sh", "dash"), link("bin", "usr/bin")],
      ...[file("etc/passwd", "app:x:1:2::/:/bin/sh\n"), file("etc/shadow", "x"), file("srv/run", "#!/bin/sh\nrun\n")],
      ...[
        link("start", "/srv/../srv/run"),
        hard("same", "srv/run"),
        link("loop", "loop"),
        link("out", "../../srv/run"),
      ],
    ),
  );
  expect(files.hasFile("/bin/sh")).toBe(true);
  expect(files.readFile("/bin/sh")).toBeNull();
  expect(files.hasFile("/usr/bin")).toBe(false);
  for (const path of ["/start", "/same", "/out", "srv/run"])
    expect(text(files.readFile(path))).toBe("#!/bin/sh\nrun\n");
  expect(text(files.readFile("/etc/passwd"))).toContain("app:");
  expect([files.readFile("/etc/shadow"), files.readFile("/loop"), files.readFile("/none")]).toEqual([null, null, null]);
});

test("upper layers replace, delete and empty what is below; packed ones are unpacked", async () => {
  const base = tar(file("a.sh", "one"), file("b.sh", "one"), file("d/c.sh", "one"), file("d/e.sh", "one"));
  const files = await image(
    base,
    gzipSync(tar(file("a.sh", "two"), gone("b.sh"), emptied("d"), file("d/e.sh", "two"))),
  );
  expect(["/a.sh", "/b.sh", "/d/c.sh", "/d/e.sh"].map((path) => text(files.readFile(path)))).toEqual([
    ...["two", null, null, "two"],
  ]);
  // Whatever a lower layer had below a folder that is deleted is gone with it.
  const without = await image(base, tar(gone("d")));
  expect([without.hasFile("/d/c.sh"), without.hasFile("/a.sh")]).toEqual([false, true]);
});
