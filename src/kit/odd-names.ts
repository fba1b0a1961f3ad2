/*
 * Variables with a dot or a dash in their name, as Spring's `spring.datasource.password`: no shell can set one, and
 * `env NAME=VALUE` would show the value among its arguments. Perl and Python can.
 */

/** Programs that set variables of any name, in the order in which the shim looks for them. */
export const NAME_SETTERS = {
  perl: ["/usr/bin/perl", "/usr/local/bin/perl"],
  Python: [
    ...["/usr/bin/python3", "/usr/local/bin/python3"],
    ...["/usr/bin/python", "/usr/local/bin/python", "/usr/bin/python2"],
  ],
} as const;

/** A variable by which perl would load more than it is given. */
export const OBEYED_BY_PERL = "PERL5OPT";

/** A pattern of `case` for the names that the program of `setNames` is needed for. */
export const ODD_PATTERN = "*[!A-Za-z0-9_]*";

/**
 * Text of a shell script with the arguments `NAME... -- COMMAND...`: becomes the command, with each variable set to the
 * bytes of its file in the first of these folders that has it. Names are arguments of the program, never part of it.
 */
export function setNames(folders: readonly string[]): string {
  const words = `"$unsprawl_locale" ${folders.join(":")} "$@"`;
  // The command gets back the locale: perl warns of one that is not installed, and Python replaces "C" for the command.
  return `unsprawl_locale=\${LC_ALL+=$LC_ALL}
export LC_ALL=C
for unsprawl_program in ${NAME_SETTERS.perl.join(" ")}; do
  [ ! -x "$unsprawl_program" ] || exec "$unsprawl_program" -C0 -f -e '${PERL}' -- ${words}
done
for unsprawl_program in ${NAME_SETTERS.Python.join(" ")}; do
  [ ! -x "$unsprawl_program" ] || exec "$unsprawl_program" -BEsS -c '${PYTHON}' ${words}
done
echo "unsprawl: neither perl nor Python is there to set $unsprawl_odd" >&2
exit 111
`;
}

/** Without modules, which the container's variables could replace. */
const PERL = String.raw`
my ($locale, @folders) = (shift, split /:/, shift);
if ($locale =~ s/^=//) { $ENV{LC_ALL} = $locale } else { delete $ENV{LC_ALL} }
while ((my $name = shift) ne "--") {
  my ($file) = grep { -e } map { "$_/$name" } @folders;
  open(my $from, "<:raw", $file) or exit 111;
  local $/;
  $ENV{$name} = <$from>;
}
exec { $ARGV[0] } @ARGV;
my $fault = $! + 0;
print STDERR "unsprawl: $ARGV[0]: $!\n";
exit($fault == 2 ? 127 : 126);
`;

/** For versions 2 and 3. No module comes from the working folder, and signals are as they were. */
const PYTHON = String.raw`
import sys
sys.path = [path for path in sys.path if path]
import os
try: import _signal as signal
except ImportError: import signal
for one in ("SIGPIPE", "SIGXFSZ", "SIGXFZ"):
  if hasattr(signal, one): signal.signal(getattr(signal, one), signal.SIG_DFL)
words = [getattr(os, "fsencode", str)(word) for word in sys.argv[1:]]
env = getattr(os, "environb", os.environ)
locale, folders = words.pop(0), words.pop(0).split(b":")
if locale: env[b"LC_ALL"] = locale[1:]
else: del env[b"LC_ALL"]
while words[0] != b"--":
  name = words.pop(0)
  files = [folder + b"/" + name for folder in folders]
  with open([file for file in files if os.path.exists(file)][0], "rb") as source: env[name] = source.read()
words.pop(0)
try: os.execvp(words[0], words)
except OSError as error:
  sys.stderr.write("unsprawl: " + sys.argv[sys.argv.index("--") + 1] + ": " + error.strerror + "\n")
  sys.exit(127 if error.errno == 2 else 126)
`;
