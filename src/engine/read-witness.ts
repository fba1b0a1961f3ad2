import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ContainerDoc } from "./types.ts";

/** The files of a container that are watched, by the variables that they are named after, and those that it has read. */
type Witness = { readonly child: ChildProcess; readonly watched: Set<string>; readonly read: Set<string> };

const witnesses = new Map<string, Witness>();

/**
 * Has the kernel report each reading of the files that a container mounts where applications expect secrets (fanotify(7),
 * FAN_ACCESS_PERM: a reader waits until it was looked at, so that even a `cat` that ends at once is seen to be a process of
 * this container). Call it before the start. Returns false where nobody can look: without perl, or the right to ask.
 */
export async function watchReads(doc: ContainerDoc): Promise<boolean> {
  endWatch(doc.Id);
  const files = secretFiles(doc);
  const calls = FANOTIFY[process.arch];
  if (files.length === 0 || calls === undefined || process.getuid?.() !== 0 || !existsSync(PERL)) return false;
  const args = ["-e", REPORT, doc.Id, ...calls.map(String), ...files.map(({ file }) => file)];
  const child = spawn(PERL, args, { env: {}, stdio: ["pipe", "pipe", "ignore"] });
  const witness: Witness = { child, watched: new Set(), read: new Set() };
  const isReady = await new Promise<boolean>((done) => {
    child.on("error", () => done(false)).on("exit", () => done(false));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [what = "", at = ""] = line.split(" ");
      if (what === "ready") done(true);
      else (what === "read" ? witness.read : witness.watched).add(files[Number(at)]?.name ?? "");
    });
  });
  if (!isReady) return false;
  witnesses.set(doc.Id, witness);
  // What it reports counts only while this process looks at it.
  child.unref();
  (child.stdout as Socket).unref();
  (child.stdin as Socket).unref();
  return true;
}

/** Whether a process of the container has read the file of this variable since its start; null if nobody looked. */
export function wasRead(containerId: string, name: string): boolean | null {
  const witness = witnesses.get(containerId);
  return witness?.watched.has(name) === true ? witness.read.has(name) : null;
}

/** Ends what `watchReads` began; the files are read as before. */
export function endWatch(containerId: string): void {
  witnesses.get(containerId)?.child.kill();
  witnesses.delete(containerId);
}

/** Mounted folders of secrets, and single files in them. */
const PLACE = /^\/run\/(?:unsprawl\/)?secrets(?:\/([^/]+))?$/;

function secretFiles({ Mounts }: ContainerDoc): readonly { readonly file: string; readonly name: string }[] {
  return (Mounts ?? []).flatMap(({ Type, Source = "", Destination, RW }) => {
    const [place, own] = PLACE.exec(Destination) ?? [];
    if (Type !== "bind" || RW !== false || place === undefined) return [];
    if (own !== undefined) return { file: Source, name: own };
    return existsSync(Source) ? readdirSync(Source).map((name) => ({ file: join(Source, name), name })) : [];
  });
}

/** On every Debian and Ubuntu (perl-base is essential there), and what most others have. */
const PERL = "/usr/bin/perl";
/** The numbers of fanotify_init and fanotify_mark: Linux, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. */
const FANOTIFY: { readonly [arch: string]: readonly [init: number, mark: number] | undefined } = {
  x64: [300, 301],
  arm64: [262, 263],
};

/**
 * Arguments: the container's id, the two calls, the files. Prints `watched N`, `ready`, and `read N` when a process whose
 * control group is the container's reads file N. Ends with its standard input, and after a quarter of an hour; then the
 * kernel lets waiting readers continue.
 */
const REPORT = String.raw`
use POSIX ();
my ($id, $init, $mark, @files) = @ARGV;
$| = 1; alarm 900;
# FAN_CLOEXEC | FAN_CLASS_CONTENT
my $fan = syscall($init + 0, 1 | 4, 0);
exit 1 if $fan < 0;
my %at;
for my $n (0 .. $#files) {
  my ($device, $inode) = stat $files[$n];
  next unless -f _;
  # FAN_MARK_ADD, FAN_ACCESS_PERM, AT_FDCWD
  my $path = "$files[$n]\0";
  next if syscall($mark + 0, $fan, 1, 0x20000, -100, $path) < 0;
  $at{"$device $inode"} = $n;
  print "watched $n
";
}
open my $events, "+<&=", $fan or exit 1;
print "ready
";
my $both = ""; vec($both, 0, 1) = 1; vec($both, $fan, 1) = 1;
for (;;) {
  my $now = $both;
  next if select($now, undef, undef, undef) <= 0;
  exit 0 if vec($now, 0, 1) && !sysread STDIN, my $end, 1;
  next unless vec($now, $fan, 1);
  sysread $events, my $got, 4096 or exit 1;
  while (length $got >= 24) {
    # struct fanotify_event_metadata
    my ($length, $version, $reserved, $header, $mask, $file, $pid) = unpack "LCCSQll", $got;
    my ($device, $inode) = stat "/proc/self/fd/$file";
    if (open my $groups, "<", "/proc/$pid/cgroup") {
      local $/;
      print "read $at{qq($device $inode)}
" if index(<$groups>, $id) >= 0;
    }
    # struct fanotify_response, FAN_ALLOW
    syswrite $events, pack "lL", $file, 1;
    POSIX::close($file);
    substr($got, 0, $length) = "";
  }
}
`;
