// `npm run bench`: the layers of an archive (five of them, gzip) against kingfisher on the same files unpacked, turn by
// turn, since it has no way to an archive. Prints figures and a ratio, asserts nothing.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { askPeer } from "../eval/peers.ts";
import { mixedText } from "./text.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const BYTES = 500_000_000;
const LAYERS = 5;
const TURNS = 3;

const dir = mkdtempSync(join(tmpdir(), "unsprawl-bench-layers-"));
try {
  if (!existsSync(MAIN)) throw new Error("dist/ is missing; next: npm run build");
  const text = join(dir, "text");
  const bytes = mixedText(text, BYTES);
  layout(text, join(dir, "image"));
  askPeer("kingfisher", fileURLToPath(new URL(".", import.meta.url))); // its rules are compiled once and kept
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < TURNS; turn++) {
    ours.push(scan());
    const peer = askPeer("kingfisher", text);
    if ("seconds" in peer) theirs.push(peer.seconds);
    else if (turn === 0) process.stderr.write(`kingfisher could not be had: ${peer.missing}\n`);
  }
  const speed = (seconds: number): string => `${seconds.toFixed(2)} s, ${Math.round(bytes / 1e6 / seconds)} MB/s`;
  const [mine, other] = [median(ours), median(theirs)];
  process.stdout.write(`${Math.round(bytes / 1e6)} MB in ${LAYERS} gzip layers, archive: --layers  ${speed(mine)}\n`);
  if (theirs.length > 0)
    process.stdout.write(
      `kingfisher on the files, unpacked before  ${speed(other)}\nratio  ${(mine / other).toFixed(2)}\n`,
    );
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** An OCI layout, each of whose layers has a fifth of the folders. */
function layout(text: string, into: string): void {
  mkdirSync(join(into, "blobs/sha256"), { recursive: true });
  const put = (content: Buffer): { digest: string; size: number } => {
    const hex = createHash("sha256").update(content).digest("hex");
    writeFileSync(join(into, "blobs/sha256", hex), content);
    return { digest: `sha256:${hex}`, size: content.length };
  };
  const folders = readdirSync(text);
  const layers = Array.from({ length: LAYERS }, (_, at) => {
    const packed = join(into, "layer.tar.gz");
    const own = folders.filter((_folder, index) => index % LAYERS === at);
    execFileSync("tar", ["-C", text, "-czf", packed, ...own]);
    return { ...put(readFileSync(packed)), mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" };
  });
  const config = put(Buffer.from(JSON.stringify({ config: {}, rootfs: { type: "layers", diff_ids: [] } })));
  const manifest = put(Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers })));
  writeFileSync(join(into, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
}

function scan(): number {
  const env = { PATH: process.env["PATH"], HOME: dir, XDG_STATE_HOME: join(dir, "state") };
  const args = [MAIN, "scan", `archive:${join(dir, "image")}`, "--layers", "--json", "--quiet", "--fail-on", "never"];
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8", maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`scan ended with ${status}: ${stderr}`);
  return (performance.now() - began) / 1000;
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
}
