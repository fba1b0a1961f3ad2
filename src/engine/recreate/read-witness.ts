import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, lstatSync, readdirSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ContainerDoc } from "../types.ts";

/** The files of a container that are watched, by their paths in it, and those that it has read. */
type Witness = { readonly child: ChildProcess; readonly watched: Set<string>; readonly read: Set<string> };

const witnesses = new Map<string, Witness>();

/**
 * Has the kernel report each reading of the files that a container mounts where applications expect secrets (fanotify(7),
 * FAN_ACCESS_PERM: a reader waits until it was looked at, so that even a `cat` that ends at once is seen to descend from the
 * container's first process). Call it before the start. Returns false where nobody can look: without perl, or the right to
 * ask. Never throws: a start must not depend on it.
 */
export async function watchReads(doc: ContainerDoc): Promise<boolean> {
  endWatch(doc.Id);
  try {
    return await watch(doc);
  } catch {
    endWatch(doc.Id);
    return false;
  }
}

async function watch(doc: ContainerDoc): Promise<boolean> {
  const calls = FANOTIFY[process.arch];
  if (calls === undefined || process.getuid?.() !== 0 || !existsSync(PERL)) return false;
  const files = secretFiles(doc);
  if (files.length === 0 || files.length > MOST_FILES) return false;
  const args = ["-e", REPORT, doc.Id, ...calls.map(String), ...files.map(({ file }) => file)];
  // In another process group: a terminal that stops this process must not stop what readers wait for.
  const child = spawn(PERL, args, { env: {}, stdio: ["pipe", "pipe", "ignore"], detached: true });
  const witness: Witness = { child, watched: new Set(), read: new Set() };
  const isReady = await new Promise<boolean>((done) => {
    setTimeout(() => done(false), READY_MS).unref();
    child.on("error", () => done(false));
    child.on("exit", () => {
      if (witnesses.get(doc.Id) === witness) witnesses.delete(doc.Id);
      done(false);
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [what = "", at = ""] = line.split(" ");
      const path = at === "" ? undefined : files[Number(at)]?.path;
      if (what === "ready") done(true);
      else if (path !== undefined) (what === "read" ? witness.read : witness.watched).add(path);
    });
  });
  if (!isReady) {
    child.kill("SIGKILL");
    return false;
  }
  witnesses.set(doc.Id, witness);
  // What it reports counts only while this process looks at it.
  child.unref();
  (child.stdout as Socket).unref();
  (child.stdin as Socket).unref();
  return true;
}

/** Whether the application has read the file at this path since its start; null if nobody looked. */
export function wasRead(containerId: string, path: string): boolean | null {
  const witness = witnesses.get(containerId);
  return witness?.watched.has(path) === true ? witness.read.has(path) : null;
}

export const isWatched = (containerId: string): boolean => witnesses.has(containerId);

/** Ends what `watchReads` began; the files are read as before. */
export function endWatch(containerId: string): void {
  const witness = witnesses.get(containerId);
  witnesses.delete(containerId);
  witness?.child.kill("SIGKILL");
}

const [MOST_FILES, READY_MS] = [500, 5000];

/** Mounted folders of secrets, and single files in them. */
const PLACE = /^\/run\/(?:unsprawl\/)?secrets(?:\/([^/]+))?$/;

/** The regular files on this host behind read-only mounts at the places of secrets, and their paths in the container. */
function secretFiles({ Mounts }: ContainerDoc): readonly { readonly file: string; readonly path: string }[] {
  const all = (Mounts ?? []).flatMap(({ Type, Source = "", Destination, RW }) => {
    const [place, own] = PLACE.exec(Destination) ?? [];
    if (Type !== "bind" || RW !== false || place === undefined) return [];
    if (own !== undefined) return { file: Source, path: Destination };
    const isFolder = lstatSync(Source, { throwIfNoEntry: false })?.isDirectory() === true;
    const names = isFolder ? readdirSync(Source) : [];
    return names.map((name) => ({ file: join(Source, name), path: `${Destination}/${name}` }));
  });
  return all.filter(({ file }) => lstatSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

/** On every Debian and Ubuntu (perl-base is essential there), and what most others have. */
const PERL = "/usr/bin/perl";
/** The numbers of fanotify_init and fanotify_mark: Linux, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. */
const FANOTIFY: { readonly [arch: string]: readonly [init: number, mark: number] | undefined } = {
  x64: [300, 301],
  arm64: [262, 263],
};

/**
 * Arguments: the container's id, the two calls, the files. Prints `watched N`, `ready`, and once `read N` when a process
 * reads file N that descends from the container's first one, number 1 in its own namespace: not a health check, and not
 * `docker exec`. Ends with its standard input, and after a quarter of an hour; then the kernel lets waiting readers continue.
 */
const REPORT = String.raw`
use POSIX ();
my ($id, $init, $mark, @files) = @ARGV;
$| = 1; alarm 900; $SIG{PIPE} = "IGNORE";
# FAN_CLOEXEC | FAN_CLASS_CONTENT
my $fan = syscall($init + 0, 1 | 4, 0);
exit 1 if $fan < 0;
my (%at, %said);
for my $n (0 .. $#files) {
  my ($device, $inode) = lstat $files[$n];
  next unless -f _;
  # FAN_MARK_ADD | FAN_MARK_DONT_FOLLOW, FAN_ACCESS_PERM, AT_FDCWD
  my $path = "$files[$n]\0";
  next if syscall($mark + 0, $fan, 1 | 4, 0x20000, -100, $path) < 0;
  $at{"$device $inode"} = $n;
  print "watched $n\n";
}
sub isInside { open my $f, "<", "/proc/$_[0]/cgroup" or return 0; local $/; return index(<$f>, $id) >= 0 }
sub status { open my $f, "<", "/proc/$_[0]/status" or return (0, 0);
  local $/; my $text = <$f>; my ($parent) = $text =~ /^PPid:\s+(\d+)/m; my ($number) = $text =~ /^NSpid:.*\s(\d+)$/m; return ($parent, $number) }
sub isOfApplication { my ($pid, $number) = (shift, 0);
  for (1 .. 100) { last unless isInside($pid); ($pid, $number) = status($pid) } return $number == 1 }
open my $events, "+<&=", $fan or exit 1;
print "ready\n";
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
    my $n = $at{"$device $inode"};
    if (defined $n && !$said{$n} && isOfApplication($pid)) { $said{$n} = 1; print "read $n\n" }
    # struct fanotify_response, FAN_ALLOW
    syswrite $events, pack "lL", $file, 1;
    POSIX::close($file);
    substr($got, 0, $length) = "";
  }
}
`;
